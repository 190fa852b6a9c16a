// The exchange server over real sockets, plain and TLS, with our own client and signatures.
#include <rapidjson/document.h>

#include "gateway/binance/signer.h"
#include "gateway/exchange/server.h"
#include "gateway/net/http_client.h"
#include "gateway/net/websocket_client.h"
#include "tests/support/catch.h"
#include "tests/support/test_certificates.h"

namespace reprise::gateway::exchange::test {

namespace {

constexpr std::int64_t kWall = 1'767'225'600'000'000'000;

// One loop for server and clients, turned until something has happened.
class Session {
 public:
  explicit Session(std::vector<ServedAccount> accounts, std::optional<net::ServerTls> tls = {}, std::string ca = {}) {
    ExchangeServerOptions options;
    options.accounts = std::move(accounts);
    if (tls) client_tls_ = net::ClientTls{std::move(ca), "localhost"};
    options.tls = std::move(tls);
    options.wall_clock = [] { return kWall; };
    options.admin.emplace().token = binance::Secret::copy_of("a token of some length");
    auto started = ExchangeServer::start(
        loop, std::move(options), sink_,
        [](UnixNanos start) -> Result<std::unique_ptr<MarketFeed>> { return open_generated_feed(7, 1, start); });
    REQUIRE(started.ok());
    server = std::move(started).value();
    net::HttpClientOptions client;
    client.host = "127.0.0.1";
    client.port = server->port();
    client.tls = client_tls_;
    auto made = net::make_http_client(loop, std::move(client));
    REQUIRE(made.ok());
    http = std::move(made).value();
    client.host = "127.0.0.1";
    client.port = server->admin_port();
    client.tls.reset();
    made = net::make_http_client(loop, std::move(client));
    REQUIRE(made.ok());
    admin_ = std::move(made).value();
  }

  template <class Done>
  bool until(Done&& done) {
    for (int n = 0; n < 3'000 && !done(); ++n) loop.turn(std::chrono::milliseconds(10));
    return done();
  }

  net::Response ask(const std::string& method, const std::string& path, const std::string& query,
                    const std::string& key = "", const std::string& body = "") {
    net::Request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    if (!key.empty()) request.headers.add("X-MBX-APIKEY", key);
    net::HttpResult result = send(*http, std::move(request), std::chrono::seconds(20));
    INFO(result.problem);
    REQUIRE(result.fate == net::Fate::answered);
    return std::move(result.response);
  }

  // The operator's port.
  net::Response operate(const std::string& method, const std::string& path, const std::string& body,
                        const std::string& token = "a token of some length") {
    net::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    request.headers.add("Authorization", "Bearer " + token);
    net::HttpResult result = send(*admin_, std::move(request), std::chrono::seconds(20));
    REQUIRE(result.fate == net::Fate::answered);
    return std::move(result.response);
  }

  net::HttpResult send(net::HttpClient& client, net::Request request, net::Duration time) {
    std::optional<net::HttpResult> result;
    client.send(std::move(request), time, [&](net::HttpResult r) { result = std::move(r); });
    REQUIRE(until([&] { return result.has_value(); }));
    return std::move(*result);
  }

  net::Loop loop;
  sim::RunSink sink_ = sim::RunSink::none();
  std::unique_ptr<ExchangeServer> server;
  std::unique_ptr<net::HttpClient> http;
  std::unique_ptr<net::HttpClient> admin_;
  std::optional<net::ClientTls> client_tls_;
};

ServedAccount hmac_account() {
  ServedAccount account;
  account.api_key = "key";
  account.secret = binance::Secret::copy_of("secret");
  account.balance_e8 = 1'000 * kScale;
  return account;
}

std::vector<ServedAccount> one(ServedAccount account) {
  std::vector<ServedAccount> accounts;
  accounts.push_back(std::move(account));
  return accounts;
}

std::string signed_query(const binance::Signer& signer, const std::string& query) {
  return query + "&signature=" + signer.encoded_signature(query).value();
}

std::string stamp() {
  return "timestamp=" + std::to_string(kWall / 1'000'000 + 500);
}

struct Listener : net::WebsocketHandler {
  std::vector<std::string> texts;
  bool ended = false;
  void on_text(std::string_view text) override { texts.emplace_back(text); }
  void on_end(const net::WebsocketEnd&) override { ended = true; }
};

}  // namespace

TEST_CASE("exchange over HTTP: a signed order is placed, an unsigned one is not, counters are in the headers") {
  Session s(one(hmac_account()));
  auto signer = binance::Signer::of_key(binance::Secret::copy_of("secret"));
  const std::string order =
      "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=30000&recvWindow=60000&" + stamp();
  const net::Response placed = s.ask("POST", "/fapi/v1/order", signed_query(*signer, order), "key");
  INFO(placed.body);
  CHECK(placed.status == 200);
  CHECK(*placed.headers.find("x-mbx-order-count-10s") == "1");
  // The same in a form body, as some clients do.
  const net::Response in_body = s.ask("POST", "/fapi/v1/order", "", "key", signed_query(*signer, order));
  CHECK(in_body.status == 200);
  const net::Response forged = s.ask("POST", "/fapi/v1/order", order + "&signature=00", "key");
  CHECK(forged.status == 400);
  CHECK(forged.body.find("-1022") != std::string::npos);
}

TEST_CASE("exchange over TLS: REST and a stream on one port, the market arrives") {
  const reprise::test::TestCertificates certificates;
  Session s(one(hmac_account()), net::ServerTls{certificates.good.certificate, certificates.good.key},
            certificates.authority);
  CHECK(s.ask("GET", "/fapi/v1/time", "").status == 200);
  Listener listener;
  net::WebsocketOptions options;
  options.host = "127.0.0.1";
  options.port = s.server->port();
  options.tls = s.client_tls_;
  options.target = "/public/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker";
  auto socket = net::open_websocket(s.loop, std::move(options), listener);
  REQUIRE(socket.ok());
  CHECK(s.until([&] { return listener.texts.size() >= 3; }));
  CHECK(listener.texts.front().starts_with("{\"stream\":\"btcusdt@"));
}

TEST_CASE("exchange: user events reach the private stream, and a path that nobody knows is refused") {
  Session s(one(hmac_account()));
  auto signer = binance::Signer::of_key(binance::Secret::copy_of("secret"));
  rapidjson::Document key;
  const std::string text = s.ask("POST", "/fapi/v1/listenKey", "", "key").body;
  key.Parse(text.c_str());
  Listener listener, lost;
  net::WebsocketOptions options;
  options.host = "127.0.0.1";
  options.port = s.server->port();
  options.target = std::string("/private/ws/") + key["listenKey"].GetString();
  auto socket = net::open_websocket(s.loop, options, listener);
  REQUIRE(socket.ok());
  REQUIRE(s.until([&] { return (*socket)->is_open(); }));
  s.ask("POST", "/fapi/v1/order",
        signed_query(*signer, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&recvWindow=60000&" + stamp()), "key");
  CHECK(s.until([&] { return listener.texts.size() >= 4; }));
  options.target = "/nothing";
  auto refused = net::open_websocket(s.loop, options, lost);
  REQUIRE(refused.ok());
  CHECK(s.until([&] { return lost.ended; }));
}

TEST_CASE("the operator's port makes requests and connections fail, and lets nobody in without the token") {
  Session s(one(hmac_account()));
  CHECK(s.operate("GET", "/state", "", "a token of some lengtH").status == 401);
  CHECK(s.operate("POST", "/faults", R"({"fault":"reset"})", "").status == 401);
  CHECK(s.operate("POST", "/faults", "nonsense").status == 400);
  CHECK(s.operate("POST", "/orders", "").status == 404);
  const auto fails = [&](const std::string& fault, bool timed_out) {
    REQUIRE(s.operate("POST", "/faults", fault).status == 200);
    net::Request request;
    request.path = "/fapi/v1/time";
    const net::HttpResult result = s.send(*s.http, std::move(request), std::chrono::milliseconds(300));
    CHECK(result.fate == net::Fate::unknown);
    CHECK(result.timed_out == timed_out);
  };
  fails(R"({"fault":"lost_request","count":1})", true);
  fails(R"({"fault":"lost_answer","count":1})", true);
  fails(R"({"fault":"reset","count":1})", false);
  fails(R"({"fault":"reset_after","count":1})", false);
  fails(R"({"fault":"cut_answer","count":1})", false);
  REQUIRE(s.operate("POST", "/faults", R"({"fault":"unavailable","path":"/fapi/v1/time"})").body == "{\"id\":6}");
  CHECK(s.ask("GET", "/fapi/v1/time", "").status == 503);
  CHECK(s.operate("GET", "/state", "").body.find("\"unavailable\"") != std::string::npos);
  CHECK(s.operate("DELETE", "/faults", "").status == 200);
  CHECK(s.ask("GET", "/fapi/v1/time", "").status == 200);

  Listener listener;
  net::WebsocketOptions options;
  options.host = "127.0.0.1";
  options.port = s.server->port();
  options.target = "/market/ws/btcusdt@aggTrade";
  auto socket = net::open_websocket(s.loop, options, listener);
  REQUIRE(socket.ok());
  REQUIRE(s.until([&] { return (*socket)->is_open(); }));
  REQUIRE(s.operate("POST", "/faults", R"({"fault":"disconnect","path":"/market"})").status == 200);
  CHECK(s.until([&] { return listener.ended; }));
}

}  // namespace reprise::gateway::exchange::test
