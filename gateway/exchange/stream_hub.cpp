#include "gateway/exchange/stream_hub.h"

#include <algorithm>

#include "gateway/binance/text_encoding.h"
#include "gateway/exchange/control_message.h"
#include "gateway/exchange/request.h"

namespace reprise::gateway::exchange {

namespace {

constexpr std::size_t kMaxStreams = 1024;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// "/market/stream" -> "market", "/stream" -> "".
std::string_view route_of(std::string_view path) {
  if (path.starts_with("/ws") || path.starts_with("/stream")) return {};
  const std::size_t end = path.find('/', 1);
  return end == std::string_view::npos ? std::string_view() : path.substr(1, end - 1);
}
std::string_view behind_route(std::string_view path) {
  const std::string_view route = route_of(path);
  return route.empty() ? path : path.substr(route.size() + 1);
}

std::string error_text(int code, std::string_view message) {
  return answer_of({code, std::string(message)}).body;
}

}  // namespace

bool StreamHub::is_stream_path(std::string_view path) {
  const std::string_view route = route_of(path);
  if (!route.empty() && route != "public" && route != "market" && route != "private") return false;
  const std::string_view rest = behind_route(path);
  return rest == "/ws" || rest == "/stream" || rest.starts_with("/ws/") || rest.starts_with("/stream/");
}

bool StreamHub::belongs(Route route, std::string_view stream) const {
  if (route == Route::secret || (route == Route::unrouted && unrouted_has_all_)) return true;
  const std::size_t at = stream.find('@');
  const std::string_view kind = at == std::string_view::npos ? stream : stream.substr(at + 1);
  const bool is_open = kind.starts_with("depth") || kind.starts_with("rpiDepth") || kind == "bookTicker" ||
                       kind == "!bookTicker" || kind == "trade";
  return route == Route::market ? !is_open : is_open;
}

void StreamHub::open(ConnectionNo number, std::string_view path, std::string_view query) {
  Connection& connection = connections_[number];
  const std::string_view route = route_of(path);
  connection.route = route == "public"    ? Route::open
                     : route == "market"  ? Route::market
                     : route == "private" ? Route::secret
                                          : Route::unrouted;
  const std::string_view rest = behind_route(path);
  connection.combined = rest.starts_with("/stream");
  if (rest.starts_with("/ws/")) {
    for (std::string& stream : split(rest.substr(4), '/')) subscribe(number, connection, std::move(stream));
  }
  // Names may repeat here (several listen keys), so the query is read as it stands.
  for (const std::string& pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = pair.substr(0, equals);
    const std::optional<std::string> decoded = binance::percent_decoded(pair.substr(equals + 1));
    if (!decoded) continue;
    const std::string& value = *decoded;
    if (name == "streams" || name == "listenKey") {
      for (std::string& stream : split(value, '/')) subscribe(number, connection, std::move(stream));
    } else if (name == "events") {
      for (std::string& event : split(value, '/')) connection.events.insert(std::move(event));
    }
  }
}

void StreamHub::subscribe(ConnectionNo number, Connection& connection, std::string stream) {
  if (connection.streams.size() >= kMaxStreams) return;
  if (belongs(connection.route, stream)) listeners_[stream].insert(number);
  connection.streams.insert(std::move(stream));
}

void StreamHub::unsubscribe(ConnectionNo number, Connection& connection, const std::string& stream) {
  connection.streams.erase(stream);
  const auto found = listeners_.find(stream);
  if (found == listeners_.end()) return;
  found->second.erase(number);
  if (found->second.empty()) listeners_.erase(found);
}

void StreamHub::closed(ConnectionNo number) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  const std::set<std::string, std::less<>> streams = found->second.streams;
  for (const std::string& stream : streams) unsubscribe(number, found->second, stream);
  connections_.erase(found);
}

void StreamHub::on_text(ConnectionNo number, std::string_view text) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  const ControlMessage message = ControlMessage::parse(text);
  if (!message.is_object) {
    send(number, error_text(3, "Invalid JSON: expected value"));
    return;
  }
  const std::string method(message.method());
  const json::Value* params = message.params();
  JsonText out;
  out.open();
  if (method == "SUBSCRIBE" || method == "UNSUBSCRIBE") {
    if (params == nullptr || !params->IsArray()) {
      send(number, error_text(2, "Invalid request: missing field `params`"));
      return;
    }
    for (const json::Value& one : params->GetArray()) {
      std::string stream(json::text_of(one));
      if (stream.empty()) continue;
      if (method == "SUBSCRIBE") {
        subscribe(number, connection, std::move(stream));
      } else {
        unsubscribe(number, connection, stream);
      }
    }
    out.key("result").null();
  } else if (method == "LIST_SUBSCRIPTIONS") {
    out.key("result").open_list();
    for (const std::string& stream : connection.streams) out.text(stream);
    out.close_list();
  } else if (method == "SET_PROPERTY" || method == "GET_PROPERTY") {
    const json::Value* name = params != nullptr && params->IsArray() && !params->Empty() ? &(*params)[0] : nullptr;
    if (name == nullptr || json::text_of(*name) != "combined") {
      send(number, error_text(0, "Unknown property"));
      return;
    }
    if (method == "SET_PROPERTY") {
      if (params->Size() < 2 || !(*params)[1].IsBool()) {
        send(number, error_text(1, "Invalid value type: expected Boolean"));
        return;
      }
      connection.combined = (*params)[1].GetBool();
      out.key("result").null();
    } else {
      out.field("result", connection.combined);
    }
  } else {
    send(number, error_text(2, "Invalid request: unknown variant `" + method + "`"));
    return;
  }
  message.write_id(out);
  out.close();
  send(number, out.str());
}

void StreamHub::publish(std::string_view stream, std::string_view event, std::string payload) {
  const auto found = listeners_.find(stream);
  if (found == listeners_.end()) return;
  std::shared_ptr<const std::string> wrapped;
  const auto bare = std::make_shared<const std::string>(std::move(payload));
  for (const ConnectionNo number : found->second) {
    const Connection& connection = connections_.at(number);
    if (!event.empty() && !connection.events.empty() && !connection.events.contains(event)) continue;
    if (connection.combined && wrapped == nullptr) {
      wrapped =
          std::make_shared<const std::string>("{\"stream\":\"" + std::string(stream) + "\",\"data\":" + *bare + "}");
    }
    send_(number, connection.combined ? wrapped : bare);
  }
}

}  // namespace reprise::gateway::exchange
