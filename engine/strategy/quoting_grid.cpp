// A quoting grid: N levels on each side of a centre, leaning against the inventory.
//
//   centre    micro price (or mid) * (1 - skew * inventory / max_inventory * half_spread)
//   level k   centre -+ (half_spread + k * spacing) * price, k = 0 .. levels - 1, never across the market
//   half      max(half_spread, volatility_factor * realised volatility of the bars)
//
// inventory is the notional of our position, signed, held to [-1, 1] of max_inventory. A side that would take the
// inventory beyond max_inventory is cut, level by level, from the nearest outwards. The grid is laid anew when the
// centre has moved by requote_threshold of the price, after an execution and after an order was lost, but not more
// often than min_requote_interval. Stale or crossed data pulls every quote.
#include <algorithm>

#include "engine/analytics/indicators.h"
#include "engine/analytics/microstructure.h"
#include "engine/portfolio/margin.h"
#include "engine/strategy/conditions.h"
#include "engine/strategy/kinds.h"
#include "engine/strategy/parameters.h"

namespace reprise::engine {

namespace {
namespace quoting_grid {  // every strategy has its Settings, specs and make

using Type = config::ParameterSpec::Type;

const std::vector<config::ParameterSpec>& specs() {
  static const std::vector<config::ParameterSpec> list = {
      {"levels", Type::integer, "2", "1", "20", {}, "quotes on each side"},
      {"half_spread",
       Type::decimal,
       "0.0004",
       "0",
       "0.1",
       {},
       "distance of the first level from the centre, share of the price"},
      {"spacing", Type::decimal, "0.0004", "0", "0.1", {}, "distance between levels, share of the price"},
      {"order_notional", Type::decimal, "110", "0", "100000000", {}, "size of a quote, in the quote asset"},
      {"max_inventory", Type::decimal, "330", "0", "1000000000", {}, "largest position, in the quote asset"},
      {"skew", Type::decimal, "1", "0", "10", {}, "half spreads by which the centre leans at full inventory"},
      {"centre", Type::choice, "micro_price", "", "", {"micro_price", "mid"}, "what the grid is laid around"},
      {"requote_threshold",
       Type::decimal,
       "0.0001",
       "0",
       "0.1",
       {},
       "move of the centre that lays the grid anew, share of the price"},
      {"min_requote_interval", Type::duration, "250ms", "0", "1h", {}, "time between two grids"},
      {"requote_by", Type::choice, "modify", "", "", {"modify", "cancel"}, "how orders are moved"},
      {"volatility_factor",
       Type::decimal,
       "0",
       "0",
       "100",
       {},
       "half spread in units of realised volatility of one bar; 0 = fixed"},
      {"volatility_period", Type::integer, "20", "2", "10000", {}, "bars of the realised volatility"},
  };
  return list;
}

struct Settings {
  std::int64_t levels;
  Rate half_spread, spacing;
  Money order_notional, max_inventory;
  Rate skew;
  bool around_mid;
  Rate requote_threshold;
  DurationNanos min_requote_interval;
  bool by_modify;
  Rate volatility_factor;
  std::int64_t volatility_period;

  static Settings from(const Parameters& p) {
    return {p.integer("levels"),
            p.rate("half_spread"),
            p.rate("spacing"),
            p.money("order_notional"),
            p.money("max_inventory"),
            p.rate("skew"),
            p.text("centre") == "mid",
            p.rate("requote_threshold"),
            p.duration("min_requote_interval"),
            p.text("requote_by") == "modify",
            p.rate("volatility_factor"),
            p.integer("volatility_period")};
  }
};

struct Grid {
  InstrumentNo instrument = 0;
  RealizedVolatility volatility;
  Price laid_around;     // centre of the grid as it was last laid; 0 = no quotes out
  bool must_lay = true;  // an execution or a lost order: lay anew when the interval allows
  UnixNanos next_lay;
  bool timer_is_set = false;

  Grid() = default;
  Grid(InstrumentNo number, const Settings& s) : instrument(number), volatility(s.volatility_period) {}
  void persist(StateArchive& archive) {
    archive.field("instrument", instrument);
    archive.field("volatility", volatility);
    archive.field("laid_around", laid_around);
    archive.field("must_lay", must_lay);
    archive.field("next_lay", next_lay);
    archive.field("timer_is_set", timer_is_set);
  }
};

class QuotingGrid final : public Strategy {
 public:
  QuotingGrid(const Settings& settings, const std::vector<InstrumentNo>& instruments) : settings_(settings) {
    for (const InstrumentNo number : instruments) grids_.emplace_back(number, settings_);
  }

  void on_book(InstrumentNo instrument, StrategyContext& context) override { follow(grid_of(instrument), context); }

  void on_trade(const TradeEvent& trade, StrategyContext& context) override {
    const MarketView& market = context.market(trade.instrument);
    if (!market.best_bid && !market.best_ask) follow(grid_of(trade.instrument), context);  // trades alone
  }

  void on_bar(const BarEvent& bar, StrategyContext& context) override {
    Grid& grid = grid_of(bar.instrument);
    grid.volatility.add(bar.close);
    if (settings_.volatility_factor.is_positive() && grid.volatility.is_ready()) {
      context.feature(bar.instrument, schema::FeatureKind::REALIZED_VOLATILITY, grid.volatility.value().e8);
    }
    const MarketView& market = context.market(bar.instrument);
    if (!market.best_bid && !market.best_ask) follow(grid, context);  // bars alone
  }

  void on_fill(const FillEvent& fill, StrategyContext& context) override {
    Grid& grid = grid_of(fill.instrument);
    grid.must_lay = true;
    follow(grid, context);
  }

  void on_timer(std::uint64_t timer_id, StrategyContext& context) override {
    Grid& grid = grid_of(static_cast<InstrumentNo>(timer_id));
    grid.timer_is_set = false;
    follow(grid, context);
  }

  void persist(StateArchive& archive) override { archive.field("grids", grids_); }

  // The next change of the market lays the grid anew; a volatility of another length warms up again.
  void inherit(const Strategy& before) override {
    const auto& old = static_cast<const QuotingGrid&>(before);
    for (std::size_t i = 0; i < grids_.size(); ++i) {
      Grid fresh = std::move(grids_[i]);
      grids_[i] = old.grids_[i];
      if (settings_.volatility_period != old.settings_.volatility_period) grids_[i].volatility = fresh.volatility;
      grids_[i].must_lay = true;
    }
  }

  // The same order and the same figures as follow() and lay(), which decide.
  void explain(InstrumentNo instrument, const StrategyContext& context, Conditions& out) const override {
    for (const Grid& grid : grids_) {
      if (grid.instrument == instrument) explain_grid(grid, context, out);
    }
  }

 private:
  void explain_grid(const Grid& grid, const StrategyContext& context, Conditions& out) const {
    const MarketView& market = context.market(grid.instrument);
    out.begin("lay the grid");
    out.flag("market data fresh", !market.is_stale);
    out.flag("a mid price is known", market.mid.has_value());
    if (!market.mid) return;
    const Price centre = centre_of(market);
    if (grid.must_lay) {
      out.flag("an execution or a lost order asks for it", true);
    } else if (grid.laid_around.is_zero()) {
      out.flag("no grid is out", true);
    } else {
      out.delta("centre moved since the grid was laid", (centre - grid.laid_around).abs(), Comparison::at_least,
                share_of(centre, settings_.requote_threshold));
    }
    out.time("time for the next grid", context.now(), Comparison::at_least, grid.next_lay);
    const Layout layout = layout_of(grid, centre, market, context.position(grid.instrument));
    std::vector<Quote> quotes;
    lay_quotes(layout, market, quotes);
    for (const Side side : {Side::BUY, Side::SELL}) {
      const bool is_buy = side == Side::BUY;
      out.begin(is_buy ? "quote to buy" : "quote to sell");
      const Money room =
          is_buy ? settings_.max_inventory - layout.inventory : settings_.max_inventory + layout.inventory;
      out.money("room in the inventory", room, Comparison::above, Money::zero());
      const auto first =
          std::find_if(quotes.begin(), quotes.end(), [&](const Quote& quote) { return quote.side == side; });
      if (first == quotes.end()) {
        out.flag("a level has a price and a quantity", false);
        continue;
      }
      const Instrument& contract = *market.instrument;
      out.quantity("size of the first level", first->qty, Comparison::at_least, contract.min_qty);
      out.money("notional of the first level", mul(first->price, first->qty), Comparison::at_least,
                contract.min_notional);
      out.would_quote(*first);
    }
  }

  Grid& grid_of(InstrumentNo instrument) {
    for (Grid& grid : grids_) {
      if (grid.instrument == instrument) return grid;
    }
    REPRISE_ASSERT(false, "an event of an instrument that this strategy does not trade");
    return grids_.front();
  }

  static PriceDelta share_of(Price price, Rate share) { return PriceDelta::of_e8(mul(price, share).e8); }

  Price centre_of(const MarketView& market) const {
    if (settings_.around_mid || !market.best_bid || !market.best_ask) return *market.mid;
    return micro_price(*market.best_bid, market.best_bid_qty, *market.best_ask, market.best_ask_qty);
  }

  void follow(Grid& grid, StrategyContext& context) {
    const MarketView& market = context.market(grid.instrument);
    if (market.is_stale || !market.mid) {
      if (!grid.laid_around.is_zero()) context.quote(grid.instrument, {}, style({}));
      grid.laid_around = Price::zero();
      return;
    }
    const Price centre = centre_of(market);
    const bool has_moved = grid.laid_around.is_zero() ||
                           (centre - grid.laid_around).abs() >= share_of(centre, settings_.requote_threshold);
    if (!has_moved && !grid.must_lay) return;
    if (context.now() < grid.next_lay) {
      // Something must change although the market may fall silent: come back on the clock.
      if (grid.must_lay && !grid.timer_is_set) {
        grid.timer_is_set = true;
        context.set_timer(grid.instrument, grid.next_lay);
      }
      return;
    }
    lay(grid, centre, market, context);
  }

  QuoteStyle style(Price centre) const {
    return {share_of(centre, Rate::of_e8(settings_.requote_threshold.e8 / 2)), settings_.by_modify};
  }

  void lay(Grid& grid, Price centre, const MarketView& market, StrategyContext& context) {
    grid.must_lay = false;
    grid.laid_around = centre;
    grid.next_lay = context.now() + settings_.min_requote_interval;

    const Layout layout = layout_of(grid, centre, market, context.position(grid.instrument));
    context.feature(grid.instrument, schema::FeatureKind::QUOTE_CENTER, layout.centre.e8);
    if (!layout.lean.is_zero()) {
      context.feature(grid.instrument, schema::FeatureKind::INVENTORY_SKEW, layout.lean.e8);
    }
    lay_quotes(layout, market, quotes_);
    context.quote(grid.instrument, quotes_, style(centre));
  }

  struct Layout {
    Money inventory;  // notional of the position, signed
    Rate half;        // distance of the first level, share of the price
    Rate lean;        // inventory as a share of max_inventory, -1 .. 1
    Price centre;     // leaned against the inventory
  };

  Layout layout_of(const Grid& grid, Price centre, const MarketView&, Qty position) const {
    Layout layout;
    const Money size = std::min(saturating_notional(centre, position), Money::of_e8(std::int64_t{1} << 61));
    layout.inventory = position.is_negative() ? -size : size;
    layout.half = settings_.half_spread;
    if (settings_.volatility_factor.is_positive() && grid.volatility.is_ready()) {
      const Rate wide = Rate::of_e8(mul_div(grid.volatility.value().e8, settings_.volatility_factor.e8, kScale));
      layout.half = std::min(std::max(layout.half, wide), Rate::of_e8(kScale / 10));
    }
    if (settings_.max_inventory.is_positive()) {
      const Money held = std::clamp(layout.inventory, -settings_.max_inventory, settings_.max_inventory);
      layout.lean = ratio(held, settings_.max_inventory);
    }
    const Rate shift = Rate::of_e8(mul_div(mul_div(layout.lean.e8, settings_.skew.e8, kScale), layout.half.e8, kScale));
    layout.centre = centre - share_of(centre, shift);
    return layout;
  }

  void lay_quotes(const Layout& layout, const MarketView& market, std::vector<Quote>& quotes) const {
    quotes.clear();
    lay_side(Side::BUY, layout, settings_.max_inventory - layout.inventory, market, quotes);
    lay_side(Side::SELL, layout, settings_.max_inventory + layout.inventory, market, quotes);
  }

  // `room`: notional that this side may still add before the inventory is full.
  void lay_side(Side side, const Layout& layout, Money room, const MarketView& market,
                std::vector<Quote>& quotes) const {
    const Price centre = layout.centre;
    for (std::int64_t k = 0; k < settings_.levels; ++k) {
      const Money notional = std::min(settings_.order_notional, room);
      if (!notional.is_positive()) return;
      const Rate away = Rate::of_e8(layout.half.e8 + k * settings_.spacing.e8);
      Price price = side == Side::BUY ? centre - share_of(centre, away) : centre + share_of(centre, away);
      // Post only: stay on our side of the market.
      const PriceDelta tick = PriceDelta::of_e8(std::max<std::int64_t>(market.instrument->tick_size.e8, 1));
      if (side == Side::BUY && market.best_ask) price = std::min(price, *market.best_ask - tick);
      if (side == Side::SELL && market.best_bid) price = std::max(price, *market.best_bid + tick);
      if (!price.is_positive() || notional.e8 / price.e8 > 80'000'000'000) return;  // no such quantity
      // A size that lot rounding would push below the smallest notional is one lot larger instead.
      Qty qty = market.instrument->floor_to_lot(div(notional, price));
      if (mul(price, qty) < market.instrument->min_notional && notional >= market.instrument->min_notional) {
        qty += market.instrument->lot_size;
      }
      Quote quote;
      quote.key = static_cast<std::uint16_t>((side == Side::BUY ? 1 : 1001) + k);
      quote.side = side;
      quote.price = price;
      quote.qty = qty;
      quotes.push_back(quote);
      room -= notional;
    }
  }

  Settings settings_;
  std::vector<Grid> grids_;
  std::vector<Quote> quotes_;  // scratch
};

Result<std::unique_ptr<Strategy>> make(const config::StrategyConfig& config, std::vector<InstrumentNo> instruments) {
  const Settings settings = Settings::from(Parameters(config));
  if (!settings.half_spread.is_positive() && !settings.volatility_factor.is_positive()) {
    return usage_error("strategy " + config.name + ": half_spread and volatility_factor are both 0",
                       "give strategies." + config.name + ".params.half_spread, for example 0.0004");
  }
  if (settings.levels > 1 && !settings.spacing.is_positive()) {
    return usage_error("strategy " + config.name + ": several levels need a spacing above 0",
                       "give strategies." + config.name + ".params.spacing, for example 0.0004");
  }
  return std::unique_ptr<Strategy>(std::make_unique<QuotingGrid>(settings, instruments));
}

}  // namespace quoting_grid
}  // namespace

StrategyEntry quoting_grid_entry() {
  return {{"quoting_grid", quoting_grid::specs()}, &quoting_grid::make};
}

}  // namespace reprise::engine
