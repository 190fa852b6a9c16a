#include "engine/engine.h"

#include <algorithm>
#include <vector>

#include "config/loader.h"
#include "engine/alerts.h"
#include "engine/carry_over.h"
#include "engine/core.h"
#include "engine/explanation.h"
#include "engine/market/fixed.h"
#include "engine/state_hash.h"
#include "engine/strategy/registry.h"
#include "engine/strategy_host.h"
#include "engine/timers.h"
#include "journal/mutant.h"

namespace reprise::engine {

namespace {

constexpr DurationNanos kCancelAgain = DurationNanos::seconds(1);

std::int64_t next_multiple(std::int64_t now, std::int64_t interval) {
  return floor_to(now, interval) + interval;
}

// Records that only say what there is; the world begins with the first one that is none of these.
bool is_declaration(RecordType type) {
  switch (type) {
    case RecordType::RUN_START:
    case RecordType::CONFIGURATION:
    case RecordType::INSTRUMENT:
    case RecordType::INSTRUMENT_STATUS:
    case RecordType::MARGIN_TABLE:
    case RecordType::ACCOUNT_CONFIG:
    case RecordType::BALANCE_UPDATE: return true;
    default: return false;
  }
}

}  // namespace

config::Entries entries_of(schema::Configuration::Reader record) {
  config::Entries entries;
  for (auto entry : record.getEntries()) {
    const auto key = entry.getKey();
    const auto value = entry.getValue();
    entries.emplace_back(std::string(key.begin(), key.size()), std::string(value.begin(), value.size()));
  }
  return entries;
}

Result<config::Config> check_configuration(const config::Entries& entries) {
  auto config = config::from_entries(entries, strategy_catalog());
  if (!config) return config.error();
  for (const config::StrategyConfig& strategy : config->strategies) {
    std::vector<InstrumentNo> placeholders;
    for (std::size_t i = 0; i < strategy.instruments.size(); ++i)
      placeholders.push_back(static_cast<InstrumentNo>(i + 1));
    if (strategy.enabled && placeholders.empty()) {
      return usage_error("strategy " + strategy.name + " has no instruments",
                         "set strategies." + strategy.name + ".instruments, or enabled to false");
    }
    auto made = make_strategy(strategy, std::move(placeholders));
    if (!made) return made.error();
  }
  return config;
}

Result<config::Loaded> changed_configuration(const config::Entries& entries, const std::vector<std::string>& sets) {
  auto loaded = config::override_entries(entries, sets, strategy_catalog());
  if (!loaded) return loaded.error();
  if (auto checked = check_configuration(loaded->entries); !checked) return checked.error();
  return loaded;
}

struct Engine::Impl {
  Core core;
  Timers timers;
  StrategyHost host{core, timers};

  UnixNanos now;
  Seq last_input = 0;
  std::uint64_t inputs = 0;
  std::uint64_t run_tag = 0;
  std::uint64_t seed = 0;
  bool configured = false;
  bool running = false;  // the world has begun
  bool look_for_instruments = false;
  std::string problem;
  config::Entries entries;
  InstrumentNo fee_instrument = 0;
  schema::TradingStateKind seen_state = schema::TradingStateKind::ACTIVE;
  UnixNanos cancel_again_at;             // while it is not active
  std::vector<std::uint8_t> is_crossed;  // by instrument number: alerts tell changes
  std::vector<std::uint8_t> freshness;   // 0 = never fresh, 1 = fresh, 2 = stale
  std::vector<Seq> scratch_ids;

  Impl() { core.portfolio.bind(core.instruments); }

  // ------------------------------------------------------------------------------------------ one input

  void on(const journal::RecordView& input, journal::RecordBatch& out) {
    REPRISE_ASSERT(out.empty(), "the outputs of an input begin an empty batch");
    if (input.header->is_output()) return;
    now = std::max(now, UnixNanos{input.header->ts_engine});
    last_input = input.seq;
    ++inputs;
    core.out.begin(input, now, out);

    const RecordType type = input.type();
    if (configured && (!running || look_for_instruments) && !is_declaration(type)) begin_world();
    dispatch(type, input);
    if (!out.empty()) settle();
    if (configured) {
      const std::uint64_t every = core.config.engine.state_hash_interval_records;
      if (every != 0 && inputs % every == 0) emit_state_hash();
    }
  }

  void dispatch(RecordType type, const journal::RecordView& input) {
    const InstrumentNo instrument = input.header->instrument;
    switch (type) {
      case RecordType::TRADE: return on_trade(instrument, journal::read<schema::Trade>(input));
      case RecordType::BOOK_DELTA:
        if (auto* market = core.market.find(instrument)) {
          after_market(instrument, *market, market->on_delta(journal::read<schema::BookDelta>(input), now));
        }
        return;
      case RecordType::BOOK_SNAPSHOT:
        if (auto* market = core.market.find(instrument)) {
          after_market(instrument, *market, market->on_snapshot(journal::read<schema::BookSnapshot>(input), now));
        }
        return;
      case RecordType::BBO:
        if (auto* market = core.market.find(instrument)) {
          after_market(instrument, *market, market->on_bbo(journal::read<schema::Bbo>(input), now));
        }
        return;
      case RecordType::MARK_PRICE:
        if (auto* market = core.market.find(instrument)) {
          after_market(instrument, *market, market->on_mark(journal::read<schema::MarkPrice>(input)));
        }
        return;
      case RecordType::MARKET_BAR: return on_market_bar(instrument, journal::read<schema::MarketBar>(input));
      case RecordType::CLOCK_TICK: return on_tick();
      case RecordType::ORDER_REPORT:
        return on_report(instrument, journal::read<schema::OrderReport>(input), {input.header->ts_event});
      case RecordType::INSTRUMENT: return on_instrument(instrument, journal::read<schema::Instrument>(input));
      case RecordType::MARGIN_TABLE:
        if (core.market.find(instrument) == nullptr) return;
        core.instruments.set_margin(instrument, journal::read<schema::MarginTable>(input));
        core.portfolio.on_instrument_changed(instrument);
        return;
      case RecordType::INSTRUMENT_STATUS:
        core.instruments.set_state(instrument, journal::read<schema::InstrumentStatus>(input).getState());
        return;
      case RecordType::FEED_GAP: return on_feed_gap(instrument, journal::read<schema::FeedGap>(input));
      case RecordType::FEED_DISCONNECTED: return on_disconnect(instrument);
      case RecordType::RUN_START: {
        const auto record = journal::read<schema::RunStart>(input);
        run_tag = record.getRunTag();
        seed = record.getSeed();
        return;
      }
      case RecordType::CONFIGURATION: return on_configuration(journal::read<schema::Configuration>(input));
      default: break;
    }
    if (!configured) return;
    const UnixNanos venue_time{input.header->ts_event};
    switch (type) {
      case RecordType::BALANCE_UPDATE: return on_balance(journal::read<schema::BalanceUpdate>(input), venue_time);
      case RecordType::POSITION_UPDATE:
        return core.portfolio.on_position_update(instrument, journal::read<schema::PositionUpdate>(input), venue_time,
                                                 core.out);
      case RecordType::FUNDING_PAYMENT:
        return core.portfolio.on_funding(instrument, journal::read<schema::FundingPayment>(input), venue_time,
                                         core.out);
      case RecordType::ACCOUNT_CONFIG:
        return core.portfolio.on_account_config(instrument, journal::read<schema::AccountConfig>(input));
      case RecordType::MARGIN_CALL: {
        const auto call = journal::read<schema::MarginCall>(input);
        emit_alert(core.out, schema::AlertLevel::CRITICAL, schema::AlertKind::MARGIN_CALL, instrument, 0,
                   call.getMarginBalance(), call.getMaintenanceMargin(), "the venue calls for margin");
        return;
      }
      case RecordType::OPERATOR_COMMAND:
        return on_operator(*input.header, journal::read<schema::OperatorCommand>(input));
      case RecordType::RUN_END:
        mark_equity();
        emit_state_hash();
        return;
      default: return;
    }
  }

  // What may follow from any output: a changed trading state, the kill switch.
  void settle() {
    const schema::TradingStateKind state = core.risk.trading_state();
    if (state != seen_state) {
      seen_state = state;
      if (state != schema::TradingStateKind::ACTIVE) cancel_enlarging();
      host.on_trading_state();
    }
    if (core.risk.take_flatten_request()) {
      core.kill_switch.engage(last_input, core.portfolio, core.orders, core.risk, core, core.out);
    }
#ifdef REPRISE_DEBUG_CHECKS
    REPRISE_ASSERT(core.portfolio.is_conserved(), "conservation broken");
#endif
  }

  void begin_world() {
    if (!running) {
      running = true;
      set_equity_timer();
      timers.set({{next_multiple(now.ns, kDay)}, schema::TimerKind::DAILY_RESET, 0, 0});
      mark_equity();
    }
    look_for_instruments = false;
    host.start_ready();
  }

  // ------------------------------------------------------------------------------------------ declarations

  void on_configuration(schema::Configuration::Reader record) {
    if (configured) return on_new_configuration(entries_of(record));
    config::Entries given = entries_of(record);
    auto checked = check_configuration(given);
    if (!checked) {
      problem = checked.error().text();
      emit_alert(core.out, schema::AlertLevel::CRITICAL, schema::AlertKind::CONFIGURATION, 0, 0, 0, 0, problem);
      return;
    }
    problem.clear();
    entries = std::move(given);
    apply(std::move(checked).value());
    for (const auto& [number, instrument] : core.instruments.all()) find_fee_instrument(number, instrument);
  }

  // The operator's change in the middle of a run: taken over as a whole or not at all.
  void on_new_configuration(config::Entries given) {
    const auto refuse = [&](const std::string& why) {
      emit_alert(core.out, schema::AlertLevel::CRITICAL, schema::AlertKind::CONFIGURATION, 0, 0, 0, 0,
                 "the new configuration is refused: " + why);
    };
    auto checked = check_configuration(given);
    if (!checked) return refuse(checked.error().text());
    if (const std::string why = host.cannot_take_over(checked->strategies); !why.empty()) return refuse(why);
    const config::Config before = std::move(core.config);
    core.config = std::move(checked).value();
    entries = std::move(given);
    configure_parts();  // but the portfolio: leverage and margin mode are the account's once it is open
    host.take_over(before.strategies);
    look_for_instruments = look_for_instruments || host.has_waiting();
    if (running && core.config.engine.equity_mark_interval_ns != before.engine.equity_mark_interval_ns) {
      timers.clear(schema::TimerKind::EQUITY_MARK, 0, 0);
      set_equity_timer();
    }
    emit_alert(core.out, schema::AlertLevel::INFO, schema::AlertKind::CONFIGURATION, 0, 0, 0, 0,
               "the configuration was changed");
    check_account(true);
  }

  void apply(config::Config checked) {
    core.config = std::move(checked);
    configure_parts();
    core.portfolio.configure(core.config);
    host.configure();
    configured = true;
    look_for_instruments = true;
  }

  void configure_parts() {
    const config::Engine& settings = core.config.engine;
    core.market.configure({settings.bar_interval_ns}, {settings.stale_after_ns},
                          Rate::of_e8(settings.outlier_bound_e8));
    core.orders.configure({settings.order_timeout_ns});
    core.risk.configure(core.config);
  }

  void on_instrument(InstrumentNo number, schema::Instrument::Reader record) {
    if (number == 0 || number > kMaxInstrumentNo) return;
    core.instruments.declare(number, record);
    core.market.declare(number);
    core.index_instruments();
    core.portfolio.on_instrument_changed(number);
    is_crossed.resize(core.market.size());
    freshness.resize(core.market.size());
    find_fee_instrument(number, *core.instrument(number));
    look_for_instruments = look_for_instruments || host.has_waiting();
  }

  void find_fee_instrument(InstrumentNo number, const Instrument& instrument) {
    const std::string& symbol = core.config.account.fee_asset_symbol;
    if (fee_instrument == 0 && !symbol.empty() && instrument.symbol == symbol) fee_instrument = number;
  }

  // ------------------------------------------------------------------------------------------ market data

  void on_trade(InstrumentNo instrument, schema::Trade::Reader record) {
    InstrumentMarket* market = core.market.find(instrument);
    if (market == nullptr) return;
    if (const auto bar = market->bars().close_until(now)) emit_bar(instrument, *bar, market->bars().interval());
    const MarketChange change = market->on_trade(record, now);
    if (!change.price_changed) return;
    if (instrument == fee_instrument) core.portfolio.on_asset_price(kFeeAsset, market->last_price());
    if (!host.trades(instrument)) return;
    TradeEvent event;
    event.instrument = instrument;
    event.price = market->last_price();
    event.qty = Qty::of_e8(record.getQty());
    event.aggressor = record.getAggressorSide();
    event.ts_event = now;
    host.on_trade(event);
  }

  void after_market(InstrumentNo instrument, InstrumentMarket& market, const MarketChange& change) {
    if (change.mark_changed) core.portfolio.on_mark(instrument, market.mark_price());
    if (!host.trades(instrument)) return;
    if (change.gap) {
      emit_alert(core.out, schema::AlertLevel::WARNING, schema::AlertKind::FEED_GAP, instrument, 0, change.gap_received,
                 change.gap_expected, "a book update is missing");
    }
    if (!change.top_changed) return;
    const bool crossed = market.is_crossed();
    if (crossed != (is_crossed[instrument] != 0)) {
      is_crossed[instrument] = crossed ? 1 : 0;
      emit_alert(core.out, crossed ? schema::AlertLevel::WARNING : schema::AlertLevel::INFO,
                 schema::AlertKind::CROSSED_BOOK, instrument, 0, market.best().bid.e8, market.best().ask.e8,
                 crossed ? "best bid above best offer" : "bid and offer are in order again");
    }
    host.on_book(instrument);
  }

  void on_market_bar(InstrumentNo instrument, schema::MarketBar::Reader record) {
    InstrumentMarket* market = core.market.find(instrument);
    if (market == nullptr) return;
    const MarketChange change = market->on_market_bar(record, now);
    if (change.mark_changed) core.portfolio.on_mark(instrument, market->mark_price());
    if (!change.recorded_bar) return;
    if (instrument == fee_instrument) core.portfolio.on_asset_price(kFeeAsset, market->last_price());
    host.on_bar(bar_event(instrument, change.recorded_bar->bar, change.recorded_bar->duration), 0);
  }

  static BarEvent bar_event(InstrumentNo instrument, const Bar& bar, DurationNanos duration) {
    return {instrument, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.open_time, duration};
  }

  void emit_bar(InstrumentNo instrument, const Bar& bar, DurationNanos duration) {
    const Seq seq = core.out.emit<schema::Bar>(RecordType::BAR, instrument, 0, 0, [&](schema::Bar::Builder b) {
      b.setOpen(bar.open.e8);
      b.setHigh(bar.high.e8);
      b.setLow(bar.low.e8);
      b.setClose(bar.close.e8);
      b.setVolume(bar.volume.e8);
      b.setQuoteVolume(bar.quote_volume.e8);
      b.setBuyVolume(bar.buy_volume.e8);
      b.setTradeCount(bar.trade_count);
      b.setOpenTime(bar.open_time.ns);
      b.setDuration(duration.ns);
    });
    host.on_bar(bar_event(instrument, bar, duration), seq);
  }

  void on_feed_gap(InstrumentNo instrument, schema::FeedGap::Reader record) {
    InstrumentMarket* market = core.market.find(instrument);
    if (market == nullptr) return;
    market->on_gap(record);
    if (!host.trades(instrument)) return;
    emit_alert(core.out, schema::AlertLevel::WARNING, schema::AlertKind::FEED_GAP, instrument, 0,
               record.getReceivedId(), record.getExpectedId(), "the feed reports a gap");
    host.on_book(instrument);
  }

  void on_disconnect(InstrumentNo instrument) {
    for (InstrumentNo number = 0; number < core.market.size(); ++number) {
      InstrumentMarket* market = core.market.find(number);
      if (market == nullptr || (instrument != 0 && instrument != number)) continue;
      market->on_disconnect();
      host.on_book(number);
    }
  }

  // ------------------------------------------------------------------------------------------ time

  void on_tick() {
    for (InstrumentNo number = 0; number < core.market.size(); ++number) {
      InstrumentMarket* market = core.market.find(number);
      if (market == nullptr) continue;
      if (const auto bar = market->bars().close_until(now)) emit_bar(number, *bar, market->bars().interval());
    }
    if (!configured) return;
    check_freshness();
    core.orders.on_tick(now, core.out, [&](const Order& order) { host.on_order(order, 0); });
    host.on_tick();
    if (seen_state != schema::TradingStateKind::ACTIVE && now >= cancel_again_at) cancel_enlarging();
    while (const auto timer = timers.take_due(now)) fire(*timer);
    if (core.kill_switch.active()) {
      core.kill_switch.pursue(true, core.portfolio, core.orders, core.risk, core, core.out);
    }
  }

  void check_freshness() {
    for (const InstrumentNo number : host.traded()) {
      const bool stale = core.market.find(number)->is_stale(now);
      const std::uint8_t seen = freshness[number];
      const std::uint8_t state = stale ? (seen == 0 ? 0 : 2) : 1;
      if (state == seen) continue;
      freshness[number] = state;
      if (seen == 0) continue;  // the first data is no news
      emit_alert(core.out, stale ? schema::AlertLevel::WARNING : schema::AlertLevel::INFO,
                 schema::AlertKind::STALE_DATA, number, 0, 0, core.config.engine.stale_after_ns,
                 stale ? "market data is stale" : "market data is fresh again");
      host.on_book(number);
    }
  }

  void fire(const Timer& timer) {
    const Seq seq = core.out.emit<schema::TimerFired>(RecordType::TIMER_FIRED, 0, timer.strategy, 0,
                                                      [&](schema::TimerFired::Builder b) {
                                                        b.setTimerId(timer.id);
                                                        b.setKind(timer.kind);
                                                        b.setDeadline(timer.deadline.ns);
                                                      });
    switch (timer.kind) {
      case schema::TimerKind::EQUITY_MARK:
        set_equity_timer();
        mark_equity();
        return;
      case schema::TimerKind::DAILY_RESET:
        timers.set({{next_multiple(now.ns, kDay)}, timer.kind, 0, 0});
        check_account(true);  // the risk engine starts its new day by engine time
        return;
      case schema::TimerKind::STRATEGY: return host.on_timer(timer.strategy, timer.id, seq);
      default: return;
    }
  }

  void set_equity_timer() {
    const std::int64_t every = core.config.engine.equity_mark_interval_ns;
    if (REPRISE_MUTANT(timer_skipped) && inputs % 50 == 0) return;
    if (every > 0) timers.set({{next_multiple(now.ns, every)}, schema::TimerKind::EQUITY_MARK, 0, 0});
  }

  // An account whose money is told behind the start: its first figure is what peak and day begin with, not the next
  // whole minute's.
  void on_balance(schema::BalanceUpdate::Reader update, UnixNanos venue_time) {
    const bool was_empty = core.portfolio.equity().is_zero();
    core.portfolio.on_balance_update(update, venue_time, core.out);
    if (running && was_empty && core.portfolio.equity().is_positive() && core.portfolio.peak_equity().is_zero())
      mark_equity();
  }

  void mark_equity() {
    core.portfolio.mark_equity(core.orders, core.out);
    core.portfolio.check_conservation(core.out);
    check_account(true);
  }

  void check_account(bool journal) {
    core.risk.check_state({nullptr, &core.portfolio, &core.orders, nullptr}, journal, core.out);
  }

  // ------------------------------------------------------------------------------------------ venue and operator

  void on_report(InstrumentNo instrument, schema::OrderReport::Reader report, UnixNanos venue_time) {
    if (!configured) return;
    OrderManager::Outcome outcome = core.orders.on_report(instrument, report, core.out);
    outcome.fill.at = venue_time;
    const Seq order_id = outcome.order != nullptr ? outcome.order->id : 0;
    if (outcome.is_fill) book_fill(outcome.fill);
    if (order_id != 0 && outcome.state_changed) {
      const Order* order = core.orders.find(order_id);
      if (order != nullptr) {
        if (order->status == OrderStatus::REJECTED && order->request.time_in_force != TimeInForce::GTX) {
          emit_alert(core.out, schema::AlertLevel::WARNING, schema::AlertKind::ORDER_REJECTED, instrument,
                     order->request.strategy, report.getErrorCode(), 0, "the venue rejected an order");
        }
        const schema::ReportKind kind = report.getKind();
        if (kind == schema::ReportKind::REJECTED || kind == schema::ReportKind::MODIFY_REJECTED ||
            kind == schema::ReportKind::CANCEL_REJECTED) {
          host.on_refused(*order);
        }
        host.on_order(*order, outcome.state_seq);
      }
    }
    // A refused cancel is tried again on the clock, not at the speed of the line.
    if (core.kill_switch.active() && report.getKind() != schema::ReportKind::CANCEL_REJECTED) {
      core.kill_switch.pursue(false, core.portfolio, core.orders, core.risk, core, core.out);
    }
  }

  void book_fill(const FillDetails& fill) {
    if (REPRISE_MUTANT(dropped_fill) && fill.trade_id % 7 == 0) return;
    const InstrumentMarket* market = core.market.find(fill.instrument);
    const Price mid = market != nullptr ? market->mid().value_or(Price::zero()) : Price::zero();
    if (fill.is_liquidation) {
      emit_alert(core.out, schema::AlertLevel::CRITICAL, schema::AlertKind::LIQUIDATION, fill.instrument, fill.strategy,
                 fill.qty.e8, fill.price.e8, "the venue liquidates a position");
    }
    // A copy: what strategies do in answer may book into the same list.
    const std::vector<ShareFill> shares = core.portfolio.on_fill(fill, mid, core.out);
    for (const ShareFill& share : shares) {
      FillEvent event;
      event.instrument = fill.instrument;
      event.order_id = fill.order_id;
      event.side = fill.side;
      event.price = fill.price;
      event.qty = share.qty;
      event.is_maker = fill.liquidity == LiquiditySide::MAKER;
      event.is_liquidation = fill.is_liquidation;
      host.on_fill(share.strategy, event, 0);
    }
    check_account(false);
  }

  void on_operator(const journal::RecordHeader& header, schema::OperatorCommand::Reader command) {
    const schema::OperatorAction action = command.getAction();
    if (action == schema::OperatorAction::CARRY_OVER) return take_over(header, command);
    if (action == schema::OperatorAction::CANCEL_ALL) return cancel_open(false);
    if (action == schema::OperatorAction::REDUCE_POSITIONS) return reduce_positions(command.getValue());
    if (action == schema::OperatorAction::SET_PARAMETER) {
      emit_alert(core.out, schema::AlertLevel::WARNING, schema::AlertKind::CONFIGURATION, 0, 0, 0, 0,
                 "setParameter is not supported: a run keeps its configuration");
      return;
    }
    core.risk.on_operator(action, core.portfolio, core.out);
    if (action == schema::OperatorAction::RESUME) core.kill_switch.release();
  }

  // The strategy sees what it is given as an execution without an order of its own.
  void take_over(const journal::RecordHeader& header, schema::OperatorCommand::Reader command) {
    const CarriedOver carried = carry_over(core, header, command);
    if (!carried.problem.empty())
      emit_alert(core.out, schema::AlertLevel::WARNING, schema::AlertKind::CONFIGURATION, header.instrument,
                 header.strategy, 0, 0, carried.problem);
    if (carried.moved.is_zero()) return;
    FillEvent event;
    event.instrument = header.instrument;
    event.side = carried.moved.is_positive() ? Side::BUY : Side::SELL;
    event.price = core.portfolio.strategy_entry_price(header.strategy, header.instrument).value_or(Price{});
    event.qty = carried.moved.abs();
    host.on_fill(header.strategy, event, last_input);
  }

  // Closes a share of every position, once; strategies see it as executions without an order of theirs.
  void reduce_positions(const std::string& text) {
    auto share = config::parse_decimal_e8(text);
    if (!share.ok() || *share <= 0 || *share > kScale) {
      emit_alert(core.out, schema::AlertLevel::WARNING, schema::AlertKind::CONFIGURATION, 0, 0, 0, 0,
                 "reducePositions needs a share above 0 and up to 1");
      return;
    }
    for (const NetPosition& net : core.portfolio.positions()) {
      const Instrument* instrument = core.instruments.find(net.instrument);
      if (net.position.is_flat() || instrument == nullptr) continue;
      const Qty part = instrument->floor_to_lot({saturating_mul_div(net.position.qty.abs().e8, *share, kScale)});
      if (part.is_zero()) continue;
      close_part(net, part, {}, last_input, core.portfolio, core.orders, core.risk, core, core.out);
    }
  }

  // What must not stand in this state; again on the clock, for a cancel that was refused, or an order on its way in.
  void cancel_enlarging() {
    cancel_again_at = now + kCancelAgain;
    if (!REPRISE_MUTANT(halt_keeps_orders)) cancel_open(true);
  }

  void cancel_open(bool keep_reducing) {
    scratch_ids.clear();
    for (const Order* order : core.orders.open_orders()) {
      if (!keep_reducing || !(order->request.reduce_only || order->request.close_position))
        scratch_ids.push_back(order->id);
    }
    for (const Seq id : scratch_ids) core.orders.cancel(id, 0, core.out);
  }

  // ------------------------------------------------------------------------------------------ state

  void emit_state_hash() {
    const StateDigest digest = state_digest();
    const Seq before = core.out.next_seq() - 1;
    core.out.emit<schema::StateHash>(RecordType::STATE_HASH, 0, 0, 0, [&](schema::StateHash::Builder b) {
      b.setLow(digest.low);
      b.setHigh(digest.high);
      b.setRecords(before);
    });
  }

  // Without the configuration, which has a record and a hash of its own: a replay under another setting then shows the
  // first decision that differs, not the setting.
  StateDigest state_digest() {
    struct State {
      Impl& impl;
      void persist(StateArchive& archive) { impl.persist(archive, false); }
    } state{*this};
    return hash_state(state);
  }

  void persist(StateArchive& archive, bool with_configuration = true) {
    archive.begin_object("run");
    archive.field("now", now);
    archive.field("last_input", last_input);
    archive.field("inputs", inputs);
    archive.field("run_tag", run_tag);
    archive.field("seed", seed);
    archive.field("running", running);
    archive.field("problem", problem);
    if (with_configuration) persist_configuration(archive);
    archive.field("look_for_instruments", look_for_instruments);
    archive.field("fee_instrument", fee_instrument);
    archive.field("seen_state", seen_state);
    archive.field("cancel_again_at", cancel_again_at);
    archive.end_object();

    core.instruments.persist(archive);
    core.market.persist(archive);
    if (archive.loading()) core.index_instruments();
    archive.field("is_crossed", is_crossed);
    archive.field("freshness", freshness);
    if (archive.loading()) {
      is_crossed.resize(core.market.size());
      freshness.resize(core.market.size());
    }
    archive.field("orders", core.orders);
    archive.field("portfolio", core.portfolio);
    archive.field("risk", core.risk);
    archive.field("kill_switch", core.kill_switch);
    archive.field("timers", timers);
    host.persist(archive);
  }

  void persist_configuration(StateArchive& archive) {
    bool has_configuration = configured;
    archive.field("configured", has_configuration);
    std::uint64_t count = entries.size();
    archive.begin_list("configuration", count);
    if (archive.loading()) entries.resize(count);
    for (auto& [key, value] : entries) {
      archive.begin_object("item");
      archive.field("key", key);
      archive.field("value", value);
      archive.end_object();
    }
    archive.end_list();
    if (!archive.loading() || !has_configuration) return;
    auto checked = check_configuration(entries);
    if (checked) {
      apply(std::move(checked).value());
    } else {
      problem = checked.error().text();
    }
  }
};

Engine::Engine() : impl_(std::make_unique<Impl>()) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::on(const journal::RecordView& input, journal::RecordBatch& out) {
  impl_->on(input, out);
}
void Engine::persist(StateArchive& archive) {
  impl_->persist(archive);
}
journal::Digest Engine::state_hash() {
  const StateDigest digest = impl_->state_digest();
  return {digest.low, digest.high};
}
const config::Entries& Engine::entries() const {
  return impl_->entries;
}
UnixNanos Engine::now() const {
  return impl_->now;
}
Seq Engine::last_input_seq() const {
  return impl_->last_input;
}
std::uint64_t Engine::inputs() const {
  return impl_->inputs;
}
bool Engine::is_configured() const {
  return impl_->configured;
}
const std::string& Engine::configuration_problem() const {
  return impl_->problem;
}
const config::Config& Engine::config() const {
  return impl_->core.config;
}
std::string Engine::cannot_take_over(const config::Config& wanted) const {
  return impl_->host.cannot_take_over(wanted.strategies);
}
std::uint64_t Engine::run_tag() const {
  return impl_->run_tag;
}
const Instruments& Engine::instruments() const {
  return impl_->core.instruments;
}
const Market& Engine::market() const {
  return impl_->core.market;
}
const OrderManager& Engine::orders() const {
  return impl_->core.orders;
}
const Portfolio& Engine::portfolio() const {
  return impl_->core.portfolio;
}
const std::vector<Timer>& Engine::timers() const {
  return impl_->timers.all();
}
const RiskEngine& Engine::risk() const {
  return impl_->core.risk;
}
Explanation Engine::explain(StrategyNo strategy, InstrumentNo instrument, const BarEvent* bar) const {
  return impl_->host.explain(strategy, instrument, bar == nullptr ? std::nullopt : std::optional(*bar));
}
std::vector<InstrumentNo> Engine::instruments_of(StrategyNo strategy) const {
  if (strategy == 0 || strategy > impl_->core.config.strategies.size()) return {};
  return impl_->host.instruments_of(strategy);
}

}  // namespace reprise::engine
