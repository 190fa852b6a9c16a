// CSV files as Tardis sells them: trades, incremental_book_L2, book_snapshot_N, quotes, derivative_ticker.
// Times are microseconds (some test files carry ns: told apart by size); local_timestamp is the receive time.
#include <charconv>

#include "gateway/import/csv_row.h"
#include "gateway/import/format.h"
#include "gateway/import/grouped_levels.h"

namespace reprise::gateway {

namespace {

constexpr std::string_view kCommon = "exchange,symbol,timestamp,local_timestamp,";
enum TardisVariant : int { kTrades, kIncremental, kSnapshots, kQuotes, kTicker };

std::optional<TardisVariant> variant_of(std::string_view header) {
  if (!header.starts_with(kCommon)) return std::nullopt;
  const std::string_view rest = header.substr(kCommon.size());
  if (rest == "id,side,price,amount") return kTrades;
  if (rest == "is_snapshot,side,price,amount") return kIncremental;
  if (rest.starts_with("asks[0].price,asks[0].amount,bids[0].price,bids[0].amount")) return kSnapshots;
  if (rest == "ask_amount,ask_price,bid_price,bid_amount") return kQuotes;
  if (rest.starts_with("funding_timestamp,funding_rate,")) return kTicker;
  return std::nullopt;
}

schema::Venue venue_of_exchange(std::string_view exchange) {
  if (exchange == "binance-futures") return schema::Venue::BINANCE_USDM;
  if (exchange == "binance-delivery") return schema::Venue::BINANCE_COINM;
  if (exchange == "binance") return schema::Venue::BINANCE_SPOT;
  return schema::Venue::UNKNOWN;
}

class TardisReader final : public FormatReader {
 public:
  explicit TardisReader(const Recognised& file) : file_(file) {}

  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    line = trim(line);
    if (line.empty()) return sink.note(LineKind::blank);
    if (line.starts_with(kCommon)) return sink.note(LineKind::header);
    if (!split_csv(line, fields_, 1024)) return sink.skip("row with more than 1024 columns", number);
    static constexpr std::size_t kColumns[] = {8, 8, 8, 8, 11};
    if (fields_.size() < kColumns[file_.variant]) return sink.skip("row with too few columns", number);
    CsvRow row(fields_);
    const schema::Venue venue = venue_of_exchange(row.text(0));
    if (venue == schema::Venue::UNKNOWN) return sink.skip("row of another venue", number);
    if (row.text(1).empty()) return sink.skip("symbol is empty", number);
    const std::int64_t ts_event = row.time(2, "timestamp");
    const std::int64_t ts_recv = row.time(3, "local_timestamp");

    if (file_.variant == kIncremental) {
      const bool is_snapshot = row.flag(4, "is_snapshot");
      const bool is_bid = row.text(5) == "bid";
      if (!is_bid && row.text(5) != "ask") row.complain("side", "neither bid nor ask");
      const LevelE8 level{row.decimal(6, "price"), row.decimal(7, "amount")};
      if (!row.problem().empty()) return sink.skip(row.problem(), number);
      key_.assign(row.text(1)).append(",").append(row.text(3)).append(is_snapshot ? ",s" : ",d");
      MarketMessage& m = groups_.row(key_, number, sink);
      m.kind = is_snapshot ? MessageKind::book_snapshot : MessageKind::book_delta;
      m.symbol = row.text(1);
      m.venue = venue;
      m.ts_event = ts_event;
      m.ts_recv = ts_recv;
      if (!is_snapshot || level.qty != 0) (is_bid ? m.bids : m.asks).push_back(level);
      return;
    }

    MarketMessage& m = sink.messages.push();
    m.symbol = row.text(1);
    m.venue = venue;
    switch (file_.variant) {
      case kTrades: trade(row, m); break;
      case kSnapshots: snapshot(row, m); break;
      case kQuotes:
        m.kind = MessageKind::bbo;
        m.ask_qty = row.optional_decimal(4, "ask_amount");
        m.ask_price = row.optional_decimal(5, "ask_price");
        m.bid_price = row.optional_decimal(6, "bid_price");
        m.bid_qty = row.optional_decimal(7, "bid_amount");
        break;
      default: ticker(row, m); break;
    }
    if (!row.problem().empty()) {
      sink.messages.pop();
      return sink.skip(row.problem(), number);
    }
    m.ts_event = ts_event;
    m.ts_recv = ts_recv;
    m.line = number;
    m.lines = 1;
  }

  void finish(LineSink& sink) override { groups_.flush(sink); }

 private:
  static void trade(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::trade;
    const std::string_view id = row.text(4);
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(id.data(), id.data() + id.size(), value);
    if (code == std::errc() && end == id.data() + id.size()) m.last_id = value;  // other venues have texts here
    if (row.text(5) == "buy") m.side = schema::Side::BUY;
    if (row.text(5) == "sell") m.side = schema::Side::SELL;
    m.price = row.decimal(6, "price");
    m.qty = row.decimal(7, "amount");
  }
  static void snapshot(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::book_snapshot;
    m.is_partial = true;
    for (std::size_t i = 4; i + 3 < row.size(); i += 4) {
      if (!row.text(i).empty()) m.asks.push_back({row.decimal(i, "ask price"), row.decimal(i + 1, "ask amount")});
      if (!row.text(i + 2).empty())
        m.bids.push_back({row.decimal(i + 2, "bid price"), row.decimal(i + 3, "bid amount")});
    }
  }
  static void ticker(CsvRow& row, MarketMessage& m) {
    m.kind = MessageKind::mark_price;
    if (!row.text(4).empty()) m.next_funding_time = row.time(4, "funding_timestamp");
    m.funding_rate = row.optional_decimal(5, "funding_rate");
    m.index_price = row.optional_decimal(9, "index_price");
    m.mark_price = row.rough_decimal(10, "mark_price");
    if (!row.text(6).empty())
      m.metrics.push_back({schema::MetricKind::PREDICTED_FUNDING_RATE, row.rough_decimal(6, "predicted_funding_rate")});
    if (!row.text(7).empty())
      m.metrics.push_back({schema::MetricKind::OPEN_INTEREST, row.rough_decimal(7, "open_interest")});
  }

  Recognised file_;
  std::vector<std::string_view> fields_;
  GroupedLevels groups_;
  std::string key_;
};

Result<std::optional<Recognised>> recognise_tardis(const FileSample& sample) {
  const std::string_view header = first_line(sample.text);
  if (!header.starts_with(kCommon)) return std::optional<Recognised>();
  const std::optional<TardisVariant> variant = variant_of(header);
  if (!variant) {
    return usage_error(sample.path + ": a Tardis file of a kind that import does not record",
                       "take trades, incremental_book_L2, book_snapshot_N, quotes or derivative_ticker");
  }
  static constexpr const char* kNames[] = {"trades", "incremental_book_L2", "book_snapshot", "quotes",
                                           "derivative_ticker"};
  Recognised file;
  file.variant = *variant;
  file.format = std::string("Tardis ") + kNames[*variant];
  std::string_view text = sample.text;
  const std::size_t at = text.find(kCommon);
  const std::size_t end = text.find('\n', at);
  const std::string_view row = end == std::string_view::npos ? std::string_view() : first_line(text.substr(end + 1));
  const std::string_view exchange = row.substr(0, row.find(','));
  file.venue = venue_of_exchange(exchange);
  if (!exchange.empty() && file.venue == schema::Venue::UNKNOWN) {
    return usage_error(
        sample.path + ": recorded at " + std::string(exchange.substr(0, 40)) + ", which import does not read",
        "import reads binance-futures, binance-delivery and binance");
  }
  return std::optional(std::move(file));
}

std::unique_ptr<FormatReader> make_tardis(const Recognised& file) {
  return std::make_unique<TardisReader>(file);
}

}  // namespace

const Format kTardisFormat = {"Tardis", recognise_tardis, make_tardis};

}  // namespace reprise::gateway
