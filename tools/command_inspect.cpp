// reprise inspect JOURNAL [--at SEQ|TIME]: what a journal holds, and the whole state at a moment.
//
// With --at the engine is brought to that moment by replaying the inputs before it (nothing is compared),
// so the state shown is the one that made the next decision.
#include "engine/execution/order_manager.h"
#include "engine/market/market_state.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"
#include "engine/state_json.h"
#include "engine/state_walk.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/schema_names.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

class Inspect final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal or dataset directory").required();
    arguments.text("--at", at_, "the moment: behind this record, or the last record at or before this time")
        .value("SEQ|TIME");
    arguments.number("--levels", levels_, "book levels to show on each side").shows_default();
    arguments.examples(
        "reprise inspect run                              # manifest, records by type\n"
        "reprise inspect run --at 120000                  # books, orders, positions, wallets, risk behind record "
        "120000\n"
        "reprise inspect run --at 2024-08-08T23:57:00Z --json   # every field of the state");
  }

  Result<int> run(Terminal& terminal) override { return at_.empty() ? overview(terminal) : state(terminal); }

 private:
  Result<int> overview(Terminal& terminal) {
    auto reader = journal::JournalReader::open(path_);
    if (!reader) return reader.error();
    TypeCounts counts{};
    Symbols symbols;
    std::map<std::uint32_t, std::uint64_t> by_instrument;
    std::int64_t first_time = 0;
    std::int64_t last_time = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    Progress progress(terminal, "reading", "records");
    journal::RecordView record;
    while (reader->next(record)) {
      const auto type = record.header->type_code;
      if (type < counts.size()) ++counts[type];
      if (record.type() == journal::RecordType::INSTRUMENT) {
        symbols[record.header->instrument] = journal::read<schema::Instrument>(record).getSymbol().cStr();
      }
      if (record.header->instrument != 0) ++by_instrument[record.header->instrument];
      if (first_time == 0) first_time = record.header->ts_engine;
      last_time = record.header->ts_engine;
      bytes += record.total_bytes();
      if ((++records & 0xFFFF) == 0) progress.update(records, reader->last_seq());
    }
    progress.clear();
    if (auto status = reader->status(); !status) return status.error();
    const journal::Manifest& m = reader->manifest();
    const std::string digest = reader->running_digest().text();  // the manifest has one only when the journal has ended
    const std::uint64_t disk = directory_bytes(path_);
    if (json) {
      Json out;
      out.begin_object();
      out.field("run_id", m.run_id);
      out.field("mode", journal::name_of(m.mode));
      out.field("status", status_text(path_, m.status));
      out.field("schema_version", m.schema_version);
      out.field("engine_version", m.engine_version);
      out.field("build_id", m.build_id);
      out.field("compiler", m.compiler);
      out.field("config_hash", m.config_hash);
      out.field("seed", m.seed);
      out.field("origin", m.origin);
      out.field("parent_run_id", m.parent_run_id);
      out.field("branch_seq", m.branch_seq);
      out.field("left_out", m.left_out);
      out.field("first_seq", reader->first_seq());
      out.field("last_seq", reader->last_seq());
      out.field("durable_seq", m.durable_seq);
      out.field("digest", digest);
      out.field("cut_records", m.cut_records);
      out.field("recoveries", m.recoveries);
      out.field("started_at", time_text(m.started_at));
      out.field("ended_at", time_text(m.ended_at));
      out.field("from", time_text(first_time));
      out.field("until", time_text(last_time));
      out.field("records", records);
      out.field("record_bytes", bytes);
      out.field("journal_bytes", disk);
      write_counts(out, "by_type", counts);
      out.key("instruments").begin_array();
      for (const auto& [number, symbol] : symbols) {
        out.begin_object();
        out.field("number", number);
        out.field("symbol", symbol);
        out.field("records", by_instrument[number]);
        out.end_object();
      }
      out.end_array().end_object();
      terminal.line(out.text());
      return kExitFine;
    }
    terminal.line(terminal.paint(Colour::strong, path_) + "  " + journal::name_of(m.mode) + ", " +
                  status_text(path_, m.status));
    Facts facts;
    facts.add("run", m.run_id + (m.origin.empty() ? "" : "  (" + m.origin + ")"));
    if (!m.parent_run_id.empty()) {
      facts.add("begins", "behind record " + std::to_string(reader->base_seq()) + " of run " + m.parent_run_id);
    }
    if (!m.left_out.empty()) facts.add("left out", m.left_out);
    facts.add("made by", m.build_id + ", " + m.compiler + ", engine version " + std::to_string(m.engine_version) +
                             ", schema version " + std::to_string(m.schema_version));
    if (!m.config_hash.empty()) facts.add("configuration", m.config_hash + ", seed " + std::to_string(m.seed));
    facts.add("records", with_thousands(records) + "  (seq " + std::to_string(reader->first_seq()) + " to " +
                             std::to_string(reader->last_seq()) + ")");
    facts.add("time", time_text(first_time) + " to " + time_text(last_time));
    facts.add("size",
              bytes_text(disk) + " on disk, " + bytes_text(bytes) + " of records" +
                  (records == 0 ? ""
                                : ", " + fixed_text(static_cast<double>(disk) / static_cast<double>(records), 1) +
                                      " B a record"));
    facts.add("digest", digest);
    if (m.recoveries != 0) {
      facts.add("recovered",
                std::to_string(m.recoveries) + " times, " + with_thousands(m.cut_records) + " records cut");
    }
    terminal.write(facts.text());
    terminal.line();
    terminal.write(counts_text(counts, terminal.width()));
    if (!symbols.empty()) {
      terminal.line();
      Table table;
      table.column("instrument", Table::Align::right);
      table.column("symbol");
      table.column("records", Table::Align::right);
      for (const auto& [number, symbol] : symbols) {
        table.row({std::to_string(number), symbol, with_thousands(by_instrument[number])});
      }
      terminal.write(table.text(terminal.width()));
    }
    return kExitFine;
  }

  Result<int> state(Terminal& terminal) {
    auto moment = parse_moment(at_);
    if (!moment) return moment.error();
    journal::Seq target = 0;
    {
      auto reader = journal::JournalReader::open(path_);
      if (!reader) return reader.error();
      auto seq = last_seq_at(*reader, *moment);
      if (!seq) return seq.error();
      target = *seq;
    }
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "replaying", "records");
    auto walk = engine::StateWalk::open(path_, [&](journal::Seq at) {
      progress.update(at, target);
      return !stop.load(std::memory_order_relaxed);
    });
    if (!walk) return walk.error();
    auto moved = walk->go_to(target);
    progress.clear();
    if (!moved) return moved.error();
    for (const std::string& warning : walk->warnings()) terminal.note(warning);
    engine::Engine& engine = walk->engine();
    if (json) {
      Json out;
      out.begin_object();
      out.field("seq", walk->stands_behind());
      out.field("time", time_text(engine.now().ns));
      out.field("inputs", engine.inputs());
      out.field("state_hash", engine.state_hash().text());
      out.key("state").raw(engine::state_json(engine));
      out.end_object();
      terminal.line(out.text());
    } else {
      show(terminal, engine, walk->stands_behind());
    }
    return kExitFine;
  }

  static std::string price_text(Price price) { return price.is_zero() ? "-" : decimal_text(price); }

  void show(Terminal& terminal, engine::Engine& engine, journal::Seq seq) {
    const Instruments& instruments = engine.instruments();
    const auto symbol = [&](std::uint32_t number) {
      const Instrument* instrument = instruments.find(number);
      return instrument == nullptr ? number_name(number) : instrument->symbol;
    };
    const auto strategy = [&](std::uint16_t number) -> std::string {
      if (number == 0) return "(engine)";
      const auto& strategies = engine.config().strategies;
      return number <= strategies.size() ? strategies[number - 1u].name : number_name(number);
    };
    const auto title = [&](const std::string& text) {
      terminal.line();
      terminal.line(terminal.paint(Colour::strong, text));
    };

    terminal.line(terminal.paint(Colour::strong, path_) + "  behind seq " + std::to_string(seq) + ", " +
                  time_text(engine.now().ns));
    Facts facts;
    facts.add("inputs", with_thousands(engine.inputs()));
    facts.add("state hash", engine.state_hash().text());
    if (!engine.is_configured()) {
      facts.add("configuration", engine.configuration_problem().empty() ? "none: this is market data alone"
                                                                        : engine.configuration_problem());
    }
    terminal.write(facts.text());

    title("market");
    Table market;
    for (const char* name : {"symbol", "state"}) market.column(name);
    for (const char* name : {"bid", "ask", "last", "mark", "funding rate", "levels"})
      market.column(name, Table::Align::right);
    market.column("note");
    for (const auto& [number, instrument] : instruments.all()) {
      const engine::InstrumentMarket* view = engine.market().find(number);
      if (view == nullptr) continue;
      const auto& book = view->feed().book();
      market.row({instrument.symbol, schema_name(instrument.state), price_text(view->best().bid),
                  price_text(view->best().ask), price_text(view->last_price()), price_text(view->mark_price()),
                  decimal_text(view->funding_rate()),
                  std::to_string(book.bids().size()) + "+" + std::to_string(book.asks().size()),
                  view->is_crossed()             ? "crossed"
                  : view->is_stale(engine.now()) ? "stale"
                                                 : ""});
    }
    terminal.write(market.text(terminal.width()));
    for (const auto& [number, instrument] : instruments.all()) {
      const engine::InstrumentMarket* view = engine.market().find(number);
      if (view == nullptr || levels_ == 0 || view->feed().book().is_empty()) continue;
      const auto& book = view->feed().book();
      title("book " + instrument.symbol);
      Table table;
      for (const char* name : {"bid qty", "bid", "ask", "ask qty"}) table.column(name, Table::Align::right);
      const auto bids = book.bids();
      const auto asks = book.asks();
      for (std::size_t i = 0; i < levels_ && (i < bids.size() || i < asks.size()); ++i) {
        table.row({i < bids.size() ? decimal_text(bids[i].qty) : "", i < bids.size() ? decimal_text(bids[i].price) : "",
                   i < asks.size() ? decimal_text(asks[i].price) : "",
                   i < asks.size() ? decimal_text(asks[i].qty) : ""});
      }
      terminal.write(table.text(terminal.width()));
    }
    if (!engine.is_configured()) return;

    title("open orders");
    if (engine.orders().open_orders().empty()) terminal.line("none");
    if (!engine.orders().open_orders().empty()) {
      Table orders;
      orders.column("order", Table::Align::right);
      for (const char* name : {"symbol", "strategy", "side", "type", "status"}) orders.column(name);
      for (const char* name : {"price", "trigger", "qty", "filled"}) orders.column(name, Table::Align::right);
      orders.column("flags");
      for (const engine::Order* order : engine.orders().open_orders()) {
        const engine::OrderRequest& request = order->request;
        orders.row({std::to_string(order->id), symbol(request.instrument), strategy(request.strategy),
                    schema_name(request.side), schema_name(request.type), engine::name_of(order->status),
                    price_text(request.price), price_text(request.trigger_price), decimal_text(request.qty),
                    decimal_text(order->cum_qty), request.reduce_only ? "reduce-only" : ""});
      }
      terminal.write(orders.text(terminal.width()));
    }

    title("positions");
    Table positions;
    for (const char* name : {"symbol", "holder"}) positions.column(name);
    for (const char* name :
         {"qty", "entry", "mark", "unrealised", "realised", "commission", "funding", "liquidation"}) {
      positions.column(name, Table::Align::right);
    }
    bool any = false;
    for (const engine::NetPosition& net : engine.portfolio().positions()) {
      if (net.instrument == 0) continue;
      any = true;
      const auto liquidation = engine.portfolio().liquidation_price(net.instrument);
      positions.row({symbol(net.instrument), "account", decimal_text(net.position.qty),
                     price_text(net.position.entry_price()), price_text(net.mark), decimal_text(net.unrealized),
                     decimal_text(net.position.realized_pnl), decimal_text(net.commission), decimal_text(net.funding),
                     liquidation ? decimal_text(*liquidation) : "-"});
      for (const engine::StrategyShare& share : engine.portfolio().shares()) {
        if (share.instrument != net.instrument) continue;
        positions.row({"", strategy(share.strategy), decimal_text(share.position.qty),
                       price_text(share.position.entry_price()), "", "", decimal_text(share.position.realized_pnl),
                       decimal_text(share.commission), decimal_text(share.funding), ""});
      }
    }
    if (any) {
      terminal.write(positions.text(terminal.width()));
    } else {
      terminal.line("none");
    }

    title("account");
    Facts account;
    for (const engine::Wallet& wallet : engine.portfolio().wallets()) {
      const auto& config = engine.config().account;
      const std::string& asset = wallet.asset == 0 ? config.settlement_asset : config.fee_asset;
      account.add("wallet", decimal_text(wallet.balance) + " " + asset);
    }
    account.add("unrealised", decimal_text(engine.portfolio().unrealized_pnl()));
    account.add("equity", decimal_text(engine.portfolio().equity()) + ", peak " +
                              decimal_text(engine.portfolio().peak_equity()) + ", drawdown " +
                              decimal_text(engine.portfolio().drawdown()));
    account.add("initial margin", decimal_text(engine.portfolio().initial_margin()));
    account.add("maintenance margin", decimal_text(engine.portfolio().maintenance_margin()));
    account.add("available", decimal_text(engine.portfolio().available_balance(engine.orders())));
    account.add("gross notional", decimal_text(engine.portfolio().gross_notional()));
    account.add("trading state",
                schema_name(engine.risk().trading_state()) + (engine.risk().killed() ? ", killed" : ""));
    account.add("orders so far", with_thousands(engine.orders().submitted_count()) + " submitted, " +
                                     with_thousands(engine.orders().denied_count()) + " denied, " +
                                     with_thousands(engine.orders().anomaly_count()) + " anomalies");
    terminal.write(account.text());
    terminal.line();
    terminal.line(
        terminal.paint(Colour::dim, "every field of the state (strategies and their indicators too): --json"));
  }

  std::string path_;
  std::string at_;
  std::uint64_t levels_ = 5;
};

}  // namespace

std::unique_ptr<Command> make_inspect() {
  return std::make_unique<Inspect>();
}

}  // namespace reprise::tools
