// Trend following on bars: enters where the close leaves the Donchian channel of the bars before it and the fast
// EMA stands on the same side of the slow one; leaves at an ATR stop that trails the best close, or where the
// EMAs cross back.
//
// The stop is watched here on every price (best bid for a long, best offer for a short, else the last price) and
// carried out with a market order; a protective stop-market order at the venue follows it at a distance, for the
// case that we are not there. Positions are those of the journal: what a restart or a liquidation did to them is
// seen in the next event.
#include <algorithm>

#include "engine/analytics/indicators.h"
#include "engine/strategy/conditions.h"
#include "engine/strategy/kinds.h"
#include "engine/strategy/parameters.h"

namespace reprise::engine {

namespace {
namespace trend_following {  // every strategy has its Settings, specs and make

using Type = config::ParameterSpec::Type;

const std::vector<config::ParameterSpec>& specs() {
  static const std::vector<config::ParameterSpec> list = {
      {"fast_period", Type::integer, "12", "1", "10000", {}, "bars of the fast EMA"},
      {"slow_period", Type::integer, "26", "2", "10000", {}, "bars of the slow EMA; longer than the fast one"},
      {"breakout_period", Type::integer, "20", "1", "10000", {}, "bars of the channel whose break is an entry"},
      {"atr_period", Type::integer, "14", "1", "10000", {}, "bars of the average true range"},
      {"atr_multiple",
       Type::decimal,
       "2",
       "0.1",
       "100",
       {},
       "distance of the first stop from the entry, in average true ranges"},
      {"trail_multiple",
       Type::decimal,
       "3",
       "0.1",
       "100",
       {},
       "distance of the trailing stop from the best close, in average true ranges"},
      {"min_stop", Type::decimal, "0.0005", "0", "0.5", {}, "a stop is never nearer than this share of the price"},
      {"direction", Type::choice, "both", "", "", {"both", "long", "short"}, "sides that may be entered"},
      {"exit_on_cross", Type::flag, "true", "", "", {}, "leave when the EMAs cross back"},
      {"cooldown_bars", Type::integer, "1", "0", "10000", {}, "bars to wait after an exit"},
      {"protective_stop", Type::flag, "true", "", "", {}, "keep a stop-market order at the venue"},
      {"protective_distance",
       Type::decimal,
       "0.001",
       "0",
       "0.5",
       {},
       "how far behind the stop the protective order stands, share of the price"},
      {"protective_min_move",
       Type::decimal,
       "0.0005",
       "0",
       "0.5",
       {},
       "the protective order follows the stop in steps of at least this share of the price"},
  };
  return list;
}

struct Settings {
  std::int64_t fast_period, slow_period, breakout_period, atr_period;
  Rate atr_multiple, trail_multiple, min_stop;
  bool may_buy, may_sell, exit_on_cross;
  std::int64_t cooldown_bars;
  bool protective_stop;
  Rate protective_distance, protective_min_move;

  static Settings from(const Parameters& p) {
    const std::string& direction = p.text("direction");
    return {p.integer("fast_period"),
            p.integer("slow_period"),
            p.integer("breakout_period"),
            p.integer("atr_period"),
            p.rate("atr_multiple"),
            p.rate("trail_multiple"),
            p.rate("min_stop"),
            direction != "short",
            direction != "long",
            p.flag("exit_on_cross"),
            p.integer("cooldown_bars"),
            p.flag("protective_stop"),
            p.rate("protective_distance"),
            p.rate("protective_min_move")};
  }
};

// One instrument's indicators and position.
struct Track {
  InstrumentNo instrument = 0;
  Ema fast, slow;
  Atr atr;
  Donchian channel;
  std::int64_t bars_since_exit = 0;
  Side entering = Side::NONE;  // side of the entry that was signalled; none once it is filled or given up
  Price stop;                  // of the position or of the entry on its way; 0 = none
  Price protective;            // where the venue's order was last asked for; 0 = none
  Side held = Side::NONE;      // as last seen
  UnixNanos next_attempt;      // of an exit

  Track() = default;
  Track(InstrumentNo number, const Settings& s)
      : instrument(number),
        fast(s.fast_period),
        slow(s.slow_period),
        atr(s.atr_period),
        channel(s.breakout_period),
        bars_since_exit(s.cooldown_bars) {}
  bool is_ready() const { return slow.is_ready() && fast.is_ready() && atr.is_ready() && channel.is_ready(); }
  std::int64_t bars_missing() const {  // until is_ready()
    return std::max({slow.missing(), fast.missing(), atr.missing(), channel.missing()});
  }
  void persist(StateArchive& archive) {
    archive.field("instrument", instrument);
    archive.field("fast", fast);
    archive.field("slow", slow);
    archive.field("atr", atr);
    archive.field("channel", channel);
    archive.field("bars_since_exit", bars_since_exit);
    archive.field("entering", entering);
    archive.field("stop", stop);
    archive.field("protective", protective);
    archive.field("held", held);
    archive.field("next_attempt", next_attempt);
  }
};

class TrendFollowing final : public Strategy {
 public:
  static constexpr DurationNanos kExitRetry = DurationNanos::seconds(1);

  TrendFollowing(const Settings& settings, const std::vector<InstrumentNo>& instruments) : settings_(settings) {
    for (const InstrumentNo number : instruments) tracks_.emplace_back(number, settings_);
  }

  void on_bar(const BarEvent& bar, StrategyContext& context) override {
    Track& track = track_of(bar.instrument);
    see_position(track, context);
    const bool was_ready = track.is_ready();
    const bool breaks_up = was_ready && bar.close > track.channel.highest();
    const bool breaks_down = was_ready && bar.close < track.channel.lowest();
    track.fast.add(bar.close);
    track.slow.add(bar.close);
    track.atr.add(bar.high, bar.low, bar.close);
    track.channel.add(bar.high, bar.low);
    ++track.bars_since_exit;
    if (!track.is_ready()) return;

    const Price fast = track.fast.value();
    const Price slow = track.slow.value();
    context.feature(bar.instrument, schema::FeatureKind::EMA_FAST, fast.e8);
    context.feature(bar.instrument, schema::FeatureKind::EMA_SLOW, slow.e8);
    context.feature(bar.instrument, schema::FeatureKind::ATR, track.atr.value().e8);
    context.feature(bar.instrument, schema::FeatureKind::DONCHIAN_HIGH, track.channel.highest().e8);
    context.feature(bar.instrument, schema::FeatureKind::DONCHIAN_LOW, track.channel.lowest().e8);

    if (track.held != Side::NONE) {
      trail(track, bar.close, context);
      check_stop(track, bar.close, context);
      const bool crossed_back = track.held == Side::BUY ? fast < slow : fast > slow;
      if (settings_.exit_on_cross && crossed_back) leave(track, schema::SignalKind::EXIT, bar.close, context);
      return;
    }
    if (track.entering != Side::NONE || context.has_working_orders(bar.instrument)) return;
    if (track.bars_since_exit <= settings_.cooldown_bars || context.market(bar.instrument).is_stale) return;
    if (breaks_up && fast > slow && settings_.may_buy) enter(track, Side::BUY, bar.close, context);
    if (breaks_down && fast < slow && settings_.may_sell) enter(track, Side::SELL, bar.close, context);
  }

  void on_book(InstrumentNo instrument, StrategyContext& context) override { watch(track_of(instrument), context); }
  void on_trade(const TradeEvent& trade, StrategyContext& context) override {
    watch(track_of(trade.instrument), context);
  }

  void on_fill(const FillEvent& fill, StrategyContext& context) override {
    see_position(track_of(fill.instrument), context);
  }

  void on_order(const OrderEvent& event, StrategyContext& context) override {
    Track& track = track_of(event.instrument);
    see_position(track, context);
    // An entry that came to nothing is given up; the next break is the next chance.
    if (is_closed(event.status) && track.held == Side::NONE && !context.has_working_orders(event.instrument))
      forget(track, context);
  }

  void persist(StateArchive& archive) override { archive.field("tracks", tracks_); }

  // An indicator of the same length goes on; one of another length warms up again.
  void inherit(const Strategy& before) override {
    const auto& old = static_cast<const TrendFollowing&>(before);
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      Track fresh = std::move(tracks_[i]);
      tracks_[i] = old.tracks_[i];
      if (settings_.fast_period != old.settings_.fast_period) tracks_[i].fast = fresh.fast;
      if (settings_.slow_period != old.settings_.slow_period) tracks_[i].slow = fresh.slow;
      if (settings_.atr_period != old.settings_.atr_period) tracks_[i].atr = fresh.atr;
      if (settings_.breakout_period != old.settings_.breakout_period) tracks_[i].channel = fresh.channel;
    }
  }

  void explain(InstrumentNo instrument, const StrategyContext& context, Conditions& out) const override {
    for (const Track& track : tracks_) {
      if (track.instrument != instrument) continue;
      const Qty position = context.position(instrument);
      if (position.is_zero()) {
        explain_entry(track, Side::BUY, context, out);
        explain_entry(track, Side::SELL, context, out);
      } else {
        explain_exit(track, position.is_positive() ? Side::BUY : Side::SELL, context, out);
      }
    }
  }

 private:
  // The same order and the same figures as on_bar(), which decides.
  void explain_entry(const Track& track, Side side, const StrategyContext& context, Conditions& out) const {
    const bool is_buy = side == Side::BUY;
    const MarketView& market = context.market(track.instrument);
    const std::optional<BarEvent> bar = context.forming_bar(track.instrument);
    Track after = track;  // as it stands when the bar has closed
    if (bar) {
      after.fast.add(bar->close);
      after.slow.add(bar->close);
      after.atr.add(bar->high, bar->low, bar->close);
      after.channel.add(bar->high, bar->low);
      ++after.bars_since_exit;
    }
    const std::optional<Price> close = bar ? std::optional(bar->close) : market.last_price;
    out.begin(is_buy ? "enter long" : "enter short");
    out.count("bars missing until the indicators are ready", track.bars_missing(), Comparison::at_most, 0);
    if (track.is_ready() && close) {
      const Price edge = is_buy ? track.channel.highest() : track.channel.lowest();
      out.price(is_buy ? "close above the channel" : "close below the channel", *close,
                is_buy ? Comparison::above : Comparison::below, edge)
          .bound_is(is_buy ? schema::FeatureKind::DONCHIAN_HIGH : schema::FeatureKind::DONCHIAN_LOW);
    }
    if (after.is_ready()) {
      out.price(is_buy ? "fast EMA above the slow one" : "fast EMA below the slow one", after.fast.value(),
                is_buy ? Comparison::above : Comparison::below, after.slow.value())
          .value_is(schema::FeatureKind::EMA_FAST)
          .bound_is(schema::FeatureKind::EMA_SLOW);
    }
    out.count("bars since the last exit", after.bars_since_exit, Comparison::above, settings_.cooldown_bars);
    out.flag("this side may be entered", is_buy ? settings_.may_buy : settings_.may_sell);
    out.flag("no entry on its way", track.entering == Side::NONE);
    out.flag("no working order", !context.has_working_orders(track.instrument));
    out.flag("market data fresh", !market.is_stale);
    if (!close || !after.atr.is_ready()) return;
    const PriceDelta away = distance(after, *close, settings_.atr_multiple);
    const Price stop = is_buy ? *close - away : *close + away;
    if (!away.is_positive() || !stop.is_positive()) return;
    Signal signal;
    signal.kind = is_buy ? schema::SignalKind::ENTER_LONG : schema::SignalKind::ENTER_SHORT;
    signal.side = side;
    signal.reference_price = *close;
    signal.stop_price = stop;
    out.would_signal(signal);
  }

  // As watch() and on_bar() judge a position that is held.
  void explain_exit(const Track& track, Side held, const StrategyContext& context, Conditions& out) const {
    const bool is_long = held == Side::BUY;
    const MarketView& market = context.market(track.instrument);
    const auto& quoted = is_long ? market.best_bid : market.best_ask;
    const auto price = quoted && !market.is_crossed ? quoted : market.last_price;
    const bool is_free = !context.has_working_orders(track.instrument);
    const auto leaving = [&](schema::SignalKind kind, Price at) {
      out.flag("no working order", is_free);
      out.time("time for the next attempt", context.now(), Comparison::at_least, track.next_attempt);
      Signal signal;
      signal.kind = kind;
      signal.side = opposite(held);
      signal.reference_price = at;
      signal.stop_price = track.stop;
      out.would_signal(signal);
    };
    if (price && track.stop.is_positive()) {
      out.begin(is_long ? "stop out of the long" : "stop out of the short");
      out.price(is_long ? "best bid at or below the stop" : "best offer at or above the stop", *price,
                is_long ? Comparison::at_most : Comparison::at_least, track.stop)
          .bound_is(schema::FeatureKind::STOP_LEVEL);
      leaving(schema::SignalKind::STOP, *price);
    }
    const std::optional<BarEvent> bar = context.forming_bar(track.instrument);
    if (!settings_.exit_on_cross) return;
    Ema fast = track.fast;
    Ema slow = track.slow;
    if (bar) {
      fast.add(bar->close);
      slow.add(bar->close);
    }
    if (!fast.is_ready() || !slow.is_ready() || !market.last_price) return;
    out.begin(is_long ? "leave the long" : "leave the short");
    out.price(is_long ? "fast EMA below the slow one" : "fast EMA above the slow one", fast.value(),
              is_long ? Comparison::below : Comparison::above, slow.value())
        .value_is(schema::FeatureKind::EMA_FAST)
        .bound_is(schema::FeatureKind::EMA_SLOW);
    leaving(schema::SignalKind::EXIT, bar ? bar->close : *market.last_price);
  }

  static bool is_closed(OrderStatus status) {
    return status == OrderStatus::DENIED || status == OrderStatus::REJECTED || status == OrderStatus::FILLED ||
           status == OrderStatus::CANCELED || status == OrderStatus::EXPIRED;
  }

  Track& track_of(InstrumentNo instrument) {
    for (Track& track : tracks_) {
      if (track.instrument == instrument) return track;
    }
    REPRISE_ASSERT(false, "an event of an instrument that this strategy does not trade");
    return tracks_.front();
  }

  PriceDelta distance(const Track& track, Price price, Rate multiple) const {
    const PriceDelta range = track.atr.is_ready() ? mul(track.atr.value(), multiple) : PriceDelta::zero();
    return std::max(range, PriceDelta::of_e8(mul(price, settings_.min_stop).e8));
  }

  void enter(Track& track, Side side, Price close, StrategyContext& context) {
    const PriceDelta away = distance(track, close, settings_.atr_multiple);
    if (!away.is_positive()) return;
    const Price stop = side == Side::BUY ? close - away : close + away;
    if (!stop.is_positive()) return;
    Signal signal;
    signal.kind = side == Side::BUY ? schema::SignalKind::ENTER_LONG : schema::SignalKind::ENTER_SHORT;
    signal.side = side;
    signal.reference_price = close;
    signal.stop_price = stop;
    context.signal(track.instrument, signal);
    if (!context.has_working_orders(track.instrument)) return;  // sized to nothing, or refused
    track.entering = side;
    track.stop = stop;
  }

  // Compares what we hold with what we held when we last looked.
  void see_position(Track& track, StrategyContext& context) {
    const Qty position = context.position(track.instrument);
    const Side now = position.is_zero() ? Side::NONE : position.is_positive() ? Side::BUY : Side::SELL;
    if (now == track.held) return;
    const Side before = track.held;
    track.held = now;
    if (now == Side::NONE) {
      track.bars_since_exit = 0;
      forget(track, context);
      return;
    }
    if (track.entering != now || before != Side::NONE) {  // not the position that was asked for: its stop is not known
      const Price from = context.entry_price(track.instrument).value_or(Price::zero());
      const PriceDelta away = distance(track, from, settings_.atr_multiple);
      track.stop = now == Side::BUY ? from - away : from + away;
    }
    track.entering = Side::NONE;
    move_protective(track, context);
  }

  void forget(Track& track, StrategyContext& context) {
    track.entering = Side::NONE;
    track.stop = Price::zero();
    if (!track.protective.is_zero()) context.protect(track.instrument, std::nullopt);
    track.protective = Price::zero();
  }

  void trail(Track& track, Price close, StrategyContext& context) {
    const PriceDelta away = distance(track, close, settings_.trail_multiple);
    const Price wanted = track.held == Side::BUY ? close - away : close + away;
    const bool is_better = track.held == Side::BUY ? wanted > track.stop : wanted < track.stop;
    if (!is_better) return;
    track.stop = wanted;
    context.feature(track.instrument, schema::FeatureKind::STOP_LEVEL, wanted.e8);
    move_protective(track, context);
  }

  void move_protective(Track& track, StrategyContext& context) {
    if (!settings_.protective_stop || !track.stop.is_positive()) return;
    const auto behind = PriceDelta::of_e8(mul(track.stop, settings_.protective_distance).e8);
    const Price wanted = track.held == Side::BUY ? track.stop - behind : track.stop + behind;
    if (!wanted.is_positive()) return;
    const auto step = PriceDelta::of_e8(mul(wanted, settings_.protective_min_move).e8);
    if (!track.protective.is_zero() && (wanted - track.protective).abs() < step) return;
    track.protective = wanted;
    context.protect(track.instrument, wanted);
  }

  void watch(Track& track, StrategyContext& context) {
    if (track.held == Side::NONE) return;
    const MarketView& market = context.market(track.instrument);
    const auto& quoted = track.held == Side::BUY ? market.best_bid : market.best_ask;
    const auto price = quoted && !market.is_crossed ? quoted : market.last_price;
    if (price) check_stop(track, *price, context);
  }

  void check_stop(Track& track, Price price, StrategyContext& context) {
    if (!track.stop.is_positive()) return;
    const bool is_hit = track.held == Side::BUY ? price <= track.stop : price >= track.stop;
    if (is_hit) leave(track, schema::SignalKind::STOP, price, context);
  }

  void leave(Track& track, schema::SignalKind kind, Price price, StrategyContext& context) {
    if (context.has_working_orders(track.instrument) || context.now() < track.next_attempt) return;
    track.next_attempt = context.now() + kExitRetry;
    Signal signal;
    signal.kind = kind;
    signal.side = track.held == Side::BUY ? Side::SELL : Side::BUY;
    signal.reference_price = price;
    signal.stop_price = track.stop;
    context.signal(track.instrument, signal);
  }

  Settings settings_;
  std::vector<Track> tracks_;
};

Result<std::unique_ptr<Strategy>> make(const config::StrategyConfig& config, std::vector<InstrumentNo> instruments) {
  const Settings settings = Settings::from(Parameters(config));
  if (settings.fast_period >= settings.slow_period) {
    return usage_error(
        "strategy " + config.name + ": fast_period must be below slow_period",
        "set strategies." + config.name + ".params.slow_period above " + std::to_string(settings.fast_period));
  }
  return std::unique_ptr<Strategy>(std::make_unique<TrendFollowing>(settings, instruments));
}

}  // namespace trend_following
}  // namespace

StrategyEntry trend_following_entry() {
  return {{"trend_following", trend_following::specs()}, &trend_following::make};
}

}  // namespace reprise::engine
