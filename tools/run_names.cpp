#include "tools/run_names.h"

#include <algorithm>

#include "engine/take_up.h"
#include "journal/record.h"
#include "tools/journals.h"

namespace reprise::tools {
namespace {

constexpr std::uint64_t kDeclarations = 20'000;  // records in which the declarations are looked for

}  // namespace

void RunNames::take(const config::Entries& entries) {
  std::vector<std::string> found;
  for (const auto& [key, value] : entries) {
    settings[key] = value;
    const std::string prefix = "strategies.";
    if (key.compare(0, prefix.size(), prefix) != 0) continue;
    const std::size_t dot = key.find('.', prefix.size());
    if (dot != std::string::npos) found.push_back(key.substr(prefix.size(), dot - prefix.size()));
  }
  std::sort(found.begin(), found.end());  // strategy numbers are places by name
  found.erase(std::unique(found.begin(), found.end()), found.end());
  strategies = std::move(found);
  asset = settings["account.settlement_asset"];
}

Result<RunNames> RunNames::read(const std::string& path) {
  RunNames names;
  {
    journal::ReaderOptions plain;
    plain.read_ahead = false;
    auto reader = journal::JournalReader::open(path, plain);
    if (!reader) return reader.error();
    if (reader->base_seq() != 0) {
      auto engine = engine::take_up_base(*reader);
      if (!engine) return engine.error();
      for (const auto& [number, instrument] : engine->instruments().all()) names.symbols[number] = instrument.symbol;
      names.take(engine->entries());
      names.configuration_seq = reader->base_seq();
    }
    journal::RecordView record;
    for (std::uint64_t count = 0; count < kDeclarations && reader->next(record); ++count) {
      if (record.type() == journal::RecordType::INSTRUMENT) {
        names.symbols[record.header->instrument] = journal::read<schema::Instrument>(record).getSymbol().cStr();
      } else if (record.type() == journal::RecordType::CONFIGURATION) {
        names.configuration_seq = record.seq;
        names.take(engine::entries_of(journal::read<schema::Configuration>(record)));
      }
    }
    if (auto status = reader->status(); !status) return status.error();
  }
  return names;
}

std::string RunNames::symbol(std::uint32_t number) const {
  return symbol_of(symbols, number);
}

std::string RunNames::strategy(std::uint16_t number) const {
  if (number == 0) return "engine";
  return number <= strategies.size() ? strategies[number - 1u] : number_name(number);
}

std::uint32_t RunNames::find_symbol(const std::string& symbol) const {
  for (const auto& [number, name] : symbols)
    if (name == symbol) return number;
  return 0;
}

std::uint16_t RunNames::find_strategy(const std::string& strategy) const {
  const auto found = std::find(strategies.begin(), strategies.end(), strategy);
  return found == strategies.end() ? 0 : static_cast<std::uint16_t>(found - strategies.begin() + 1);
}

}  // namespace reprise::tools
