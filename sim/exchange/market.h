// One instrument as the venue sees it: the market of everybody else.
//
// Joins the level book and the best bid/offer feed into one view, remembers what our takers took, and
// makes prices where the data has no book at all. Nothing here knows our orders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/config.h"
#include "engine/market/book_feed.h"
#include "engine/market/instrument.h"

namespace reprise::sim {

// Beyond these nothing is believed: absurd figures must not reach the arithmetic.
inline constexpr std::int64_t kMaxPrice = 1'000'000'000 * kScale;
inline constexpr std::int64_t kMaxQty = 10'000'000'000 * kScale;
constexpr bool is_believable(Price price, Qty qty) {
  return price.e8 > 0 && price.e8 <= kMaxPrice && qty.e8 >= 0 && qty.e8 <= kMaxQty;
}

struct TopOfBook {
  Level bid;
  Level ask;
  std::int64_t update_id = 0;
  bool is_seen = false;
  void persist(engine::StateArchive& archive) {
    archive.field("bid", bid);
    archive.field("ask", ask);
    archive.field("update_id", update_id);
    archive.field("is_seen", is_seen);
  }
};

// What we took of a level; forgotten as soon as the level shows another quantity.
struct TakenLiquidity {
  Price price;
  Qty seen;
  Qty taken;
  void persist(engine::StateArchive& archive) {
    archive.field("price", price);
    archive.field("seen", seen);
    archive.field("taken", taken);
  }
};

class Market {
 public:
  Market() = default;
  Market(const config::Venue& venue, Rate outlier_bound) { configure(venue, outlier_bound); }

  void configure(const config::Venue& venue, Rate outlier_bound) {
    half_spread_ = {venue.bar_spread_e8};
    participation_ = {venue.participation_e8};
    outlier_bound_ = outlier_bound;
    mark_from_last_ = venue.mark_fallback == "last";
  }

  Instrument instrument;
  bool is_traded = false;  // orders are taken here: linear, and wanted by the run

  // Market data in. Each returns whether quantities or best prices may have changed.
  bool on_delta(schema::BookDelta::Reader delta, UnixNanos now);
  bool on_snapshot(schema::BookSnapshot::Reader snapshot, UnixNanos now);
  bool on_bbo(schema::Bbo::Reader bbo);
  void on_disconnect() { feed_.on_disconnect(); }
  // A trade of the public. False when it does not count: absurd, the other kind of two trade streams, or
  // further than the bound from the last one and not yet confirmed by a second such print.
  bool on_print(Price price, Qty qty, bool is_aggregate, UnixNanos now);
  void on_bar_volume(Qty volume);  // a bar alone: what may be taken of it
  void set_last(Price price) { last_ = price; }
  void set_mark(Price price, bool is_recorded) {
    mark_ = price;
    mark_is_recorded_ = mark_is_recorded_ || is_recorded;
  }
  void set_index(Price price) { index_ = price; }

  // Prices; none while unknown.
  std::optional<Price> best(BookSideKind side) const;
  std::optional<Price> mid() const;
  std::optional<Price> last() const { return last_; }
  std::optional<Price> last_or_mid() const { return last_ ? last_ : mid(); }
  std::optional<Price> index() const { return index_; }
  // Mark price, or what stands in for it: mid (or last, by configuration), then the other of the two.
  std::optional<Price> mark() const { return mark_ ? mark_ : mark_fallback(); }
  std::optional<Price> mark_fallback() const;
  bool mark_is_recorded() const { return mark_is_recorded_; }
  bool has_book() const { return feed_.is_usable() || top_.is_seen; }
  bool has_prints() const { return has_prints_; }

  // The quantity that the market shows at a price; none where the view does not reach.
  std::optional<Qty> shown_qty(BookSideKind side, Price price) const;

  // Calls f(price, available) from the best level on until f returns false. Without a book: one level made
  // from the last price, half the assumed spread away, with what participation leaves.
  template <class F>
  void walk(BookSideKind side, UnixNanos now, F&& f) {
    if (!has_book()) {
      const std::optional<Level> made = made_level(side, now);
      if (made && made->qty.is_positive()) f(made->price, made->qty);
      return;
    }
    const bool use_top = top_leads();
    if (use_top) {
      const Level& level = side == BookSideKind::bid ? top_.bid : top_.ask;
      if (!level.qty.is_positive()) return;
      if (!f(level.price, available(side, level.price, level.qty))) return;
      if (!feed_.is_usable()) return;
      for (const Level& deeper : feed_.book().levels(side)) {
        const bool is_worse = side == BookSideKind::bid ? deeper.price < level.price : deeper.price > level.price;
        if (is_worse && !f(deeper.price, available(side, deeper.price, deeper.qty))) return;
      }
      return;
    }
    for (const Level& level : feed_.book().levels(side)) {
      if (!f(level.price, available(side, level.price, level.qty))) return;
    }
  }
  // Our taker took this much at a price of that side.
  void take(BookSideKind side, Price price, Qty qty, UnixNanos now);
  // Without a book: what participation leaves of the volume now.
  Qty volume_budget(UnixNanos now);
  void take_volume(Qty qty, UnixNanos now);
  Rate half_spread() const { return half_spread_; }

  void persist(engine::StateArchive& archive);

 private:
  bool top_leads() const { return top_.is_seen && (!feed_.is_usable() || top_is_newer_); }
  std::optional<Level> made_level(BookSideKind side, UnixNanos now);
  // What we may take of a level that shows `qty`: less what we took of it already, in whole lots (an old capture may
  // show finer ones than the instrument has today).
  Qty available(BookSideKind side, Price price, Qty qty) const;
  void forget_changed();
  void roll_volume(UnixNanos now);

  BookFeed feed_;
  TopOfBook top_;
  bool top_is_newer_ = false;
  std::optional<Price> last_;
  std::optional<Price> mark_;
  std::optional<Price> index_;
  bool mark_is_recorded_ = false;
  bool has_prints_ = false;
  std::vector<TakenLiquidity> taken_bids_;
  std::vector<TakenLiquidity> taken_asks_;
  Rate half_spread_;
  Rate participation_;
  Rate outlier_bound_;
  bool mark_from_last_ = false;
  Price candidate_;                // an outlier that waits for confirmation; 0 = none
  std::uint8_t trade_stream_ = 0;  // 0 = none yet, 1 = single trades, 2 = aggregates: the first kind counts
  // Volume by minute for markets without a book; a bar alone sets it directly.
  std::int64_t minute_ = 0;
  Qty minute_volume_;
  Qty previous_volume_;
  Qty volume_taken_;
  bool volume_from_bar_ = false;
};

}  // namespace reprise::sim
