#include "gateway/run/carried_state.h"

#include <map>
#include <set>
#include <utility>

#include "engine/market/fixed.h"
#include "engine/risk/risk_engine.h"
#include "journal/record.capnp.h"
#include "journal/tail.h"

namespace reprise::gateway {

using journal::RecordType;

namespace {

// Strategies are numbered from 1 in the byte order of their names (config/KEYS.md).
std::vector<std::string> strategies_of(schema::Configuration::Reader configuration) {
  std::set<std::string> names;
  for (const auto entry : configuration.getEntries()) {
    const std::string key = entry.getKey().cStr();
    constexpr std::string_view kPrefix = "strategies.";
    if (key.starts_with(kPrefix))
      names.insert(key.substr(kPrefix.size(), key.find('.', kPrefix.size()) - kPrefix.size()));
  }
  return {names.begin(), names.end()};
}

}  // namespace

Result<CarriedState> read_carried_state(const std::string& journal_path) {
  if (journal::has_writer(journal_path))
    return usage_error(journal_path + " is still written to: the run before has not ended",
                       "end it first (Ctrl-C there); two runs must not trade one account");
  journal::ReaderOptions options;
  options.filter.types = {RecordType::RUN_START,        RecordType::CONFIGURATION, RecordType::INSTRUMENT,
                          RecordType::POSITION,         RecordType::EQUITY_MARK,   RecordType::TRADING_STATE,
                          RecordType::OPERATOR_COMMAND, RecordType::RISK_DECISION};
  auto reader = journal::JournalReader::open(journal_path, options);
  if (!reader) return reader.error();
  if (reader->manifest().mode != schema::RunMode::LIVE)
    return usage_error(journal_path + " is not the journal of a live run", "only a live run's account is taken over");
  CarriedState carried;
  carried.parent_run_id = reader->manifest().run_id;
  carried.origin = reader->manifest().origin;
  carried.last_seq = reader->last_seq();
  std::vector<std::string> names;
  std::map<InstrumentNo, std::string> symbols;
  std::map<std::pair<engine::StrategyNo, InstrumentNo>, Qty> shares;
  Money equity;
  std::int64_t marked_at = 0;
  bool is_ending = false;  // the records behind it are what the end of the run did
  journal::RecordView record;
  while (reader->next(record)) {
    const auto& header = *record.header;
    switch (record.type()) {
      case RecordType::RUN_START: carried.run_tag = journal::read<schema::RunStart>(record).getRunTag(); break;
      case RecordType::CONFIGURATION: names = strategies_of(journal::read<schema::Configuration>(record)); break;
      case RecordType::INSTRUMENT:
        symbols[header.instrument] = journal::read<schema::Instrument>(record).getSymbol().cStr();
        break;
      case RecordType::POSITION: {
        const auto position = journal::read<schema::Position>(record);
        if (!position.getIsAccountNet() && header.strategy != 0)
          shares[{header.strategy, header.instrument}] = {position.getQty()};
        break;
      }
      case RecordType::EQUITY_MARK: {
        const auto mark = journal::read<schema::EquityMark>(record);
        carried.peak_equity = {mark.getPeakEquity()};
        marked_at = header.ts_engine;
        equity = {mark.getMarginBalance()};
        break;
      }
      // The check that follows a mark says what was lost since the day began: both together are what it began with.
      case RecordType::RISK_DECISION: {
        const auto decision = journal::read<schema::RiskDecision>(record);
        if (!decision.getIsStateCheck()) break;
        for (const auto check : decision.getChecks()) {
          if (check.getRule() != schema::RiskRule::DAILY_LOSS || header.ts_engine != marked_at) continue;
          carried.day = header.ts_engine / kDay;
          carried.day_equity = equity + Money{check.getValue()};
        }
        break;
      }
      case RecordType::OPERATOR_COMMAND:
        is_ending = std::string_view(journal::read<schema::OperatorCommand>(record).getText().cStr()) == kRunEnds;
        break;
      case RecordType::TRADING_STATE: {
        if (is_ending) break;
        const auto state = journal::read<schema::TradingState>(record);
        carried.is_halted = state.getState() == schema::TradingStateKind::HALTED;
        carried.halted_by =
            state.getRule() == schema::RiskRule::NONE ? "the operator" : engine::name_of(state.getRule());
        break;
      }
      default: break;
    }
  }
  if (Status read = reader->status(); !read) return read.error();
  for (const auto& [key, qty] : shares) {
    if (qty.is_zero() || key.first > names.size()) continue;
    carried.shares.push_back({names[key.first - 1u], symbols[key.second], qty});
  }
  return carried;
}

}  // namespace reprise::gateway
