#include "engine/report/share_ledger.h"

namespace reprise::engine {

using journal::RecordType;

void ShareLedger::on(const journal::RecordView& record) {
  if (!record.header->is_output()) has_fill_ = false;
  switch (record.type()) {
    case RecordType::MARK_PRICE: {
      const Price mark{journal::read<schema::MarkPrice>(record).getMarkPrice()};
      if (mark.is_positive()) marks_[record.header->instrument] = mark;
      return;
    }
    case RecordType::FILL: {
      const auto fill = journal::read<schema::Fill>(record);
      fill_ = {};
      fill_.fill_seq = record.seq;
      fill_.order_id = fill.getOrderId();
      fill_.instrument = record.header->instrument;
      fill_.time = {record.header->ts_engine};
      fill_.side = fill.getSide();
      fill_.price = {fill.getPrice()};
      fill_.mid_at_decision = {fill.getMidAtDecision()};
      fill_.is_liquidation = fill.getIsLiquidation();
      has_fill_ = true;
      return;
    }
    case RecordType::POSITION: return on_position(record);
    default: return;
  }
}

void ShareLedger::on_position(const journal::RecordView& record) {
  const auto p = journal::read<schema::Position>(record);
  const InstrumentNo instrument = record.header->instrument;
  if (p.getMarkPrice() > 0) marks_[instrument] = {p.getMarkPrice()};
  if (p.getIsAccountNet()) {
    if (fill_.instrument == instrument) has_fill_ = false;  // the last record of an execution
    return;
  }
  ShareState& share = shares_[{record.header->strategy, instrument}];
  const ShareState before = share;
  share = {{p.getQty()}, {p.getOpenNotional()}, {p.getRealizedPnl()}, {p.getCommission()}, {p.getFunding()}};
  const Qty change = share.qty - before.qty;
  const Money realized = share.realized - before.realized;
  if (has_fill_ && fill_.instrument == instrument) {
    ShareTrade trade = fill_;
    trade.strategy = record.header->strategy;
    trade.qty = change.abs();
    trade.position_before = before.qty;
    trade.position_after = share.qty;
    trade.realized = realized;
    trade.cost = (share.open_notional - before.open_notional) - realized;
    trade.commission = share.commission - before.commission;
    trades_.push_back(trade);
    return;
  }
  if (share.funding != before.funding) {
    funding_.push_back(
        {record.seq, record.header->strategy, instrument, {record.header->ts_engine}, share.funding - before.funding});
  }
  if (!change.is_zero() || !realized.is_zero()) ++corrections_;
}

Price ShareLedger::mark(InstrumentNo instrument) const {
  const auto found = marks_.find(instrument);
  return found == marks_.end() ? Price{} : found->second;
}

}  // namespace reprise::engine
