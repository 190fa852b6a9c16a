#include "tests/gateway/net_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

#include "tests/support/catch.h"

namespace reprise::net_tests {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void bound_waits(int socket) {
  timeval bound{};
  bound.tv_sec = kBound.count();
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
}

}  // namespace

bool RunningLoop::until(const std::function<bool()>& condition) {
  std::promise<bool> result;
  const std::int64_t deadline = loop.now() + std::chrono::nanoseconds(kBound).count();
  std::function<void()> look = [&] {
    if (condition()) return result.set_value(true);
    if (loop.now() > deadline) return result.set_value(false);
    loop.after(1ms, look);
  };
  loop.post(look);
  return result.get_future().get();
}

TestServer::TestServer(net::ServerOptions options) {
  running.on([&] {
    auto started = net::start_server(running.loop, std::move(options), recorder);
    if (!started.ok()) FAIL(started.error().text());
    server = std::move(started).value();
    port = server->port();
  });
}

TestServer::~TestServer() {
  running.on([&] { server.reset(); });
}

RawPeer::RawPeer(std::uint16_t port, bool tls, int highest_tls, int receive_buffer) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bound_waits(socket_);
  if (receive_buffer > 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  const sockaddr_in address = loopback(port);
  REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  if (!tls) return;
  context_ = SSL_CTX_new(TLS_client_method());
  if (highest_tls != 0) {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, 0);
    SSL_CTX_set_max_proto_version(context_, highest_tls);
  }
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, socket_);
  tls_ready_ = SSL_connect(ssl_) == 1;
}

RawPeer::RawPeer(RawPeer&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      context_(std::exchange(other.context_, nullptr)),
      ssl_(std::exchange(other.ssl_, nullptr)),
      tls_ready_(other.tls_ready_),
      ended_(other.ended_),
      input_(std::move(other.input_)) {}

RawPeer::~RawPeer() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (socket_ >= 0) ::close(socket_);
}

bool RawPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                         : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (done <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

int RawPeer::receive(char* data, int size) {
  if (ssl_ != nullptr) return SSL_read(ssl_, data, size);
  return static_cast<int>(::recv(socket_, data, static_cast<std::size_t>(size), 0));
}

std::string RawPeer::read_until(std::string_view text) {
  std::size_t end = std::string::npos;
  while (text.empty() || (end = input_.find(text)) == std::string::npos) {
    char bytes[16'384];
    const int got = receive(bytes, sizeof(bytes));
    if (got <= 0) {
      ended_ = true;
      return std::exchange(input_, {});
    }
    input_.append(bytes, static_cast<std::size_t>(got));
  }
  end += text.size();
  std::string seen = input_.substr(0, end);
  input_.erase(0, end);
  return seen;
}

std::string RawPeer::read_some() {
  if (!input_.empty()) return std::exchange(input_, {});
  char bytes[16'384];
  const int got = receive(bytes, sizeof(bytes));
  ended_ = got <= 0;
  return ended_ ? std::string() : std::string(bytes, static_cast<std::size_t>(got));
}

std::string RawPeer::read_answer() {
  std::string head = read_until("\r\n\r\n");
  const std::size_t field = head.find("Content-Length: ");
  if (field == std::string::npos) return head;
  const std::size_t size = std::stoul(head.substr(field + 16));
  while (input_.size() < size) {
    char bytes[16'384];
    const int got = receive(bytes, sizeof(bytes));
    if (got <= 0) {
      ended_ = true;
      break;
    }
    input_.append(bytes, static_cast<std::size_t>(got));
  }
  head += input_.substr(0, size);
  input_.erase(0, size);
  return head;
}

void RawPeer::reset() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  ::close(std::exchange(socket_, -1));
}

void RawPeer::finish() {
  ::shutdown(socket_, SHUT_WR);
}

RawListener::RawListener() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bound_waits(socket_);
  sockaddr_in address = loopback(0);
  REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(::listen(socket_, 128) == 0);
  socklen_t size = sizeof(address);
  REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() {
  if (socket_ >= 0) ::close(socket_);
}

RawPeer RawListener::accept() {
  const int socket = ::accept(socket_, nullptr, nullptr);
  REQUIRE(socket >= 0);
  bound_waits(socket);
  return RawPeer(socket);
}

net::HttpResult ask(RunningLoop& running, net::HttpClient& client, net::Request request, net::Duration time) {
  std::promise<net::HttpResult> result;
  running.loop.post(
      [&] { client.send(std::move(request), time, [&](net::HttpResult got) { result.set_value(std::move(got)); }); });
  return result.get_future().get();
}

std::string upgrade_text(std::string_view path, std::string_view more_headers) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         std::string(more_headers) + "\r\n";
}

std::string raw_frame(unsigned char first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(0x80 | payload.size()));
  } else if (payload.size() <= 0xffff) {
    frame.push_back(static_cast<char>(0x80 | 126));
    for (int shift : {8, 0}) frame.push_back(static_cast<char>(payload.size() >> shift));
  } else {
    frame.push_back(static_cast<char>(0x80 | 127));
    for (int shift = 56; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(payload.size() >> shift));
  }
  frame.append(4, '\0');
  return frame.append(payload);
}

}  // namespace reprise::net_tests
