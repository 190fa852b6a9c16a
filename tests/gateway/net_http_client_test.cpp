// The HTTP client: the pool, deadlines, and above all how far a request came when no answer did.
#include <optional>

#include "tests/gateway/net_support.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::net;
using namespace reprise::net_tests;

namespace {

struct TestClient {
  explicit TestClient(std::uint16_t port, const std::function<void(HttpClientOptions&)>& change = {}) {
    HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    if (change) change(options);
    running.on([&] { client = make_http_client(running.loop, options).value(); });
  }
  ~TestClient() {
    running.on([&] { client.reset(); });
  }
  // Sends, lets the raw server act, and returns the result.
  HttpResult with(const std::function<void()>& act, Duration time = std::chrono::seconds(60)) {
    std::promise<HttpResult> result;
    running.loop.post([&] { client->send(order(), time, [&](HttpResult got) { result.set_value(std::move(got)); }); });
    act();
    return result.get_future().get();
  }
  static Request order() {
    Request request;
    request.method = "POST";
    request.path = "/fapi/v1/order";
    request.query = "symbol=BTCUSDT";
    request.headers = {{"X-MBX-APIKEY", "k"}};
    return request;
  }

  RunningLoop running;
  std::unique_ptr<HttpClient> client;
};

const std::string kFine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

}  // namespace

TEST_CASE("a request goes out as it should and its answer comes back") {
  RawListener listener;
  TestClient test(listener.port());
  const HttpResult result = test.with([&] {
    RawPeer peer = listener.accept();
    CHECK(peer.read_until("\r\n\r\n") ==
          "POST /fapi/v1/order?symbol=BTCUSDT HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(listener.port()) +
              "\r\nX-MBX-APIKEY: k\r\nContent-Length: 0\r\n\r\n");
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("HTTP/1.1 429 Slow Down\r\nX-MBX-USED-WEIGHT-1M: 2400\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  });
  CHECK(result.fate == net::Fate::answered);
  CHECK(result.response.status == 429);
  CHECK(result.response.body == "abcde");
  CHECK(*result.response.headers.find("x-mbx-used-weight-1m") == "2400");
  CHECK(result.problem.empty());
  CHECK(result.sent_at > 0);
  CHECK(result.ended_at >= result.sent_at);
}

TEST_CASE("connections are kept, shared in order and bounded") {
  TestServer server;
  TestClient test(server.port, [](HttpClientOptions& options) { options.connections = 3; });
  int answered = 0;
  bool in_order = true;
  test.running.on([&] {
    for (int i = 0; i < 300; ++i) {
      Request request;
      request.path = "/" + std::to_string(i);
      test.client->send(request, 60s, [&, i](HttpResult result) {
        in_order = in_order && result.response.body == "GET /" + std::to_string(i);
        ++answered;
      });
    }
  });
  CHECK(test.running.until([&] { return answered == 300; }));
  CHECK(in_order);
  server.running.on([&] { CHECK(server.server->counts().accepted <= 3); });
}

TEST_CASE("nobody listens: not sent") {
  std::uint16_t port;
  { port = RawListener().port(); }
  TestClient test(port);
  const HttpResult result = ask(test.running, *test.client, TestClient::order());
  CHECK(result.fate == net::Fate::not_sent);
  CHECK(result.sent_at == 0);
  CHECK(result.problem.find("refused") != std::string::npos);
}

TEST_CASE("no connection is free in time: not sent") {
  RawListener listener;
  TestClient test(listener.port(), [](HttpClientOptions& options) { options.connections = 1; });
  HttpResult second;
  std::promise<void> done;
  const HttpResult first = test.with([&] {
    RawPeer peer = listener.accept();
    peer.read_until("\r\n\r\n");
    test.running.loop.post([&] {
      test.client->send(TestClient::order(), 50ms, [&](HttpResult got) {
        second = std::move(got);
        done.set_value();
      });
    });
    done.get_future().get();
    peer.send(kFine);
  });
  CHECK(first.fate == net::Fate::answered);
  CHECK(second.fate == net::Fate::not_sent);
  CHECK(second.timed_out);
}

TEST_CASE("sent and no whole answer: the fate is unknown") {
  RawListener listener;
  TestClient test(listener.port());
  const auto unknown = [&](const HttpResult& result, int status) {
    CAPTURE(result.problem);
    CHECK(result.fate == net::Fate::unknown);
    CHECK(result.response.status == status);
    CHECK(!result.problem.empty());
    CHECK(result.sent_at > 0);
    CHECK(!result.timed_out);
  };
  SECTION("reset before the server has read it") {
    // Accepted by the kernel of the other side as soon as it was sent: only the venue can tell.
    unknown(test.with([&] {
      RawPeer peer = listener.accept();
      peer.read_until("P");
      peer.reset();
    }),
            0);
  }
  SECTION("reset after the server has read it") {
    unknown(test.with([&] {
      RawPeer peer = listener.accept();
      peer.read_until("\r\n\r\n");
      peer.reset();
    }),
            0);
  }
  SECTION("closed in an orderly way without an answer") {
    unknown(test.with([&] {
      RawPeer peer = listener.accept();
      peer.read_until("\r\n\r\n");
    }),
            0);
  }
  SECTION("ended within the head") {
    unknown(test.with([&] {
      RawPeer peer = listener.accept();
      peer.read_until("\r\n\r\n");
      peer.send("HTTP/1.1 200 OK\r\nContent-Le");
    }),
            0);
  }
  SECTION("ended within the body: the status is told") {
    unknown(test.with([&] {
      RawPeer peer = listener.accept();
      peer.read_until("\r\n\r\n");
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"orderId\":");
    }),
            200);
  }
  SECTION("an answer that is none") {
    unknown(test.with([&] {
      RawPeer peer = listener.accept();
      peer.read_until("\r\n\r\n");
      peer.send("220 mail.example ESMTP\r\n\r\n");
    }),
            0);
  }
}

TEST_CASE("no answer in time: unknown, and the connection is not used again") {
  RawListener listener;
  TestClient test(listener.port());
  std::optional<RawPeer> silent;
  const HttpResult late = test.with(
      [&] {
        silent.emplace(listener.accept());
        silent->read_until("\r\n\r\n");
      },
      100ms);
  CHECK(late.fate == net::Fate::unknown);
  CHECK(late.timed_out);
  silent->send(kFine);  // too late, and nobody may take it for the next answer
  const HttpResult next = test.with([&] {
    RawPeer peer = listener.accept();
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  });
  CHECK(next.response.status == 201);
}

TEST_CASE("a kept connection that the server closed is not used for a request") {
  RawListener listener;
  TestClient test(listener.port());
  for (int i = 0; i < 50; ++i) {
    // The peer goes as soon as it has answered; the next request finds a closed connection in the pool.
    const HttpResult result = test.with([&] {
      RawPeer peer = listener.accept();
      peer.read_until("\r\n\r\n");
      peer.send(kFine);
    });
    CHECK(result.fate == net::Fate::answered);
    REQUIRE(test.running.until([&] { return test.client->open_connections() == 0; }));
  }
}

TEST_CASE("bytes behind an answer belong to no request") {
  RawListener listener;
  TestClient test(listener.port());
  std::optional<RawPeer> first;
  CHECK(test.with([&] {
              first.emplace(listener.accept());
              first->read_until("\r\n\r\n");
              first->send(kFine + "HTTP/1.1 500 Injected\r\nContent-Length: 0\r\n\r\n");
            })
            .response.status == 200);
  const HttpResult next = test.with([&] {
    RawPeer peer = listener.accept();
    peer.read_until("\r\n\r\n");
    peer.send(kFine);
  });
  CHECK(next.response.status == 200);
}

TEST_CASE("an answer is bounded") {
  RawListener listener;
  TestClient test(listener.port(), [](HttpClientOptions& options) {
    options.answer_bytes = 1'000;
    options.header_bytes = 1'000;
  });
  const std::string head = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n",
                                    "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n");
  const HttpResult result = test.with([&] {
    RawPeer peer = listener.accept();
    peer.read_until("\r\n\r\n");
    peer.send(head + std::string(2'000, 'x'));
    peer.read_to_end();
  });
  CHECK(result.fate == net::Fate::unknown);
  CHECK(result.problem == "the answer is larger than allowed");
}

TEST_CASE("a body that ends with the connection is whole") {
  RawListener listener;
  TestClient test(listener.port());
  const HttpResult result = test.with([&] {
    RawPeer peer = listener.accept();
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\n\r\nall of it");
  });
  CHECK(result.fate == net::Fate::answered);
  CHECK(result.response.body == "all of it");
}

TEST_CASE("a client may go while requests are under way") {
  RawListener listener;
  TestClient test(listener.port());
  bool called = false;
  test.running.on([&] {
    for (int i = 0; i < 20; ++i) test.client->send(TestClient::order(), 60s, [&](HttpResult) { called = true; });
  });
  RawPeer peer = listener.accept();
  peer.read_until("\r\n\r\n");
  test.running.on([&] { test.client.reset(); });
  test.running.on([&] { CHECK(!called); });
}
