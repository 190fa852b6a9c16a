#include "sim/recorded_acts.h"

#include "config/loader.h"
#include "engine/engine.h"

namespace reprise::sim {

using journal::RecordType;

Result<std::vector<RecordedAct>> read_recorded_acts(const std::string& path, journal::Seq first, journal::Seq last) {
  // Without the reader's filter, which would look on behind `last` for the next record of these types.
  auto reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  std::vector<RecordedAct> acts;
  if (Status sought = reader->seek(first); !sought) return sought.error();
  journal::RecordView record;
  while (reader->next(record) && record.seq <= last) {
    if (record.type() != RecordType::CONFIGURATION && record.type() != RecordType::OPERATOR_COMMAND) continue;
    RecordedAct act;
    act.seq = record.seq;
    act.time = {record.header->ts_engine};
    if (record.type() == RecordType::CONFIGURATION) {
      act.entries = engine::entries_of(journal::read<schema::Configuration>(record));
    } else {
      const auto command = journal::read<schema::OperatorCommand>(record);
      act.act = {command.getAction(),     command.getText().cStr(), command.getValue().cStr(),
                 command.getKey().cStr(), record.header->strategy,  record.header->instrument};
    }
    acts.push_back(std::move(act));
  }
  if (Status status = reader->status(); !status) return status.error();
  return acts;
}

Status repeat_act(RunLoop& loop, const RecordedAct& act, const std::vector<std::string>& settings) {
  if (act.act.action == schema::OperatorAction::CARRY_OVER) {
    loop.carry_over(act.act.key, act.act.strategy, act.act.instrument, act.act.value, act.act.text);
    return ok_status();
  }
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
