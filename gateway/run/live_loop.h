// A live run: what a venue says goes to the engine as it is received, what the engine commands goes to the venue, and
// all of it to the journal first.
//
// Begins with RunStart, Configuration and the declarations; the account's figures come with its first reconciliation;
// the market is given behind that (set on_live), so that no decision is made on an account that is not known. A command
// is sent when the journal has it durable. While the private stream is lost nothing is certain: the feed counts as
// disconnected, and after a grace the engine is told to reduce only; what else makes it careful: fail_safe.h.
//
// The rest is the engine's: no branch on the mode of a run exists in it. Single-threaded, on the wire's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/binance/account_session.h"
#include "gateway/binance/order_session.h"
#include "gateway/binance/rest_client.h"
#include "gateway/binance/symbol_table.h"
#include "gateway/run/carried_state.h"
#include "gateway/run/fail_safe.h"
#include "sim/engine_seat.h"
#include "sim/run_sink.h"

namespace reprise::gateway {

class LiveLoop final : private binance::OrderListener, private binance::AccountListener {
 public:
  struct Options {
    std::uint64_t run_tag = 0;
    FailSafe::Settings fail_safe;
    DurationNanos countdown = DurationNanos::seconds(120);  // the venue cancels our orders when we are silent so long
    DurationNanos countdown_every = DurationNanos::seconds(40);
    std::uint64_t snapshot_interval = 250'000;  // records; 0 = never
    bool keeps_raw = false;                     // frames of the private stream beside the records
    binance::OrderSession::Options orders;
    binance::AccountSession::Options account;
  };
  struct Events {  // all may be empty
    std::function<void()> on_live;
    std::function<void(schema::AlertLevel, const std::string& text)> on_notice;
    std::function<void(const std::string& text)> on_fatal;  // nothing more can be done: stop
  };

  LiveLoop(binance::RestClient& rest, const binance::SymbolTable& symbols, sim::RunSink& sink, const Options& options,
           Events events);
  ~LiveLoop() override;
  LiveLoop(const LiveLoop&) = delete;
  LiveLoop& operator=(const LiveLoop&) = delete;

  // A new run. `declarations`: Instrument and MarginTable records, numbered as the symbol table.
  void begin(const config::Config& config, const config::Entries& entries, const journal::RecordBatch& declarations);
  // The account that a run before left, told to the engine once its positions are known. Before start().
  void carry_over(CarriedState carried) { carried_ = std::move(carried); }
  // Or one that a process left: makes every step of the journal again (the sink compares) and takes up its orders.
  Status recover(const std::string& journal_path);
  // Then: the account, and ticks.
  void start();
  // Market and feed records; see MarketSource for their headers.
  void on_market(const journal::RecordBatch& records);
  // How much of a limit of the venue is used; or that it makes us wait.
  void on_limit_use(const binance::LimitUse& use);
  void on_pause(const binance::RatePause& pause);
  void operate(schema::OperatorAction action, const std::string& text, const std::string& value = {});
  // Orders that stand when the run has ended are to stay.
  void disarm_countdown() { orders_->arm_countdown({}); }
  // Ends in order: no more ticks and streams; the last record. Open orders are not touched: see operate().
  void finish(const std::string& reason);

  bool is_live() const { return account_ != nullptr && account_->is_live(); }
  engine::Engine& engine() { return seat_.engine(); }
  const sim::EngineSeat& seat() const { return seat_; }
  const binance::OrderSession& orders() const { return *orders_; }
  const binance::AccountSession& account() const { return *account_; }
  const FailSafe& fail_safe() const { return fail_safe_; }

 private:
  struct LimitNote {
    binance::LimitUse use;
    binance::RatePause pause;
  };
  void note_limit(const LimitNote& note);
  void input(const journal::RecordView& view);
  void tick();
  void set_tick();
  void feed_state(journal::RecordType type, const std::string& detail);
  UnixNanos now();
  UnixNanos steady_now();  // of a clock that does not step
  void tell_carried_state();
  void tell_what_nobody_owns();
  void keep_countdown();
  void obey(const FailSafe::Commands& commands);
  void look_at_fail_safe();
  void fatal(const std::string& text);

  void on_report(const sim::Report& report) override;
  void on_notice(schema::AlertLevel level, const std::string& text) override;
  void on_trouble(const binance::Judgement& judgement, const std::string& text) override;
  void on_unknown_fate(const std::string& text) override;
  void on_account_report(const sim::Report& report) override;
  void on_account_config(InstrumentNo instrument, const binance::ConfigEvent& event) override;
  void on_live() override;
  void on_lost(const std::string& why) override;
  void on_account_notice(schema::AlertLevel level, const std::string& text) override;
  void on_private_frame(std::string_view frame) override;

  binance::RestClient& rest_;
  const binance::SymbolTable& symbols_;
  sim::RunSink& sink_;
  const Options options_;
  Events events_;
  sim::EngineSeat seat_;
  std::unique_ptr<binance::OrderSession> orders_;
  std::unique_ptr<binance::AccountSession> account_;
  journal::Seq next_snapshot_ = 0;
  std::map<std::pair<binance::LimitKind, std::int64_t>, std::int64_t> told_tenths_;  // of each limit, by interval
  std::vector<LimitNote> limit_notes_;                                               // to become inputs
  std::int64_t tick_ns_ = 0;
  net::TimerId tick_timer_ = 0, lost_timer_ = 0, countdown_timer_ = 0, limit_timer_ = 0;
  FailSafe fail_safe_;
  std::optional<CarriedState> carried_;
  bool is_running_ = false;
  bool is_first_live_ = true;
  bool has_failed_ = false;
};

}  // namespace reprise::gateway
