#include "sim/swarm/witness.h"

#include "engine/market/market_state.h"
#include "engine/risk/risk_engine.h"

namespace reprise::sim::swarm {

namespace {
constexpr std::int64_t kGrace = 8'000'000'000;  // from a halt to its last cancel or flatten order done
}

void Witness::on_command(const Command& command, UnixNanos arrival) {
  if (command.seq == 0 || command.seq >= run_->next_seq())
    findings_.add("journaled", command.seq, "a command leaves before its record is in the journal");
  inner_.on_command(command, arrival);
}

void Witness::after_input(const journal::RecordView& input, const journal::RecordBatch& outputs) {
  inner_.after_input(input, outputs);
  const journal::RecordType type = input.type();
  if (run_->engine().risk().trading_state() != schema::TradingStateKind::HALTED) {
    halted_since_ = kNever;
  } else if (halted_since_ == kNever) {
    halted_since_ = run_->now();
  }
  if (type == journal::RecordType::CONFIGURATION) note_strategies();
  if (run_->now().ns - run_->start().ns < well_at_) return;
  if (type == journal::RecordType::CLOCK_TICK && run_->in_flight() == 0) look(input.seq);
  if (type == journal::RecordType::RUN_END) look_at_end(input.seq);
}

void Witness::note_strategies() {
  const auto& strategies = run_->engine().config().strategies;
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    const auto number = static_cast<std::uint16_t>(i + 1);
    if (strategies[i].enabled) {
      off_since_.erase(number);
    } else {
      off_since_.try_emplace(number, run_->now());
    }
  }
}

void Witness::look(journal::Seq seq) {
  ++looks_;
  const engine::Engine& engine = run_->engine();
  const Ledger& ledger = run_->exchange().ledger();
  const auto differ = [&](const std::string& what, std::int64_t ours, std::int64_t theirs) {
    if (ours != theirs)
      findings_.add("agreement", seq,
                    what + ": the engine has " + std::to_string(ours) + ", the venue " + std::to_string(theirs));
  };
  differ("wallet", engine.portfolio().wallet_balance().e8, ledger.wallet_balance().e8);
  std::size_t at_venue = 0;
  std::size_t enlarging = 0;
  for (const auto& [number, instrument] : engine.instruments().all()) {
    differ("position of " + instrument.symbol, engine.portfolio().net_position(number).e8,
           ledger.position(number).qty.e8);
    const auto* open = run_->exchange().orders(number);
    if (open == nullptr) continue;
    at_venue += open->size();
    for (const VenueOrder& order : *open) enlarging += order.may_only_reduce() ? 0 : 1;
  }
  differ("open orders", engine.orders().open_count(), static_cast<std::int64_t>(at_venue));
  std::size_t ours = 0;
  for (const engine::Order* order : engine.orders().open_orders()) {
    if (order->request.reduce_only || order->request.close_position) continue;
    ++ours;
    const auto off = off_since_.find(order->request.strategy);
    if (off != off_since_.end() && run_->now().ns - off->second.ns > kGrace) {
      findings_.add("left", seq,
                    "strategy " + std::to_string(off->first) + " is off, and its order " + std::to_string(order->id) +
                        " is open");
    }
  }
  if (halted_since_ != kNever && run_->now().ns - halted_since_.ns > kGrace && enlarging + ours != 0)
    findings_.add("left", seq,
                  "halted, and orders that could enlarge a position are open: " + std::to_string(ours) + " here, " +
                      std::to_string(enlarging) + " at the venue");
}

void Witness::look_at_end(journal::Seq seq) {
  const engine::Engine& engine = run_->engine();
  for (const engine::Order* order : engine.orders().open_orders()) {
    if (order->status == OrderStatus::UNKNOWN)
      findings_.add("healed", seq, "the fate of order " + std::to_string(order->id) + " is unknown at the end");
  }
  for (const config::StrategyConfig& strategy : engine.config().strategies) {
    if (!strategy.enabled) continue;
    for (const std::string& symbol : strategy.instruments) {
      const Instrument* instrument = engine.instruments().find_symbol(symbol);
      const engine::InstrumentMarket* market =
          instrument == nullptr ? nullptr : engine.market().find(instrument->number);
      if (market == nullptr || market->is_stale(engine.now()))
        findings_.add("healed", seq, "the market of " + symbol + " is stale at the end");
    }
  }
  if (!engine.risk().killed() || run_->now().ns - halted_since_.ns <= kGrace) return;
  if (engine.orders().open_count() != 0)
    findings_.add("left", seq, "killed, and " + std::to_string(engine.orders().open_count()) + " orders are open");
  for (const engine::NetPosition& net : engine.portfolio().positions()) {
    if (!net.position.is_flat())
      findings_.add("left", seq, "killed, and a position of " + std::to_string(net.position.qty.e8) + " is held");
  }
}

}  // namespace reprise::sim::swarm
