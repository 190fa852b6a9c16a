#include "engine/explanation.h"

#include "engine/portfolio/sizing.h"

namespace reprise::engine {

namespace {

// Outputs that nobody journals.
class Scratch {
 public:
  explicit Scratch(const Core& core) {
    header_.ts_engine = core.out.now().ns;
    journal::RecordView input;
    input.seq = core.out.input_seq();
    input.header = &header_;
    out_.begin(input, core.out.now(), batch_);
  }
  Emitter& out() { return out_; }
  template <class F>
  void for_each(F&& f) {
    batch_.for_each(out_.input_seq() + 1, f);
  }

 private:
  journal::RecordHeader header_;
  journal::RecordBatch batch_;
  Emitter out_;
};

SizingOutcome size(const Core& core, StrategyNo strategy, const Instrument& contract, const Signal& signal) {
  Scratch scratch(core);
  SizingInput input;
  input.strategy = strategy;
  input.instrument = &contract;
  input.equity = core.portfolio.equity();
  input.reference = signal.reference_price;
  input.stop = signal.stop_price;
  input.strength = signal.strength;
  const SizingResult sized = size_position(core.config.sizing, input, scratch.out());
  SizingOutcome outcome;
  outcome.equity = input.equity;
  outcome.risk_fraction = {core.config.sizing.risk_fraction_e8};
  if (signal.stop_price) outcome.stop_distance = (signal.reference_price - *signal.stop_price).abs();
  outcome.raw_qty = sized.raw_qty;
  outcome.qty = sized.qty;
  outcome.capped_by = sized.capped_by;
  return outcome;
}

RiskOutcome check(const Core& core, const OrderRequest& request) {
  Scratch scratch(core);
  RiskEngine risk = core.risk;  // a copy: an approved order counts against the rate
  const RiskEngine::Decision decision = risk.check(request, core.risk_inputs(request.instrument), scratch.out());
  RiskOutcome outcome;
  outcome.verdict = decision.verdict;
  outcome.failed = decision.failed;
  outcome.requested = request.qty;
  outcome.approved = decision.approved_qty;
  scratch.for_each([&](const journal::RecordView& record) {
    if (record.type() != RecordType::RISK_DECISION) return;
    for (const auto c : journal::read<schema::RiskDecision>(record).getChecks()) {
      outcome.checks.push_back({c.getRule(), c.getUnit(), c.getPassed(), c.getValue(), c.getBound()});
    }
  });
  return outcome;
}

}  // namespace

ExplainedAction explain_gates(const Core& core, StrategyNo strategy, InstrumentNo instrument, PossibleAction action) {
  ExplainedAction told;
  told.action = std::move(action);
  const Instrument* contract = core.instrument(instrument);
  if (contract == nullptr) return told;
  OrderRequest request;
  request.instrument = instrument;
  request.strategy = strategy;
  if (told.action.quote) {
    const Quote& quote = *told.action.quote;
    request.side = quote.side;
    request.type = OrderType::LIMIT;
    request.time_in_force = TimeInForce::GTX;
    request.qty = contract->floor_to_lot(quote.qty);
    request.price = contract->round_to_tick(quote.price, quote.side == Side::BUY ? Rounding::floor : Rounding::ceiling);
  } else if (told.action.signal) {
    const Signal& signal = *told.action.signal;
    request.side = signal.side;
    request.type = OrderType::MARKET;
    const bool enters = signal.kind == schema::SignalKind::ENTER_LONG || signal.kind == schema::SignalKind::ENTER_SHORT;
    if (enters) {
      told.sizing = size(core, strategy, *contract, signal);
      request.qty = told.sizing->qty;
    } else {
      // As StrategyHost closes a share: reduce-only where the account's net position covers it.
      const Qty share = core.portfolio.strategy_position(strategy, instrument);
      const Qty net = core.portfolio.net_position(instrument);
      request.qty = contract->floor_to_lot(share.abs());
      if (contract->market_max_qty.is_positive()) request.qty = std::min(request.qty, contract->market_max_qty);
      request.reduce_only = share.sign() == net.sign() && net.abs() >= request.qty;
    }
  }
  told.side = request.side;
  if (request.side != Side::NONE && request.qty.is_positive()) told.risk = check(core, request);
  return told;
}

}  // namespace reprise::engine
