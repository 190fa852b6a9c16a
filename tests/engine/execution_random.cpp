// Random reports in random order: the order manager never loses an invariant, and whatever the table calls impossible
// is in the journal.
#include <boost/random/mersenne_twister.hpp>
#include <map>
#include <set>

#include "engine/state_bytes.h"
#include "engine/state_hash.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using schema::AnomalyKind;
using schema::ReportKind;

namespace {

struct Dice {
  boost::random::mt19937_64 engine;
  explicit Dice(std::uint64_t seed) : engine(seed) {}
  std::uint64_t below(std::uint64_t n) { return engine() % n; }
};

OrderRequest random_request(Dice& dice) {
  OrderRequest r;
  r.instrument = 1 + static_cast<InstrumentNo>(dice.below(3));
  r.strategy = static_cast<StrategyNo>(dice.below(3));
  r.side = dice.below(2) == 0 ? Side::BUY : Side::SELL;
  r.type = static_cast<OrderType>(1 + dice.below(7));
  r.qty = Qty::whole(static_cast<std::int64_t>(1 + dice.below(10)));
  r.price = Price::whole(static_cast<std::int64_t>(90 + dice.below(20)));
  r.reduce_only = dice.below(5) == 0;
  r.close_position = !r.reduce_only && dice.below(10) == 0;
  return r;
}

// The counts an order manager keeps, made anew from the open orders.
void check_counts(const OrderManager& orders) {
  for (const WorkingQty& w : orders.all_working()) {
    Qty buy{}, sell{}, reduce_buy{}, reduce_sell{};
    std::uint32_t open = 0, close_buy = 0, close_sell = 0;
    orders.for_each_open(w.instrument, [&](const Order& o) {
      ++open;
      Qty leaves = o.leaves_qty();
      if (o.modify_command != 0) leaves = std::max(leaves, o.pending_qty - o.cum_qty);
      leaves = std::max(Qty{}, leaves);
      const bool is_buy = o.request.side == Side::BUY;
      if (o.request.close_position) ++(is_buy ? close_buy : close_sell);
      if (o.request.reduce_only || o.request.close_position)
        (is_buy ? reduce_buy : reduce_sell) += leaves;
      else
        (is_buy ? buy : sell) += leaves;
    });
    REQUIRE(w.open_orders == open);
    REQUIRE(w.buy == buy);
    REQUIRE(w.sell == sell);
    REQUIRE(w.reduce_buy == reduce_buy);
    REQUIRE(w.reduce_sell == reduce_sell);
    REQUIRE(w.close_buy == close_buy);
    REQUIRE(w.close_sell == close_sell);
  }
}

// The furthest that a position may come to in a direction when a few orders trade a lot at a time in any order, by
// trying all of them; what only reduces trades no more than there is to reduce.
struct Reach {
  struct Small {
    int sign = 0;
    int qty = 0;  // close-position: as much as there is
    bool reduces = false;
  };
  std::vector<Small> orders;
  std::set<std::vector<int>> seen;
  int furthest[2] = {};  // bought, sold

  void go(int held) {
    std::vector<int> state{held};
    for (const Small& o : orders) state.push_back(o.qty);
    if (!seen.insert(state).second) return;
    furthest[0] = std::max(furthest[0], held);
    furthest[1] = std::max(furthest[1], -held);
    for (std::size_t i = 0; i < orders.size(); ++i) {
      if (orders[i].qty == 0 || (orders[i].reduces && held * orders[i].sign >= 0)) continue;
      --orders[i].qty;
      go(held + orders[i].sign);
      ++orders[i].qty;
    }
  }
};

}  // namespace

TEST_CASE("what working orders are counted as is as far as any order of executions can lead") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    Dice dice(seed);
    const int held = static_cast<int>(dice.below(9)) - 4;
    Reach reach;
    WorkingQty working;
    for (std::uint64_t n = 1 + dice.below(4); n > 0; --n) {
      const int qty = static_cast<int>(1 + dice.below(4));
      const bool is_buy = dice.below(2) == 0;
      const std::uint64_t kind = dice.below(6);
      if (kind == 0) {
        reach.orders.push_back({is_buy ? 1 : -1, 100, true});
        ++(is_buy ? working.close_buy : working.close_sell);
      } else {
        reach.orders.push_back({is_buy ? 1 : -1, qty, kind < 3});
        (kind < 3 ? is_buy ? working.reduce_buy : working.reduce_sell
         : is_buy ? working.buy
                  : working.sell) += Qty::whole(qty);
      }
    }
    reach.furthest[0] = held;
    reach.furthest[1] = -held;
    reach.go(held);
    const Qty position = Qty::whole(held);
    CHECK(std::max(position, working.exposed_to(Side::BUY, position)) == Qty::whole(reach.furthest[0]));
    CHECK(std::max(-position, working.exposed_to(Side::SELL, position)) == Qty::whole(reach.furthest[1]));
  }
}

TEST_CASE("random reports never break the order manager, and what cannot be is journaled") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    Dice dice(seed);
    Desk desk;
    OrderManager orders;
    orders.configure(DurationNanos::seconds(1));
    std::vector<Seq> ids;
    std::map<Seq, OrderStatus> closed;  // a closed status is final
    std::set<std::pair<InstrumentNo, std::int64_t>> booked;
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t action = dice.below(10);
      const Seq id = ids.empty() ? 0 : ids[ids.size() - 1 - dice.below(std::min<std::uint64_t>(ids.size(), 20))];
      if (action == 0) {
        ids.push_back(orders.submit(random_request(dice), desk.next()));
      } else if (action == 1) {
        orders.cancel(id, 0, desk.next());
      } else if (action == 2) {
        orders.modify(id, Price::whole(static_cast<std::int64_t>(dice.below(120))),
                      Qty::whole(static_cast<std::int64_t>(dice.below(12))), 0, desk.next());
      } else if (action == 3) {
        Emitter& out = desk.at(desk.now() + static_cast<std::int64_t>(dice.below(2'000'000'000)));
        orders.on_tick(out.now(), out);
      } else {
        Report r;
        const std::uint64_t whose = dice.below(20);
        r->setOrderId(whose == 0 ? 0 : whose == 1 ? 999'999'999 : id);
        r->setVenueOrderId(static_cast<std::int64_t>(dice.below(50)));
        const auto kind = static_cast<ReportKind>(dice.below(14));
        r->setKind(kind);
        r->setSide(static_cast<Side>(dice.below(3)));
        r->setOrderQty(static_cast<std::int64_t>(dice.below(3)) * 500'000'000);
        r->setPrice(static_cast<std::int64_t>(dice.below(3)) * 10'000'000'000);
        r->setTradeId(static_cast<std::int64_t>(dice.below(400)));
        r->setCommandSeq(dice.below(3) == 0 ? dice.below(1000) : 0);
        // Mostly sensible executions, some of them absurd.
        static constexpr std::int64_t kQty[] = {100'000'000, 300'000'000, 0, -5, INT64_MAX, INT64_MIN, 1, 200'000'000};
        static constexpr std::int64_t kPrice[] = {10'000'000'000, 9'900'000'000, INT64_MAX, 0, -1, 10'100'000'000};
        r->setLastQty(kQty[dice.below(8)]);
        r->setLastPrice(kPrice[dice.below(6)]);
        r->setCumQty(dice.below(4) == 0 ? 300'000'000 : 0);
        r->setCommission(dice.below(30) == 0 ? INT64_MIN : 1000);
        const Order* before = orders.find(r.reader().getOrderId());
        const OrderStatus status = before != nullptr ? before->status : OrderStatus::INITIALIZED;
        const OrderStatus beneath = before != nullptr ? before->beneath : OrderStatus::INITIALIZED;
        const Qty cum = before != nullptr ? before->cum_qty : Qty{};
        const InstrumentNo instrument = before != nullptr ? before->request.instrument : 1;

        const auto outcome = orders.on_report(instrument, r.reader(), desk.next());

        // An execution is booked once for each trade id.
        if (outcome.is_fill && r.reader().getTradeId() != 0)
          REQUIRE(booked.insert({instrument, r.reader().getTradeId()}).second);
        // Impossible cells are journaled and change nothing.
        if (before != nullptr && kind != ReportKind::LIQUIDATION && kind != ReportKind::NONE) {
          static constexpr ReportEvent kEvents[] = {
              ReportEvent::accepted,     ReportEvent::accepted,           ReportEvent::rejected,
              ReportEvent::partial_fill, ReportEvent::canceled,           ReportEvent::cancel_rejected,
              ReportEvent::modified,     ReportEvent::modify_rejected,    ReportEvent::expired,
              ReportEvent::triggered,    ReportEvent::trailing_activated, ReportEvent::partial_fill,
              ReportEvent::fate_unknown, ReportEvent::status_snapshot};
          const ReportEvent event = kEvents[static_cast<std::size_t>(kind)];
          Transition cell = transition(status, event);
          if (cell.kind == TransitionKind::beneath) cell = transition(beneath, event);
          const bool is_odd = cell.kind == TransitionKind::impossible || cell.kind == TransitionKind::late;
          if (is_odd) {
            REQUIRE(outcome.is_anomaly);
            REQUIRE(before->status == status);
            REQUIRE(desk.count(journal::RecordType::ORDER_ANOMALY) >= 1);
          }
          if (!outcome.is_fill) REQUIRE(before->cum_qty == cum);
          if (before->status != status) REQUIRE(desk.count(journal::RecordType::ORDER_STATE) == 1);
        }
        if (outcome.is_anomaly) REQUIRE(desk.count(journal::RecordType::ORDER_ANOMALY) >= 1);
      }
      for (const Seq known : ids) {
        const Order* order = orders.find(known);
        if (order == nullptr) continue;
        const auto was = closed.find(known);
        if (was != closed.end()) REQUIRE(order->status == was->second);
        if (is_closed(order->status)) closed[known] = order->status;
      }
      if (step % 50 == 0) check_counts(orders);
    }
    check_counts(orders);

    // Saved and loaded, it is the same manager.
    OrderManager copy;
    REQUIRE(load_state(copy, save_state(orders)).ok());
    CHECK(hash_state(copy) == hash_state(orders));
    check_counts(copy);
  }
}
