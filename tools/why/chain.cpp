#include "tools/why/chain.h"

#include "engine/portfolio/portfolio.h"
#include "tools/why/describe.h"

namespace reprise::tools {

using journal::RecordType;
using journal::RecordView;
using journal::Seq;

namespace {

engine::BarEvent bar_event(const RecordView& record) {
  engine::BarEvent event;
  event.instrument = record.header->instrument;
  const auto fill = [&](auto b) {
    event.open = Price{b.getOpen()};
    event.high = Price{b.getHigh()};
    event.low = Price{b.getLow()};
    event.close = Price{b.getClose()};
    event.volume = Qty{b.getVolume()};
    event.open_time = UnixNanos{b.getOpenTime()};
  };
  if (record.type() == RecordType::BAR) {
    fill(journal::read<schema::Bar>(record));
  } else {
    fill(journal::read<schema::MarketBar>(record));
  }
  return event;
}

bool is_bar(const RecordView& record) {
  return record.type() == RecordType::BAR || record.type() == RecordType::MARKET_BAR;
}

}  // namespace

Result<engine::StateWalk*> ChainTeller::walk() {
  if (!walk_) {
    auto opened = engine::StateWalk::open(records_.path(), progress_);
    if (!opened) return opened.error();
    walk_.emplace(std::move(opened).value());
  }
  return &*walk_;
}

Result<std::vector<Step>> ChainTeller::tell(Seq seq) {
  auto chain = records_.chain(seq);
  if (!chain) return chain.error();
  std::vector<Step> steps;
  for (const OwnedRecord& record : *chain) steps.push_back({record, describe(record.view(), names_), {}});
  // Oldest first: the walk goes forward.
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (auto added = add_figures(*step); !added) return added.error();
  }
  return steps;
}

Status ChainTeller::add_figures(Step& step) {
  const RecordView record = step.record.view();
  switch (record.type()) {
    case RecordType::RISK_DECISION:
      step.figures = figures_of_decision(journal::read<schema::RiskDecision>(record), names_.asset);
      return ok_status();
    case RecordType::SIZING: {
      const auto s = journal::read<schema::Sizing>(record);
      step.figures = figures_of(engine::SizingOutcome{{s.getEquity()},
                                                      {s.getRiskFraction()},
                                                      {s.getStopDistance()},
                                                      {s.getRawQty()},
                                                      {s.getQty()},
                                                      s.getCappedBy()},
                                names_);
      return ok_status();
    }
    case RecordType::FILL: {
      const auto f = journal::read<schema::Fill>(record);
      const auto against = [&](const char* name, std::int64_t mid) {
        if (mid == 0) return;
        const std::int64_t worse = f.getSide() == schema::Side::BUY ? f.getPrice() - mid : mid - f.getPrice();
        step.figures.push_back(plain_figure(name, decimal_text(mid) + ", " + decimal_text(worse < 0 ? -worse : worse) +
                                                      (worse < 0 ? " better" : " worse")));
      };
      against("mid at the decision", f.getMidAtDecision());
      against("mid at the fill", f.getMidAtFill());
      return ok_status();
    }
    case RecordType::ORDER_REPORT: {
      const auto r = journal::read<schema::OrderReport>(record);
      step.figures.push_back(
          plain_figure("heard after", duration_text(record.header->ts_engine - record.header->ts_event)));
      return r.getKind() == schema::ReportKind::LIQUIDATION ? add_liquidation(step) : ok_status();
    }
    case RecordType::SIGNAL: return add_signal(step);
    default: return ok_status();
  }
}

Status ChainTeller::add_signal(Step& step) {
  const RecordView record = step.record.view();
  const auto signal = journal::read<schema::Signal>(record);
  if (signal.getKind() == schema::SignalKind::QUOTE) return add_quotes(step);
  const std::uint32_t instrument = record.header->instrument;
  const std::uint16_t strategy = record.header->strategy;
  if (signal.getKind() == schema::SignalKind::STOP) {
    if (signal.getReferencePrice() != 0) {
      const bool is_long = signal.getSide() == schema::Side::SELL;
      engine::Condition hit;
      hit.name = is_long ? "price at or below the stop" : "price at or above the stop";
      hit.unit = engine::ConditionUnit::price;
      hit.comparison = is_long ? engine::Comparison::at_most : engine::Comparison::at_least;
      hit.value = signal.getReferencePrice();
      hit.bound = signal.getStopPrice();
      Figure figure = figure_of(hit, names_.asset);
      figure.value_seq = record.cause_seq();
      step.figures.push_back(std::move(figure));
    }
    // Where the stop was set: the trailing stop's Feature, else the entry.
    auto set_by = records_.last_before(record.seq, [&](const RecordView& r) {
      if (r.header->instrument != instrument || r.header->strategy != strategy) return false;
      if (r.type() == RecordType::FEATURE) {
        return journal::read<schema::Feature>(r).getKind() == schema::FeatureKind::STOP_LEVEL;
      }
      if (r.type() != RecordType::SIGNAL) return false;
      const auto kind = journal::read<schema::Signal>(r).getKind();
      return kind == schema::SignalKind::ENTER_LONG || kind == schema::SignalKind::ENTER_SHORT;
    });
    if (!set_by) return set_by.error();
    if (*set_by) {
      const RecordView by = (*set_by)->view();
      const bool is_trail = by.type() == RecordType::FEATURE;
      const std::int64_t stop =
          is_trail ? journal::read<schema::Feature>(by).getValue() : journal::read<schema::Signal>(by).getStopPrice();
      step.figures.push_back(plain_figure(is_trail ? "stop as it was last trailed" : "stop as the entry set it",
                                          decimal_text(stop) + ", at " + clock_text(by.header->ts_engine), by.seq));
    }
    return ok_status();
  }
  auto cause = records_.at(record.cause_seq());
  if (!cause) return cause.error();
  return add_conditions(step, cause->view());
}

Status ChainTeller::add_conditions(Step& step, const RecordView& cause) {
  const RecordView record = step.record.view();
  auto walk = this->walk();
  if (!walk) return walk.error();
  if (auto moved = (*walk)->go_before(record.seq); !moved) return moved;
  const engine::BarEvent bar = is_bar(cause) ? bar_event(cause) : engine::BarEvent{};
  const engine::Explanation told =
      (*walk)->engine().explain(record.header->strategy, record.header->instrument, is_bar(cause) ? &bar : nullptr);
  const auto kind = journal::read<schema::Signal>(record).getKind();
  for (const engine::ExplainedAction& action : told.actions) {
    if (!action.action.signal || action.action.signal->kind != kind) continue;
    for (const engine::Condition& condition : action.action.conditions) {
      Figure figure = figure_of(condition, names_.asset);
      if (is_bar(cause) && condition.unit == engine::ConditionUnit::price && condition.value == bar.close.e8)
        figure.value_seq = cause.seq;
      if (condition.value_feature != schema::FeatureKind::NONE) {
        auto seq = feature_seq(record, condition.value_feature, condition.value);
        if (!seq) return seq.error();
        figure.value_seq = *seq;
      }
      if (condition.bound_feature != schema::FeatureKind::NONE) {
        auto seq = feature_seq(record, condition.bound_feature, condition.bound);
        if (!seq) return seq.error();
        figure.bound_seq = *seq;
      }
      step.figures.push_back(std::move(figure));
    }
  }
  return ok_status();
}

// Why the grid was laid anew: its centre now and before, the inventory that it leans against.
Status ChainTeller::add_quotes(Step& step) {
  const RecordView record = step.record.view();
  const auto centre_before = [&](Seq seq) {
    return records_.last_before(seq, [&](const RecordView& r) {
      return r.type() == RecordType::FEATURE && r.header->instrument == record.header->instrument &&
             r.header->strategy == record.header->strategy &&
             journal::read<schema::Feature>(r).getKind() == schema::FeatureKind::QUOTE_CENTER;
    });
  };
  auto now = centre_before(record.seq);
  if (!now) return now.error();
  if (!*now) return ok_status();
  const std::int64_t centre = journal::read<schema::Feature>((*now)->view()).getValue();
  step.figures.push_back(plain_figure("centre of the grid", decimal_text(centre), (*now)->seq()));
  auto before = centre_before((*now)->seq());
  if (!before) return before.error();
  if (*before) {
    const std::int64_t was = journal::read<schema::Feature>((*before)->view()).getValue();
    step.figures.push_back(plain_figure(
        "centre of the grid before", decimal_text(was) + ", moved by " + decimal_text(centre - was), (*before)->seq()));
  }
  auto skew = records_.last_before(
      record.seq,
      [&](const RecordView& r) {
        return r.type() == RecordType::FEATURE && r.header->strategy == record.header->strategy &&
               r.header->instrument == record.header->instrument &&
               journal::read<schema::Feature>(r).getKind() == schema::FeatureKind::INVENTORY_SKEW;
      },
      64);
  if (!skew) return skew.error();
  if (*skew) {
    step.figures.push_back(plain_figure("inventory, share of the largest",
                                        decimal_text(journal::read<schema::Feature>((*skew)->view()).getValue()),
                                        (*skew)->seq()));
  }
  return ok_status();
}

Status ChainTeller::add_liquidation(Step& step) {
  auto walk = this->walk();
  if (!walk) return walk.error();
  if (auto moved = (*walk)->go_before(step.record.seq()); !moved) return moved;
  const engine::Portfolio& portfolio = (*walk)->engine().portfolio();
  const std::uint32_t instrument = step.record.view().header->instrument;
  const engine::NetPosition* net = portfolio.net(instrument);
  if (net == nullptr) return ok_status();
  engine::Condition margin;
  margin.name = "margin balance at or below the maintenance margin";
  margin.unit = engine::ConditionUnit::money;
  margin.comparison = engine::Comparison::at_most;
  margin.value = portfolio.equity().e8;
  margin.bound = portfolio.maintenance_margin().e8;
  Figure figure = figure_of(margin, names_.asset);
  if (!margin.met()) figure.note += ", as the engine saw it before this report";
  step.figures.push_back(std::move(figure));
  auto mark = records_.cause_of(step.record.view());
  if (!mark) return mark.error();
  step.figures.push_back(plain_figure("mark price", decimal_text(net->mark), *mark));
  if (const auto price = portfolio.liquidation_price(instrument)) {
    step.figures.push_back(plain_figure("liquidation price", decimal_text(*price)));
  }
  auto position = records_.last_before(step.record.seq(), [&](const RecordView& r) {
    return r.type() == RecordType::POSITION && r.header->instrument == instrument &&
           journal::read<schema::Position>(r).getIsAccountNet();
  });
  if (!position) return position.error();
  step.figures.push_back(
      plain_figure("position", decimal_text(net->position.qty) + " from " + decimal_text(net->position.entry_price()),
                   *position ? (*position)->seq() : 0));
  return ok_status();
}

// The Feature record nearest to a decision that holds this value; 0 = none does.
Result<Seq> ChainTeller::feature_seq(const RecordView& by, schema::FeatureKind kind, std::int64_t value) {
  auto found = records_.last_before(
      by.seq,
      [&](const RecordView& r) {
        if (r.type() != RecordType::FEATURE || r.header->instrument != by.header->instrument ||
            r.header->strategy != by.header->strategy)
          return false;
        const auto f = journal::read<schema::Feature>(r);
        return f.getKind() == kind && f.getValue() == value;
      },
      1u << 18);
  if (!found) return found.error();
  return *found ? (*found)->seq() : Seq{0};
}

}  // namespace reprise::tools
