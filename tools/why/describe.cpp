#include "tools/why/describe.h"

#include <cctype>

#include "journal/record_text.h"
#include "tools/moment.h"
#include "tools/schema_names.h"
#include "tools/terminal.h"

namespace reprise::tools {

using journal::RecordType;
using journal::RecordView;

namespace {

constexpr std::size_t kMostText = 160;

std::string d(std::int64_t e8) {
  return decimal_text(e8);
}
template <class Enum>
std::string name(Enum value) {
  return words_of(schema_name(value));
}
std::string side_text(schema::Side side) {
  return side == schema::Side::BUY ? "buy" : side == schema::Side::SELL ? "sell" : "";
}

template <class B>
std::string bar_text(B bar, std::int64_t duration) {
  return duration_text(duration) + " bar: open " + d(bar.getOpen()) + ", high " + d(bar.getHigh()) + ", low " +
         d(bar.getLow()) + ", close " + d(bar.getClose()) + ", volume " + d(bar.getVolume());
}

std::string command_text(schema::OrderCommand::Reader c, journal::Seq seq) {
  if (c.getKind() != schema::CommandKind::SUBMIT) {
    std::string text = name(c.getKind()) + " order " + std::to_string(c.getOrderId());
    if (c.getKind() == schema::CommandKind::MODIFY) text += " to " + d(c.getQty()) + " at " + d(c.getPrice());
    return text;
  }
  std::string text = "order " + std::to_string(seq) + ": " + side_text(c.getSide()) + " " + d(c.getQty()) + " " +
                     name(c.getOrderType());
  if (c.getPrice() != 0) text += " at " + d(c.getPrice());
  if (c.getTriggerPrice() != 0) text += ", trigger " + d(c.getTriggerPrice());
  if (c.getTimeInForce() == schema::TimeInForce::GTX) text += ", post only";
  if (c.getReduceOnly()) text += ", reduce only";
  return text;
}

std::string report_text(schema::OrderReport::Reader r, const RunNames& names) {
  const std::string order =
      r.getOrderId() != 0 ? "order " + std::to_string(r.getOrderId()) : "an order that is not ours";
  std::string text = "venue: " + name(r.getKind());
  if (r.getLastQty() != 0) {
    text += " " + side_text(r.getSide()) + " " + d(r.getLastQty()) + " at " + d(r.getLastPrice());
    text += " of " + order;
    if (r.getLiquidity() != schema::LiquiditySide::NONE) text += ", " + name(r.getLiquidity());
    text +=
        ", commission " + d(r.getCommission()) + (r.getCommissionAsset() == 0 ? " " + names.asset : " in fee asset");
  } else {
    text += " " + order;
  }
  if (r.getExpiryReason() != schema::ExpiryReason::NONE) text += ", " + name(r.getExpiryReason());
  if (r.getErrorCode() != 0) text += ", code " + std::to_string(r.getErrorCode());
  if (r.hasReason() && r.getReason().size() != 0) text += ": " + std::string(r.getReason().cStr());
  return text;
}

std::string signal_text(schema::Signal::Reader s) {
  std::string text = name(s.getKind());
  if (s.getKind() == schema::SignalKind::QUOTE) {
    text += "s";
    if (s.getReferencePrice() != 0) text += " around mid " + d(s.getReferencePrice());
    return text;
  }
  if (s.getKind() == schema::SignalKind::STOP && s.getReferencePrice() == 0) {
    return "protective stop at the venue at " + d(s.getStopPrice());
  }
  if (s.getReferencePrice() != 0) text += " at " + d(s.getReferencePrice());
  if (s.getStopPrice() != 0) text += ", stop " + d(s.getStopPrice());
  if (s.getTargetQty() != 0) text += ", target " + d(s.getTargetQty());
  return text;
}

std::string decision_text(schema::RiskDecision::Reader r) {
  if (r.getIsStateCheck()) {
    if (r.getAction() == schema::RiskAction::NONE) {
      return r.getFailedRule() == schema::RiskRule::NONE
                 ? "account within its limits"
                 : std::string("account beyond its limit: ") + engine::name_of(r.getFailedRule());
    }
    return "account breach: " + std::string(engine::name_of(r.getFailedRule())) + ", action " + name(r.getAction());
  }
  std::string text = name(r.getVerdict()) + " " + side_text(r.getSide()) + " ";
  text += r.getVerdict() == schema::RiskVerdict::DENIED ? d(r.getRequestedQty())
                                                        : d(r.getApprovedQty()) + " of " + d(r.getRequestedQty());
  if (r.getFailedRule() != schema::RiskRule::NONE) text += ": " + std::string(engine::name_of(r.getFailedRule()));
  return text;
}

std::string sizing_text(schema::Sizing::Reader s) {
  std::string text = d(s.getQty()) + " (raw " + d(s.getRawQty()) + ")";
  if (s.getCappedBy() != schema::RiskRule::NONE)
    text += ", limited by " + std::string(engine::name_of(s.getCappedBy()));
  return text;
}

std::string state_text(schema::OrderState::Reader s) {
  std::string text = "order " + std::to_string(s.getOrderId()) + ": ";
  if (s.getPrevious() != s.getStatus()) text += name(s.getPrevious()) + " -> ";
  text += name(s.getStatus()) + ", filled " + d(s.getCumQty()) + " of " + d(s.getQty());
  return text;
}

std::string fill_text(schema::Fill::Reader f, const RunNames& names) {
  std::string text = side_text(f.getSide()) + " " + d(f.getQty()) + " at " + d(f.getPrice()) + ", " +
                     name(f.getLiquidity()) + ", commission " + d(f.getCommission());
  if (f.getCommissionAsset() == 0) text += " " + names.asset;
  if (f.getRealizedPnl() != 0) text += ", realised " + d(f.getRealizedPnl()) + " " + names.asset;
  if (f.getIsLiquidation()) text += ", liquidation";
  return text;
}

std::string position_text(schema::Position::Reader p, const RunNames& names) {
  std::string text = std::string(p.getIsAccountNet() ? "account" : "share") + " holds " + d(p.getQty());
  if (p.getQty() != 0) text += " from " + d(p.getEntryPrice()) + ", mark " + d(p.getMarkPrice());
  text += ", realised " + d(p.getRealizedPnl()) + " " + names.asset;
  if (p.getLiquidationPrice() != 0) text += ", liquidation at " + d(p.getLiquidationPrice());
  return text;
}

}  // namespace

std::string words_of(const std::string& name) {
  std::string words;
  for (const char c : journal::snake_case(name)) words += c == '_' ? ' ' : c;
  return words;
}

std::string type_words(RecordType type) {
  return words_of(journal::name_of(type));
}

std::string clock_text(std::int64_t ns) {
  const std::string full = time_text(ns);  // 2024-08-08T23:55:00.250000000Z
  return full.size() > 26 ? full.substr(11, 15) : full;
}

std::string duration_text(std::int64_t ns) {
  const auto with = [](std::int64_t value, std::int64_t unit, const char* word) {
    std::string text = fixed_text(static_cast<double>(value) / static_cast<double>(unit), value % unit == 0 ? 0 : 1);
    return text + " " + word;
  };
  const std::int64_t size = ns < 0 ? -ns : ns;
  if (size < 1'000) return std::to_string(ns) + " ns";
  if (size < 1'000'000) return with(ns, 1'000, "us");
  if (size < 1'000'000'000) return with(ns, 1'000'000, "ms");
  if (size < 120'000'000'000) return with(ns, 1'000'000'000, "s");
  if (size < 7'200'000'000'000) return with(ns, 60'000'000'000, "min");
  return with(ns, 3'600'000'000'000, "h");
}

std::string limit_text(std::int64_t value, schema::LimitUnit unit, const std::string& asset) {
  switch (unit) {
    case schema::LimitUnit::MONEY: return d(value) + " " + asset;
    case schema::LimitUnit::RATIO:
    case schema::LimitUnit::QUANTITY:
    case schema::LimitUnit::PRICE: return d(value);
    case schema::LimitUnit::NANOSECONDS: return duration_text(value);
    default: return std::to_string(value);
  }
}

bool is_floor(schema::RiskRule rule) {
  return rule == schema::RiskRule::EQUITY_FLOOR || rule == schema::RiskRule::MIN_NOTIONAL ||
         rule == schema::RiskRule::LIQUIDATION_DISTANCE;
}

std::string describe(const RecordView& record, const RunNames& names) {
  switch (record.type()) {
    case RecordType::TRADE: {
      const auto t = journal::read<schema::Trade>(record);
      return "trade " + d(t.getQty()) + " at " + d(t.getPrice()) + ", " + side_text(t.getAggressorSide()) +
             "er crossed";
    }
    case RecordType::BOOK_DELTA: {
      const auto b = journal::read<schema::BookDelta>(record);
      return "book update " + std::to_string(b.getLastUpdateId()) + ": " + std::to_string(b.getBids().size()) +
             " bid and " + std::to_string(b.getAsks().size()) + " ask levels";
    }
    case RecordType::BOOK_SNAPSHOT: {
      const auto b = journal::read<schema::BookSnapshot>(record);
      return "book snapshot: " + std::to_string(b.getBids().size()) + " bid and " + std::to_string(b.getAsks().size()) +
             " ask levels";
    }
    case RecordType::BBO: {
      const auto b = journal::read<schema::Bbo>(record);
      return "best bid " + d(b.getBidQty()) + " at " + d(b.getBidPrice()) + ", offer " + d(b.getAskQty()) + " at " +
             d(b.getAskPrice());
    }
    case RecordType::MARK_PRICE: return "mark price " + d(journal::read<schema::MarkPrice>(record).getMarkPrice());
    case RecordType::MARKET_BAR: {
      const auto b = journal::read<schema::MarketBar>(record);
      return bar_text(b, b.getCloseTime() + 1 - b.getOpenTime());
    }
    case RecordType::BAR: {
      const auto b = journal::read<schema::Bar>(record);
      return bar_text(b, b.getDuration());
    }
    case RecordType::INSTRUMENT: {
      const auto i = journal::read<schema::Instrument>(record);
      return std::string("declares ") + i.getSymbol().cStr() + ": tick " + d(i.getTickSize()) + ", lot " +
             d(i.getLotSize()) + ", smallest notional " + d(i.getMinNotional());
    }
    case RecordType::CONFIGURATION:
      return "configuration of " + std::to_string(journal::read<schema::Configuration>(record).getEntries().size()) +
             " keys";
    case RecordType::CLOCK_TICK: return "the clock";
    case RecordType::FUNDING_SETTLEMENT:
      return "funding at rate " + d(journal::read<schema::FundingSettlement>(record).getFundingRate());
    case RecordType::FUNDING_PAYMENT: {
      const auto p = journal::read<schema::FundingPayment>(record);
      return "funding payment " + d(p.getAmount()) + " " + names.asset + " on " + d(p.getPositionQty()) + " at rate " +
             d(p.getFundingRate());
    }
    case RecordType::BALANCE_UPDATE: {
      const auto b = journal::read<schema::BalanceUpdate>(record);
      return "wallet " + d(b.getWalletBalance()) + " (" + d(b.getChange()) + ", " + name(b.getReason()) + ")";
    }
    case RecordType::MARGIN_CALL: {
      const auto c = journal::read<schema::MarginCall>(record);
      return "margin call: balance " + d(c.getMarginBalance()) + " against maintenance " + d(c.getMaintenanceMargin()) +
             " " + names.asset + ", mark " + d(c.getMarkPrice());
    }
    case RecordType::OPERATOR_COMMAND: {
      const auto c = journal::read<schema::OperatorCommand>(record);
      return "operator: " + name(c.getAction()) +
             (c.getText().size() != 0 ? ", " + std::string(c.getText().cStr()) : "");
    }
    case RecordType::ORDER_REPORT: return report_text(journal::read<schema::OrderReport>(record), names);
    case RecordType::FEATURE: {
      const auto f = journal::read<schema::Feature>(record);
      return name(f.getKind()) + " " + d(f.getValue());
    }
    case RecordType::SIGNAL: return signal_text(journal::read<schema::Signal>(record));
    case RecordType::SIZING: return sizing_text(journal::read<schema::Sizing>(record));
    case RecordType::RISK_DECISION: return decision_text(journal::read<schema::RiskDecision>(record));
    case RecordType::ORDER_COMMAND: return command_text(journal::read<schema::OrderCommand>(record), record.seq);
    case RecordType::ORDER_STATE: return state_text(journal::read<schema::OrderState>(record));
    case RecordType::FILL: return fill_text(journal::read<schema::Fill>(record), names);
    case RecordType::POSITION: return position_text(journal::read<schema::Position>(record), names);
    case RecordType::EQUITY_MARK: {
      const auto m = journal::read<schema::EquityMark>(record);
      return "equity " + d(m.getMarginBalance()) + " " + names.asset + ", drawdown " + d(m.getDrawdown());
    }
    case RecordType::ALERT: {
      const auto a = journal::read<schema::Alert>(record);
      return name(a.getLevel()) + ": " + std::string(a.getText().cStr()) +
             (a.getBound() != 0 ? " (" + d(a.getValue()) + " against " + d(a.getBound()) + ")" : "");
    }
    case RecordType::TRADING_STATE: {
      const auto s = journal::read<schema::TradingState>(record);
      return name(s.getPrevious()) + " -> " + (s.getKilled() ? "killed" : name(s.getState())) +
             (s.getRule() != schema::RiskRule::NONE ? std::string(" by ") + engine::name_of(s.getRule()) : "");
    }
    case RecordType::TIMER_SET: return name(journal::read<schema::TimerSet>(record).getKind()) + " timer set";
    case RecordType::TIMER_FIRED: return name(journal::read<schema::TimerFired>(record).getKind()) + " timer fired";
    case RecordType::ORDER_ANOMALY: return "anomaly: " + name(journal::read<schema::OrderAnomaly>(record).getKind());
    default: break;
  }
  std::string text = journal::body_json(record.type(), record.body());
  if (text.size() > kMostText) text = text.substr(0, kMostText) + " ...";
  return text;
}

}  // namespace reprise::tools
