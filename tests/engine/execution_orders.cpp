// Orders as a trader would tell them: one line for each command and event, what stands after it at the end of the line.
#include <fstream>
#include <sstream>

#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using schema::AnomalyKind;
using schema::ReportKind;

namespace {

const char* text_of(AnomalyKind kind) {
  switch (kind) {
    case AnomalyKind::IMPOSSIBLE_TRANSITION: return "impossible";
    case AnomalyKind::UNKNOWN_ORDER: return "unknown_order";
    case AnomalyKind::DUPLICATE_FILL: return "duplicate";
    case AnomalyKind::OVERFILL: return "overfill";
    case AnomalyKind::QUANTITY_MISMATCH: return "mismatch";
    case AnomalyKind::STALE_REPORT: return "stale";
    case AnomalyKind::CONSERVATION: return "conservation";
  }
  return "?";
}

// One order told line by line:  what happens | status | cum_qty | working qty | booked | anomalies
class Story {
 public:
  explicit Story(OrderType type = OrderType::LIMIT) : type_(type) { orders.configure(DurationNanos::seconds(10)); }

  void tell(const std::string& table) {
    std::istringstream lines(table);
    std::string line;
    while (std::getline(lines, line)) {
      if (line.find_first_not_of(" ") == std::string::npos || line.find("| status") != std::string::npos) continue;
      std::vector<std::string> cells;
      std::istringstream row(line);
      std::string cell;
      while (std::getline(row, cell, '|')) {
        const auto first = cell.find_first_not_of(' ');
        cells.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
      }
      cells.resize(6);
      INFO(line);
      happen(cells[0]);
      const Order* order = orders.find(id);
      REQUIRE(order != nullptr);
      CHECK(std::string(name_of(order->status)) == cells[1]);
      CHECK(decimal_text(order->cum_qty) == cells[2]);
      CHECK(decimal_text(orders.working(kEth).buy) == cells[3]);
      CHECK((outcome.is_fill ? decimal_text(outcome.fill.qty) : std::string()) == cells[4]);
      std::string anomalies;
      for (const AnomalyKind kind : desk.anomalies())
        anomalies += (anomalies.empty() ? "" : " ") + std::string(text_of(kind));
      CHECK(anomalies == cells[5]);
    }
  }

  Desk desk;
  OrderManager orders;
  OrderManager::Outcome outcome;
  Seq id = 0;
  Seq command = 0;

 private:
  void happen(const std::string& what) {
    std::istringstream words(what);
    std::string verb, a, b, c, d, of, e;
    words >> verb >> a >> b >> c >> d >> of >> e;
    outcome = {};
    Emitter& out = desk.next();
    if (verb == "submit") {  // submit buy 10 @ 100
      OrderRequest r;
      r.instrument = kEth;
      r.strategy = 1;
      r.side = Side::BUY;
      r.type = type_;
      r.time_in_force = TimeInForce::GTC;
      r.qty = qty(b);
      r.price = price(d);
      if (is_conditional(type_)) r.trigger_price = r.price;
      id = orders.submit(r, out);
    } else if (verb == "cancel") {
      command = out.next_seq();
      CHECK(orders.cancel(id, 0, out));
    } else if (verb == "modify") {  // modify 12 @ 101
      command = out.next_seq();
      CHECK(orders.modify(id, price(c), qty(a), 0, out));
    } else if (verb == "wait") {  // wait 11 seconds
      Emitter& later = desk.at(desk.now() + std::stoll(a) * 1'000'000'000);
      orders.on_tick(later.now(), later);
    } else {
      Report r;
      r->setOrderId(id);
      r->setVenueOrderId(77);
      if (verb == "fill") {  // fill 4 @ 100 #1, or fill 4 @ 100 #1 of 5: with the order's quantity as the venue has it
        if (!e.empty()) r->setOrderQty(e8(e));
        r->setKind(ReportKind::FILLED);
        r->setLastQty(e8(a));
        r->setLastPrice(e8(c));
        r->setTradeId(std::stoll(d.substr(1)));
      } else if (verb == "modified") {  // modified 12 @ 101
        r->setKind(ReportKind::MODIFIED);
        r->setOrderQty(e8(a));
        r->setPrice(e8(c));
      } else if (verb == "snapshot") {  // snapshot cum 4, or with the venue's terms: snapshot cum 4 12 101
        r->setKind(ReportKind::STATUS_SNAPSHOT);
        r->setCumQty(e8(b));
        if (!c.empty()) r->setOrderQty(e8(c));
        if (!d.empty()) r->setPrice(e8(d));
      } else if (verb == "not_found") {
        r->setKind(ReportKind::STATUS_SNAPSHOT);
        r->setErrorCode(-2013);
      } else {
        const std::vector<std::pair<std::string, ReportKind>> kinds = {
            {"accepted", ReportKind::ACCEPTED},   {"rejected", ReportKind::REJECTED},
            {"canceled", ReportKind::CANCELED},   {"cancel_rejected", ReportKind::CANCEL_REJECTED},
            {"expired", ReportKind::EXPIRED},     {"modify_rejected", ReportKind::MODIFY_REJECTED},
            {"triggered", ReportKind::TRIGGERED}, {"trailing_activated", ReportKind::TRAILING_ACTIVATED},
            {"lost", ReportKind::UNKNOWN}};
        bool found = false;
        for (const auto& [word, kind] : kinds) {
          if (word != verb) continue;
          r->setKind(kind);
          found = true;
        }
        if (!found) FAIL("no such event: " + verb);
      }
      outcome = orders.on_report(kEth, r.reader(), out);
    }
  }
  OrderType type_;
};

}  // namespace

TEST_CASE("an order rests, trades in parts and is filled") {
  Story().tell(R"(
    what                    | status           | cum | working | booked | anomalies
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    fill 4 @ 100 #1         | partially_filled | 4   | 6       | 4      |
    fill 6 @ 99 #2          | filled           | 10  | 0       | 6      |
  )");
}

TEST_CASE("a fill that comes before its acceptance is booked and the acceptance is late") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    fill 4 @ 100 #1         | partially_filled | 4   | 6       | 4      |
    accepted                | partially_filled | 4   | 6       |        | stale
  )");
}

TEST_CASE("a cancel that loses its race against a fill is answered once without an anomaly") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    fill 10 @ 100 #1        | filled           | 10  | 0       | 10     |
    cancel_rejected         | filled           | 10  | 0       |        |
    cancel_rejected         | filled           | 10  | 0       |        | impossible
  )");
}

TEST_CASE("a partial fill during a pending cancel is booked and the cancel still stands") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    fill 4 @ 100 #1         | pending_cancel   | 4   | 6       | 4      |
    canceled                | canceled         | 4   | 0       |        |
  )");
}

TEST_CASE("a refused cancel leaves the order where it stood") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    fill 1 @ 100 #1         | partially_filled | 1   | 9       | 1      |
    cancel                  | pending_cancel   | 1   | 9       |        |
    cancel_rejected         | partially_filled | 1   | 9       |        |
  )");
}

TEST_CASE("a modify keeps the id and counts with the larger quantity until it is answered") {
  Story story;
  story.tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
  )");
  const Seq id = story.id;
  story.tell(R"(
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    modified 12 @ 101       | accepted         | 0   | 12      |        |
    modify 5 @ 101          | pending_modify   | 0   | 12      |        |
    fill 4 @ 101 #1         | pending_modify   | 4   | 8       | 4      |
    modified 5 @ 101        | partially_filled | 4   | 1       |        |
    fill 1 @ 101 #2         | filled           | 5   | 0       | 1      |
  )");
  CHECK(story.id == id);
  CHECK(story.orders.find(id)->request.price == price("101"));
}

TEST_CASE("a modify that loses its race against a fill is answered once") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    fill 10 @ 100 #1        | filled           | 10  | 0       | 10     |
    modify_rejected         | filled           | 10  | 0       |        |
    modify_rejected         | filled           | 10  | 0       |        | impossible
  )");
}

TEST_CASE("an execution on the terms of a modify closes the order though the answer was lost") {
  Story story;
  story.tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 5 @ 101          | pending_modify   | 0   | 10      |        |
    fill 5 @ 101 #1 of 5    | filled           | 5   | 0       | 5      |
  )");
  CHECK(story.orders.find(story.id)->request.price == price("101"));
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    fill 11 @ 101 #1 of 12  | pending_modify   | 11  | 1       | 11     |
    modified 12 @ 101       | partially_filled | 11  | 1       |        |
  )");
}

TEST_CASE("an execution on the old terms leaves a modify in flight") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 5 @ 101          | pending_modify   | 0   | 10      |        |
    fill 4 @ 100 #1 of 10   | pending_modify   | 4   | 6       | 4      |
    modified 5 @ 101        | partially_filled | 4   | 1       |        |
  )");
}

TEST_CASE("a cancel sent behind a modify is answered behind it") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    cancel                  | pending_cancel   | 0   | 12      |        |
    modified 12 @ 101       | pending_cancel   | 0   | 12      |        |
    canceled                | canceled         | 0   | 0       |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    cancel                  | pending_cancel   | 0   | 12      |        |
    cancel_rejected         | pending_modify   | 0   | 12      |        |
    modify_rejected         | accepted         | 0   | 10      |        |
  )");
}

TEST_CASE("a repeated execution is ignored and named") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    fill 4 @ 100 #1         | partially_filled | 4   | 6       | 4      |
    fill 4 @ 100 #1         | partially_filled | 4   | 6       |        | duplicate
    fill 6 @ 100 #2         | filled           | 10  | 0       | 6      |
    fill 6 @ 100 #2         | filled           | 10  | 0       |        | duplicate
  )");
}

TEST_CASE("more than the order asked for is booked and named") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    fill 11 @ 100 #1        | filled           | 11  | 0       | 11     | overfill
    fill 1 @ 100 #2         | filled           | 12  | 0       | 1      | overfill impossible
  )");
}

TEST_CASE("reports behind the end of an order change nothing, executions are still booked") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    canceled                | canceled         | 0   | 0       |        |
    canceled                | canceled         | 0   | 0       |        | stale
    accepted                | canceled         | 0   | 0       |        | stale
    rejected                | canceled         | 0   | 0       |        | impossible
    fill 2 @ 100 #1         | canceled         | 2   | 0       | 2      | stale
    modified 3 @ 100        | canceled         | 2   | 0       |        | stale
    triggered               | canceled         | 2   | 0       |        | stale
  )");
}

TEST_CASE("a venue refusal is final") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    rejected                | rejected         | 0   | 0       |        |
    rejected                | rejected         | 0   | 0       |        | stale
    triggered               | rejected         | 0   | 0       |        | impossible
  )");
}

TEST_CASE("an order without an answer is unknown after its deadline and a later report settles it") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    wait 9                  | submitted        | 0   | 10      |        |
    wait 2                  | unknown          | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    wait 11                 | unknown          | 0   | 10      |        |
    rejected                | rejected         | 0   | 0       |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    wait 11                 | unknown          | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    canceled                | canceled         | 0   | 0       |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    wait 11                 | unknown          | 0   | 12      |        |
    modified 12 @ 101       | accepted         | 0   | 12      |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    wait 11                 | unknown          | 0   | 12      |        |
    modify_rejected         | accepted         | 0   | 10      |        |
    modify_rejected         | accepted         | 0   | 10      |        | impossible
    cancel                  | pending_cancel   | 0   | 10      |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    lost                    | unknown          | 0   | 10      |        |
    fill 3 @ 100 #1         | partially_filled | 3   | 7       | 3      |
  )");
}

TEST_CASE("the answer to a query settles an unknown fate") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    wait 11                 | unknown          | 0   | 10      |        |
    not_found               | rejected         | 0   | 0       |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    wait 11                 | unknown          | 0   | 10      |        |
    snapshot cum 4          | unknown          | 0   | 10      |        | mismatch
    fill 4 @ 100 #1         | partially_filled | 4   | 6       | 4      |
    snapshot cum 4          | partially_filled | 4   | 6       |        |
    snapshot cum 4 12 101   | partially_filled | 4   | 8       |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    modify 12 @ 101         | pending_modify   | 0   | 12      |        |
    snapshot cum 0 10 100   | pending_modify   | 0   | 12      |        |
    modified 12 @ 101       | accepted         | 0   | 12      |        |
  )");
}

TEST_CASE("a stop waits, triggers, rests and trades") {
  Story(OrderType::STOP_LIMIT).tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    triggered               | triggered        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    fill 10 @ 100 #1        | filled           | 10  | 0       | 10     |
  )");
  Story(OrderType::TRAILING_STOP_MARKET).tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    trailing_activated      | accepted         | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    triggered               | pending_cancel   | 0   | 10      |        |
    cancel_rejected         | triggered        | 0   | 10      |        |
    expired                 | expired          | 0   | 0       |        |
  )");
}

TEST_CASE("a plain limit order cannot trigger") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    accepted                | accepted         | 0   | 10      |        |
    triggered               | accepted         | 0   | 10      |        | impossible
  )");
}

TEST_CASE("a cancel may overtake the acceptance of its order") {
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    accepted                | pending_cancel   | 0   | 10      |        |
    accepted                | pending_cancel   | 0   | 10      |        | stale
    cancel_rejected         | accepted         | 0   | 10      |        |
  )");
  Story().tell(R"(
    submit buy 10 @ 100     | submitted        | 0   | 10      |        |
    cancel                  | pending_cancel   | 0   | 10      |        |
    rejected                | rejected         | 0   | 0       |        |
    cancel_rejected         | rejected         | 0   | 0       |        |
  )");
}

TEST_CASE("an order of somebody else is named once and left alone") {
  Desk desk;
  OrderManager orders;
  Report r;
  r->setVenueOrderId(9);
  r->setKind(ReportKind::ACCEPTED);
  auto outcome = orders.on_report(kEth, r.reader(), desk.next());
  CHECK(outcome.is_foreign);
  CHECK(desk.anomalies() == std::vector<AnomalyKind>{AnomalyKind::UNKNOWN_ORDER});
  r->setKind(ReportKind::CANCELED);
  outcome = orders.on_report(kEth, r.reader(), desk.next());
  CHECK(outcome.is_foreign);
  CHECK(desk.anomalies().empty());
  CHECK(orders.open_count() == 0);
}

TEST_CASE("a liquidation is an execution of its own and is booked once") {
  Desk desk;
  OrderManager orders;
  Report r;
  r->setKind(ReportKind::LIQUIDATION);
  r->setSide(Side::SELL);
  r->setLastQty(e8("3"));
  r->setLastPrice(e8("90"));
  r->setTradeId(5);
  auto outcome = orders.on_report(kEth, r.reader(), desk.next());
  CHECK(outcome.is_fill);
  CHECK(outcome.fill.is_liquidation);
  CHECK(outcome.fill.strategy == 0);
  outcome = orders.on_report(kEth, r.reader(), desk.next());
  CHECK_FALSE(outcome.is_fill);
  CHECK(desk.anomalies() == std::vector<AnomalyKind>{AnomalyKind::DUPLICATE_FILL});
}

TEST_CASE("a denied request leaves a record and no order") {
  Desk desk;
  OrderManager orders;
  OrderRequest request;
  request.instrument = kEth;
  request.side = Side::BUY;
  request.type = OrderType::LIMIT;
  request.qty = qty("1");
  request.price = price("100");
  Emitter& out = desk.next();
  const Seq decision = out.input_seq();
  orders.deny(request, decision, out);
  CHECK(orders.open_count() == 0);
  const auto state = desk.last<schema::OrderState>(journal::RecordType::ORDER_STATE);
  CHECK(state.getStatus() == OrderStatus::DENIED);
  CHECK(state.getOrderId() == decision);
}

TEST_CASE("memory is flat: closed orders leave, and their repeated executions are still recognised") {
  Desk desk;
  OrderManager orders;
  std::vector<Seq> ids;
  constexpr int kOrders = 2000;
  for (int n = 1; n <= kOrders; ++n) {
    OrderRequest request;
    request.instrument = kEth;
    request.side = Side::BUY;
    request.type = OrderType::LIMIT;
    request.qty = qty("1");
    request.price = price("100");
    const Seq id = orders.submit(request, desk.next());
    ids.push_back(id);
    Report r;
    r->setOrderId(id);
    r->setKind(ReportKind::FILLED);
    r->setLastQty(e8("1"));
    r->setLastPrice(e8("100"));
    r->setTradeId(n);
    REQUIRE(orders.on_report(kEth, r.reader(), desk.next()).is_fill);
  }
  CHECK(orders.closed_kept() == OrderManager::kClosedKept);
  CHECK(orders.find(ids.front()) == nullptr);
  CHECK(orders.find(ids.back()) != nullptr);
  Report again;
  again->setOrderId(ids.front());
  again->setKind(ReportKind::FILLED);
  again->setLastQty(e8("1"));
  again->setLastPrice(e8("100"));
  again->setTradeId(1);
  const auto outcome = orders.on_report(kEth, again.reader(), desk.next());
  CHECK_FALSE(outcome.is_fill);
  CHECK(desk.anomalies() == std::vector<AnomalyKind>{AnomalyKind::DUPLICATE_FILL});
}

TEST_CASE("STATES.md holds the transition table") {
  std::ifstream file(std::string(REPRISE_SOURCE_DIR) + "/engine/execution/STATES.md");
  std::stringstream text;
  text << file.rdbuf();
  REQUIRE(!text.str().empty());
  INFO("expected table:\n" << states_table_markdown());
  CHECK(text.str().find(states_table_markdown()) != std::string::npos);
}

TEST_CASE("closed statuses never lead to another status") {
  for (std::size_t s = 0; s < kOrderStatuses; ++s) {
    const auto status = static_cast<OrderStatus>(s);
    if (!is_closed(status)) continue;
    for (std::size_t e = 0; e < kReportEvents; ++e) {
      const Transition cell = transition(status, static_cast<ReportEvent>(e));
      INFO(name_of(status) << " x " << name_of(static_cast<ReportEvent>(e)));
      CHECK(cell.kind != TransitionKind::to);
      CHECK(cell.kind != TransitionKind::back);
      CHECK(cell.kind != TransitionKind::working);
    }
  }
}
