#include "gateway/net/server.h"

#include <sys/socket.h>
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "gateway/net/server_connection.h"

namespace reprise::net {

namespace {

constexpr Duration kAcceptPause = std::chrono::milliseconds(50);  // when the process has no descriptors left
constexpr int kBacklog = 1'024;

std::string endpoint_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

// How often the connections' times are looked at: a fraction of the shortest.
Duration sweep_interval(const ServerLimits& limits) {
  const Duration shortest = std::min({limits.header_time, limits.body_time, limits.idle_time, limits.answer_time,
                                      limits.stall_time, limits.websocket_idle_time, limits.close_time});
  return std::clamp<Duration>(shortest / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
}

class TcpServer final : public Server, public ServerCore {
 public:
  TcpServer(LoopCore& loop, ServerOptions options, ServerHandler& calls)
      : ServerCore(loop, options.limits, calls), options_(std::move(options)), acceptor_(loop.context()) {}
  ~TcpServer() override {
    alive_.reset();
    stop_listening();
    for (const auto& [id, connection] : connections_) {
      connection->detach();
      connection->close("the server ended");
    }
  }

  Status listen();

  std::uint16_t port() const override { return port_; }
  std::string address() const override { return options_.address; }
  bool send_text(ConnectionId id, std::shared_ptr<const std::string> text) override {
    const auto connection = find(id);
    return connection && connection->send_text(std::move(text));
  }
  bool ping(ConnectionId id, std::string_view payload) override {
    const auto connection = find(id);
    return connection && connection->ping(payload);
  }
  void close(ConnectionId id, std::uint16_t code, std::string_view reason) override {
    if (const auto connection = find(id)) connection->close_websocket(code, reason);
  }
  void drop(ConnectionId id) override {
    if (const auto connection = find(id)) connection->drop("dropped on request");
  }
  void mute(ConnectionId id) override {
    if (const auto connection = find(id)) connection->mute();
  }
  ServerCounts counts() const override {
    ServerCounts result = counted;
    result.open = connections_.size();
    for (const auto& [id, connection] : connections_) result.queued_bytes += connection->queued();
    return result;
  }
  void stop() override {
    stop_listening();
    for (const auto& connection : all()) connection->close("the server stops");
  }
  void forget(ConnectionId id) override { connections_.erase(id); }

 private:
  std::shared_ptr<ServerConnection> find(ConnectionId id) const {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second;
  }
  std::vector<std::shared_ptr<ServerConnection>> all() const {
    std::vector<std::shared_ptr<ServerConnection>> result;
    result.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) result.push_back(connection);
    return result;
  }
  void stop_listening() {
    ErrorCode ignored;
    acceptor_.close(ignored);
    core.cancel(sweep_timer_);
    core.cancel(accept_timer_);
  }
  void accept();
  void take(tcp::socket socket);
  void sweep();

  const ServerOptions options_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::shared_ptr<TlsContext> tls_;
  std::unordered_map<ConnectionId, std::shared_ptr<ServerConnection>> connections_;
  ConnectionId last_id_ = 0;
  TimerId sweep_timer_ = 0, accept_timer_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // callbacks of the acceptor hold it weakly
};

Status TcpServer::listen() {
  if (options_.tls) {
    Result<std::shared_ptr<TlsContext>> context = TlsContext::server(*options_.tls);
    if (!context.ok()) return context.error();
    tls_ = *context;
  }
  const std::string place = options_.address + " port " + std::to_string(options_.port);
  ErrorCode code;
  const asio::ip::address address = asio::ip::make_address(options_.address, code);
  if (code) return usage_error(options_.address + ": not an IP address to listen on", "for example 127.0.0.1 or ::1");
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), code);
  if (!code) acceptor_.set_option(asio::socket_base::reuse_address(true), code);
  if (!code) acceptor_.bind(endpoint, code);
  if (!code) acceptor_.listen(kBacklog, code);
  if (code) return io_error("cannot listen on " + place + ": " + code.message(), "is another program using the port?");
  port_ = acceptor_.local_endpoint(code).port();
  accept();
  sweep_timer_ = core.after(sweep_interval(limits), [this] { sweep(); });
  return ok_status();
}

void TcpServer::accept() {
  acceptor_.async_accept([this, alive = std::weak_ptr<int>(alive_)](ErrorCode code, tcp::socket socket) {
    if (alive.expired() || !acceptor_.is_open()) return;
    if (code == asio::error::no_descriptors || code == asio::error::no_buffer_space || code == asio::error::no_memory) {
      accept_timer_ = core.after(kAcceptPause, [this] { accept(); });
      return;
    }
    if (!code) take(std::move(socket));
    if (!alive.expired() && acceptor_.is_open()) accept();
  });
}

void TcpServer::take(tcp::socket socket) {
  ErrorCode code;
  const tcp::endpoint peer = socket.remote_endpoint(code);
  if (code) return;  // gone already
  if (connections_.size() >= limits.connections) {
    ++counted.over_limit;
    socket.set_option(asio::socket_base::linger(true, 0), code);
    return;
  }
  ++counted.accepted;
  const ConnectionId id = ++last_id_;
  const auto connection = std::make_shared<ServerConnection>(*this, id, std::move(socket), endpoint_text(peer));
  connections_.emplace(id, connection);
  connection->start(tls_);
}

void TcpServer::sweep() {
  const std::int64_t now = core.now();
  for (const auto& connection : all()) connection->check_times(now);
  sweep_timer_ = core.after(sweep_interval(limits), [this] { sweep(); });
}

}  // namespace

std::optional<Response> ServerHandler::on_websocket(const Request&) {
  return Response{404, {}, "no WebSocket here\n"};
}

Result<std::unique_ptr<Server>> start_server(Loop& loop, ServerOptions options, ServerHandler& handler) {
  auto server = std::make_unique<TcpServer>(loop.core(), std::move(options), handler);
  const Status listening = server->listen();
  if (!listening.ok()) return listening.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace reprise::net
