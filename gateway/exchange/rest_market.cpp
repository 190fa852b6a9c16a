// Public functions: the market as the board knows it.
#include <algorithm>

#include "gateway/exchange/order_words.h"
#include "gateway/exchange/rest_table.h"

namespace reprise::gateway::exchange {

namespace {

using Core = ExchangeCore;
using Caller = ExchangeCore::Caller;

std::int64_t one(const Params&) {
  return 1;
}
std::int64_t limit_of(const Params& params, std::int64_t standard) {
  auto limit = params.integer_or("limit", standard);
  return limit ? *limit : standard;
}

Asked<const BoardInstrument*> instrument_of(Core& core, const Params& params) {
  auto symbol = params.text("symbol");
  if (!symbol) return symbol.error();
  const BoardInstrument* i = core.board().find(*symbol);
  if (i == nullptr) return ApiError{-1121, "Invalid symbol."};
  return i;
}

// One object for a symbol, a list of all without.
template <class Write>
Asked<std::string> one_or_all(Core& core, const Params& params, Write&& write) {
  JsonText out;
  if (params.has("symbol")) {
    auto i = instrument_of(core, params);
    if (!i) return i.error();
    write(out, **i);
    return out.str();
  }
  out.open_list();
  for (const auto& [number, i] : core.board().all()) write(out, *i);
  return out.close_list().str();
}

Asked<std::string> ping(Core&, const Caller&, const Params&) {
  return std::string("{}");
}

Asked<std::string> server_time(Core&, const Caller& caller, const Params&) {
  JsonText out;
  return out.open().field("serverTime", ms(caller.clock.wall)).close().str();
}

void write_filters(JsonText& out, const BoardInstrument& b) {
  const Instrument& i = b.instrument;
  out.key("filters").open_list();
  out.open().field("filterType", "PRICE_FILTER").decimal("minPrice", i.min_price, b.price_decimals);
  out.decimal("maxPrice", i.max_price, b.price_decimals).decimal("tickSize", i.tick_size, b.price_decimals).close();
  const auto lots = [&](const char* name, Qty most) {
    out.open().field("filterType", name).decimal("minQty", i.min_qty, b.qty_decimals);
    out.decimal("maxQty", most, b.qty_decimals).decimal("stepSize", i.lot_size, b.qty_decimals).close();
  };
  lots("LOT_SIZE", i.max_qty);
  lots("MARKET_LOT_SIZE", i.market_max_qty.is_positive() ? i.market_max_qty : i.max_qty);
  out.open()
      .field("filterType", "MAX_NUM_ORDERS")
      .field("limit", i.max_open_orders == 0 ? 200U : i.max_open_orders)
      .close();
  out.open().field("filterType", "MIN_NOTIONAL").decimal("notional", i.min_notional).close();
  out.open().field("filterType", "PERCENT_PRICE");
  out.decimal("multiplierUp", i.price_band_up.is_positive() ? i.price_band_up.e8 : 10 * kScale, 4);
  out.decimal("multiplierDown", i.price_band_down, 4).field("multiplierDecimal", "4").close();
  out.open().field("filterType", "POSITION_RISK_CONTROL").field("positionControlSide", "NONE").close();
  out.close_list();
}

Asked<std::string> exchange_info(Core& core, const Caller& caller, const Params&) {
  const UsageLimits& limits = core.usage().limits();
  JsonText out;
  out.open().field("timezone", "UTC").field("serverTime", ms(caller.clock.wall)).field("futuresType", "U_MARGINED");
  out.key("rateLimits").open_list();
  write_limit(out, "REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute);
  write_limit(out, "ORDERS", "MINUTE", 1, limits.orders_per_minute);
  write_limit(out, "ORDERS", "SECOND", 10, limits.orders_per_10s);
  out.close_list().key("exchangeFilters").open_list().close_list();
  const std::string& asset = core.config().account.settlement_asset;
  out.key("assets").open_list().open().field("asset", asset).field("marginAvailable", true);
  out.field("autoAssetExchange", "0").close().close_list();
  out.key("symbols").open_list();
  for (const auto& [number, owned] : core.board().all()) {
    const BoardInstrument& b = *owned;
    const Instrument& i = b.instrument;
    if (!i.is_linear()) continue;
    out.open().field("symbol", i.symbol).field("pair", i.symbol);
    out.field("contractType",
              i.contract_type == schema::ContractType::LINEAR_PERPETUAL ? "PERPETUAL" : "CURRENT_QUARTER");
    out.field("deliveryDate", std::int64_t{4'133'404'800'000}).field("onboardDate", std::int64_t{1'569'398'400'000});
    out.field("status", word(i.state)).field("maintMarginPercent", "2.5000").field("requiredMarginPercent", "5.0000");
    out.field("baseAsset", i.base_asset).field("quoteAsset", i.quote_asset).field("marginAsset", i.settlement_asset);
    out.field("pricePrecision", b.price_decimals).field("quantityPrecision", b.qty_decimals);
    out.field("baseAssetPrecision", 8).field("quotePrecision", 8).field("underlyingType", "COIN");
    out.key("underlyingSubType").open_list().close_list();
    out.decimal("triggerProtect", i.trigger_protect, 4).decimal("liquidationFee", i.liquidation_fee_rate, 6);
    out.decimal("marketTakeBound", i.market_take_bound, 2).field("maxMoveOrderLimit", 10'000);
    write_filters(out, b);
    out.key("orderTypes").open_list();
    for (const char* type :
         {"LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
      out.text(type);
    out.close_list().key("timeInForce").open_list();
    for (const char* tif : {"GTC", "IOC", "FOK", "GTX", "GTD"}) out.text(tif);
    out.close_list().close();
  }
  return out.close_list().close().str();
}

std::int64_t depth_weight(const Params& params) {
  const std::int64_t limit = limit_of(params, 500);
  return limit <= 50 ? 2 : limit <= 100 ? 5 : limit <= 500 ? 10 : 20;
}

Asked<std::string> depth(Core& core, const Caller& caller, const Params& params) {
  auto i = instrument_of(core, params);
  if (!i) return i.error();
  auto limit = params.integer_or("limit", 500);
  if (!limit) return limit.error();
  constexpr std::int64_t kAllowed[] = {5, 10, 20, 50, 100, 500, 1000};
  if (std::find(std::begin(kAllowed), std::end(kAllowed), *limit) == std::end(kAllowed))
    return ApiError{-4021, "Depth limit " + std::to_string(*limit) + " is not valid."};
  const BoardInstrument& b = **i;
  JsonText out;
  out.open().field("lastUpdateId", core.board().snapshot_id(b.instrument.number));
  out.field("E", ms(caller.clock.now)).field("T", ms(caller.clock.now));
  write_levels(out, "bids", b.feed.book().bids(), static_cast<std::size_t>(*limit), b);
  write_levels(out, "asks", b.feed.book().asks(), static_cast<std::size_t>(*limit), b);
  return out.close().str();
}

Asked<std::string> trades(Core& core, const Caller&, const Params& params) {
  auto i = instrument_of(core, params);
  if (!i) return i.error();
  const BoardInstrument& b = **i;
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(limit_of(params, 500), 1, 1000));
  JsonText out;
  out.open_list();
  for (std::size_t n = b.trades.size() > limit ? b.trades.size() - limit : 0; n < b.trades.size(); ++n) {
    const PublicTrade& t = b.trades[n];
    out.open().field("id", t.id).decimal("price", t.price, b.price_decimals).decimal("qty", t.qty, b.qty_decimals);
    out.decimal("quoteQty", t.price * t.qty).field("time", ms(t.time)).field("isBuyerMaker", t.buyer_is_maker);
    out.field("isRPITrade", false).close();
  }
  return out.close_list().str();
}

Asked<std::string> agg_trades(Core& core, const Caller&, const Params& params) {
  auto i = instrument_of(core, params);
  if (!i) return i.error();
  const BoardInstrument& b = **i;
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(limit_of(params, 500), 1, 1000));
  auto from = params.integer_or("fromId", 0);
  auto start = params.integer_or("startTime", 0);
  auto end = params.integer_or("endTime", INT64_MAX);
  if (!from || !start || !end) return malformed_parameter("fromId");
  std::vector<const PublicTrade*> fitting;
  for (const PublicTrade& t : b.trades) {
    if (t.id >= *from && ms(t.time) >= *start && ms(t.time) <= *end) fitting.push_back(&t);
  }
  const bool takes_first = params.has("fromId") || params.has("startTime");
  const std::size_t skip = !takes_first && fitting.size() > limit ? fitting.size() - limit : 0;
  JsonText out;
  out.open_list();
  for (std::size_t n = skip; n < fitting.size() && n - skip < limit; ++n) {
    const PublicTrade& t = *fitting[n];
    out.open().field("a", t.id).decimal("p", t.price, b.price_decimals).decimal("q", t.qty, b.qty_decimals);
    out.decimal("nq", t.qty, b.qty_decimals).field("f", t.first_id).field("l", t.last_id).field("T", ms(t.time));
    out.field("m", t.buyer_is_maker).close();
  }
  return out.close_list().str();
}

std::int64_t klines_weight(const Params& params) {
  const std::int64_t limit = limit_of(params, 500);
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1000 ? 5 : 10;
}

// The part of a list in time that a request asks for: between its times, at most `limit`, the last ones where no start
// is given.
struct TimeFrame {
  std::int64_t start = 0;
  std::int64_t end = INT64_MAX;
  std::size_t limit = 0;
  bool has_start = false;
  static Asked<TimeFrame> of(const Params& params, std::int64_t usual, std::int64_t most) {
    auto start = params.integer_or("startTime", 0);
    auto end = params.integer_or("endTime", INT64_MAX);
    if (!start || !end) return malformed_parameter(!start ? "startTime" : "endTime");
    const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(limit_of(params, usual), 1, most));
    return TimeFrame{*start, *end, limit, params.has("startTime")};
  }
  template <class T, class TimeOf>
  std::vector<T> cut(std::vector<T> all, TimeOf&& time_of) const {
    std::erase_if(all, [&](const T& one) { return ms(time_of(one)) < start || ms(time_of(one)) > end; });
    if (all.size() <= limit) return all;
    const auto surplus = static_cast<std::ptrdiff_t>(all.size() - limit);
    if (has_start)
      all.erase(all.end() - surplus, all.end());
    else
      all.erase(all.begin(), all.begin() + surplus);
    return all;
  }
};

Asked<std::string> write_klines(const BoardInstrument& b, const MinuteBars& series, int price_decimals,
                                const Params& params) {
  auto interval = params.text("interval");
  if (!interval) return interval.error();
  const std::int64_t length = MinuteBars::interval_ns(*interval);
  if (length == 0) return ApiError{-1120, "Invalid interval."};
  auto frame = TimeFrame::of(params, 500, 1500);
  if (!frame) return frame.error();
  JsonText out;
  out.open_list();
  for (const MinuteBar& bar :
       (*frame).cut(series.bars(*interval, SIZE_MAX), [](const MinuteBar& one) { return one.open_time; })) {
    const auto price = [&](Price p) { out.text(fixed_decimals(p.e8, price_decimals)); };
    const bool is_traded = &series == &b.traded;
    const auto amount = [&](const std::string& text) { out.text(is_traded ? text : "0"); };
    out.open_list().number(ms(bar.open_time));
    price(bar.open);
    price(bar.high);
    price(bar.low);
    price(bar.close);
    amount(fixed_decimals(bar.volume.e8, b.qty_decimals));
    out.number(ms({bar.open_time.ns + length}) - 1);
    amount(decimal_text(bar.quote_volume));
    out.number(bar.trades);
    amount(fixed_decimals(bar.taker_buy_volume.e8, b.qty_decimals));
    amount(decimal_text(bar.taker_buy_quote));
    out.text("0").close_list();
  }
  return out.close_list().str();
}

Asked<std::string> klines(Core& core, const Caller&, const Params& params) {
  auto i = instrument_of(core, params);
  if (!i) return i.error();
  return write_klines(**i, (*i)->traded, (*i)->price_decimals, params);
}

Asked<std::string> mark_klines(Core& core, const Caller&, const Params& params) {
  auto i = instrument_of(core, params);
  if (!i) return i.error();
  return write_klines(**i, (*i)->marks, 8, params);
}

// By pair: of a perpetual contract that is its symbol.
Asked<std::string> index_klines(Core& core, const Caller&, const Params& params) {
  auto pair = params.text("pair");
  if (!pair) return pair.error();
  const BoardInstrument* i = core.board().find(*pair);
  if (i == nullptr) return ApiError{-1121, "Invalid symbol."};
  return write_klines(*i, i->indices, 8, params);
}

Asked<std::string> funding_history(Core& core, const Caller&, const Params& params) {
  auto frame = TimeFrame::of(params, 100, 1000);
  if (!frame) return frame.error();
  struct Paid {
    const BoardInstrument* of;
    PaidFunding paid;
  };
  std::vector<Paid> all;
  const auto symbol = params.get("symbol");
  if (symbol && core.board().find(*symbol) == nullptr) return ApiError{-1121, "Invalid symbol."};
  for (const auto& [number, i] : core.board().all()) {
    if (symbol && *symbol != i->instrument.symbol) continue;
    for (const PaidFunding& paid : i->fundings) all.push_back({i.get(), paid});
  }
  std::stable_sort(all.begin(), all.end(), [](const Paid& a, const Paid& b) { return a.paid.time < b.paid.time; });
  JsonText out;
  out.open_list();
  for (const Paid& one : (*frame).cut(std::move(all), [](const Paid& p) { return p.paid.time; })) {
    out.open().field("symbol", one.of->instrument.symbol).decimal("fundingRate", one.paid.rate, 8);
    out.field("fundingTime", ms(one.paid.time)).decimal("markPrice", one.paid.mark, 8);
    out.field("rateType", "Regular").close();
  }
  return out.close_list().str();
}

Asked<std::string> premium_index(Core& core, const Caller& caller, const Params& params) {
  return one_or_all(core, params, [&](JsonText& out, const BoardInstrument& b) {
    const Price mark = b.mark.value_or(Price{});
    out.open().field("symbol", b.instrument.symbol).decimal("markPrice", mark, 8);
    out.decimal("indexPrice", b.index.value_or(mark), 8).decimal("estimatedSettlePrice", mark, 8);
    out.decimal("lastFundingRate", b.funding_rate, 8).field("interestRate", "0.00010000");
    out.field("nextFundingTime", ms(b.next_funding)).field("time", ms(caller.clock.now)).close();
  });
}

Asked<std::string> funding_info(Core& core, const Caller&, const Params&) {
  JsonText out;
  out.open_list();
  for (const auto& [number, i] : core.board().all()) {
    out.open().field("symbol", i->instrument.symbol).field("adjustedFundingRateCap", "0.02000000");
    out.field("adjustedFundingRateFloor", "-0.02000000");
    out.field("fundingIntervalHours", static_cast<std::int64_t>(i->instrument.funding_interval_hours));
    out.field("disclaimer", false).close();
  }
  return out.close_list().str();
}

Asked<std::string> book_ticker(Core& core, const Caller& caller, const Params& params) {
  return one_or_all(core, params, [&](JsonText& out, const BoardInstrument& b) {
    const Level bid = b.best_bid().value_or(Level{});
    const Level ask = b.best_ask().value_or(Level{});
    out.open().field("symbol", b.instrument.symbol).decimal("bidPrice", bid.price, b.price_decimals);
    out.decimal("bidQty", bid.qty, b.qty_decimals).decimal("askPrice", ask.price, b.price_decimals);
    out.decimal("askQty", ask.qty, b.qty_decimals).field("time", ms(caller.clock.now));
    out.field("lastUpdateId", b.update_id).close();
  });
}

Asked<std::string> price_ticker(Core& core, const Caller& caller, const Params& params) {
  return one_or_all(core, params, [&](JsonText& out, const BoardInstrument& b) {
    out.open().field("symbol", b.instrument.symbol).decimal("price", b.last.value_or(Price{}), b.price_decimals);
    out.field("time", ms(caller.clock.now)).close();
  });
}

Asked<std::string> day_ticker(Core& core, const Caller& caller, const Params& params) {
  return one_or_all(core, params, [&](JsonText& out, const BoardInstrument& b) {
    const MarketBoard::DayStatistics d = MarketBoard::day(b);
    const PriceDelta change = d.last - d.open;
    out.open().field("symbol", b.instrument.symbol).decimal("priceChange", change.e8, b.price_decimals);
    out.decimal("priceChangePercent", d.open.is_positive() ? mul_div(change.e8, 100 * kScale, d.open.e8) : 0, 3);
    out.decimal("weightedAvgPrice", d.weighted, b.price_decimals).decimal("lastPrice", d.last, b.price_decimals);
    out.decimal("lastQty", d.last_qty, b.qty_decimals).decimal("openPrice", d.open, b.price_decimals);
    out.decimal("highPrice", d.high, b.price_decimals).decimal("lowPrice", d.low, b.price_decimals);
    out.decimal("volume", d.volume, b.qty_decimals).decimal("quoteVolume", d.quote_volume);
    out.field("openTime", ms(d.open_time)).field("closeTime", ms(caller.clock.now)).field("firstId", d.first_id);
    out.field("lastId", d.last_id).field("count", d.trades).close();
  });
}

constexpr Endpoint kMarket[] = {
    {"GET", "/fapi/v1/ping", nullptr, Security::none, one, 0, 0, ping},
    {"GET", "/fapi/v1/time", nullptr, Security::none, one, 0, 0, server_time},
    {"GET", "/fapi/v1/exchangeInfo", nullptr, Security::none, one, 0, 0, exchange_info},
    {"GET", "/fapi/v1/depth", "depth", Security::none, depth_weight, 0, 0, depth},
    {"GET", "/fapi/v1/trades", nullptr, Security::none, [](const Params&) { return std::int64_t{5}; }, 0, 0, trades},
    {"GET", "/fapi/v1/aggTrades", nullptr, Security::none, [](const Params&) { return std::int64_t{20}; }, 0, 0,
     agg_trades},
    {"GET", "/fapi/v1/klines", nullptr, Security::none, klines_weight, 0, 0, klines},
    {"GET", "/fapi/v1/markPriceKlines", nullptr, Security::none, klines_weight, 0, 0, mark_klines},
    {"GET", "/fapi/v1/indexPriceKlines", nullptr, Security::none, klines_weight, 0, 0, index_klines},
    {"GET", "/fapi/v1/fundingRate", nullptr, Security::none, [](const Params&) { return std::int64_t{0}; }, 0, 0,
     funding_history},
    {"GET", "/fapi/v1/premiumIndex", nullptr, Security::none,
     [](const Params& p) { return std::int64_t{p.has("symbol") ? 1 : 10}; }, 0, 0, premium_index},
    {"GET", "/fapi/v1/fundingInfo", nullptr, Security::none, [](const Params&) { return std::int64_t{0}; }, 0, 0,
     funding_info},
    {"GET", "/fapi/v1/ticker/24hr", nullptr, Security::none,
     [](const Params& p) { return std::int64_t{p.has("symbol") ? 1 : 40}; }, 0, 0, day_ticker},
    {"GET", "/fapi/v1/ticker/price", nullptr, Security::none,
     [](const Params& p) { return std::int64_t{p.has("symbol") ? 1 : 2}; }, 0, 0, price_ticker},
    {"GET", "/fapi/v2/ticker/price", "ticker.price", Security::none,
     [](const Params& p) { return std::int64_t{p.has("symbol") ? 1 : 2}; }, 0, 0, price_ticker},
    {"GET", "/fapi/v1/ticker/bookTicker", "ticker.book", Security::none,
     [](const Params& p) { return std::int64_t{p.has("symbol") ? 2 : 5}; }, 0, 0, book_ticker},
};

}  // namespace

std::span<const Endpoint> market_endpoints() {
  return kMarket;
}

}  // namespace reprise::gateway::exchange
