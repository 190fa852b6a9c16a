#include "sim/exchange/messages.h"

#include "engine/execution/order.h"

namespace reprise::sim {

Command Command::from_record(Seq seq, InstrumentNo instrument, schema::OrderCommand::Reader r) {
  Command c;
  c.seq = seq;
  c.kind = r.getKind();
  c.order_id = r.getOrderId();
  c.instrument = instrument;
  c.side = r.getSide();
  c.type = r.getOrderType();
  c.time_in_force = r.getTimeInForce();
  c.reduce_only = r.getReduceOnly();
  c.close_position = r.getClosePosition();
  c.trigger_source = r.getTriggerSource();
  c.stp_mode = r.getStpMode();
  c.qty = {r.getQty()};
  c.price = {r.getPrice()};
  c.trigger_price = {r.getTriggerPrice()};
  c.activation_price = {r.getActivationPrice()};
  c.callback_rate = {r.getCallbackRate()};
  c.good_till = {r.getGoodTillTime()};
  return c;
}

Command Command::submit_of(const engine::Order& order) {
  const engine::OrderRequest& r = order.request;
  Command c;
  c.seq = c.order_id = order.id;
  c.kind = CommandKind::SUBMIT;
  c.instrument = r.instrument;
  c.side = r.side;
  c.type = r.type;
  c.time_in_force = r.time_in_force;
  c.reduce_only = r.reduce_only;
  c.close_position = r.close_position;
  c.trigger_source = r.trigger_source;
  c.stp_mode = r.stp_mode;
  c.qty = r.qty;
  c.price = r.price;
  c.trigger_price = r.trigger_price;
  c.activation_price = r.activation_price;
  c.callback_rate = r.callback_rate;
  c.good_till = r.good_till;
  return c;
}

void Command::persist(engine::StateArchive& archive) {
  archive.field("seq", seq);
  archive.field("kind", kind);
  archive.field("order_id", order_id);
  archive.field("instrument", instrument);
  persist_with_side(archive, "side", side, position_side);
  archive.field("type", type);
  archive.field("time_in_force", time_in_force);
  archive.field("reduce_only", reduce_only);
  archive.field("close_position", close_position);
  archive.field("trigger_source", trigger_source);
  archive.field("stp_mode", stp_mode);
  archive.field("qty", qty);
  archive.field("price", price);
  archive.field("trigger_price", trigger_price);
  archive.field("activation_price", activation_price);
  archive.field("callback_rate", callback_rate);
  archive.field("good_till", good_till);
}

void OrderReport::persist(engine::StateArchive& archive) {
  archive.field("order_id", order_id);
  archive.field("venue_order_id", venue_order_id);
  archive.field("kind", kind);
  archive.field("side", side);
  archive.field("type", type);
  archive.field("time_in_force", time_in_force);
  archive.field("liquidity", liquidity);
  archive.field("expiry_reason", expiry_reason);
  archive.field("price", price);
  archive.field("order_qty", order_qty);
  archive.field("cum_qty", cum_qty);
  archive.field("last_qty", last_qty);
  archive.field("last_price", last_price);
  archive.field("trade_id", trade_id);
  archive.field("commission", commission);
  archive.field("commission_asset", commission_asset);
  archive.field("error", error);
  archive.field("reduce_only", reduce_only);
  archive.field("command_seq", command_seq);
  archive.field("trigger_price", trigger_price);
  archive.field("foreign_client_id", foreign_client_id);
}

void BalanceUpdate::persist(engine::StateArchive& archive) {
  archive.field("asset", asset);
  archive.field("wallet_balance", wallet_balance);
  archive.field("change", change);
  archive.field("reason", reason);
}

void PositionUpdate::persist(engine::StateArchive& archive) {
  archive.field("qty", qty);
  archive.field("entry_price", entry_price);
  archive.field("unrealized_pnl", unrealized_pnl);
  archive.field("isolated_wallet", isolated_wallet);
  archive.field("margin_mode", margin_mode);
}

void FundingPayment::persist(engine::StateArchive& archive) {
  archive.field("amount", amount);
  archive.field("funding_rate", funding_rate);
  archive.field("mark_price", mark_price);
  archive.field("position_qty", position_qty);
}

void MarginCall::persist(engine::StateArchive& archive) {
  archive.field("maintenance_margin", maintenance_margin);
  archive.field("margin_balance", margin_balance);
  archive.field("position_qty", position_qty);
  archive.field("mark_price", mark_price);
}

void MarkFallback::persist(engine::StateArchive& archive) {
  archive.field("mark_price", mark_price);
}

void Report::persist(engine::StateArchive& archive) {
  archive.field("type", type);
  archive.field("time", time);
  persist_with_side(archive, "instrument", instrument, position_side);
  archive.field("order", order);
  archive.field("balance", balance);
  archive.field("position", position);
  archive.field("funding", funding);
  archive.field("margin_call", margin_call);
  archive.field("mark", mark);
}

namespace {

std::size_t text_words(std::string_view text) {
  return text.empty() ? 0 : (text.size() + 8) / 8;
}

void write_order(const OrderReport& o, PositionSide of, journal::RecordHeader header, journal::RecordBatch& out) {
  const char* reason = text_of(o.error);
  out.append<schema::OrderReport>(
      journal::RecordType::ORDER_REPORT, header,
      [&](schema::OrderReport::Builder b) {
        b.setOrderId(o.order_id);
        b.setVenueOrderId(o.venue_order_id);
        b.setKind(o.kind);
        b.setSide(o.side);
        b.setOrderType(o.type);
        b.setTimeInForce(o.time_in_force);
        b.setLiquidity(o.liquidity);
        b.setExpiryReason(o.expiry_reason);
        b.setPrice(o.price.e8);
        b.setOrderQty(o.order_qty.e8);
        b.setCumQty(o.cum_qty.e8);
        b.setLastQty(o.last_qty.e8);
        b.setLastPrice(o.last_price.e8);
        b.setTradeId(o.trade_id);
        b.setCommission(o.commission.e8);
        b.setCommissionAsset(o.commission_asset);
        b.setErrorCode(static_cast<std::int32_t>(o.error));
        b.setReduceOnly(o.reduce_only);
        b.setPositionSide(of);
        b.setCommandSeq(o.command_seq);
        b.setTriggerPrice(o.trigger_price.e8);
        if (!o.foreign_client_id.empty()) b.setForeignClientId(o.foreign_client_id);
        if (*reason != '\0') b.setReason(reason);
      },
      text_words(o.foreign_client_id) + text_words(reason));
}

const char* kind_text(ReportKind kind) {
  switch (kind) {
    case ReportKind::ACCEPTED: return "accepted";
    case ReportKind::REJECTED: return "rejected";
    case ReportKind::FILLED: return "filled";
    case ReportKind::CANCELED: return "canceled";
    case ReportKind::CANCEL_REJECTED: return "cancel rejected";
    case ReportKind::MODIFIED: return "modified";
    case ReportKind::MODIFY_REJECTED: return "modify rejected";
    case ReportKind::EXPIRED: return "expired";
    case ReportKind::TRIGGERED: return "triggered";
    case ReportKind::TRAILING_ACTIVATED: return "trailing activated";
    case ReportKind::LIQUIDATION: return "liquidation";
    case ReportKind::UNKNOWN: return "unknown";
    case ReportKind::STATUS_SNAPSHOT: return "status";
    default: return "none";
  }
}

const char* reason_text(ExpiryReason reason) {
  switch (reason) {
    case ExpiryReason::SELF_TRADE: return "self trade";
    case ExpiryReason::IOC_REMAINDER: return "ioc remainder";
    case ExpiryReason::FOK_NOT_FILLED: return "fok not filled";
    case ExpiryReason::REDUCE_ONLY_CONFLICT: return "reduce-only conflict";
    case ExpiryReason::ACCOUNT_LIQUIDATED: return "account liquidated";
    case ExpiryReason::GOOD_TILL_DATE: return "good till date";
    case ExpiryReason::DELISTED: return "delisted";
    case ExpiryReason::TRIGGER_REJECTED: return "trigger rejected";
    case ExpiryReason::MARKET_REMAINDER: return "market remainder";
    default: return "";
  }
}

// " long", " short"; nothing in one-way mode.
std::string side_text(PositionSide of) {
  return of == PositionSide::LONG ? " long" : of == PositionSide::SHORT ? " short" : "";
}

std::string describe_order(const OrderReport& o, PositionSide of) {
  std::string text = kind_text(o.kind);
  if (o.order_id != 0) text += " #" + std::to_string(o.order_id);
  if (o.kind == ReportKind::FILLED || o.kind == ReportKind::LIQUIDATION) {
    text += side_text(of) + (o.side == Side::BUY ? " buy " : " sell ");
    text += decimal_text(o.last_qty) + " @ " + decimal_text(o.last_price);
    text += o.liquidity == LiquiditySide::MAKER ? " maker" : " taker";
    text += ", cum " + decimal_text(o.cum_qty) + " of " + decimal_text(o.order_qty);
    text += ", fee " + decimal_text(o.commission);
    if (o.commission_asset != kSettlementAsset) text += " of asset " + std::to_string(o.commission_asset);
    return text;
  }
  if (o.kind == ReportKind::MODIFIED) {
    text += " to " + decimal_text(o.order_qty) + " @ " + decimal_text(o.price);
  }
  if (o.expiry_reason != ExpiryReason::NONE) text += std::string(": ") + reason_text(o.expiry_reason);
  if (o.error != VenueError::none) text += " " + std::to_string(static_cast<int>(o.error));
  return text;
}

}  // namespace

void write_report(const Report& report, journal::RecordHeader header, journal::RecordBatch& out) {
  header.instrument = report.instrument;
  switch (report.type) {
    case journal::RecordType::ORDER_REPORT: write_order(report.order, report.position_side, header, out); return;
    case journal::RecordType::BALANCE_UPDATE:
      out.append<schema::BalanceUpdate>(report.type, header, [&](schema::BalanceUpdate::Builder b) {
        b.setAsset(report.balance.asset);
        b.setWalletBalance(report.balance.wallet_balance.e8);
        b.setChange(report.balance.change.e8);
        b.setReason(report.balance.reason);
      });
      return;
    case journal::RecordType::POSITION_UPDATE:
      out.append<schema::PositionUpdate>(report.type, header, [&](schema::PositionUpdate::Builder b) {
        b.setQty(report.position.qty.e8);
        b.setEntryPrice(report.position.entry_price.e8);
        b.setUnrealizedPnl(report.position.unrealized_pnl.e8);
        b.setIsolatedWallet(report.position.isolated_wallet.e8);
        b.setMarginMode(report.position.margin_mode);
        b.setPositionSide(report.position_side);
      });
      return;
    case journal::RecordType::FUNDING_PAYMENT:
      out.append<schema::FundingPayment>(report.type, header, [&](schema::FundingPayment::Builder b) {
        b.setAmount(report.funding.amount.e8);
        b.setFundingRate(report.funding.funding_rate.e8);
        b.setMarkPrice(report.funding.mark_price.e8);
        b.setPositionQty(report.funding.position_qty.e8);
        b.setAsset(kSettlementAsset);
      });
      return;
    case journal::RecordType::MARGIN_CALL:
      out.append<schema::MarginCall>(report.type, header, [&](schema::MarginCall::Builder b) {
        b.setMaintenanceMargin(report.margin_call.maintenance_margin.e8);
        b.setMarginBalance(report.margin_call.margin_balance.e8);
        b.setPositionQty(report.margin_call.position_qty.e8);
        b.setMarkPrice(report.margin_call.mark_price.e8);
      });
      return;
    case journal::RecordType::MARK_PRICE:
      out.append<schema::MarkPrice>(report.type, header, [&](schema::MarkPrice::Builder b) {
        b.setMarkPrice(report.mark.mark_price.e8);
        b.setIsFallback(true);
      });
      return;
    default: REPRISE_ASSERT(false, "a report of a type the venue does not send");
  }
}

std::string describe(const Report& report) {
  switch (report.type) {
    case journal::RecordType::ORDER_REPORT: return describe_order(report.order, report.position_side);
    case journal::RecordType::BALANCE_UPDATE: {
      const char* reason = "";
      switch (report.balance.reason) {
        case schema::BalanceChangeReason::DEPOSIT: reason = "deposit"; break;
        case schema::BalanceChangeReason::ORDER: reason = "order"; break;
        case schema::BalanceChangeReason::FUNDING_FEE: reason = "funding"; break;
        case schema::BalanceChangeReason::INSURANCE_CLEAR: reason = "insurance clear"; break;
        default: reason = "other"; break;
      }
      std::string asset =
          report.balance.asset == kSettlementAsset ? "" : " of asset " + std::to_string(report.balance.asset);
      return "balance" + asset + " " + decimal_text(report.balance.wallet_balance) + " by " +
             decimal_text(report.balance.change) + " (" + reason + ")";
    }
    case journal::RecordType::POSITION_UPDATE:
      return "position" + side_text(report.position_side) + " " + decimal_text(report.position.qty) + " @ " +
             decimal_text(report.position.entry_price);
    case journal::RecordType::FUNDING_PAYMENT:
      return "funding" + side_text(report.position_side) + " " + decimal_text(report.funding.amount);
    case journal::RecordType::MARGIN_CALL:
      return "margin call" + side_text(report.position_side) + " " +
             decimal_text(report.margin_call.maintenance_margin) + " of " +
             decimal_text(report.margin_call.margin_balance);
    case journal::RecordType::MARK_PRICE: return "mark fallback " + decimal_text(report.mark.mark_price);
    default: return "?";
  }
}

}  // namespace reprise::sim
