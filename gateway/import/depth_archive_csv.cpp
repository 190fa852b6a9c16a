// The exchange's historical depth files: one level a row, with the update ids of the stream.
//   symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu
// Rows of one update follow each other; update_type snap is a snapshot. There is no receive time.
#include "gateway/import/csv_row.h"
#include "gateway/import/format.h"
#include "gateway/import/grouped_levels.h"

namespace reprise::gateway {

namespace {

constexpr std::string_view kHeader = "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu";

class DepthArchiveReader final : public FormatReader {
 public:
  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    line = trim(line);
    if (line.empty()) return sink.note(LineKind::blank);
    if (line == kHeader) return sink.note(LineKind::header);
    if (!split_csv(line, fields_, 32)) return sink.skip("row with more than 32 columns", number);
    if (fields_.size() < 9) return sink.skip("row with too few columns", number);
    CsvRow row(fields_);
    const std::int64_t time = row.time(1, "timestamp");
    const std::int64_t first = row.integer(2, "first_update_id");
    const std::int64_t last = row.integer(3, "last_update_id");
    const bool is_bid = row.text(4) == "b";
    if (!is_bid && row.text(4) != "a") row.complain("side", "neither b nor a");
    const bool is_snapshot = row.text(5) == "snap";
    if (!is_snapshot && row.text(5) != "set") row.complain("update_type", "neither snap nor set");
    const LevelE8 level{row.decimal(6, "price"), row.decimal(7, "qty")};
    const std::int64_t previous = row.text(8) == "-1" ? 0 : row.integer(8, "pu");
    if (row.text(0).empty()) row.complain("symbol", "empty");
    if (!row.problem().empty()) return sink.skip(row.problem(), number);
    key_.assign(row.text(0)).append(",").append(row.text(3)).append(is_snapshot ? ",s" : ",d");
    MarketMessage& m = groups_.row(key_, number, sink);
    m.kind = is_snapshot ? MessageKind::book_snapshot : MessageKind::book_delta;
    m.symbol = row.text(0);
    m.ts_event = m.ts_recv = time;
    m.last_id = last;
    if (!is_snapshot) {
      m.first_id = first;
      m.previous_id = previous;
    }
    if (!is_snapshot || level.qty != 0) (is_bid ? m.bids : m.asks).push_back(level);
  }
  void finish(LineSink& sink) override { groups_.flush(sink); }

 private:
  std::vector<std::string_view> fields_;
  GroupedLevels groups_;
  std::string key_;
};

Result<std::optional<Recognised>> recognise_depth_archive(const FileSample& sample) {
  if (first_line(sample.text) != kHeader) return std::optional<Recognised>();
  Recognised file;
  file.format = "historical depth";
  file.venue = venue_of(sample, {});
  return std::optional(std::move(file));
}

std::unique_ptr<FormatReader> make_depth_archive(const Recognised&) {
  return std::make_unique<DepthArchiveReader>();
}

}  // namespace

const Format kDepthArchiveFormat = {"historical depth", recognise_depth_archive, make_depth_archive};

}  // namespace reprise::gateway
