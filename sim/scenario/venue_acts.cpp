// The Director's own acts: what concerns the venue as a whole, and what the operator does.
#include <algorithm>

#include "config/loader.h"
#include "engine/portfolio/margin.h"
#include "sim/scenario/director.h"

namespace reprise::sim::scenario {

using journal::RecordBatch;
using journal::RecordHeader;
using journal::RecordType;

void Director::halt_contracts(const Act& act, schema::InstrumentState state, UnixNanos now) {
  RecordBatch batch;
  markets_.for_each(act, [&](InstrumentNo number, ShapedMarket&, std::int64_t) {
    RecordHeader header;
    header.instrument = number;
    header.ts_event = now.ns;
    batch.append<schema::InstrumentStatus>(RecordType::INSTRUMENT_STATUS, header,
                                           [&](schema::InstrumentStatus::Builder b) { b.setState(state); });
  });
  publish(batch, now);
}

void Director::change_brackets(const Act& act, UnixNanos now) {
  RecordBatch batch;
  const std::int64_t times = act["maintenance_times"].number;
  const auto most = static_cast<std::uint32_t>(act["max_leverage"].number);
  markets_.for_each(act, [&](InstrumentNo number, ShapedMarket&, std::int64_t) {
    const Instrument* instrument = run_->engine().instruments().find(number);
    if (instrument == nullptr || instrument->margin.tiers.empty()) return;
    RecordHeader header;
    header.instrument = number;
    header.ts_event = now.ns;
    const std::vector<MarginTier>& tiers = instrument->margin.tiers;
    batch.append<schema::MarginTable>(
        RecordType::MARGIN_TABLE, header,
        [&](schema::MarginTable::Builder b) {
          auto list = b.initTiers(static_cast<unsigned>(tiers.size()));
          for (unsigned i = 0; i < tiers.size(); ++i) {
            list[i].setNotionalFloor(tiers[i].notional_floor.e8);
            list[i].setNotionalCap(tiers[i].notional_cap.e8);
            list[i].setMaxLeverage(most == 0 ? tiers[i].max_leverage : std::min(most, tiers[i].max_leverage));
            list[i].setMaintenanceMarginRate(
                std::min(kScale, mul_div(tiers[i].maintenance_margin_rate.e8, times, kScale)));
            // Several changes multiply; no more than its notional is ever taken off a position's margin.
            list[i].setMaintenanceAmount(std::min(
                tiers[i].notional_cap.e8, engine::saturating_mul_div(tiers[i].maintenance_amount.e8, times, kScale)));
          }
        },
        1 + 5 * tiers.size());
  });
  publish(batch, now);
}

void Director::deleverage(const Act& act) {
  markets_.for_each(act, [&](InstrumentNo number, ShapedMarket& market, std::int64_t) {
    const LedgerPosition& held = run_->exchange().ledger().position(number);
    const Instrument* instrument = run_->engine().instruments().find(number);
    const Price mark = held.mark.is_positive() ? held.mark : market.last_mark();
    if (held.qty.is_zero() || instrument == nullptr || !mark.is_positive()) return;
    Qty part = instrument->floor_to_lot(mul(held.qty.abs(), Rate{act["share"].number}, Rounding::ceiling));
    if (part.is_zero()) part = held.qty.abs();
    const Price price = instrument->round_to_tick(mul(mark, Rate{kScale + act["off"].number}), Rounding::floor);
    run_->exchange().auto_deleverage(number, part, price, run_->now());
    run_->take_reports();
  });
}

void Director::announce_ban(UnixNanos until) {
  RecordBatch batch;
  RecordHeader header;
  header.account = kAccount;
  header.ts_event = run_->now().ns;
  batch.append<schema::RateLimitState>(RecordType::RATE_LIMIT_STATE, header, [&](schema::RateLimitState::Builder b) {
    b.setInterval(60'000'000'000);
    b.setLimit(2'400);
    b.setUsed(2'401);
    b.setBannedUntil(until.ns);
  });
  if (is_up()) run_->give(batch);
}

void Director::operate(const Act& act) {
  schema::OperatorAction action = schema::OperatorAction::NONE;
  switch (act.kind) {
    case ActKind::kill_switch: action = schema::OperatorAction::KILL_SWITCH; break;
    case ActKind::halt: action = schema::OperatorAction::HALT; break;
    case ActKind::reduce_only: action = schema::OperatorAction::REDUCE_ONLY; break;
    case ActKind::resume: action = schema::OperatorAction::RESUME; break;
    case ActKind::cancel_all: action = schema::OperatorAction::CANCEL_ALL; break;
    case ActKind::flatten: action = schema::OperatorAction::FLATTEN; break;
    default: return;
  }
  if (is_up()) run_->operate(action, "scenario " + scenario_.name);
}

void Director::configure(const Act& act) {
  std::vector<std::string> sets;
  for (const auto& [key, value] : act["set"].settings) sets.push_back(key + "=" + value);
  Result<config::Loaded> changed = reconfigure_(entries_, sets);
  if (!changed) {
    problem_ = act.place + ": configure: " + changed.error().text();
    return;
  }
  if (!is_up()) return;
  entries_ = changed->entries;
  run_->reconfigure(changed->config, entries_);
}

}  // namespace reprise::sim::scenario
