#include "engine/take_up.h"

#include <algorithm>

#include "engine/state_bytes.h"
#include "engine/version.h"

namespace reprise::engine {

namespace {

Status load(const journal::Snapshot& snapshot, Engine& engine) {
  const std::string place = "snapshot behind record " + std::to_string(snapshot.info.seq);
  if (snapshot.info.engine_version != kEngineVersion) {
    return corrupt_error(place + " is of engine version " + std::to_string(snapshot.info.engine_version) +
                             ", this program is version " + std::to_string(kEngineVersion),
                         "use a program of that engine version");
  }
  const journal::SnapshotSection* section = snapshot.section(kEngineSection);
  if (section == nullptr) return corrupt_error(place + " holds no engine");
  const Status loaded = load_state(engine, section->bytes);
  if (!loaded.ok()) return corrupt_error(place + ": " + loaded.error().message, loaded.error().hint);
  return ok_status();
}

}  // namespace

Result<TakenUp> take_up(journal::JournalReader& reader, std::optional<Engine>& engine, journal::Seq limit) {
  TakenUp taken;
  const journal::Seq base = reader.base_seq();
  for (journal::Seq at = std::max(limit, base); at != 0;) {
    auto found = reader.snapshot_at_or_before(at, &taken.warnings);
    if (!found) return found.error();
    if (!*found) break;
    const journal::Snapshot& snapshot = **found;
    engine.emplace();
    const Status loaded = load(snapshot, *engine);
    if (loaded.ok()) {
      if (const Status sought = reader.seek(snapshot); !sought.ok()) return sought.error();
      taken.seq = snapshot.info.seq;
      return taken;
    }
    if (snapshot.info.seq == base) return loaded.error();
    taken.warnings.push_back(loaded.error().message + ": not used");
    at = snapshot.info.seq - 1;
  }
  if (base != 0) {
    return corrupt_error("the journal begins behind record " + std::to_string(base) + ", whose snapshot is damaged",
                         taken.warnings.empty() ? "run reprise verify on it" : taken.warnings.back());
  }
  engine.emplace();
  if (const Status sought = reader.seek(reader.first_seq()); !sought.ok()) return sought.error();
  return taken;
}

Result<Engine> take_up_base(journal::JournalReader& reader) {
  REPRISE_ASSERT(reader.base_seq() != 0, "the journal begins behind a record");
  std::optional<Engine> engine;
  if (auto taken = take_up(reader, engine, reader.base_seq()); !taken) return taken.error();
  return std::move(*engine);
}

Result<std::vector<journal::Seq>> starts_before(const journal::JournalReader& reader, journal::Seq limit) {
  auto snapshots = reader.snapshots();
  if (!snapshots) return snapshots.error();
  std::vector<journal::Seq> starts;
  for (const journal::SnapshotInfo& info : *snapshots) {
    const bool is_usable = info.seq <= limit && info.engine_version == kEngineVersion;
    if (is_usable && info.seq > reader.base_seq()) starts.push_back(info.seq);
  }
  std::reverse(starts.begin(), starts.end());
  starts.push_back(reader.base_seq());
  return starts;
}

}  // namespace reprise::engine
