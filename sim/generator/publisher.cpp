#include "sim/generator/publisher.h"

#include <algorithm>

namespace reprise::sim {

namespace {

using journal::RecordType;

constexpr std::int64_t kSendDelay = 200'000;  // matching engine to the venue's network card
constexpr std::int64_t kLeastDelay = 1'200'000;
constexpr std::int64_t kMeanDelay = 600'000;
constexpr std::int64_t kMeanPause = 25'000'000;

// Half away from zero.
std::int64_t rounded(double x) {
  const auto whole = static_cast<std::int64_t>(x);
  const double rest = x - static_cast<double>(whole);
  return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}
std::int64_t round_e8(double price) {
  return rounded(price * 1e8);
}

std::int64_t median(std::int64_t a, std::int64_t b, std::int64_t c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

}  // namespace

journal::RecordHeader FeedDelay::stamp(std::uint32_t instrument, std::int64_t ts_event) {
  std::int64_t delay = kLeastDelay + random_.exponential(kMeanDelay);
  if (random_.below(4000) == 0) delay += random_.exponential(kMeanPause);
  last_recv_ = std::max(last_recv_, ts_event + delay);
  journal::RecordHeader header;
  header.instrument = instrument;
  header.ts_event = ts_event;
  header.ts_recv = last_recv_;
  header.ts_engine = last_recv_;
  return header;
}

Publisher::Publisher(const SymbolSpec& spec, std::uint32_t instrument, std::uint64_t seed)
    : spec_(spec), instrument_(instrument), index_noise_(seed, 500'000 + instrument) {}

void Publisher::snapshot(InstrumentMarket& market, std::int64_t now, FeedDelay& delay, journal::RecordBatch& out) {
  LimitBook& book = market.book();
  const auto bids = book.levels(BookSide::bid);
  const auto asks = book.levels(BookSide::ask);
  out.append<schema::BookSnapshot>(
      RecordType::BOOK_SNAPSHOT, delay.stamp(instrument_, now),
      [&](schema::BookSnapshot::Builder b) {
        b.setLastUpdateId(book.update_id());
        b.setTsVenueSent(now + kSendDelay);
        const auto fill = [&](auto list, std::span<const BookLevel> levels) {
          for (std::size_t i = 0; i < levels.size(); ++i) {
            const BookLevel& level = levels[levels.size() - 1 - i];
            list[static_cast<unsigned>(i)].setPrice(price_e8(level.price));
            list[static_cast<unsigned>(i)].setQty(qty_e8(level.qty));
          }
        };
        fill(b.initBids(static_cast<unsigned>(bids.size())), bids);
        fill(b.initAsks(static_cast<unsigned>(asks.size())), asks);
      },
      2 + 2 * (bids.size() + asks.size()));
  // The last change before the snapshot goes into the first delta as well, so that the delta overlaps the
  // snapshot as a venue's does.
  auto& touched = book.touched();
  if (touched.size() > 1) touched.erase(touched.begin(), touched.end() - 1);
  delta_last_id_ = book.update_id() - static_cast<std::int64_t>(touched.size());
}

void Publisher::after_act(const InstrumentMarket& market, std::int64_t now, FeedDelay& delay,
                          journal::RecordBatch& out) {
  for (const AgentTrade& trade : market.trades()) {
    last_price_e8_ = price_e8(trade.price);
    ++counts_.trades;
    out.append<schema::Trade>(RecordType::TRADE, delay.stamp(instrument_, now), [&](schema::Trade::Builder b) {
      b.setPrice(last_price_e8_);
      b.setQty(qty_e8(trade.qty));
      b.setTradeId(++last_trade_id_);
      b.setTsVenueSent(now + kSendDelay);
      b.setAggressorSide(trade.hit == BookSide::ask ? schema::Side::BUY : schema::Side::SELL);
      b.setKind(schema::TradeKind::MARKET);
    });
  }
  const LimitBook& book = market.book();
  const BookLevel* bid = book.best(BookSide::bid);
  const BookLevel* ask = book.best(BookSide::ask);
  const auto differs = [](const BookLevel* level, const BookLevel& last) {
    return level == nullptr ? last.qty != 0 : level->price != last.price || level->qty != last.qty;
  };
  if (!differs(bid, last_bid_) && !differs(ask, last_ask_)) return;
  last_bid_ = bid != nullptr ? *bid : BookLevel{};
  last_ask_ = ask != nullptr ? *ask : BookLevel{};
  ++counts_.bbos;
  out.append<schema::Bbo>(RecordType::BBO, delay.stamp(instrument_, now), [&](schema::Bbo::Builder b) {
    b.setBidPrice(price_e8(last_bid_.price));
    b.setBidQty(qty_e8(last_bid_.qty));
    b.setAskPrice(price_e8(last_ask_.price));
    b.setAskQty(qty_e8(last_ask_.qty));
    b.setUpdateId(book.update_id());
    b.setTsVenueSent(now + kSendDelay);
  });
}

void Publisher::flush_delta(InstrumentMarket& market, std::int64_t now, FeedDelay& delay, journal::RecordBatch& out) {
  LimitBook& book = market.book();
  auto& touched = book.touched();
  if (touched.empty()) return;
  scratch_ = touched;
  touched.clear();
  std::sort(scratch_.begin(), scratch_.end());
  scratch_.erase(std::unique(scratch_.begin(), scratch_.end()), scratch_.end());
  const auto first_ask =
      std::find_if(scratch_.begin(), scratch_.end(), [](const TouchedLevel& t) { return t.side == BookSide::ask; });
  std::reverse(scratch_.begin(), first_ask);  // best first on both sides
  const auto bids = static_cast<unsigned>(first_ask - scratch_.begin());
  const auto asks = static_cast<unsigned>(scratch_.end() - first_ask);
  ++counts_.book_deltas;
  out.append<schema::BookDelta>(
      RecordType::BOOK_DELTA, delay.stamp(instrument_, now),
      [&](schema::BookDelta::Builder b) {
        b.setFirstUpdateId(delta_last_id_ + 1);
        b.setLastUpdateId(book.update_id());
        b.setPrevLastUpdateId(delta_last_id_);
        b.setTsVenueSent(now + kSendDelay);
        const auto fill = [&](auto list, std::size_t from, unsigned count) {
          for (unsigned i = 0; i < count; ++i) {
            const TouchedLevel& level = scratch_[from + i];
            list[i].setPrice(price_e8(level.price));
            list[i].setQty(qty_e8(book.qty_at(level.side, level.price)));
          }
        };
        fill(b.initBids(bids), 0, bids);
        fill(b.initAsks(asks), bids, asks);
      },
      2 + 2 * (bids + asks));
  delta_last_id_ = book.update_id();
}

void Publisher::mark(const InstrumentMarket& market, double value, std::int64_t now, FeedDelay& delay,
                     journal::RecordBatch& out) {
  const double tick = static_cast<double>(spec_.tick_e8) / 1e8;
  const double index = value * (1 + 0.1 * spec_.half_spread * index_noise_.normal());
  const double mid = market.mid(value / tick) * tick;
  const double basis = mid - index;
  basis_average_ += (basis - basis_average_) / 150;
  premium_sum_ += basis / index;
  ++premium_count_;
  // Rate: mean premium plus the interest clamp, all at 1e-8 (formula: MARKET.md).
  const std::int64_t premium = rounded(premium_sum_ / static_cast<double>(premium_count_) * 1e8);
  const std::int64_t clamped = std::clamp<std::int64_t>(10'000 - premium, -50'000, 50'000);
  const std::int64_t rate = std::clamp<std::int64_t>(premium + clamped, -300'000, 300'000);

  const std::int64_t next_funding = (now / kFundingInterval + 1) * kFundingInterval;
  const double until = static_cast<double>(next_funding - now) / static_cast<double>(kFundingInterval);
  const std::int64_t index_e8 = round_e8(index);
  const std::int64_t by_funding = round_e8(index * (1 + static_cast<double>(rate) / 1e8 * until));
  const std::int64_t by_basis = round_e8(index + basis_average_);
  const std::int64_t last = last_price_e8_ != 0 ? last_price_e8_ : round_e8(mid);
  mark_price_e8_ = median(by_funding, by_basis, last);
  ++counts_.mark_prices;
  out.append<schema::MarkPrice>(RecordType::MARK_PRICE, delay.stamp(instrument_, now),
                                [&](schema::MarkPrice::Builder b) {
                                  b.setMarkPrice(mark_price_e8_);
                                  b.setIndexPrice(index_e8);
                                  b.setFundingRate(rate);
                                  b.setNextFundingTime(next_funding);
                                });
  funding_rate_e8_ = rate;
}

void Publisher::settle_funding(std::int64_t now, FeedDelay& delay, journal::RecordBatch& out) {
  if (premium_count_ != 0) {
    ++counts_.funding_settlements;
    out.append<schema::FundingSettlement>(RecordType::FUNDING_SETTLEMENT, delay.stamp(instrument_, now),
                                          [&](schema::FundingSettlement::Builder b) {
                                            b.setFundingRate(funding_rate_e8_);
                                            b.setMarkPrice(mark_price_e8_);
                                            b.setIntervalHours(8);
                                          });
  }
  premium_sum_ = 0;
  premium_count_ = 0;
}

}  // namespace reprise::sim
