// The server's HTTP side over real sockets: order, late answers, bounds, and clients that misbehave.
#include "tests/gateway/net_support.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::net;
using namespace reprise::net_tests;

namespace {

ServerOptions with(std::function<void(ServerLimits&)> change) {
  ServerOptions options;
  change(options.limits);
  return options;
}

const std::string kGet = "GET /fapi/v1/ping?a=1&b=%20 HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: k\r\n\r\n";

}  // namespace

TEST_CASE("a connection is kept for further requests") {
  TestServer test;
  RawPeer peer(test.port);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(peer.send(kGet));
    CHECK(peer.read_answer().ends_with("GET /fapi/v1/ping"));
  }
  test.running.on([&] {
    REQUIRE(test.recorder.requests.size() == 3);
    const Request& request = test.recorder.requests[0];
    CHECK(request.method == "GET");
    CHECK(request.query == "a=1&b=%20");
    CHECK(*request.headers.find("x-mbx-apikey") == "k");
    CHECK(request.headers.find("absent") == nullptr);
    CHECK(request.peer.starts_with("127.0.0.1:"));
    CHECK(test.server->counts().accepted == 1);
  });
}

TEST_CASE("the server closes where the client says so, and answers HEAD without a body") {
  TestServer test;
  RawPeer peer(test.port);
  REQUIRE(peer.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  const std::string all = peer.read_to_end();
  CHECK(all.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(all.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\n"));
}

TEST_CASE("an answer may come later, and the first of several counts") {
  TestServer test;
  std::vector<Reply> replies;
  test.running.on([&] { test.recorder.answer = [&](Request, Reply reply) { replies.push_back(std::move(reply)); }; });
  RawPeer one(test.port), two(test.port);
  REQUIRE(one.send(kGet));
  REQUIRE(test.running.until([&] { return replies.size() == 1; }));
  REQUIRE(two.send(kGet));
  REQUIRE(test.running.until([&] { return replies.size() == 2; }));
  test.running.on([&] { replies[1].send(Response{200, {}, "second"}); });
  CHECK(two.read_answer().ends_with("\r\n\r\nsecond"));
  test.running.on([&] {
    replies[0].send(Response{200, {{"X-A", "1\r\nX-B: 2"}}, "first"});
    replies[0].send(Response{500, {}, "again"});
  });
  const std::string answer = one.read_answer();
  CHECK(answer.ends_with("\r\n\r\nfirst"));
  CHECK(answer.find("X-A: 1  X-B: 2\r\n") != std::string::npos);  // no header out of a value
  REQUIRE(one.send(kGet));
  REQUIRE(test.running.until([&] { return replies.size() == 3; }));
  test.running.on([&] { replies.clear(); });
  CHECK(one.read_answer().starts_with("HTTP/1.1 500"));  // forgotten by the handler
}

TEST_CASE("pipelined requests are answered in their order, however late the first answer is") {
  TestServer test;
  std::vector<Reply> held;
  test.running.on([&] {
    test.recorder.answer = [&](Request request, Reply reply) {
      if (request.path == "/0") return held.push_back(std::move(reply));
      reply.send(Response{200, {}, request.path + "."});
    };
  });
  RawPeer peer(test.port);
  constexpr int kRequests = 5'000;
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  std::thread sender([&] { peer.send(all); });
  REQUIRE(test.running.until([&] { return held.size() == 1; }));
  test.running.on([&] {
    held[0].send(Response{200, {}, "/0."});
    held.clear();
  });
  int in_order = 0;
  for (int i = 0; i < kRequests; ++i)
    in_order += peer.read_answer().ends_with("\r\n\r\n/" + std::to_string(i) + ".") ? 1 : 0;
  sender.join();
  CHECK(in_order == kRequests);
}

TEST_CASE("what is too large is refused and the connection ends") {
  TestServer test(with([](ServerLimits& limits) {
    limits.header_bytes = 2'000;
    limits.body_bytes = 5'000;
  }));
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  SECTION("one giant header") {
    RawPeer peer(test.port);
    peer.send("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'a'));
    CHECK(peer.read_to_end().starts_with("HTTP/1.1 431"));
  }
  SECTION("a giant target") {
    RawPeer peer(test.port);
    peer.send("GET /" + std::string(100'000, 'a'));
    CHECK(peer.read_to_end().starts_with("HTTP/1.1 431"));
  }
  SECTION("a giant body by its length, before it is sent") {
    RawPeer peer(test.port);
    peer.send(post + "Content-Length: 99999999999\r\n\r\n");
    CHECK(peer.read_to_end().starts_with("HTTP/1.1 413"));
  }
  SECTION("a giant body in chunks") {
    RawPeer peer(test.port);
    peer.send(post + "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 10; ++i) peer.send("3e8\r\n" + std::string(1'000, 'b') + "\r\n");
    CHECK(peer.read_to_end().starts_with("HTTP/1.1 413"));
  }
  SECTION("up to the bound is fine") {
    RawPeer peer(test.port);
    REQUIRE(peer.send(post + "Content-Length: 5000\r\n\r\n" + std::string(5'000, 'b')));
    CHECK(peer.read_answer().starts_with("HTTP/1.1 200"));
    test.running.on([&] { CHECK(test.recorder.requests.at(0).body.size() == 5'000); });
  }
  SECTION("what is no HTTP at all") {
    for (const char* text : {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                             "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                             "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                             "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"}) {
      CAPTURE(text);
      RawPeer peer(test.port);
      peer.send(text);
      peer.finish();
      const std::string answer = peer.read_to_end();
      CHECK((answer.empty() || answer.starts_with("HTTP/1.1 400")));
    }
    test.running.on([&] { CHECK(test.recorder.requests.empty()); });
  }
}

TEST_CASE("a client that asks first gets its 100 Continue") {
  TestServer test;
  RawPeer peer(test.port);
  REQUIRE(peer.send("POST /o HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
  CHECK(peer.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(peer.send("abc"));
  CHECK(peer.read_answer().ends_with("POST /o"));
}

TEST_CASE("a request that never ends is cut by its time, others go on") {
  TestServer test(with([](ServerLimits& limits) { limits.header_time = limits.body_time = 100ms; }));
  RawPeer in_header(test.port), in_body(test.port);
  REQUIRE(in_header.send("GET / HTTP/1.1\r\nHo"));
  REQUIRE(in_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"));
  CHECK(in_header.read_to_end().starts_with("HTTP/1.1 408"));
  CHECK(in_body.read_to_end().starts_with("HTTP/1.1 408"));
  RawPeer other(test.port);
  REQUIRE(other.send(kGet));
  CHECK(other.read_answer().starts_with("HTTP/1.1 200"));
  test.running.on([&] { CHECK(test.server->counts().timed_out >= 2); });
}

TEST_CASE("an idle connection is closed after its time") {
  TestServer test(with([](ServerLimits& limits) { limits.idle_time = 50ms; }));
  RawPeer fresh(test.port), used(test.port);
  REQUIRE(used.send(kGet));
  CHECK(used.read_answer().starts_with("HTTP/1.1 200"));
  CHECK(fresh.read_to_end().empty());
  CHECK(used.read_to_end().empty());
  CHECK(test.running.until([&] { return test.server->counts().open == 0; }));
}

TEST_CASE("a client that takes nothing of its answer is dropped") {
  TestServer test(with([](ServerLimits& limits) { limits.stall_time = 100ms; }));
  test.running.on([&] {
    test.recorder.answer = [](Request, Reply reply) { reply.send(Response{200, {}, std::string(64u << 20, 'x')}); };
  });
  RawPeer peer(test.port);
  REQUIRE(peer.send(kGet));
  CHECK(test.running.until([&] { return test.server->counts().slow_dropped == 1 && test.server->counts().open == 0; }));
}

TEST_CASE("connections beyond the bound are closed, and places become free again") {
  TestServer test(with([](ServerLimits& limits) { limits.connections = 20; }));
  std::vector<RawPeer> peers;
  for (int i = 0; i < 20; ++i) peers.emplace_back(test.port);
  REQUIRE(test.running.until([&] { return test.server->counts().open == 20; }));
  constexpr int kMore = 2'000;
  for (int i = 0; i < kMore; ++i) {
    RawPeer refused(test.port);
    CHECK(refused.read_to_end().empty());
  }
  test.running.on([&] {
    CHECK(test.server->counts().over_limit == kMore);
    CHECK(test.server->counts().open == 20);
  });
  for (RawPeer& peer : peers) {
    REQUIRE(peer.send(kGet));
    CHECK(peer.read_answer().starts_with("HTTP/1.1 200"));
  }
  peers.clear();
  REQUIRE(test.running.until([&] { return test.server->counts().open == 0; }));
  RawPeer late(test.port);
  REQUIRE(late.send(kGet));
  CHECK(late.read_answer().starts_with("HTTP/1.1 200"));
}

TEST_CASE("faults on request: no answer, half an answer, silence") {
  TestServer test(with([](ServerLimits& limits) { limits.idle_time = 200ms; }));
  test.running.on([&] {
    test.recorder.answer = [](Request request, Reply reply) {
      if (request.path == "/drop") reply.drop();
      if (request.path == "/cut") reply.cut(Response{200, {}, "0123456789"}, 31);
      if (request.path == "/hang") reply.hang();
    };
  });
  const auto get = [&](const std::string& path) {
    RawPeer peer(test.port);
    peer.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return peer.read_to_end();
  };
  CHECK(get("/drop").empty());
  CHECK(get("/cut") == "HTTP/1.1 200 OK\r\nContent-Length");
  CHECK(get("/hang").empty());  // until the idle time is over
  CHECK(test.running.until([&] { return test.server->counts().open == 0; }));
}

TEST_CASE("stopping closes everything, and an answer that comes after it is ignored") {
  TestServer test;
  std::vector<Reply> held;
  test.running.on([&] { test.recorder.answer = [&](Request, Reply reply) { held.push_back(std::move(reply)); }; });
  RawPeer peer(test.port), idle(test.port);
  REQUIRE(peer.send(kGet));
  REQUIRE(test.running.until([&] { return held.size() == 1; }));
  test.running.on([&] { test.server->stop(); });
  CHECK(peer.read_to_end().empty());
  CHECK(idle.read_to_end().empty());
  test.running.on([&] { held[0].send(Response{}); });
  test.running.on([&] { test.server.reset(); });
}

TEST_CASE("a server says why it cannot listen") {
  TestServer test;
  Recorder recorder;
  test.running.on([&] {
    ServerOptions options;
    options.port = test.port;
    auto second = start_server(test.running.loop, options, recorder);
    REQUIRE(!second.ok());
    CHECK(second.error().message.find("cannot listen on 127.0.0.1 port " + std::to_string(test.port)) == 0);
    options.address = "localhost";
    CHECK(!start_server(test.running.loop, options, recorder).ok());
    options = {};
    options.tls = ServerTls{"absent.pem", "absent.key"};
    auto third = start_server(test.running.loop, options, recorder);
    REQUIRE(!third.ok());
    CHECK(third.error().message.starts_with("absent.pem: no certificate could be read"));
  });
}
