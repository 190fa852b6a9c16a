// Walks through a run record by record, forwards and backwards, at a person's word (inspect -i).
//
// Commands come from standard input, a line each; the same lines in a pipe give the same output, so a walk can be kept
// as a script.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "engine/state_field.h"
#include "engine/state_walk.h"
#include "tools/run_names.h"
#include "tools/terminal.h"
#include "tools/why/records.h"

namespace reprise::tools {

class Stepper {
 public:
  static Result<Stepper> open(const std::string& path, const RunNames& names, Terminal& terminal);

  // Until "quit" or the end of the input; begins behind `start`.
  Status run(std::istream& commands, journal::Seq start, bool is_person);

 private:
  struct Condition {  // PATH, PATH < NUMBER, PATH == TEXT
    engine::FieldPath path;
    std::string comparison;  // "" = changes
    std::string value;
    std::int64_t number = 0;
    bool holds(const std::optional<engine::FieldValue>& before, const std::optional<engine::FieldValue>& now) const;
  };
  using Wanted = bool (*)(const journal::RecordView& record);

  Stepper(std::string path, const RunNames& names, Terminal& terminal, engine::StateWalk walk, Records records)
      : path_(std::move(path)),
        names_(names),
        terminal_(terminal),
        walk_(std::move(walk)),
        records_(std::move(records)) {}
  Status obey(const std::string& line);
  Status go(journal::Seq seq);  // behind the step with this record, and shows it
  Status step_forward(std::uint64_t count);
  Status step_back(std::uint64_t count);
  Status find(Wanted wanted, bool forward, const std::string& what);
  Status find_condition(const std::string& text, bool forward);
  Result<Condition> parse(const std::string& text);
  void show_step();
  void help();
  std::optional<engine::FieldValue> read(const engine::FieldPath& path);

  std::string path_;
  const RunNames& names_;
  Terminal& terminal_;
  engine::StateWalk walk_;
  Records records_;
  std::string last_line_;
};

}  // namespace reprise::tools
