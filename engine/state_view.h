// The engine's state as a person names it: everything of Engine::persist(), and in front of it figures that follow from
// it and that people ask for by short names:
//
//   account.equity, .wallet, .unrealized, .available, .drawdown, .trading_state ...
//   positions.SYMBOL.qty, .entry_price, .mark, .unrealized, .realized, .commission, .funding, .liquidation_price ...
//   quotes.SYMBOL.bid, .ask, .mid, .last, .mark, .funding_rate, .is_stale, .is_crossed
//   risk.limits.RULE.value, .bound, .headroom       where the account stands now, in the unit of the bound
//
// Archives with loading() may not be given: the view is read only.
#pragma once

#include "engine/engine.h"
#include "engine/state_archive.h"
#include "engine/state_field.h"

namespace reprise::engine {

class StateView {
 public:
  explicit StateView(Engine& engine) : engine_(engine) {}
  void persist(StateArchive& archive);

 private:
  void persist_account(StateArchive& archive);
  void persist_positions(StateArchive& archive);
  void persist_quotes(StateArchive& archive);
  void persist_limits(StateArchive& archive);

  Engine& engine_;
};

// Symbols and strategy names of this engine, which must outlive what is returned.
FieldNames field_names(const Engine& engine);

}  // namespace reprise::engine
