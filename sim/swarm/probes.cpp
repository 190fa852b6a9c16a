#include "sim/swarm/probes.h"

#include <string_view>

#include "engine/execution/order.h"
#include "engine/risk/risk_engine.h"

namespace reprise::sim::swarm {

using journal::RecordType;
using journal::RecordView;
using schema::OrderStatus;
using schema::RiskRule;

namespace {

// Probes of the campaign's required list, and after them those that are rarer than a short campaign.
const std::vector<std::string>& required_names() {
  static const std::vector<std::string> names = {
      // order-state transitions
      "order initialized > submitted",
      "order initialized > denied",
      "order submitted > accepted",
      "order submitted > rejected",
      "order submitted > filled",
      "order submitted > partially_filled",
      "order submitted > pending_cancel",
      "order accepted > partially_filled",
      "order accepted > filled",
      "order accepted > pending_modify",
      "order accepted > pending_cancel",
      "order accepted > expired",
      "order partially_filled > filled",
      "order partially_filled > pending_modify",
      "order partially_filled > pending_cancel",
      "order pending_modify > accepted",
      "order pending_modify > filled",
      "order pending_modify > pending_cancel",
      "order pending_cancel > canceled",
      "order pending_cancel > filled",
      "order pending_cancel > accepted",
      "order submitted > unknown",
      "order pending_modify > unknown",
      "order pending_cancel > unknown",
      "order unknown > accepted",
      "order unknown > rejected",
      "order unknown > canceled",
      "order unknown > pending_cancel",
      "order unknown > filled",
      // risk
      "risk position_notional failed",
      "risk total_notional failed",
      "risk order_notional failed",
      "risk leverage failed",
      "risk order_rate failed",
      "risk price_band failed",
      "risk drawdown failed",
      "risk daily_loss failed",
      "risk stale_data failed",
      "risk open_orders failed",
      "risk kill_switch failed",
      "risk min_notional failed",
      "risk available_margin failed",
      "risk instrument_tradable failed",
      "risk reduce_only failed",
      "risk position_qty failed",
      "risk lot_size failed",
      "risk equity_floor failed",
      "risk liquidation_distance failed",
      "risk reduced an order",
      // trading state
      "trading reducing",
      "trading halted",
      "trading killed",
      "trading active again",
      "flatten tried again",
      "flatten order",
      // venue
      "report cancel_rejected",
      "report modify_rejected",
      "report status_snapshot",
      "report post-only refused",
      "report margin insufficient",
      "report overloaded",
      "report rate ban",
      "report self trade",
      "maker fill",
      "taker fill",
      "liquidation",
      "adl",
      "funding paid",
      "funding received",
      "margin call",
      "insurance clear",
      "fee in another asset",
      "rebate",
      "position flipped",
      // feed
      "feed gap",
      "feed resync",
      "feed disconnected",
      "alert crossed book",
      "alert stale data",
      "rate limit ban",
      "contract halted",
      "contract trading again",
      "margin table changed",
      "leverage changed",
      "configuration changed",
      "print of another kind",
      "clock behind engine time",
      // run
      "restart",
      "restart with open orders",
      "restart with a position",
      "restart with an order in flight",
      "state hash",
      "equity mark",
      "strategy timer",
      "anomaly duplicate_fill",
      "anomaly stale_report",
      "anomaly quantity_mismatch",
      "anomaly conservation",
  };
  return names;
}

const char* const kRare[] = {
    "order submitted > expired",
    "order unknown > partially_filled",
    "order unknown > expired",
    "order pending_cancel > expired",
    "order pending_cancel > partially_filled",
    "order pending_modify > partially_filled",
    "order pending_modify > expired",
    "order pending_modify > canceled",
    "order accepted > triggered",
    "order triggered > filled",
    "order triggered > expired",
    "order accepted > canceled",
    "order partially_filled > expired",
    "order pending_modify > rejected",
    "order pending_cancel > rejected",
    "order pending_cancel > pending_modify",
    "order submitted > canceled",
    "risk tick_size failed",
    "risk contract_type failed",
    "risk conservation failed",
    "daily reset",
    "anomaly impossible_transition",
    "anomaly unknown_order",
    "anomaly overfill",
    "alert negative wallet",
    "report reduce-only conflict",
    "report account liquidated",
    "report market remainder",
    "report would trigger at once",
    "report order does not exist",
    "configuration refused",
};

const char* kind_of(schema::AnomalyKind kind) {
  switch (kind) {
    case schema::AnomalyKind::IMPOSSIBLE_TRANSITION: return "impossible_transition";
    case schema::AnomalyKind::UNKNOWN_ORDER: return "unknown_order";
    case schema::AnomalyKind::DUPLICATE_FILL: return "duplicate_fill";
    case schema::AnomalyKind::OVERFILL: return "overfill";
    case schema::AnomalyKind::QUANTITY_MISMATCH: return "quantity_mismatch";
    case schema::AnomalyKind::STALE_REPORT: return "stale_report";
    case schema::AnomalyKind::CONSERVATION: return "conservation";
  }
  return "?";
}

}  // namespace

const std::vector<std::string>& Probes::required() {
  return required_names();
}

const std::vector<std::string>& Probes::names() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> list = required_names();
    for (const char* name : kRare) list.emplace_back(name);
    return list;
  }();
  return all;
}

Probes::Probes() {
  for (const std::string& name : names()) counts_[name] = 0;
}

void Probes::add(const Probes& other) {
  for (const auto& [name, count] : other.counts_) counts_[name] += count;
}

// What is not in the list is no probe: a transition that happens all the time need not be counted.
void Probes::hit(const std::string& name) {
  const auto found = counts_.find(name);
  if (found != counts_.end()) ++found->second;
}

void Probes::on(const RecordView& record) {
  switch (record.type()) {
    case RecordType::ORDER_STATE: return on_state(record);
    case RecordType::ORDER_REPORT: return on_report(record);
    case RecordType::RISK_DECISION: return on_decision(record);
    case RecordType::TRADE:
    case RecordType::FEED_GAP:
    case RecordType::FEED_RESYNC:
    case RecordType::FEED_DISCONNECTED:
    case RecordType::RATE_LIMIT_STATE:
    case RecordType::INSTRUMENT_STATUS:
    case RecordType::MARGIN_TABLE:
    case RecordType::CLOCK_TICK: return on_market(record);
    case RecordType::BALANCE_UPDATE:
    case RecordType::FUNDING_PAYMENT:
    case RecordType::MARGIN_CALL:
    case RecordType::ACCOUNT_CONFIG:
    case RecordType::FILL:
    case RecordType::POSITION: return on_account(record);
    case RecordType::CONFIGURATION:
      if (is_configured_) hit("configuration changed");
      is_configured_ = true;
      return;
    case RecordType::TRADING_STATE: {
      const auto state = journal::read<schema::TradingState>(record);
      if (state.getKilled() && !is_killed_) hit("trading killed");
      is_killed_ = state.getKilled();
      if (state.getState() == schema::TradingStateKind::REDUCING) hit("trading reducing");
      if (state.getState() == schema::TradingStateKind::HALTED && !state.getKilled()) hit("trading halted");
      if (state.getState() == schema::TradingStateKind::ACTIVE) hit("trading active again");
      return;
    }
    case RecordType::TIMER_FIRED:
      switch (journal::read<schema::TimerFired>(record).getKind()) {
        case schema::TimerKind::FLATTEN_RETRY: return hit("flatten tried again");
        case schema::TimerKind::STRATEGY: return hit("strategy timer");
        case schema::TimerKind::DAILY_RESET: return hit("daily reset");
        default: return;
      }
    case RecordType::ALERT: {
      const auto alert = journal::read<schema::Alert>(record);
      if (alert.getKind() == schema::AlertKind::CROSSED_BOOK) hit("alert crossed book");
      if (alert.getKind() == schema::AlertKind::STALE_DATA) hit("alert stale data");
      if (alert.getKind() == schema::AlertKind::NEGATIVE_WALLET) hit("alert negative wallet");
      if (alert.getKind() == schema::AlertKind::CONFIGURATION && alert.getLevel() == schema::AlertLevel::CRITICAL)
        hit("configuration refused");
      return;
    }
    case RecordType::ORDER_ANOMALY:
      return hit(std::string("anomaly ") + kind_of(journal::read<schema::OrderAnomaly>(record).getKind()));
    case RecordType::ORDER_COMMAND: {
      const auto command = journal::read<schema::OrderCommand>(record);
      if (command.getKind() == schema::CommandKind::SUBMIT && record.header->strategy == 0) hit("flatten order");
      return;
    }
    case RecordType::STATE_HASH: return hit("state hash");
    case RecordType::EQUITY_MARK: return hit("equity mark");
    default: return;
  }
}

void Probes::on_state(const RecordView& record) {
  const auto state = journal::read<schema::OrderState>(record);
  if (state.getStatus() != state.getPrevious())
    hit(std::string("order ") + engine::name_of(state.getPrevious()) + " > " + engine::name_of(state.getStatus()));
  if (engine::is_open(state.getStatus())) {
    open_[state.getOrderId()] = state.getStatus();
  } else {
    open_.erase(state.getOrderId());
  }
}

void Probes::on_report(const RecordView& record) {
  const auto report = journal::read<schema::OrderReport>(record);
  switch (report.getKind()) {
    case schema::ReportKind::CANCEL_REJECTED: hit("report cancel_rejected"); break;
    case schema::ReportKind::MODIFY_REJECTED: hit("report modify_rejected"); break;
    case schema::ReportKind::STATUS_SNAPSHOT: hit("report status_snapshot"); break;
    case schema::ReportKind::LIQUIDATION:
      hit(std::string_view(report.getForeignClientId().cStr()).substr(0, 3) == "adl" ? "adl" : "liquidation");
      break;
    default: break;
  }
  switch (report.getErrorCode()) {
    case -5022: hit("report post-only refused"); break;
    case -2019: hit("report margin insufficient"); break;
    case -1008: hit("report overloaded"); break;
    case -1003: hit("report rate ban"); break;
    case -2021: hit("report would trigger at once"); break;
    case -2013: hit("report order does not exist"); break;
    default: break;
  }
  switch (report.getExpiryReason()) {
    case schema::ExpiryReason::SELF_TRADE: hit("report self trade"); break;
    case schema::ExpiryReason::REDUCE_ONLY_CONFLICT: hit("report reduce-only conflict"); break;
    case schema::ExpiryReason::ACCOUNT_LIQUIDATED: hit("report account liquidated"); break;
    case schema::ExpiryReason::MARKET_REMAINDER: hit("report market remainder"); break;
    default: break;
  }
}

void Probes::on_decision(const RecordView& record) {
  const auto decision = journal::read<schema::RiskDecision>(record);
  if (decision.getVerdict() == schema::RiskVerdict::REDUCED) hit("risk reduced an order");
  for (const auto check : decision.getChecks()) {
    if (!check.getPassed()) hit(std::string("risk ") + engine::name_of(check.getRule()) + " failed");
  }
}

void Probes::on_market(const RecordView& record) {
  switch (record.type()) {
    case RecordType::TRADE:
      if (journal::read<schema::Trade>(record).getKind() != schema::TradeKind::MARKET) hit("print of another kind");
      return;
    case RecordType::FEED_GAP: return hit("feed gap");
    case RecordType::FEED_RESYNC: return hit("feed resync");
    case RecordType::FEED_DISCONNECTED: {
      hit("feed disconnected");
      const auto lost = journal::read<schema::FeedDisconnected>(record);
      const std::string_view detail(lost.getDetail().cStr());
      const std::string_view source(lost.getSource().cStr());
      if (record.header->instrument > 1) return;  // told for each instrument
      if (detail.find("restarted") == std::string_view::npos && source.find("restarted") == std::string_view::npos)
        return;
      hit("restart");
      if (!open_.empty()) hit("restart with open orders");
      for (const auto& [instrument, qty] : held_) {
        if (qty != 0) {
          hit("restart with a position");
          break;
        }
      }
      for (const auto& [id, status] : open_) {
        if (engine::is_in_flight(status)) {
          hit("restart with an order in flight");
          break;
        }
      }
      return;
    }
    case RecordType::RATE_LIMIT_STATE:
      if (journal::read<schema::RateLimitState>(record).getBannedUntil() != 0) hit("rate limit ban");
      return;
    case RecordType::INSTRUMENT_STATUS:
      return hit(journal::read<schema::InstrumentStatus>(record).getState() == schema::InstrumentState::TRADING
                     ? "contract trading again"
                     : "contract halted");
    case RecordType::MARGIN_TABLE:
      if (!held_.empty() || !open_.empty()) hit("margin table changed");
      return;
    case RecordType::CLOCK_TICK:
      if (record.header->ts_recv < record.header->ts_engine) hit("clock behind engine time");
      return;
    default: return;
  }
}

void Probes::on_account(const RecordView& record) {
  switch (record.type()) {
    case RecordType::BALANCE_UPDATE:
      if (journal::read<schema::BalanceUpdate>(record).getReason() == schema::BalanceChangeReason::INSURANCE_CLEAR)
        hit("insurance clear");
      return;
    case RecordType::FUNDING_PAYMENT:
      return hit(journal::read<schema::FundingPayment>(record).getAmount() > 0 ? "funding received" : "funding paid");
    case RecordType::MARGIN_CALL: return hit("margin call");
    case RecordType::ACCOUNT_CONFIG: return hit("leverage changed");
    case RecordType::FILL: {
      const auto fill = journal::read<schema::Fill>(record);
      if (fill.getLiquidity() == schema::LiquiditySide::MAKER) hit("maker fill");
      if (fill.getLiquidity() == schema::LiquiditySide::TAKER) hit("taker fill");
      if (fill.getCommissionAsset() != 0) hit("fee in another asset");
      if (fill.getCommission() < 0) hit("rebate");
      return;
    }
    case RecordType::POSITION: {
      const auto position = journal::read<schema::Position>(record);
      if (!position.getIsAccountNet()) return;
      std::int64_t& held = held_[record.header->instrument];
      if (held != 0 && position.getQty() != 0 && (held > 0) != (position.getQty() > 0)) hit("position flipped");
      held = position.getQty();
      return;
    }
    default: return;
  }
}

}  // namespace reprise::sim::swarm
