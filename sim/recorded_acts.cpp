#include "sim/recorded_acts.h"

#include "config/loader.h"
#include "engine/engine.h"

namespace reprise::sim {

using journal::RecordType;

Result<std::vector<RecordedAct>> read_recorded_acts(const std::string& path) {
  journal::ReaderOptions options;
  options.filter.types = {RecordType::CONFIGURATION, RecordType::OPERATOR_COMMAND};
  auto reader = journal::JournalReader::open(path, options);
  if (!reader) return reader.error();
  bool is_first_configuration = reader->base_seq() == 0;
  std::vector<RecordedAct> acts;
  journal::RecordView record;
  while (reader->next(record)) {
    RecordedAct act;
    act.seq = record.seq;
    act.time = {record.header->ts_engine};
    if (record.type() == RecordType::CONFIGURATION) {
      if (std::exchange(is_first_configuration, false)) continue;
      act.entries = engine::entries_of(journal::read<schema::Configuration>(record));
    } else {
      const auto command = journal::read<schema::OperatorCommand>(record);
      act.act = {command.getAction(), command.getText().cStr(), command.getValue().cStr()};
    }
    acts.push_back(std::move(act));
  }
  if (Status status = reader->status(); !status) return status.error();
  return acts;
}

Status repeat_act(RunLoop& loop, const RecordedAct& act, const std::vector<std::string>& settings) {
  if (!act.entries) {
    loop.operate(act.act.action, act.act.text, act.act.value);
    return ok_status();
  }
  auto changed = engine::changed_configuration(*act.entries, settings);
  if (!changed) return changed.error();
  loop.reconfigure(changed->config, changed->entries);
  return ok_status();
}

}  // namespace reprise::sim
