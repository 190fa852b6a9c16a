// reprise_bench: the figures of the benchmark, measured inside one process. tools/bench builds and runs it.
//
// Every figure is the median of some repetitions and stands beside a ceiling measured in the same run. Seconds on
// a shared machine are noisy: nothing here fails because of one; only --instructions --check decides anything.
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "tests/bench/bench.h"
#include "tools/build_info.h"
#include "tools/journals.h"

namespace reprise::bench {

namespace fs = std::filesystem;

Size size_quick() {
  return {500'000, 5'000, 1'000'000, 3};
}
Size size_tiny() {
  return {20'000, 200, 150'000, 1};
}

void Bench::say(const std::string& text) const {
  if (verbose) std::fprintf(stderr, "bench: %s\n", text.c_str());
}

std::int64_t clock_ns() {
  return tools::wall_clock_ns();
}

void fail(const Error& error) {
  std::fprintf(stderr, "bench: %s\n", error.text().c_str());
  std::exit(2);
}

namespace {

constexpr const char* kUsage =
    "Measures the journal, the engine, the import and the gateway, each beside a ceiling from the same run.\n"
    "\n"
    "  tools/bench                          everything, some minutes\n"
    "  tools/bench --quick                  smaller inputs, under a minute or two\n"
    "  tools/bench --json                   one JSON object on standard output\n"
    "  tools/bench --only journal|engine|import|time-travel|gateway|connections\n"
    "  tools/bench --instructions           instructions a record, counted by callgrind\n"
    "  tools/bench --instructions --check   exit code 1 when one grew by more than 5 %\n"
    "  tools/bench --instructions --update  keeps the new figures in tests/bench/instructions.json\n"
    "  --place DIRECTORY                    where to write (default: a temporary directory); the disk measured\n"
    "Recorded data is found through REPRISE_DATA, else ../shared/data; without it a synthetic day is used.\n";

struct Place {
  std::string path;
  bool made = false;
  ~Place() {
    std::error_code ignored;
    if (made) fs::remove_all(path, ignored);
  }
};

std::string machine_text() {
  utsname system{};
  uname(&system);
  return std::string(system.sysname) + " " + system.release + " " + system.machine + ", " +
         std::to_string(std::thread::hardware_concurrency()) + " processors, " + tools::build_id() + ", " +
         tools::compiler_id();
}

int program(int argc, char** argv) {
  Bench bench;
  Place place;
  bool json = false, instructions = false, check = false, update = false;
  std::string only, workload;
  std::uint64_t workload_size = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto next = [&]() -> std::string {
      if (i + 1 >= argc) fail(usage_error(argument + " needs a value", "--help"));
      return argv[++i];
    };
    if (argument == "--help" || argument == "-h") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (argument == "--quick") {
      bench.size = size_quick();
    } else if (argument == "--tiny") {
      bench.size = size_tiny();
    } else if (argument == "--json") {
      json = true;
    } else if (argument == "--instructions") {
      instructions = true;
    } else if (argument == "--check") {
      check = true;
    } else if (argument == "--update") {
      update = true;
    } else if (argument == "--only") {
      only = next();
      if (only != "journal" && only != "engine" && only != "import" && only != "time-travel" && only != "gateway" &&
          only != "connections")
        fail(usage_error("--only " + only + " is unknown",
                         "journal, engine, import, time-travel, gateway or connections"));
    } else if (argument == "--place") {
      place.path = next();
    } else if (argument == "--workload") {
      workload = next();
    } else if (argument == "--workload-size") {
      workload_size = std::strtoull(next().c_str(), nullptr, 10);
    } else {
      fail(usage_error("'" + argument + "' is unknown", "--help"));
    }
  }
  if (place.path.empty()) {
    std::string pattern = (fs::temp_directory_path() / "reprise-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      fail(io_error("no temporary directory can be made", "give one with --place"));
    place.path = pattern;
    place.made = true;
  }
  bench.place = place.path;
  bench.program = REPRISE_PROGRAM;
  if (!workload.empty()) return run_workload(workload, workload_size, bench);

  bench.verbose = isatty(STDERR_FILENO) == 1;
  if (instructions) {
    return measure_instructions(bench, REPRISE_SOURCE_DIR "/tests/bench/instructions.json", check, update, json);
  }
  const char* data = std::getenv("REPRISE_DATA");
  const std::string capture =
      (data != nullptr ? std::string(data) : REPRISE_SOURCE_DIR "/../shared/data") + "/hbt/usdm_ethusdt_20240808.gz";
  if (fs::exists(capture)) bench.capture = capture;

  if (only.empty() || only == "journal") measure_journal(bench);
  if (only.empty() || only == "engine") measure_engine(bench);
  if (only.empty() || only == "import") measure_import(bench);
  if (only.empty() || only == "time-travel") measure_time_travel(bench);
  if (only.empty() || only == "gateway") measure_gateway(bench);
  if (only.empty() || only == "connections") measure_connections(bench);

  if (json) {
    std::printf("%s\n", figures_json(bench.figures, machine_text(), bench.hash.value()).c_str());
    return 0;
  }
  const tools::Terminal terminal;
  std::printf("%s\n", machine_text().c_str());
  if (!bench.capture) std::printf("no recorded capture here: the market is synthetic\n");
  std::printf("\n%s\nresult hash %016llx\n", figures_text(bench.figures, terminal).c_str(),
              static_cast<unsigned long long>(bench.hash.value()));
  return 0;
}

}  // namespace
}  // namespace reprise::bench

int main(int argc, char** argv) {
  return reprise::bench::program(argc, argv);
}
