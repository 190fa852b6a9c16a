#include "gateway/net/websocket_session.h"

#include <openssl/rand.h>
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstring>
#include <utility>

#include "journal/assert.h"

namespace reprise::net {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
namespace http = beast::http;

namespace {

constexpr std::size_t kLongestControl = 125;  // RFC 6455, 5.5
constexpr unsigned char kText = 0x81, kPing = 0x89, kMasked = 0x80;

std::string frame_head(unsigned char first, std::size_t size, bool masked) {
  std::string head;
  head.push_back(static_cast<char>(first));
  const unsigned char mask = masked ? kMasked : 0;
  if (size < 126) {
    head.push_back(static_cast<char>(mask | size));
  } else {
    const int bytes = size <= 0xffff ? 2 : 8;
    head.push_back(static_cast<char>(mask | (bytes == 2 ? 126 : 127)));
    for (int i = bytes - 1; i >= 0; --i) head.push_back(static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i)));
  }
  return head;
}

// The keys of a client's masks: unpredictable, as RFC 6455 wants them, and drawn many at a time.
class MaskKeys {
 public:
  std::array<char, 4> next() {
    if (used_ == sizeof(keys_)) {
      REPRISE_ASSERT(RAND_bytes(keys_, sizeof(keys_)) == 1, "no random numbers from OpenSSL");
      used_ = 0;
    }
    std::array<char, 4> key;
    std::memcpy(key.data(), keys_ + used_, 4);
    used_ += 4;
    return key;
  }

 private:
  unsigned char keys_[256];
  std::size_t used_ = sizeof(keys_);
};

std::string masked_frame(unsigned char first, std::string_view payload, MaskKeys& keys) {
  std::string frame = frame_head(first, payload.size(), true);
  const std::array<char, 4> key = keys.next();
  frame.append(key.data(), key.size());
  const std::size_t begin = frame.size();
  frame.append(payload);
  for (std::size_t i = 0; i < payload.size(); ++i) frame[begin + i] = static_cast<char>(frame[begin + i] ^ key[i & 3]);
  return frame;
}

}  // namespace

struct WebsocketSession::Impl : std::enable_shared_from_this<Impl> {
  Impl(std::shared_ptr<Transport> connection, std::size_t max_message_bytes)
      : transport(std::move(connection)), stream(*transport) {
    stream.read_message_max(max_message_bytes);
    stream.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
      on_control(kind, {payload.data(), payload.size()});
    });
  }

  void on_control(websocket::frame_type kind, std::string_view payload) {
    switch (kind) {
      case websocket::frame_type::close:
        peer_closed = !closing;
        closing = true;
        return;
      case websocket::frame_type::ping:
        if (listener != nullptr) listener->on_session_ping(payload);
        return;
      case websocket::frame_type::pong:
        if (listener != nullptr) listener->on_session_pong(payload);
        return;
    }
  }

  void opened() {
    open = true;
    if (listener != nullptr) listener->on_session_open();
    read();
  }

  void read() {
    stream.async_read(buffer, [self = shared_from_this()](ErrorCode code, std::size_t) { self->on_read(code); });
  }

  void on_read(ErrorCode code) {
    if (code) return end(code);
    if (!stream.got_text()) {
      end_text = "a binary message, where only text is spoken";
      buffer.clear();
      close(websocket::close_code::unknown_data, "only text is spoken");
      return read();
    }
    const auto bytes = buffer.cdata();
    if (!closing && listener != nullptr)
      listener->on_session_text({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer.clear();
    read();
  }

  void close(std::uint16_t code, std::string_view reason) {
    if (!open || closing) return;
    closing = true;
    websocket::close_reason why(code);
    const std::string_view text = reason.substr(0, kLongestControl - 2);
    why.reason.assign(text.data(), text.size());
    stream.async_close(why, [self = shared_from_this()](ErrorCode) {});
  }

  void end(ErrorCode code) {
    open = false;
    closing = true;
    if (listener == nullptr) return;
    SessionEnd result;
    result.peer_closed = peer_closed;
    if (code == websocket::error::closed || peer_closed) {
      const websocket::close_reason& reason = stream.reason();
      result.close_code = reason.code == websocket::close_code::none ? 1005 : reason.code;
      result.text.assign(reason.reason.data(), reason.reason.size());
      if (result.text.empty()) result.text = "closed with code " + std::to_string(result.close_code);
    } else if (!transport->failure().empty()) {
      result.text = transport->failure();
    } else {
      result.text = code.message();
    }
    if (!end_text.empty()) result.text = end_text;
    result.too_big = code == websocket::error::message_too_big || code == websocket::error::buffer_overflow;
    result.refused_status = refused_status;
    std::exchange(listener, nullptr)->on_session_end(result);
  }

  std::shared_ptr<Transport> transport;
  websocket::stream<Transport&, false> stream;
  SessionListener* listener = nullptr;
  beast::flat_buffer buffer;
  UpgradeRequest request;
  websocket::response_type answer;
  MaskKeys keys;
  bool client = false, open = false, closing = false, peer_closed = false;
  int refused_status = 0;
  std::string end_text;
};

WebsocketSession::WebsocketSession(std::shared_ptr<Transport> transport, std::size_t max_message_bytes)
    : impl_(std::make_shared<Impl>(std::move(transport), max_message_bytes)) {}

WebsocketSession::~WebsocketSession() {
  impl_->listener = nullptr;
}

void WebsocketSession::accept(UpgradeRequest request, SessionListener& listener) {
  impl_->listener = &listener;
  impl_->request = std::move(request);
  impl_->stream.async_accept(impl_->request, [self = impl_](ErrorCode code) {
    if (code) return self->end(code);
    self->opened();
  });
}

void WebsocketSession::connect(const std::string& host, const std::string& target, const Headers& headers,
                               SessionListener& listener) {
  impl_->client = true;
  impl_->listener = &listener;
  impl_->stream.set_option(websocket::stream_base::decorator([headers](websocket::request_type& request) {
    for (const auto& [name, value] : headers) request.insert(name, value);
  }));
  impl_->stream.async_handshake(impl_->answer, host, target, [self = impl_](ErrorCode code) {
    if (code == websocket::error::upgrade_declined) {
      self->refused_status = static_cast<int>(self->answer.result_int());
      self->end_text = "the server answered " + std::to_string(self->refused_status) + " instead of a WebSocket";
    }
    if (code) return self->end(code);
    // None was offered, so a server that names one speaks something else (RFC 6455, 9.1).
    if (self->answer.count(http::field::sec_websocket_extensions) > 0) {
      self->end_text = "the server uses an extension that was not offered";
      return self->end(websocket::error::bad_http_version);
    }
    self->opened();
  });
}

bool WebsocketSession::is_open() const {
  return impl_->open && !impl_->closing;
}

void WebsocketSession::send_text(std::shared_ptr<const std::string> text) {
  if (!is_open()) return;
  if (impl_->client) {
    impl_->transport->write(masked_frame(kText, *text, impl_->keys));
    return impl_->transport->push();
  }
  std::string head = frame_head(kText, text->size(), false);
  impl_->transport->write(std::move(head), std::move(text));
}

void WebsocketSession::ping(std::string_view payload) {
  if (!is_open()) return;
  payload = payload.substr(0, kLongestControl);
  if (impl_->client) return impl_->transport->write(masked_frame(kPing, payload, impl_->keys));
  impl_->transport->write(frame_head(kPing, payload.size(), false).append(payload));
}

void WebsocketSession::close(std::uint16_t code, std::string_view reason) {
  impl_->close(code, reason);
}

}  // namespace reprise::net
