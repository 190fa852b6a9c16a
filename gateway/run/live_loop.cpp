#include "gateway/run/live_loop.h"

#include <algorithm>
#include <utility>

#include "engine/execution/order_manager.h"
#include "engine/market/fixed.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"
#include "journal/journal_reader.h"

namespace reprise::gateway {

using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

namespace {
constexpr const char* kPrivateStream = "private stream";
}  // namespace

LiveLoop::LiveLoop(binance::RestClient& rest, const binance::SymbolTable& symbols, sim::RunSink& sink,
                   const Options& options, Events events)
    : rest_(rest),
      symbols_(symbols),
      sink_(sink),
      options_(options),
      events_(std::move(events)),
      seat_(sink),
      fail_safe_(options.fail_safe) {
  binance::OrderSession::Options orders = options_.orders;
  orders.run_tag = options_.run_tag;
  binance::OrderListener& order_listener = *this;
  binance::AccountListener& account_listener = *this;
  orders_ = std::make_unique<binance::OrderSession>(rest_, symbols_, orders, order_listener);
  account_ = std::make_unique<binance::AccountSession>(rest_, symbols_, *orders_, options_.account, account_listener);
}

LiveLoop::~LiveLoop() {
  for (const net::TimerId timer : {tick_timer_, lost_timer_, countdown_timer_, limit_timer_})
    rest_.wire().scheduler().cancel(timer);
}

UnixNanos LiveLoop::now() {
  return rest_.wire().clock();
}

UnixNanos LiveLoop::steady_now() {
  return {rest_.wire().scheduler().now()};
}

// ---------------------------------------------------------------------------------------- beginning

void LiveLoop::begin(const config::Config& config, const config::Entries& entries,
                     const journal::RecordBatch& declarations) {
  const UnixNanos start = now();
  tick_ns_ = config.run.tick_interval_ns;
  input(seat_.run_start(options_.run_tag, config.run.seed, start));
  input(seat_.configuration(entries, start));
  declarations.for_each(
      0, [&](const RecordView& given) { input(seat_.copy(seat_.arriving(*given.header, start), given)); });
}

Status LiveLoop::recover(const std::string& journal_path) {
  journal::ReaderOptions reading;
  reading.follow = true;  // the sink's writer holds the journal
  auto reader = journal::JournalReader::open(journal_path, reading);
  if (!reader) return reader.error();
  const journal::Seq kept = sink_.compared();
  RecordView record;
  while (reader->next(record) && record.seq <= kept) {
    if (record.header->is_output()) continue;
    seat_.arriving(*record.header, {record.header->ts_recv});
    if (record.type() == RecordType::OPERATOR_COMMAND) {
      const auto command = journal::read<schema::OperatorCommand>(record);
      fail_safe_.on_recorded(command.getAction(), command.getValue().cStr(), steady_now());
    }
    if (record.type() == RecordType::ORDER_REPORT) {
      const auto report = journal::read<schema::OrderReport>(record);
      if (report.getTradeId() != 0) orders_->know_trade(record.header->instrument, report.getTradeId());
    }
    // Compared with what stands there; behind the last record kept, what is missing of its step is made good. Commands
    // among it were never sent: their orders are asked for below.
    seat_.input({sink_.next_seq(), record.header});
    if (Status same = sink_.status(); !same) return same;
  }
  if (Status read = reader->status(); !read) return read;
  tick_ns_ = seat_.engine().config().run.tick_interval_ns;
  for (const engine::Order* order : seat_.engine().orders().open_orders()) orders_->adopt(*order);
  if (!seat_.engine().portfolio().wallet_balance().is_zero()) account_->expect_known_account();
  return sink_.commit();
}

void LiveLoop::start() {
  is_running_ = true;
  fail_safe_.on_stream_lost("the account has not been read yet", steady_now());
  next_snapshot_ = options_.snapshot_interval == 0 ? 0 : sink_.next_seq() - 1 + options_.snapshot_interval;
  account_->start();
  set_tick();
  // Soon for the first time: an order is not to stand unguarded for long.
  if (options_.countdown_every.ns > 0)
    countdown_timer_ = rest_.wire().scheduler().after(std::chrono::seconds(3), [this] { keep_countdown(); });
}

void LiveLoop::keep_countdown() {
  if (is_live()) orders_->arm_countdown(options_.countdown);
  countdown_timer_ =
      rest_.wire().scheduler().after(net::Duration(options_.countdown_every.ns), [this] { keep_countdown(); });
}

// ------------------------------------------------------------------------------------------- the loop

void LiveLoop::input(const RecordView& view) {
  if (has_failed_) return;
  const journal::RecordBatch& outputs = seat_.input(view);
  bool has_command = false;
  outputs.for_each(seat_.first_output(), [&](const RecordView& output) {
    has_command |= output.type() == RecordType::ORDER_COMMAND;
    if (output.type() != RecordType::ALERT) return;
    const auto alert = journal::read<schema::Alert>(output);
    if (alert.getLevel() == schema::AlertLevel::CRITICAL) on_notice(alert.getLevel(), alert.getText().cStr());
  });
  if (sink_.failed()) return fatal("the journal cannot be written: " + sink_.status().error().text());
  if (!has_command) return;
  // Nothing is sent that a restart would not know of.
  if (Status durable = sink_.commit(); !durable)
    return fatal("the journal cannot be written: " + durable.error().text());
  outputs.for_each(seat_.first_output(), [&](const RecordView& output) {
    if (output.type() != RecordType::ORDER_COMMAND) return;
    orders_->send(
        sim::Command::from_record(output.seq, output.header->instrument, journal::read<schema::OrderCommand>(output)));
  });
}

void LiveLoop::on_market(const journal::RecordBatch& records) {
  if (!is_running_) return;
  records.for_each(0, [&](const RecordView& given) {
    RecordHeader header = seat_.arriving(*given.header, {given.header->ts_recv});
    header.cause_delta = 0;
    header.flags = 0;
    input(seat_.copy(header, given));
  });
}

void LiveLoop::set_tick() {
  if (tick_ns_ <= 0) return;
  const UnixNanos at = now();
  const UnixNanos next{(at.ns / tick_ns_ + 1) * tick_ns_};
  tick_timer_ = rest_.wire().scheduler().after(net::Duration(next.ns - at.ns), [this] {
    tick_timer_ = 0;
    tick();
  });
}

void LiveLoop::tick() {
  if (!is_running_) return;
  look_at_fail_safe();
  // A clock that steps back gives no second tick of one time: engine time stands until it has caught up.
  const UnixNanos at{now().ns / tick_ns_ * tick_ns_};
  if (at.ns + tick_ns_ > seat_.time().ns)
    input(seat_.make<schema::ClockTick>(RecordType::CLOCK_TICK, std::max(at, seat_.time()),
                                        [](schema::ClockTick::Builder) {}));
  if (!sink_.failed()) {
    if (Status durable = sink_.commit(); !durable)
      return fatal("the journal cannot be written: " + durable.error().text());
    // On a tick, behind a whole step: orders do not wait for it.
    if (next_snapshot_ != 0 && sink_.next_seq() > next_snapshot_) {
      next_snapshot_ = sink_.next_seq() - 1 + options_.snapshot_interval;
      if (sink_.is_writing()) sink_.append_snapshot(seat_.snapshot());
    }
  }
  set_tick();
}

void LiveLoop::on_limit_use(const binance::LimitUse& use) {
  if (!is_running_ || use.rule.limit <= 0) return;
  // Every tenth of a limit is news, not every request.
  std::int64_t& told = told_tenths_[{use.rule.kind, use.rule.interval.ns}];
  const std::int64_t tenths = use.used * 10 / use.rule.limit;
  if (std::exchange(told, tenths) != tenths) note_limit({use, {}});
}

void LiveLoop::on_pause(const binance::RatePause& pause) {
  if (is_running_) note_limit({{}, pause});
}

// It may come while a command is being sent: it becomes an input behind that step.
void LiveLoop::note_limit(const LimitNote& note) {
  limit_notes_.push_back(note);
  if (limit_timer_ != 0) return;
  limit_timer_ = rest_.wire().scheduler().after({}, [this] {
    limit_timer_ = 0;
    for (const LimitNote& n : std::exchange(limit_notes_, {})) {
      if (!is_running_) return;
      const bool is_orders = n.use.rule.kind == binance::LimitKind::orders || n.pause.is_orders;
      input(seat_.make<schema::RateLimitState>(RecordType::RATE_LIMIT_STATE, now(),
                                               [&](schema::RateLimitState::Builder b) {
                                                 b.setInterval(n.use.rule.interval.ns);
                                                 b.setLimit(n.use.rule.limit);
                                                 b.setUsed(n.use.used);
                                                 b.setIsOrders(is_orders);
                                                 b.setBannedUntil(n.pause.until.ns);
                                               }));
      if (n.pause.is_ban)
        obey(fail_safe_.on_ban(steady_now() + (n.pause.until - rest_.venue_now()), n.pause.reason, steady_now()));
    }
  });
}

void LiveLoop::on_private_frame(std::string_view frame) {
  if (options_.keeps_raw) sink_.append_raw(now(), kPrivateStream, frame);
}

void LiveLoop::operate(schema::OperatorAction action, const std::string& text, const std::string& value) {
  if (action == schema::OperatorAction::RESUME) fail_safe_.on_resumed();
  input(seat_.operator_command(action, text, value, now()));
}

void LiveLoop::obey(const FailSafe::Commands& commands) {
  for (const FailSafe::Command& command : commands) {
    if (!is_running_) return;
    if (events_.on_notice)
      events_.on_notice(
          command.action == schema::OperatorAction::ALL_CLEAR ? schema::AlertLevel::INFO : schema::AlertLevel::CRITICAL,
          std::string("fail safe, ") + name_of(fail_safe_.stage()) + ": " + command.text);
    operate(command.action, command.text, command.value);
  }
}

void LiveLoop::tell_carried_state() {
  const std::optional<CarriedState> carried = std::exchange(carried_, std::nullopt);
  if (!carried) return;
  const std::string from = "from run " + carried->parent_run_id;
  const auto tell = [&](const char* key, engine::StrategyNo strategy, InstrumentNo instrument, std::int64_t e8) {
    input(seat_.carry_over(key, strategy, instrument, decimal_text(Money{e8}), from, now()));
  };
  tell("peak_equity", 0, 0, carried->peak_equity.e8);
  if (now().ns / kDay == carried->day && !carried->day_equity.is_zero())
    tell("day_equity", 0, 0, carried->day_equity.e8);
  const auto& strategies = seat_.engine().config().strategies;
  for (const CarriedState::Share& share : carried->shares) {
    const auto named = std::find_if(strategies.begin(), strategies.end(),
                                    [&](const config::StrategyConfig& s) { return s.name == share.strategy; });
    const Instrument* instrument = seat_.engine().instruments().find_symbol(share.symbol);
    if (named == strategies.end() || instrument == nullptr) {
      on_notice(schema::AlertLevel::WARNING, "a position of " + share.strategy + " in " + share.symbol +
                                                 " has no strategy in this run: it is left to you");
      continue;
    }
    tell("share", static_cast<engine::StrategyNo>(named - strategies.begin() + 1), instrument->number, share.qty.e8);
  }
  if (carried->is_halted) operate(schema::OperatorAction::HALT, from + ", which was halted by " + carried->halted_by);
}

void LiveLoop::tell_what_nobody_owns() {
  for (const engine::NetPosition& net : seat_.engine().portfolio().positions()) {
    const Qty left = seat_.engine().portfolio().strategy_position(0, net.instrument);
    const Instrument* instrument = seat_.engine().instruments().find(net.instrument);
    if (left.is_zero() || instrument == nullptr) continue;
    on_notice(schema::AlertLevel::WARNING, "the account holds " + decimal_text(left) + " " + instrument->symbol +
                                               " that no strategy of this run owns: it is left to you");
  }
}

void LiveLoop::look_at_fail_safe() {
  const auto& positions = seat_.engine().portfolio().positions();
  const bool holds_position = std::any_of(positions.begin(), positions.end(),
                                          [](const engine::NetPosition& net) { return !net.position.is_flat(); });
  obey(fail_safe_.on_time(holds_position, steady_now()));
}

void LiveLoop::finish(const std::string& reason) {
  if (!is_running_) return;
  is_running_ = false;
  for (net::TimerId* timer : {&tick_timer_, &lost_timer_, &countdown_timer_, &limit_timer_}) {
    rest_.wire().scheduler().cancel(*timer);
    *timer = 0;
  }
  account_->stop();
  input(seat_.run_end(reason, now()));
}

void LiveLoop::fatal(const std::string& text) {
  if (has_failed_) return;
  has_failed_ = true;
  if (events_.on_fatal) events_.on_fatal(text);
}

// ------------------------------------------------------------------------------------------- the venue

void LiveLoop::on_report(const sim::Report& report) {
  input(seat_.of_report(report, now()));
}

void LiveLoop::on_account_report(const sim::Report& report) {
  input(seat_.of_report(report, now()));
}

void LiveLoop::on_account_config(InstrumentNo instrument, const binance::ConfigEvent& event) {
  RecordHeader header = seat_.arriving({}, now());
  journal::RecordBatch batch;
  header.account = sim::kAccount;
  header.instrument = instrument;
  header.ts_event = event.time.ns;
  if (instrument == 0 && !event.has_multi_assets) return;  // of a contract that this run does not trade
  batch.append<schema::AccountConfig>(RecordType::ACCOUNT_CONFIG, header, [&](schema::AccountConfig::Builder b) {
    b.setLeverage(event.leverage);
    b.setMultiAssets(event.is_multi_assets);
    b.setMarginMode(seat_.engine().portfolio().margin_mode(instrument));
  });
  batch.for_each(sink_.next_seq(), [&](const RecordView& view) { input(view); });
}

void LiveLoop::feed_state(RecordType type, const std::string& detail) {
  const std::size_t words = 4 + (std::char_traits<char>::length(kPrivateStream) + 1 + detail.size()) / 8;
  const auto fill = [&](auto builder) {
    builder.setSource(kPrivateStream);
    builder.setDetail(detail);
  };
  input(type == RecordType::FEED_CONNECTED ? seat_.make<schema::FeedConnected>(type, now(), fill, words)
                                           : seat_.make<schema::FeedDisconnected>(type, now(), fill, words));
}

void LiveLoop::on_live() {
  rest_.wire().scheduler().cancel(lost_timer_);
  lost_timer_ = 0;
  feed_state(RecordType::FEED_CONNECTED, "reconciled");
  obey(fail_safe_.on_stream_back(steady_now()));
  tell_carried_state();
  if (std::exchange(is_first_live_, false)) tell_what_nobody_owns();
  if (events_.on_live) events_.on_live();
}

void LiveLoop::on_lost(const std::string& why) {
  feed_state(RecordType::FEED_DISCONNECTED, why);
  fail_safe_.on_stream_lost(why, steady_now());
  rest_.wire().scheduler().cancel(lost_timer_);
  lost_timer_ = rest_.wire().scheduler().after(net::Duration(options_.fail_safe.lost_grace.ns), [this] {
    lost_timer_ = 0;
    if (is_running_) look_at_fail_safe();
  });
}

void LiveLoop::on_notice(schema::AlertLevel level, const std::string& text) {
  if (events_.on_notice) events_.on_notice(level, text);
}

void LiveLoop::on_account_notice(schema::AlertLevel level, const std::string& text) {
  if (events_.on_notice) events_.on_notice(level, text);
}

void LiveLoop::on_unknown_fate(const std::string& text) {
  obey(fail_safe_.on_unknown_fate(text, steady_now()));
}

void LiveLoop::on_trouble(const binance::Judgement& judgement, const std::string& text) {
  obey(fail_safe_.on_answer(judgement, text, steady_now()));
}

}  // namespace reprise::gateway
