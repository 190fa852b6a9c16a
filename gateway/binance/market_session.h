// The venue's market data as journal records: streams, book snapshots and clock, for a list of contracts.
//
// Each frame becomes records whose ts_recv is the wire's clock at receipt, ts_event the message's time and ts_engine
// max(previous, ts_recv); the sink gets them with one call a frame. Beside market data it gets
//   FeedConnected     a socket delivers; "takes over" in the detail where it replaces one without a hole
//   FeedDisconnected  for each contract of a socket with quotes and books that is gone: its prices are unknown from
//   here FeedGap           a book update is missing (sequence); what a socket could not deliver while away (timeHole)
//   FeedResync        a book is in step with the venue (again)
//   FeedAnomaly       crossed or locked book, silent stream, frame that cannot be read, our clock stepping back
//   FeedLatency       the venue's clock against ours, at the start and from time to time
// A FeedDisconnected has its contract's number in the header, never 0, so that one socket's end leaves the others'
// books alone. The loss of a socket on /market (marks, liquidations, aggregate trades) is a FeedGap only.
//
// Books: book_sync.h. Sockets: stream_line.h. A stream that ought to speak and does not for the stated time is a
// FeedAnomaly, and its socket is opened anew; while it stays silent the limit doubles, up to 64 times, so that one dead
// contract does not tear down the others' books for ever. Nothing ends the session but stop(): it connects again for
// ever.
//
// Ownership: wire, client and sink outlive it. One thread, the wire's. The sink may call stop(), and must not destroy
// the session. Once the memory of parser and batch has grown, a frame allocates nothing of its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/binance/backoff.h"
#include "gateway/binance/book_sync.h"
#include "gateway/binance/market_streams.h"
#include "gateway/binance/message_parser.h"
#include "gateway/binance/rest_client.h"
#include "gateway/binance/stream_line.h"

namespace reprise::gateway::binance {

class MarketSink {
 public:
  virtual ~MarketSink() = default;
  virtual void on_records(const journal::RecordBatch& records) = 0;  // never empty; valid during the call
  // Every frame as it came, before its records; source "public-1", or "depth BTCUSDT" for a snapshot.
  virtual void on_raw(UnixNanos /*received*/, std::string_view /*source*/, std::string_view /*frame*/) {}
  virtual void on_note(const std::string& /*text*/) {}  // a line for people: what was lost, what is tried
};

struct MarketSessionOptions {
  StreamChoice streams;
  StreamLineTimes times;
  // How long a stream may say nothing; 0: for ever. Trades and liquidations may always.
  DurationNanos silent_quotes = DurationNanos::seconds(120);
  DurationNanos silent_depth = DurationNanos::seconds(60);
  DurationNanos silent_marks = DurationNanos::seconds(20);
  DurationNanos first_snapshot_pause = DurationNanos::seconds(1);  // between two snapshots of a book, growing
  DurationNanos longest_snapshot_pause = DurationNanos::seconds(60);
  DurationNanos settled =
      DurationNanos::seconds(60);  // a book in step for so long: the next pause is a short one again
  DurationNanos clock_interval = DurationNanos::seconds(300);  // between two measurements of the clock
  int clock_probes = 5;
  std::uint64_t seed = 0;  // of the jitter
};

struct MarketCounts {
  std::uint64_t frames = 0;
  std::uint64_t records = 0;
  std::uint64_t bad_frames = 0;
  std::uint64_t duplicates = 0;  // dropped: there already
  std::uint64_t silences = 0;
  std::uint64_t snapshots = 0;         // asked for
  std::uint64_t snapshots_failed = 0;  // no answer, or none that can be read
  std::uint64_t clock_failures = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t rotations = 0;
  BookCounts books;
};

class MarketSession final : public StreamLineListener {
 public:
  // Fails where the streams cannot be planned (usage).
  static Result<std::unique_ptr<MarketSession>> create(RestClient& rest, MarketSink& sink,
                                                       std::vector<MarketInstrument> instruments,
                                                       const MarketSessionOptions& options);
  ~MarketSession() override;
  MarketSession(const MarketSession&) = delete;
  MarketSession& operator=(const MarketSession&) = delete;

  void start();
  void stop();  // closes everything; nothing is called any more

  // Whether the contract's book is in step with the venue and its socket delivers.
  bool is_live(InstrumentNo number) const;
  std::size_t live_books() const;
  std::size_t books() const { return books_.size(); }
  MarketCounts counts() const;
  // Snapshots of all books that are in step, and the clock as last measured: what another journal has to begin with so
  // that the records to come are enough for it.
  void write_opening(journal::RecordBatch& out);

 private:
  struct Book {
    Book(RecordMaker& maker, const MarketInstrument& of, const MarketSessionOptions& options, std::uint64_t component);
    MarketInstrument instrument;
    BookSync sync;
    Backoff backoff;
    StreamLine* line = nullptr;  // of its updates
    bool is_asked = false;
    std::int64_t ask_at = 0;  // scheduler's time of the next snapshot, not before
    std::int64_t since = 0;   // in step since; 0 = it is not
  };
  struct Stream {
    StreamKind kind = StreamKind::quotes;
    std::size_t instrument = 0;
    std::int64_t heard_at = 0;         // scheduler's time, on the socket that counts
    unsigned silences = 0;             // in a row: each doubles the limit
    std::int64_t last_id = 0;          // the largest recorded: trade, update id, or time of a mark price
    MessageFields quote;               // the last one recorded
    std::vector<std::int64_t> recent;  // trades and liquidations: what came lately, in a ring
    std::size_t next_recent = 0;
  };
  struct Line {
    StreamPlan plan;
    std::map<std::string, std::size_t, std::less<>> by_name;
    std::vector<Stream> streams;
    std::unique_ptr<StreamLine> line;
    UnixNanos last_recv;  // of any frame
    bool was_up = false;
    std::int64_t bad_told_at = 0;  // scheduler's time
    std::uint64_t bad_untold = 0;
  };

  MarketSession(RestClient& rest, MarketSink& sink, std::vector<MarketInstrument> instruments,
                const MarketSessionOptions& options, std::vector<StreamPlan> plans);

  // StreamLineListener
  void on_frame(StreamLine& line, std::string_view frame, bool from_spare) override;
  void on_up(StreamLine& line) override;
  void on_down(StreamLine& line, const std::string& why) override;
  void on_taken_over(StreamLine& line) override;
  void on_note(StreamLine& line, const std::string& text) override;

  Line& of(StreamLine& line);
  const char* take(Line& line, std::size_t stream, const MarketMessage& message, UnixNanos received, bool from_spare);
  static bool is_new(Stream& stream, const MarketMessage& message, bool from_spare);
  void bad_frame(Line& line);
  void tick();
  void check_silence(Line& line);
  void check_book(Book& book);
  void on_snapshot(std::size_t instrument, std::uint32_t epoch, const Answer& answer);
  void measure_clock();
  journal::RecordHeader header(UnixNanos received, std::int64_t happened, InstrumentNo number);
  void anomaly(const journal::RecordHeader& header, schema::FeedAnomalyKind kind, std::int64_t value,
               std::int64_t bound);
  void append_latency(journal::RecordBatch& out);
  DurationNanos silence_of(StreamKind kind) const;
  void flush();
  std::int64_t now() const { return wire_.scheduler().now(); }

  Wire& wire_;
  RestClient& rest_;
  MarketSink& sink_;
  const std::vector<MarketInstrument> instruments_;
  const MarketSessionOptions options_;
  RecordMaker maker_;
  MessageParser parser_;
  MessageBuffer messages_;
  journal::RecordBatch batch_;
  std::vector<std::unique_ptr<Book>> books_;  // by instrument; empty without depth streams
  std::vector<std::unique_ptr<Line>> lines_;
  UnixNanos last_recv_;
  std::int64_t ts_engine_ = 0;
  bool has_clock_ = false;
  bool is_measuring_ = false;
  std::int64_t measure_at_ = 0;
  net::TimerId timer_ = 0;
  bool is_running_ = false;
  MarketCounts counts_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace reprise::gateway::binance
