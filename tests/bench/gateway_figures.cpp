// Figures of the gateway: a live run and an exchange on the two sides of real sockets with TLS, depth messages, orders
// that the exchange takes. Client and server share this machine's cores.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "config/loader.h"
#include "engine/strategy/registry.h"
#include "engine/version.h"
#include "gateway/binance/client_order_id.h"
#include "gateway/binance/market_session.h"
#include "gateway/binance/message_parser.h"
#include "gateway/binance/net_wire.h"
#include "gateway/binance/record_maker.h"
#include "gateway/binance/signer.h"
#include "gateway/binance/venue_facts.h"
#include "gateway/exchange/server.h"
#include "gateway/net/http_client.h"
#include "gateway/net/websocket_client.h"
#include "gateway/run/live_loop.h"
#include "tests/bench/bench.h"
#include "tests/bench/live_peers.h"
#include "tests/support/test_certificates.h"

namespace reprise::bench {

namespace {

namespace binance = gateway::binance;
namespace exchange = gateway::exchange;
using journal::RecordType;
using journal::RecordView;

// ------------------------------------------------------------------------------------- socket to socket

// When the exchange wrote payloads to its sockets, and the orders that came of them: payloads are heard in their order,
// so an order is of the last one that was written before. Both threads write.
class Causes {
 public:
  struct Way {  // us from the writing of the payload
    std::vector<double> heard, on_wire, at_venue;
  };
  void said(std::int64_t now) {
    const std::lock_guard lock(guard_);
    said_.push_back(now);
    if (said_.size() > 4'096) said_.pop_front();
  }
  // The bot's step, whose input is a change of book or best price, commands an order.
  void ordered(const std::string& client_id, std::int64_t heard) { fresh_[client_id] = heard; }
  // An order has been given to its socket. One of an earlier turn waited for the venue's word on a command before it.
  void sent(const std::string& client_id, std::int64_t now) {
    const auto order = fresh_.find(client_id);
    if (order == fresh_.end()) return;
    const std::int64_t heard = order->second;
    fresh_.erase(order);
    const std::lock_guard lock(guard_);
    const auto later = std::upper_bound(said_.begin(), said_.end(), heard);
    if (later == said_.begin()) return;
    const std::int64_t start = *std::prev(later);
    way_.heard.push_back(static_cast<double>(heard - start) * 1e-3);
    way_.on_wire.push_back(static_cast<double>(now - start) * 1e-3);
    if (const auto early = early_.find(client_id); early != early_.end() && early->second > heard) {
      way_.at_venue.push_back(static_cast<double>(early->second - start) * 1e-3);
      early_.erase(early);
    } else {
      sent_[client_id] = start;
    }
  }
  void end_turn() { fresh_.clear(); }
  void arrived(const std::string& client_id, std::int64_t now) {
    const std::lock_guard lock(guard_);
    const auto order = sent_.find(client_id);
    if (order == sent_.end()) {
      early_[client_id] = now;  // it overtook the bot's own note of it
      return;
    }
    way_.at_venue.push_back(static_cast<double>(now - order->second) * 1e-3);
    sent_.erase(order);
  }
  Way take() {
    const std::lock_guard lock(guard_);
    return std::move(way_);
  }

 private:
  std::mutex guard_;
  std::deque<std::int64_t> said_;
  std::map<std::string, std::int64_t> fresh_;  // commanded in this turn; the bot's thread alone
  std::map<std::string, std::int64_t> sent_, early_;
  Way way_;
};

// From the moment at which the exchange writes its payloads of a change of the book or the best price to the moment at
// which the order that this change led to has been written to the bot's socket: both sockets, TLS, parsing, engine,
// journal (wal), signature. Beside it, until the exchange has read the order and what was due before it.
void measure_socket_to_socket(Bench& bench, const test::TestCertificates& certificates, double seconds, bool spins,
                              bool by_websocket) {
  bench.say("socket to socket");
  Causes causes;
  net::Loop* serving = nullptr;
  bool is_writing = false;  // the exchange's thread alone
  const auto watch = [&](const RecordView& record) {
    if (record.type() == RecordType::SERVER_ANSWER) {
      if (journal::read<schema::ServerAnswer>(record).getKind() != schema::ServerAnswerKind::STREAMS) return;
      if (serving == nullptr || std::exchange(is_writing, true)) return;
      // Behind all that is due now, and in front of the turn's end, at which it is written.
      serving->post([&] {
        is_writing = false;
        causes.said(steady_ns());
      });
    } else if (record.type() == RecordType::CLIENT_MESSAGE) {
      const auto message = journal::read<schema::ClientMessage>(record);
      const std::string_view body(message.getBody().cStr(), message.getBody().size());
      const std::string id = message.getKind() == schema::ClientMessageKind::TEXT
                                 ? order_in_text(body)
                                 : order_in_request(message.getMethod().cStr(), message.getPath().cStr(),
                                                    std::string(message.getQuery().cStr()) + "&" + std::string(body));
      if (!id.empty()) causes.arrived(id, steady_ns());
    }
  };
  VenueOptions at_venue;
  at_venue.tls = net::ServerTls{certificates.good.certificate, certificates.good.key};
  at_venue.on_record = watch;
  Venue venue(sim::RunSink::none(), std::move(at_venue));
  venue.loop().post([&] { serving = &venue.loop(); });
  const std::string way = std::string(spins ? "-spinning" : "") + (by_websocket ? "-websocket" : "");
  BotOptions trading;
  trading.url = "https://localhost:" + std::to_string(venue.port());
  trading.authority = certificates.authority;
  trading.by_websocket = by_websocket;
  trading.on_sent = [&](const std::string& client_id) { causes.sent(client_id, steady_ns()); };
  Bot* listening = nullptr;
  bool is_price = false;  // a change of book or best price is the bot's input
  trading.on_record = [&](const RecordView& record) {
    if (!record.header->is_output()) {
      is_price = record.type() == RecordType::BOOK_DELTA || record.type() == RecordType::BBO;
    } else if (record.type() == RecordType::ORDER_COMMAND && is_price && listening != nullptr) {
      const auto command = journal::read<schema::OrderCommand>(record);
      if (command.getKind() == schema::CommandKind::SUBMIT || command.getKind() == schema::CommandKind::MODIFY)
        causes.ordered(binance::client_order_id(kRunTag, command.getOrderId()), listening->heard_at());
    }
  };
  Bot bot(journal_at(bench.place + "/socket-to-socket" + way, schema::RunMode::LIVE), std::move(trading));
  listening = &bot;
  const auto trade = [&](double length) {
    for (const double until = wall_now() + length; wall_now() < until;) {
      // Spinning looks at the sockets without ever waiting for them, which costs a core and saves being woken.
      bot.turn(spins ? net::Duration{} : net::Duration(kShort));
      causes.end_turn();
    }
  };
  trade(1);
  (void)causes.take();  // connections are new, and so is the book
  trade(seconds);
  Causes::Way found = causes.take();
  if (found.on_wire.empty() || found.at_venue.empty())
    found.heard = found.on_wire = found.at_venue = {1e9};  // no goal met
  const auto us = [](double value) { return tools::fixed_text(value, 0); };
  const std::string note = std::to_string(found.on_wire.size()) +
                           " orders, exchange and bot on this machine's cores, journal wal; parsed after " +
                           us(median(found.heard)) + " us, read at the venue after " + us(median(found.at_venue)) +
                           " us (p99 " + us(percentile(found.at_venue, 0.99)) + ")";
  const std::string name = std::string("market payload to order on the wire") +
                           (by_websocket ? ", WebSocket API" : ", REST") + (spins ? ", bot spinning" : "");
  bench.figures.push_back(figure_of(name + ", p50", median(found.on_wire), "us", 40, Better::lower, note));
  bench.figures.push_back(figure_of(name + ", p99", percentile(found.on_wire, 0.99), "us", 250, Better::lower, note));
}

// What this machine's kernel alone takes: 256 bytes to a waiting thread over loopback and back, nothing else, as seldom
// as orders are. A payload's way in and its order's way out cannot be shorter.
void measure_bare_echo(Bench& bench, int rounds) {
  bench.say("bare echo");
  int pair[2] = {-1, -1};
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  pair[0] = ::socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || pair[0] < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1) != 0 || ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::connect(pair[0], reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      (pair[1] = ::accept(listener, nullptr, nullptr)) < 0)
    fail(io_error("no loopback connection"));
  const int at_once = 1;
  for (const int socket : pair) ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  std::thread echo([&] {
    char bytes[256];
    while (::recv(pair[1], bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes &&
           ::send(pair[1], bytes, sizeof bytes, MSG_NOSIGNAL) == sizeof bytes) {
    }
  });
  std::vector<double> us;
  char bytes[256] = {};
  for (int n = 0; n < rounds; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const std::int64_t start = steady_ns();
    if (::send(pair[0], bytes, sizeof bytes, MSG_NOSIGNAL) != sizeof bytes ||
        ::recv(pair[0], bytes, sizeof bytes, MSG_WAITALL) != sizeof bytes)
      fail(io_error("the loopback connection broke"));
    us.push_back(static_cast<double>(steady_ns() - start) * 1e-3);
  }
  ::shutdown(pair[0], SHUT_RDWR);
  echo.join();
  for (const int socket : {pair[0], pair[1], listener}) ::close(socket);
  bench.figures.push_back(figure_of("bare TCP echo of 256 bytes, p50", median(us), "us", std::nullopt, Better::lower,
                                    "the kernel's part of the way in and out, both ends woken; p99 " +
                                        tools::fixed_text(percentile(us, 0.99), 0) + " us"));
}

// ------------------------------------------------------------------------------------- depth messages

// Says frames to whoever opens a WebSocket, as fast as they are taken.
class Flood final : public net::ServerHandler {
 public:
  explicit Flood(std::uint64_t frames) : frames_(frames) {}
  void start(net::Server& server, net::Loop& loop) {
    server_ = &server;
    loop_ = &loop;
  }
  void on_request(net::Request, net::Reply reply) override { reply.send({404, {}, ""}); }
  std::optional<net::Response> on_websocket(const net::Request&) override { return std::nullopt; }
  void on_open(net::ConnectionId id) override { pump(id); }

 private:
  void pump(net::ConnectionId id) {
    while (made_ < frames_ && server_->counts().queued_bytes < (1u << 20)) {
      (void)server_->send_text(id, std::make_shared<const std::string>(frame(++made_)));
    }
    if (made_ < frames_) (void)loop_->after(std::chrono::microseconds(200), [this, id] { pump(id); });
  }
  // One message as the venue sends it: twenty levels a side near the same mid.
  static std::string frame(std::uint64_t n) {
    std::string text = R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":)" +
                       std::to_string(1'767'225'600'000 + n) + ",\"T\":" + std::to_string(1'767'225'600'000 + n) +
                       R"(,"s":"BTCUSDT","U":)" + std::to_string(n * 10 + 1) + ",\"u\":" + std::to_string(n * 10 + 10) +
                       ",\"pu\":" + std::to_string(n * 10);
    for (const char* side : {"b", "a"}) {
      text += std::string(",\"") + side + "\":[";
      for (int level = 0; level < 20; ++level) {
        const std::uint64_t tick =
            side[0] == 'b' ? 420'000 - static_cast<unsigned>(level) : 420'001 + static_cast<unsigned>(level);
        text += (level == 0 ? "" : ",") + std::string("[\"") + std::to_string(tick / 10) + "." +
                std::to_string(tick % 10) + "0\",\"" +
                std::to_string((n * 7 + static_cast<unsigned>(level) * 13) % 50) + "." + std::to_string(100 + n % 900) +
                "\"]";
      }
      text += "]";
    }
    return text + "}}";
  }

  std::uint64_t frames_;
  std::uint64_t made_ = 0;
  net::Server* server_ = nullptr;
  net::Loop* loop_ = nullptr;
};

class DepthClient final : public net::WebsocketHandler {
 public:
  DepthClient(sim::RunSink& sink) : seat_(sink), sink_(sink) {
    auto loaded = must(config::override_entries(config::journaled_entries({}), {}, engine::strategy_catalog()));
    seat_.input(seat_.run_start(1, 1, {clock_ns()}));
    seat_.input(seat_.configuration(config::journaled_entries(loaded.config), {clock_ns()}));
    seat_.input(seat_.make<schema::Instrument>(RecordType::INSTRUMENT, {clock_ns()}, [](schema::Instrument::Builder b) {
      b.setSymbol("BTCUSDT");
      b.setVenue(schema::Venue::BINANCE_USDM);
      b.setContractType(schema::ContractType::LINEAR_PERPETUAL);
      b.setTickSize(kScale / 10);
      b.setLotSize(kScale / 1000);
    }));
  }
  void on_text(std::string_view text) override {
    messages_.clear();
    const gateway::FrameResult result = parser_.parse_frame(text, messages_);
    if (result.verdict != gateway::FrameVerdict::messages) fail(io_error("a depth frame is bad: " + result.reason));
    const UnixNanos now{clock_ns()};
    for (std::size_t n = 0; n < messages_.size(); ++n) {
      batch_.clear();
      journal::RecordHeader header = seat_.arriving({}, now);
      header.instrument = 1;
      header.ts_event = messages_[n].ts_event;
      maker_.append(messages_[n], header, batch_);
      batch_.for_each(0, [&](const RecordView& view) { seat_.input(seat_.copy(*view.header, view)); });
    }
    // As the live loop does on its clock.
    if (++taken % 1'000 == 0) must(sink_.commit());
  }
  void on_end(const net::WebsocketEnd& end) override { ended = end.text.empty() ? "closed" : end.text; }
  std::uint64_t taken = 0;
  std::optional<std::string> ended;

 private:
  sim::EngineSeat seat_;
  sim::RunSink& sink_;
  gateway::MessageParser parser_;
  gateway::MessageBuffer messages_;
  gateway::RecordMaker maker_;
  journal::RecordBatch batch_;
};

void measure_depth(Bench& bench, const test::TestCertificates& certificates, std::uint64_t frames) {
  bench.say("depth messages");
  net::Loop serving;
  Flood flood(frames);
  net::ServerOptions listening;
  listening.tls = net::ServerTls{certificates.good.certificate, certificates.good.key};
  auto server = must(net::start_server(serving, std::move(listening), flood));
  flood.start(*server, serving);
  std::thread thread([&] { serving.run(); });
  net::Loop loop;
  sim::RunSink sink = journal_at(bench.place + "/depth", schema::RunMode::LIVE);
  DepthClient client(sink);
  net::WebsocketOptions options;
  options.host = "localhost";
  options.port = server->port();
  options.tls = net::ClientTls{certificates.authority, "localhost"};
  const double start = wall_now();
  auto socket = must(net::open_websocket(loop, std::move(options), client));
  while (client.taken < frames && !client.ended) loop.turn(kShort);
  must(sink.commit());
  const double seconds = wall_now() - start;
  if (client.ended) fail(io_error("the depth stream ended: " + *client.ended));
  serving.stop();
  thread.join();
  bench.figures.push_back(figure_of("depth messages through TLS, parsed, journaled, booked",
                                    static_cast<double>(frames) / seconds, "1/s", 60'000, Better::higher,
                                    "20 levels a side, server on the same cores"));
}

// ------------------------------------------------------------------------------------- orders at the exchange

std::string order_parameters(const binance::Signer& signer, std::uint64_t n, bool for_ws) {
  const std::string side = n % 2 == 0 ? "BUY" : "SELL";
  const std::string stamp = std::to_string(clock_ns() / 1'000'000);
  if (!for_ws) {
    const std::string query =
        "symbol=BTCUSDT&side=" + side + "&type=MARKET&quantity=0.01&recvWindow=60000&timestamp=" + stamp;
    return query + "&signature=" + must(signer.signature(query));
  }
  const std::string payload = std::string("apiKey=") + kKey +
                              "&quantity=0.01&recvWindow=60000&returnRateLimits=false&side=" + side +
                              "&symbol=BTCUSDT&timestamp=" + stamp + "&type=MARKET";
  return R"({"id":)" + std::to_string(n) + R"(,"method":"order.place","params":{"apiKey":")" + kKey +
         R"(","quantity":"0.01","recvWindow":60000,"side":")" + side + R"(","symbol":"BTCUSDT","timestamp":)" + stamp +
         R"(,"type":"MARKET","returnRateLimits":"false","signature":")" + must(signer.signature(payload)) + "\"}}";
}

void measure_rest_orders(Bench& bench, std::uint64_t orders) {
  bench.say("orders over REST");
  VenueOptions at_venue;
  at_venue.balance = 10'000'000;
  Venue venue(journal_at(bench.place + "/rest-orders", schema::RunMode::EXCHANGE), at_venue);
  net::Loop loop;
  net::HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = venue.port();
  options.connections = 8;
  auto client = must(net::make_http_client(loop, std::move(options)));
  const auto signer = must(binance::Signer::of_key(binance::Secret::copy_of(kSecret)));
  std::uint64_t sent = 0, answered = 0;
  std::function<void()> next = [&] {
    if (sent >= orders) return;
    net::Request request;
    request.method = "POST";
    request.path = "/fapi/v1/order";
    request.query = order_parameters(signer, sent++, false);
    request.headers.add("X-MBX-APIKEY", kKey);
    client->send(std::move(request), std::chrono::seconds(60), [&](net::HttpResult r) {
      if (r.fate != net::Fate::answered || r.response.status != 200)
        fail(io_error("an order was not taken: " + r.problem + r.response.body));
      ++answered;
      next();
    });
  };
  const double start = wall_now();
  for (int n = 0; n < 8; ++n) next();
  while (answered < orders) loop.turn(kShort);
  bench.figures.push_back(figure_of("orders over REST: taken, matched, journaled, answered",
                                    static_cast<double>(orders) / (wall_now() - start), "1/s", 20'000, Better::higher,
                                    "8 kept connections, signing client on the same cores"));
}

class ApiClient final : public net::WebsocketHandler {
 public:
  void on_open() override { is_open = true; }
  void on_text(std::string_view text) override {
    if (text.find("\"status\":200") == std::string_view::npos)
      fail(io_error("an order was not taken: " + std::string(text)));
    ++answered;
  }
  void on_end(const net::WebsocketEnd& end) override { fail(io_error("the WebSocket API ended: " + end.text)); }
  bool is_open = false;
  std::uint64_t answered = 0;
};

void measure_ws_orders(Bench& bench, std::uint64_t orders) {
  bench.say("orders over the WebSocket API");
  constexpr std::uint64_t kUnderWay = 64;
  VenueOptions at_venue;
  at_venue.balance = 10'000'000;
  Venue venue(journal_at(bench.place + "/ws-orders", schema::RunMode::EXCHANGE), at_venue);
  net::Loop loop;
  net::WebsocketOptions options;
  options.host = "127.0.0.1";
  options.port = venue.port();
  options.target = "/ws-fapi/v1";
  ApiClient client;
  auto socket = must(net::open_websocket(loop, std::move(options), client));
  while (!client.is_open) loop.turn(kShort);
  const auto signer = must(binance::Signer::of_key(binance::Secret::copy_of(kSecret)));
  std::uint64_t sent = 0;
  const double start = wall_now();
  while (client.answered < orders) {
    while (sent < orders && sent - client.answered < kUnderWay)
      (void)socket->send_text(order_parameters(signer, sent++, true));
    loop.turn(kShort);
  }
  bench.figures.push_back(figure_of("orders over the WebSocket API: taken, matched, journaled, answered",
                                    static_cast<double>(orders) / (wall_now() - start), "1/s", 50'000, Better::higher,
                                    "64 under way, signing client on the same cores"));
}

}  // namespace

void measure_gateway(Bench& bench) {
  const test::TestCertificates certificates;
  const std::uint64_t size = bench.size.commits;  // 20,000; 200 when tiny
  const double seconds = size > 10'000 ? 30 : size > 1'000 ? 10 : 1.5;
  measure_bare_echo(bench, size > 1'000 ? 1'000 : 20);
  for (const bool by_websocket : {false, true})
    for (const bool spins : {false, true}) measure_socket_to_socket(bench, certificates, seconds, spins, by_websocket);
  measure_depth(bench, certificates, size * 10);
  measure_rest_orders(bench, size);
  measure_ws_orders(bench, size);
}

}  // namespace reprise::bench
