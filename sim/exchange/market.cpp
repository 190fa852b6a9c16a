#include "sim/exchange/market.h"
#include "engine/market/fixed.h"

namespace reprise::sim {

namespace {
constexpr std::int64_t kMaxVolume = 4'000'000'000'000'000'000;  // sums stay inside int64

Qty bounded_sum(Qty a, Qty b) {
  return Qty::of_e8(a.e8 > kMaxVolume - b.e8 ? kMaxVolume : a.e8 + b.e8);
}
}  // namespace

bool Market::on_delta(schema::BookDelta::Reader delta, UnixNanos now) {
  const BookFeedOutcome outcome = feed_.on_delta(delta, now);
  if (!outcome.book_changed()) return false;
  if (top_.is_seen) top_is_newer_ = top_.update_id != 0 && top_.update_id > feed_.last_update_id();
  if (!taken_bids_.empty() || !taken_asks_.empty()) forget_changed();
  return true;
}

bool Market::on_snapshot(schema::BookSnapshot::Reader snapshot, UnixNanos now) {
  const BookFeedOutcome outcome = feed_.on_snapshot(snapshot, now);
  if (!outcome.book_changed()) return false;
  if (top_.is_seen) top_is_newer_ = top_.update_id != 0 && top_.update_id > feed_.last_update_id();
  if (!taken_bids_.empty() || !taken_asks_.empty()) forget_changed();
  return true;
}

bool Market::on_bbo(schema::Bbo::Reader bbo) {
  const Level bid{Price::of_e8(bbo.getBidPrice()), Qty::of_e8(bbo.getBidQty())};
  const Level ask{Price::of_e8(bbo.getAskPrice()), Qty::of_e8(bbo.getAskQty())};
  if (bid.qty.is_negative() || ask.qty.is_negative()) return false;
  if (bid.qty.is_positive() && !is_believable(bid.price, bid.qty)) return false;
  if (ask.qty.is_positive() && !is_believable(ask.price, ask.qty)) return false;
  top_ = {bid, ask, bbo.getUpdateId(), true};
  // By update id where both feeds have one, else the later record is the newer view.
  top_is_newer_ = top_.update_id == 0 || feed_.last_update_id() == 0 || top_.update_id > feed_.last_update_id();
  if (!taken_bids_.empty() || !taken_asks_.empty()) forget_changed();
  return top_leads();
}

bool Market::on_print(Price price, Qty qty, bool is_aggregate, UnixNanos now) {
  if (!is_believable(price, qty) || !qty.is_positive()) return false;
  const std::uint8_t stream = is_aggregate ? 2 : 1;
  if (trade_stream_ == 0) trade_stream_ = stream;
  if (trade_stream_ != stream) return false;
  const auto is_near = [&](Price a, Price b) {
    return outlier_bound_.is_zero() || (a - b).abs().e8 <= mul(b, outlier_bound_).e8;
  };
  if (last_ && !is_near(price, *last_)) {
    const bool is_confirmed = candidate_.is_positive() && is_near(price, candidate_);
    candidate_ = is_confirmed ? Price{} : price;
    if (!is_confirmed) return false;
  } else {
    candidate_ = Price{};
  }
  last_ = price;
  has_prints_ = true;
  if (!has_book()) {
    roll_volume(now);
    minute_volume_ = bounded_sum(minute_volume_, qty);
  }
  return true;
}

void Market::on_bar_volume(Qty volume) {
  volume_from_bar_ = true;
  previous_volume_ = Qty::of_e8(std::min(volume.e8, kMaxVolume));
  minute_volume_ = Qty::zero();
  volume_taken_ = Qty::zero();
}

std::optional<Price> Market::best(BookSideKind side) const {
  if (top_leads()) {
    const Level& level = side == BookSideKind::bid ? top_.bid : top_.ask;
    if (level.qty.is_positive()) return level.price;
    return std::nullopt;
  }
  if (!feed_.is_usable()) return std::nullopt;
  const std::optional<Level> level = feed_.book().best(side);
  if (!level) return std::nullopt;
  return level->price;
}

std::optional<Price> Market::mid() const {
  const std::optional<Price> bid = best(BookSideKind::bid);
  const std::optional<Price> ask = best(BookSideKind::ask);
  if (!bid || !ask) return std::nullopt;
  return Price::of_e8((bid->e8 & ask->e8) + ((bid->e8 ^ ask->e8) >> 1));
}

std::optional<Price> Market::mark_fallback() const {
  if (mark_from_last_) return last_ ? last_ : mid();
  const std::optional<Price> middle = mid();
  return middle ? middle : last_;
}

std::optional<Qty> Market::shown_qty(BookSideKind side, Price price) const {
  const bool is_bid = side == BookSideKind::bid;
  if (top_leads()) {
    const Level& level = is_bid ? top_.bid : top_.ask;
    if (!level.qty.is_positive()) return Qty::zero();
    if (price == level.price) return level.qty;
    if (is_bid ? price > level.price : price < level.price) return Qty::zero();  // inside the spread
  }
  if (!feed_.is_usable()) return std::nullopt;
  const OrderBook& book = feed_.book();
  const std::optional<Level> worst = book.worst(side);
  if (!worst) return Qty::zero();
  const Qty qty = book.qty_at(side, price);
  if (qty.is_positive()) return qty;
  // Behind the last level of a view of the top nobody knows what stands.
  if (feed_.state() == BookFeedState::top_view && (is_bid ? price < worst->price : price > worst->price))
    return std::nullopt;
  return Qty::zero();
}

Qty Market::available(BookSideKind side, Price price, Qty qty) const {
  for (const TakenLiquidity& entry : side == BookSideKind::bid ? taken_bids_ : taken_asks_) {
    if (entry.price == price) return instrument.floor_to_lot(std::max(qty - entry.taken, Qty::zero()));
  }
  return instrument.floor_to_lot(qty);
}

void Market::take(BookSideKind side, Price price, Qty qty, UnixNanos now) {
  if (!has_book()) {
    take_volume(qty, now);
    return;
  }
  auto& taken = side == BookSideKind::bid ? taken_bids_ : taken_asks_;
  for (TakenLiquidity& entry : taken) {
    if (entry.price == price) {
      entry.taken += qty;
      return;
    }
  }
  taken.push_back({price, shown_qty(side, price).value_or(Qty::zero()), qty});
}

void Market::forget_changed() {
  std::erase_if(taken_bids_, [&](const TakenLiquidity& t) { return shown_qty(BookSideKind::bid, t.price) != t.seen; });
  std::erase_if(taken_asks_, [&](const TakenLiquidity& t) { return shown_qty(BookSideKind::ask, t.price) != t.seen; });
}

std::optional<Level> Market::made_level(BookSideKind side, UnixNanos now) {
  if (!last_) return std::nullopt;
  // A buyer pays half the spread above the last price, a seller gets it below; rounded against us.
  const bool is_ask = side == BookSideKind::ask;
  const Price away = Price::of_e8(mul(*last_, half_spread_, Rounding::ceiling).e8);
  const Price price = is_ask ? Price::of_e8(last_->e8 + away.e8) : Price::of_e8(last_->e8 - away.e8);
  if (!price.is_positive()) return std::nullopt;
  return Level{instrument.round_to_tick(price, is_ask ? Rounding::ceiling : Rounding::floor),
               instrument.floor_to_lot(volume_budget(now))};
}

void Market::roll_volume(UnixNanos now) {
  if (volume_from_bar_) return;
  const std::int64_t minute = now.ns / kMinute;
  if (minute == minute_) return;
  previous_volume_ = minute == minute_ + 1 ? minute_volume_ : Qty::zero();
  minute_volume_ = Qty::zero();
  volume_taken_ = Qty::zero();
  minute_ = minute;
}

Qty Market::volume_budget(UnixNanos now) {
  roll_volume(now);
  const Qty reference = std::max(previous_volume_, minute_volume_);
  return std::max(mul(reference, participation_, Rounding::floor) - volume_taken_, Qty::zero());
}

void Market::take_volume(Qty qty, UnixNanos now) {
  roll_volume(now);
  volume_taken_ += qty;
}

void Market::persist(engine::StateArchive& archive) {
  archive.field("instrument", instrument);
  archive.field("is_traded", is_traded);
  archive.begin_object("feed");
  feed_.persist(archive);
  archive.end_object();
  archive.field("top", top_);
  archive.field("top_is_newer", top_is_newer_);
  archive.field("last", last_);
  archive.field("mark", mark_);
  archive.field("index", index_);
  archive.field("mark_is_recorded", mark_is_recorded_);
  archive.field("has_prints", has_prints_);
  archive.field("taken_bids", taken_bids_);
  archive.field("taken_asks", taken_asks_);
  archive.field("half_spread", half_spread_);
  archive.field("participation", participation_);
  archive.field("outlier_bound", outlier_bound_);
  archive.field("mark_from_last", mark_from_last_);
  archive.field("candidate", candidate_);
  archive.field("trade_stream", trade_stream_);
  archive.field("minute", minute_);
  archive.field("minute_volume", minute_volume_);
  archive.field("previous_volume", previous_volume_);
  archive.field("volume_taken", volume_taken_);
  archive.field("volume_from_bar", volume_from_bar_);
}

}  // namespace reprise::sim
