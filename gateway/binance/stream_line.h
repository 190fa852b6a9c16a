// One set of streams, kept open: connects, backs off, and goes over to a fresh socket before the venue cuts the old
// one.
//
// A socket of the venue lives 24 hours. Some time before, a spare is opened beside it; both deliver until every stream
// that spoke on the old one has come on the spare without a hole before it, and for `overlap` at least. Then the spare
// takes over and the old one is closed. What comes twice meanwhile is for the listener to drop.
//
// One thread, the wire's. reconnect() and tick() tell the listener at once; everything else comes from the wire.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/binance/backoff.h"
#include "gateway/binance/wire.h"

namespace reprise::gateway::binance {

class StreamLine;

class StreamLineListener {
 public:
  virtual ~StreamLineListener() = default;
  virtual void on_frame(StreamLine& line, std::string_view frame, bool from_spare) = 0;
  virtual void on_up(StreamLine& line) = 0;                             // delivers from now on, after nothing did
  virtual void on_down(StreamLine& line, const std::string& why) = 0;   // delivers no more; connects again by itself
  virtual void on_taken_over(StreamLine& line) = 0;                     // by the spare, without a hole
  virtual void on_note(StreamLine& line, const std::string& text) = 0;  // for people
};

struct StreamLineTimes {
  DurationNanos first_pause = DurationNanos::millis(50);  // between attempts to connect, growing
  DurationNanos longest_pause = DurationNanos::seconds(60);
  DurationNanos steady = DurationNanos::seconds(60);  // up for so long: the next pause is a short one again
  DurationNanos rotate_after = DurationNanos::seconds(23 * 3600);  // 0: never
  DurationNanos overlap = DurationNanos::seconds(5);
  DurationNanos longest_overlap = DurationNanos::seconds(120);  // a spare that lags for so long is given up
};

class StreamLine {
 public:
  // `streams`: how many of them; they are told apart by their place. `listener` and `wire` outlive the line.
  StreamLine(Wire& wire, StreamLineListener& listener, std::string name, std::string target, std::size_t streams,
             const StreamLineTimes& times, std::uint64_t seed, std::uint64_t component);
  ~StreamLine();
  StreamLine(const StreamLine&) = delete;
  StreamLine& operator=(const StreamLine&) = delete;

  void start();
  void stop();  // closes, and calls nothing any more
  // Once a second or so: rotation.
  void tick();
  // A stream of the line is dead although the socket is not.
  void reconnect(const std::string& why);
  // The listener's word on a frame: a message of this stream came, and with or without a hole before it.
  void heard(std::size_t stream, bool from_spare, bool without_hole);

  const std::string& name() const { return name_; }
  bool is_up() const { return main_ != nullptr && main_->is_open; }
  bool has_spare() const { return spare_ != nullptr; }
  std::int64_t up_since() const { return up_since_; }  // scheduler's time; of what delivers without a hole
  std::uint64_t reconnects() const { return reconnects_; }
  std::uint64_t rotations() const { return rotations_; }

 private:
  struct Socket final : net::WebsocketHandler {
    explicit Socket(StreamLine* of) : line(of) {}
    void on_open() override {
      if (line != nullptr) line->on_open(*this);
    }
    void on_text(std::string_view text) override {
      if (line != nullptr) line->listener_.on_frame(*line, text, line->spare_.get() == this);
    }
    void on_end(const net::WebsocketEnd& end) override {
      if (line != nullptr) line->on_end(*this, end);
    }
    StreamLine* line;  // nullptr: given up
    bool is_open = false;
    std::int64_t opened_at = 0;
    std::unique_ptr<net::WebsocketClient> client;  // last: it may call the handler until it is gone
  };
  void connect();
  void connect_spare();
  void retire(std::unique_ptr<Socket>& socket);
  void retry_later();
  void on_open(Socket& socket);
  void on_end(Socket& socket, const net::WebsocketEnd& end);
  void take_over();
  bool spare_covers_all() const;
  std::int64_t now() const { return wire_.scheduler().now(); }

  Wire& wire_;
  StreamLineListener& listener_;
  const std::string name_;
  const std::string target_;
  const StreamLineTimes times_;
  Backoff backoff_;
  std::unique_ptr<Socket> main_;
  std::unique_ptr<Socket> spare_;
  std::vector<std::unique_ptr<Socket>> retired_;
  std::int64_t up_since_ = 0;
  std::int64_t spare_since_ = 0;
  std::int64_t next_spare_at_ = 0;   // not before
  std::vector<char> spoke_on_main_;  // since the spare is open
  std::vector<char> covered_by_spare_;
  net::TimerId retry_ = 0;
  bool is_stopped_ = true;
  std::uint64_t reconnects_ = 0;
  std::uint64_t rotations_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// "closed by the venue (1006)": what ended a socket, for people.
std::string text_of(const net::WebsocketEnd& end);

}  // namespace reprise::gateway::binance
