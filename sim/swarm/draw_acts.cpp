// The faulty part of a seed: which kinds of act may happen, which do, when and how much.
#include <algorithm>

#include "engine/market/fixed.h"
#include "sim/scenario/acts.h"
#include "sim/swarm/draw.h"

namespace reprise::sim::swarm {

namespace {

using scenario::ActKind;
using scenario::ActSpec;

constexpr std::int64_t kLongest = 12 * kSecond;  // of an act

class Acts {
 public:
  Acts(RandomStream& random, Plan& plan) : random_(random), pick_(random), plan_(plan) {}

  void draw() {
    const std::int64_t faulty = plan_.length_ns - kQuiet;
    std::vector<const ActSpec*> on;
    for (const ActSpec& spec : scenario::act_table()) {
      if (pick_.chance(300)) on.push_back(&spec);
    }
    const std::int64_t count = on.empty() ? 0 : pick_.between(1, 14);
    for (std::int64_t n = 0; n < count; ++n) {
      const ActSpec& spec = *on[random_.below(on.size())];
      PlannedAct act;
      act.kind = spec.name;
      act.at_ns = pick_.between(5 * kSecond, faulty - 2 * kSecond) / 1'000'000 * 1'000'000;
      const std::int64_t room = faulty - act.at_ns;
      const bool lasts =
          spec.length == ActSpec::Length::lasts || (spec.length == ActSpec::Length::may_last && pick_.chance(700));
      if (lasts) act.for_ns = pick_.between(500, std::min(kLongest, room) / 1'000'000) * 1'000'000;
      parameters(spec.kind, room, act);
      if (spec.takes_symbols && plan_.symbols > 1 && pick_.chance(400))
        put(act, "symbols", pick_.of({"[BTCUSDT]", "[ETHUSDT]"}));
      plan_.acts.push_back(std::move(act));
    }
    // The operator's hand at the end: most runs trade again in the quiet part, the others stay as they are.
    if (pick_.chance(650)) plan_.acts.push_back({faulty, 0, "resume", {}});
    std::stable_sort(plan_.acts.begin(), plan_.acts.end(),
                     [](const PlannedAct& a, const PlannedAct& b) { return a.at_ns < b.at_ns; });
  }

 private:
  static void put(PlannedAct& act, const char* key, std::string value) {
    act.parameters.emplace_back(key, std::move(value));
  }
  // A part of the room, so that what the act begins is over when the quiet part begins.
  std::string part(std::int64_t room, std::int64_t parts) {
    return std::to_string(
               pick_.between(100, std::max<std::int64_t>(101, std::min(kLongest, room) / parts / 1'000'000))) +
           "ms";
  }
  std::string move() {
    switch (random_.below(4)) {
      case 0: return pick_.whole(1, 8) + (random_.coin() ? " sigma" : " spreads");
      case 1: return pick_.percent(100, 1500, true);
      default: return pick_.percent(5, 200, true);
    }
  }

  void parameters(ActKind kind, std::int64_t room, PlannedAct& act) {
    switch (kind) {
      case ActKind::jump: return put(act, "by", move());
      case ActKind::grind: put(act, "by", move()); return put(act, "over", part(room, 1));
      case ActKind::crash:
        put(act, "by", "-" + pick_.percent(50, 1500));
        put(act, "over", part(room, 4));
        put(act, "hold", part(room, 4));
        put(act, "recover", pick_.percent(0, 9000));
        return put(act, "recover_over", part(room, 4));
      case ActKind::flash:
        put(act, "by", move());
        put(act, "down", part(room, 4));
        put(act, "hold", part(room, 4));
        return put(act, "back", part(room, 4));
      case ActKind::path: return put(act, "points", "[[0s, 0 %], [500ms, " + move() + "], [1s, 0 %]]");
      case ActKind::volatility:
      case ActKind::spread: return put(act, "times", pick_.whole(2, 12) + "x");
      case ActKind::liquidity:
        put(act, "withdraw", pick_.percent(1000, 10'000));
        put(act, "side", pick_.of({"bid", "ask", "both"}));
        return put(act, "within", pick_.percent(10, 10'000));
      case ActKind::trade_burst:
        put(act, "side", pick_.of({"buy", "sell"}));
        put(act, "per_second", pick_.whole(1, 40));
        return put(act, "qty", pick_.share_e5(100, 300'000));
      case ActKind::funding:
        put(act, "rate", pick_.percent(1, 75, true));
        return put(act, "settle", pick_.chance(800) ? "true" : "false");
      case ActKind::mark_price: {
        const bool is_off = random_.coin();
        put(act, "mode", is_off ? "off" : "stuck");
        if (is_off) put(act, "by", pick_.percent(10, 800, true));
        return;
      }
      case ActKind::outage:
        put(act, "orders", pick_.of({"lost", "refused", "queued"}));
        return put(act, "feed", random_.coin() ? "true" : "false");
      case ActKind::reject_storm:
        put(act, "share", pick_.percent(1000, 10'000));
        put(act, "code", pick_.of({"1008", "1001", "2010", "2019", "4164", "5022", "2013", "1015"}));
        return put(act, "commands", pick_.of({"submit", "cancel", "modify", "all"}));
      case ActKind::latency:
        put(act, "add", pick_.millis(10, 2500));
        put(act, "jitter", pick_.millis(0, 1500));
        return put(act, "way", pick_.of({"entry", "response", "both"}));
      case ActKind::lost_acks:
      case ActKind::double_acks:
      case ActKind::cancel_refused: return put(act, "share", pick_.percent(1000, 10'000));
      case ActKind::late_fills: return put(act, "by", pick_.millis(50, 4000));
      case ActKind::maintenance: return;
      case ActKind::brackets:
        put(act, "maintenance_times", pick_.of({"1x", "2x", "5x", "10x"}));
        return put(act, "max_leverage", pick_.of({"0", "5", "20"}));
      case ActKind::leverage: return put(act, "to", pick_.whole(1, 50));
      case ActKind::adl:
        put(act, "share", pick_.percent(100, 10'000));
        return put(act, "off", pick_.percent(0, 100, true));
      case ActKind::insurance_print:
        put(act, "off", pick_.percent(10, 500, true));
        return put(act, "qty", pick_.whole(1, 5));
      case ActKind::rate_ban: return put(act, "extend", pick_.millis(0, 15));
      case ActKind::feed_gap: return put(act, "heal_after", pick_.millis(100, 3000));
      case ActKind::freeze: return put(act, "then", pick_.of({"burst", "skip"}));
      case ActKind::duplicates:
      case ActKind::reorder: return put(act, "share", pick_.percent(100, 6000));
      case ActKind::crossed_book: return put(act, "by", pick_.percent(1, 100));
      case ActKind::bad_ticks:
        put(act, "off", pick_.percent(50, 6000, true));
        return put(act, "count", pick_.whole(1, 8));
      case ActKind::clock_step: return put(act, "by", (random_.coin() ? "-" : "") + pick_.millis(100, 5000));
      case ActKind::configure: return put(act, "set", changes());
      case ActKind::kill_switch:
      case ActKind::halt:
      case ActKind::reduce_only:
      case ActKind::resume:
      case ActKind::cancel_all:
      case ActKind::flatten:
      case ActKind::restart: return;
    }
  }

  std::string changes() {
    switch (random_.below(6)) {
      case 0: return "{risk.max_leverage: " + pick_.of({"0.5", "1", "5"}) + "}";
      case 1: return "{risk.max_open_orders: " + pick_.whole(1, 10) + "}";
      case 2: return "{risk.max_orders_per_second: " + pick_.whole(1, 20) + "}";
      case 3: return "{strategies.s1.enabled: false}";
      case 4: return "{strategies.s1.params.levels: " + pick_.whole(1, 5) + "}";
      default: return "{engine.order_timeout: " + pick_.of({"1s", "2s"}) + ", engine.equity_mark_interval: 2s}";
    }
  }

  RandomStream& random_;
  Pick pick_;
  Plan& plan_;
};

}  // namespace

void draw_acts(RandomStream& random, Plan& plan) {
  Acts(random, plan).draw();
}

}  // namespace reprise::sim::swarm
