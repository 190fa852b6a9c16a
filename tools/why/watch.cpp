#include "tools/why/watch.h"

#include <algorithm>

#include "engine/state_view.h"

namespace reprise::tools {

namespace {

Result<engine::FieldPath> find_path(engine::Engine& engine, const std::string& path) {
  engine::FieldFinder finder(engine::field_names(engine));
  engine::StateView(engine).persist(finder.archive());
  engine::FieldSearch search = finder.find(path);
  if (search.found) return *search.found;
  std::string nearest;
  for (const std::string& each : search.nearest) nearest += (nearest.empty() ? "" : ", ") + each;
  return usage_error("the state has no field " + path + " at this moment",
                     nearest.empty() ? "is this the journal of a run?" : "nearest: " + nearest);
}

}  // namespace

Result<FieldHistory> watch_field(engine::StateWalk& walk, const std::string& path, journal::Seq until, bool all,
                                 std::size_t most) {
  if (auto moved = walk.go_to(until); !moved) return moved.error();
  auto found = find_path(walk.engine(), path);
  if (!found) return found.error();
  FieldHistory history;
  history.path = found->text;
  engine::FieldProbe probe(*found);
  const auto read = [&] {
    engine::StateView(walk.engine()).persist(probe);
    return probe.take();
  };
  history.value = read();

  // Backwards by segments: each from a place where a walk can begin to where the one behind it began.
  journal::Seq end = until;
  std::vector<journal::Seq> starts = walk.starts_before(until);
  if (all) starts = {walk.base_seq()};
  for (const journal::Seq start : starts) {
    if (auto moved = walk.go_to(start); !moved) return moved.error();
    std::optional<engine::FieldValue> last = start == 0 ? std::nullopt : read();
    std::vector<FieldChange> changes;
    while (true) {
      auto stepped = walk.step();
      if (!stepped) return stepped.error();
      if (!*stepped || walk.input_seq() > end) break;
      auto now = read();
      if (now == last) continue;
      ++history.count;
      changes.push_back({walk.input_seq(), walk.engine().now().ns, std::move(last), now});
      if (changes.size() > 2 * most) changes.erase(changes.begin(), changes.end() - static_cast<std::ptrdiff_t>(most));
      last = std::move(now);
    }
    history.complete = start == walk.base_seq();
    if (!changes.empty()) {
      const std::size_t kept = std::min(changes.size(), most);
      history.changes.assign(changes.end() - static_cast<std::ptrdiff_t>(kept), changes.end());
      return history;
    }
    end = start;
  }
  return history;
}

}  // namespace reprise::tools
