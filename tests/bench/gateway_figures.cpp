// Figures of the gateway: a live run and an exchange on the two sides of real sockets with TLS, depth messages, orders
// that the exchange takes. Client and server share this machine's cores.
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "config/loader.h"
#include "engine/strategy/registry.h"
#include "engine/version.h"
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
#include "tests/support/test_certificates.h"

namespace reprise::bench {

namespace {

namespace binance = gateway::binance;
namespace exchange = gateway::exchange;
using journal::RecordType;
using journal::RecordView;

constexpr const char* kKey = "bench-key";
constexpr const char* kSecret = "bench-secret";
constexpr auto kShort = std::chrono::milliseconds(1);

sim::RunSink journal_at(const std::string& path, schema::RunMode mode) {
  journal::Manifest manifest;
  manifest.mode = mode;
  manifest.engine_version = engine::kEngineVersion;
  journal::WriterOptions writing;  // wal
  writing.clock = clock_ns;
  return must(sim::RunSink::create(path, manifest, writing));
}

// An exchange on a thread of its own. `on_record` sees its journal's records on that thread.
class Venue {
 public:
  Venue(sim::RunSink sink, std::optional<net::ServerTls> tls, std::int64_t balance,
        std::function<void(const RecordView&)> on_record = {})
      : sink_(std::move(sink)) {
    sink_.on_record = std::move(on_record);
    exchange::ExchangeServerOptions options;
    auto loaded = must(config::override_entries(config::journaled_entries({}), {}, engine::strategy_catalog()));
    options.config = loaded.config;
    options.limits = {1'000'000'000, 1'000'000'000, 1'000'000'000};
    options.wall_clock = clock_ns;
    options.tls = std::move(tls);
    exchange::ServedAccount account;
    account.api_key = kKey;
    account.secret = binance::Secret::copy_of(kSecret);
    account.balance_e8 = balance * kScale;
    options.accounts.push_back(std::move(account));
    server_ = must(exchange::ExchangeServer::start(loop_, std::move(options), sink_, [](UnixNanos start) {
      return Result<std::unique_ptr<exchange::MarketFeed>>(exchange::open_generated_feed(7, 1, start));
    }));
    port = server_->port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Venue() {
    loop_.stop();
    thread_.join();
    server_.reset();
  }
  std::uint16_t port = 0;

 private:
  net::Loop loop_;
  sim::RunSink sink_;
  std::unique_ptr<exchange::ExchangeServer> server_;
  std::thread thread_;
};

// ------------------------------------------------------------------------------------- socket to socket

// A live run in this thread.
class Bot final : private binance::MarketSink {
 public:
  Bot(const std::string& url, const std::string& authority, sim::RunSink sink, bool by_websocket)
      : sink_(std::move(sink)) {
    auto environment = must(binance::environment_at(url));
    environment.ca_file = authority;
    wire_ = must(binance::make_net_wire(loop_, environment, [] { return UnixNanos{clock_ns()}; }));
    rest_ = std::make_unique<binance::RestClient>(*wire_, binance::RestClient::Options{}, nullptr);
    binance::Credentials credentials;
    credentials.api_key = binance::Secret::copy_of(kKey);
    credentials.api_secret = binance::Secret::copy_of(kSecret);
    must(rest_->use(std::move(credentials)));
    if (by_websocket) rest_->use_ws_api({});
    std::optional<Result<binance::VenueFacts>> facts;
    binance::fetch_venue_facts(*rest_, {"BTCUSDT"}, [&](Result<binance::VenueFacts> f) { facts = std::move(f); });
    while (!facts) loop_.turn(kShort);
    const binance::VenueFacts known = must(std::move(*facts));
    symbols_.add("BTCUSDT");
    auto loaded = must(config::override_entries(
        config::journaled_entries({}),
        {"account.initial_balance=1000", "strategies.grid.kind=quoting_grid", "strategies.grid.instruments=BTCUSDT",
         "strategies.grid.params.levels=1", "strategies.grid.params.half_spread=0.0001",
         "strategies.grid.params.spacing=0.00002", "strategies.grid.params.requote_threshold=0",
         "strategies.grid.params.order_notional=150", "strategies.grid.params.max_inventory=300",
         "strategies.grid.params.min_requote_interval=1ms", "risk.max_orders_per_second=0",
         "risk.max_orders_per_minute=0"},
        engine::strategy_catalog()));
    gateway::LiveLoop::Options options;
    options.run_tag = 7;
    gateway::LiveLoop::Events events;
    events.on_live = [this] {
      if (!is_live_) market_->start();
      is_live_ = true;
    };
    events.on_fatal = [](const std::string& text) { fail(io_error(text)); };
    live_ = std::make_unique<gateway::LiveLoop>(*rest_, symbols_, sink_, options, std::move(events));
    market_ = must(binance::MarketSession::create(*rest_, *this, {{"BTCUSDT", 1}}, {}));
    journal::RecordBatch declarations;
    journal::RecordHeader header;
    header.instrument = 1;
    gateway::append_instrument(known.instruments[0], header, declarations);
    live_->begin(loaded.config, config::journaled_entries(loaded.config), declarations);
    live_->start();
  }
  std::atomic<std::int64_t> heard{0};  // when market records came last, steady clock, ns
  // `spins`: looks at its sockets without ever waiting for them, which costs a core and saves being woken.
  void trade(double seconds, bool spins) {
    const double until = wall_now() + seconds;
    while (wall_now() < until) loop_.turn(spins ? net::Duration{} : net::Duration(kShort));
  }

 private:
  void on_records(const journal::RecordBatch& records) override {
    heard = std::chrono::steady_clock::now().time_since_epoch().count();
    live_->on_market(records);
  }

  net::Loop loop_;
  sim::RunSink sink_;
  std::unique_ptr<binance::Wire> wire_;
  std::unique_ptr<binance::RestClient> rest_;
  binance::SymbolTable symbols_{"USDT", ""};
  std::unique_ptr<gateway::LiveLoop> live_;
  std::unique_ptr<binance::MarketSession> market_;
  bool is_live_ = false;
};

// From the moment at which the exchange has made its payloads of a market record to the moment at which it has the
// order that they led to: both sockets, TLS, parsing, engine, journal (wal), signature. Orders that come more than
// 20 ms behind the newest payload have another cause and are left out.
void measure_socket_to_socket(Bench& bench, const test::TestCertificates& certificates, double seconds, bool spins,
                              bool by_websocket) {
  bench.say("socket to socket");
  std::atomic<std::int64_t> said{0};
  std::atomic<Bot*> listening{nullptr};
  std::mutex guard;
  std::vector<double> us, first_half;
  const auto watch = [&](const RecordView& record) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    if (record.type() == RecordType::SERVER_ANSWER) {
      if (journal::read<schema::ServerAnswer>(record).getKind() == schema::ServerAnswerKind::STREAMS) said = now;
    } else if (record.type() == RecordType::CLIENT_MESSAGE) {
      const auto message = journal::read<schema::ClientMessage>(record);
      const std::string_view method = message.getMethod().cStr();
      const std::string_view body(message.getBody().cStr(), message.getBody().size());
      const bool is_rest =
          std::string_view(message.getPath().cStr()) == "/fapi/v1/order" && (method == "POST" || method == "PUT");
      const bool is_text = message.getKind() == schema::ClientMessageKind::TEXT &&
                           (body.find("\"order.place\"") != body.npos || body.find("\"order.modify\"") != body.npos);
      if (!is_rest && !is_text) return;
      const std::lock_guard lock(guard);
      if (now - said >= 20'000'000) return;
      us.push_back(static_cast<double>(now - said) * 1e-3);
      const Bot* const bot = listening;
      if (bot != nullptr && bot->heard > said) first_half.push_back(static_cast<double>(bot->heard - said) * 1e-3);
    }
  };
  Venue venue(sim::RunSink::none(), net::ServerTls{certificates.good.certificate, certificates.good.key}, 1'000, watch);
  const std::string way = std::string(spins ? "-spinning" : "") + (by_websocket ? "-websocket" : "");
  Bot bot("https://localhost:" + std::to_string(venue.port), certificates.authority,
          journal_at(bench.place + "/socket-to-socket" + way, schema::RunMode::LIVE), by_websocket);
  listening = &bot;
  bot.trade(seconds, spins);
  listening = nullptr;
  const std::lock_guard lock(guard);
  if (us.empty()) us = first_half = {1e9};  // nothing measured is no goal met
  const std::string note = std::to_string(us.size()) +
                           " orders, exchange and bot on this machine's cores, journal wal; " +
                           tools::fixed_text(median(first_half), 0) + " us of it to the bot's parsed records";
  const std::string name = std::string("market payload to order at the venue") +
                           (by_websocket ? ", WebSocket API" : ", REST") + (spins ? ", bot spinning" : "");
  bench.figures.push_back(figure_of(name + ", p50", median(us), "us", 40, Better::lower, note));
  bench.figures.push_back(figure_of(name + ", p99", percentile(us, 0.99), "us", 250, Better::lower, note));
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
  Venue venue(journal_at(bench.place + "/rest-orders", schema::RunMode::EXCHANGE), std::nullopt, 10'000'000);
  net::Loop loop;
  net::HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = venue.port;
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
  Venue venue(journal_at(bench.place + "/ws-orders", schema::RunMode::EXCHANGE), std::nullopt, 10'000'000);
  net::Loop loop;
  net::WebsocketOptions options;
  options.host = "127.0.0.1";
  options.port = venue.port;
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
  for (const bool by_websocket : {false, true})
    for (const bool spins : {false, true}) measure_socket_to_socket(bench, certificates, seconds, spins, by_websocket);
  measure_depth(bench, certificates, size * 10);
  measure_rest_orders(bench, size);
  measure_ws_orders(bench, size);
}

}  // namespace reprise::bench
