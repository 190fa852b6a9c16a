#include "sim/swarm/order_checks.h"
#include "engine/market/fixed.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace reprise::sim::swarm {

using journal::RecordType;
using journal::RecordView;
using schema::CommandKind;
using schema::OrderStatus;
using schema::RiskRule;
using schema::TradingStateKind;

namespace {

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)
// "1.5" -> 150000000; "250ms" -> 250000000 (ns); anything else -> 0.
std::int64_t value_of(std::string_view text) {
  std::int64_t value = 0;
  int places = -1;
  std::size_t n = 0;
  const bool is_negative = !text.empty() && text[0] == '-';
  for (n = is_negative ? 1 : 0; n < text.size(); ++n) {
    const char c = text[n];
    if (c == '.' && places < 0) {
      places = 0;
    } else if (c >= '0' && c <= '9' && places < 8 && value < (std::int64_t{1} << 58)) {
      value = value * 10 + (c - '0');
      if (places >= 0) ++places;
    } else {
      break;
    }
  }
  const std::string_view unit = text.substr(n);
  if (unit == "ns" && places < 0) return value;
  if (unit == "us" && places < 0) return value * 1'000;
  if (unit == "ms" && places < 0) return value * 1'000'000;
  if (unit == "s" && places < 0) return value * kSecond;
  if (unit == "m" && places < 0) return value * 60 * kSecond;
  if (unit == "h" && places < 0) return value * 3'600 * kSecond;
  if (unit == "d" && places < 0) return value * 86'400 * kSecond;
  if (!unit.empty()) return 0;
  for (int i = std::max(places, 0); i < 8 && value < (std::int64_t{1} << 59); ++i) value *= 10;
  return is_negative ? -value : value;
}

std::int64_t times(std::int64_t price, std::int64_t qty) {
  return static_cast<std::int64_t>(static_cast<Wide>(price) * qty / kScale);
}
std::string over(const char* what, std::int64_t value, std::int64_t bound) {
  return std::string(what) + ": " + std::to_string(value) + " against " + std::to_string(bound);
}
bool is_open(OrderStatus status) {
  return status == OrderStatus::SUBMITTED || status == OrderStatus::ACCEPTED ||
         status == OrderStatus::PARTIALLY_FILLED || status == OrderStatus::TRIGGERED ||
         status == OrderStatus::PENDING_MODIFY || status == OrderStatus::PENDING_CANCEL ||
         status == OrderStatus::UNKNOWN;
}

// The configuration key whose value a check's bound is; nullptr: a bound of another kind.
const char* key_of(RiskRule rule) {
  switch (rule) {
    case RiskRule::POSITION_QTY: return "risk.max_position_qty";
    case RiskRule::POSITION_NOTIONAL: return "risk.max_position_notional";
    case RiskRule::TOTAL_NOTIONAL: return "risk.max_total_notional";
    case RiskRule::ORDER_NOTIONAL: return "risk.max_order_notional";
    case RiskRule::LEVERAGE: return "risk.max_leverage";
    case RiskRule::PRICE_BAND: return "risk.price_band";
    case RiskRule::DRAWDOWN: return "risk.max_drawdown";
    case RiskRule::EQUITY_FLOOR: return "risk.min_equity";
    case RiskRule::LIQUIDATION_DISTANCE: return "risk.min_liquidation_distance";
    default: return nullptr;
  }
}

enum class Sense : std::uint8_t { at_most, at_least, other };
Sense sense_of(RiskRule rule) {
  switch (rule) {
    case RiskRule::POSITION_QTY:
    case RiskRule::POSITION_NOTIONAL:
    case RiskRule::TOTAL_NOTIONAL:
    case RiskRule::ORDER_NOTIONAL:
    case RiskRule::LEVERAGE:
    case RiskRule::PRICE_BAND:
    case RiskRule::ORDER_RATE:
    case RiskRule::OPEN_ORDERS:
    case RiskRule::DAILY_LOSS:
    case RiskRule::DRAWDOWN:
    case RiskRule::AVAILABLE_MARGIN:
    case RiskRule::KILL_SWITCH:
    case RiskRule::STALE_DATA: return Sense::at_most;
    case RiskRule::EQUITY_FLOOR:
    case RiskRule::MIN_NOTIONAL:
    case RiskRule::LIQUIDATION_DISTANCE: return Sense::at_least;
    default: return Sense::other;
  }
}

}  // namespace

std::int64_t OrderChecks::Order::working() const {
  const std::int64_t most = status == OrderStatus::PENDING_MODIFY ? std::max(qty, pending_qty) : qty;
  return std::max<std::int64_t>(0, most - done);
}

std::int64_t OrderChecks::Order::may_be_working() const {
  return std::max<std::int64_t>(0, std::max(qty, pending_qty) - done);
}

namespace {
// Direction * held + what may trade, where a position on the other side may first be taken away by what only reduces.
std::int64_t exposure_of(std::int64_t towards, std::int64_t working, std::int64_t reducing) {
  return towards + working + std::min(reducing, std::max<std::int64_t>(0, -towards));
}
}  // namespace

std::int64_t OrderChecks::Contract::exposed(int side) const {
  return exposure_of(side == 0 ? held : -held, working[side], reducing[side]);
}

std::int64_t OrderChecks::Contract::may_be_exposed(int side) const {
  return exposure_of(side == 0 ? held : -held, may_be_working[side], may_be_reducing[side]);
}

std::int64_t OrderChecks::number(const std::string& key) const {
  const auto found = settings_.find(key);
  return found == settings_.end() ? 0 : found->second;
}

void OrderChecks::on(const RecordView& record) {
  const RecordType type = record.type();
  if (!record.header->is_output()) {
    end_step();
    input_ = record.seq;
    input_type_ = type;
    now_ = record.header->ts_engine;
    ++inputs_;
  } else if (record.cause_seq() == 0 || record.cause_seq() >= record.seq) {
    findings_.add("causes", record.seq, std::string(journal::name_of(type)) + " has no cause before it");
  }
  Contract& contract = contracts_[record.header->instrument];
  switch (type) {
    case RecordType::CONFIGURATION: return on_configuration(record);
    case RecordType::INSTRUMENT: {
      const auto i = journal::read<schema::Instrument>(record);
      contract.is_trading = i.getState() == schema::InstrumentState::TRADING;
      contract.tick = i.getTickSize();
      contract.lot = i.getLotSize();
      contract.min_qty = i.getMinQty();
      contract.min_notional = i.getMinNotional();
      return;
    }
    case RecordType::INSTRUMENT_STATUS:
      contract.is_trading =
          journal::read<schema::InstrumentStatus>(record).getState() == schema::InstrumentState::TRADING;
      return;
    case RecordType::MARK_PRICE: {
      const std::int64_t mark = journal::read<schema::MarkPrice>(record).getMarkPrice();
      if (mark > 0) contract.mark = mark;
      return;
    }
    case RecordType::TRADE:
    case RecordType::BOOK_DELTA:
    case RecordType::BOOK_SNAPSHOT:
    case RecordType::BBO: contract.heard = now_; return;
    case RecordType::POSITION: {
      const auto position = journal::read<schema::Position>(record);
      if (position.getIsAccountNet()) contract.held = position.getQty();
      return;
    }
    case RecordType::RISK_DECISION: return on_decision(record);
    case RecordType::ORDER_COMMAND: return on_command(record);
    case RecordType::ORDER_STATE: return on_state(record);
    case RecordType::TRADING_STATE: {
      const auto state = journal::read<schema::TradingState>(record);
      if (state.getState() != TradingStateKind::ACTIVE && state.getState() != state_) left_active_ = true;
      state_ = state.getState();
      return;
    }
    case RecordType::EQUITY_MARK: marked_equity_ = true; return;
    case RecordType::STATE_HASH: hashed_ = true; return;
    default: return;
  }
}

void OrderChecks::on_configuration(const RecordView& record) {
  const std::int64_t interval = number("engine.equity_mark_interval");
  for (const auto entry : journal::read<schema::Configuration>(record).getEntries()) {
    settings_[entry.getKey().cStr()] = value_of(entry.getValue().cStr());
  }
  is_configured_ = true;
  const std::int64_t anew = number("engine.equity_mark_interval");
  if (equity_due_ != 0 && anew != interval && anew > 0) equity_due_ = (now_ / anew + 1) * anew;
}

// What has to be true behind an input and all its outputs.
void OrderChecks::end_step() {
  if (input_ == 0) return;
  const std::int64_t every = number("engine.state_hash_interval_records") / kScale;
  if (is_configured_ && every > 0 && inputs_ % static_cast<std::uint64_t>(every) == 0 && !hashed_)
    findings_.add("timers", input_, "no state hash where one is due");
  const std::int64_t interval = number("engine.equity_mark_interval");
  if (marked_equity_ && interval > 0) {
    equity_due_ = (now_ / interval + 1) * interval;
  } else if (input_type_ == RecordType::CLOCK_TICK && equity_due_ != 0 && now_ >= equity_due_) {
    findings_.add("timers", input_, over("an equity mark was due (ns)", now_, equity_due_));
    equity_due_ = (now_ / interval + 1) * interval;
  }
  for (const auto& [id, order] : orders_) {
    const bool is_asked = order.status == OrderStatus::SUBMITTED || order.status == OrderStatus::PENDING_CANCEL ||
                          order.status == OrderStatus::PENDING_MODIFY;
    if (input_type_ == RecordType::CLOCK_TICK && is_asked && order.patience > 0 && now_ >= order.asked + order.patience)
      findings_.add("deadlines", input_, "order " + std::to_string(id) + " has no answer and is not called unknown");
    if (left_active_ && state_ != TradingStateKind::ACTIVE && !order.shrinks &&
        order.status != OrderStatus::PENDING_CANCEL)
      findings_.add("halt", input_, "order " + std::to_string(id) + " is not cancelled though trading is not active");
  }
  decisions_.clear();
  left_active_ = marked_equity_ = hashed_ = false;
}

void OrderChecks::on_decision(const RecordView& record) {
  const auto decision = journal::read<schema::RiskDecision>(record);
  const bool passes = decision.getVerdict() != schema::RiskVerdict::DENIED;
  if (!decision.getIsStateCheck())
    decisions_[record.seq] = {passes, decision.getApprovedQty(), decision.getPrice(), decision.getSide(),
                              record.header->instrument};
  for (const auto check : decision.getChecks()) {
    const RiskRule rule = check.getRule();
    const Sense sense = sense_of(rule);
    const bool holds = sense == Sense::at_most    ? check.getValue() <= check.getBound()
                       : sense == Sense::at_least ? check.getValue() >= check.getBound()
                                                  : check.getPassed();
    const bool data_exempt = rule == RiskRule::STALE_DATA && check.getBound() != 0;
    if (holds != check.getPassed() && !data_exempt)
      findings_.add(
          "limits", record.seq,
          over(("rule " + std::to_string(static_cast<int>(rule)) + " says " + (check.getPassed() ? "passed" : "failed"))
                   .c_str(),
               check.getValue(), check.getBound()));
    if (decision.getVerdict() == schema::RiskVerdict::APPROVED && !check.getPassed())
      findings_.add("limits", record.seq, "approved though a check failed");
    const char* key = key_of(rule);
    if (key != nullptr && check.getBound() != number(key))
      findings_.add("limits", record.seq, over(key, check.getBound(), number(key)));
  }
}

void OrderChecks::on_command(const RecordView& record) {
  const auto command = journal::read<schema::OrderCommand>(record);
  const std::int64_t patience = number("engine.order_timeout");
  const bool is_submit = command.getKind() == CommandKind::SUBMIT;
  const bool is_flatten =
      record.header->strategy == 0 && command.getReduceOnly() &&
      (command.getOrderType() == schema::OrderType::MARKET || command.getTimeInForce() == schema::TimeInForce::IOC);
  if (is_submit || command.getKind() == CommandKind::MODIFY) {
    const auto cause = decisions_.find(record.cause_seq());
    if (cause == decisions_.end()) {
      findings_.add("causes", record.seq, "an order is sent without a risk decision of its step");
    } else {
      const Decision& d = cause->second;
      if (!d.passes || d.qty != command.getQty() || d.side != command.getSide() ||
          d.instrument != record.header->instrument || (command.getPrice() != 0 && d.price != command.getPrice()))
        findings_.add("causes", record.seq, "an order is sent that its risk decision did not let pass");
      decisions_.erase(cause);
    }
    check_sent(record, command, is_flatten);
    check_rate(record, is_flatten);
  }
  if (is_submit) {
    Order& order = orders_[command.getOrderId()];
    order = {};
    order.instrument = record.header->instrument;
    order.side = command.getSide();
    order.status = OrderStatus::SUBMITTED;
    order.qty = command.getQty();
    order.shrinks = command.getReduceOnly() || command.getClosePosition();
    order.closes = command.getClosePosition();
    order.is_flatten = is_flatten;
  }
  const auto found = orders_.find(command.getOrderId());
  if (found == orders_.end()) {
    findings_.add("causes", record.seq, "a command for an order that is not open");
    return;
  }
  found->second.asked = now_;
  found->second.patience = patience;
  if (command.getKind() == CommandKind::MODIFY) found->second.pending_qty = command.getQty();
}

void OrderChecks::check_sent(const RecordView& record, schema::OrderCommand::Reader command, bool is_flatten) {
  const Contract& contract = contracts_[record.header->instrument];
  const bool shrinks = command.getReduceOnly() || command.getClosePosition();
  const bool is_limit = command.getOrderType() == schema::OrderType::LIMIT;
  if (!contract.is_trading) findings_.add("state", record.seq, "an order on a contract that is not trading");
  if (state_ == TradingStateKind::REDUCING && !shrinks)
    findings_.add("state", record.seq, "an order that enlarges while trading is reducing");
  if (state_ == TradingStateKind::HALTED && !is_flatten)
    findings_.add("state", record.seq, "an order while trading is halted");
  const std::int64_t stale_after = number("engine.stale_after");
  if (!shrinks && stale_after > 0 && now_ - contract.heard > stale_after)
    findings_.add("state", record.seq, over("new risk on old data (ns)", now_ - contract.heard, stale_after));
  if (is_limit && contract.tick > 0 && command.getPrice() % contract.tick != 0)
    findings_.add("limits", record.seq, over("price off the tick", command.getPrice(), contract.tick));
  if (contract.lot > 0 && command.getQty() % contract.lot != 0)
    findings_.add("limits", record.seq, over("quantity off the lot", command.getQty(), contract.lot));
  if (!command.getClosePosition() && command.getQty() < contract.min_qty)
    findings_.add("limits", record.seq, over("quantity below the least", command.getQty(), contract.min_qty));
  if (shrinks) {
    const std::int64_t against = command.getSide() == schema::Side::BUY ? -contract.held : contract.held;
    const auto known = orders_.find(command.getOrderId());
    const std::int64_t leaves = command.getQty() - (known == orders_.end() ? 0 : known->second.done);
    if (command.getReduceOnly() && (against <= 0 || leaves > against))
      findings_.add("reduce_only", record.seq, over("reduce-only quantity", leaves, against));
    return;
  }
  if (is_limit && times(command.getPrice(), command.getQty()) + 1 < contract.min_notional)
    findings_.add("limits", record.seq, "notional below the least");
  const std::int64_t most_orders = number("risk.max_open_orders") / kScale;
  if (command.getKind() == CommandKind::SUBMIT && most_orders > 0 &&
      static_cast<std::int64_t>(orders_.size()) >= most_orders)
    findings_.add("limits", record.seq,
                  over("open orders", static_cast<std::int64_t>(orders_.size()) + 1, most_orders));
  check_exposure(record, command);
}

void OrderChecks::check_exposure(const RecordView& record, schema::OrderCommand::Reader command) {
  for (auto& [number_of, contract] : contracts_) {
    for (int side = 0; side < 2; ++side)
      contract.working[side] = contract.may_be_working[side] = contract.reducing[side] =
          contract.may_be_reducing[side] = 0;
  }
  std::int64_t leaves = command.getQty();
  for (const auto& [id, order] : orders_) {
    if (id == command.getOrderId()) {
      leaves -= order.done;
      continue;
    }
    Contract& contract = contracts_[order.instrument];
    const int side = order.side == schema::Side::BUY ? 0 : 1;
    (order.shrinks ? contract.reducing : contract.working)[side] += order.working();
    (order.shrinks ? contract.may_be_reducing : contract.may_be_working)[side] +=
        order.closes ? std::abs(contract.held) : order.may_be_working();
  }
  const Contract& here = contracts_[record.header->instrument];
  const int side = command.getSide() == schema::Side::BUY ? 0 : 1;
  const std::int64_t exposed = here.exposed(side) + leaves;
  const std::int64_t opposite = std::max<std::int64_t>(here.may_be_exposed(1 - side), 0);
  const auto limit = [&](const char* key, std::int64_t value) {
    const std::int64_t bound = number(key);
    if (bound > 0 && value > bound + 1) findings_.add("limits", record.seq, over(key, value, bound));
  };
  limit("risk.max_position_qty", exposed);
  if (command.getPrice() > 0) limit("risk.max_order_notional", times(command.getPrice(), leaves));
  if (here.mark <= 0) return;
  limit("risk.max_position_notional", times(here.mark, exposed));
  if (exposed <= opposite) return;
  std::int64_t total = times(here.mark, exposed);
  for (const auto& [instrument, contract] : contracts_) {
    if (instrument == record.header->instrument) continue;
    total += times(contract.mark, std::max({contract.exposed(0), contract.exposed(1), std::abs(contract.held)}));
  }
  limit("risk.max_total_notional", total);
}

void OrderChecks::check_rate(const RecordView& record, bool is_flatten) {
  if (is_flatten) return;
  while (!sent_.empty() && sent_.front() <= now_ - 60 * kSecond) sent_.pop_front();
  sent_.push_back(now_);
  const auto within = [&](std::int64_t span) {
    std::int64_t count = 0;
    for (const std::int64_t time : sent_) count += time > now_ - span ? 1 : 0;
    return count;
  };
  const std::int64_t a_second = number("risk.max_orders_per_second") / kScale;
  const std::int64_t a_minute = number("risk.max_orders_per_minute") / kScale;
  if (a_second > 0 && within(kSecond) > a_second)
    findings_.add("limits", record.seq, over("orders in a second", within(kSecond), a_second));
  if (a_minute > 0 && static_cast<std::int64_t>(sent_.size()) > a_minute)
    findings_.add("limits", record.seq, over("orders in a minute", static_cast<std::int64_t>(sent_.size()), a_minute));
}

void OrderChecks::on_state(const RecordView& record) {
  const auto state = journal::read<schema::OrderState>(record);
  const auto found = orders_.find(state.getOrderId());
  if (found == orders_.end()) return;
  if (!is_open(state.getStatus())) {
    orders_.erase(found);
    return;
  }
  found->second.status = state.getStatus();
  found->second.qty = state.getQty();
  found->second.done = state.getCumQty();
}

}  // namespace reprise::sim::swarm
