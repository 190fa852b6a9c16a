#include "sim/dataset_source.h"

#include <algorithm>

#include "engine/take_up.h"
#include "sim/opened_market.h"

namespace reprise::sim {

namespace {

using journal::RecordType;

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
  std::map<std::uint16_t, DurationNanos> clock_offsets;  // by its own feed number, as of the head
  bool is_run = false;                                   // the journal of a run
  bool load_on_demand = false;                           // the head is loaded by the first next()
  journal::RecordBatch opening;  // in front of a journal that begins behind a record (opened_market.h)
  std::size_t opened = 0;        // bytes of it that were handed out
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
    Dataset& dataset = *source.datasets_.back();
    dataset.is_run = dataset.reader.manifest().mode != schema::RunMode::DATASET;
    if (dataset.reader.base_seq() == 0) continue;
    auto engine = engine::take_up_base(dataset.reader);
    if (!engine) return engine.error();
    dataset.opening = opened_market(*engine);
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

Result<DatasetSource> DatasetSource::open_behind(const std::string& path, journal::Seq seq) {
  Result<journal::JournalReader> reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  DatasetSource source;
  source.total_ = reader->last_seq() - std::min(seq, reader->last_seq());
  if (Status sought = reader->seek(seq + 1); !sought) return sought.error();
  source.datasets_.push_back(std::unique_ptr<Dataset>(new Dataset(path, std::move(reader).value())));
  source.datasets_.back()->is_run = true;
  source.datasets_.back()->load_on_demand = true;
  source.declarations_done_ = true;
  return source;
}

void DatasetSource::persist(engine::StateArchive& archive) {
  persist_market(archive, start_, last_at_venue_, offsets_, known_);
  if (!archive.loading()) return;
  std::erase_if(known_, [](const auto& entry) { return entry.second > kMaxInstrumentNo; });
  datasets_.front()->clock_offsets = offsets_;
  take_numbers();
}

void DatasetSource::stand_at(const Instruments& instruments, UnixNanos now) {
  start_ = last_at_venue_ = now;
  for (const auto& [number, i] : instruments.all()) {
    known_[{static_cast<std::uint16_t>(i.venue), i.symbol, static_cast<std::uint16_t>(i.contract_type)}] = number;
  }
  take_numbers();
}

// The journal of a run has the run's own numbers.
void DatasetSource::take_numbers() {
  Dataset& d = *datasets_.front();
  for (const auto& [key, number] : known_) {
    if (number >= used_.size()) used_.resize(number + 1u);
    used_[number] = true;
    if (number >= d.numbers.size()) d.numbers.resize(number + 1u);
    d.numbers[number] = number;
  }
}

bool DatasetSource::load(Dataset& d, std::uint32_t number) {
  d.has_head = false;
  if (d.opened < d.opening.size_bytes()) {
    const journal::RecordView view{0, reinterpret_cast<const journal::RecordHeader*>(d.opening.bytes() + d.opened)};
    d.opened += view.total_bytes();
    take_head(d, view, number, d.first_block);
    return true;
  }
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
    if (d.is_run && view.type() == RecordType::MARK_PRICE && journal::read<schema::MarkPrice>(view).getIsFallback())
      continue;
    take_head(d, view, number, d.first_block + d.blocks.size() - 1);
    return true;
  }
  if (Status status = d.reader.status(); !status) error_ = status.error();
  return false;
}

void DatasetSource::take_head(Dataset& d, const journal::RecordView& view, std::uint32_t number, std::uint64_t block) {
  SourceRecord& head = d.head;
  head.block = block;
  head.view = view;
  head.dataset = number;
  const RecordTimes times = times_of(view, feed_latency_, d.clock_offsets[view.header->strategy], d.last_recv);
  head.has_latency = times.has_latency;
  head.recv_is_assumed = times.recv_is_assumed;
  d.last_recv = head.recv = times.recv;
  head.happened = times.happened;
  head.is_late = (view.header->flags & journal::kFlagLate) != 0;
  d.has_head = true;
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

// One dataset keeps its own numbers. Of several each has its place as number; feeds beyond come behind these, in the
// order in which they are first seen.
std::uint16_t DatasetSource::feed_for(Dataset& d, const journal::RecordView& record) {
  const std::uint16_t theirs = record.header->strategy;
  if (datasets_.size() == 1) return theirs;
  if (theirs == 0) return static_cast<std::uint16_t>(d.head.dataset);
  const auto next = static_cast<std::uint16_t>(datasets_.size() + feeds_.size());
  return feeds_.try_emplace({d.head.dataset, theirs}, next).first->second;
}

bool DatasetSource::hand_out(Dataset& d, SourceRecord& record) {
  record = d.head;
  record.instrument = number_for(d, record.view);
  if (error_) return false;
  record.feed = feed_for(d, record.view);
  if (record.view.type() == RecordType::FEED_LATENCY)
    offsets_[record.feed] = {journal::read<schema::FeedLatency>(record.view).getClockOffset()};
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
  if (datasets_.front()->load_on_demand) {
    datasets_.front()->load_on_demand = false;
    load(*datasets_.front(), 0);
    if (error_) return false;
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
