// The tutorial of the README is run as it stands: every command, and every line of output that the page shows.
#include <filesystem>
#include <sstream>

#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

namespace {

struct Shown {
  std::string command;
  std::vector<std::string> lines;  // "..." = any number of lines
};

std::vector<std::string> trimmed_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    line.erase(line.find_last_not_of(" \r") + 1);
    lines.push_back(line);
  }
  return lines;
}

std::vector<Shown> tutorial() {
  const std::string page = read_file(source_path("README.md"));
  const std::size_t begin = page.find("<!-- tutorial:");
  REQUIRE(begin != std::string::npos);
  std::vector<Shown> shown;
  bool inside = false;
  for (const std::string& line : trimmed_lines(page.substr(begin))) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
    } else if (inside && line.rfind("$ ", 0) == 0) {
      shown.push_back({line.substr(2), {}});
    } else if (inside && !shown.empty()) {
      shown.back().lines.push_back(line);
    }
  }
  return shown;
}

// Whether the output is what the page shows; `at` is the first line of the page that is not there.
bool agrees(const std::vector<std::string>& page, const std::vector<std::string>& output, std::string& at) {
  std::size_t next = 0;
  bool may_skip = false;
  for (const std::string& line : page) {
    at = line;
    if (line == "...") {
      may_skip = true;
      continue;
    }
    while (next < output.size() && may_skip && output[next] != line) ++next;
    if (next == output.size() || output[next] != line) return false;
    ++next;
    may_skip = false;
  }
  at = "(the end)";
  return may_skip || next == output.size();
}

}  // namespace

TEST_CASE("the tutorial goes from a journal to the cause in six commands, with the output that it shows") {
  const std::vector<Shown> shown = tutorial();
  std::size_t commands = 0;
  const Scratch scratch;
  const std::string folder = scratch.path("desk");
  std::filesystem::create_directory(folder);
  std::filesystem::create_directory_symlink(source_path("config"), folder + "/config");
  for (const Shown& each : shown) {
    INFO("$ " << each.command);
    REQUIRE(each.command.rfind("reprise ", 0) == 0);
    const std::string script = "cd \"$1\" && exec \"$0\" " + each.command.substr(8);
    const Outcome outcome = run_program("/bin/sh", {"-c", script, REPRISE_PROGRAM, folder});
    INFO(outcome.err);
    const bool is_diff = each.command.rfind("reprise diff", 0) == 0;
    REQUIRE(outcome.exit_code == (is_diff ? 1 : 0));
    std::string at;
    const bool same = agrees(each.lines, trimmed_lines(outcome.out), at);
    INFO("the page shows: " << at);
    INFO(outcome.out);
    CHECK(same);
    ++commands;
  }
  CHECK(commands == 8);  // two that make the Tuesday, six that explain it
}
