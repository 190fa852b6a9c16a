// WebSockets of both sides over real sockets: bounds, slow readers, control frames, and how they end.
#include <algorithm>

#include "tests/gateway/net_support.h"
#include "tests/support/catch.h"
#include "tests/support/test_certificates.h"

using namespace reprise;
using namespace reprise::net;
using namespace reprise::net_tests;

namespace {

std::shared_ptr<const std::string> text(std::string content) {
  return std::make_shared<const std::string>(std::move(content));
}

// A client and its recorder on the server's loop.
struct Client {
  Client(TestServer& server, const std::function<void(WebsocketOptions&)>& change = {}) : test(server) {
    WebsocketOptions options;
    options.host = "127.0.0.1";
    options.port = test.port;
    if (change) change(options);
    test.running.on([&] { socket = open_websocket(test.running.loop, options, recorder).value(); });
  }
  ~Client() {
    test.running.on([&] { socket.reset(); });
  }
  bool opened() {
    return test.running.until([&] { return recorder.open || recorder.ends > 0; }) && recorder.open;
  }
  bool ended() {
    return test.running.until([&] { return recorder.ends == 1; });
  }

  TestServer& test;
  ClientRecorder recorder;
  std::unique_ptr<WebsocketClient> socket;
};

RawPeer raw_client(TestServer& test, std::string_view more_headers = {}, int receive_buffer = 0) {
  RawPeer peer(test.port, false, 0, receive_buffer);
  peer.send(upgrade_text("/ws", more_headers));
  const std::string answer = peer.read_until("\r\n\r\n");
  REQUIRE(answer.starts_with("HTTP/1.1 101"));
  REQUIRE(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
  REQUIRE(answer.find("Extensions") == std::string::npos);
  return peer;
}

}  // namespace

TEST_CASE("texts go both ways, plain and TLS") {
  const bool tls = GENERATE(false, true);
  const reprise::test::TestCertificates certificates;
  ServerOptions server_options;
  if (tls) server_options.tls = ServerTls{certificates.good.certificate, certificates.good.key};
  TestServer test(server_options);
  test.running.on([&] {
    test.recorder.on_message = [&](ConnectionId id, std::string_view got) {
      test.server->send_text(id, text(std::string(got)));
    };
  });
  Client client(test, [&](WebsocketOptions& options) {
    options.target = "/ws/btcusdt@depth?x=1";
    options.headers = {{"X-Extra", "e"}};
    if (tls) options.tls = ClientTls{certificates.authority, {}};
  });
  REQUIRE(client.opened());
  std::vector<std::string> sent;
  for (const std::size_t size : {0, 1, 125, 126, 127, 65'535, 65'536, 70'000, 900'000})
    sent.push_back(std::string(size, 'x'));
  for (int i = 0; i < 2'000; ++i) sent.push_back("{\"e\":\"depthUpdate\",\"u\":" + std::to_string(i) + "}");
  test.running.on([&] {
    for (const std::string& one : sent) CHECK(client.socket->send_text(one));
  });
  CHECK(test.running.until([&] { return client.recorder.texts.size() == sent.size(); }));
  test.running.on([&] {
    CHECK(client.recorder.texts == sent);
    CHECK(test.recorder.requests.at(0).path == "/ws/btcusdt@depth");
    CHECK(test.recorder.requests.at(0).query == "x=1");
    CHECK(*test.recorder.requests.at(0).headers.find("x-extra") == "e");
  });
}

TEST_CASE("the server may refuse the upgrade with an answer") {
  TestServer test;
  Client client(test, [](WebsocketOptions& options) { options.target = "/refused"; });
  REQUIRE(client.ended());
  CHECK(client.recorder.end.cause == WebsocketCause::refused);
  CHECK(client.recorder.end.http_status == 403);
  RawPeer peer(test.port);
  peer.send(upgrade_text("/refused"));
  CHECK(peer.read_answer().starts_with("HTTP/1.1 403"));
  peer.send("GET /then HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.read_answer().ends_with("GET /then"));
}

TEST_CASE("an extension is not agreed to, and a server that claims one is left") {
  SECTION("offered to our server") {
    TestServer test;
    raw_client(test, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
  }
  SECTION("claimed by a server") {
    RawListener listener;
    TestServer test;
    Client client(test, [&](WebsocketOptions& options) { options.port = listener.port(); });
    RawPeer peer = listener.accept();
    const std::string head = peer.read_until("\r\n\r\n");
    CHECK(head.find("Extensions") == std::string::npos);
    // Without the right key the client would refuse for that: the answer is made from a server of ours.
    RawPeer real(test.port);
    real.send(head);
    std::string answer = real.read_until("\r\n\r\n");
    REQUIRE(answer.starts_with("HTTP/1.1 101"));
    answer.insert(answer.size() - 2, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    peer.send(answer);
    REQUIRE(client.ended());
    CHECK(client.recorder.end.text == "the server uses an extension that was not offered");
    CHECK(!client.recorder.open);
  }
}

TEST_CASE("pings are answered on both sides") {
  TestServer test;
  RawPeer peer = raw_client(test);
  peer.send(raw_frame(0x89, "are you there"));
  CHECK(peer.read_until("are you there") ==
        "\x8a\x0d"
        "are you there");
  Client client(test);
  REQUIRE(client.opened());
  test.running.on([&] {
    CHECK(client.socket->ping("from client"));
    for (const ConnectionId id : test.recorder.opened) CHECK(test.server->ping(id, "from server"));
  });
  CHECK(peer.read_until("from server") ==
        "\x89\x0b"
        "from server");
  CHECK(test.running.until([&] {
    return client.recorder.pongs == std::vector<std::string>{"from client"} &&
           client.recorder.pings == std::vector<std::string>{"from server"} &&
           test.recorder.pongs == std::vector<std::string>{"from server"};
  }));
}

TEST_CASE("pings of our own keep a silent connection alive, and none end it") {
  TestServer test;
  Client client(test, [](WebsocketOptions& options) { options.ping_interval = 5ms; });
  REQUIRE(client.opened());
  CHECK(test.running.until([&] { return client.recorder.pongs.size() >= 3; }));
  Client silent(test, [](WebsocketOptions& options) { options.idle_time = 50ms; });
  REQUIRE(silent.ended());
  CHECK(silent.recorder.end.cause == WebsocketCause::timed_out);
  CHECK(test.running.until([&] { return test.recorder.closed.size() == 1; }));
}

TEST_CASE("a frame that comes right behind the upgrade is not lost") {
  TestServer test;
  RawPeer peer(test.port);
  peer.send(upgrade_text("/ws") + raw_frame(0x81, "early"));
  CHECK(test.running.until([&] { return test.recorder.texts == std::vector<std::string>{"early"}; }));
}

TEST_CASE("a giant message ends the connection with 1009") {
  ServerOptions options;
  options.limits.message_bytes = 1'000;
  TestServer test(options);
  RawPeer whole = raw_client(test), parts = raw_client(test), claimed = raw_client(test);
  whole.send(raw_frame(0x81, std::string(1'001, 'x')));
  CHECK(whole.read_to_end().starts_with("\x88\x02\x03\xf1"));
  parts.send(raw_frame(0x01, std::string(600, 'x')) + raw_frame(0x80, std::string(600, 'x')));
  CHECK(parts.read_to_end().starts_with("\x88\x02\x03\xf1"));
  claimed.send(
      std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
                  "0000",
                  14));
  claimed.read_to_end();
  CHECK(test.running.until([&] { return test.recorder.closed.size() == 3; }));
  test.running.on([&] { CHECK(test.recorder.texts.empty()); });
  RawPeer fits = raw_client(test);
  fits.send(raw_frame(0x81, std::string(1'000, 'x')));
  CHECK(test.running.until([&] { return test.recorder.texts.size() == 1; }));
}

TEST_CASE("a giant message of the server ends the client") {
  TestServer test;
  Client client(test, [](WebsocketOptions& options) { options.message_bytes = 1'000; });
  REQUIRE(client.opened());
  REQUIRE(test.running.until([&] { return test.recorder.opened.size() == 1; }));
  test.running.on([&] {
    test.server->send_text(test.recorder.opened[0], text(std::string(1'000, 'x')));
    test.server->send_text(test.recorder.opened[0], text(std::string(1'001, 'x')));
  });
  REQUIRE(client.ended());
  CHECK(client.recorder.end.cause == WebsocketCause::too_large);
  CHECK(client.recorder.texts.size() == 1);
}

TEST_CASE("frames against the protocol end the connection") {
  TestServer test;
  const auto ends = [&](std::string_view bytes) {
    RawPeer peer = raw_client(test);
    peer.send(bytes);
    peer.read_to_end();
    CHECK(test.running.until([&] { return test.server->counts().websockets == 0; }));
  };
  ends(std::string("\x81\x02hi", 4));  // no mask
  ends(raw_frame(0xc1, "reserved bit"));
  ends(raw_frame(0x83, "unknown kind"));
  ends(raw_frame(0x80, "continues nothing"));
  ends(raw_frame(0x89, std::string(126, 'p')));  // a control frame that is too long
  ends(raw_frame(0x81, "\xff\xfe not UTF-8"));
  RawPeer binary = raw_client(test);
  binary.send(raw_frame(0x82, "binary"));
  CHECK(binary.read_until("spoken").starts_with("\x88\x15\x03\xeb"));  // 1003
  test.running.on([&] { CHECK(test.recorder.texts.empty()); });
}

TEST_CASE("a slow reader is dropped, the others get everything") {
  ServerOptions options;
  options.limits.send_queue_bytes = 1u << 20;
  TestServer test(options);
  RawPeer slow = raw_client(test, {}, 4'096);
  REQUIRE(test.running.until([&] { return test.recorder.opened.size() == 1; }));
  const ConnectionId slow_id = test.recorder.opened[0];
  std::vector<std::unique_ptr<Client>> readers;
  for (int i = 0; i < 10; ++i) readers.push_back(std::make_unique<Client>(test));
  for (const auto& reader : readers) REQUIRE(reader->opened());
  REQUIRE(test.running.until([&] { return test.recorder.opened.size() == 11; }));

  constexpr std::size_t kMessages = 400;
  const auto message = text(std::string(50'000, 'd'));
  bool slow_refused = false;
  for (std::size_t i = 1; i <= kMessages; ++i) {
    test.running.on([&] {
      for (const ConnectionId id : test.recorder.opened) {
        const bool taken = test.server->send_text(id, message);
        if (id == slow_id)
          slow_refused = slow_refused || !taken;
        else if (!taken)
          FAIL("a reader that keeps up was refused");
      }
    });
    REQUIRE(test.running.until([&] {
      return std::all_of(readers.begin(), readers.end(), [&](const auto& r) { return r->recorder.texts.size() == i; });
    }));
  }
  CHECK(slow_refused);
  CHECK(test.running.until([&] { return test.recorder.closed.size() == 1; }));
  test.running.on([&] {
    CHECK(test.recorder.closed.contains(slow_id));
    CHECK(test.server->counts().slow_dropped == 1);
    CHECK(test.server->counts().websockets == 10);
  });
}

TEST_CASE("an orderly end says who ended it and why") {
  TestServer test;
  Client client(test), other(test);
  REQUIRE(client.opened());
  REQUIRE(other.opened());
  REQUIRE(test.running.until([&] { return test.recorder.opened.size() == 2; }));
  test.running.on([&] { test.server->close(test.recorder.opened[0], 1001, "24 hours are over"); });
  const bool first = test.running.until([&] { return client.recorder.ends + other.recorder.ends == 1; });
  REQUIRE(first);
  Client& closed = client.recorder.ends == 1 ? client : other;
  Client& still = client.recorder.ends == 1 ? other : client;
  CHECK(closed.recorder.end.cause == WebsocketCause::closed_by_peer);
  CHECK(closed.recorder.end.close_code == 1001);
  CHECK(closed.recorder.end.text == "24 hours are over");
  test.running.on([&] { still.socket->close(1000, "done"); });
  REQUIRE(still.ended());
  CHECK(still.recorder.end.cause == WebsocketCause::closed_by_us);
  CHECK(test.running.until([&] { return test.recorder.closed.size() == 2; }));
  test.running.on([&] { CHECK(!still.socket->send_text("late")); });
}

TEST_CASE("a reset is told from an orderly end") {
  TestServer test;
  Client client(test);
  REQUIRE(client.opened());
  REQUIRE(test.running.until([&] { return test.recorder.opened.size() == 1; }));
  test.running.on([&] { test.server->drop(test.recorder.opened[0]); });
  REQUIRE(client.ended());
  CHECK(client.recorder.end.cause == WebsocketCause::broken);
  CHECK(client.recorder.end.close_code == 0);
  CHECK(test.running.until([&] { return test.recorder.closed.size() == 1; }));
}

TEST_CASE("a muted connection reads on and says nothing") {
  TestServer test;
  Client client(test, [](WebsocketOptions& options) {
    options.idle_time = 200ms;
    options.ping_interval = 10ms;
  });
  REQUIRE(client.opened());
  REQUIRE(test.running.until([&] { return test.recorder.opened.size() == 1; }));
  test.running.on([&] {
    test.server->mute(test.recorder.opened[0]);
    client.recorder.pongs.clear();
    client.socket->send_text("unheard");
  });
  REQUIRE(client.ended());
  CHECK(client.recorder.end.cause == WebsocketCause::timed_out);
  test.running.on([&] { CHECK(test.recorder.texts.empty()); });
}

TEST_CASE("texts that never left are counted as unsent, those that did are not") {
  RawListener listener;
  TestServer test;
  Client client(test, [&](WebsocketOptions& options) {
    options.port = listener.port();
    options.send_queue_bytes = 64u << 20;
  });
  RawPeer peer = listener.accept();
  RawPeer real(test.port);  // makes the right answer
  real.send(peer.read_until("\r\n\r\n"));
  peer.send(real.read_until("\r\n\r\n"));
  REQUIRE(client.opened());
  constexpr int kTexts = 40;
  test.running.on([&] {
    for (int i = 0; i < kTexts; ++i) CHECK(client.socket->send_text(std::string(1u << 20, 'x')));
  });
  REQUIRE(!peer.read_some().empty());
  peer.reset();
  REQUIRE(client.ended());
  CHECK(client.recorder.end.cause == WebsocketCause::broken);
  CHECK(client.recorder.end.unsent_texts > 0);
  CHECK(client.recorder.end.unsent_texts < kTexts);
}

TEST_CASE("nobody there, silence instead of an upgrade, and a client that closes too early") {
  TestServer test;
  std::uint16_t free_port;
  { free_port = RawListener().port(); }
  Client nobody(test, [&](WebsocketOptions& options) { options.port = free_port; });
  REQUIRE(nobody.ended());
  CHECK(nobody.recorder.end.cause == WebsocketCause::not_connected);

  RawListener silent;
  Client waiting(test, [&](WebsocketOptions& options) {
    options.port = silent.port();
    options.connect_time = 100ms;
  });
  REQUIRE(waiting.ended());
  CHECK(waiting.recorder.end.cause == WebsocketCause::not_connected);

  Client early(test);
  test.running.on([&] { early.socket->close(1000, {}); });
  REQUIRE(early.ended());
  CHECK(early.recorder.end.cause == WebsocketCause::closed_by_us);
}

TEST_CASE("hundreds of streams at once") {
  ServerOptions options;
  options.limits.connections = 1'500;
  TestServer test(options);
  std::vector<RawPeer> peers;
  constexpr std::size_t kStreams = 450;  // both ends are in this process, which may open 1,024 files
  for (std::size_t i = 0; i < kStreams; ++i) peers.push_back(raw_client(test));
  REQUIRE(test.running.until([&] { return test.recorder.opened.size() == kStreams; }));
  test.running.on([&] {
    for (int i = 0; i < 20; ++i) {
      const auto message = text("message " + std::to_string(i) + (i == 19 ? " last" : ""));
      for (const ConnectionId id : test.recorder.opened) CHECK(test.server->send_text(id, message));
    }
  });
  std::size_t complete = 0;
  for (RawPeer& peer : peers) complete += peer.read_until(" last").find("message 0") != std::string::npos ? 1 : 0;
  CHECK(complete == kStreams);
  peers.clear();
  CHECK(test.running.until([&] { return test.server->counts().open == 0; }));
}
