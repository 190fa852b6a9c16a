// What the parts of the benchmark share: size, place, materials, figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal_writer.h"
#include "journal/record_batch.h"
#include "journal/result.h"
#include "tests/bench/figures.h"
#include "tests/bench/measure.h"

namespace reprise::bench {

struct Size {
  std::uint64_t trades = 4'000'000;  // for append and scan
  std::uint64_t commits = 20'000;    // single records made durable
  std::uint64_t replay_records = 10'000'000;
  int repetitions = 3;
};
Size size_quick();
Size size_tiny();

struct Bench {
  Size size;
  std::string place;                   // scratch directory, on the disk that is to be measured
  std::string program;                 // the reprise binary, for peak memory
  std::optional<std::string> capture;  // raw capture of USD-M ETHUSDT, where there is one
  std::vector<Figure> figures;
  ResultHash hash;
  bool verbose = false;

  void say(const std::string& text) const;  // one line on standard error when verbose
};

std::int64_t clock_ns();
[[noreturn]] void fail(const Error& error);  // prints and exits with 2
template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error());
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) fail(status.error());
}

// Trades as a venue sends them: prices on a tick grid, sizes of few digits, ids and times that move on.
// `count` records from place `first` on; a pure function of the place.
void make_trades(journal::RecordBatch& batch, std::uint64_t first, std::uint64_t count);
inline constexpr std::uint64_t kTradesABatch = 4096;

// Appends a batch of the first hour as if it came `round` hours later: engine time never decreases.
void append_later(journal::JournalWriter& writer, const journal::RecordBatch& batch, std::uint64_t round);

// A journal of synthetic trades; returns its path.
std::string trades_journal(Bench& bench, const std::string& name, std::uint64_t count);
std::uint64_t decode_every_field(const journal::RecordView& record);  // a sum over all fields

// A dataset of the capture, or of a synthetic hour where there is none; made once.
struct Market {
  std::string dataset;
  std::string profile;  // trades it
  bool is_capture = false;
  std::uint64_t records = 0;
};
Market market_dataset(Bench& bench);
// The same market again and again, with times and ids moved on, until `records` are reached.
std::string repeated_dataset(Bench& bench, const Market& market, const std::string& name, std::uint64_t records);

void measure_journal(Bench& bench);  // append, bytes, durable append, scan
void measure_engine(Bench& bench);   // backtest, replay
void measure_import(Bench& bench);
void measure_time_travel(Bench& bench);  // moments, snapshots, branches
void measure_gateway(Bench& bench);      // sockets, depth messages, orders at the exchange
void measure_connections(Bench& bench);  // a thousand listeners, cut connections
void measure_memory(Bench& bench);

// callgrind: instructions a record of each path, against the kept figures.
int run_workload(const std::string& name, std::uint64_t records, Bench& bench);  // the inside, under valgrind
int measure_instructions(Bench& bench, const std::string& kept_file, bool check, bool update, bool json);

}  // namespace reprise::bench
