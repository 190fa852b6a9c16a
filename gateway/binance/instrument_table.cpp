#include "gateway/binance/instrument_table.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "gateway/binance/json_text.h"

namespace reprise::gateway {

using json::Value;
using schema::ContractType;
using schema::InstrumentState;

namespace {

constexpr std::size_t kMaxFileBytes = 256u << 20;

// Amounts follow from floors and rates: amount_n = floor_n * (rate_n - rate_(n-1)) + amount_(n-1).
void fill_amounts(std::vector<TierSpec>& tiers) {
  std::int64_t floor = 0;
  std::int64_t rate = 0;
  std::int64_t amount = 0;
  for (TierSpec& tier : tiers) {
    tier.floor = floor;
    amount += mul_div(floor, tier.rate - rate, kScale);
    tier.amount = amount;
    floor = tier.cap;
    rate = tier.rate;
  }
}

std::vector<TierSpec> generic_tiers(Venue venue) {
  std::vector<TierSpec> tiers;
  const auto add = [&](std::int64_t cap, std::uint32_t leverage, std::int64_t rate) {
    tiers.push_back({0, cap * kScale, leverage, rate, 0});
  };
  if (venue == Venue::BINANCE_SPOT) {
    add(10'000'000'000, 1, 0);
  } else if (venue == Venue::BINANCE_COINM) {
    add(10, 20, 2'500'000);
    add(100, 10, 5'000'000);
    add(1'000, 5, 10'000'000);
    add(1'000'000, 1, 50'000'000);
  } else {
    add(5'000, 25, 2'000'000);
    add(25'000, 20, 2'500'000);
    add(100'000, 10, 5'000'000);
    add(250'000, 5, 10'000'000);
    add(1'000'000, 4, 12'500'000);
    add(2'000'000, 2, 25'000'000);
    add(5'000'000, 1, 50'000'000);
  }
  fill_amounts(tiers);
  return tiers;
}

InstrumentState state_from(std::string_view text) {
  if (text == "TRADING") return InstrumentState::TRADING;
  if (text == "PENDING_TRADING") return InstrumentState::PENDING_TRADING;
  if (text == "PRE_SETTLE") return InstrumentState::PRE_SETTLE;
  if (text == "SETTLING") return InstrumentState::SETTLING;
  if (text == "PRE_DELIVERING") return InstrumentState::PRE_DELIVERING;
  if (text == "DELIVERING") return InstrumentState::DELIVERING;
  if (text == "DELIVERED") return InstrumentState::DELIVERED;
  if (text == "CLOSE" || text == "BREAK" || text == "HALT") return InstrumentState::HALTED;
  return InstrumentState::UNKNOWN;
}

std::int64_t decimal_or(const Value& object, const char* name, std::int64_t fallback) {
  std::int64_t value = 0;
  return json::decimal(object, name, value, true) ? value : fallback;
}

// A bound so large that it does not fit means "none".
std::int64_t bound_or_none(const Value& object, const char* name) {
  return decimal_or(object, name, 0);
}

ContractType contract_type(Venue venue, bool is_perpetual) {
  switch (venue) {
    case Venue::BINANCE_SPOT: return ContractType::SPOT;
    case Venue::BINANCE_COINM: return is_perpetual ? ContractType::INVERSE_PERPETUAL : ContractType::INVERSE_DELIVERY;
    default: return is_perpetual ? ContractType::LINEAR_PERPETUAL : ContractType::LINEAR_DELIVERY;
  }
}

InstrumentSpec spec_from_exchange_info(const Value& s, Venue venue) {
  InstrumentSpec spec;
  spec.venue = venue;
  spec.venue_symbol = json::text(s, "symbol");
  spec.symbol = symbol_in_dataset(venue, spec.venue_symbol);
  const std::string_view type = json::text(s, "contractType");
  spec.contract_type = contract_type(venue, type.empty() || type.find("PERPETUAL") != std::string_view::npos);
  spec.base_asset = json::text(s, "baseAsset");
  spec.quote_asset = json::text(s, "quoteAsset");
  spec.settlement_asset = json::text(s, "marginAsset");
  if (spec.settlement_asset.empty()) spec.settlement_asset = spec.quote_asset;
  if (venue == Venue::BINANCE_COINM) spec.multiplier = decimal_or(s, "contractSize", kScale);
  spec.liquidation_fee_rate = decimal_or(s, "liquidationFee", 0);
  spec.market_take_bound = decimal_or(s, "marketTakeBound", 0);
  spec.trigger_protect = decimal_or(s, "triggerProtect", 0);
  const std::string_view status = json::text(s, "status");
  spec.state = state_from(status.empty() ? json::text(s, "contractStatus") : status);
  const Value* filters = json::member(s, "filters");
  if (filters != nullptr && filters->IsArray()) {
    for (const Value& f : filters->GetArray()) {
      const std::string_view name = json::text(f, "filterType");
      if (name == "PRICE_FILTER") {
        spec.tick_size = decimal_or(f, "tickSize", 0);
        spec.min_price = bound_or_none(f, "minPrice");
        spec.max_price = bound_or_none(f, "maxPrice");
      } else if (name == "LOT_SIZE") {
        spec.lot_size = decimal_or(f, "stepSize", 0);
        spec.min_qty = bound_or_none(f, "minQty");
        spec.max_qty = bound_or_none(f, "maxQty");
      } else if (name == "MARKET_LOT_SIZE") {
        spec.market_max_qty = bound_or_none(f, "maxQty");
      } else if (name == "MIN_NOTIONAL" || name == "NOTIONAL") {
        spec.min_notional = decimal_or(f, "notional", decimal_or(f, "minNotional", 0));
      } else if (name == "PERCENT_PRICE") {
        spec.price_band_up = decimal_or(f, "multiplierUp", 0);
        spec.price_band_down = decimal_or(f, "multiplierDown", 0);
      } else if (name == "MAX_NUM_ORDERS") {
        std::int64_t limit = 0;
        if (json::integer(f, "limit", limit) || json::integer(f, "maxNumOrders", limit)) {
          spec.max_open_orders = static_cast<std::uint32_t>(std::clamp<std::int64_t>(limit, 0, 1'000'000));
        }
      }
    }
  }
  return spec;
}

InstrumentSpec spec_from_shipped(const Value& s, const Value& table, Venue venue) {
  InstrumentSpec spec;
  spec.venue = venue;
  spec.venue_symbol = json::text(s, "symbol");
  spec.symbol = symbol_in_dataset(venue, spec.venue_symbol);
  spec.contract_type = contract_type(venue, true);
  spec.base_asset = json::text(s, "base");
  spec.quote_asset = json::text(table, "quote");
  spec.settlement_asset =
      venue == Venue::BINANCE_COINM ? spec.base_asset : std::string(json::text(table, "settlement"));
  if (spec.settlement_asset.empty()) spec.settlement_asset = spec.quote_asset;
  spec.tick_size = decimal_or(s, "tick", 0);
  spec.lot_size = decimal_or(s, "lot", 0);
  spec.min_qty = spec.lot_size;
  spec.max_qty = decimal_or(s, "max_qty", 0);
  spec.market_max_qty = decimal_or(s, "market_max_qty", 0);
  spec.min_notional = decimal_or(s, "min_notional", 0);
  const std::int64_t band = decimal_or(s, "price_band", 0);
  spec.price_band_up = band == 0 ? 0 : kScale + band;
  spec.price_band_down = band == 0 ? 0 : kScale - band;
  spec.market_take_bound = decimal_or(s, "market_take_bound", 0);
  spec.trigger_protect = decimal_or(s, "trigger_protect", 0);
  spec.liquidation_fee_rate = decimal_or(s, "liquidation_fee", 0);
  spec.multiplier = decimal_or(s, "multiplier", kScale);
  spec.max_open_orders = 200;
  spec.filters_are_defaults = true;
  return spec;
}

bool read_tiers(const Value& list, std::vector<TierSpec>& tiers) {
  if (!list.IsArray()) return false;
  for (const Value& entry : list.GetArray()) {
    TierSpec tier;
    std::int64_t leverage = 0;
    if (entry.IsArray()) {  // ours: [cap, leverage, rate]
      if (entry.Size() != 3 || !parse_decimal(json::text_of(entry[0]), tier.cap) ||
          !parse_decimal(json::text_of(entry[1]), leverage) || !parse_decimal(json::text_of(entry[2]), tier.rate)) {
        return false;
      }
      leverage /= kScale;
    } else {  // the venue's, or a ccxt tier that holds the venue's under "info"
      const Value* info = json::member(entry, "info");
      const Value& b = info == nullptr ? entry : *info;
      const bool by_quantity = json::member(b, "qtyCap") != nullptr;  // COIN-M counts the base asset
      if (!json::decimal(b, by_quantity ? "qtyCap" : "notionalCap", tier.cap, true) ||
          !json::decimal(b, "maintMarginRatio", tier.rate, true) ||
          !json::decimal(b, "initialLeverage", leverage, true)) {
        return false;
      }
      leverage /= kScale;
    }
    if (tier.cap <= 0 || tier.rate < 0 || leverage < 1 || leverage > 1000) return false;
    tier.max_leverage = static_cast<std::uint32_t>(leverage);
    tiers.push_back(tier);
  }
  std::sort(tiers.begin(), tiers.end(), [](const TierSpec& a, const TierSpec& b) { return a.cap < b.cap; });
  fill_amounts(tiers);
  return !tiers.empty();
}

// "BTC/USDT:USDT" -> BTCUSDT on USD-M; "BTC/USD:BTC" -> BTCUSD_PERP on COIN-M.
bool split_unified(std::string_view name, Venue& venue, std::string& symbol) {
  const std::size_t slash = name.find('/');
  const std::size_t colon = name.find(':');
  if (slash == std::string_view::npos || colon == std::string_view::npos || colon < slash) return false;
  const std::string base(name.substr(0, slash));
  const std::string quote(name.substr(slash + 1, colon - slash - 1));
  std::string settle(name.substr(colon + 1));
  std::string expiry;
  if (const std::size_t dash = settle.find('-'); dash != std::string::npos) {
    expiry = settle.substr(dash + 1);
    settle.resize(dash);
  }
  venue = settle == base ? Venue::BINANCE_COINM : Venue::BINANCE_USDM;
  symbol = base + quote;
  if (!expiry.empty()) {
    symbol += "_" + expiry;
  } else if (venue == Venue::BINANCE_COINM) {
    symbol += "_PERP";
  }
  return true;
}

Venue venue_of_symbol(std::string_view symbol, Venue unsaid) {
  if (unsaid != Venue::UNKNOWN) return unsaid;
  const std::size_t bar = symbol.find('_');
  const std::string_view pair = symbol.substr(0, bar);
  return bar != std::string_view::npos && pair.ends_with("USD") ? Venue::BINANCE_COINM : Venue::BINANCE_USDM;
}

}  // namespace

std::string symbol_in_dataset(Venue venue, std::string_view venue_symbol) {
  std::string symbol(venue_symbol);
  if (venue == Venue::BINANCE_SPOT) symbol += ".SPOT";
  return symbol;
}

const char* market_name(Venue venue) {
  switch (venue) {
    case Venue::BINANCE_USDM: return "usdm";
    case Venue::BINANCE_COINM: return "coinm";
    case Venue::BINANCE_SPOT: return "spot";
    case Venue::SYNTHETIC: return "synthetic";
    case Venue::UNKNOWN: break;
  }
  return "unknown";
}

std::optional<Venue> market_from(std::string_view name) {
  if (name == "usdm") return Venue::BINANCE_USDM;
  if (name == "coinm") return Venue::BINANCE_COINM;
  if (name == "spot") return Venue::BINANCE_SPOT;
  return std::nullopt;
}

std::int64_t common_step(std::int64_t step, std::int64_t value) {
  if (value == 0) return step;
  if (value < 0) value = -value;
  if (step != 0 && value % step == 0) return step;
  std::int64_t power = 1;
  while (value % 10 == 0 && (step == 0 || power < step) && power < 1'000'000'000'000'000) {
    value /= 10;
    power *= 10;
  }
  return step == 0 ? power : std::min(step, power);
}

InstrumentTable::InstrumentTable() {
  const Status usdm = add_json(shipped_usdm_instruments(), "shipped USD-M table");
  REPRISE_ASSERT(usdm.ok(), usdm.ok() ? "" : usdm.error().text());
  const Status coinm = add_json(shipped_coinm_instruments(), "shipped COIN-M table");
  REPRISE_ASSERT(coinm.ok(), coinm.ok() ? "" : coinm.error().text());
}

Status InstrumentTable::add_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return io_error(path + ": cannot be read: " + std::strerror(errno), "check the path given to --instruments");
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.eof() && file.fail()) return io_error(path + ": cannot be read", "is it a directory?");
  const std::string text = content.str();
  if (text.empty()) return corrupt_error(path + ": empty", "give an exchangeInfo or leverageBracket answer as JSON");
  if (text.size() > kMaxFileBytes)
    return corrupt_error(path + ": larger than 256 MiB", "give an exchangeInfo answer as JSON");
  return add_json(text, path);
}

Status InstrumentTable::add_json(std::string_view text, const std::string& place, Venue unsaid) {
  static constexpr const char* kHint = "give the JSON answer of exchangeInfo or of leverageBracket";
  json::Document document;
  document.Parse<json::kParseFlags>(text.data(), text.size());
  if (document.HasParseError()) {
    return corrupt_error(place + ": not JSON, at byte " + std::to_string(document.GetErrorOffset()), kHint);
  }

  if (document.IsObject() && json::member(document, "symbols") != nullptr) {
    const Value& list = document["symbols"];
    if (!list.IsArray()) return corrupt_error(place + ": symbols is no list", kHint);
    const auto named = market_from(json::text(document, "market"));
    const bool is_ours = named.has_value();
    for (const Value& s : list.GetArray()) {
      if (json::text(s, "symbol").empty()) return corrupt_error(place + ": an entry of symbols has no symbol", kHint);
      Venue venue = unsaid;
      if (is_ours) {
        venue = *named;
      } else if (json::member(s, "contractSize") != nullptr) {
        venue = Venue::BINANCE_COINM;
      } else if (json::member(s, "contractType") != nullptr) {
        venue = Venue::BINANCE_USDM;
      } else if (venue == Venue::UNKNOWN) {
        venue = Venue::BINANCE_SPOT;
      }
      InstrumentSpec spec = is_ours ? spec_from_shipped(s, document, venue) : spec_from_exchange_info(s, venue);
      if (spec.tick_size <= 0 || spec.lot_size <= 0) {
        if (is_ours) return corrupt_error(place + ": " + spec.venue_symbol + " has no tick or lot", kHint);
        continue;  // an entry without filters (delisted): unknown is better than a tick of 0
      }
      const Key key{venue, spec.venue_symbol};
      if (is_ours) {
        std::vector<TierSpec> tiers;
        const Value* ladder = json::member(s, "tiers");
        if (ladder == nullptr || !read_tiers(*ladder, tiers)) {
          return corrupt_error(place + ": " + spec.venue_symbol + ": tiers cannot be read",
                               "each tier is [cap, leverage, rate]");
        }
        shipped_tiers_[key] = std::move(tiers);
      }
      specs_[key] = std::move(spec);
    }
    return ok_status();
  }

  const auto add_brackets = [&](const Value& entry) -> Status {
    const Value* brackets = json::member(entry, "brackets");
    std::string symbol(json::text(entry, "symbol"));
    if (symbol.empty()) symbol = json::text(entry, "pair");
    std::vector<TierSpec> tiers;
    if (brackets == nullptr || symbol.empty() || !read_tiers(*brackets, tiers)) {
      return corrupt_error(place + ": an entry is no leverage bracket" + (symbol.empty() ? "" : " (" + symbol + ")"),
                           kHint);
    }
    tiers_[{venue_of_symbol(symbol, unsaid), symbol}] = std::move(tiers);
    return ok_status();
  };
  if (document.IsArray()) {
    for (const Value& entry : document.GetArray()) {
      if (Status status = add_brackets(entry); !status.ok()) return status;
    }
    return ok_status();
  }
  if (document.IsObject() && json::member(document, "brackets") != nullptr) return add_brackets(document);
  if (document.IsObject() && document.MemberCount() != 0) {
    std::size_t taken = 0;
    // By distance: iterators of RapidJSON compare ambiguously in C++20.
    for (auto at = document.MemberBegin(); document.MemberEnd() - at > 0; ++at) {
      const auto& m = *at;
      Venue venue = Venue::UNKNOWN;
      std::string symbol;
      std::vector<TierSpec> tiers;
      if (split_unified(json::text_of(m.name), venue, symbol) && read_tiers(m.value, tiers)) {
        tiers_[{venue, symbol}] = std::move(tiers);
        ++taken;
      }
    }
    if (taken != 0) return ok_status();
  }
  return corrupt_error(place + ": neither instruments nor brackets", kHint);
}

std::optional<InstrumentSpec> InstrumentTable::find(Venue venue, const std::string& venue_symbol) const {
  const Key key{venue, venue_symbol};
  const auto found = specs_.find(key);
  if (found == specs_.end()) return std::nullopt;
  InstrumentSpec spec = found->second;
  if (const auto own = tiers_.find(key); own != tiers_.end()) {
    spec.tiers = own->second;
  } else {
    const auto shipped = shipped_tiers_.find(key);
    spec.tiers = shipped != shipped_tiers_.end() ? shipped->second : generic_tiers(venue);
    spec.tiers_are_defaults = true;
  }
  return spec;
}

InstrumentSpec InstrumentTable::find_or_infer(Venue venue, const std::string& venue_symbol, std::int64_t price_step,
                                              std::int64_t qty_step, std::string& warning) const {
  std::optional<InstrumentSpec> known = find(venue, venue_symbol);
  if (known) {
    // Filters change over the years: recorded figures that do not lie on a default tick prove it outdated.
    if (known->filters_are_defaults && price_step != 0 && known->tick_size % price_step == 0 &&
        known->tick_size != price_step) {
      warning = known->symbol + ": recorded prices lie on a tick of " + decimal_text(price_step) +
                ", not on the default " + decimal_text(known->tick_size) + ": the recorded one is used";
      known->tick_size = price_step;
    }
    if (known->filters_are_defaults && qty_step != 0 && known->lot_size % qty_step == 0 &&
        known->lot_size != qty_step) {
      warning += (warning.empty() ? known->symbol + ": " : "; ") + std::string("recorded quantities lie on a lot of ") +
                 decimal_text(qty_step) + ", not on the default " + decimal_text(known->lot_size) +
                 ": the recorded one is used";
      known->lot_size = qty_step;
      known->min_qty = qty_step;
    }
    return *known;
  }
  InstrumentSpec spec;
  spec.venue = venue;
  spec.venue_symbol = venue_symbol;
  spec.symbol = symbol_in_dataset(venue, venue_symbol);
  const std::size_t bar = venue_symbol.find('_');
  const std::string pair = venue_symbol.substr(0, bar);
  const bool is_perpetual = bar == std::string::npos || venue_symbol.ends_with("_PERP");
  spec.contract_type = contract_type(venue, is_perpetual);
  static constexpr const char* kQuotes[] = {"USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD",
                                            "BTC",  "ETH",  "BNB",   "EUR",  "TRY"};
  for (const char* quote : kQuotes) {
    if (pair.size() > std::strlen(quote) && pair.ends_with(quote)) {
      spec.base_asset = pair.substr(0, pair.size() - std::strlen(quote));
      spec.quote_asset = quote;
      break;
    }
  }
  if (spec.base_asset.empty()) {
    spec.base_asset = pair;
    spec.quote_asset = "USDT";
  }
  spec.settlement_asset = venue == Venue::BINANCE_COINM ? spec.base_asset : spec.quote_asset;
  spec.tick_size = price_step != 0 ? price_step : 1;
  spec.lot_size = venue == Venue::BINANCE_COINM ? kScale : qty_step != 0 ? qty_step : 1;
  spec.min_qty = spec.lot_size;
  if (venue == Venue::BINANCE_COINM) spec.multiplier = (spec.base_asset == "BTC" ? 100 : 10) * kScale;
  if (venue != Venue::BINANCE_COINM) spec.min_notional = 5 * kScale;
  spec.max_open_orders = 200;
  spec.filters_are_defaults = true;
  spec.tiers = generic_tiers(venue);
  spec.tiers_are_defaults = true;
  warning = spec.symbol + ": no filters and brackets known: tick " + decimal_text(spec.tick_size) + " and lot " +
            decimal_text(spec.lot_size) + " are inferred from the recorded figures, the bracket table is a generic one";
  return spec;
}

void append_instrument(const InstrumentSpec& spec, const journal::RecordHeader& header, journal::RecordBatch& batch) {
  batch.append<schema::Instrument>(
      journal::RecordType::INSTRUMENT, header,
      [&](schema::Instrument::Builder b) {
        b.setSymbol(spec.symbol);
        b.setVenue(spec.venue);
        b.setContractType(spec.contract_type);
        b.setBaseAsset(spec.base_asset);
        b.setQuoteAsset(spec.quote_asset);
        b.setSettlementAsset(spec.settlement_asset);
        b.setTickSize(spec.tick_size);
        b.setLotSize(spec.lot_size);
        b.setMinQty(spec.min_qty);
        b.setMaxQty(spec.max_qty);
        b.setMarketMaxQty(spec.market_max_qty);
        b.setMinNotional(spec.min_notional);
        b.setMinPrice(spec.min_price);
        b.setMaxPrice(spec.max_price);
        b.setPriceBandUp(spec.price_band_up);
        b.setPriceBandDown(spec.price_band_down);
        b.setContractMultiplier(spec.multiplier);
        b.setLiquidationFeeRate(spec.liquidation_fee_rate);
        b.setMarketTakeBound(spec.market_take_bound);
        b.setTriggerProtect(spec.trigger_protect);
        b.setMaxOpenOrders(spec.max_open_orders);
        b.setFundingIntervalHours(spec.funding_interval_hours);
        b.setState(spec.state);
        b.setVenueSymbol(spec.venue_symbol);
        b.setFiltersAreDefaults(spec.filters_are_defaults);
      },
      16);
  batch.append<schema::MarginTable>(
      journal::RecordType::MARGIN_TABLE, header,
      [&](schema::MarginTable::Builder b) {
        auto tiers = b.initTiers(static_cast<std::uint32_t>(spec.tiers.size()));
        for (std::uint32_t i = 0; i < spec.tiers.size(); ++i) {
          tiers[i].setNotionalFloor(spec.tiers[i].floor);
          tiers[i].setNotionalCap(spec.tiers[i].cap);
          tiers[i].setMaxLeverage(spec.tiers[i].max_leverage);
          tiers[i].setMaintenanceMarginRate(spec.tiers[i].rate);
          tiers[i].setMaintenanceAmount(spec.tiers[i].amount);
        }
        b.setIsDefault(spec.tiers_are_defaults);
      },
      2 + 5 * spec.tiers.size());
}

}  // namespace reprise::gateway
