// Tells the chain of causes of a record: each step with the numbers that decided it.
//
// Numbers come from the records; those that a strategy compared are recomputed by bringing the engine in front of the
// decision and asking the strategy, and are given the seq of the record that holds them wherever there is one.
#pragma once

#include <vector>

#include "engine/state_walk.h"
#include "tools/why/figures.h"
#include "tools/why/records.h"

namespace reprise::tools {

struct Step {
  OwnedRecord record;
  std::string text;
  std::vector<Figure> figures;
};

// From the subject back to the market data, nearest first.
class ChainTeller {
 public:
  ChainTeller(Records& records, const RunNames& names, engine::StateWalk::OnProgress progress)
      : records_(records), names_(names), progress_(std::move(progress)) {}

  Result<std::vector<Step>> tell(journal::Seq seq);
  // The state walk, opened when it is first needed.
  Result<engine::StateWalk*> walk();

 private:
  Status add_figures(Step& step);
  Status add_signal(Step& step);
  Status add_conditions(Step& step, const journal::RecordView& bar);
  Status add_quotes(Step& step);
  Status add_liquidation(Step& step);
  Result<journal::Seq> feature_seq(const journal::RecordView& by, schema::FeatureKind kind, std::int64_t value);

  Records& records_;
  const RunNames& names_;
  engine::StateWalk::OnProgress progress_;
  std::optional<engine::StateWalk> walk_;
};

}  // namespace reprise::tools
