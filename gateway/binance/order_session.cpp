#include "gateway/binance/order_session.h"

#include <algorithm>

#include "gateway/binance/account_form.h"
#include "gateway/binance/client_order_id.h"
#include "gateway/binance/order_form.h"

namespace reprise::gateway::binance {

namespace {

constexpr std::int32_t kUnknownOrder = -2011;
constexpr std::int32_t kDuplicateId = -4116;
constexpr std::uint32_t kMostCancelAttempts = 20;
// How far the measured clock offset may be wrong, and a request may linger in the venue's own queue.
constexpr DurationNanos kWindowMargin = DurationNanos::millis(500);
constexpr std::uint32_t kTradePage = 1000;
constexpr DurationNanos kReadBefore = DurationNanos::seconds(5);  // trades: from so long before the order was placed

OrderForm form_of(const sim::Command& c, const std::string& symbol, const std::string& client_id) {
  OrderForm form;
  form.symbol = symbol;
  form.side = c.side;
  form.type = c.type;
  form.time_in_force = c.time_in_force;
  form.qty = c.qty;
  form.price = c.price;
  form.reduce_only = c.reduce_only;
  form.close_position = c.close_position;
  form.client_id = client_id;
  form.stp_mode = c.stp_mode;
  form.good_till = c.good_till;
  form.trigger_price = c.trigger_price;
  form.trigger_source = c.trigger_source;
  form.activation_price = c.activation_price;
  form.callback_rate = c.callback_rate;
  return form;
}

}  // namespace

const char* name_of(OrderPhase phase) {
  switch (phase) {
    case OrderPhase::sending: return "sending";
    case OrderPhase::unknown: return "unknown";
    case OrderPhase::working: return "working";
    case OrderPhase::closed: return "closed";
  }
  return "?";
}

OrderSession::OrderSession(RestClient& rest, const SymbolTable& symbols, const Options& options,
                           OrderListener& listener)
    : rest_(rest),
      symbols_(symbols),
      options_(options),
      listener_(listener),
      backoff_(options.first_pause, options.longest_pause, options.seed, 0x0de5) {}

OrderSession::~OrderSession() {
  *alive_ = false;
  for (auto& [seq, order] : orders_) stop_timer(order);
}

OrderSession::Tracked* OrderSession::find(Seq order_id) {
  const auto found = orders_.find(order_id);
  return found == orders_.end() ? nullptr : &found->second;
}

void OrderSession::stop_timer(Tracked& order) {
  rest_.wire().scheduler().cancel(order.timer);
  order.timer = 0;
}

// One timer an order: a later call takes the place of the one before.
void OrderSession::after(Tracked& order, DurationNanos pause, std::function<void(Tracked&)> what) {
  stop_timer(order);
  order.timer =
      rest_.wire().scheduler().after(net::Duration(pause.ns), [this, seq = order.submit.seq, what = std::move(what)] {
        Tracked* found = find(seq);
        if (found == nullptr) return;
        found->timer = 0;
        what(*found);
      });
}

// ------------------------------------------------------------------------------------------- commands

void OrderSession::send(const sim::Command& command) {
  switch (command.kind) {
    case schema::CommandKind::SUBMIT: {
      ++counts_.submits;
      Tracked& order = orders_[command.seq];
      order.submit = command;
      order.symbol = symbols_.symbol(command.instrument);
      order.client_id = client_order_id(options_.run_tag, command.seq);
      order.is_algo = is_algo(command.type);
      place(order);
      return;
    }
    case schema::CommandKind::CANCEL: {
      ++counts_.cancels;
      Tracked* order = find(command.order_id);
      if (order == nullptr) {
        sim::Report report;
        report.type = journal::RecordType::ORDER_REPORT;
        report.time = rest_.venue_now();
        report.instrument = command.instrument;
        report.order.order_id = command.order_id;
        report.order.kind = schema::ReportKind::CANCEL_REJECTED;
        report.order.command_seq = command.seq;
        report.order.error = static_cast<sim::VenueError>(kUnknownOrder);
        rest_.wire().scheduler().post([this, alive = alive_, report] {
          if (*alive) listener_.on_report(report);
        });
        return;
      }
      // A cancel that is still being tried goes on being counted: that it never succeeds has to be told.
      if (order->cancel == 0) order->cancel_attempts = 0;
      order->cancel = command.seq;
      take_up(*order);
      return;
    }
    case schema::CommandKind::MODIFY: {
      ++counts_.modifies;
      Tracked* order = find(command.order_id);
      if (order == nullptr) return;
      order->modify = command.seq;
      order->modify_qty = command.qty;
      order->modify_price = command.price;
      order->is_modify_unknown = false;
      take_up(*order);
      return;
    }
    case schema::CommandKind::CANCEL_ALL:
      for (auto& [seq, order] : orders_) {
        if (order.submit.instrument != command.instrument || order.phase == OrderPhase::closed) continue;
        if (order.cancel == 0) order.cancel = command.seq;
        take_up(order);
      }
      return;
    case schema::CommandKind::NONE: return;
  }
}

// The command leaves at once; what the listener is told of it comes behind this call.
void OrderSession::take_up(Tracked& order) {
  if (order.phase != OrderPhase::closed) return go_on(order);
  rest_.wire().scheduler().post([this, alive = alive_, seq = order.submit.seq] {
    if (!*alive) return;
    if (Tracked* found = find(seq)) go_on(*found);
  });
}

void OrderSession::place(Tracked& order) {
  const OrderForm form = form_of(order.submit, order.symbol, order.client_id);
  Result<VenueRequest> request = order.is_algo ? new_algo_order(form) : new_order(form);
  const Seq seq = order.submit.seq;
  if (!request) {  // a defect of ours, found before the venue does
    notice(schema::AlertLevel::CRITICAL, "order " + std::to_string(seq) + ": " + request.error().message);
    rest_.wire().scheduler().post([this, alive = alive_, seq, text = request.error().message] {
      if (!*alive) return;
      Tracked* found = find(seq);
      if (found == nullptr) return;
      sim::Report report = report_of(*found, schema::ReportKind::REJECTED, rest_.venue_now());
      report.order.error = static_cast<sim::VenueError>(-1102);
      close(*found, VenueStatus::rejected);
      listener_.on_report(report);
    });
    return;
  }
  order.phase = OrderPhase::sending;
  ++counts_.requests;
  order.last_placed = rest_.venue_now();
  if (order.first_placed.ns == 0) order.first_placed = order.last_placed;
  rest_.send(*request, [this, alive = alive_, seq](const Answer& answer) {
    if (!*alive) return;
    if (Tracked* found = find(seq)) on_placed(*found, answer);
    if (*alive) trouble("order", seq, answer);
  });
}

void OrderSession::on_placed(Tracked& order, const Answer& answer) {
  // Signed when it left, which may be later than when it was given to the client.
  if (answer.sent.ns != 0) order.last_placed = std::max(order.last_placed, answer.sent + rest_.clock_offset());
  if (order.phase == OrderPhase::closed) return;  // its end was told by an event that overtook the answer
  if (answer.is_ok) {
    Result<OrderView> view = parse_order(answer.body);
    if (!view) return be_unknown(order, 0, "placed, but the answer cannot be read: " + view.error().message);
    order.venue_id = order.venue_id == 0 ? view->venue_id : order.venue_id;
    if (!order.is_algo) by_venue_id_[view->venue_id] = order.submit.seq;
    tell_accepted(order, *view);
    // An answer of kind RESULT may tell an end that the stream tells too; executions come from there.
    return go_on(order);
  }
  if (order.is_told_accepted) return go_on(order);  // it stands: an event said so
  switch (answer.judgement.fate) {
    case Fate::accepted: return be_unknown(order, answer.code.value_or(0), answer.told());  // -4116: the first one
    case Fate::unknown: return be_unknown(order, answer.code.value_or(kTimeout), answer.told());
    case Fate::failed_resendable:
      if (order.cancel == 0 && order.resends < options_.most_resends) {
        ++order.resends;
        ++counts_.resends;
        notice(schema::AlertLevel::WARNING, "order " + std::to_string(order.submit.seq) + " was not processed (" +
                                                answer.told() + "): sent again under its id, attempt " +
                                                std::to_string(order.resends + 1));
        return after(order, backoff_.pause(order.resends - 1), [this](Tracked& o) {
          if (o.phase != OrderPhase::sending) return;
          if (o.cancel == 0) return place(o);
          // A cancel came while it waited: nothing of it stands, so it ends here.
          sim::Report report = report_of(o, schema::ReportKind::CANCELED, rest_.venue_now());
          report.order.command_seq = o.cancel;
          close(o, VenueStatus::canceled);
          listener_.on_report(report);
        });
      }
      break;
    case Fate::not_accepted: break;
  }
  if (answer.judgement.reaction == Reaction::resync_clock) rest_.measure_clock(5, [](bool, const std::string&) {});
  sim::Report report = report_of(order, schema::ReportKind::REJECTED, rest_.venue_now());
  report.order.error = static_cast<sim::VenueError>(answer.code.value_or(-1000));
  const std::string text = "order " + std::to_string(order.submit.seq) + " refused: " + answer.told();
  if (order.cancel != 0) refuse_cancel(order, kUnknownOrder);
  close(order, VenueStatus::rejected);
  listener_.on_report(report);
  notice(answer.judgement.alert, text);
}

// ------------------------------------------------------------------------------------- unknown fate

void OrderSession::be_unknown(Tracked& order, std::int32_t code, const std::string& why) {
  if (order.phase == OrderPhase::closed) return;
  const bool is_news = order.phase != OrderPhase::unknown;
  order.phase = OrderPhase::unknown;
  order.attempts = 0;
  if (is_news) {
    ++counts_.unknown_fates;
    notice(schema::AlertLevel::WARNING,
           "order " + std::to_string(order.submit.seq) + ": its fate is unknown (" + why + "): the venue is asked");
    sim::Report report = report_of(order, schema::ReportKind::UNKNOWN, rest_.venue_now());
    report.order.error = static_cast<sim::VenueError>(code);
    const Seq seq = order.submit.seq;
    listener_.on_report(report);
    listener_.on_unknown_fate("order " + std::to_string(seq) + ": " + why);
    Tracked* const still = find(seq);
    if (still != nullptr && still->phase != OrderPhase::closed) ask(*still);
    return;
  }
  ask(order);
}

void OrderSession::ask_later(Tracked& order) {
  after(order, backoff_.pause(order.attempts++), [this](Tracked& o) {
    if (o.phase != OrderPhase::closed) ask(o);
  });
}

void OrderSession::ask(Tracked& order) {
  if (order.is_asking) return;
  OrderRef ref{order.symbol, 0, order.client_id};
  // What a conditional order became is asked for by its own id.
  const bool is_child = order.is_algo && order.actual_id != 0;
  if (is_child) ref = {order.symbol, order.actual_id, {}};
  Result<VenueRequest> request = order.is_algo && !is_child ? query_algo_order(ref) : binance::query_order(ref);
  REPRISE_ASSERT(request.ok(), "a query by client id is always well-formed");
  order.is_asking = true;
  ++counts_.questions;
  rest_.send(*request, [this, alive = alive_, seq = order.submit.seq](const Answer& answer) {
    if (!*alive) return;
    if (Tracked* found = find(seq)) {
      found->is_asking = false;
      on_asked(*found, answer);
    }
    if (*alive) trouble("question about order", seq, answer);
  });
}

void OrderSession::on_asked(Tracked& order, const Answer& answer) {
  if (order.phase == OrderPhase::closed) return;
  if (answer.is_ok) {
    Result<OrderView> view = parse_order(answer.body);
    if (!view) {
      notice(schema::AlertLevel::WARNING, "order " + std::to_string(order.submit.seq) + ": " + view.error().message);
      return ask_later(order);
    }
    return settle(order, *view);
  }
  if (answer.code != kNoSuchOrder) return ask_later(order);
  const UnixNanos last_arrival = order.last_placed + DurationNanos::millis(options_.recv_window_millis) + kWindowMargin;
  const UnixNanos asked = answer.sent + rest_.clock_offset();
  if (!(asked > last_arrival)) return ask_later(order);  // it may still be on its way
  if (order.most_qty > order.cum_qty) return find_executions(order);
  if (order.is_told_accepted) {
    // It stood there and left no trace: cancelled without an execution, and forgotten.
    return tell_gone(order);
  }
  notice(schema::AlertLevel::INFO,
         "order " + std::to_string(order.submit.seq) + " never reached the venue, and no longer can");
  sim::Report report = report_of(order, schema::ReportKind::STATUS_SNAPSHOT, rest_.venue_now());
  report.order.error = static_cast<sim::VenueError>(kNoSuchOrder);
  if (order.cancel != 0) refuse_cancel(order, kUnknownOrder);
  close(order, VenueStatus::rejected);
  listener_.on_report(report);
}

void OrderSession::settle(Tracked& order, const OrderView& view) {
  if (order.venue_id == 0 && !(order.is_algo && !view.is_algo)) order.venue_id = view.venue_id;
  if (!view.is_algo) by_venue_id_[view.venue_id] = order.submit.seq;
  if (order.is_algo && view.is_algo) {
    merge_algo(order, view);
    if (order.phase == OrderPhase::closed) return;
    // Triggered: what it became says the rest.
    if (order.actual_id != 0) return ask(order);
    if (is_working(view.status)) {
      if (order.phase == OrderPhase::unknown) order.phase = OrderPhase::working;
      go_on(order);
    }
    return;
  }
  order.most_qty = std::max(order.most_qty, view.cum_qty);
  if (view.cum_qty < order.cum_qty && is_working(view.status)) return ask_later(order);  // older than what we know
  if (view.cum_qty > order.cum_qty) {  // executions that nobody told: on the terms that the venue has
    if (order.modify == 0 || order.is_modify_unknown) (void)take_terms(order, view);
    return find_executions(order);
  }
  if (!is_working(view.status)) return tell_end(order, view);
  if (!order.is_told_accepted) tell_accepted(order, view);
  if (order.modify != 0 && order.is_modify_unknown) {
    const UnixNanos last_arrival =
        order.modify_sent + DurationNanos::millis(options_.recv_window_millis) + kWindowMargin;
    if (view.qty == order.modify_qty && view.price == order.modify_price) {
      tell_modified(order, view);
    } else if (rest_.venue_now() > last_arrival) {
      refuse_modify(order, kTimeout, "the modify never reached the venue");
    } else {
      order.phase = OrderPhase::working;
      return ask_later(order);
    }
  }
  order.phase = OrderPhase::working;
  if (order.modify == 0) {
    if (!take_terms(order, view)) return ask_later(order);
    listener_.on_report(report_of(order, schema::ReportKind::STATUS_SNAPSHOT, view.time));
  }
  // It stands, though the venue did not know what to cancel: the wish is answered, so that it can be made again.
  if (order.cancel != 0 && order.is_cancel_unknown) return refuse_cancel(order, kUnknownOrder);
  go_on(order);
}

void OrderSession::trouble(const char* what, Seq seq, const Answer& answer) {
  if (answer.is_ok) return;
  listener_.on_trouble(answer.judgement, std::string(what) + " " + std::to_string(seq) + ": " + answer.told());
}

// ------------------------------------------------------------------------------------- cancel and modify

// Wishes wait until the order is known to stand, or not to.
void OrderSession::go_on(Tracked& order) {
  if (order.phase == OrderPhase::closed) {
    if (order.cancel != 0) refuse_cancel(order, kUnknownOrder);
    if (order.modify != 0) refuse_modify(order, kNoSuchOrder, "the order is closed");
    return;
  }
  if (order.phase != OrderPhase::working) return;
  if (order.modify != 0 && !order.is_modify_out && !order.is_modify_unknown && order.cancel == 0) start_modify(order);
  if (order.cancel != 0 && !order.is_cancel_out) start_cancel(order);
}

void OrderSession::start_cancel(Tracked& order) {
  const bool is_child = order.is_algo && order.actual_id != 0;
  const OrderRef ref =
      is_child ? OrderRef{order.symbol, order.actual_id, {}} : OrderRef{order.symbol, 0, order.client_id};
  Result<VenueRequest> request = order.is_algo && !is_child ? cancel_algo_order(ref) : cancel_order(ref);
  REPRISE_ASSERT(request.ok(), "a cancel by client id is always well-formed");
  order.is_cancel_out = true;
  ++counts_.requests;
  rest_.send(*request, [this, alive = alive_, seq = order.submit.seq](const Answer& answer) {
    if (!*alive) return;
    if (Tracked* found = find(seq)) {
      found->is_cancel_out = false;
      on_cancelled(*found, answer);
    }
    if (*alive) trouble("cancel of order", seq, answer);
  });
}

void OrderSession::on_cancelled(Tracked& order, const Answer& answer) {
  if (order.phase == OrderPhase::closed) return;
  if (answer.is_ok) {
    if (order.is_algo && order.actual_id == 0) {
      return tell_gone(order);
    }
    Result<OrderView> view = parse_order(answer.body);
    if (view) return settle(order, *view);
    return ask(order);
  }
  if (answer.code == kUnknownOrder || answer.code == kNoSuchOrder) {
    // Filled, cancelled, triggered meanwhile: the venue knows which.
    order.attempts = 0;
    order.is_cancel_unknown = true;
    return ask(order);
  }
  if (answer.judgement.fate == Fate::not_accepted && answer.judgement.reaction == Reaction::fatal) {
    notice(schema::AlertLevel::CRITICAL,
           "cancel of order " + std::to_string(order.submit.seq) + " refused: " + answer.told());
    return refuse_cancel(order, answer.code.value_or(-1000));
  }
  if (answer.judgement.fate == Fate::not_accepted && answer.judgement.reaction == Reaction::give_up)
    return refuse_cancel(order, answer.code.value_or(-1000));
  if (++order.cancel_attempts > kMostCancelAttempts) {
    notice(schema::AlertLevel::CRITICAL, "order " + std::to_string(order.submit.seq) +
                                             " cannot be cancelled: " + answer.told() + "; the engine decides anew");
    return refuse_cancel(order, answer.code.value_or(kTimeout));
  }
  // A cancel harms nobody twice.
  after(order, backoff_.pause(order.cancel_attempts - 1), [this](Tracked& o) { go_on(o); });
}

void OrderSession::refuse_cancel(Tracked& order, std::int32_t code) {
  sim::Report report = report_of(order, schema::ReportKind::CANCEL_REJECTED, rest_.venue_now());
  report.order.command_seq = order.cancel;
  report.order.error = static_cast<sim::VenueError>(code);
  order.cancel = 0;
  order.is_cancel_unknown = false;
  listener_.on_report(report);
}

void OrderSession::start_modify(Tracked& order) {
  const OrderRef ref{order.symbol, 0, order.client_id};
  Result<VenueRequest> request = modify_order(ref, order.submit.side, order.modify_qty, order.modify_price,
                                              static_cast<std::int64_t>(order.modify));
  if (!request) {  // a defect of ours; the listener hears of it behind the call that gives the command
    rest_.wire().scheduler().post(
        [this, alive = alive_, seq = order.submit.seq, modify = order.modify, text = request.error().message] {
          if (!*alive) return;
          Tracked* found = find(seq);
          if (found != nullptr && found->modify == modify) refuse_modify(*found, -1102, text);
        });
    return;
  }
  order.is_modify_out = true;
  order.modify_sent = rest_.venue_now();
  ++counts_.requests;
  rest_.send(*request, [this, alive = alive_, seq = order.submit.seq, modify = order.modify](const Answer& answer) {
    if (!*alive) return;
    Tracked* found = find(seq);
    if (found == nullptr) return;
    found->is_modify_out = false;
    if (answer.sent.ns != 0) found->modify_sent = std::max(found->modify_sent, answer.sent + rest_.clock_offset());
    if (found->modify == modify)
      on_modified(*found, answer);
    else
      go_on(*found);  // told by an event already; another one may wait
    if (*alive) trouble("modify of order", seq, answer);
  });
}

void OrderSession::on_modified(Tracked& order, const Answer& answer) {
  if (order.phase == OrderPhase::closed) return;
  if (answer.is_ok) {
    Result<OrderView> view = parse_order(answer.body);
    if (view && is_working(view->status)) {
      tell_modified(order, *view);
      if (view->cum_qty > order.cum_qty) settle(order, *view);
      return go_on(order);
    }
    order.is_modify_unknown = true;
    return view ? settle(order, *view) : ask(order);
  }
  if (answer.judgement.fate == Fate::unknown || answer.code == kDuplicateId) {
    ++counts_.unknown_fates;
    const Seq seq = order.submit.seq;
    order.is_modify_unknown = true;
    order.attempts = 0;
    notice(schema::AlertLevel::WARNING, "modify of order " + std::to_string(order.submit.seq) +
                                            ": its fate is unknown (" + answer.told() + "): the venue is asked");
    ask(order);
    return listener_.on_unknown_fate("modify of order " + std::to_string(seq) + ": " + answer.told());
  }
  refuse_modify(order, answer.code.value_or(-1000), answer.told());
  // The venue may know more than we do: filled, or gone.
  if (answer.code == kNoSuchOrder || answer.code == kUnknownOrder) return ask(order);
  go_on(order);
}

void OrderSession::refuse_modify(Tracked& order, std::int32_t code, const std::string& text) {
  sim::Report report = report_of(order, schema::ReportKind::MODIFY_REJECTED, rest_.venue_now());
  report.order.command_seq = order.modify;
  report.order.error = static_cast<sim::VenueError>(code);
  order.modify = 0;
  order.is_modify_unknown = false;
  listener_.on_report(report);
  notice(schema::AlertLevel::INFO, "modify of order " + std::to_string(order.submit.seq) + " refused: " + text);
}

// ------------------------------------------------------------------------------------- recovery

void OrderSession::adopt(const engine::Order& order) {
  Tracked& tracked = orders_[order.id];
  tracked.submit = sim::Command::submit_of(order);
  tracked.symbol = symbols_.symbol(order.request.instrument);
  tracked.client_id = client_order_id(options_.run_tag, order.id);
  tracked.is_algo = is_algo(order.request.type);
  tracked.cum_qty = order.cum_qty;
  // Between the commands in the journal and the process's end anything may have left: the latest that it can have done
  // so is now.
  tracked.last_placed = rest_.venue_now();
  tracked.first_placed = order.submitted_at;
  const bool was_standing = order.venue_order_id != 0 || order.cum_qty.is_positive();
  tracked.is_told_accepted = was_standing;
  tracked.phase = was_standing ? OrderPhase::working : OrderPhase::unknown;
  tracked.cancel = order.cancel_command;
  if (order.modify_command != 0) {
    tracked.modify = order.modify_command;
    tracked.modify_qty = order.pending_qty;
    tracked.modify_price = order.pending_price;
    tracked.is_modify_unknown = true;
    tracked.modify_sent = tracked.last_placed;
  }
  if (!tracked.is_algo && order.venue_order_id != 0) {
    tracked.venue_id = order.venue_order_id;
    by_venue_id_[order.venue_order_id] = order.id;
  }
  ask(tracked);
}

// Of this run, at the venue, and over for us: a request that was late beyond all bounds. It must not stand.
void OrderSession::cancel_stray(const OrderView& view) {
  notice(schema::AlertLevel::CRITICAL,
         "an order of this run that we held for lost stands at the venue (" + view.client_id + "): it is cancelled");
  const OrderRef ref{view.symbol, view.venue_id, {}};
  Result<VenueRequest> request = view.is_algo ? cancel_algo_order(ref) : cancel_order(ref);
  if (request) rest_.send(*request, [](const Answer&) {});  // repeated by the next reconciliation where it stands
}

void OrderSession::know_trade(InstrumentNo instrument, std::int64_t trade_id) {
  (void)remember_trade(instrument, trade_id);
}

void OrderSession::reconcile(Done done) {
  struct Open {
    std::size_t left = 0;
    bool ok = true;
    std::set<std::string> ids;  // client ids at the venue
    UnixNanos asked;
    Done done;
  };
  auto open = std::make_shared<Open>();
  open->asked = rest_.venue_now();
  open->done = std::move(done);
  const auto take = [this, alive = alive_, open](const Answer& answer) {
    if (!*alive) return;
    Result<std::vector<OrderView>> views = answer.is_ok ? parse_orders(answer.body) : io_error(answer.told());
    if (!views) {
      notice(schema::AlertLevel::WARNING, "open orders cannot be read: " + views.error().message);
      open->ok = false;
    } else {
      for (const OrderView& view : *views) {
        const ClientId id = recognise(view.client_id, options_.run_tag);
        open->ids.insert(view.client_id);
        Tracked* order = id.owner == IdOwner::this_run ? find(id.seq) : nullptr;
        if (id.owner == IdOwner::this_run && (order == nullptr || order->phase == OrderPhase::closed)) {
          // Ended here since the question was asked, or never meant to stand.
          if (order == nullptr || order->end == VenueStatus::rejected) cancel_stray(view);
        } else if (order == nullptr) {
          OrderEvent event;
          event.order = view;
          tell_foreign(event);
        } else if (order->phase != OrderPhase::closed && !order->is_asking) {
          const bool differs =
              view.cum_qty > order->cum_qty || order->phase != OrderPhase::working ||
              (order->modify == 0 && (view.price != order->submit.price || view.qty != order->submit.qty));
          if (differs) ask(*order);
        }
      }
    }
    if (--open->left > 0) return;
    if (open->ok) {
      for (auto& [seq, order] : orders_) {
        // What was sent behind the question need not be in the answer.
        if (order.phase != OrderPhase::working || order.last_placed > open->asked) continue;
        if (open->ids.count(order.client_id) == 0 && !order.is_asking) {
          order.attempts = 0;
          ask(order);
        }
      }
    }
    open->done(open->ok);
  };
  // By contract: of all of them at once each question weighs as much as forty.
  open->left = 2 * symbols_.size();
  for (const std::string& symbol : symbols_.symbols()) {
    rest_.send(binance::open_orders(symbol), take);
    rest_.send(open_algo_orders(symbol), take);
  }
}

// Behind what was read before, not behind what the stream told: it may have left one out.
void OrderSession::read_trades(InstrumentNo instrument, Done done) {
  TradeSpan span;
  span.limit = kTradePage;
  if (const auto last = read_trades_.find(instrument); last != read_trades_.end()) {
    span.from_id = last->second + 1;
  } else {
    UnixNanos first = rest_.venue_now();
    for (const auto& [seq, order] : orders_) {
      if (order.submit.instrument == instrument && order.first_placed.ns != 0)
        first = std::min(first, order.first_placed);
    }
    span.start = first - kReadBefore;
  }
  Result<VenueRequest> request = user_trades(symbols_.symbol(instrument), span);
  REPRISE_ASSERT(request.ok(), "a span of trades is always well-formed");
  rest_.send(*request, [this, alive = alive_, instrument, done = std::move(done)](const Answer& answer) {
    if (!*alive) return;
    Result<std::vector<TradeView>> trades = answer.is_ok ? parse_trades(answer.body) : io_error(answer.told());
    if (!trades) {
      notice(schema::AlertLevel::WARNING,
             "trades of " + symbols_.symbol(instrument) + " cannot be read: " + trades.error().message);
      return done(false);
    }
    take_trades(instrument, *trades);
    if (trades->size() >= kTradePage) return read_trades(instrument, done);
    done(true);
  });
}

void OrderSession::arm_countdown(DurationNanos countdown) {
  std::set<std::string> symbols;
  for (const auto& [seq, order] : orders_)
    if (order.phase != OrderPhase::closed && !order.is_algo) symbols.insert(order.symbol);
  for (const std::string& symbol : symbols) {
    rest_.send(countdown_cancel(symbol, countdown), [this, alive = alive_, symbol](const Answer& answer) {
      if (*alive && !answer.is_ok)
        notice(schema::AlertLevel::WARNING, "the countdown of " + symbol + " was not set: " + answer.told());
    });
  }
}

std::size_t OrderSession::open_count() const {
  return static_cast<std::size_t>(std::count_if(
      orders_.begin(), orders_.end(), [](const auto& item) { return item.second.phase != OrderPhase::closed; }));
}

std::size_t OrderSession::unsettled() const {
  return static_cast<std::size_t>(std::count_if(orders_.begin(), orders_.end(), [](const auto& item) {
    const Tracked& o = item.second;
    return o.phase == OrderPhase::sending || o.phase == OrderPhase::unknown || o.cancel != 0 || o.modify != 0;
  }));
}

}  // namespace reprise::gateway::binance
