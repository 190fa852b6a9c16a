#include "gateway/binance/market_session.h"

#include <algorithm>
#include <utility>

#include "engine/market/fixed.h"
#include "gateway/binance/account_form.h"

namespace reprise::gateway::binance {

using journal::RecordType;
using schema::FeedAnomalyKind;
using schema::GapReason;

namespace {

constexpr std::int64_t kQuietBook = 2 * kSecond;  // without any update: the snapshot is asked for all the same
constexpr std::uint64_t kLineComponent = 1'000;   // of the seed's streams: books first, sockets behind them
constexpr std::uint32_t kSnapshotLevels = 1'000;
constexpr unsigned kMostDoublings = 6;  // of the limit of a stream that stays silent
constexpr std::size_t kRecent = 1'024;  // more than one socket is behind another

// "btcusdt@trade" of {"stream":"btcusdt@trade","data":...}; empty where the frame is none of that form.
std::string_view stream_of(std::string_view frame) {
  constexpr std::string_view kStream = "{\"stream\":\"";
  if (!frame.starts_with(kStream)) return {};
  const std::size_t end = frame.find('"', kStream.size());
  return end == std::string_view::npos ? std::string_view() : frame.substr(kStream.size(), end - kStream.size());
}

bool fits(StreamKind kind, MessageKind message) {
  switch (kind) {
    case StreamKind::quotes: return message == MessageKind::bbo;
    case StreamKind::depth: return message == MessageKind::book_delta;
    case StreamKind::trades: return message == MessageKind::trade;
    case StreamKind::aggregate_trades: return message == MessageKind::aggregate_trade;
    case StreamKind::marks: return message == MessageKind::mark_price;
    case StreamKind::liquidations: return message == MessageKind::liquidation;
  }
  return false;
}

}  // namespace

MarketSession::Book::Book(RecordMaker& maker, const MarketInstrument& of, const MarketSessionOptions& options,
                          std::uint64_t component)
    : instrument(of),
      sync(maker, of.symbol + " book"),
      backoff(options.first_snapshot_pause, options.longest_snapshot_pause, options.seed, component) {}

Result<std::unique_ptr<MarketSession>> MarketSession::create(RestClient& rest, MarketSink& sink,
                                                             std::vector<MarketInstrument> instruments,
                                                             const MarketSessionOptions& options) {
  auto plans = plan_streams(instruments, options.streams);
  if (!plans) return plans.error();
  return std::unique_ptr<MarketSession>(
      new MarketSession(rest, sink, std::move(instruments), options, std::move(plans).value()));
}

MarketSession::MarketSession(RestClient& rest, MarketSink& sink, std::vector<MarketInstrument> instruments,
                             const MarketSessionOptions& options, std::vector<StreamPlan> plans)
    : wire_(rest.wire()), rest_(rest), sink_(sink), instruments_(std::move(instruments)), options_(options) {
  if (options_.streams.depth) {
    for (std::size_t i = 0; i < instruments_.size(); ++i)
      books_.push_back(std::make_unique<Book>(maker_, instruments_[i], options_, i));
  }
  for (std::size_t n = 0; n < plans.size(); ++n) {
    auto& line = *lines_.emplace_back(std::make_unique<Line>());
    line.plan = std::move(plans[n]);
    StreamLineTimes times = options_.times;
    // Not all sockets at one moment.
    if (times.rotate_after.ns != 0)
      times.rotate_after.ns -=
          static_cast<std::int64_t>(n) * (times.rotate_after.ns / 200) % (times.rotate_after.ns / 4 + 1);
    line.line = std::make_unique<StreamLine>(wire_, *this, line.plan.name, line.plan.target, line.plan.streams.size(),
                                             times, options_.seed, kLineComponent + n);
    for (std::size_t s = 0; s < line.plan.streams.size(); ++s) {
      const StreamPlan::Stream& stream = line.plan.streams[s];
      line.by_name.emplace(stream.name, s);
      Stream& state = line.streams.emplace_back();
      state.kind = stream.kind;
      state.instrument = stream.instrument;
      if (stream.kind == StreamKind::trades || stream.kind == StreamKind::aggregate_trades ||
          stream.kind == StreamKind::liquidations)
        state.recent.assign(kRecent, INT64_MIN);
      if (stream.kind == StreamKind::depth) books_[stream.instrument]->line = line.line.get();
    }
  }
}

MarketSession::~MarketSession() {
  stop();
  *alive_ = false;
}

void MarketSession::start() {
  if (is_running_) return;
  is_running_ = true;
  for (auto& line : lines_) line->line->start();
  tick();
}

void MarketSession::stop() {
  is_running_ = false;
  wire_.scheduler().cancel(timer_);
  timer_ = 0;
  for (auto& line : lines_) line->line->stop();
}

MarketSession::Line& MarketSession::of(StreamLine& line) {
  for (auto& mine : lines_)
    if (mine->line.get() == &line) return *mine;
  REPRISE_ASSERT(false, "a line of another session");
  return *lines_.front();
}

// --------------------------------------------------------------------------------------------------- frames

void MarketSession::on_frame(StreamLine& from, std::string_view frame, bool from_spare) {
  if (!is_running_) return;
  Line& line = of(from);
  const UnixNanos received = wire_.clock();
  line.last_recv = received;
  ++counts_.frames;
  sink_.on_raw(received, line.plan.name, frame);
  if (!is_running_) return;
  messages_.clear();
  const FrameResult result = parser_.parse_frame(frame, messages_);
  if (result.verdict == FrameVerdict::bad) {
    bad_frame(line);
  } else if (result.verdict == FrameVerdict::messages) {
    const auto stream = line.by_name.find(stream_of(frame));
    bool is_bad = stream == line.by_name.end();
    for (std::size_t i = 0; i < messages_.size() && !is_bad; ++i)
      is_bad = take(line, stream->second, messages_[i], received, from_spare) != nullptr;
    if (is_bad) bad_frame(line);
  }
  flush();
}

// nullptr, or why the message is refused.
const char* MarketSession::take(Line& line, std::size_t place, const MarketMessage& m, UnixNanos received,
                                bool from_spare) {
  Stream& stream = line.streams[place];
  const MarketInstrument& instrument = instruments_[stream.instrument];
  if (!fits(stream.kind, m.kind)) return "an event of another stream";
  if (m.symbol != instrument.symbol) return "an event of another symbol";
  if (const char* problem = unsound(m)) return problem;
  bool without_hole = true;
  if (stream.kind == StreamKind::depth) {
    Book& book = *books_[stream.instrument];
    const DeltaFate fate = book.sync.on_delta(m, header(received, m.ts_event, instrument.number), from_spare, batch_);
    if (fate == DeltaFate::malformed) return "update ids that cannot be";
    if (fate == DeltaFate::duplicate) ++counts_.duplicates;
    without_hole = fate != DeltaFate::ahead;
    check_book(book);
  } else if (is_new(stream, m, from_spare)) {
    maker_.append(m, header(received, m.ts_event, instrument.number), batch_);
  } else {
    ++counts_.duplicates;
  }
  if (!from_spare) {
    stream.heard_at = now();
    stream.silences = 0;
  }
  line.line->heard(place, from_spare, without_hole);
  return nullptr;
}

// Two sockets may tell the same, and the venue has told things twice on one. Trades of two sockets may also come out of
// order by a little: those are known by their own id, and not by the largest one.
bool MarketSession::is_new(Stream& stream, const MarketMessage& m, bool from_spare) {
  const auto was_there = [&](std::int64_t mark) {
    if (std::find(stream.recent.begin(), stream.recent.end(), mark) != stream.recent.end()) return true;
    stream.recent[stream.next_recent++ % stream.recent.size()] = mark;
    return false;
  };
  switch (stream.kind) {
    case StreamKind::trades:
    case StreamKind::aggregate_trades:
      if (m.last_id <= stream.last_id) return !was_there(m.last_id);
      stream.last_id = m.last_id;
      stream.recent[stream.next_recent++ % stream.recent.size()] = m.last_id;
      return true;
    case StreamKind::liquidations:
      // No id: the figures stand for it. At most one a second and contract is told.
      return !was_there(m.ts_event ^ (m.price << 1) ^ (m.qty << 17) ^ static_cast<std::int64_t>(m.side));
    case StreamKind::quotes: {
      // A venue that counts the book's updates alone gives two quotes one id.
      const bool is_same = m.bid_price == stream.quote.bid_price && m.bid_qty == stream.quote.bid_qty &&
                           m.ask_price == stream.quote.ask_price && m.ask_qty == stream.quote.ask_qty;
      if (m.last_id < stream.last_id || (m.last_id == stream.last_id && (is_same || from_spare))) return false;
      stream.last_id = m.last_id;
      stream.quote = m;
      return true;
    }
    case StreamKind::marks:
      if (m.ts_event <= stream.last_id) return false;
      stream.last_id = m.ts_event;
      return true;
    case StreamKind::depth: break;  // book_sync.h
  }
  return true;
}

// All are counted; one a second and socket is recorded, so that a flood of them fills no disk.
void MarketSession::bad_frame(Line& line) {
  ++counts_.bad_frames;
  ++line.bad_untold;
  if (line.bad_told_at != 0 && now() - line.bad_told_at < kSecond) return;
  line.bad_told_at = now();
  anomaly(header(wire_.clock(), 0, 0), FeedAnomalyKind::MALFORMED_FRAME,
          static_cast<std::int64_t>(std::exchange(line.bad_untold, 0)), 0);
}

// -------------------------------------------------------------------------------------------------- sockets

void MarketSession::on_up(StreamLine& up) {
  Line& line = of(up);
  const UnixNanos received = wire_.clock();
  const std::string detail = std::to_string(line.streams.size()) + " streams";
  batch_.append<schema::FeedConnected>(
      RecordType::FEED_CONNECTED, header(received, 0, 0),
      [&](schema::FeedConnected::Builder b) {
        b.setSource(line.plan.name);
        b.setDetail(detail);
      },
      4 + (line.plan.name.size() + detail.size()) / 8);
  std::vector<char> told(instruments_.size());
  for (Stream& stream : line.streams) {
    stream.heard_at = now();
    if (!line.was_up || std::exchange(told[stream.instrument], 1) != 0) continue;
    batch_.append<schema::FeedGap>(RecordType::FEED_GAP, header(received, 0, instruments_[stream.instrument].number),
                                   [&](schema::FeedGap::Builder b) {
                                     b.setReason(GapReason::TIME_HOLE);
                                     b.setTsFrom(line.last_recv.ns);
                                     b.setTsUntil(received.ns);
                                   });
  }
  if (line.was_up) sink_.on_note(line.plan.name + ": connected again");
  line.was_up = true;
  if (line.last_recv.ns == 0) line.last_recv = received;
  flush();
}

void MarketSession::on_down(StreamLine& down, const std::string& why) {
  Line& line = of(down);
  const UnixNanos received = wire_.clock();
  std::vector<char> told(instruments_.size());
  for (Stream& stream : line.streams) {
    // A fresh socket repeats nothing, and a venue that was started anew counts from another number.
    stream.last_id = 0;
    std::fill(stream.recent.begin(), stream.recent.end(), INT64_MIN);
    if (!line.plan.is_book || std::exchange(told[stream.instrument], 1) != 0) continue;
    batch_.append<schema::FeedDisconnected>(
        RecordType::FEED_DISCONNECTED, header(received, 0, instruments_[stream.instrument].number),
        [&](schema::FeedDisconnected::Builder b) {
          b.setSource(line.plan.name);
          b.setDetail(why);
        },
        4 + (line.plan.name.size() + why.size()) / 8);
    if (!books_.empty()) {
      books_[stream.instrument]->sync.on_lost();
      books_[stream.instrument]->since = 0;
    }
  }
  sink_.on_note(line.plan.name + ": " + why);
  flush();
}

void MarketSession::on_taken_over(StreamLine& taken) {
  Line& line = of(taken);
  for (Stream& stream : line.streams) stream.heard_at = now();
  static constexpr const char* kDetail = "a fresh socket takes over, without a hole";
  batch_.append<schema::FeedConnected>(
      RecordType::FEED_CONNECTED, header(wire_.clock(), 0, 0),
      [&](schema::FeedConnected::Builder b) {
        b.setSource(line.plan.name);
        b.setDetail(kDetail);
      },
      12 + line.plan.name.size() / 8);
  flush();
}

void MarketSession::on_note(StreamLine&, const std::string& text) {
  sink_.on_note(text);
}

DurationNanos MarketSession::silence_of(StreamKind kind) const {
  switch (kind) {
    case StreamKind::quotes: return options_.silent_quotes;
    case StreamKind::depth: return options_.silent_depth;
    case StreamKind::marks: return options_.silent_marks;
    default: return {};
  }
}

void MarketSession::check_silence(Line& line) {
  if (!line.line->is_up()) return;
  std::string silent;
  std::int64_t longest = 0;
  for (std::size_t s = 0; s < line.streams.size(); ++s) {
    Stream& stream = line.streams[s];
    const DurationNanos limit{silence_of(stream.kind).ns << stream.silences};
    const std::int64_t quiet = now() - stream.heard_at;
    if (limit.ns == 0 || quiet <= limit.ns) continue;
    stream.silences = std::min(stream.silences + 1, kMostDoublings);
    ++counts_.silences;
    anomaly(header(wire_.clock(), 0, instruments_[stream.instrument].number), FeedAnomalyKind::SILENT_STREAM, quiet,
            limit.ns);
    if (silent.empty()) silent = line.plan.streams[s].name;
    longest = std::max(longest, quiet);
  }
  if (!silent.empty()) line.line->reconnect(silent + " said nothing for " + std::to_string(longest / kSecond) + " s");
}

// -------------------------------------------------------------------------------------------------- the books

// Asks for a snapshot where one is needed: once updates flow (or the book is plainly quiet), one at a time, and with
// pauses that grow while none of them fits.
void MarketSession::check_book(Book& book) {
  if (!book.sync.wants_snapshot()) {
    if (book.since == 0) book.since = now();
    if (now() - book.since >= options_.settled.ns) book.backoff.reset();
    return;
  }
  book.since = 0;
  if (book.is_asked || now() < book.ask_at || !book.line->is_up()) return;
  if (!book.sync.has_deltas() && now() - book.line->up_since() < kQuietBook) return;
  auto request = depth(book.instrument.symbol, kSnapshotLevels);
  if (!request) return;
  book.is_asked = true;
  book.ask_at = now() + book.backoff.next().ns;
  ++counts_.snapshots;
  const auto place = static_cast<std::size_t>(
      std::find_if(books_.begin(), books_.end(), [&](const auto& b) { return b.get() == &book; }) - books_.begin());
  rest_.send(*request, [this, alive = alive_, place, epoch = book.sync.epoch()](const Answer& answer) {
    if (*alive) on_snapshot(place, epoch, answer);
  });
}

void MarketSession::on_snapshot(std::size_t place, std::uint32_t epoch, const Answer& answer) {
  Book& book = *books_[place];
  book.is_asked = false;
  if (!is_running_) return;
  const auto failed = [&](const std::string& why) {
    ++counts_.snapshots_failed;
    sink_.on_note(book.instrument.symbol + ": no book snapshot: " + why);
  };
  if (!answer.is_ok) {
    return failed(answer.http_status == 0 ? answer.message
                                          : "HTTP " + std::to_string(answer.http_status) + " " + answer.message);
  }
  sink_.on_raw(answer.received, "depth " + book.instrument.symbol, answer.body);
  messages_.clear();
  const FrameResult result = parser_.parse_depth(answer.body, messages_);
  if (result.verdict != FrameVerdict::messages || messages_.empty()) return failed(result.reason);
  const MarketMessage& m = messages_[0];
  if (const char* problem = unsound(m)) return failed(problem);
  if (!m.symbol.empty() && m.symbol != book.instrument.symbol) return failed("it is of " + m.symbol);
  // From before a loss: it may not reach what came since. Another one is asked for with the next update.
  if (epoch != book.sync.epoch()) return;
  book.sync.on_snapshot(m, header(answer.received, m.ts_event, book.instrument.number), batch_);
  check_book(book);
  flush();
}

// ---------------------------------------------------------------------------------------------------- time

void MarketSession::tick() {
  timer_ = wire_.scheduler().after(std::chrono::seconds(1), [this] { tick(); });
  for (auto& line : lines_) {
    check_silence(*line);
    line->line->tick();
  }
  for (auto& book : books_) check_book(*book);
  if (is_running_ && now() >= measure_at_ && !is_measuring_) measure_clock();
  flush();
}

void MarketSession::measure_clock() {
  is_measuring_ = true;
  measure_at_ = now() + options_.clock_interval.ns;
  rest_.measure_clock(options_.clock_probes, [this, alive = alive_](bool ok, const std::string& problem) {
    if (!*alive) return;
    is_measuring_ = false;
    if (!is_running_) return;
    if (!ok) {
      ++counts_.clock_failures;
      measure_at_ = std::min(measure_at_, now() + 30 * kSecond);
      return sink_.on_note("the venue's clock could not be measured: " + problem);
    }
    has_clock_ = true;
    append_latency(batch_);
    flush();
  });
}

void MarketSession::append_latency(journal::RecordBatch& out) {
  out.append<schema::FeedLatency>(RecordType::FEED_LATENCY, header(wire_.clock(), 0, 0),
                                  [&](schema::FeedLatency::Builder b) {
                                    b.setClockOffset(rest_.clock_offset().ns);
                                    b.setRoundTrip(rest_.round_trip().ns);
                                  });
}

// -------------------------------------------------------------------------------------------------- records

journal::RecordHeader MarketSession::header(UnixNanos received, std::int64_t happened, InstrumentNo number) {
  journal::RecordHeader h;
  h.instrument = number;
  h.ts_event = happened;
  h.ts_recv = received.ns;
  if (received < last_recv_) {
    const UnixNanos before = std::exchange(last_recv_, received);
    anomaly(header(received, 0, 0), FeedAnomalyKind::CLOCK_STEP_BACK, (before - received).ns, 0);
  }
  last_recv_ = received;
  ts_engine_ = std::max(ts_engine_, received.ns);
  h.ts_engine = ts_engine_;
  return h;
}

void MarketSession::anomaly(const journal::RecordHeader& h, FeedAnomalyKind kind, std::int64_t value,
                            std::int64_t bound) {
  batch_.append<schema::FeedAnomaly>(RecordType::FEED_ANOMALY, h, [&](schema::FeedAnomaly::Builder b) {
    b.setKind(kind);
    b.setValue(value);
    b.setBound(bound);
  });
}

void MarketSession::flush() {
  if (batch_.empty()) return;
  counts_.records += batch_.count();
  // A sink that asks for a snapshot of the books, or stops, finds a batch that is done with.
  sink_.on_records(batch_);
  batch_.clear();
}

bool MarketSession::is_live(InstrumentNo number) const {
  return std::any_of(books_.begin(), books_.end(), [&](const auto& book) {
    return book->instrument.number == number && !book->sync.wants_snapshot() && book->line->is_up();
  });
}

std::size_t MarketSession::live_books() const {
  return static_cast<std::size_t>(std::count_if(books_.begin(), books_.end(), [](const auto& book) {
    return !book->sync.wants_snapshot() && book->line->is_up();
  }));
}

MarketCounts MarketSession::counts() const {
  MarketCounts counts = counts_;
  for (const auto& line : lines_) {
    counts.reconnects += line->line->reconnects();
    counts.rotations += line->line->rotations();
  }
  for (const auto& book : books_) {
    const BookCounts& of = book->sync.counts();
    counts.books.gaps += of.gaps;
    counts.books.resyncs += of.resyncs;
    counts.books.crossed += of.crossed;
    counts.books.late_snapshots += of.late_snapshots;
  }
  return counts;
}

void MarketSession::write_opening(journal::RecordBatch& out) {
  if (has_clock_) append_latency(out);
  for (const auto& book : books_) book->sync.write_book(header(wire_.clock(), 0, book->instrument.number), out);
}

}  // namespace reprise::gateway::binance
