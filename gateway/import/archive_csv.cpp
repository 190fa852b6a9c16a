// CSV files of the exchange's public archive (data.binance.vision): trades, aggTrades, bookTicker, klines,
// markPriceKlines, indexPriceKlines, fundingRate, metrics, liquidationSnapshot; with or without header row.
//
// Columns are found by their place (they never moved); a header row tells the kind, and without one the
// number of columns does. The symbol comes from the name of the file, metrics carry it in the rows.
#include <array>

#include "gateway/import/csv_row.h"
#include "gateway/import/format.h"

namespace reprise::gateway {

namespace {

enum ArchiveVariant : int {
  kArchiveTrades,
  kAggTrades,
  kBookTicker,
  kKlines,
  kMarkKlines,
  kIndexKlines,
  kFunding,
  kMetrics,
  kLiquidations
};

struct Header {
  std::string_view begins;
  ArchiveVariant variant;
};
constexpr Header kHeaders[] = {
    {"id,price,qty,", kArchiveTrades},
    {"trade_id,price,qty,", kArchiveTrades},
    {"agg_trade_id,price,quantity,", kAggTrades},
    {"update_id,best_bid_price,best_bid_qty,", kBookTicker},
    {"open_time,open,high,low,close,volume,close_time,", kKlines},
    {"calc_time,funding_interval_hours,last_funding_rate", kFunding},
    {"create_time,symbol,sum_open_interest,", kMetrics},
    {"time,side,order_type,time_in_force,original_quantity,", kLiquidations},
};

// What the archive has and import does not take, by header.
constexpr std::string_view kRefused[] = {"timestamp,percentage,depth", "calc_time,cont_contract",
                                         "snapshot_time,percentage"};

// By its letters: ids and times are too large for a decimal at 1e-8.
bool is_number(std::string_view text) {
  bool has_digit = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      has_digit = true;
    } else if (c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
      return false;
    }
  }
  return has_digit;
}
bool is_flag(std::string_view text) {
  return text == "true" || text == "false" || text == "True" || text == "False";
}

std::optional<ArchiveVariant> variant_of_row(const std::vector<std::string_view>& f) {
  for (std::size_t i = 0; i < f.size(); ++i) {
    if (!is_number(f[i]) && !is_flag(f[i])) return std::nullopt;
  }
  if (f.size() == 12 && !is_flag(f[11])) return kKlines;
  if ((f.size() == 6 && is_flag(f[5])) || (f.size() == 7 && is_flag(f[5]) && is_flag(f[6]))) return kArchiveTrades;
  if ((f.size() == 7 && is_flag(f[6])) || (f.size() == 8 && is_flag(f[6]) && is_flag(f[7]))) return kAggTrades;
  if (f.size() == 7 && !is_flag(f[6])) return kBookTicker;
  return std::nullopt;
}

// Mark and index price bars look like any other bars, but nothing was traded in them.
bool has_no_volume(std::string_view text) {
  std::vector<std::string_view> f;
  std::size_t rows = 0;
  while (!text.empty()) {
    const std::string_view line = trim(text.substr(0, text.find('\n')));
    text.remove_prefix(
        std::min(text.size(), text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') + 1));
    std::int64_t volume = 0;
    if (!split_csv(line, f, 12) || f.size() < 8 || !is_number(f[0])) continue;
    if (!parse_decimal(f[5], volume, true) || volume != 0) return false;
    if (++rows == 200) break;
  }
  return rows > 2;
}

class ArchiveReader final : public FormatReader {
 public:
  explicit ArchiveReader(const Recognised& file) : file_(file) {}

  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    line = trim(line);
    if (line.empty()) return sink.note(LineKind::blank);
    for (const Header& header : kHeaders) {
      if (line.starts_with(header.begins)) return sink.note(LineKind::header);
    }
    if (!split_csv(line, fields_, 32)) return sink.skip("row with more than 32 columns", number);
    static constexpr std::array<std::size_t, 9> kColumns = {6, 7, 7, 11, 7, 7, 3, 8, 10};
    if (fields_.size() < kColumns[static_cast<std::size_t>(file_.variant)])
      return sink.skip("row with too few columns", number);
    CsvRow row(fields_);
    MarketMessage& m = sink.messages.push();
    m.symbol = file_.symbol;
    switch (file_.variant) {
      case kArchiveTrades: trade(row, m); break;
      case kAggTrades: aggregate_trade(row, m); break;
      case kBookTicker: book_ticker(row, m); break;
      case kFunding: funding(row, m); break;
      case kMetrics: metrics(row, m); break;
      case kLiquidations: liquidation(row, m); break;
      default: kline(row, m); break;
    }
    if (!row.problem().empty()) {
      sink.messages.pop();
      return sink.skip(row.problem(), number);
    }
    m.ts_recv = m.ts_event;
    m.line = number;
    m.lines = 1;
  }

 private:
  static void trade(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::trade;
    m.last_id = row.integer(0, "id");
    m.price = row.decimal(1, "price");
    m.qty = row.decimal(2, "qty");
    m.ts_event = row.time(4, "time");
    m.side = row.flag(5, "is_buyer_maker") ? schema::Side::SELL : schema::Side::BUY;
  }
  static void aggregate_trade(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::aggregate_trade;
    row.integer(0, "agg_trade_id");
    m.price = row.decimal(1, "price");
    m.qty = row.decimal(2, "quantity");
    m.first_id = row.integer(3, "first_trade_id");
    m.last_id = row.integer(4, "last_trade_id");
    m.ts_event = row.time(5, "transact_time");
    m.side = row.flag(6, "is_buyer_maker") ? schema::Side::SELL : schema::Side::BUY;
  }
  static void book_ticker(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::bbo;
    m.last_id = row.integer(0, "update_id");
    m.bid_price = row.decimal(1, "best_bid_price");
    m.bid_qty = row.decimal(2, "best_bid_qty");
    m.ask_price = row.decimal(3, "best_ask_price");
    m.ask_qty = row.decimal(4, "best_ask_qty");
    m.ts_event = row.time(5, "transaction_time");
    m.ts_sent = row.time(6, "event_time");
  }
  void kline(CsvRow& row, MarketMessage& m) const {
    const std::int64_t open_time = row.time(0, "open_time");
    const std::int64_t close_time = row.time(6, "close_time");
    if (file_.variant == kIndexKlines) {
      m.kind = MessageKind::index_price;
      m.index_price = row.rough_decimal(4, "close");
      m.ts_event = close_time + 1'000'000 - close_time % 1'000'000;
      return;
    }
    m.kind = MessageKind::bar;
    m.is_mark = file_.variant == kMarkKlines;
    m.open = row.decimal(1, "open", m.is_mark);
    m.high = row.decimal(2, "high", m.is_mark);
    m.low = row.decimal(3, "low", m.is_mark);
    m.close = row.decimal(4, "close", m.is_mark);
    m.open_time = open_time;
    // The archive's closing time is the last ms (or us) of the bar; the bar is known when that has passed.
    const std::int64_t unit = row.text(6).size() >= 16 ? 1'000 : 1'000'000;
    m.close_time = close_time + unit - 1;
    m.ts_event = close_time + unit;
    if (m.is_mark) return;  // volume columns of mark bars count samples, not contracts
    m.volume = row.rough_decimal(5, "volume");
    m.quote_volume = row.rough_decimal(7, "quote_volume");
    m.trade_count = row.integer(8, "count");
    m.taker_buy_volume = row.rough_decimal(9, "taker_buy_volume");
  }
  static void funding(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::funding;
    m.ts_event = row.time(0, "calc_time");
    const std::int64_t hours = row.integer(1, "funding_interval_hours");
    if (hours < 0 || hours > 24) row.complain("funding_interval_hours", "no number of hours");
    m.interval_hours = static_cast<std::uint16_t>(hours);
    m.funding_rate = row.rough_decimal(2, "last_funding_rate");
  }
  static void metrics(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::metric;
    m.symbol = row.text(1);
    m.ts_event = date_time_to_nanos(row.text(0));
    if (m.ts_event == 0) row.complain("create_time", "no date and time");
    if (m.symbol.empty()) row.complain("symbol", "empty");
    static constexpr schema::MetricKind kKinds[] = {schema::MetricKind::OPEN_INTEREST,
                                                    schema::MetricKind::OPEN_INTEREST_VALUE,
                                                    schema::MetricKind::TOP_TRADER_ACCOUNT_RATIO,
                                                    schema::MetricKind::TOP_TRADER_POSITION_RATIO,
                                                    schema::MetricKind::ACCOUNT_RATIO,
                                                    schema::MetricKind::TAKER_VOLUME_RATIO};
    for (std::size_t i = 0; i < 6; ++i) {
      if (row.text(i + 2).empty()) continue;  // the archive has holes in single columns
      m.metrics.push_back({kKinds[i], row.rough_decimal(i + 2, "figure")});
    }
  }
  static void liquidation(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::liquidation;
    m.ts_event = row.time(0, "time");
    m.side = row.text(1) == "BUY" ? schema::Side::BUY : schema::Side::SELL;
    m.qty = row.decimal(4, "original_quantity");
    m.price = row.decimal(5, "price");
    m.average_price = row.rough_decimal(6, "average_price");
    m.cum_qty = row.rough_decimal(9, "accumulated_fill_quantity");
  }

  Recognised file_;
  std::vector<std::string_view> fields_;
};

Result<std::optional<Recognised>> recognise_archive(const FileSample& sample) {
  const std::string_view line = first_line(sample.text);
  std::optional<ArchiveVariant> variant;
  for (const Header& header : kHeaders) {
    if (line.starts_with(header.begins)) variant = header.variant;
  }
  for (const std::string_view refused : kRefused) {
    if (line.starts_with(refused)) {
      return usage_error(
          sample.path + ": an archive file of a kind that import does not record (" + std::string(line.substr(0, 60)) +
              ")",
          "take trades, aggTrades, bookTicker, klines, markPriceKlines, indexPriceKlines, fundingRate or metrics");
    }
  }
  std::vector<std::string_view> fields;
  if (!variant && split_csv(line, fields, 32)) variant = variant_of_row(fields);
  if (!variant) return std::optional<Recognised>();

  static constexpr std::array<const char*, 9> kNames = {"trades",      "aggTrades",       "bookTicker",
                                                        "klines",      "markPriceKlines", "indexPriceKlines",
                                                        "fundingRate", "metrics",         "liquidationSnapshot"};
  Recognised file;
  if (*variant == kKlines) {
    const auto in_folder = [&](const char* name) { return sample.folders.find(name) != std::string::npos; };
    if (in_folder("premiumIndexKlines")) {
      return usage_error(sample.path + ": premium index bars are not recorded", "take klines and markPriceKlines");
    }
    if (in_folder("indexPriceKlines")) {
      variant = kIndexKlines;
    } else if (in_folder("markPriceKlines") || sample.name.find("mark") != std::string::npos ||
               has_no_volume(sample.text)) {
      variant = kMarkKlines;
    }
  }
  file.variant = *variant;
  file.format = std::string("archive ") + kNames[static_cast<std::size_t>(*variant)];
  file.is_mark = *variant == kMarkKlines;
  if (*variant != kMetrics) {
    const std::optional<std::string> symbol = symbol_in_name(sample.name);
    if (!symbol) {
      return no_symbol_error(sample, *variant == kKlines ? "BTCUSDT-1m-2024-01.csv" : "BTCUSDT-trades-2024-01-31.csv");
    }
    file.symbol = *symbol;
  }
  file.venue = venue_of(sample, file.symbol);
  return std::optional(std::move(file));
}

std::unique_ptr<FormatReader> make_archive(const Recognised& file) {
  return std::make_unique<ArchiveReader>(file);
}

}  // namespace

const Format kArchiveFormat = {"archive", recognise_archive, make_archive};

}  // namespace reprise::gateway
