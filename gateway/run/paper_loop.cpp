#include "gateway/run/paper_loop.h"

#include <algorithm>

namespace reprise::gateway {

PaperLoop::PaperLoop(binance::Wire& wire, sim::RunSink& sink, const Options& options,
                     std::function<void(const std::string&)> on_fatal)
    : wire_(wire), sink_(sink), options_(options), on_fatal_(std::move(on_fatal)) {}

PaperLoop::~PaperLoop() {
  wire_.scheduler().cancel(timer_);
}

void PaperLoop::begin(const config::Config& config, const config::Entries& entries,
                      const journal::RecordBatch& declarations) {
  horizon_ = wire_.clock();
  source_ = std::make_unique<sim::LiveSource>(horizon_, DurationNanos{config.venue.feed_latency_ns});
  source_->push(declarations);
  source_->set_horizon(horizon_);
  loop_ = std::make_unique<sim::RunLoop>(*source_, sink_);
  loop_->begin(config, entries, options_.run_tag);
  next_snapshot_ = options_.snapshot_interval;
  is_running_ = true;
  pump();
}

void PaperLoop::on_market(const journal::RecordBatch& records) {
  if (!is_running_) return;
  source_->push(records);
  loop_->look();
}

void PaperLoop::step_to(UnixNanos horizon) {
  // A clock that steps back makes us wait; steps that are made stay made.
  if (horizon <= horizon_) return;
  horizon_ = horizon;
  source_->set_horizon(horizon);
  while (!sink_.failed() && loop_->next_time() <= horizon && loop_->step()) {
    if (next_snapshot_ != 0 && sink_.next_seq() > next_snapshot_) {
      next_snapshot_ = sink_.next_seq() - 1 + options_.snapshot_interval;
      if (sink_.is_writing()) sink_.append_snapshot(loop_->snapshot());
    }
  }
}

void PaperLoop::pump() {
  timer_ = 0;
  step_to(wire_.clock() - options_.delay);
  if (sink_.failed()) {
    is_running_ = false;
    return on_fatal_("the journal cannot be written: " + sink_.status().error().text());
  }
  timer_ = wire_.scheduler().after(net::Duration(options_.pace.ns), [this] { pump(); });
}

void PaperLoop::operate(schema::OperatorAction action, const std::string& text, const std::string& value) {
  if (is_running_) loop_->operate(action, text, value);
}

void PaperLoop::finish(const std::string& reason) {
  if (!is_running_) return;
  is_running_ = false;
  wire_.scheduler().cancel(timer_);
  timer_ = 0;
  source_->end();
  loop_->look();
  while (!sink_.failed() && loop_->step()) {
  }
  loop_->finish(reason);
}

}  // namespace reprise::gateway
