#include "gateway/binance/record_maker.h"

#include <capnp/any.h>
#include <capnp/message.h>

#include <cstring>
#include <type_traits>

namespace reprise::gateway {

using journal::RecordType;

namespace {

// The message of a record without lists and text, filled anew for each record.
template <class T>
class Form {
 public:
  static_assert(T::_capnpPrivate::pointerCount == 0);
  static constexpr std::uint16_t kWords = T::_capnpPrivate::dataWordSize;
  Form() : any_(message_.initRoot<capnp::AnyPointer>().initAsAnyStruct(kWords, 0)), root_(any_.as<T>()) {}

  template <class Fill>
  void append(RecordType type, journal::RecordHeader header, journal::RecordBatch& batch, Fill&& fill) {
    kj::ArrayPtr<kj::byte> data = any_.getDataSection();
    std::memset(data.begin(), 0, data.size());
    fill(root_);
    header.set_type(type);
    // The pointer to the struct stands right before it.
    batch.append_copy(header, reinterpret_cast<const capnp::word*>(data.begin()) - 1,
                      data.size() / sizeof(capnp::word) + 1);
  }

 private:
  capnp::MallocMessageBuilder message_{64};
  capnp::AnyStruct::Builder any_;
  typename T::Builder root_;
};

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

}  // namespace

struct RecordMaker::Forms {
  Form<schema::Trade> trade;
  Form<schema::Bbo> bbo;
};

RecordMaker::RecordMaker() : forms_(std::make_unique<Forms>()) {}
RecordMaker::~RecordMaker() = default;

std::size_t RecordMaker::append(const MarketMessage& m, journal::RecordHeader header, journal::RecordBatch& batch) {
  const std::size_t before = batch.count();
  switch (m.kind) {
    case MessageKind::trade:
    case MessageKind::aggregate_trade:
      forms_->trade.append(RecordType::TRADE, header, batch, [&](schema::Trade::Builder b) {
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
      forms_->bbo.append(RecordType::BBO, header, batch, [&](schema::Bbo::Builder b) {
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
