#include "tests/support/virtual_venue.h"
#include "engine/market/fixed.h"

#include <rapidjson/document.h>

#include <algorithm>

namespace reprise::test {

using gateway::binance::Host;
namespace exchange = gateway::exchange;

namespace {

constexpr const char* kKey = "alice";

bool is_about_orders(const std::string& path) {
  return path == "/fapi/v1/order" || path == "/fapi/v1/algoOrder";
}

net::Response error(int status, int code, const std::string& text) {
  return {status, {}, "{\"code\":" + std::to_string(code) + ",\"msg\":\"" + text + "\"}"};
}

}  // namespace

FaultPlan FaultPlan::all(std::uint32_t permille) {
  FaultPlan plan;
  for (std::uint32_t* one : {&plan.lost_before, &plan.lost_after, &plan.late, &plan.not_sent, &plan.unknown_done,
                             &plan.unknown_not_done, &plan.unavailable, &plan.timeout_code, &plan.limited,
                             &plan.event_lost, &plan.event_doubled, &plan.event_delayed})
    *one = permille;
  plan.disconnect = permille / 4;
  plan.key_expires = permille / 8;
  return plan;
}

net::TimerId VirtualVenue::Scheduler::after(net::Duration delay, std::function<void()> f) {
  const std::int64_t due = now_ + std::max<std::int64_t>(delay.count(), 0);
  timers_[{due, ++last_}] = std::move(f);
  due_[last_] = due;
  return last_;
}

void VirtualVenue::Scheduler::cancel(net::TimerId timer) {
  const auto found = due_.find(timer);
  if (found == due_.end()) return;
  timers_.erase({found->second, timer});
  due_.erase(found);
}

class VirtualVenue::Client final : public net::WebsocketClient {
 public:
  Client(VirtualVenue& venue, std::uint64_t connection) : venue_(venue), connection_(connection) {}
  ~Client() override {
    const auto found = venue_.sockets_.find(connection_);
    if (found == venue_.sockets_.end()) return;
    if (found->second.is_open) venue_.core_.on_closed(connection_);
    venue_.sockets_.erase(found);
  }
  bool is_open() const override {
    const auto found = venue_.sockets_.find(connection_);
    return found != venue_.sockets_.end() && found->second.is_open;
  }
  bool send_text(std::string text) override {
    if (!is_open()) return false;
    if (venue_.sockets_.at(connection_).is_api)
      venue_.on_api_text(connection_, text);
    else
      venue_.core_.on_text(connection_, text, {venue_.now(), venue_.now()});
    return true;
  }
  bool ping(std::string_view) override { return is_open(); }
  void close(std::uint16_t, std::string_view) override {}

 private:
  VirtualVenue& venue_;
  std::uint64_t connection_;
};

VirtualVenue::VirtualVenue(std::uint64_t seed, const std::string& symbol_count)
    : random_(seed, 0xfa17),
      core_({}, {}, [this](exchange::ConnectionNo connection, std::shared_ptr<const std::string> text) {
        on_sent(connection, std::move(text));
      }) {
  core_.add_account(kKey, 1'000 * kScale, [](std::string_view, std::string_view) { return true; });
  core_.open({kOpening});
  feed_ = exchange::open_generated_feed(seed, static_cast<std::uint32_t>(std::stoul(symbol_count)), {kOpening});
  play();
  symbol_ = core_.board().all().begin()->second->instrument.symbol;
}

VirtualVenue::~VirtualVenue() = default;

void VirtualVenue::play() {
  const UnixNanos until = now();
  while (feed_->next() && *feed_->next() <= until) {
    core_.on_timer(*feed_->next());
    feed_->take([&](const journal::RecordView& view, InstrumentNo number, UnixNanos time, UnixNanos happened) {
      core_.on_market(view, number, time, happened);
    });
  }
  core_.on_timer(until);
}

void VirtualVenue::advance(double seconds) {
  const std::int64_t until = scheduler_.now_ + static_cast<std::int64_t>(seconds * 1e9);
  while (true) {
    // Whatever comes first: something of the client's or on the way, the market, a timer of the venue's.
    std::int64_t next = until;
    if (!scheduler_.timers_.empty()) next = std::min(next, scheduler_.timers_.begin()->first.first);
    if (const auto market = feed_->next()) next = std::min(next, market->ns - kOpening);
    if (const UnixNanos due = core_.next_timer(); due.ns != 0) next = std::min(next, due.ns - kOpening);
    scheduler_.now_ = std::max(scheduler_.now_, next);
    play();
    if (!scheduler_.timers_.empty() && scheduler_.timers_.begin()->first.first <= scheduler_.now_) {
      auto node = scheduler_.timers_.extract(scheduler_.timers_.begin());
      scheduler_.due_.erase(node.key().second);
      node.mapped()();
      continue;
    }
    if (scheduler_.now_ >= until) return;
  }
}

void VirtualVenue::forget_client() {
  ++life_;
  for (auto& [connection, socket] : sockets_)
    if (socket.is_open) core_.on_closed(connection);
  sockets_.clear();
  scheduler_.timers_.clear();
  scheduler_.due_.clear();
}

bool VirtualVenue::strike(std::uint32_t permille, const char* name) {
  if (permille == 0 || !random_.chance(permille)) return false;
  ++injected[name];
  return true;
}

net::Response VirtualVenue::process(const net::Request& request) {
  play();
  if (request.method == "POST" && is_about_orders(request.path)) ++order_requests;
  const std::string* key = request.headers.find("X-MBX-APIKEY");
  const exchange::Answer answer = core_.on_request(
      {request.method, request.path, request.query, request.body, key == nullptr ? "" : *key, "10.0.0.1"},
      {now(), now()});
  net::Response response;
  response.status = answer.status;
  response.body = answer.body;
  for (const auto& [name, value] : answer.headers) response.headers.add(name, value);
  return response;
}

std::string VirtualVenue::ask(const std::string& method, const std::string& path, const std::string& query) {
  play();
  const std::string time = "timestamp=" + std::to_string(now().ns / kMillisecond) + "&signature=good";
  return core_
      .on_request({method, path, query.empty() ? time : query + "&" + time, "", kKey, "10.9.9.9"}, {now(), now()})
      .body;
}

void VirtualVenue::request(Host, net::Request request, net::Duration time, net::HttpClient::Done done) {
  struct Flight {
    net::HttpClient::Done done;
    bool is_over = false;
  };
  auto flight = std::make_shared<Flight>();
  flight->done = std::move(done);
  const std::uint64_t life = life_;
  const std::int64_t sent = scheduler_.now_;
  const auto end = [this, flight, life, sent](net::Fate fate, const net::Response& response, bool timed_out) {
    if (flight->is_over || life != life_) return;
    flight->is_over = true;
    net::HttpResult result;
    result.fate = fate;
    result.response = response;
    result.timed_out = timed_out;
    if (fate != net::Fate::answered) result.problem = timed_out ? "no answer in time" : "the connection broke";
    result.sent_at = fate == net::Fate::not_sent ? 0 : sent;
    result.ended_at = scheduler_.now_;
    flight->done(std::move(result));
  };
  if (!is_down) (void)scheduler_.after(time, [end] { end(net::Fate::unknown, {}, true); });
  Carried carried;
  carried.is_order = is_about_orders(request.path);
  carried.is_new = request.method == "POST";
  carried.process = [this, request = std::move(request)] { return process(request); };
  carried.answered = [end](const net::Response& response) { end(net::Fate::answered, response, false); };
  carried.not_sent = [end] { end(net::Fate::not_sent, {}, false); };
  carry(std::move(carried));
}

void VirtualVenue::carry(Carried request) {
  const auto pick = [&](std::uint32_t permille, const char* name) {
    return request.is_order && strike(permille, name);
  };
  std::int64_t there = kMillisecond + static_cast<std::int64_t>(random_.below(4 * kMillisecond));
  const std::int64_t back = kMillisecond + static_cast<std::int64_t>(random_.below(4 * kMillisecond));
  if (is_down || pick(faults.not_sent, "not_sent")) {
    scheduler_.post(request.not_sent);
    return;
  }
  if (pick(faults.lost_before, "lost_before")) return;
  const auto answer = [this, told = request.answered, back](const net::Response& response) {
    (void)scheduler_.after(net::Duration(back), [told, response] { told(response); });
  };
  if (now() < banned_until) {
    ++banned_requests;
    return answer(error(
        418, -1003, "Way too many requests; IP banned until " + std::to_string(banned_until.ns / kMillisecond) + "."));
  }
  const bool lost_after = pick(faults.lost_after, "lost_after");
  if (pick(faults.unknown_not_done, "unknown_not_done")) {
    return answer(error(503, 0, "Unknown error, please check your request or try again later."));
  }
  if (pick(faults.unavailable, "unavailable")) return answer({503, {}, "{\"msg\":\"Service Unavailable.\"}"});
  if (pick(faults.limited, "limited"))
    return answer({429, {{"Retry-After", "1"}}, "{\"code\":-1003,\"msg\":\"Too many requests.\"}"});
  if (request.is_order && request.is_new && faults.new_orders_refused != 0)
    return answer(error(400, faults.new_orders_refused, "refused by the test"));
  const bool unknown_done = pick(faults.unknown_done, "unknown_done");
  const bool timeout_code = pick(faults.timeout_code, "timeout_code");
  const bool timeout_done = timeout_code && random_.coin();
  if (pick(faults.late, "late")) there += static_cast<std::int64_t>((1000 + random_.below(7000))) * kMillisecond;
  (void)scheduler_.after(net::Duration(there), [=, process = std::move(request.process)] {
    if (timeout_code && !timeout_done) return answer(error(408, -1007, "Timeout waiting for response from backend."));
    const net::Response response = process();
    if (lost_after) return;
    if (unknown_done) return answer(error(503, 0, "Unknown error, please check your request or try again later."));
    if (timeout_code) return answer(error(408, -1007, "Timeout waiting for response from backend."));
    answer(response);
  });
}

// A fault's answer is wrapped as the WebSocket API would say it; the core's own is passed on as it is.
void VirtualVenue::on_api_text(std::uint64_t connection, const std::string& text) {
  ++api_requests;
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  REPRISE_ASSERT(!document.HasParseError() && document.HasMember("id") && document.HasMember("method"),
                 "the client sends requests");
  const std::string id = std::to_string(document["id"].GetInt64());
  const std::string method = document["method"].GetString();
  Carried carried;
  carried.is_order = method.starts_with("order.") || method.starts_with("algoOrder.");
  carried.is_new = method == "order.place" || method == "algoOrder.place";
  carried.process = [this, connection, text, is_new = carried.is_new] {
    net::Response response;
    response.status = 0;
    if (!sockets_.contains(connection)) return response;
    if (is_new) ++order_requests;
    api_answer_ = &response.body;
    play();
    core_.on_text(connection, text, {now(), now()});
    api_answer_ = nullptr;
    return response;
  };
  carried.answered = [this, connection, id, life = life_](const net::Response& response) {
    const auto found = sockets_.find(connection);
    if (life != life_ || found == sockets_.end() || !found->second.is_open || response.body.empty()) return;
    const bool is_whole = response.status == 0;
    found->second.handler->on_text(is_whole ? response.body
                                            : "{\"id\":" + id + ",\"status\":" + std::to_string(response.status) +
                                                  ",\"error\":" + response.body + "}");
  };
  carried.not_sent = [this, connection, life = life_] {
    if (life == life_) end_socket(connection, "reset before it left", 1);
  };
  carry(std::move(carried));
}

Result<std::unique_ptr<net::WebsocketClient>> VirtualVenue::open(Host, const std::string& target,
                                                                 net::WebsocketHandler& handler) {
  const std::uint64_t connection = ++last_connection_;
  Socket& socket = sockets_[connection];
  socket.handler = &handler;
  socket.target = target;
  socket.is_private = target.starts_with("/private");
  socket.is_api = exchange::ExchangeCore::is_api_path(target);
  (void)scheduler_.after(net::Duration(3 * kMillisecond), [this, connection, life = life_] {
    const auto found = sockets_.find(connection);
    if (found == sockets_.end() || life != life_) return;
    if (is_down || (is_private_down && found->second.is_private)) return end_socket(connection, "connection refused");
    const std::size_t mark = found->second.target.find('?');
    exchange::HttpRequest request;
    request.method = "GET";
    request.path = found->second.target.substr(0, mark);
    if (mark != std::string::npos) request.query = found->second.target.substr(mark + 1);
    request.peer = "10.0.0.1";
    found->second.is_open = true;
    play();
    core_.on_open(connection, request, {now(), now()});
    if (const auto still = sockets_.find(connection); still != sockets_.end()) still->second.handler->on_open();
  });
  return std::unique_ptr<net::WebsocketClient>(std::make_unique<Client>(*this, connection));
}

void VirtualVenue::on_sent(exchange::ConnectionNo connection, std::shared_ptr<const std::string> text) {
  if (api_answer_ != nullptr && sockets_.contains(connection) && sockets_.at(connection).is_api) {
    *api_answer_ = *text;
    return;
  }
  const auto found = sockets_.find(connection);
  if (found == sockets_.end() || !found->second.is_open) return;
  if (is_down) return;
  if (!found->second.is_private) return deliver(connection, *text, 2 * kMillisecond);
  if (is_private_down) {
    scheduler_.post([this, connection] { end_socket(connection, "reset"); });
    return;
  }
  if (strike(faults.disconnect, "disconnect")) {
    scheduler_.post([this, connection] { end_socket(connection, "reset"); });
    return;
  }
  if (strike(faults.key_expires, "key_expires")) scheduler_.post([this] { core_.expire_listen_keys(now()); });
  if (strike(faults.event_lost, "event_lost")) return;
  std::int64_t delay = 2 * kMillisecond;
  const bool overtaken = strike(faults.event_delayed, "event_delayed");
  if (overtaken) delay += static_cast<std::int64_t>(random_.below(3000)) * kMillisecond;
  deliver(connection, *text, delay);
  if (strike(faults.event_doubled, "event_doubled"))
    deliver(connection, *text, delay + static_cast<std::int64_t>(random_.below(2000)) * kMillisecond);
}

void VirtualVenue::deliver(std::uint64_t connection, const std::string& text, std::int64_t delay) {
  (void)scheduler_.after(net::Duration(delay), [this, connection, text, life = life_] {
    const auto found = sockets_.find(connection);
    if (found != sockets_.end() && life == life_ && found->second.is_open) found->second.handler->on_text(text);
  });
}

void VirtualVenue::end_socket(std::uint64_t connection, const char* why, std::size_t unsent_texts) {
  const auto found = sockets_.find(connection);
  if (found == sockets_.end()) return;
  net::WebsocketHandler* handler = found->second.handler;
  const bool was_open = found->second.is_open;
  sockets_.erase(found);
  if (was_open) core_.on_closed(connection);
  net::WebsocketEnd end;
  end.cause = was_open ? net::WebsocketCause::broken : net::WebsocketCause::not_connected;
  end.text = why;
  end.unsent_texts = unsent_texts;
  handler->on_end(end);
}

}  // namespace reprise::test
