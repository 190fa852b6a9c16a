#include "gateway/binance/market_message.h"

namespace reprise::gateway {

namespace {
bool has_bad_level(const std::vector<LevelE8>& levels) {
  for (const LevelE8& level : levels) {
    if (level.price <= 0 || level.qty < 0) return true;
  }
  return false;
}
}  // namespace

std::int64_t to_nanos(std::int64_t time) {
  constexpr std::int64_t kFirst = 1'230'768'000'000'000'000;  // 2009-01-01
  constexpr std::int64_t kLast = 4'102'444'800'000'000'000;   // 2100-01-01
  if (time <= 0) return 0;
  if (time < 100'000'000'000) {
    time = time > 9'000'000'000 ? 0 : time * 1'000'000'000;
  } else if (time < 100'000'000'000'000) {
    time = time > 9'000'000'000'000 ? 0 : time * 1'000'000;
  } else if (time < 100'000'000'000'000'000) {
    time = time > 9'000'000'000'000'000 ? 0 : time * 1'000;
  }
  return time < kFirst || time >= kLast ? 0 : time;
}

const char* unsound(const MarketMessage& m) {
  switch (m.kind) {
    case MessageKind::trade:
    case MessageKind::aggregate_trade:
      return m.price <= 0 || m.qty <= 0 ? "trade with a price or quantity that is not positive" : nullptr;
    case MessageKind::book_delta:
    case MessageKind::book_snapshot:
      return has_bad_level(m.bids) || has_bad_level(m.asks)
                 ? "book level with a price that is not positive or a negative quantity"
                 : nullptr;
    case MessageKind::bbo:
      return m.bid_price < 0 || m.ask_price < 0 || m.bid_qty < 0 || m.ask_qty < 0 ? "negative best bid or offer"
                                                                                  : nullptr;
    case MessageKind::mark_price: return m.mark_price <= 0 ? "mark price that is not positive" : nullptr;
    case MessageKind::index_price: return m.index_price <= 0 ? "index price that is not positive" : nullptr;
    case MessageKind::bar:
      if (m.open <= 0 || m.high <= 0 || m.low <= 0 || m.close <= 0) return "bar with a price that is not positive";
      if (m.high < m.low || m.high < m.open || m.high < m.close || m.low > m.open || m.low > m.close) {
        return "bar whose high or low does not hold its open and close";
      }
      if (m.volume < 0 || m.quote_volume < 0 || m.taker_buy_volume < 0 || m.trade_count < 0) {
        return "bar with a negative volume";
      }
      return m.open_time == 0 || m.close_time <= m.open_time ? "bar without a time span" : nullptr;
    case MessageKind::liquidation:
      return m.price <= 0 || m.qty <= 0 ? "liquidation without price or quantity" : nullptr;
    case MessageKind::none: return "empty message";
    case MessageKind::funding:
    case MessageKind::metric:
    case MessageKind::connected:
    case MessageKind::exchange_info: return nullptr;
  }
  return nullptr;
}

}  // namespace reprise::gateway
