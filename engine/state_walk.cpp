#include "engine/state_walk.h"

#include <algorithm>
#include <optional>

#include "engine/take_up.h"

namespace reprise::engine {

namespace {
constexpr std::uint64_t kProgressInterval = 1u << 14;
}

struct StateWalk::Impl {
  std::string path;
  OnProgress progress;
  std::optional<journal::JournalReader> reader;
  std::optional<Engine> engine;
  std::vector<journal::Seq> starts;  // newest first
  std::vector<std::string> warnings;
  journal::Seq stands_behind = 0;
  journal::RecordBatch outputs;
  journal::RecordView input;
  journal::BlockHandle block;  // holds `input`
  journal::RecordView ahead;   // the next input, already read
  journal::BlockHandle ahead_block;
  bool has_ahead = false;
  std::uint64_t until_progress = kProgressInterval;

  Result<bool> look_ahead() {
    if (has_ahead) return true;
    journal::RecordView record;
    while (reader->next(record)) {
      if (--until_progress == 0) {
        until_progress = kProgressInterval;
        if (progress && !progress(record.seq)) return usage_error("interrupted");
      }
      if (record.header->is_output()) continue;
      ahead = record;
      ahead_block = reader->current_block();
      return has_ahead = true;
    }
    const Status status = reader->status();
    if (!status.ok()) return status.error();
    return false;
  }

  Result<bool> step() {
    auto found = look_ahead();
    if (!found || !*found) return found;
    input = ahead;
    block = std::move(ahead_block);
    has_ahead = false;
    outputs.clear();
    engine->on(input, outputs);
    stands_behind = input.seq + outputs.count();
    return true;
  }

  Status start_at_or_before(journal::Seq seq) {
    auto taken = take_up(*reader, engine, seq);
    if (!taken) return taken.error();
    stands_behind = taken->seq;
    for (std::string& warning : taken->warnings) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
        warnings.push_back(std::move(warning));
    }
    outputs.clear();
    input = {};
    has_ahead = false;
    return ok_status();
  }

  journal::Seq newest_start(journal::Seq seq) const {
    const auto found = std::find_if(starts.begin(), starts.end(), [&](journal::Seq start) { return start <= seq; });
    return found == starts.end() ? starts.back() : *found;
  }

  Status go_to(journal::Seq seq) {
    if (seq < starts.back()) {
      return usage_error("record " + std::to_string(seq) + " is in front of this journal, which begins behind record " +
                             std::to_string(starts.back()),
                         "ask the journal of its parent run");
    }
    if (seq < engine->last_input_seq() || newest_start(seq) > stands_behind) {
      auto started = start_at_or_before(seq);
      if (!started) return started.error();
    }
    while (true) {
      auto found = look_ahead();
      if (!found) return found.error();
      if (!*found || ahead.seq > seq) return ok_status();
      auto stepped = step();
      if (!stepped) return stepped.error();
    }
  }

  Status go_before(journal::Seq seq) {
    journal::ReaderOptions plain;
    plain.read_ahead = false;
    auto lookup = journal::JournalReader::open(path, plain);
    if (!lookup) return lookup.error();
    for (journal::Seq at = seq; at >= lookup->first_seq() && at != 0; --at) {
      journal::RecordView record;
      if (auto sought = lookup->seek(at); !sought) return sought.error();
      if (!lookup->next(record)) break;
      if (!record.header->is_output()) return go_to(at - 1);
    }
    if (auto status = lookup->status(); !status) return status.error();
    return go_to(starts.back());
  }
};

StateWalk::StateWalk(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StateWalk::StateWalk(StateWalk&&) noexcept = default;
StateWalk& StateWalk::operator=(StateWalk&&) noexcept = default;
StateWalk::~StateWalk() = default;

Result<StateWalk> StateWalk::open(const std::string& path, OnProgress progress) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->progress = std::move(progress);
  auto opened = journal::JournalReader::open(path);
  if (!opened) return opened.error();
  impl->reader.emplace(std::move(opened).value());
  auto starts = engine::starts_before(*impl->reader, impl->reader->last_seq());
  if (!starts) return starts.error();
  impl->starts = std::move(*starts);
  auto started = impl->start_at_or_before(0);
  if (!started) return started.error();
  return StateWalk(std::move(impl));
}

Status StateWalk::go_to(journal::Seq seq) {
  return impl_->go_to(seq);
}
Status StateWalk::go_before(journal::Seq seq) {
  return impl_->go_before(seq);
}
Result<bool> StateWalk::step() {
  return impl_->step();
}
Engine& StateWalk::engine() {
  return *impl_->engine;
}
journal::Seq StateWalk::input_seq() const {
  return impl_->engine->last_input_seq();
}
journal::Seq StateWalk::stands_behind() const {
  return impl_->stands_behind;
}
const journal::RecordView& StateWalk::input() const {
  return impl_->input;
}
const journal::RecordBatch& StateWalk::outputs() const {
  return impl_->outputs;
}
std::vector<journal::Seq> StateWalk::starts_before(journal::Seq seq) const {
  std::vector<journal::Seq> found;
  for (const journal::Seq start : impl_->starts) {
    if (start <= seq || start == impl_->starts.back()) found.push_back(start);
  }
  return found;
}
journal::Seq StateWalk::base_seq() const {
  return impl_->starts.back();
}
journal::Seq StateWalk::last_seq() const {
  return impl_->reader->last_seq();
}
const journal::Manifest& StateWalk::manifest() const {
  return impl_->reader->manifest();
}
const std::vector<std::string>& StateWalk::warnings() const {
  return impl_->warnings;
}

}  // namespace reprise::engine
