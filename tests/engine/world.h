// A small world around one engine for tests: writes the inputs of a story, answers orders like a very simple venue,
// keeps every record of the run.
//
// The venue here has no queue and no latency: commands are answered by reports right behind the input that caused
// them (or, held back with `hold_answers`, when answer() is called). Market orders and triggered stops trade at the
// best price; a resting limit trades in full, at its own price, as soon as the market reaches it. The full
// venue is sim/'s; this one exists so that a test reads like a story.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/engine.h"
#include "journal/record_batch.h"

namespace reprise::test {

using engine::InstrumentNo;
using engine::StrategyNo;
using journal::RecordType;
using journal::RecordView;
using journal::Seq;

inline std::int64_t e8(double value) {
  return static_cast<std::int64_t>(value * 1e8 + (value < 0 ? -0.5 : 0.5));
}
inline constexpr std::int64_t kStart = 1'723'161'600'000'000'000;  // 2024-08-09T00:00:00Z

struct Account {
  config::Config config;
  config::StrategyConfig& strategy(const std::string& name, const std::string& kind,
                                   std::map<std::string, std::string> params,
                                   std::vector<std::string> symbols = {"BTCUSDT"});
};

class World {
 public:
  explicit World(const config::Config& config, const std::vector<std::string>& symbols = {"BTCUSDT"},
                 bool has_money = true);  // false: its balance is told later

  // ---- inputs
  void wait_ms(std::int64_t ms) { now_ += ms * 1'000'000; }
  void bbo(double bid, double ask, double qty = 1.0, InstrumentNo instrument = 1);
  void trade(double price, double qty = 0.1, Side side = Side::BUY, InstrumentNo instrument = 1);
  void bar(double open, double high, double low, double close,
           InstrumentNo instrument = 1);  // recorded, one minute long
  void quiet_bars(int bars, double price = 60'000);
  void mark(double price, InstrumentNo instrument = 1);
  void tick();  // one second later
  void operate(schema::OperatorAction action);
  void configure(const config::Config& config);  // the run's, or the operator's change of it
  void end();
  template <class T, class Fill>
  void input(RecordType type, InstrumentNo instrument, Fill&& fill, std::size_t extra_words = 0) {
    journal::RecordBatch batch;
    journal::RecordHeader header;
    header.instrument = instrument;
    header.ts_engine = header.ts_recv = header.ts_event = now_;
    batch.append<T>(type, header, fill, extra_words);
    feed(batch);
  }

  // ---- the venue
  bool hold_answers = false;
  bool venue_first = true;  // the venue trades on a new price before we hear of it
  bool refuse_cancels = false;
  double partial = 1.0;  // share of a limit order that trades when the market reaches it first
  void answer();         // answers held commands, until there are no more
  std::size_t working() const { return working_.size(); }
  Qty venue_position(InstrumentNo instrument) const;

  // ---- what happened
  engine::Engine& engine() { return engine_; }
  const journal::RecordBatch& records() const { return all_; }
  std::size_t count(RecordType type) const;
  template <class T, class F>
  void each(RecordType type, F&& f) const {
    all_.for_each(1, [&](const RecordView& r) {
      if (r.type() == type) f(r, journal::read<T>(r));
    });
  }
  // The last record of a type; fails the test when there is none.
  RecordView last(RecordType type) const;
  RecordView at(Seq seq) const;
  // Types along the chain of causes, from the record on: "orderCommand riskDecision sizing signal bar trade".
  std::string chain(Seq seq) const;
  std::int64_t now() const { return now_; }
  // Feeds the engine a record of another run (inputs only are looked at).
  static std::vector<Seq> differing(const journal::RecordBatch& recorded, engine::Engine& engine, Seq from = 1);

 private:
  struct Working {
    schema::Side side;
    schema::OrderType type;
    std::int64_t price, trigger, qty, cum;
    bool reduce_only;
    InstrumentNo instrument;
    std::int64_t venue_id;
  };
  struct Market {
    std::int64_t bid = 0, ask = 0;
  };
  struct Command {
    Seq seq, order;
    schema::CommandKind kind;
    std::int64_t price, qty;
    Working as_submitted;
  };

  void feed(const journal::RecordBatch& batch);
  void match(InstrumentNo instrument);
  void on_command(const Command& command);
  void report(schema::ReportKind kind, Seq order, const Working& w, std::int64_t last_qty = 0,
              std::int64_t last_price = 0, bool maker = false, Seq command = 0, std::int32_t error = 0);
  void execute(Seq order, Working& w, std::int64_t price, std::int64_t qty, bool maker);
  std::int64_t reducible(const Working& w) const;

  engine::Engine engine_;
  journal::RecordBatch all_;
  journal::RecordBatch outputs_;
  std::vector<Command> held_;
  std::int64_t now_ = kStart;
  Seq last_seq_ = 0;
  std::map<Seq, Working> working_;
  std::map<InstrumentNo, Market> markets_;
  std::map<InstrumentNo, std::int64_t> positions_;
  std::int64_t trade_id_ = 0;
  std::int64_t venue_id_ = 0;
  bool answering_ = false;
};

// A configuration with wide limits, so that a test meets only the rules it sets.
config::Config wide_config();

}  // namespace reprise::test
