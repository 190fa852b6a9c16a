// A paper run: a live market, the simulated venue, and the loop of a backtest, some way behind the clock.
//
// The venue has to see what happened before the engine sees what was received, so steps are made up to now less `delay`
// (sim/live_source.h); decisions, latencies and fills are those of a backtest over the same market, to the byte, and
// the journal serves as dataset and as parent of branches like any backtest's. Only when they are shown differs.
// Single-threaded, on the wire's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.h"
#include "gateway/binance/wire.h"
#include "sim/live_source.h"
#include "sim/run_loop.h"
#include "sim/run_sink.h"

namespace reprise::gateway {

class PaperLoop {
 public:
  struct Options {
    std::uint64_t run_tag = 0;
    DurationNanos delay = DurationNanos::millis(250);
    DurationNanos pace = DurationNanos::millis(20);  // between two looks at the clock
    std::uint64_t snapshot_interval = 250'000;       // records
  };
  // `on_fatal`: the journal cannot be written; nothing more is done then.
  PaperLoop(binance::Wire& wire, sim::RunSink& sink, const Options& options,
            std::function<void(const std::string&)> on_fatal);
  ~PaperLoop();
  PaperLoop(const PaperLoop&) = delete;
  PaperLoop& operator=(const PaperLoop&) = delete;

  // `declarations`: Instrument and MarginTable records.
  void begin(const config::Config& config, const config::Entries& entries, const journal::RecordBatch& declarations);
  void on_market(const journal::RecordBatch& records);
  void operate(schema::OperatorAction action, const std::string& text, const std::string& value = {});
  // Makes the steps up to the last record received, and the last record of the run.
  void finish(const std::string& reason);

  sim::RunLoop& loop() { return *loop_; }
  std::uint64_t late_records() const { return source_->late(); }

 private:
  void pump();
  void step_to(UnixNanos horizon);

  binance::Wire& wire_;
  sim::RunSink& sink_;
  const Options options_;
  std::function<void(const std::string&)> on_fatal_;
  std::unique_ptr<sim::LiveSource> source_;
  std::unique_ptr<sim::RunLoop> loop_;
  UnixNanos horizon_;
  journal::Seq next_snapshot_ = 0;
  net::TimerId timer_ = 0;
  bool is_running_ = false;
};

}  // namespace reprise::gateway
