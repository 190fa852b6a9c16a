#include "gateway/exchange/core.h"

#include "gateway/exchange/control_message.h"
#include "gateway/exchange/rest_table.h"

namespace reprise::gateway::exchange {

namespace {

constexpr std::string_view kApiPath = "/ws-fapi/v1";

ApiError bad_signature() {
  return {-1022, "Signature for this request is not valid."};
}
ApiError unknown_key() {
  return {-2015, "Invalid API-key, IP, or permissions for action.", 401};
}

// Parameters of a WebSocket API request: JSON of any scalar kind, as texts.
Asked<Params> params_of(const json::Value* object) {
  if (object == nullptr || object->IsNull()) return Params({});
  if (!object->IsObject()) return malformed_parameter("params");
  return Params(json_parameters(*object));
}

void write_rate_limits(JsonText& out, const Usage& usage, const std::string& peer, std::uint32_t account,
                       UnixNanos wall) {
  out.key("rateLimits").open_list();
  const UsageLimits& limits = usage.limits();
  write_limit(out, "REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute, usage.weight_used(peer, wall));
  if (account != 0) {
    write_limit(out, "ORDERS", "SECOND", 10, limits.orders_per_10s, usage.orders_in_10s(account, wall));
    write_limit(out, "ORDERS", "MINUTE", 1, limits.orders_per_minute, usage.orders_in_minute(account, wall));
  }
  out.close_list();
}

}  // namespace

void ExchangeCore::add_account(const std::string& api_key, std::int64_t balance_e8, Verify verify) {
  config::Config config = config_;
  config.account.initial_balance_e8 = balance_e8;
  Client client;
  client.account =
      std::make_unique<ClientAccount>(static_cast<std::uint32_t>(clients_.size() + 1), config, board_, hub_, seed_);
  client.verify = std::move(verify);
  clients_[api_key] = std::move(client);
}

void ExchangeCore::open(UnixNanos now) {
  for (auto& [key, client] : clients_) client.account->open(now);
}

void ExchangeCore::expire_listen_keys(UnixNanos now) {
  for (auto& [key, client] : clients_) client.account->expire_listen_key(now);
}

void ExchangeCore::on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now,
                             UnixNanos happened) {
  board_.on_market(record, instrument, now, happened);
  for (auto& [key, client] : clients_) client.account->on_market(record, instrument, now, happened);
}

UnixNanos ExchangeCore::next_timer() const {
  UnixNanos next = board_.next_timer();
  for (const auto& [key, client] : clients_) {
    const UnixNanos due = client.account->next_timer();
    if (due.ns != 0 && (next.ns == 0 || due < next)) next = due;
  }
  return next;
}

void ExchangeCore::on_timer(UnixNanos now) {
  while (true) {
    const UnixNanos due = next_timer();
    if (due.ns == 0 || due > now) return;
    for (auto& [key, client] : clients_) {
      const UnixNanos own = client.account->next_timer();
      if (own.ns != 0 && own <= due) client.account->on_timer(due);
    }
    board_.on_timer(due);
  }
}

std::optional<ApiError> ExchangeCore::check_time(const Params& params, Clock clock, bool is_mandatory) const {
  if (!params.has("timestamp") && !is_mandatory) return std::nullopt;
  auto stamp = params.integer("timestamp");
  if (!stamp) return stamp.error();
  auto window = params.integer_or("recvWindow", 5000);
  if (!window) return window.error();
  if (*window < 0 || *window > 60'000) return ApiError{-1131, "recvWindow must be less than 60000."};
  const std::int64_t now = ms(clock.wall);
  if (*stamp >= now + 1000) return ApiError{-1021, "Timestamp for this request was 1000ms ahead of the server's time."};
  if (now - *stamp > *window) return ApiError{-1021, "Timestamp for this request is outside of the recvWindow."};
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> ExchangeCore::usage_headers(const std::string& peer,
                                                                             const Client* client, bool counts_orders,
                                                                             UnixNanos wall) const {
  std::vector<std::pair<std::string, std::string>> headers;
  headers.emplace_back("X-MBX-USED-WEIGHT-1M", std::to_string(usage_.weight_used(peer, wall)));
  if (counts_orders && client != nullptr) {
    const std::uint32_t number = client->account->number();
    headers.emplace_back("X-MBX-ORDER-COUNT-10S", std::to_string(usage_.orders_in_10s(number, wall)));
    headers.emplace_back("X-MBX-ORDER-COUNT-1M", std::to_string(usage_.orders_in_minute(number, wall)));
  }
  return headers;
}

Answer ExchangeCore::on_request(const HttpRequest& request, Clock clock) {
  const Endpoint* endpoint = find_endpoint(request.method, request.path);
  if (endpoint == nullptr) {
    const bool is_known = is_known_path(request.path);
    return answer_of(
        {-5000, "Path " + request.path + ", Method " + request.method + " is invalid", is_known ? 405 : 404});
  }
  const Client* client = nullptr;
  const auto refuse = [&](const ApiError& error) {
    Answer answer = answer_of(error);
    answer.headers = usage_headers(request.peer, nullptr, false, clock.wall);
    return answer;
  };
  auto params = Params::parse(request.query, request.body);
  if (auto limited = usage_.spend_weight(request.peer, params ? endpoint->weight(*params) : 1, clock.wall))
    return refuse(*limited);
  if (!params) return refuse(params.error());
  if (endpoint->security != Security::none) {
    if (request.api_key.empty()) return refuse({-2014, "API-key format invalid.", 401});
    const auto found = clients_.find(request.api_key);
    if (found == clients_.end()) return refuse(unknown_key());
    client = &found->second;
  }
  if (endpoint->security == Security::signed_request) {
    auto text = binance::split_signature(request.query, request.body);
    if (!text) return refuse(missing_parameter("signature"));
    if (auto late = check_time(*params, clock, true)) return refuse(*late);
    if (!client->verify(text->payload, text->signature)) return refuse(bad_signature());
  }
  const bool counts_orders = endpoint->orders_10s != 0;
  if (counts_orders) {
    if (auto limited =
            usage_.spend_orders(client->account->number(), endpoint->orders_10s, endpoint->orders_minute, clock.wall))
      return refuse(*limited);
  }
  const Caller caller{client == nullptr ? nullptr : client->account.get(), clock};
  auto result = endpoint->handler(*this, caller, *params);
  Answer answer = result ? Answer{200, std::move(*result), {}} : answer_of(result.error());
  answer.headers = usage_headers(request.peer, client, counts_orders, clock.wall);
  return answer;
}

bool ExchangeCore::is_api_path(std::string_view path) {
  return path == kApiPath;
}

bool ExchangeCore::is_websocket_path(std::string_view path) {
  return path == kApiPath || StreamHub::is_stream_path(path);
}

void ExchangeCore::on_open(ConnectionNo connection, const HttpRequest& request, Clock clock) {
  if (request.path == kApiPath) {
    (void)usage_.spend_weight(request.peer, 5, clock.wall);
    api_connections_[connection] = {request.peer, {}, {}, clock.wall};
  } else {
    hub_.open(connection, request.path, request.query);
  }
}

void ExchangeCore::on_closed(ConnectionNo connection) {
  api_connections_.erase(connection);
  hub_.closed(connection);
}

void ExchangeCore::on_text(ConnectionNo connection, std::string_view text, Clock clock) {
  const auto found = api_connections_.find(connection);
  if (found == api_connections_.end()) {
    hub_.on_text(connection, text);
  } else {
    on_api_text(connection, found->second, text, clock);
  }
}

void ExchangeCore::on_api_text(ConnectionNo number, ApiConnection& connection, std::string_view text, Clock clock) {
  const ControlMessage request = ControlMessage::parse(text);
  std::uint32_t account_number = 0;
  bool returns_limits = true;
  const auto answer = [&](int status, const std::string* result, const ApiError* error) {
    JsonText out;
    out.open();
    request.write_id(out);
    out.field("status", status);
    if (result != nullptr) out.key("result").raw(*result);
    if (error != nullptr) out.key("error").open().field("code", error->code).field("msg", error->text).close();
    if (returns_limits) write_rate_limits(out, usage_, connection.peer, account_number, clock.wall);
    hub_.send(number, out.close().str());
  };
  const auto refuse = [&](const ApiError& error) { answer(error.status, nullptr, &error); };

  if (!request.is_object) return refuse({-1000, "Invalid JSON."});
  const std::string method(request.method());
  auto params = params_of(request.params());
  if (!params) return refuse(params.error());
  returns_limits = params->get("returnRateLimits").value_or("true") != "false";

  const bool is_session = method.starts_with("session.");
  const Endpoint* endpoint = find_ws_method(method);
  if (endpoint == nullptr && !is_session) return refuse({-1020, "This operation is not supported."});
  if (auto limited =
          usage_.spend_weight(connection.peer, endpoint == nullptr ? 2 : endpoint->weight(*params), clock.wall))
    return refuse(*limited);

  const auto session_state = [&] {
    JsonText out;
    out.open();
    if (connection.logged_on.empty()) {
      out.key("apiKey").null().key("authorizedSince").null();
    } else {
      out.field("apiKey", connection.logged_on).field("authorizedSince", ms(connection.logged_on_at));
    }
    out.field("connectedSince", ms(connection.opened_at)).field("returnRateLimits", false);
    return out.field("serverTime", ms(clock.wall)).close().str();
  };
  if (method == "session.status" || method == "session.logout") {
    if (method == "session.logout") connection.logged_on.clear();
    const std::string state = session_state();
    return answer(200, &state, nullptr);
  }

  const Client* client = nullptr;
  const Security security = endpoint == nullptr ? Security::signed_request : endpoint->security;
  if (security != Security::none) {
    const std::string key(params->get("apiKey").value_or(connection.logged_on));
    if (key.empty()) return refuse({-2014, "API-key format invalid.", 401});
    const auto found = clients_.find(key);
    if (found == clients_.end()) return refuse(unknown_key());
    client = &found->second;
    account_number = client->account->number();
    if (security == Security::signed_request) {
      const bool in_session = key == connection.logged_on && !params->has("signature");
      if (auto late = check_time(*params, clock, !in_session)) return refuse(*late);
      if (!in_session) {
        const auto signature = params->get("signature");
        if (!signature) return refuse(missing_parameter("signature"));
        if (!client->verify(binance::ws_payload(params->all()), *signature)) return refuse(bad_signature());
      }
    }
  }
  if (is_session) {
    if (method != "session.logon") return refuse({-1020, "This operation is not supported."});
    connection.logged_on = params->get("apiKey").value_or("");
    connection.logged_on_at = clock.wall;
    const std::string state = session_state();
    return answer(200, &state, nullptr);
  }
  if (endpoint->orders_10s != 0) {
    if (auto limited = usage_.spend_orders(account_number, endpoint->orders_10s, endpoint->orders_minute, clock.wall))
      return refuse(*limited);
  }
  auto result = endpoint->handler(*this, {client == nullptr ? nullptr : client->account.get(), clock}, *params);
  if (!result) return refuse(result.error());
  answer(200, &*result, nullptr);
}

}  // namespace reprise::gateway::exchange
