#include "engine/carry_over.h"

namespace reprise::engine {

CarriedOver carry_over(Core& core, const journal::RecordHeader& header, schema::OperatorCommand::Reader command) {
  const std::string key = command.getKey().cStr();
  const std::string text = command.getValue().cStr();
  CarriedOver carried;
  std::int64_t value = 0;
  if (!parse_decimal(text, value)) {
    carried.problem = "carryOver " + key + ": \"" + text + "\" is no decimal";
    return carried;
  }
  if (key == "peak_equity") {
    core.portfolio.carry_peak({value});
  } else if (key == "day_equity") {
    core.risk.carry_day({value}, core.portfolio, core.out.now());
  } else if (key == "share") {
    const StrategyNo strategy = header.strategy;
    if (strategy == 0 || strategy > core.config.strategies.size() || core.instrument(header.instrument) == nullptr) {
      carried.problem = "carryOver share: no such strategy or instrument";
      return carried;
    }
    carried.moved = core.portfolio.hand_over(strategy, header.instrument, {value}, core.out);
    if (carried.moved != Qty{value})
      carried.problem = "carryOver share: " + decimal_text(carried.moved) + " of " + text +
                        " is held for nobody: the rest was closed or changed in between";
  } else {
    carried.problem = "carryOver \"" + key + "\" is not known";
  }
  return carried;
}

}  // namespace reprise::engine
