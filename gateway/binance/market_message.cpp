#include "gateway/binance/market_message.h"

#include <capnp/any.h>

#include <cstring>
#include <type_traits>

namespace reprise::gateway {

using journal::RecordType;

namespace {
// Levels lie in a record as they lie here, one behind the other: a setter for each figure would cost more than
// reading its text.
static_assert(sizeof(LevelE8) == 16 && std::is_trivially_copyable_v<LevelE8> && offsetof(LevelE8, qty) == 8);
static_assert(schema::Level::_capnpPrivate::dataWordSize == 2 && schema::Level::_capnpPrivate::pointerCount == 0);
void fill_levels(capnp::List<schema::Level>::Builder list, const std::vector<LevelE8>& levels) {
  if (levels.empty()) return;
  capnp::AnyStruct::Builder first(list[0]);
  std::memcpy(first.getDataSection().begin(), levels.data(), levels.size() * sizeof(LevelE8));
}

std::size_t list_words(const MarketMessage& m) {
  return 2 + 2 * (m.bids.size() + m.asks.size());
}

std::uint32_t count(const std::vector<LevelE8>& levels) {
  return static_cast<std::uint32_t>(levels.size());
}

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

std::size_t append_records(const MarketMessage& m, journal::RecordHeader header, journal::RecordBatch& batch) {
  const std::size_t before = batch.count();
  switch (m.kind) {
    case MessageKind::trade:
    case MessageKind::aggregate_trade:
      batch.append<schema::Trade>(RecordType::TRADE, header, [&](schema::Trade::Builder b) {
        b.setPrice(m.price);
        b.setQty(m.qty);
        b.setTradeId(m.last_id);
        b.setTsVenueSent(m.ts_sent);
        b.setAggressorSide(m.side);
        b.setKind(m.trade_kind);
        if (m.kind == MessageKind::aggregate_trade) {
          b.setIsAggregate(true);
          b.setFirstTradeId(m.first_id);
        }
      });
      break;
    case MessageKind::book_delta:
      batch.append<schema::BookDelta>(
          RecordType::BOOK_DELTA, header,
          [&](schema::BookDelta::Builder b) {
            b.setFirstUpdateId(m.first_id);
            b.setLastUpdateId(m.last_id);
            b.setPrevLastUpdateId(m.previous_id);
            b.setTsVenueSent(m.ts_sent);
            fill_levels(b.initBids(count(m.bids)), m.bids);
            fill_levels(b.initAsks(count(m.asks)), m.asks);
          },
          list_words(m));
      break;
    case MessageKind::book_snapshot:
      batch.append<schema::BookSnapshot>(
          RecordType::BOOK_SNAPSHOT, header,
          [&](schema::BookSnapshot::Builder b) {
            b.setLastUpdateId(m.last_id);
            b.setTsVenueSent(m.ts_sent);
            fill_levels(b.initBids(count(m.bids)), m.bids);
            fill_levels(b.initAsks(count(m.asks)), m.asks);
            b.setIsPartial(m.is_partial);
          },
          list_words(m));
      break;
    case MessageKind::bbo:
      batch.append<schema::Bbo>(RecordType::BBO, header, [&](schema::Bbo::Builder b) {
        b.setBidPrice(m.bid_price);
        b.setBidQty(m.bid_qty);
        b.setAskPrice(m.ask_price);
        b.setAskQty(m.ask_qty);
        b.setUpdateId(m.last_id);
        b.setTsVenueSent(m.ts_sent);
      });
      break;
    case MessageKind::mark_price:
    case MessageKind::index_price:
      batch.append<schema::MarkPrice>(RecordType::MARK_PRICE, header, [&](schema::MarkPrice::Builder b) {
        b.setMarkPrice(m.mark_price);
        b.setIndexPrice(m.index_price);
        b.setFundingRate(m.funding_rate);
        b.setNextFundingTime(m.next_funding_time);
        b.setEstimatedSettlePrice(m.settle_price);
      });
      break;
    case MessageKind::bar:
      batch.append<schema::MarketBar>(RecordType::MARKET_BAR, header, [&](schema::MarketBar::Builder b) {
        b.setOpen(m.open);
        b.setHigh(m.high);
        b.setLow(m.low);
        b.setClose(m.close);
        b.setVolume(m.volume);
        b.setQuoteVolume(m.quote_volume);
        b.setTradeCount(m.trade_count);
        b.setOpenTime(m.open_time);
        b.setCloseTime(m.close_time);
        b.setTakerBuyVolume(m.taker_buy_volume);
        b.setIsMarkPrice(m.is_mark);
        b.setIsFinal(m.is_final);
      });
      break;
    case MessageKind::funding:
      batch.append<schema::FundingSettlement>(RecordType::FUNDING_SETTLEMENT, header,
                                              [&](schema::FundingSettlement::Builder b) {
                                                b.setFundingRate(m.funding_rate);
                                                b.setMarkPrice(m.mark_price);
                                                b.setIntervalHours(m.interval_hours);
                                              });
      break;
    case MessageKind::liquidation:
      batch.append<schema::LiquidationPrint>(RecordType::LIQUIDATION_PRINT, header,
                                             [&](schema::LiquidationPrint::Builder b) {
                                               b.setSide(m.side);
                                               b.setPrice(m.price);
                                               b.setAvgPrice(m.average_price);
                                               b.setQty(m.qty);
                                               b.setCumQty(m.cum_qty);
                                             });
      break;
    case MessageKind::connected:
      batch.append<schema::FeedConnected>(
          RecordType::FEED_CONNECTED, header,
          [&](schema::FeedConnected::Builder b) {
            b.setSource(m.text);
            b.setDetail(m.detail);
          },
          4 + (m.text.size() + m.detail.size()) / 8);
      break;
    case MessageKind::none:
    case MessageKind::metric:
    case MessageKind::exchange_info: break;
  }
  for (const MetricE8& metric : m.metrics) {
    batch.append<schema::MarketMetric>(RecordType::MARKET_METRIC, header, [&](schema::MarketMetric::Builder b) {
      b.setKind(metric.kind);
      b.setValue(metric.value);
    });
  }
  return batch.count() - before;
}

}  // namespace reprise::gateway
