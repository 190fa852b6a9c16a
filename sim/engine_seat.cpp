#include "sim/engine_seat.h"

#include <algorithm>

#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "engine/version.h"

namespace reprise::sim {

using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

RecordHeader EngineSeat::arriving(RecordHeader header, UnixNanos recv) {
  time_ = std::max(time_, recv);
  header.ts_engine = time_.ns;
  header.ts_recv = recv.ns;
  return header;
}

RecordView EngineSeat::made() {
  return {sink_.next_seq(), reinterpret_cast<const RecordHeader*>(batch_.bytes())};
}

RecordView EngineSeat::copy(const RecordHeader& header, const RecordView& record) {
  batch_.clear();
  batch_.append_copy(header, record.body(), record.body_words());
  return made();
}

RecordView EngineSeat::of_report(const Report& report, UnixNanos recv) {
  RecordHeader header = arriving({}, recv);
  header.account = report.type == RecordType::MARK_PRICE ? 0 : kAccount;
  header.ts_event = report.time.ns;
  batch_.clear();
  write_report(report, header, batch_);
  return made();
}

RecordView EngineSeat::run_start(std::uint64_t run_tag, std::uint64_t seed, UnixNanos recv) {
  return make<schema::RunStart>(RecordType::RUN_START, recv, [&](schema::RunStart::Builder b) {
    b.setRunTag(run_tag);
    b.setSeed(seed);
    b.setEngineVersion(engine::kEngineVersion);
    b.setSchemaVersion(journal::kSchemaVersion);
  });
}

RecordView EngineSeat::configuration(const config::Entries& entries, UnixNanos recv) {
  const std::string hash = config::config_hash(entries);
  std::size_t words = 8 + hash.size() / 8;
  for (const auto& [key, value] : entries) words += 4 + key.size() / 8 + value.size() / 8;
  return make<schema::Configuration>(
      RecordType::CONFIGURATION, recv,
      [&](schema::Configuration::Builder b) {
        auto list = b.initEntries(static_cast<unsigned>(entries.size()));
        for (unsigned n = 0; n < list.size(); ++n) {
          list[n].setKey(entries[n].first);
          list[n].setValue(entries[n].second);
        }
        b.setHash(hash);
      },
      words);
}

RecordView EngineSeat::operator_command(schema::OperatorAction action, const std::string& text,
                                        const std::string& value, UnixNanos recv) {
  return make<schema::OperatorCommand>(
      RecordType::OPERATOR_COMMAND, recv,
      [&](schema::OperatorCommand::Builder b) {
        b.setAction(action);
        b.setText(text);
        if (!value.empty()) b.setValue(value);
      },
      4 + (text.size() + value.size()) / 8);
}

RecordView EngineSeat::carry_over(const std::string& key, engine::StrategyNo strategy, InstrumentNo instrument,
                                  const std::string& value, const std::string& text, UnixNanos recv) {
  journal::RecordHeader header = arriving({}, recv);
  header.ts_event = header.ts_recv;
  header.strategy = strategy;
  header.instrument = instrument;
  batch_.clear();
  batch_.append<schema::OperatorCommand>(
      RecordType::OPERATOR_COMMAND, header,
      [&](schema::OperatorCommand::Builder b) {
        b.setAction(schema::OperatorAction::CARRY_OVER);
        b.setKey(key);
        b.setValue(value);
        b.setText(text);
      },
      6 + (key.size() + value.size() + text.size()) / 8);
  return made();
}

RecordView EngineSeat::run_end(const std::string& reason, UnixNanos recv) {
  return make<schema::RunEnd>(
      RecordType::RUN_END, recv, [&](schema::RunEnd::Builder b) { b.setReason(reason); }, 2 + reason.size() / 8);
}

const journal::RecordBatch& EngineSeat::input(const RecordView& view) {
  sink_.append(view);
  ++inputs_;
  outputs_.clear();
  engine_.on(view, outputs_);
  first_output_ = sink_.next_seq();
  if (outputs_.empty()) return outputs_;
  sink_.append(outputs_);
  outputs_made_ += outputs_.count();
  return outputs_;
}

journal::SnapshotImage EngineSeat::snapshot() {
  journal::SnapshotImage image;
  image.engine_version = engine::kEngineVersion;
  image.sections.push_back({std::string(engine::kEngineSection), engine::save_state(engine_)});
  return image;
}

}  // namespace reprise::sim
