// One TCP connection, plain or TLS, for the sources of gateway/net only. An AsyncStream of Asio for Beast's sake.
//
// Output is a queue: write() never waits, and what was queued in a turn goes out at its end in as few system calls as
// the socket allows. queued() is for the owner to bound. A failure of output shows as the failure of the read, so the
// owner keeps a read pending. Input is read ahead into a buffer of its own; put_back() gives bytes to the next read.
// Always held by shared_ptr; all calls on the loop's thread. Not final: Asio derives from it to see what it can.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "gateway/net/loop_core.h"
#include "gateway/net/tls_context.h"

namespace reprise::net {

using tcp = asio::ip::tcp;

// A callback that may be moved only, as Beast's are; called once.
class IoCallback {
 public:
  IoCallback() = default;
  template <class Function>
  explicit IoCallback(Function function) : held_(std::make_unique<Held<Function>>(std::move(function))) {}
  explicit operator bool() const { return held_ != nullptr; }
  void operator()(ErrorCode code, std::size_t bytes) {
    const std::unique_ptr<Base> once = std::move(held_);
    once->call(code, bytes);
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void call(ErrorCode code, std::size_t bytes) = 0;
  };
  template <class Function>
  struct Held final : Base {
    explicit Held(Function f) : function(std::move(f)) {}
    void call(ErrorCode code, std::size_t bytes) override { function(code, bytes); }
    Function function;
  };
  std::unique_ptr<Base> held_;
};

class Transport : public TurnEnd, public std::enable_shared_from_this<Transport> {
 public:
  using executor_type = asio::io_context::executor_type;

  Transport(LoopCore& core, tcp::socket socket);
  ~Transport() override;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  executor_type get_executor() noexcept { return core_.context().get_executor(); }

  // Speaks TLS from here on. The callback gets an empty text, or what went wrong.
  void start_tls(std::shared_ptr<TlsContext> context, const std::string& server_name,
                 std::function<void(std::string)> done);

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          asio::mutable_buffer first;
          for (auto it = asio::buffer_sequence_begin(into); it != asio::buffer_sequence_end(into); ++it) {
            first = *it;
            if (first.size() > 0) break;
          }
          read(first, IoCallback(std::move(handler)));
        },
        token, buffers);
  }

  // Takes everything at once.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          std::string bytes(asio::buffer_size(from), '\0');
          asio::buffer_copy(asio::buffer(bytes), from);
          const std::size_t size = bytes.size();
          write(std::move(bytes));
          asio::post(core_.context(), [callback = std::make_shared<IoCallback>(IoCallback(std::move(handler))), size,
                                       self = shared_from_this()] { (*callback)(self->failure_, size); });
        },
        token, buffers);
  }

  // One read at a time. Completes later, never within the call. 0 bytes come with an error (eof at the orderly end).
  void read(asio::mutable_buffer into, IoCallback done);
  void put_back(std::string_view bytes);

  void write(std::string head, std::shared_ptr<const std::string> body = nullptr);
  std::size_t queued() const { return queued_; }
  // Positions in the stream of output: all that was queued ever, and up to where the peer may have received it.
  std::uint64_t position() const { return position_; }
  std::uint64_t sent_position() const { return sent_position_; }
  // When output last moved, or was queued on an empty queue.
  std::int64_t last_progress() const { return last_progress_; }
  // Bytes from the peer since the last call.
  bool take_received() { return std::exchange(received_, false); }
  // A look at an idle connection before it is used again: false if the peer has closed it or sent something.
  bool is_quiet();

  // Queued output is thrown away from here on, and what comes is still read.
  void discard_output();
  // Writes what the socket takes at once and closes. The pending read ends with operation_aborted.
  void close();
  // Ends sending behind the queued output; reading goes on.
  // What was written leaves now instead of at the turn's end: for what the other side is waited for.
  void push() { flush(); }
  void finish_output();
  // Closes with a reset.
  void reset();
  bool is_open() const { return open_; }
  std::string failure() const;

  void at_turn_end() override;
  void on_loop_end() override;

 private:
  struct Chunk {
    std::string head;
    std::shared_ptr<const std::string> body;
    std::size_t size() const { return head.size() + (body ? body->size() : 0); }
  };

  IoStep receive(char* data, std::size_t size, std::size_t& got);
  void wait_to_read();
  void fill();
  void complete_read();
  void want_flush();
  void flush();
  IoStep flush_plain();
  IoStep flush_tls();
  void wait_to_write();
  void consume(std::size_t bytes);
  void step_handshake();
  void fail(ErrorCode code, std::string text);
  void shut(ErrorCode code);

  LoopCore& core_;
  tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
  std::function<void(std::string)> handshake_done_;

  std::string ahead_;  // read from the socket, not yet taken
  std::size_t ahead_begin_ = 0, ahead_end_ = 0;
  asio::mutable_buffer read_into_;
  IoCallback read_done_;
  bool waiting_to_read_ = false;
  bool more_likely_ = false;
  ErrorCode end_;  // of input
  bool received_ = false;

  std::deque<Chunk> chunks_;
  std::size_t first_sent_ = 0;  // of the first chunk
  std::string record_;          // TLS: bytes that OpenSSL has to see again
  std::size_t record_sent_ = 0;
  std::size_t queued_ = 0;
  std::uint64_t position_ = 0, sent_position_ = 0;
  std::int64_t last_progress_ = 0;
  bool flush_wanted_ = false, waiting_to_write_ = false, flush_after_read_ = false;
  bool discard_ = false, finishing_ = false;

  bool open_ = true;
  ErrorCode failure_;
  std::string failure_text_;
};

// Customisation points of Beast's WebSocket stream.
inline void beast_close_socket(Transport& transport) {
  transport.close();
}
inline void teardown(boost::beast::role_type, Transport& transport, ErrorCode& code) {
  code = {};
  transport.close();
}
template <class Handler>
void async_teardown(boost::beast::role_type, Transport& transport, Handler&& handler) {
  transport.close();
  asio::post(transport.get_executor(), [handler = std::forward<Handler>(handler)]() mutable { handler(ErrorCode{}); });
}

}  // namespace reprise::net
