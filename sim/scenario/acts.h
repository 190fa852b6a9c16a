// Every kind of act, with the keys that it takes: the one table that the parser, `scenario check`'s hints and the
// language page's test all read. Adding an act: one entry here, one handler in the part that plays it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reprise::sim::scenario {

enum class ActKind : std::uint8_t {
  // market
  jump,
  grind,
  crash,
  flash,
  path,
  volatility,
  spread,
  liquidity,
  trade_burst,
  funding,
  mark_price,
  // venue
  outage,
  reject_storm,
  latency,
  lost_acks,
  double_acks,
  late_fills,
  cancel_refused,
  maintenance,
  brackets,
  leverage,
  adl,
  insurance_print,
  rate_ban,
  // feed
  feed_gap,
  freeze,
  duplicates,
  reorder,
  crossed_book,
  bad_ticks,
  clock_step,
  // operator
  kill_switch,
  halt,
  reduce_only,
  resume,
  cancel_all,
  flatten,
  configure,
  restart,
};

enum class ActGroup : std::uint8_t { market, venue, feed, operator_ };

enum class ParameterKind : std::uint8_t {
  amount,   // "-8 %", "3 sigma", "-2 % .. -5 %"
  share,    // "50 %" or 0.5, 0 to 1
  times,    // "3x"
  span,     // "30s"
  integer,  // 0 to 1,000,000
  decimal,  // exact, not negative
  signed_share,
  signed_span,
  choice,
  flag,
  points,    // list of [span, amount]
  settings,  // map of configuration keys
};

struct ParameterSpec {
  const char* name;
  ParameterKind kind;
  const char* fallback;  // nullptr: has to be given; "": may be left out
  std::vector<std::string> choices;
};

struct ActSpec {
  ActKind kind;
  const char* name;
  ActGroup group;
  bool takes_symbols;
  enum class Length : std::uint8_t { instant, lasts, may_last } length;  // whether it takes `for`
  std::vector<ParameterSpec> parameters;
  const char* meaning;
};

const std::vector<ActSpec>& act_table();
const ActSpec& spec_of(ActKind kind);
const ActSpec* find_act(std::string_view name);

}  // namespace reprise::sim::scenario
