#include "gateway/exchange/server.h"

#include <algorithm>
#include <cmath>

#include "gateway/binance/signer.h"

namespace reprise::gateway::exchange {

namespace {

constexpr net::Duration kShortestWait = std::chrono::milliseconds(1);
constexpr std::size_t kMaxOpenings = 4096;
constexpr net::Duration kPingInterval = std::chrono::minutes(3);

HttpRequest core_request(const net::Request& request) {
  HttpRequest out{request.method, request.path, request.query, request.body, {}, request.peer};
  if (const std::string* key = request.headers.find("X-MBX-APIKEY")) out.api_key = *key;
  // Weight is counted by address; the port is another one for each connection.
  if (const std::size_t colon = out.peer.rfind(':'); colon != std::string::npos) out.peer.resize(colon);
  return out;
}

Result<ExchangeCore::Verify> verifier_of(const ServedAccount& account) {
  auto verifier = account.public_key_pem.empty() ? binance::SignatureVerifier::of_secret(account.secret)
                                                 : binance::SignatureVerifier::of_public_key(account.public_key_pem);
  if (!verifier) return verifier.error();
  const auto shared = std::make_shared<binance::SignatureVerifier>(std::move(verifier).value());
  return ExchangeCore::Verify(
      [shared](std::string_view payload, std::string_view signature) { return shared->accepts(payload, signature); });
}

}  // namespace

ExchangeServer::ExchangeServer(net::Loop& loop, ExchangeServerOptions options)
    : loop_(loop),
      options_(std::move(options)),
      core_(
          options_.config, options_.limits,
          [this](ConnectionNo id, std::shared_ptr<const std::string> text) {
            (void)server_->send_text(id, std::move(text));  // one that is gone or too slow is the server's business
          },
          options_.unrouted_has_all) {}

Result<std::unique_ptr<ExchangeServer>> ExchangeServer::start(
    net::Loop& loop, ExchangeServerOptions options,
    const std::function<Result<std::unique_ptr<MarketFeed>>(UnixNanos)>& open_feed) {
  std::unique_ptr<ExchangeServer> made(new ExchangeServer(loop, std::move(options)));
  for (const ServedAccount& account : made->options_.accounts) {
    auto verify = verifier_of(account);
    if (!verify) return verify.error();
    made->core_.add_account(account.api_key, account.balance_e8, std::move(verify).value());
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
  // Accounts open with the venue's first moment; instruments and books that stand at its head come right behind.
  made->core_.open({made->wall_start_ - 60'000'000'000});
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
    core_.on_timer(*next);
    feed_->take([&](const journal::RecordView& view, InstrumentNo instrument, UnixNanos now, UnixNanos happened) {
      core_.on_market(view, instrument, now, happened);
    });
    ++counts_.market_records;
  }
  counts_.market_ended = !feed_->next().has_value();
  core_.on_timer(until);
}

void ExchangeServer::play_on() {
  timer_ = 0;
  const UnixNanos now = clock().now;
  play(now);
  std::optional<UnixNanos> next = feed_->next();
  if (const UnixNanos due = core_.next_timer(); due.ns != 0 && (!next || due < *next)) next = due;
  if (!next) return;
  const double wait = static_cast<double>(next->ns - now.ns) / options_.speed;
  timer_ = loop_.after(std::max(kShortestWait, net::Duration(static_cast<std::int64_t>(wait))), [this] { play_on(); });
}

void ExchangeServer::on_request(net::Request request, net::Reply reply) {
  ++counts_.requests;
  const Clock now = clock();
  play(now.now);
  Answer answer = core_.on_request(core_request(request), now);
  net::Response response;
  response.status = answer.status;
  response.body = std::move(answer.body);
  response.headers.add("Content-Type", "application/json");
  for (auto& [name, value] : answer.headers) response.headers.add(std::move(name), std::move(value));
  reply.send(std::move(response));
}

std::optional<net::Response> ExchangeServer::on_websocket(const net::Request& request) {
  if (!ExchangeCore::is_websocket_path(request.path)) {
    return net::Response{404, {{"Content-Type", "application/json"}}, "{\"code\":-5000,\"msg\":\"Path is invalid\"}"};
  }
  // A client that goes away in the middle of its handshake leaves one behind: the oldest go first.
  if (openings_.size() >= kMaxOpenings) openings_.erase(openings_.begin());
  openings_[request.connection] = core_request(request);
  return std::nullopt;
}

void ExchangeServer::on_open(net::ConnectionId id) {
  const auto opening = openings_.find(id);
  if (opening == openings_.end()) {
    server_->drop(id);
    return;
  }
  const Clock now = clock();
  play(now.now);
  core_.on_open(id, opening->second, now);
  openings_.erase(opening);
  const auto ping = [this, id](auto&& again) -> void {
    (void)server_->ping(id, std::to_string(clock().wall.ns / 1'000'000));
    pings_[id] = loop_.after(kPingInterval, [again] { again(again); });
  };
  pings_[id] = loop_.after(kPingInterval, [ping] { ping(ping); });
}

void ExchangeServer::on_text(net::ConnectionId id, std::string_view text) {
  const Clock now = clock();
  play(now.now);
  core_.on_text(id, text, now);
}

void ExchangeServer::on_closed(net::ConnectionId id, std::string_view) {
  core_.on_closed(id);
  if (const auto found = pings_.find(id); found != pings_.end()) {
    loop_.cancel(found->second);
    pings_.erase(found);
  }
}

}  // namespace reprise::gateway::exchange
