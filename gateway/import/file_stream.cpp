#include "gateway/import/file_stream.h"

#include <algorithm>
#include <cstring>

namespace reprise::gateway {

namespace {

constexpr std::size_t kMaxReasons = 64;  // distinct reasons a file keeps; the rest is counted together
constexpr const char* kFormatsHint =
    "import reads Binance captures (hbt, cryptofeed), archive CSVs, Tardis CSVs and converted bars; see "
    "gateway/import/FORMATS.md";

std::string without_endings(std::string name) {
  static constexpr std::string_view kEndings[] = {".gz", ".zst", ".xz", ".bz2", ".lzma", ".zip"};
  for (const std::string_view ending : kEndings) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

bool is_binary(std::string_view text) {
  std::size_t odd = 0;
  const std::size_t length = std::min<std::size_t>(text.size(), 4096);
  for (std::size_t i = 0; i < length; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 32 && c != '\n' && c != '\r' && c != '\t') ++odd;
  }
  return odd * 50 > length;
}

// Collects what the first lines say and forgets the lines.
class FirstLook final : public LineSink {
 public:
  FirstLook(SourceInfo& info, InstrumentRegistry& registry, InstrumentTable& table)
      : info_(info), registry_(registry), table_(table) {}
  void note(LineKind) override {}
  void skip(std::string_view, std::uint64_t, std::uint64_t) override {}

  void take() {
    check_new_messages(*this, 0, info_.recognised.venue, registry_);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const MarketMessage& m = messages[i];
      if (info_.first_time == INT64_MIN) info_.first_time = m.ts_recv;
      if (m.kind == MessageKind::exchange_info) {
        // A body that cannot be read is no reason to give up: the shipped tables step in, with a warning.
        const Status added = table_.add_json(m.text, info_.label, info_.recognised.venue);
        (void)added.ok();
        continue;
      }
      if (m.slot == kNoSlot) continue;
      registry_[m.slot].steps.take(m);
      if (std::find(info_.state.slots.begin(), info_.state.slots.end(), m.slot) == info_.state.slots.end()) {
        info_.state.slots.push_back(m.slot);
        info_.recognised.symbols.push_back(m.symbol);
      }
      if (m.ts_event > m.ts_recv) {
        std::int64_t& offset = info_.clock_offsets[m.slot];
        offset = std::max(offset, m.ts_event - m.ts_recv);
      }
    }
    messages.clear();
  }

 private:
  SourceInfo& info_;
  InstrumentRegistry& registry_;
  InstrumentTable& table_;
};

}  // namespace

void check_new_messages(LineSink& sink, std::size_t before, schema::Venue venue, InstrumentRegistry& registry) {
  const char* problem = nullptr;
  std::uint64_t lines = 0;
  for (std::size_t i = before; i < sink.messages.size(); ++i) {
    MarketMessage& m = sink.messages[i];
    lines += m.lines;
    if (m.kind == MessageKind::connected || m.kind == MessageKind::exchange_info) {
      m.slot = kNoSlot;
      continue;
    }
    if (problem == nullptr) problem = unsound(m);
    if (problem != nullptr) continue;
    m.slot = registry.slot_of(m.venue != schema::Venue::UNKNOWN ? m.venue : venue, m.symbol);
    if (m.slot == kNoSlot)
      problem = registry.size() >= kMaxInstruments ? "more than 4096 symbols" : "symbol that cannot be one";
  }
  if (problem == nullptr) return;
  const std::uint64_t line = sink.messages[before].line;
  sink.messages.truncate(before);
  sink.skip(problem, line, lines);
}

Status look_at(SourceInfo& info, const std::string& entry_name, InstrumentRegistry& registry, InstrumentTable& table) {
  Result<TextReader> opened = TextReader::open(info.path, info.entry);
  if (!opened.ok()) return opened.error();
  TextBlock block;
  std::vector<char> text;
  std::optional<Error> damage;
  bool has_overlong = false;
  while (text.size() < kFirstLookBytes) {
    Result<bool> got = opened->next(block);
    if (!got.ok()) {
      damage = got.error();  // told when the lines before it have been read, if there are any
      const std::string_view rest(block.data.data(), block.size);
      const std::size_t end = rest.rfind('\n');
      if (end != std::string_view::npos)
        text.insert(text.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end) + 1);
      break;
    }
    if (!*got) break;
    has_overlong = has_overlong || block.is_overlong;
    if (!block.is_overlong)
      text.insert(text.end(), block.data.begin(), block.data.begin() + static_cast<std::ptrdiff_t>(block.size));
  }
  const std::string_view all(text.data(), text.size());
  if (first_line(all).empty()) {
    if (damage) return *damage;
    if (has_overlong)
      return corrupt_error(info.label + ":1: a line longer than 8 MiB, and none that is shorter", kFormatsHint);
    return corrupt_error(info.label + ": empty", "there is nothing to import in it; leave it out");
  }

  FileSample sample;
  sample.path = info.label;
  const std::string full = entry_name.empty() ? info.path : info.path + "/" + entry_name;
  const std::size_t slash = full.rfind('/');
  sample.name = without_endings(slash == std::string::npos ? full : full.substr(slash + 1));
  sample.folders = "/" + full.substr(0, slash == std::string::npos ? 0 : slash + 1);
  if (!symbol_in_name(sample.name) && !entry_name.empty()) {
    // A zip is often renamed less than what is in it, or the other way round.
    const std::size_t outer = info.path.rfind('/');
    const std::string outer_name =
        without_endings(outer == std::string::npos ? info.path : info.path.substr(outer + 1));
    if (symbol_in_name(outer_name)) sample.name = outer_name;
  }
  sample.text = all;
  sample.forced_venue = info.forced_venue;
  if (is_binary(all)) {
    return corrupt_error(info.label + ":1: binary data, not text", kFormatsHint);
  }
  for (const Format& format : formats()) {
    Result<std::optional<Recognised>> result = format.recognise(sample);
    if (!result.ok()) return result.error();
    if (!result->has_value()) continue;
    info.format = &format;
    info.recognised = **result;
    break;
  }
  if (info.format == nullptr) {
    if (damage) return *damage;
    std::string start(first_line(all).substr(0, 60));
    for (char& c : start) {
      if (static_cast<unsigned char>(c) < 32) c = '?';
    }
    return corrupt_error(info.label + ":1: not a format that import knows: \"" + start + "\"", kFormatsHint);
  }
  if (info.recognised.format.empty()) info.recognised.format = info.format->name;
  const bool is_capture = info.format == &formats()[0] || info.format == &formats()[1] || info.format == &formats()[2];
  info.state.is_capture = is_capture;

  FirstLook look(info, registry, table);
  const std::unique_ptr<FormatReader> reader = info.format->make_reader(info.recognised);
  std::string_view rest = all;
  std::uint64_t number = 0;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    reader->on_line(line, ++number, look);
    look.take();
  }
  reader->finish(look);
  look.take();
  return ok_status();
}

FileStream::FileStream(SourceInfo& info, InstrumentRegistry& registry, FileReport& report)
    : info_(info), registry_(registry), report_(report) {}

Status FileStream::open() {
  Result<TextReader> opened = TextReader::open(info_.path, info_.entry);
  if (!opened.ok()) return opened.error();
  text_ = std::make_unique<PrefetchReader>(std::move(*opened));
  reader_ = info_.format->make_reader(info_.recognised);
  return ok_status();
}

void FileStream::skip(std::string_view reason, std::uint64_t line, std::uint64_t lines) {
  auto found = skips_.find(reason);
  if (found == skips_.end()) {
    if (skips_.size() >= kMaxReasons) reason = "other reasons";
    found = skips_.try_emplace(std::string(reason), SkippedLines{std::string(reason), 0, line}).first;
  }
  found->second.count += lines;
  found->second.first_line = std::min(found->second.first_line, line);
}

void FileStream::count(const MarketMessage& message, std::uint64_t records) {
  kinds_[static_cast<std::size_t>(line_kind_of(message))] += message.lines;
  report_.records += records;
  if (records == 0) return;
  if (report_.first_time == 0) report_.first_time = message.ts_recv;
  report_.last_time = message.ts_recv;
}

void FileStream::refuse(const MarketMessage& message, const char* reason) {
  skip(reason, message.line, message.lines);
}

void FileStream::finish_report() {
  report_.lines = line_;
  for (std::size_t i = 0; i < kLineKinds; ++i) {
    if (kinds_[i] != 0) report_.by_kind[name_of(static_cast<LineKind>(i))] = kinds_[i];
  }
  report_.skipped.clear();
  for (const auto& [reason, entry] : skips_) report_.skipped.push_back(entry);
  std::sort(report_.skipped.begin(), report_.skipped.end(), [](const SkippedLines& a, const SkippedLines& b) {
    return a.first_line != b.first_line ? a.first_line < b.first_line : a.reason < b.reason;
  });
}

void FileStream::accept_new(std::size_t before) {
  if (messages.size() != before) check_new_messages(*this, before, info_.recognised.venue, registry_);
}

void FileStream::take_line(std::string_view line) {
  ++line_;
  if (line.size() > kMaxLineBytes) return skip("line longer than 8 MiB", line_);
  const std::size_t before = messages.size();
  reader_->on_line(line, line_, *this);
  accept_new(before);
}

// One absurd time would hold the merge and engine time there for the rest of the data, and a run over it would tick
// through the years between.
bool FileStream::leaps(const MarketMessage& m) {
  const bool is_near = last_time_ == 0 || m.ts_recv - last_time_ <= kLeap;
  const bool is_confirmed = !is_near && leap_time_ != 0 && m.line != leap_line_ && m.ts_recv - leap_time_ <= kLeap &&
                            leap_time_ - m.ts_recv <= kLeap;
  if (is_near || is_confirmed) {
    last_time_ = m.ts_recv;
    leap_time_ = 0;
    return false;
  }
  leap_time_ = m.ts_recv;
  leap_line_ = m.line;
  return true;
}

Result<bool> FileStream::advance() {
  for (;;) {
    Result<bool> more = parse_next();
    if (!more.ok() || !*more) return more;
    const MarketMessage& message = front();
    if (!leaps(message)) break;
    refuse(message, "time more than 40 days ahead of the line before");
  }
  key_ = std::max(key_, front().ts_recv);
  return true;
}

Result<bool> FileStream::parse_next() {
  while (next_ == messages.size()) {
    messages.clear();
    next_ = 0;
    if (at_end_) return false;
    if (block_ == nullptr || at_ >= block_->size) {
      Result<const TextBlock*> got = text_->next();
      if (!got.ok()) {
        Error error = got.error();
        error.message = info_.label + ":" + std::to_string(line_ + 1) + ": " + error.message;
        return error;
      }
      block_ = *got;
      at_ = 0;
      if (block_ == nullptr) {
        at_end_ = true;
        text_.reset();
        reader_->finish(*this);
        accept_new(0);
        continue;
      }
      file_bytes_read_ = block_->file_bytes_read;
      report_.text_bytes += block_->is_overlong ? block_->line_bytes : block_->size;
      if (block_->is_overlong) {
        skip("line longer than 8 MiB", ++line_);
        at_ = block_->size;
        continue;
      }
    }
    const char* const begin = block_->data.data() + at_;
    const std::size_t room = block_->size - at_;
    const void* end = std::memchr(begin, '\n', room);
    std::size_t length = end == nullptr ? room : static_cast<std::size_t>(static_cast<const char*>(end) - begin);
    at_ += length + (end == nullptr ? 0 : 1);
    if (length != 0 && begin[length - 1] == '\r') --length;
    take_line({begin, length});
  }
  ++next_;
  return true;
}

}  // namespace reprise::gateway
