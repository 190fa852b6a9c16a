// Helpers of the network's tests: a loop on a thread of its own, a recording handler, and a raw peer that can
// misbehave.
//
// Nothing sleeps: until() waits for an event, with a bound that is only reached when the event does not come.
#pragma once

#include <openssl/ssl.h>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gateway/net/http_client.h"
#include "gateway/net/loop.h"
#include "gateway/net/server.h"
#include "gateway/net/websocket_client.h"

namespace reprise::net_tests {

using namespace std::chrono_literals;

inline constexpr std::chrono::seconds kBound{60};

// Runs a loop on a thread until it is destroyed. on() runs a function there and waits for it.
class RunningLoop {
 public:
  RunningLoop() : thread_([this] { loop.run(); }) {}
  ~RunningLoop() {
    loop.stop();
    thread_.join();
  }
  template <class Function>
  auto on(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    loop.post([&task] { task(); });
    return result.get();
  }
  // Looks at the condition on the loop's thread until it holds; false after the bound.
  bool until(const std::function<bool()>& condition);

  net::Loop loop;

 private:
  std::thread thread_;
};

// Keeps what the server told; answers by a function that a test sets. Used on the loop's thread only.
class Recorder : public net::ServerHandler {
 public:
  void on_request(net::Request request, net::Reply reply) override {
    requests.push_back(request);
    if (answer) {
      answer(std::move(request), std::move(reply));
    } else {
      reply.send(net::Response{200, {}, request.method + " " + request.path});
    }
  }
  std::optional<net::Response> on_websocket(const net::Request& request) override {
    requests.push_back(request);
    if (request.path == "/refused") return net::Response{403, {}, "no"};
    return std::nullopt;
  }
  void on_open(net::ConnectionId id) override { opened.push_back(id); }
  void on_text(net::ConnectionId id, std::string_view text) override {
    texts.emplace_back(text);
    if (on_message) on_message(id, text);
  }
  void on_pong(net::ConnectionId, std::string_view payload) override { pongs.emplace_back(payload); }
  void on_closed(net::ConnectionId id, std::string_view reason) override { closed[id] = reason; }

  std::function<void(net::Request, net::Reply)> answer;
  std::function<void(net::ConnectionId, std::string_view)> on_message;
  std::vector<net::Request> requests;
  std::vector<net::ConnectionId> opened;
  std::vector<std::string> texts, pongs;
  std::map<net::ConnectionId, std::string> closed;
};

// A server with its recorder on a loop of its own.
struct TestServer {
  explicit TestServer(net::ServerOptions options = {});
  ~TestServer();

  RunningLoop running;
  Recorder recorder;
  std::unique_ptr<net::Server> server;
  std::uint16_t port = 0;
};

// A blocking socket, plain or TLS, that says what a test wants.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port, bool tls = false, int highest_tls = 0, int receive_buffer = 0);
  explicit RawPeer(int socket) : socket_(socket) {}
  ~RawPeer();
  RawPeer(RawPeer&& other) noexcept;
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  bool tls_ready() const { return tls_ready_; }
  bool send(std::string_view bytes);
  // Reads until the text has been seen, or the peer ended or stayed silent for the bound; what came since the last
  // call.
  std::string read_until(std::string_view text);
  std::string read_to_end() { return read_until({}); }
  std::string read_some();  // whatever comes first
  // An HTTP answer with a Content-Length: head and body.
  std::string read_answer();
  bool ended() const { return ended_; }
  void reset();
  void finish();  // no more output

 private:
  int receive(char* data, int size);

  int socket_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool tls_ready_ = false;
  bool ended_ = false;
  std::string input_;
};

// Listens, and hands out the connections.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  std::uint16_t port() const { return port_; }
  RawPeer accept();

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

// Keeps what a WebSocket client told.
class ClientRecorder : public net::WebsocketHandler {
 public:
  void on_open() override { open = true; }
  void on_text(std::string_view text) override { texts.emplace_back(text); }
  void on_ping(std::string_view payload) override { pings.emplace_back(payload); }
  void on_pong(std::string_view payload) override { pongs.emplace_back(payload); }
  void on_end(const net::WebsocketEnd& how) override {
    ++ends;
    end = how;
  }

  bool open = false;
  int ends = 0;
  std::vector<std::string> texts, pings, pongs;
  net::WebsocketEnd end;
};

// One request of a client, waited for.
net::HttpResult ask(RunningLoop& running, net::HttpClient& client, net::Request request,
                    net::Duration time = std::chrono::seconds(60));

// The head of a raw client's upgrade, and a masked frame with a mask of zeros.
std::string upgrade_text(std::string_view path, std::string_view more_headers = {});
std::string raw_frame(unsigned char first, std::string_view payload);

}  // namespace reprise::net_tests
