#include "sim/dataset_source.h"

#include <algorithm>

namespace reprise::sim {

namespace {

using journal::RecordType;

bool is_from_the_world(RecordType type) {
  return type >= RecordType::TRADE && type <= RecordType::FEED_LATENCY;
}
bool is_declaration(RecordType type) {
  return type == RecordType::INSTRUMENT || type == RecordType::MARGIN_TABLE;
}
constexpr InstrumentNo kMaxInstrumentNo = 65'535;

}  // namespace

struct DatasetSource::Dataset {
  Dataset(std::string p, journal::JournalReader r) : path(std::move(p)), reader(std::move(r)) {}
  std::string path;
  journal::JournalReader reader;
  std::deque<journal::BlockHandle> blocks;  // oldest one first whose records are not all released
  std::uint64_t first_block = 1;            // serial of the front one
  const std::byte* end_of_last = nullptr;   // where the record before ended
  std::vector<InstrumentNo> numbers;        // dataset's number -> the run's; 0 = not declared
  bool has_head = false;
  SourceRecord head;
  UnixNanos last_recv;
  DurationNanos clock_offset;
};

DatasetSource::DatasetSource(DatasetSource&&) noexcept = default;
DatasetSource& DatasetSource::operator=(DatasetSource&&) noexcept = default;
DatasetSource::~DatasetSource() = default;

Result<DatasetSource> DatasetSource::open(const std::vector<std::string>& paths, DurationNanos feed_latency) {
  if (paths.empty()) return usage_error("no dataset was given", "name one with --data");
  DatasetSource source;
  source.feed_latency_ = feed_latency;
  for (const std::string& path : paths) {
    Result<journal::JournalReader> reader = journal::JournalReader::open(path);
    if (!reader) return reader.error();
    source.total_ += reader.value().last_seq() == 0 ? 0 : reader.value().last_seq() - reader.value().first_seq() + 1;
    source.datasets_.push_back(std::unique_ptr<Dataset>(new Dataset(path, std::move(reader).value())));
  }
  for (std::uint32_t n = 0; n < source.datasets_.size(); ++n) {
    source.load(*source.datasets_[n], n);
    if (source.error_) return *source.error_;
  }
  bool is_empty = true;
  for (const auto& dataset : source.datasets_) {
    if (!dataset->has_head) continue;
    if (is_empty || dataset->head.recv < source.start_) source.start_ = dataset->head.recv;
    is_empty = false;
  }
  if (is_empty) {
    return usage_error(paths.front() + ": no market records in the dataset",
                       "make one with `reprise import` or `reprise generate`");
  }
  return source;
}

bool DatasetSource::load(Dataset& d, std::uint32_t number) {
  d.has_head = false;
  journal::RecordView view;
  while (d.reader.next(view)) {
    ++read_;
    // Records of one block lie end to end; anywhere else a new block may begin. (Two allocations never touch.)
    if (view.bytes() != d.end_of_last) {
      journal::BlockHandle block = d.reader.current_block();
      if (d.blocks.empty() || d.blocks.back() != block) d.blocks.push_back(std::move(block));
    }
    d.end_of_last = view.bytes() + view.total_bytes();
    if (!is_from_the_world(view.type())) continue;
    SourceRecord& head = d.head;
    head.block = d.first_block + d.blocks.size() - 1;
    head.view = view;
    head.dataset = number;
    const journal::RecordHeader& h = *view.header;
    std::int64_t event = h.ts_event;
    if (view.type() == RecordType::MARKET_BAR)
      event = std::max(event, journal::read<schema::MarketBar>(view).getCloseTime());
    if (view.type() == RecordType::FEED_LATENCY)
      d.clock_offset = {journal::read<schema::FeedLatency>(view).getClockOffset()};
    head.has_latency = h.ts_recv != 0 && event != 0 && h.ts_recv != event;
    std::int64_t recv = h.ts_recv;
    if (!head.has_latency)
      recv = event != 0 && !is_declaration(view.type()) ? event + feed_latency_.ns : std::max(h.ts_recv, h.ts_engine);
    if (view.type() == RecordType::MARKET_BAR) recv = std::max(recv, event);
    d.last_recv = head.recv = std::max(d.last_recv, UnixNanos{recv});
    head.happened = event == 0 ? head.recv : std::min(head.recv, UnixNanos{event} - d.clock_offset);
    d.has_head = true;
    return true;
  }
  if (Status status = d.reader.status(); !status) error_ = status.error();
  return false;
}

InstrumentNo DatasetSource::number_for(Dataset& d, const journal::RecordView& record) {
  const InstrumentNo theirs = record.header->instrument;
  if (theirs == 0) return 0;
  if (theirs > kMaxInstrumentNo) {
    error_ = corrupt_error(d.path + ": record " + std::to_string(record.seq) + " has instrument number " +
                               std::to_string(theirs) + ", the largest allowed is " + std::to_string(kMaxInstrumentNo),
                           "import the data again");
    return 0;
  }
  if (theirs < d.numbers.size() && d.numbers[theirs] != 0) return d.numbers[theirs];
  if (record.type() != RecordType::INSTRUMENT) {
    error_ = corrupt_error(d.path + ": record " + std::to_string(record.seq) + " uses instrument " +
                               std::to_string(theirs) + " before a record has declared it",
                           "import the data again");
    return 0;
  }
  const auto declared = journal::read<schema::Instrument>(record);
  const auto key =
      std::make_tuple(static_cast<std::uint16_t>(declared.getVenue()), std::string(declared.getSymbol().cStr()),
                      static_cast<std::uint16_t>(declared.getContractType()));
  InstrumentNo& ours = known_[key];
  if (ours == 0) {
    ours = theirs;  // its own number where that is free, so that one dataset keeps all of its numbers
    if (ours < used_.size() && used_[ours]) {
      ours = 1;
      while (ours < used_.size() && used_[ours]) ++ours;
    }
    if (ours >= used_.size()) used_.resize(ours + 1u);
    used_[ours] = true;
  }
  if (theirs >= d.numbers.size()) d.numbers.resize(theirs + 1u);
  d.numbers[theirs] = ours;
  return ours;
}

bool DatasetSource::hand_out(Dataset& d, SourceRecord& record) {
  record = d.head;
  record.instrument = number_for(d, record.view);
  if (error_) return false;
  load(d, record.dataset);
  return !error_;
}

bool DatasetSource::next(SourceRecord& record) {
  if (error_) return false;
  if (!declarations_done_) {
    for (auto& dataset : datasets_) {
      if (!dataset->has_head || !is_declaration(dataset->head.view.type())) continue;
      if (!hand_out(*dataset, record)) return false;
      record.recv = record.happened = record.at_venue = start_;
      record.has_latency = false;
      return true;
    }
    declarations_done_ = true;
    last_at_venue_ = start_;
  }
  Dataset* earliest = nullptr;
  for (auto& dataset : datasets_) {
    if (dataset->has_head && (earliest == nullptr || dataset->head.recv < earliest->head.recv))
      earliest = dataset.get();
  }
  if (earliest == nullptr || !hand_out(*earliest, record)) return false;
  last_at_venue_ = std::max(last_at_venue_, record.happened);
  record.at_venue = last_at_venue_;  // not later than recv: that never decreases either
  return true;
}

void DatasetSource::release(const SourceRecord& record) {
  Dataset& d = *datasets_[record.dataset];
  for (; d.first_block < record.block; ++d.first_block) d.blocks.pop_front();
}

}  // namespace reprise::sim
