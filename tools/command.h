// A command of the program: one file (command_NAME.cpp) and one line in commands.cpp.
//
// Exit codes: 0 fine or identical; 1 diverged, expectation failed or refused; 2 usage or could not
// check; 3 corrupt input. A command returns the code, or an Error, which the main function prints on
// standard error (and as one JSON object on standard output with --json) and turns into 2 or 3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "journal/result.h"
#include "tools/arguments.h"
#include "tools/terminal.h"

namespace reprise::tools {

inline constexpr int kExitFine = 0;
inline constexpr int kExitDiverged = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCorrupt = 3;

int exit_code_of(const Error& error);

class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(Arguments& arguments) = 0;
  virtual Result<int> run(Terminal& terminal) = 0;

  bool json = false;  // --json, declared for every command
};

struct CommandEntry {
  const char* name;
  const char* summary;
  bool for_developers;  // left out of the main help
  std::unique_ptr<Command> (*make)();
};

const std::vector<CommandEntry>& commands();

std::unique_ptr<Command> make_generate();
std::unique_ptr<Command> make_import();
std::unique_ptr<Command> make_record();
std::unique_ptr<Command> make_run();
std::unique_ptr<Command> make_kill();
std::unique_ptr<Command> make_drill();
std::unique_ptr<Command> make_replay();
std::unique_ptr<Command> make_verify();
std::unique_ptr<Command> make_inspect();
std::unique_ptr<Command> make_export();
std::unique_ptr<Command> make_report();
std::unique_ptr<Command> make_why();
std::unique_ptr<Command> make_why_not();
std::unique_ptr<Command> make_diff();
std::unique_ptr<Command> make_whatif();
std::unique_ptr<Command> make_slice();
std::unique_ptr<Command> make_snapshot();
std::unique_ptr<Command> make_scenario();
std::unique_ptr<Command> make_swarm();
std::unique_ptr<Command> make_exchange();
std::unique_ptr<Command> make_forge();

}  // namespace reprise::tools
