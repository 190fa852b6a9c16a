// Replay: recompute every output of a journal from its inputs and compare it, byte for byte, with what
// was recorded.
//
// Inputs are read from the journal and given to a fresh engine; the records that it makes for an input
// must be the very bytes (header and body) of the recorded outputs behind that input. A missing and an extra
// output are divergences too. The journal of a crashed process may end in the middle of the outputs of its
// last input: that tail is compared as far as it goes.
//
// With `from` the engine begins behind the nearest snapshot in front of it (take_up.h), so that a part of a long day
// costs what the part costs; outputs are compared from there on.
//
// Overrides replace entries of the Configuration record before the engine sees it (replay --set); the
// journal is never changed, and the digest reported is that of the recorded records.
//
// One thread besides the journal's own read-ahead. Errors are those of reading; a divergence is not an error.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "journal/journal_reader.h"

namespace reprise::engine {

struct ReplayProgress {
  journal::Seq seq = 0;
  journal::Seq last_seq = 0;
  std::int64_t engine_time = 0;
};

struct ReplayOptions {
  // key -> value text, as in config::Entries. Keys that the configuration does not have are an error.
  std::vector<std::pair<std::string, std::string>> overrides;
  bool stop_at_first_divergence = true;  // false: count them all; only the first one is described
  // What is to be compared begins with the record from_seq, or with the first one at or after from_time.
  journal::Seq from_seq = 0;   // 0 = the journal's beginning
  std::int64_t from_time = 0;  // 0 = the journal's beginning
  // Where to stop: behind the last record with seq <= until_seq and engine time <= until_time. An input
  // and its outputs are one step: the engine stands behind the whole input that contains the limit.
  journal::Seq until_seq = 0;                           // 0 = the end
  std::int64_t until_time = 0;                          // 0 = the end
  std::uint64_t progress_interval = 1u << 16;           // records
  std::function<bool(const ReplayProgress&)> progress;  // false: stop here (the verdict covers what was seen)
};

struct Divergence {
  journal::Seq seq = 0;
  journal::RecordType type = journal::RecordType::NONE;
  std::uint32_t instrument = 0;
  std::int64_t engine_time = 0;
  std::string
      field;  // as journal/field_diff.h names it: "ts_engine", "checks[3].value"; "record" when one side has none
  std::string recorded;  // value as text; "(none)" when the record is missing
  std::string replayed;
  std::vector<std::string> causes;  // nearest first: "seq 1042 sizing: qty 0.012 ..."
};

struct ReplayReport {
  bool identical = false;
  bool complete = true;           // false: stopped by a limit, by progress, or at a divergence
  journal::Digest digest;         // of the records read, meaningful when complete
  journal::Seq begun_behind = 0;  // the record whose snapshot replay began with; 0 = the journal's beginning
  std::uint64_t records = 0;      // read; so are the counts below
  std::uint64_t inputs = 0;
  std::uint64_t outputs = 0;
  std::uint64_t divergences = 0;  // outputs that differ, are missing or are extra
  std::uint64_t cut_outputs = 0;  // outputs that the crashed journal lost behind its last input
  std::array<std::uint64_t, journal::kRecordTypeCount> by_type{};
  std::optional<Divergence> first_divergence;
  std::uint32_t recorded_engine_version = 0;  // from the manifest; compare with kEngineVersion
  std::string note;  // worth telling before the verdict (other engine version, schema), may be empty
};

// Whatever is a pure function of a journal's inputs, as the engine is.
class Recomputed {
 public:
  virtual ~Recomputed() = default;
  // `out` is empty; the outputs stand directly behind input.seq.
  virtual void on(const journal::RecordView& input, journal::RecordBatch& out) = 0;
};

class Replayer {
 public:
  static Result<Replayer> open(const std::string& path, ReplayOptions options = {});
  // With something else in place of the engine; from the beginning, and under the settings recorded.
  static Result<Replayer> open(const std::string& path, ReplayOptions options, std::unique_ptr<Recomputed> instead);
  Replayer(Replayer&&) noexcept;
  Replayer& operator=(Replayer&&) noexcept;
  ~Replayer();

  Result<ReplayReport> run();
  const journal::Manifest& manifest() const;
  bool has_engine() const;          // false: something else was recomputed
  Engine& engine();                 // as it stands where run() stopped
  journal::Seq stopped_at() const;  // seq of the last record that the engine's state contains

 private:
  struct Impl;
  explicit Replayer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::engine
