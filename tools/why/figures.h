// The numbers behind a step: what was compared with what, by how much it held or failed, and the records that hold the
// two numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/explanation.h"
#include "tools/json_output.h"
#include "tools/run_names.h"
#include "tools/terminal.h"

namespace reprise::tools {

struct Figure {
  std::string name;
  std::string value;
  std::string comparison;  // ">", ">=", "<", "<=", "="; "" = a plain number
  std::string bound;
  std::string note;            // "holds by 34.2 (0.08 %)", "short by ..."
  std::optional<bool> met;     // of a comparison
  journal::Seq value_seq = 0;  // record that holds the value; 0 = the step's own or none
  journal::Seq bound_seq = 0;
};

Figure plain_figure(std::string name, std::string value, journal::Seq seq = 0);
Figure figure_of(const engine::Condition& condition, const std::string& asset);
Figure figure_of(const engine::GateCheck& check, const std::string& asset);
std::vector<Figure> figures_of(const engine::SizingOutcome& sizing, const RunNames& names);
std::vector<Figure> figures_of_decision(schema::RiskDecision::Reader decision, const std::string& asset);

void write_figures(Json& out, std::string_view name, const std::vector<Figure>& figures);
// Aligned lines, indented; a mark in front of each comparison says whether it holds.
std::string figures_text(const std::vector<Figure>& figures, const Terminal& terminal, int indent);

// `text` broken into lines of at most `width`, all but the first indented.
std::string wrapped(const std::string& text, int width, int indent);

}  // namespace reprise::tools
