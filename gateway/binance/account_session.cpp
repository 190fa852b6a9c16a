#include "gateway/binance/account_session.h"

#include "gateway/binance/account_form.h"
#include "gateway/binance/json_text.h"

namespace reprise::gateway::binance {

AccountSession::AccountSession(RestClient& rest, const SymbolTable& symbols, OrderSession& orders,
                               const Options& options, AccountListener& listener)
    : rest_(rest),
      symbols_(symbols),
      orders_(orders),
      options_(options),
      listener_(listener),
      merge_(rest.wire().scheduler(), symbols, options.merge,
             [this](const sim::Report& report) { listener_.on_account_report(report); }),
      backoff_(options.first_pause, options.longest_pause, options.seed, 0xacc0) {}

AccountSession::~AccountSession() {
  *alive_ = false;
  stop();
}

net::TimerId AccountSession::after(net::Duration pause, void (AccountSession::*what)()) {
  return rest_.wire().scheduler().after(pause, [this, alive = alive_, what] {
    if (*alive) (this->*what)();
  });
}

void AccountSession::cancel_timers() {
  for (net::TimerId* timer : {&retry_timer_, &keep_timer_, &life_timer_, &reconcile_timer_}) {
    rest_.wire().scheduler().cancel(*timer);
    *timer = 0;
  }
}

void AccountSession::start() {
  if (state_ == State::stopped) connect();
}

void AccountSession::stop() {
  state_ = State::stopped;
  ++generation_;
  cancel_timers();
  socket_.reset();
  old_socket_.reset();
  is_reconciling_ = false;
  waiting_.clear();
}

void AccountSession::connect() {
  retry_timer_ = 0;
  state_ = State::connecting;
  const std::uint64_t generation = ++generation_;
  rest_.send(new_listen_key(), [this, alive = alive_, generation](const Answer& answer) {
    if (!*alive || generation != generation_) return;
    if (!answer.is_ok) return lose("no listenKey: " + answer.told());
    json::Document document;
    document.Parse<json::kParseFlags>(answer.body.data(), answer.body.size());
    const std::string key = document.HasParseError() ? std::string() : std::string(json::text(document, "listenKey"));
    if (key.empty()) return lose("the venue's answer holds no listenKey");
    open(key);
  });
}

void AccountSession::open(const std::string& key) {
  auto socket = rest_.wire().open(Host::streams, "/private/ws/" + key, *this);
  if (!socket) return lose(socket.error().message);
  socket_ = std::move(socket).value();
}

void AccountSession::on_open() {
  ++connections_;
  waiting_.clear();
  state_ = State::reconciling;
  keep_timer_ = after(options_.keep_alive, &AccountSession::keep_alive);
  life_timer_ = rest_.wire().scheduler().after(options_.longest_life, [this, alive = alive_] {
    if (*alive) lose("the connection's day is over");
  });
  begin_reconciliation();
}

void AccountSession::on_end(const net::WebsocketEnd& end) {
  if (socket_ == nullptr) return;  // given up already
  lose("the private stream ended: " + (end.text.empty() ? std::string("no reason given") : end.text));
}

// With what is left of the connection given up, everything begins anew after a pause.
void AccountSession::lose(const std::string& why) {
  if (state_ == State::stopped) return;
  const bool was_up = state_ == State::live || state_ == State::reconciling;
  ++generation_;
  cancel_timers();
  // We may be within its callback: it goes when that is over.
  old_socket_ = std::move(socket_);
  rest_.wire().scheduler().post([this, alive = alive_] {
    if (*alive) old_socket_.reset();
  });
  is_reconciling_ = false;
  merge_.flush();
  // What the stream had said already is true; what it had not said is found by the next reconciliation.
  std::vector<UserEvent> waiting;
  waiting.swap(waiting_);
  state_ = State::waiting;
  for (const UserEvent& event : waiting) take(event);
  if (was_up) listener_.on_lost(why);
  listener_.on_account_notice(schema::AlertLevel::WARNING, why + "; trying again");
  retry_timer_ = rest_.wire().scheduler().after(net::Duration(backoff_.next().ns), [this, alive = alive_] {
    if (*alive) connect();
  });
}

void AccountSession::keep_alive() {
  keep_timer_ = after(options_.keep_alive, &AccountSession::keep_alive);
  const std::uint64_t generation = generation_;
  rest_.send(keep_listen_key(), [this, alive = alive_, generation](const Answer& answer) {
    if (!*alive || generation != generation_ || answer.is_ok) return;
    if (answer.code == -1125) return lose("the listenKey is gone");
    listener_.on_account_notice(schema::AlertLevel::WARNING, "the listenKey was not kept alive: " + answer.told());
    rest_.wire().scheduler().cancel(keep_timer_);  // there is time for some more attempts before it expires
    keep_timer_ = after(options_.keep_alive / 10, &AccountSession::keep_alive);
  });
}

void AccountSession::on_text(std::string_view text) {
  if (socket_ == nullptr) return;  // of a connection that was given up
  listener_.on_private_frame(text);
  UserEvent event;
  if (Status parsed = parse_user_event(text, event); !parsed) {
    ++bad_frames_;
    listener_.on_account_notice(schema::AlertLevel::CRITICAL,
                                "a user event cannot be read: " + parsed.error().message + "; reconciling");
    return reconcile();
  }
  if (event.kind == UserEventKind::none) return;
  if (event.kind == UserEventKind::listen_key_expired) return lose("the listenKey expired");
  if (state_ == State::live) return take(event);
  if (waiting_.size() >= options_.most_waiting) return lose("too many events while reconciling");
  waiting_.push_back(std::move(event));
}

void AccountSession::take(const UserEvent& event) {
  switch (event.kind) {
    case UserEventKind::order: merge_.before(event.order); return orders_.on_event(event.order);
    case UserEventKind::account: return merge_.take(event.account);
    case UserEventKind::margin_call: return merge_.take(event.margin_call);
    case UserEventKind::config: return listener_.on_account_config(symbols_.find(event.config.symbol), event.config);
    case UserEventKind::listen_key_expired:
    case UserEventKind::none: return;
  }
}

// ------------------------------------------------------------------------------------- reconciliation

void AccountSession::reconcile() {
  if (state_ != State::live || is_reconciling_) return;
  begin_reconciliation();
}

void AccountSession::begin_reconciliation() {
  rest_.wire().scheduler().cancel(reconcile_timer_);
  reconcile_timer_ = 0;
  is_reconciling_ = true;
  const std::uint64_t generation = generation_;
  orders_.reconcile([this, alive = alive_, generation](bool ok) {
    if (!*alive || generation != generation_) return;
    if (!ok) return end_reconciliation(false);
    read_next_trades(1);
  });
}

void AccountSession::read_next_trades(std::size_t place) {
  if (place > symbols_.size()) return read_balances();
  const std::uint64_t generation = generation_;
  orders_.read_trades(static_cast<InstrumentNo>(place), [this, alive = alive_, generation, place](bool ok) {
    if (!*alive || generation != generation_) return;
    if (!ok) return end_reconciliation(false);
    read_next_trades(place + 1);
  });
}

void AccountSession::read_balances() {
  const std::uint64_t generation = generation_;
  rest_.send(balances(), [this, alive = alive_, generation](const Answer& answer) {
    if (!*alive || generation != generation_) return;
    Result<std::vector<BalanceView>> list = answer.is_ok ? parse_balances(answer.body) : io_error(answer.told());
    if (!list) {
      listener_.on_account_notice(schema::AlertLevel::WARNING, "balances: " + list.error().message);
      return end_reconciliation(false);
    }
    for (BalanceView& balance : *list) {
      if (balance.time.ns == 0) balance.time = answer.sent + rest_.clock_offset();
      if (is_first_balance_) balance.change = balance.wallet;
      // The first word of the account brings the money; later ones are compared with what we have.
      merge_.state(balance,
                   is_first_balance_ ? schema::BalanceChangeReason::DEPOSIT : schema::BalanceChangeReason::ORDER);
    }
    is_first_balance_ = false;
    read_positions();
  });
}

void AccountSession::read_positions() {
  const std::uint64_t generation = generation_;
  rest_.send(position_risk(), [this, alive = alive_, generation](const Answer& answer) {
    if (!*alive || generation != generation_) return;
    Result<std::vector<PositionView>> list = answer.is_ok ? parse_positions(answer.body) : io_error(answer.told());
    if (!list) {
      listener_.on_account_notice(schema::AlertLevel::WARNING, "positions: " + list.error().message);
      return end_reconciliation(false);
    }
    const UnixNanos asked = answer.sent + rest_.clock_offset();
    for (std::size_t n = 1; n <= symbols_.size(); ++n) {
      const std::string& symbol = symbols_.symbol(static_cast<InstrumentNo>(n));
      PositionView flat;  // what is not listed is flat
      flat.symbol = symbol;
      flat.time = asked;
      const PositionView* told = &flat;
      for (PositionView& position : *list) {
        if (position.symbol != symbol || position.side != schema::PositionSide::BOTH) continue;
        if (position.time.ns == 0) position.time = asked;
        told = &position;
      }
      merge_.state(*told);
    }
    end_reconciliation(true);
  });
}

void AccountSession::end_reconciliation(bool ok) {
  is_reconciling_ = false;
  if (!ok) {
    // One of those from time to time is tried again soon. A stream that is silent while nobody answers is no stream.
    if (state_ == State::live && ++failed_reconciliations_ < options_.most_failures) {
      reconcile_timer_ = after(options_.reconcile_again, &AccountSession::begin_reconciliation);
      return;
    }
    return lose("the account could not be read");
  }
  ++reconciliations_;
  failed_reconciliations_ = 0;
  reconcile_timer_ = after(options_.reconcile_every, &AccountSession::begin_reconciliation);
  if (state_ == State::live) return;
  std::vector<UserEvent> waiting;
  waiting.swap(waiting_);
  state_ = State::live;
  for (const UserEvent& event : waiting) take(event);
  backoff_.reset();
  listener_.on_live();
}

}  // namespace reprise::gateway::binance
