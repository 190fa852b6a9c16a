#include "tools/diff/align.h"

#include <algorithm>
#include <cstring>

#include "journal/field_diff.h"
#include "tools/whole_run.h"

namespace reprise::tools {

using journal::RecordType;
using journal::RecordView;

namespace {

bool is_market(const RecordView& record) {
  switch (record.type()) {
    case RecordType::TRADE:
    case RecordType::BOOK_DELTA:
    case RecordType::BOOK_SNAPSHOT:
    case RecordType::BBO:
    case RecordType::MARKET_BAR:
    case RecordType::INSTRUMENT:
    case RecordType::INSTRUMENT_STATUS:
    case RecordType::LIQUIDATION_PRINT:
    case RecordType::FUNDING_SETTLEMENT:
    case RecordType::MARKET_METRIC: return true;
    case RecordType::MARK_PRICE: return !journal::read<schema::MarkPrice>(record).getIsFallback();
    default: return false;
  }
}

bool is_left_out(RecordType type) {
  return type == RecordType::RUN_START || type == RecordType::CONFIGURATION || type == RecordType::STATE_HASH;
}

// One journal: what stands in front of its next market record, and that record.
class RunSide {
 public:
  RunSide(WholeRun reader, const SeeRecord& see) : reader_(std::move(reader)), see_(see) {}

  // False when no market record is left; what stood before the end is in between() all the same.
  Result<bool> next(bool keep) {
    between_.clear();
    RecordView record;
    while (reader_.next(record)) {
      seq_ = record.seq;
      if (is_market(record)) {
        market_ = record;
        return true;
      }
      see_(record);
      if (keep && !is_left_out(record.type())) between_.emplace_back(record);
    }
    const Status status = reader_.status();
    if (!status.ok()) return status.error();
    return false;
  }

  void see_market() { see_(market_); }

  const std::vector<OwnedRecord>& between() const { return between_; }
  const RecordView& market() const { return market_; }
  journal::Seq seq() const { return seq_; }
  journal::Seq last_seq() const { return reader_.last_seq(); }

 private:
  WholeRun reader_;
  const SeeRecord& see_;
  std::vector<OwnedRecord> between_;
  RecordView market_;
  journal::Seq seq_ = 0;
};

bool same_market(const RecordView& a, const RecordView& b) {
  return a.type() == b.type() && a.header->instrument == b.header->instrument &&
         a.header->ts_event == b.header->ts_event && a.header->body_bytes == b.header->body_bytes &&
         std::memcmp(a.body(), b.body(), a.header->body_bytes) == 0;
}

std::optional<Parting> parting(const std::optional<OwnedRecord>& a, const std::optional<OwnedRecord>& b) {
  Parting found{a, b, "record", a ? "there" : "(none)", b ? "there" : "(none)"};
  if (!a || !b) return found;
  if (a->type() != b->type()) {
    found.field = "type";
    found.value_a = journal::name_of(a->type());
    found.value_b = journal::name_of(b->type());
    return found;
  }
  const auto difference = journal::first_difference(a->view(), b->view());
  if (!difference) return std::nullopt;
  found.field = difference->field;
  found.value_a = difference->a;
  found.value_b = difference->b;
  return found;
}

std::optional<Parting> compare(const std::vector<OwnedRecord>& a, const std::vector<OwnedRecord>& b) {
  for (std::size_t i = 0; i < a.size() || i < b.size(); ++i) {
    auto found =
        parting(i < a.size() ? std::optional(a[i]) : std::nullopt, i < b.size() ? std::optional(b[i]) : std::nullopt);
    if (found) return found;
  }
  return std::nullopt;
}

std::string place(const RecordView& record) {
  return "seq " + std::to_string(record.seq) + " " + journal::name_of(record.type());
}

}  // namespace

Result<AlignedRuns> align_runs(const std::string& path_a, const std::string& path_b, const SeeRecord& see_a,
                               const SeeRecord& see_b,
                               const std::function<bool(journal::Seq, journal::Seq)>& progress) {
  auto open_a = WholeRun::open(path_a, {path_b});
  if (!open_a) return open_a.error();
  auto open_b = WholeRun::open(path_b, {path_a});
  if (!open_b) return open_b.error();
  for (const auto& [run, path] : {std::pair(&*open_a, &path_a), std::pair(&*open_b, &path_b)}) {
    if (run->has_past()) continue;
    return usage_error(*path + " begins behind record " + std::to_string(run->first_seq() - 1) + " of run " +
                           run->manifest().parent_run_id + ", whose journal is not found",
                       "compare it with its parent, or put that where it was: " + run->manifest().origin);
  }
  RunSide a(std::move(open_a).value(), see_a);
  RunSide b(std::move(open_b).value(), see_b);
  AlignedRuns runs;
  while (true) {
    auto more_a = a.next(!runs.first);
    if (!more_a) return more_a.error();
    auto more_b = b.next(!runs.first);
    if (!more_b) return more_b.error();
    if (!runs.first && *more_a == *more_b) runs.first = compare(a.between(), b.between());
    if (!*more_a || !*more_b) {
      runs.a_ends_first = *more_b;
      runs.b_ends_first = *more_a;
      break;
    }
    if (!same_market(a.market(), b.market())) {
      return usage_error("the runs trade other markets: market record " + std::to_string(runs.market_records + 1) +
                             " is " + place(a.market()) + " in " + path_a + ", " + place(b.market()) + " in " + path_b,
                         "diff compares runs of one dataset");
    }
    a.see_market();
    b.see_market();
    ++runs.market_records;
    if ((runs.market_records & 0xFFFF) == 0 && !progress(a.seq(), a.last_seq())) return usage_error("interrupted");
  }
  if (runs.market_records == 0) return usage_error("there is no market record that both runs hold", "are these runs?");
  return runs;
}

}  // namespace reprise::tools
