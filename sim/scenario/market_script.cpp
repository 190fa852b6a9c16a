#include "sim/scenario/market_script.h"

#include <algorithm>

namespace reprise::sim::scenario {

using journal::RecordBatch;
using journal::RecordHeader;
using journal::RecordType;

ShapedMarket* MarketScript::market(InstrumentNo number) {
  const auto found = markets_.find(number);
  return found == markets_.end() ? nullptr : &found->second;
}

bool MarketScript::concerns(const Act& act, InstrumentNo number) {
  if (act.symbols.empty() || number == 0) return true;
  const ShapedMarket* found = market(number);
  return found != nullptr && std::any_of(act.symbols.begin(), act.symbols.end(),
                                         [&](const SymbolWeight& wanted) { return wanted.symbol == found->symbol(); });
}

void MarketScript::publish(const SourceRecord& record, UnixNanos now, RecordBatch& out) {
  RecordHeader header = *record.view.header;
  header.instrument = record.instrument;
  header.strategy = record.feed;
  header.flags = record.recv_is_assumed ? journal::kFlagAssumedRecv : std::uint16_t{0};
  if (record.instrument == 0) {
    out.append_copy(header, record.view.body(), record.view.body_words());
    return;
  }
  ShapedMarket& market = markets_[record.instrument];
  if (record.view.type() == RecordType::INSTRUMENT) {
    const bool is_new = !market.is_declared();
    const auto declared = journal::read<schema::Instrument>(record.view);
    market.declare(declared, record.instrument);
    if (is_new && scenario_.base.generated) {
      const auto wanted = scenario_.base.generated->prices.find(market.symbol());
      if (wanted != scenario_.base.generated->prices.end()) market.prices.open_at({wanted->second});
      if (wanted != scenario_.base.generated->prices.end()) market.begin_to_bend();
    }
  }
  market.pass(record.view, header, now, out);
}

// A relative change of the published price, at 1e-8.
std::int64_t MarketScript::resolve(const ShapedMarket& market, AmountUnit unit, std::int64_t value_e8,
                                   UnixNanos now) const {
  const Price mid = market.published_mid(now);
  switch (unit) {
    case AmountUnit::percent: return value_e8;
    case AmountUnit::sigma: return mul_div(value_e8, market.prices.sigma().e8, kScale);
    case AmountUnit::spreads: return mul_div(value_e8, market.spread().e8, kScale);
    case AmountUnit::absolute: return mid.is_positive() ? mul_div(value_e8, kScale, mid.e8) : 0;
    case AmountUnit::target: return mid.is_positive() ? mul_div(value_e8, kScale, mid.e8) - kScale : 0;
  }
  return 0;
}

std::vector<Knot> MarketScript::knots(const Act& act, const ShapedMarket& market,
                                      const std::vector<std::int64_t>& drawn, std::int64_t weight_e8,
                                      UnixNanos now) const {
  const auto factor = [&](AmountUnit unit, std::int64_t amount, std::int64_t share_e8 = kScale) {
    const std::int64_t change = mul_div(resolve(market, unit, amount, now), weight_e8, kScale);
    const std::int64_t part = std::max(mul_div(change, share_e8, kScale), -kScale + kScale / 1'000);
    return kFactorOne + part * (kFactorOne / kScale);
  };
  std::vector<Knot> line;
  if (act.kind == ActKind::path) {
    const std::vector<Parameter::Point>& points = act["points"].points;
    if (points.front().offset_ns > 0) line.push_back({0, kFactorOne});
    for (std::size_t i = 0; i < points.size(); ++i)
      line.push_back({points[i].offset_ns, factor(points[i].amount.unit, drawn[i])});
    return line;
  }
  const AmountUnit unit = act["by"].amount.unit;
  const std::int64_t there = factor(unit, drawn[0]);
  switch (act.kind) {
    case ActKind::jump: return {{0, there}};
    case ActKind::grind: return {{0, kFactorOne}, {std::max<std::int64_t>(1, act["over"].number), there}};
    case ActKind::crash: {
      const std::int64_t fall = std::max<std::int64_t>(1, act["over"].number);
      const std::int64_t wait = fall + std::max<std::int64_t>(1, act["hold"].number);
      const std::int64_t end = wait + std::max<std::int64_t>(1, act["recover_over"].number);
      return {
          {0, kFactorOne}, {fall, there}, {wait, there}, {end, factor(unit, drawn[0], kScale - act["recover"].number)}};
    }
    case ActKind::flash: {
      const std::int64_t down = std::max<std::int64_t>(1, act["down"].number);
      const std::int64_t wait = down + std::max<std::int64_t>(1, act["hold"].number);
      return {{0, kFactorOne},
              {down, there},
              {wait, there},
              {wait + std::max<std::int64_t>(1, act["back"].number), kFactorOne}};
    }
    default: return {};
  }
}

void MarketScript::start(std::uint32_t number, UnixNanos now, Draws& draws, RecordBatch& out) {
  const Act& act = scenario_.acts[number];
  std::vector<std::int64_t> drawn;  // once for all instruments: a correlated move is one move
  if (act.kind == ActKind::path) {
    for (const Parameter::Point& point : act["points"].points) drawn.push_back(draws.between(point.amount));
  } else if (act.parameters.count("by") != 0 && act.kind <= ActKind::flash) {
    drawn.push_back(draws.between(act["by"].amount));
  }
  for_each(act, [&](InstrumentNo instrument, ShapedMarket& market, std::int64_t weight_e8) {
    RecordHeader header;
    header.instrument = instrument;
    header.ts_event = now.ns;
    if (act.kind != ActKind::insurance_print) market.begin_to_bend();
    switch (act.kind) {
      case ActKind::jump:
      case ActKind::grind:
      case ActKind::crash:
      case ActKind::flash:
      case ActKind::path: market.prices.add({now, knots(act, market, drawn, weight_e8, now)}); break;
      case ActKind::volatility: market.prices.set_volatility(act["times"].number); break;
      case ActKind::spread: market.prices.set_spread(act["times"].number); break;
      case ActKind::liquidity: {
        const std::string& side = act["side"].text;
        market.withdrawals.push_back(
            {number, side != "ask", side != "bid", act["withdraw"].number, act["within"].number});
        break;
      }
      case ActKind::trade_burst:
        market.bursts.push_back({number,
                                 act["side"].text == "buy" ? Side::BUY : Side::SELL,
                                 act["per_second"].number,
                                 {act["qty"].number},
                                 now,
                                 0});
        break;
      case ActKind::funding: {
        const Rate rate{act["rate"].number};
        if (act.for_ns != 0 || act["settle"].number == 0) {
          market.has_funding_rate = true;
          market.funding_rate = rate;
        }
        if (act["settle"].number != 0) {
          out.append<schema::FundingSettlement>(RecordType::FUNDING_SETTLEMENT, header,
                                                [&](schema::FundingSettlement::Builder b) {
                                                  b.setFundingRate(rate.e8);
                                                  b.setIntervalHours(8);
                                                });
        }
        break;
      }
      case ActKind::mark_price:
        if (act["mode"].text == "stuck") {
          market.mark_is_stuck = true;
        } else {
          market.mark_off_e8 = act["by"].number;
        }
        break;
      case ActKind::insurance_print:
        market.print(header, now, act["off"].number, {act["qty"].number}, schema::TradeKind::INSURANCE_FUND,
                     act["off"].number < 0 ? Side::SELL : Side::BUY, out);
        break;
      default: break;
    }
  });
}

void MarketScript::stop(std::uint32_t number) {
  const Act& act = scenario_.acts[number];
  for_each(act, [&](InstrumentNo, ShapedMarket& market, std::int64_t) {
    switch (act.kind) {
      case ActKind::volatility: market.prices.set_volatility(kScale); break;
      case ActKind::spread: market.prices.set_spread(kScale); break;
      case ActKind::liquidity:
        std::erase_if(market.withdrawals, [&](const Withdrawal& w) { return w.act == number; });
        break;
      case ActKind::trade_burst: std::erase_if(market.bursts, [&](const Burst& b) { return b.act == number; }); break;
      case ActKind::funding: market.has_funding_rate = false; break;
      case ActKind::mark_price:
        if (act["mode"].text == "stuck") {
          market.mark_is_stuck = false;
        } else {
          market.mark_off_e8 = 0;
        }
        break;
      default: break;
    }
  });
}

void MarketScript::persist(engine::StateArchive& archive) {
  archive.field("markets", markets_);
}

}  // namespace reprise::sim::scenario
