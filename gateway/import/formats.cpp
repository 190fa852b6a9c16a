#include <algorithm>
#include <array>
#include <cstring>

#include "gateway/import/format.h"

namespace reprise::gateway {

const char* name_of(LineKind kind) {
  static constexpr std::array<const char*, kLineKinds> kNames = {
      "trade",         "aggregateTrade", "bookDelta", "bookSnapshot",      "bbo",          "markPrice",
      "indexPrice",    "marketBar",      "markBar",   "fundingSettlement", "marketMetric", "liquidationPrint",
      "feedConnected", "exchangeInfo",   "header",    "configuration",     "sent",         "blank"};
  return kNames[static_cast<std::size_t>(kind)];
}

LineKind line_kind_of(const MarketMessage& message) {
  switch (message.kind) {
    case MessageKind::trade: return LineKind::trade;
    case MessageKind::aggregate_trade: return LineKind::aggregate_trade;
    case MessageKind::book_delta: return LineKind::book_delta;
    case MessageKind::book_snapshot: return LineKind::book_snapshot;
    case MessageKind::bbo: return LineKind::bbo;
    case MessageKind::mark_price: return LineKind::mark_price;
    case MessageKind::index_price: return LineKind::index_price;
    case MessageKind::bar: return message.is_mark ? LineKind::mark_bar : LineKind::bar;
    case MessageKind::funding: return LineKind::funding;
    case MessageKind::metric: return LineKind::metric;
    case MessageKind::liquidation: return LineKind::liquidation;
    case MessageKind::connected: return LineKind::feed_connected;
    case MessageKind::exchange_info: return LineKind::exchange_info;
    case MessageKind::none: break;
  }
  return LineKind::blank;
}

std::span<const Format> formats() {
  static const Format kFormats[] = {
      kHbtFormat,       kCryptofeedJsonFormat, kCryptofeedTextFormat, kTardisFormat,
      kConvertedFormat, kDepthArchiveFormat,   kArchiveFormat,
  };
  return kFormats;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    if (!line.empty()) return line;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return {};
}

bool holds(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool split_csv(std::string_view line, std::vector<std::string_view>& fields, std::size_t max) {
  fields.clear();
  for (;;) {
    if (fields.size() == max) return false;
    const std::size_t comma = line.find(',');
    fields.push_back(trim(line.substr(0, comma)));
    if (comma == std::string_view::npos) return true;
    line.remove_prefix(comma + 1);
  }
}

namespace {
bool is_upper_or_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Parts of a file name between '-' signs, the ending (.csv, .dat) cut off.
std::vector<std::string_view> parts_of(std::string_view name) {
  if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) name = name.substr(0, dot);
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t dash = name.find('-');
    parts.push_back(name.substr(0, dash));
    if (dash == std::string_view::npos) return parts;
    name.remove_prefix(dash + 1);
  }
}
}  // namespace

std::optional<std::string> symbol_in_name(std::string_view name) {
  const std::string_view part = parts_of(name).front();
  static constexpr std::string_view kQuotes[] = {"USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD",
                                                 "BTC",  "ETH",  "BNB",   "EUR",  "TRY"};
  const std::size_t bar = part.find('_');
  const std::string_view pair = part.substr(0, bar);
  if (pair.size() < 5 || !std::all_of(pair.begin(), pair.end(), is_upper_or_digit)) return std::nullopt;
  if (bar != std::string_view::npos) {
    const std::string_view tail = part.substr(bar + 1);
    const bool is_date =
        tail.size() == 6 && std::all_of(tail.begin(), tail.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (tail != "PERP" && !is_date) return std::nullopt;
  }
  for (const std::string_view quote : kQuotes) {
    if (pair.size() > quote.size() && pair.ends_with(quote)) return std::string(part);
  }
  return std::nullopt;
}

std::optional<std::int64_t> interval_in_name(std::string_view name) {
  for (const std::string_view part : parts_of(name)) {
    if (part.size() < 2 || part.size() > 3) continue;
    std::int64_t count = 0;
    bool is_number = true;
    for (const char c : part.substr(0, part.size() - 1)) {
      if (c < '0' || c > '9') is_number = false;
      count = count * 10 + (c - '0');
    }
    if (!is_number || count == 0) continue;
    switch (part.back()) {
      case 's': return count * 1'000'000'000;
      case 'm': return count * 60'000'000'000;
      case 'h': return count * 3'600'000'000'000;
      case 'd': return count * 86'400'000'000'000;
      default: break;
    }
  }
  return std::nullopt;
}

Error no_symbol_error(const FileSample& sample, std::string_view example) {
  return usage_error(sample.path + ": the rows carry no symbol and the name of the file has none",
                     "name the file as the archive does, for example " + std::string(example));
}

schema::Venue venue_of(const FileSample& sample, std::string_view symbol) {
  if (sample.forced_venue != schema::Venue::UNKNOWN) return sample.forced_venue;
  const auto has = [&](std::string_view part) { return sample.folders.find(part) != std::string::npos; };
  if (has("/um/")) return schema::Venue::BINANCE_USDM;
  if (has("/cm/")) return schema::Venue::BINANCE_COINM;
  if (has("/spot/")) return schema::Venue::BINANCE_SPOT;
  const std::size_t bar = symbol.find('_');
  if (bar != std::string_view::npos && symbol.substr(0, bar).ends_with("USD")) return schema::Venue::BINANCE_COINM;
  return schema::Venue::BINANCE_USDM;
}

schema::Venue venue_of_frames(std::string_view text) {
  const auto has = [&](std::string_view part) { return holds(text, part); };
  if (has("\"st\":1") || has("\"st\":2")) return schema::Venue::BINANCE_USDM;  // each message says its own
  if (has("\"ps\":\"")) return schema::Venue::BINANCE_COINM;
  if (has("\"pu\":") || has("\"X\":\"") || has("markPriceUpdate") || has("\"e\":\"bookTicker\""))
    return schema::Venue::BINANCE_USDM;
  if (has("\"M\":true") || has("\"M\":false") || has("\"e\":\"depthUpdate\"") || has("@bookTicker\",\"data\":{\"u\"")) {
    return schema::Venue::BINANCE_SPOT;
  }
  return schema::Venue::UNKNOWN;
}

}  // namespace reprise::gateway
