#include "gateway/binance/ws_api.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <utility>

#include "gateway/binance/json_text.h"

namespace reprise::gateway::binance {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
constexpr const char* kTarget = "/ws-fapi/v1";

// The venue wants these as numbers and decimals as text.
bool is_number(std::string_view name) {
  return name == "timestamp" || name == "recvWindow" || name == "orderId" || name == "algoId" ||
         name == "goodTillDate" || name == "modifyId" || name == "limit";
}

void put(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

std::string request_text(std::int64_t id, const std::string& method, const Parameters& parameters) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("id");
  writer.Int64(id);
  writer.Key("method");
  put(writer, method);
  writer.Key("params");
  writer.StartObject();
  for (const auto& [name, value] : parameters.pairs()) {
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    if (is_number(name))
      writer.RawValue(value.data(), value.size(), rapidjson::kNumberType);
    else
      put(writer, value);
  }
  writer.EndObject();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

// Numbers come out as text, which every reader of the venue's answers takes.
std::string text_of(const json::Value& value) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// "X-MBX-USED-WEIGHT-1M: 12", as the REST answers say the same.
void read_limits(const json::Value& limits, net::Headers& headers) {
  if (!limits.IsArray()) return;
  for (const json::Value& limit : limits.GetArray()) {
    const std::string_view kind = json::text(limit, "rateLimitType");
    const std::string_view interval = json::text(limit, "interval");
    const std::string count(json::text(limit, "count"));
    if (interval.empty() || count.empty() || (kind != "REQUEST_WEIGHT" && kind != "ORDERS")) continue;
    headers.add(std::string(kind == "ORDERS" ? "X-MBX-ORDER-COUNT-" : "X-MBX-USED-WEIGHT-") +
                    std::string(json::text(limit, "intervalNum")) + interval[0],
                count);
  }
}

}  // namespace

WsApi::WsApi(Wire& wire, const Options& options, std::function<bool()> may_connect)
    : wire_(wire),
      options_(options),
      may_connect_(std::move(may_connect)),
      backoff_(options.first_pause, options.longest_pause, options.seed, 0x77736170) {
  connect();
}

WsApi::~WsApi() {
  *alive_ = false;
  wire_.scheduler().cancel(retry_timer_);
  wire_.scheduler().cancel(life_timer_);
  for (auto& [id, pending] : pending_) wire_.scheduler().cancel(pending.timer);
}

bool WsApi::is_open() const {
  return socket_ != nullptr && !is_retired_ && socket_->is_open() && pending_.size() < options_.most_pending;
}

void WsApi::connect() {
  retry_timer_ = 0;
  is_retired_ = false;
  if (!may_connect_()) return connect_later();
  net::WebsocketHandler& handler = *this;
  auto opened = wire_.open(Host::ws_api, kTarget, handler);
  if (!opened) return connect_later();
  socket_ = std::move(opened).value();
}

void WsApi::connect_later() {
  wire_.scheduler().cancel(retry_timer_);
  retry_timer_ = wire_.scheduler().after(net::Duration(backoff_.next().ns), [this, alive = alive_] {
    if (*alive) connect();
  });
}

void WsApi::on_open() {
  ++connections_;
  life_timer_ = wire_.scheduler().after(options_.longest_life, [this, alive = alive_] {
    if (!*alive) return;
    life_timer_ = 0;
    retire();
  });
}

void WsApi::retire() {
  is_retired_ = true;
  if (pending_.empty()) give_up("a new connection before the venue cuts this one");
}

bool WsApi::send(const std::string& method, const Parameters& parameters, net::Duration time,
                 net::HttpClient::Done done) {
  if (!is_open()) return false;
  const std::int64_t id = ++last_id_;
  if (!socket_->send_text(request_text(id, method, parameters))) return false;
  Pending pending;
  pending.done = std::move(done);
  pending.sent = wire_.scheduler().now();
  pending.timer = wire_.scheduler().after(time, [this, alive = alive_, id] {
    if (!*alive) return;
    timed_out_ = id;
    give_up("a request without an answer in time");
  });
  pending_.emplace(id, std::move(pending));
  return true;
}

void WsApi::end(Pending pending, net::HttpResult result) {
  wire_.scheduler().cancel(pending.timer);
  result.sent_at = result.fate == net::Fate::not_sent ? 0 : pending.sent;
  result.ended_at = wire_.scheduler().now();
  pending.done(std::move(result));
}

void WsApi::on_text(std::string_view text) {
  json::Document document;
  document.Parse<json::kParseFlags>(text.data(), text.size());
  std::int64_t id = 0, status = 0;
  // What answers nothing that is open is nothing: late answers, and words of the venue to the connection as such.
  if (document.HasParseError() || !json::integer(document, "id", id)) return;
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  backoff_.reset();  // it is of use, which one that is accepted and closed is not
  Pending pending = std::move(found->second);
  pending_.erase(found);
  net::HttpResult result;
  const json::Value* body = json::member(document, "error");
  if (body == nullptr) body = json::member(document, "result");
  if (body == nullptr || !json::integer(document, "status", status) || status < 100 || status > 999) {
    result.fate = net::Fate::unknown;
    result.problem = "an answer that cannot be read";
  } else {
    result.fate = net::Fate::answered;
    result.response.status = static_cast<int>(status);
    result.response.body = text_of(*body);
    if (const json::Value* limits = json::member(document, "rateLimits")) read_limits(*limits, result.response.headers);
  }
  const auto alive = alive_;
  end(std::move(pending), std::move(result));
  if (*alive && is_retired_ && pending_.empty()) give_up("a new connection before the venue cuts this one");
}

// The connection is of no use any more: what is open on it has an unknown fate.
void WsApi::give_up(const char* why) {
  if (socket_ == nullptr) return;
  net::WebsocketEnd end;
  end.cause = net::WebsocketCause::closed_by_us;
  end.text = why;
  on_end(end);
}

void WsApi::on_end(const net::WebsocketEnd& end_of) {
  wire_.scheduler().cancel(life_timer_);
  life_timer_ = 0;
  if (socket_ != nullptr) {
    // We may be within its callback: it goes when that is over.
    old_socket_ = std::move(socket_);
    wire_.scheduler().post([this, alive = alive_] {
      if (*alive) old_socket_.reset();
    });
  }
  // Before any callback: what it brings about does not go this way.
  connect_later();
  std::map<std::int64_t, Pending> open;
  open.swap(pending_);
  std::size_t may_have_left = open.size() - std::min(open.size(), end_of.unsent_texts);
  const auto alive = alive_;
  for (auto& [id, pending] : open) {
    net::HttpResult result;
    result.fate = may_have_left > 0 ? net::Fate::unknown : net::Fate::not_sent;
    if (may_have_left > 0) --may_have_left;
    result.timed_out = id == timed_out_;
    result.problem = result.timed_out ? "no answer in time" : "the connection ended: " + end_of.text;
    if (*alive)
      end(std::move(pending), std::move(result));
    else
      return;
  }
}

}  // namespace reprise::gateway::binance
