// Who listens to what: routed stream paths, subscriptions, control messages, and the fan-out of payloads.
//
// Paths (3 routes: public, market, private): /ROUTE/ws[/a/b], /ROUTE/stream?streams=a/b, and for private also
// ?listenKey=K[&events=A/B]. Un-routed /ws and /stream serve public data only. A stream that does not belong to the
// route, or that nobody knows, is acknowledged and stays silent, as the venue does. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace reprise::gateway::exchange {

using ConnectionNo = std::uint64_t;

class StreamHub {
 public:
  using Send = std::function<void(ConnectionNo, std::shared_ptr<const std::string>)>;
  // `unrouted_has_all`: paths without a route carry every stream, as test networks do; the venue's own carry public
  // ones.
  explicit StreamHub(Send send, bool unrouted_has_all = false)
      : send_(std::move(send)), unrouted_has_all_(unrouted_has_all) {}

  static bool is_stream_path(std::string_view path);

  void open(ConnectionNo connection, std::string_view path, std::string_view query);
  // To one connection, whatever it is for.
  void send(ConnectionNo connection, std::string text) {
    send_(connection, std::make_shared<const std::string>(std::move(text)));
  }
  void on_text(ConnectionNo connection, std::string_view text);
  void closed(ConnectionNo connection);

  // Whether anybody would get it: payloads are made only then.
  bool wants(std::string_view stream) const { return listeners_.find(stream) != listeners_.end(); }
  void publish(std::string_view stream, std::string payload) { publish(stream, {}, std::move(payload)); }
  // `event`: name of a user event, for connections that asked for some only.
  void publish(std::string_view stream, std::string_view event, std::string payload);

  std::size_t connections() const { return connections_.size(); }

 private:
  enum class Route : std::uint8_t { open, market, secret, unrouted };
  struct Connection {
    Route route = Route::unrouted;
    bool combined = false;
    std::set<std::string, std::less<>> streams;
    std::set<std::string, std::less<>> events;  // empty = all
  };
  bool belongs(Route route, std::string_view stream) const;
  void subscribe(ConnectionNo number, Connection& connection, std::string stream);
  void unsubscribe(ConnectionNo number, Connection& connection, const std::string& stream);
  Send send_;
  bool unrouted_has_all_;
  std::map<ConnectionNo, Connection> connections_;
  std::map<std::string, std::set<ConnectionNo>, std::less<>> listeners_;
};

}  // namespace reprise::gateway::exchange
