#include "engine/market/market_state.h"
#include "journal/mutant.h"

#include <algorithm>

namespace reprise::engine {

namespace {
__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)

bool is_believable(std::int64_t price, std::int64_t qty) {
  return price > 0 && price <= kMaxBelievedPrice && qty >= 0 && qty <= kMaxBelievedQty;
}
const OrderBook kEmptyBook;
}  // namespace

InstrumentMarket::InstrumentMarket(DurationNanos bar_interval, DurationNanos stale_after, Rate outlier_bound) {
  configure(bar_interval, stale_after, outlier_bound);
}

void InstrumentMarket::configure(DurationNanos bar_interval, DurationNanos stale_after, Rate outlier_bound) {
  stale_after_ = stale_after;
  outlier_bound_ = outlier_bound;
  bars_.set_interval(bar_interval);
}

MarketChange InstrumentMarket::on_trade(schema::Trade::Reader record, UnixNanos now) {
  MarketChange change;
  if (record.getKind() != schema::TradeKind::MARKET) return change;
  const Price price = Price::of_e8(record.getPrice());
  const Qty qty = Qty::of_e8(record.getQty());
  if (!is_believable(price.e8, qty.e8)) return change;
  const std::uint8_t stream = record.getIsAggregate() ? 2 : 1;
  if (trade_stream_ == 0) trade_stream_ = stream;
  if (trade_stream_ != stream) return change;

  if (outlier_bound_.is_positive() && last_price_.is_positive()) {
    const auto is_far = [&](Price from) {
      return static_cast<Wide>((price - from).abs().e8) * kScale > static_cast<Wide>(from.e8) * outlier_bound_.e8;
    };
    if (is_far(last_price_) && (candidate_.is_zero() || is_far(candidate_))) {
      candidate_ = price;
      ++held_back_;
      return change;
    }
  }
  candidate_ = Price::zero();
  last_price_ = price;
  last_print_time_ = now;
  ++prints_;
  change.price_changed = true;
  if (!uses_recorded_bars()) bars_.add(price, qty, record.getAggressorSide(), now);
  return change;
}

MarketChange InstrumentMarket::on_delta(schema::BookDelta::Reader record, UnixNanos now) {
  return after_book(feed_.on_delta(record, now), record.getIsLastInEvent());
}

MarketChange InstrumentMarket::on_snapshot(schema::BookSnapshot::Reader record, UnixNanos now) {
  return after_book(feed_.on_snapshot(record, now), true);
}

MarketChange InstrumentMarket::after_book(const BookFeedOutcome& outcome, bool is_last_in_event) {
  MarketChange change;
  if (outcome.event == BookFeedEvent::gap || outcome.event == BookFeedEvent::snapshot_too_old) {
    change.gap = true;
    change.gap_expected = outcome.expected_id;
    change.gap_received = outcome.received_id;
  }
  // In the middle of an event the book may look crossed; the top is read at its end.
  if ((outcome.book_changed() && is_last_in_event) || change.gap) change.top_changed = refresh_best();
  return change;
}

MarketChange InstrumentMarket::on_bbo(schema::Bbo::Reader record, UnixNanos now) {
  MarketChange change;
  const std::int64_t id = record.getUpdateId();
  if (id != 0 && id < bbo_update_id_ && bbo_counts()) return change;  // late
  BestQuote quote{{record.getBidPrice()}, {record.getAskPrice()}, {record.getBidQty()}, {record.getAskQty()}};
  if (quote.bid_qty.is_zero()) quote.bid = Price::zero();
  if (quote.ask_qty.is_zero()) quote.ask = Price::zero();
  if (!quote.bid.is_zero() && !is_believable(quote.bid.e8, quote.bid_qty.e8)) return change;
  if (!quote.ask.is_zero() && !is_believable(quote.ask.e8, quote.ask_qty.e8)) return change;
  bbo_ = quote;
  bbo_update_id_ = id;
  bbo_time_ = now;
  change.top_changed = refresh_best();
  return change;
}

MarketChange InstrumentMarket::on_mark(schema::MarkPrice::Reader record) {
  MarketChange change;
  if (!is_believable(record.getMarkPrice(), 0)) return change;
  mark_price_ = Price::of_e8(record.getMarkPrice());
  if (is_believable(record.getIndexPrice(), 0)) index_price_ = Price::of_e8(record.getIndexPrice());
  funding_rate_ = Rate::of_e8(record.getFundingRate());
  next_funding_ = UnixNanos{record.getNextFundingTime()};
  change.mark_changed = true;
  return change;
}

MarketChange InstrumentMarket::on_market_bar(schema::MarketBar::Reader r, UnixNanos now) {
  MarketChange change;
  if (!r.getIsFinal()) return change;
  const std::int64_t low = r.getLow();
  const std::int64_t high = r.getHigh();
  if (!is_believable(low, 0) || !is_believable(high, 0) || r.getOpen() < low || r.getOpen() > high ||
      r.getClose() < low || r.getClose() > high || r.getVolume() < 0) {
    return change;
  }
  if (r.getIsMarkPrice()) {
    mark_price_ = Price::of_e8(r.getClose());
    change.mark_changed = true;
    return change;
  }
  const std::int64_t duration = r.getCloseTime() - r.getOpenTime() + 1;
  if (r.getOpenTime() < 0 || duration <= 0) return change;
  if (recorded_duration_.ns == 0) {
    recorded_duration_ = {duration};
    bars_.discard();
  }
  if (duration != recorded_duration_.ns) return change;
  recorded_bar_time_ = now;
  last_price_ = Price::of_e8(r.getClose());
  last_print_time_ = now;
  change.price_changed = true;
  RecordedBar recorded;
  recorded.duration = recorded_duration_;
  recorded.bar.open = {r.getOpen()};
  recorded.bar.high = {high};
  recorded.bar.low = {low};
  recorded.bar.close = {r.getClose()};
  recorded.bar.volume = {r.getVolume()};
  recorded.bar.quote_volume = {r.getQuoteVolume()};
  recorded.bar.buy_volume = {r.getTakerBuyVolume()};
  recorded.bar.open_time = {r.getOpenTime()};
  change.recorded_bar = recorded;
  return change;
}

void InstrumentMarket::on_gap(schema::FeedGap::Reader record) {
  const bool feed_cannot_tell = feed_.last_update_id() == 0;  // unnumbered: the book sees no gap by itself
  const schema::GapReason reason = record.getReason();
  if (reason == schema::GapReason::TIME_HOLE) return;
  if (feed_cannot_tell || reason == schema::GapReason::DISCONNECT || reason == schema::GapReason::DROPPED) {
    feed_.on_disconnect();
    refresh_best();
  }
}

void InstrumentMarket::on_disconnect() {
  feed_.on_disconnect();
  bbo_time_ = UnixNanos{};
  bbo_update_id_ = 0;
  refresh_best();
}

bool InstrumentMarket::refresh_best() {
  bool use_bbo = false;
  if (bbo_counts()) {
    if (!book_counts()) {
      use_bbo = true;
    } else if (bbo_update_id_ != 0 && feed_.last_update_id() != 0) {
      use_bbo = bbo_update_id_ > feed_.last_update_id();
    } else {
      use_bbo = bbo_time_ > feed_.last_change();
    }
  }
  BestQuote now_best;
  if (use_bbo) {
    now_best = bbo_;
  } else if (book_counts()) {
    const auto bid = feed_.book().best_bid();
    const auto ask = feed_.book().best_ask();
    if (bid && is_believable(bid->price.e8, 0)) now_best.bid = bid->price, now_best.bid_qty = bid->qty;
    if (ask && is_believable(ask->price.e8, 0)) now_best.ask = ask->price, now_best.ask_qty = ask->qty;
  }
  best_is_bbo_ = use_bbo;
  if (now_best == best_) return false;
  best_ = now_best;
  return true;
}

PriceSource InstrumentMarket::source() const {
  if (best_.bid.is_positive() || best_.ask.is_positive()) return best_is_bbo_ ? PriceSource::bbo : PriceSource::book;
  if (!last_price_.is_positive()) return PriceSource::none;
  return uses_recorded_bars() ? PriceSource::bar : PriceSource::last_print;
}

bool InstrumentMarket::is_stale(UnixNanos now) const {
  if (is_crossed()) return true;
  if (REPRISE_MUTANT(never_stale)) return source() == PriceSource::none;
  const bool lost = feed_.state() == BookFeedState::desynchronised;
  UnixNanos heard;
  DurationNanos limit = stale_after_;
  switch (source()) {
    case PriceSource::none: return true;
    case PriceSource::book: heard = std::max(feed_.last_change(), bbo_time_); break;
    case PriceSource::bbo: heard = std::max(bbo_time_, feed_.is_usable() ? feed_.last_change() : UnixNanos{}); break;
    case PriceSource::last_print:
      if (lost) return true;
      heard = last_print_time_;
      break;
    case PriceSource::bar:
      heard = recorded_bar_time_;
      limit.ns += 2 * recorded_duration_.ns;
      break;
  }
  return stale_after_.ns > 0 && now - heard > limit;
}

std::optional<Price> InstrumentMarket::mid() const {
  if (best_.bid.is_positive() && best_.ask.is_positive()) return Price::of_e8((best_.bid.e8 + best_.ask.e8) / 2);
  if (last_price_.is_positive()) return last_price_;
  return std::nullopt;
}

void InstrumentMarket::fill_view(MarketView& view, const Instrument* instrument, UnixNanos now) const {
  const auto known = [](Price price) { return price.is_positive() ? std::optional(price) : std::nullopt; };
  view.instrument = instrument;
  view.book = feed_.is_usable() ? &feed_.book() : &kEmptyBook;
  view.best_bid = known(best_.bid);
  view.best_ask = known(best_.ask);
  view.best_bid_qty = best_.bid_qty;
  view.best_ask_qty = best_.ask_qty;
  view.mid = mid();
  view.last_price = known(last_price_);
  view.mark_price = known(mark_price_);
  view.funding_rate = mark_price_.is_positive() ? std::optional(funding_rate_) : std::nullopt;
  view.source = source();
  view.is_crossed = is_crossed();
  view.is_stale = is_stale(now);
}

void InstrumentMarket::persist(StateArchive& archive) {
  archive.field("feed", feed_);
  archive.field("bars", bars_);
  const auto quote = [&](std::string_view name, BestQuote& value) {
    archive.begin_object(name);
    archive.field("bid", value.bid);
    archive.field("ask", value.ask);
    archive.field("bid_qty", value.bid_qty);
    archive.field("ask_qty", value.ask_qty);
    archive.end_object();
  };
  quote("best", best_);
  archive.field("best_is_bbo", best_is_bbo_);
  quote("bbo", bbo_);
  archive.field("bbo_update_id", bbo_update_id_);
  archive.field("bbo_time", bbo_time_);
  archive.field("last_price", last_price_);
  archive.field("last_print_time", last_print_time_);
  archive.field("candidate", candidate_);
  archive.field("trade_stream", trade_stream_);
  archive.field("prints", prints_);
  archive.field("held_back", held_back_);
  archive.field("mark_price", mark_price_);
  archive.field("index_price", index_price_);
  archive.field("funding_rate", funding_rate_);
  archive.field("next_funding", next_funding_);
  archive.field("recorded_duration", recorded_duration_);
  archive.field("recorded_bar_time", recorded_bar_time_);
}

void Market::configure(DurationNanos bar_interval, DurationNanos stale_after, Rate outlier_bound) {
  bar_interval_ = bar_interval;
  stale_after_ = stale_after;
  outlier_bound_ = outlier_bound;
  for (auto& market : by_number_) {
    if (market != nullptr) market->configure(bar_interval, stale_after, outlier_bound);
  }
}

void Market::declare(InstrumentNo number) {
  if (number == 0 || number > kMaxInstrumentNo) return;
  if (number >= by_number_.size()) by_number_.resize(number + 1);
  if (by_number_[number] == nullptr) {
    by_number_[number] = std::make_unique<InstrumentMarket>(bar_interval_, stale_after_, outlier_bound_);
  }
}

void Market::persist(StateArchive& archive) {
  if (archive.skips("instruments")) return;
  std::uint64_t count = 0;
  for (const auto& market : by_number_) count += market != nullptr ? 1 : 0;
  archive.begin_list("instruments", count);
  if (archive.loading()) {
    for (std::uint64_t i = 0; i < count; ++i) {
      InstrumentNo number = 0;
      archive.begin_object("item");
      archive.field("number", number);
      declare(number);
      InstrumentMarket unplaced(bar_interval_, stale_after_,
                                outlier_bound_);  // a damaged number: the loader refuses the whole
      InstrumentMarket* place = find(number);
      archive.field("market", place != nullptr ? *place : unplaced);
      archive.end_object();
    }
  } else {
    for (InstrumentNo number = 0; number < by_number_.size(); ++number) {
      if (by_number_[number] == nullptr) continue;
      archive.begin_object("item");
      archive.field("number", number);
      archive.field("market", *by_number_[number]);
      archive.end_object();
    }
  }
  archive.end_list();
}

}  // namespace reprise::engine
