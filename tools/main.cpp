// The `reprise` program: finds the command, reads its arguments, runs it, turns errors into exit codes.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

#include "engine/version.h"
#include "journal/record.h"
#include "tools/build_info.h"
#include "tools/command.h"
#include "tools/json_output.h"

namespace reprise::tools {
namespace {

// Errors of the command line itself come before --json is parsed.
bool asks_for_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--json") return true;
  return false;
}

int fail(Terminal& terminal, const std::string& command, const Error& error, bool json, int code) {
  const std::string name = command.empty() ? "reprise" : "reprise " + command;
  terminal.note(terminal.paint_error(Colour::bad, name + ":") + " " + error.text());
  if (json) terminal.line(error_json(error, code));
  terminal.flush();
  return code;
}

std::string command_list(bool for_developers) {
  std::string text;
  for (const auto& entry : commands()) {
    if (entry.for_developers != for_developers) continue;
    text += "  " + std::string(entry.name) + std::string(12 - std::string_view(entry.name).size(), ' ') +
            entry.summary + "\n";
  }
  return text;
}

std::string main_help() {
  return "Reprise: records a trading day and replays it bit for bit.\n\n"
         "Usage: reprise COMMAND [OPTIONS]\n\n"
         "Commands:\n" +
         command_list(false) + "\nFor developers:\n" + command_list(true) +
         "\n`reprise COMMAND --help` explains a command, with examples. Every command takes --json.\n"
         "Exit codes: 0 fine or identical; 1 diverged or refused; 2 usage or could not check; 3 corrupt input.\n\n"
         "First steps:\n"
         "  reprise generate --seed 7 --hours 1 --out day\n"
         "  reprise run --mode backtest --config config/examples/demo.yaml --data day --journal run\n"
         "  reprise replay run\n"
         "  reprise verify run\n"
         "  reprise report run\n";
}

std::string version_text() {
  return "reprise " + build_id() + "\nengine version " + std::to_string(engine::kEngineVersion) + ", schema version " +
         std::to_string(journal::kSchemaVersion) + "\nbuilt by " + compiler_id() + "\n";
}

int program(int argc, char** argv) {
  Terminal terminal;
  const bool json = asks_for_json(argc, argv);
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--help" || first == "-h" || first == "help") {
    terminal.write(main_help());
    terminal.flush();
    return kExitFine;
  }
  if (first == "--version") {
    terminal.write(version_text());
    terminal.flush();
    return kExitFine;
  }

  const CommandEntry* entry = nullptr;
  for (const auto& candidate : commands())
    if (first == candidate.name) entry = &candidate;
  if (entry == nullptr) {
    const Error error = first.empty()
                            ? usage_error("no command given", "reprise --help lists them")
                            : usage_error("'" + std::string(first) + "' is no command", "reprise --help lists them");
    return fail(terminal, "", error, json, kExitUsage);
  }

  const std::unique_ptr<Command> command = entry->make();
  CLI::App app(entry->summary, std::string("reprise ") + entry->name);
  Arguments arguments(app);
  command->declare(arguments);
  arguments.flag("--json", command->json, "one JSON object on standard output, nothing else");
  app.get_formatter()->column_width(34);
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::CallForHelp&) {
    terminal.write(app.help());
    terminal.flush();
    return kExitFine;
  } catch (const CLI::ParseError& error) {
    return fail(terminal, entry->name, usage_error(error.what(), std::string("reprise ") + entry->name + " --help"),
                json, kExitUsage);
  }

  Result<int> outcome = command->run(terminal);
  terminal.flush();
  if (!outcome) return fail(terminal, entry->name, outcome.error(), command->json, exit_code_of(outcome.error()));
  if (terminal.write_failed()) {
    return fail(terminal, entry->name, io_error("standard output could not be written", "is the disk full?"), false,
                kExitUsage);
  }
  return *outcome;
}

}  // namespace
}  // namespace reprise::tools

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, told apart where it happens
  try {
    return reprise::tools::program(argc, argv);
  } catch (const std::exception& error) {
    reprise::tools::Terminal terminal;
    return reprise::tools::fail(terminal, "", reprise::io_error(std::string("unexpected error: ") + error.what()),
                                reprise::tools::asks_for_json(argc, argv), reprise::tools::kExitUsage);
  }
}
