#include "gateway/exchange/server.h"

#include <algorithm>
#include <cmath>

#include "gateway/binance/signer.h"
#include "gateway/exchange/json_text.h"

namespace reprise::gateway::exchange {

namespace {

constexpr net::Duration kShortestWait = std::chrono::milliseconds(1);
constexpr std::size_t kMaxOpenings = 4096;
constexpr std::int64_t kHead = 60'000'000'000;  // a feed begins so long before the server at most
constexpr net::Duration kPingInterval = std::chrono::minutes(3);

HttpRequest core_request(const net::Request& request) {
  HttpRequest out{request.method, request.path, request.query, request.body, {}, request.peer};
  if (const std::string* key = request.headers.find("X-MBX-APIKEY")) out.api_key = *key;
  // Weight is counted by address; the port is another one for each connection.
  if (const std::size_t colon = out.peer.rfind(':'); colon != std::string::npos) out.peer.resize(colon);
  return out;
}

Result<binance::SignatureVerifier> verifier_of(const ServedAccount& account) {
  return account.public_key_pem.empty() ? binance::SignatureVerifier::of_secret(account.secret)
                                        : binance::SignatureVerifier::of_public_key(account.public_key_pem);
}

net::Response to_response(Answer&& answer) {
  net::Response response;
  response.status = answer.status;
  response.body = std::move(answer.body);
  response.headers.add("Content-Type", "application/json");
  for (auto& [name, value] : answer.headers) response.headers.add(std::move(name), std::move(value));
  return response;
}

}  // namespace

ExchangeServer::ExchangeServer(net::Loop& loop, ExchangeServerOptions options, sim::RunSink& sink)
    : loop_(loop), options_(std::move(options)), sink_(sink), seat_(sink) {}

Result<std::unique_ptr<ExchangeServer>> ExchangeServer::start(
    net::Loop& loop, ExchangeServerOptions options, sim::RunSink& sink,
    const std::function<Result<std::unique_ptr<MarketFeed>>(UnixNanos)>& open_feed) {
  std::unique_ptr<ExchangeServer> made(new ExchangeServer(loop, std::move(options), sink));
  ExchangeSetup setup;
  setup.config = made->options_.config;
  setup.limits = made->options_.limits;
  setup.unrouted_has_all = made->options_.unrouted_has_all;
  for (const ServedAccount& account : made->options_.accounts) {
    auto verifier = verifier_of(account);
    if (!verifier) return verifier.error();
    made->doorkeeper_.add(account.api_key, std::move(verifier).value());
    setup.balances_e8.push_back(account.balance_e8);
  }
  made->wall_start_ = made->options_.wall_clock();
  made->steady_start_ = loop.now();
  auto feed = open_feed({made->wall_start_});
  if (!feed) return feed.error();
  made->feed_ = std::move(feed).value();
  net::ServerOptions listening;
  listening.address = made->options_.address;
  listening.port = made->options_.port;
  listening.tls = made->options_.tls;
  auto server = net::start_server(loop, std::move(listening), *made);
  if (!server) return server.error();
  made->server_ = std::move(server).value();
  if (made->options_.admin) {
    auto admin = AdminDesk::start(loop, *made->options_.admin, *made);
    if (!admin) return admin.error();
    made->admin_ = std::move(admin).value();
  }
  // Accounts open with the venue's first moment; instruments and books that stand at its head come right behind.
  if (Status begun = made->seat_.begin(setup, made->options_.seed, {made->wall_start_ - kHead}); !begun)
    return begun.error();
  made->play_on();
  return made;
}

ExchangeServer::~ExchangeServer() {
  if (timer_ != 0) loop_.cancel(timer_);
  for (const auto& [id, timer] : pings_) loop_.cancel(timer);
}

Clock ExchangeServer::clock() const {
  const std::int64_t elapsed = loop_.now() - steady_start_;
  const std::int64_t played =
      options_.speed == 1 ? elapsed : std::llround(static_cast<double>(elapsed) * options_.speed);
  return {{wall_start_ + played}, {wall_start_ + elapsed}};
}

void ExchangeServer::play(UnixNanos until) {
  while (true) {
    const std::optional<UnixNanos> next = feed_->next();
    if (!next || *next > until) break;
    seat_.on_timer(*next);
    feed_->take([&](const journal::RecordView& view, InstrumentNo instrument, UnixNanos now, UnixNanos happened) {
      seat_.on_market(view, instrument, now, happened);
    });
    ++counts_.market_records;
    depart();
  }
  counts_.market_ended = !feed_->next().has_value();
  seat_.on_timer(until);
  depart();
}

void ExchangeServer::send(ConnectionNo connection, const std::shared_ptr<const std::string>& text) {
  // One that is gone or too slow is the server's business.
  if (api_connections_.count(connection) == 0) {
    (void)server_->send_text(connection, text);
  } else {
    (void)server_->send_text(connection, std::make_shared<const std::string>(doorkeeper_.release(*text)));
  }
}

void ExchangeServer::depart() {
  for (Departure& departure : seat_.machine().take_departures()) depart(std::move(departure));
}

void ExchangeServer::depart(Departure&& d) {
  const auto in_time = [&](DurationNanos delay, std::function<void()> act) {
    if (delay.ns <= 0) return act();
    (void)loop_.after(net::Duration(delay.ns), std::move(act));
  };
  switch (d.kind) {
    case Departure::Kind::drop: server_->drop(d.connection); return;
    case Departure::Kind::mute: server_->mute(d.connection); return;
    case Departure::Kind::message:
      return in_time(d.delay, [this, connection = d.connection, text = d.text, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) send(connection, text);
      });
    case Departure::Kind::answer: break;
  }
  const net::Reply reply = *std::exchange(reply_, std::nullopt);
  using End = RequestFault::End;
  switch (d.end) {
    case End::hang: return reply.hang();
    case End::reset: return reply.drop();
    case End::cut: {
      const std::size_t half = d.answer.body.size() / 2;
      return reply.cut(to_response(std::move(d.answer)), half);
    }
    case End::answer:
      return in_time(d.delay, [reply, response = to_response(std::move(d.answer))] { reply.send(response); });
  }
}

void ExchangeServer::play_on() {
  timer_ = 0;
  const UnixNanos now = clock().now;
  play(now);
  std::optional<UnixNanos> next = feed_->next();
  if (const UnixNanos due = seat_.next_timer(); due.ns != 0 && (!next || due < *next)) next = due;
  if (!next) return;
  const double wait = static_cast<double>(next->ns - now.ns) / options_.speed;
  timer_ = loop_.after(std::max(kShortestWait, net::Duration(static_cast<std::int64_t>(wait))), [this] { play_on(); });
}

void ExchangeServer::on_request(net::Request request, net::Reply reply) {
  if (has_ended_) return reply.drop();
  ++counts_.requests;
  const Clock now = clock();
  play(now.now);
  reply_ = std::move(reply);
  seat_.on_request(request.connection, doorkeeper_.admit(core_request(request)), now);
  depart();
}

std::optional<net::Response> ExchangeServer::on_websocket(const net::Request& request) {
  if (!ExchangeCore::is_websocket_path(request.path)) {
    return net::Response{404, {{"Content-Type", "application/json"}}, "{\"code\":-5000,\"msg\":\"Path is invalid\"}"};
  }
  // A client that goes away in the middle of its handshake leaves one behind: the oldest go first.
  if (openings_.size() >= kMaxOpenings) openings_.erase(openings_.begin());
  openings_[request.connection] = doorkeeper_.admit(core_request(request));
  return std::nullopt;
}

void ExchangeServer::on_open(net::ConnectionId id) {
  const auto opening = openings_.find(id);
  if (opening == openings_.end() || has_ended_) {
    server_->drop(id);
    return;
  }
  const Clock now = clock();
  play(now.now);
  if (ExchangeCore::is_api_path(opening->second.path)) api_connections_.insert(id);
  seat_.on_open(id, opening->second, now);
  openings_.erase(opening);
  depart();
  const auto ping = [this, id](auto&& again) -> void {
    (void)server_->ping(id, std::to_string(clock().wall.ns / 1'000'000));
    pings_[id] = loop_.after(kPingInterval, [again] { again(again); });
  };
  pings_[id] = loop_.after(kPingInterval, [ping] { ping(ping); });
}

void ExchangeServer::on_text(net::ConnectionId id, std::string_view text) {
  if (has_ended_) return;
  const Clock now = clock();
  play(now.now);
  seat_.on_text(id, doorkeeper_.admit_message(text), now);
  depart();
}

void ExchangeServer::on_closed(net::ConnectionId id, std::string_view) {
  if (has_ended_) return;
  const Clock now = clock();
  play(now.now);
  api_connections_.erase(id);
  seat_.on_closed(id, now);
  depart();
  if (const auto found = pings_.find(id); found != pings_.end()) {
    loop_.cancel(found->second);
    pings_.erase(found);
  }
}

Result<journal::Digest> ExchangeServer::stop() {
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  if (admin_) admin_->stop();
  has_ended_ = true;
  server_->stop();
  return seat_.end("stopped");
}

Result<std::uint64_t> ExchangeServer::add_fault(std::string_view json) {
  auto fault = FaultDesk::parse(json);
  if (!fault) return fault.error();
  const Clock now = clock();
  play(now.now);
  seat_.on_fault(fault->name, json, now);
  depart();
  return seat_.machine().faults().last_id();
}

bool ExchangeServer::remove_fault(std::uint64_t id) {
  const std::vector<Fault> standing = seat_.machine().faults().standing(clock().now);
  const bool is_there =
      id == 0 || std::any_of(standing.begin(), standing.end(), [&](const Fault& f) { return f.id == id; });
  if (!is_there) return false;
  const Clock now = clock();
  play(now.now);
  seat_.on_fault("remove", std::to_string(id), now);
  return true;
}

std::string ExchangeServer::state_json() {
  const net::ServerCounts server = server_->counts();
  JsonText out;
  out.open().field("time", ms(clock().now)).field("wallTime", ms(clock().wall));
  out.field("requests", static_cast<std::int64_t>(counts_.requests));
  out.field("marketRecords", static_cast<std::int64_t>(counts_.market_records));
  out.field("connections", static_cast<std::int64_t>(server.open));
  out.field("websockets", static_cast<std::int64_t>(server.websockets));
  out.key("faults").open_list();
  for (const Fault& fault : seat_.machine().faults().standing(clock().now)) {
    out.open().field("id", static_cast<std::int64_t>(fault.id)).field("fault", std::string_view(fault.name));
    out.field("path", std::string_view(fault.path)).field("struck", static_cast<std::int64_t>(fault.struck)).close();
  }
  return out.close_list().close().str();
}

}  // namespace reprise::gateway::exchange
