// The WebSocket trading API's connection: whose answer is whose, what became of a request, and when there is no way.
#include "gateway/binance/ws_api.h"

#include <map>

#include "tests/support/catch.h"
#include "tests/support/fake_wire.h"

using namespace reprise;
using namespace reprise::gateway;
using binance::Host;
using binance::Parameters;
using binance::WsApi;
using reprise::test::FakeWire;

namespace {

struct ApiDesk {
  explicit ApiDesk(WsApi::Options options = {}) {
    api = std::make_unique<WsApi>(wire, options, [this] {
      ++asked;
      return may_connect;
    });
  }
  bool send(const std::string& name) {
    Parameters parameters;
    parameters.add("symbol", "BTCUSDT");
    parameters.add("orderId", std::int64_t{7});
    return api->send("order.status", parameters, std::chrono::seconds(10), [this, name](net::HttpResult result) {
      results[name] = std::move(result);
      if (on_result) on_result();
    });
  }

  FakeWire wire;
  bool may_connect = true;
  int asked = 0;
  std::map<std::string, net::HttpResult> results;
  std::function<void()> on_result;
  std::unique_ptr<WsApi> api;
};

}  // namespace

TEST_CASE("answers find their requests by id, in any order, with the body and the counters that REST would give") {
  ApiDesk d;
  CHECK_FALSE(d.send("too early"));
  d.wire.last_socket().accept();
  CHECK(d.wire.socket(0).host == Host::ws_api);
  CHECK(d.wire.socket(0).target == "/ws-fapi/v1");
  REQUIRE(d.send("a"));
  REQUIRE(d.send("b"));
  CHECK(d.wire.socket(0).sent[0] == R"({"id":1,"method":"order.status","params":{"symbol":"BTCUSDT","orderId":7}})");
  d.wire.last_socket().say(R"({"id":2,"status":400,"error":{"code":-2013,"msg":"Order does not exist."}})");
  CHECK(d.results.count("a") == 0);
  CHECK(d.results["b"].fate == net::Fate::answered);
  CHECK(d.results["b"].response.status == 400);
  CHECK(d.results["b"].response.body == R"({"code":"-2013","msg":"Order does not exist."})");
  d.wire.last_socket().say(
      R"({"id":1,"status":200,"result":{"orderId":7,"price":"1.50"},"rateLimits":[)"
      R"({"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":2400,"count":12},)"
      R"({"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":300,"count":3}]})");
  const net::Response& response = d.results["a"].response;
  CHECK(response.body == R"({"orderId":"7","price":"1.50"})");
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : response.headers) headers[std::string(name)] = value;
  CHECK(headers["X-MBX-USED-WEIGHT-1M"] == "12");
  CHECK(headers["X-MBX-ORDER-COUNT-10S"] == "3");
}

TEST_CASE("what cannot be read leaves the fate of its request unknown, and what answers nobody is nothing") {
  ApiDesk d;
  d.wire.last_socket().accept();
  REQUIRE(d.send("a"));
  for (const char* noise : {"", "no json", "[]", "{}", R"({"id":99,"status":200,"result":{}})", R"({"id":"x"})"})
    d.wire.last_socket().say(noise);
  CHECK(d.results.empty());
  d.wire.last_socket().say(R"({"id":1,"status":"all is well"})");
  CHECK(d.results["a"].fate == net::Fate::unknown);
}

TEST_CASE("when the connection ends, what certainly never left is told apart from what may have") {
  ApiDesk d;
  d.wire.last_socket().accept();
  for (const char* name : {"a", "b", "c"}) REQUIRE(d.send(name));
  d.wire.last_socket().end(net::WebsocketCause::broken, 0, "reset", 1);
  CHECK(d.results["a"].fate == net::Fate::unknown);
  CHECK(d.results["b"].fate == net::Fate::unknown);
  CHECK(d.results["c"].fate == net::Fate::not_sent);
  CHECK(d.results["c"].sent_at == 0);
  CHECK_FALSE(d.send("d"));
  d.wire.advance(std::chrono::seconds(1));
  REQUIRE(d.wire.sockets() == 2);
  CHECK(d.wire.socket(0).is_gone);
  d.wire.last_socket().accept();
  CHECK(d.send("d"));
}

TEST_CASE("a request without an answer in time takes its connection with it, before anything else is sent on it") {
  ApiDesk d;
  d.wire.last_socket().accept();
  REQUIRE(d.send("a"));
  d.wire.advance(std::chrono::seconds(5));
  REQUIRE(d.send("b"));
  bool was_open = false;
  d.on_result = [&] { was_open = was_open || d.api->is_open(); };
  d.wire.advance(std::chrono::seconds(5));
  CHECK(d.results["a"].timed_out);
  CHECK(d.results["a"].fate == net::Fate::unknown);
  CHECK(d.results["b"].fate == net::Fate::unknown);
  CHECK_FALSE(d.results["b"].timed_out);
  CHECK_FALSE(was_open);
  d.wire.socket(0).say(R"({"id":1,"status":200,"result":{}})");  // too late for anybody
  CHECK(d.results["a"].fate == net::Fate::unknown);
}

TEST_CASE("before the venue cuts it a connection takes nothing new, and goes when its last request is answered") {
  WsApi::Options options;
  options.longest_life = std::chrono::seconds(3);
  ApiDesk d(options);
  d.wire.last_socket().accept();
  d.wire.advance(std::chrono::seconds(2));
  REQUIRE(d.send("a"));
  d.wire.advance(std::chrono::seconds(1));
  CHECK_FALSE(d.send("b"));
  CHECK_FALSE(d.wire.socket(0).is_gone);
  d.wire.last_socket().say(R"({"id":1,"status":200,"result":{}})");
  CHECK(d.results["a"].fate == net::Fate::answered);
  d.wire.advance(std::chrono::seconds(1));
  CHECK(d.wire.socket(0).is_gone);
  REQUIRE(d.wire.sockets() == 2);
  d.wire.last_socket().accept();
  CHECK(d.send("b"));
}

TEST_CASE("a host that accepts and closes is tried ever more rarely") {
  ApiDesk d;
  for (int n = 0; n < 400; ++n) {
    if (!d.wire.last_socket().is_gone && !d.wire.last_socket().is_open) {
      d.wire.last_socket().accept();
      d.wire.last_socket().end(net::WebsocketCause::broken, 0, "reset");
    }
    d.wire.advance(std::chrono::milliseconds(250));
  }
  CHECK(d.wire.sockets() > 5);
  CHECK(d.wire.sockets() < 20);
}

TEST_CASE("no connection is made while the limits forbid it") {
  ApiDesk d;
  d.wire.last_socket().end(net::WebsocketCause::broken, 0, "reset");
  d.may_connect = false;
  d.wire.advance(std::chrono::seconds(60));
  CHECK(d.wire.sockets() == 1);
  CHECK(d.asked > 2);
  d.may_connect = true;
  d.wire.advance(std::chrono::seconds(60));
  CHECK(d.wire.sockets() == 2);
}

TEST_CASE("destroyed with requests open, it calls nobody") {
  ApiDesk d;
  d.wire.last_socket().accept();
  REQUIRE(d.send("a"));
  d.api.reset();
  d.wire.advance(std::chrono::seconds(60));
  CHECK(d.results.empty());
  CHECK(d.wire.sockets() == 1);
}
