#include "tools/why/order_life.h"

#include "engine/execution/order.h"
#include "engine/market/market_state.h"
#include "tools/schema_names.h"
#include "tools/why/describe.h"

namespace reprise::tools {

using journal::RecordType;
using journal::RecordView;
using journal::Seq;

namespace {

struct Observed {
  schema::Side side = schema::Side::NONE;
  std::uint32_t instrument = 0;
  std::int64_t price = 0;  // 0 = market or conditional
  std::int64_t sent_at = 0;
  Seq accepted_seq = 0;
  std::int64_t accepted_venue = 0, accepted_heard = 0;
  std::int64_t filled_qty = 0, first_fill_venue = 0;
  Money notional;
  std::int64_t traded_at_price = 0;  // market trades at its price from acceptance to the first execution
  bool closed = false;
};

void see_report(const RecordView& record, Observed& facts) {
  const auto r = journal::read<schema::OrderReport>(record);
  if (r.getKind() == schema::ReportKind::ACCEPTED && facts.accepted_seq == 0) {
    facts.accepted_seq = record.seq;
    facts.accepted_venue = record.header->ts_event;
    facts.accepted_heard = record.header->ts_engine;
  }
  if (r.getLastQty() == 0) return;
  if (facts.first_fill_venue == 0) facts.first_fill_venue = record.header->ts_event;
  facts.filled_qty += r.getLastQty();
  facts.notional += Price{r.getLastPrice()} * Qty{r.getLastQty()};
}

}  // namespace

Result<OrderLife> order_life(Records& records, const RunNames& names, Seq order_id,
                             const std::function<Result<engine::StateWalk*>()>& walk) {
  auto command = records.at(order_id);
  if (!command) return command.error();
  if (command->type() != RecordType::ORDER_COMMAND) {
    return usage_error("seq " + std::to_string(order_id) + " is no order command",
                       "export --type orderCommand lists them");
  }
  OrderLife life;
  life.order_id = order_id;
  const RecordView view = command->view();
  life.title = describe(view, names) + ", " + names.symbol(view.header->instrument) + " by " +
               names.strategy(view.header->strategy);
  Observed facts;
  facts.instrument = view.header->instrument;
  facts.side = journal::read<schema::OrderCommand>(view).getSide();
  facts.price = journal::read<schema::OrderCommand>(view).getPrice();
  facts.sent_at = view.header->ts_engine;
  const Status scanned = records.scan(order_id, [&](const RecordView& record) {
    if (facts.closed && !record.header->is_output()) return false;  // the last report has been answered
    if (record.type() == RecordType::TRADE && facts.accepted_seq != 0 && facts.first_fill_venue == 0 &&
        record.header->instrument == facts.instrument) {
      const auto trade = journal::read<schema::Trade>(record);
      if (trade.getPrice() == facts.price) facts.traded_at_price += trade.getQty();
    }
    if (order_of(record) != order_id) return true;
    if (record.type() == RecordType::ORDER_STATE) {
      const auto status = journal::read<schema::OrderState>(record).getStatus();
      life.status = engine::name_of(status);
      facts.closed = engine::is_closed(status);
      return true;
    }
    const bool is_input = record.type() == RecordType::ORDER_REPORT;
    if (is_input) see_report(record, facts);
    life.events.push_back(
        {record.seq, record.header->ts_engine, is_input ? record.header->ts_event : 0, describe(record, names)});
    return true;
  });
  if (!scanned) return scanned.error();

  const auto add = [&](const char* name, std::string value, Seq seq) {
    life.figures.push_back(plain_figure(name, std::move(value), seq));
  };
  if (facts.accepted_seq != 0) {
    add("from decision to the venue", duration_text(facts.accepted_venue - facts.sent_at), facts.accepted_seq);
    add("from the venue to us", duration_text(facts.accepted_heard - facts.accepted_venue), facts.accepted_seq);
  }
  if (facts.accepted_seq != 0 && facts.first_fill_venue != 0)
    add("rested until the first execution", duration_text(facts.first_fill_venue - facts.accepted_venue), 0);
  if (facts.filled_qty != 0) add("average price", decimal_text(div(facts.notional, Qty{facts.filled_qty})), 0);
  if (facts.price != 0 && facts.accepted_seq != 0) {
    auto at = walk();
    if (!at) return at.error();
    if (auto moved = (*at)->go_to(facts.accepted_seq); !moved) return moved.error();
    const engine::InstrumentMarket* market = (*at)->engine().market().find(facts.instrument);
    if (market != nullptr && !market->feed().book().is_empty()) {
      const auto& book = market->feed().book();
      const auto side = facts.side == schema::Side::BUY ? BookSideKind::bid : BookSideKind::ask;
      const Qty ahead = book.qty_at(side, Price{facts.price});
      add("shown in the book at its price on acceptance", decimal_text(ahead), facts.accepted_seq);
      add("traded at its price before the first execution", decimal_text(facts.traded_at_price), 0);
    }
  }
  return life;
}

}  // namespace reprise::tools
