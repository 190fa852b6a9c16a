#include "sim/swarm/auditor.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "engine/market/fixed.h"
#include "journal/record.capnp.h"

namespace reprise::sim::swarm {

using journal::RecordType;
using journal::RecordView;

namespace {

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)
// a * b / c, half away from zero.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c) {
  const Wide product = static_cast<Wide>(a) * b;
  const Wide size = product < 0 ? -product : product;
  const Wide rounded = (2 * size + c) / (2 * static_cast<Wide>(c));
  return static_cast<std::int64_t>(product < 0 ? -rounded : rounded);
}
std::int64_t notional(std::int64_t price, std::int64_t qty) {
  return scaled(price, qty, kScale);
}
int direction(schema::Side side) {
  return side == schema::Side::BUY ? 1 : -1;
}

// "0.0002" -> 20000; the configuration writes decimals exactly.
std::int64_t decimal(std::string_view text) {
  const bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative) text.remove_prefix(1);
  std::int64_t value = 0;
  int places = -1;
  for (const char c : text) {
    if (c == '.') {
      places = 0;
    } else if (c >= '0' && c <= '9' && places < 8) {
      value = value * 10 + (c - '0');
      if (places >= 0) ++places;
    }
  }
  for (int n = std::max(places, 0); n < 8; ++n) value *= 10;
  return is_negative ? -value : value;
}

std::string figures(const char* ours, std::int64_t a, const char* theirs, std::int64_t b) {
  return std::string(ours) + " " + std::to_string(a) + ", " + theirs + " " + std::to_string(b) + " (units of 1e-8)";
}

}  // namespace

void Auditor::Books::book(const Execution& e) {
  Held& h = held[e.instrument];
  const int sign = direction(e.side);
  const std::int64_t moved = notional(e.price, e.qty);
  h.flow -= sign * moved;
  const bool closes = h.qty != 0 && (h.qty > 0) != (sign > 0);
  const std::int64_t closed = closes ? std::min(std::abs(h.qty), e.qty) : 0;
  std::int64_t left = moved;
  if (closed != 0) {
    const std::int64_t proceeds = closed == e.qty ? moved : scaled(moved, closed, e.qty);
    const std::int64_t part = closed == std::abs(h.qty) ? h.cost : scaled(h.cost, closed, std::abs(h.qty));
    const std::int64_t gain = -sign * proceeds - part;
    h.cost -= part;
    h.realized += gain;
    realized += gain;
    wallet += gain;
    left -= proceeds;
  }
  h.cost += sign * left;
  h.qty += sign * e.qty;
  commission += e.asset == 0 ? e.commission : 0;
  if (e.asset == 0) wallet -= e.commission;
}

std::int64_t Auditor::position(std::uint32_t instrument) const {
  const auto found = books_.held.find(instrument);
  return found == books_.held.end() ? 0 : found->second.qty;
}

void Auditor::on(const RecordView& record) {
  switch (record.type()) {
    case RecordType::CONFIGURATION: return on_configuration(record);
    case RecordType::INSTRUMENT:
      liquidation_fee_[record.header->instrument] = journal::read<schema::Instrument>(record).getLiquidationFeeRate();
      return;
    case RecordType::ORDER_COMMAND: return on_command(record);
    case RecordType::ORDER_REPORT: return on_report(record);
    case RecordType::FILL: return on_fill(record);
    case RecordType::BALANCE_UPDATE: return on_balance(record);
    case RecordType::FUNDING_PAYMENT: return on_funding(record);
    case RecordType::POSITION_UPDATE: {
      stated(record.header->ts_event);
      Update& last = venue_qty_[record.header->instrument];
      if (last.is_there && record.header->ts_event < last.time) return;
      last = {record.header->ts_event, journal::read<schema::PositionUpdate>(record).getQty(), true};
      if (in_order_ && last.value != position(record.header->instrument))
        suspect(
            record, "contracts",
            figures("executions make a position of", position(record.header->instrument), "the venue has", last.value));
      return;
    }
    case RecordType::POSITION: return on_position(record);
    case RecordType::EQUITY_MARK: return on_equity(record);
    case RecordType::ORDER_ANOMALY:
      if (in_order_ && journal::read<schema::OrderAnomaly>(record).getKind() == schema::AnomalyKind::CONSERVATION) {
        const auto anomaly = journal::read<schema::OrderAnomaly>(record);
        suspect(record, "books",
                figures("the engine's books say", anomaly.getExpected(), "the venue says", anomaly.getActual()));
      }
      return;
    default: return;
  }
}

void Auditor::on_configuration(const RecordView& record) {
  for (const auto entry : journal::read<schema::Configuration>(record).getEntries()) {
    const std::string_view key(entry.getKey().cStr());
    const std::string_view value(entry.getValue().cStr());
    if (key == "fees.maker_rate") maker_rate_ = decimal(value);
    if (key == "fees.taker_rate") taker_rate_ = decimal(value);
    if (key == "account.fee_asset") has_fee_asset_ = !value.empty();
  }
  configured_ = true;
}

void Auditor::on_command(const RecordView& record) {
  const auto command = journal::read<schema::OrderCommand>(record);
  if (command.getKind() != schema::CommandKind::SUBMIT && command.getKind() != schema::CommandKind::MODIFY) return;
  Terms& terms = orders_[command.getOrderId()];
  terms.side = command.getSide();
  terms.most_qty = std::max(terms.most_qty, command.getQty());
  if (command.getOrderType() == schema::OrderType::LIMIT) {
    const std::int64_t price = command.getPrice();
    terms.best_limit = terms.best_limit == 0             ? price
                       : terms.side == schema::Side::BUY ? std::max(terms.best_limit, price)
                                                         : std::min(terms.best_limit, price);
  }
  terms.is_post_only = command.getTimeInForce() == schema::TimeInForce::GTX;
  terms.is_reduce_only = command.getReduceOnly() || command.getClosePosition();
}

void Auditor::on_report(const RecordView& record) {
  const auto report = journal::read<schema::OrderReport>(record);
  const bool is_forced = report.getKind() == schema::ReportKind::LIQUIDATION;
  if (report.getKind() != schema::ReportKind::FILLED && !is_forced) return;
  Execution execution;
  execution.seq = record.seq;
  execution.instrument = record.header->instrument;
  execution.order = report.getOrderId();
  execution.time = record.header->ts_event;
  execution.side = report.getSide();
  execution.price = report.getLastPrice();
  execution.qty = report.getLastQty();
  execution.commission = report.getCommission();
  execution.asset = report.getCommissionAsset();
  const auto [at, is_new] = executions_.try_emplace({execution.instrument, report.getTradeId()}, execution);
  if (!is_new) {
    const Execution& first = at->second;
    if (first.qty != execution.qty || first.price != execution.price || first.side != execution.side)
      findings_.add("contracts", record.seq, "trade " + std::to_string(report.getTradeId()) + " is told in two ways");
    return;
  }
  // The venue numbers its executions from 1 without a gap: one that is missing will come late, behind this one.
  if (report.getTradeId() != last_trade_ + 1) in_order_ = false;
  // Behind a statement that it is in: what did not fit since then did not fit for want of it.
  if (execution.time < last_stated_) {
    in_order_ = false;
    std::erase_if(suspicions_, [&](const Suspicion& s) { return s.time >= execution.time; });
  }
  last_trade_ = std::max(last_trade_, report.getTradeId());
  const bool is_maker = report.getLiquidity() == schema::LiquiditySide::MAKER;
  const bool is_adl = std::string_view(report.getForeignClientId().cStr()).substr(0, 3) == "adl";
  check_fee(record, execution, is_maker, is_forced, is_adl);
  if (!is_forced) {
    check_terms(record, execution, is_maker);
    const auto terms = orders_.find(execution.order);
    at->second.is_reduce_only = terms != orders_.end() && terms->second.is_reduce_only;
  }
  books_.book(execution);
}

void Auditor::check_fee(const RecordView& record, const Execution& e, bool is_maker, bool is_forced, bool is_adl) {
  if (!is_forced && has_fee_asset_) return;  // in another asset, at its price
  std::int64_t rate = is_maker ? maker_rate_ : taker_rate_;
  if (is_forced) rate = is_adl ? 0 : liquidation_fee_[e.instrument];
  const std::int64_t expected = scaled(notional(e.price, e.qty), rate, kScale);
  if (expected != e.commission)
    findings_.add("fees", record.seq,
                  figures("the rate makes a commission of", expected, "charged were", e.commission));
}

void Auditor::check_terms(const RecordView& record, const Execution& e, bool is_maker) {
  const auto found = orders_.find(e.order);
  if (found == orders_.end()) {
    findings_.add("orders", record.seq, "an execution of an order that was never sent");
    return;
  }
  Terms& terms = found->second;
  terms.done += e.qty;
  if (terms.side != e.side) findings_.add("orders", record.seq, "an execution on the other side of its order");
  if (terms.done > terms.most_qty)
    findings_.add("orders", record.seq, figures("ordered were", terms.most_qty, "executed are", terms.done));
  if (terms.best_limit != 0 && (e.side == schema::Side::BUY ? e.price > terms.best_limit : e.price < terms.best_limit))
    findings_.add("orders", record.seq, figures("the limit is", terms.best_limit, "executed at", e.price));
  if (terms.is_post_only && !is_maker) findings_.add("orders", record.seq, "a post-only order took");
}

void Auditor::on_fill(const RecordView& record) {
  const auto fill = journal::read<schema::Fill>(record);
  const auto found = executions_.find({record.header->instrument, fill.getTradeId()});
  if (found == executions_.end()) {
    findings_.add("fills", record.seq, "a fill that the venue never reported");
    return;
  }
  Execution& e = found->second;
  if (++e.booked > 1) findings_.add("fills", record.seq, "an execution is booked twice");
  if (fill.getQty() != e.qty || fill.getPrice() != e.price || fill.getSide() != e.side ||
      fill.getCommission() != e.commission)
    findings_.add("fills", record.seq, "a fill with other figures than the venue's");
}

void Auditor::on_balance(const RecordView& record) {
  const auto update = journal::read<schema::BalanceUpdate>(record);
  if (update.getAsset() != 0) return;
  stated(record.header->ts_event);
  switch (update.getReason()) {
    case schema::BalanceChangeReason::DEPOSIT:
    case schema::BalanceChangeReason::WITHDRAW:
    case schema::BalanceChangeReason::ADJUSTMENT:
    case schema::BalanceChangeReason::INSURANCE_CLEAR:
      books_.wallet += update.getChange();
      other_money_.push_back({record.header->ts_event, update.getChange()});
      break;
    default: break;
  }
  if (in_order_ && books_.wallet != update.getWalletBalance())
    suspect(record, "money",
            figures("our books say a wallet of", books_.wallet, "the venue says", update.getWalletBalance()));
  if (!venue_wallet_.is_there || record.header->ts_event >= venue_wallet_.time)
    venue_wallet_ = {record.header->ts_event, update.getWalletBalance(), true};
}

void Auditor::on_funding(const RecordView& record) {
  const auto payment = journal::read<schema::FundingPayment>(record);
  stated(record.header->ts_event);
  const std::int64_t expected =
      -scaled(notional(payment.getMarkPrice(), payment.getPositionQty()), payment.getFundingRate(), kScale);
  if (expected != payment.getAmount())
    findings_.add("funding", record.seq, figures("the rate makes", expected, "paid were", payment.getAmount()));
  if (in_order_ && payment.getPositionQty() != position(record.header->instrument))
    suspect(record, "funding",
            figures("executions make a position of", position(record.header->instrument), "paid on",
                    payment.getPositionQty()));
  if (payment.getAsset() != 0) return;
  books_.wallet += payment.getAmount();
  books_.funding += payment.getAmount();
  other_money_.push_back({record.header->ts_event, payment.getAmount()});
}

void Auditor::on_position(const RecordView& record) {
  const auto told = journal::read<schema::Position>(record);
  if (!told.getIsAccountNet()) return;
  engine_qty_[record.header->instrument] = told.getQty();
  if (!in_order_) return;
  const auto found = books_.held.find(record.header->instrument);
  const Held held = found == books_.held.end() ? Held{} : found->second;
  if (told.getQty() != held.qty)
    suspect(record, "contracts", figures("executions make", held.qty, "the engine has", told.getQty()));
  if (told.getRealizedPnl() - told.getOpenNotional() != held.flow)
    suspect(record, "flow",
            figures("executions moved", held.flow, "realised less open cost is",
                    told.getRealizedPnl() - told.getOpenNotional()));
  if (told.getRealizedPnl() != held.realized)
    suspect(record, "profit", figures("realised by us", held.realized, "by the engine", told.getRealizedPnl()));
}

void Auditor::on_equity(const RecordView& record) {
  if (!in_order_) return;
  const auto mark = journal::read<schema::EquityMark>(record);
  const auto same = [&](const char* what, std::int64_t ours, std::int64_t theirs) {
    if (ours != theirs)
      suspect(record, "money", std::string(what) + ": " + figures("ours", ours, "the engine's", theirs));
  };
  same("wallet", books_.wallet, mark.getWalletBalance());
  same("realised profit", books_.realized, mark.getRealizedPnl());
  same("funding", books_.funding, mark.getFunding());
  if (!has_fee_asset_) same("commission", books_.commission, mark.getCommission());
}

void Auditor::suspect(const RecordView& record, const char* invariant, std::string what) {
  // By the venue's clock, as executions are; ours may be behind it.
  suspicions_.push_back({std::max(record.header->ts_engine, last_stated_), invariant, record.seq, std::move(what)});
}

void Auditor::finish() {
  for (Suspicion& s : suspicions_) findings_.add(s.invariant, s.seq, std::move(s.what));
  for (const auto& [key, e] : executions_) {
    if (e.booked == 0) findings_.add("fills", e.seq, "an execution that was never booked");
  }
  for (const auto& [instrument, held] : books_.held) {
    const std::int64_t engine = engine_qty_[instrument];
    if (engine != held.qty)
      findings_.add("contracts", 0, figures("at the end executions make", held.qty, "the engine has", engine));
  }
  finish_in_venue_order();
}

// All that is known, in the order in which the venue did it.
void Auditor::finish_in_venue_order() {
  std::vector<std::pair<std::int64_t, const Execution*>> order;
  for (const auto& [key, e] : executions_) order.emplace_back(key.second, &e);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::int64_t paid = 0;
  for (const Payment& payment : other_money_) {
    if (payment.time <= venue_wallet_.time) paid += payment.amount;
  }
  Books books;
  std::int64_t last = 0;
  // Of executions of one moment each has its statement, and the last of them may not have come: it has to fit one.
  bool fits = false;
  for (const auto& [trade, e] : order) {
    if (trade != last + 1)
      findings_.add("contracts", e->seq, "executions in front of trade " + std::to_string(trade) + " were never told");
    last = trade;
    if (e->time > venue_wallet_.time) break;  // behind the venue's last word
    const std::int64_t before = books.held[e->instrument].qty;
    books.book(*e);
    const std::int64_t after = books.held[e->instrument].qty;
    const bool shrinks =
        before != 0 && std::abs(after) < std::abs(before) && (after == 0 || (after > 0) == (before > 0));
    if (e->is_reduce_only && !shrinks)
      findings_.add("reduce_only", e->seq, figures("the position was", before, "a reduce-only order made it", after));
    fits = fits || (e->time == venue_wallet_.time && books.wallet + paid == venue_wallet_.value);
  }
  books.wallet += paid;
  if (venue_wallet_.is_there && !fits && books.wallet != venue_wallet_.value)
    findings_.add("money", 0,
                  figures("at the end our books say", books.wallet, "the venue said last", venue_wallet_.value));
}

}  // namespace reprise::sim::swarm
