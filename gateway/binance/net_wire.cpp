#include "gateway/binance/net_wire.h"

#include <array>
#include <vector>

namespace reprise::gateway::binance {

namespace {

class NetWire final : public Wire {
 public:
  NetWire(net::Loop& loop, const Environment& environment, std::function<UnixNanos()> clock,
          const NetWireOptions& options)
      : loop_(loop), environment_(environment), clock_(std::move(clock)), options_(options) {}

  Status open_clients() {
    for (std::size_t host = 0; host < kHosts; ++host) {
      const Address& address = environment_.hosts[host];
      for (std::size_t before = 0; before < host && by_host_[host] == nullptr; ++before) {
        if (environment_.hosts[before] == address) by_host_[host] = by_host_[before];
      }
      if (by_host_[host] != nullptr) continue;
      net::HttpClientOptions to;
      to.host = address.host;
      to.port = address.port;
      to.connections = options_.connections;
      if (address.is_tls) to.tls = net::ClientTls{environment_.ca_file, {}};
      auto client = net::make_http_client(loop_, to);
      if (!client) return client.error();
      clients_.push_back(std::move(client).value());
      by_host_[host] = clients_.back().get();
    }
    return ok_status();
  }

  net::Scheduler& scheduler() override { return loop_; }
  UnixNanos clock() override { return clock_(); }

  void request(Host host, net::Request request, net::Duration time, net::HttpClient::Done done) override {
    by_host_[static_cast<std::size_t>(host)]->send(std::move(request), time, std::move(done));
  }

  Result<std::unique_ptr<net::WebsocketClient>> open(Host host, const std::string& target,
                                                     net::WebsocketHandler& handler) override {
    const Address& address = environment_.at(host);
    net::WebsocketOptions to;
    to.host = address.host;
    to.port = address.port;
    to.target = target;
    if (address.is_tls) to.tls = net::ClientTls{environment_.ca_file, {}};
    to.idle_time = options_.websocket_idle;
    to.ping_interval = options_.websocket_ping;
    to.message_bytes = options_.websocket_bytes;
    return net::open_websocket(loop_, std::move(to), handler);
  }

 private:
  net::Loop& loop_;
  const Environment environment_;
  const std::function<UnixNanos()> clock_;
  const NetWireOptions options_;
  std::vector<std::unique_ptr<net::HttpClient>> clients_;  // one an address
  std::array<net::HttpClient*, kHosts> by_host_{};
};

}  // namespace

Result<std::unique_ptr<Wire>> make_net_wire(net::Loop& loop, const Environment& environment,
                                            std::function<UnixNanos()> clock, const NetWireOptions& options) {
  auto wire = std::make_unique<NetWire>(loop, environment, std::move(clock), options);
  if (Status opened = wire->open_clients(); !opened) return opened.error();
  return std::unique_ptr<Wire>(std::move(wire));
}

}  // namespace reprise::gateway::binance
