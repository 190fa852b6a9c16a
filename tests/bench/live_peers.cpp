#include "tests/bench/live_peers.h"

#include "config/loader.h"
#include "engine/strategy/registry.h"
#include "engine/version.h"
#include "gateway/binance/net_wire.h"
#include "gateway/binance/record_maker.h"
#include "gateway/binance/venue_facts.h"
#include "tests/support/test_certificates.h"

namespace reprise::bench {

namespace binance = gateway::binance;
namespace exchange = gateway::exchange;

std::int64_t steady_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

sim::RunSink journal_at(const std::string& path, schema::RunMode mode) {
  journal::Manifest manifest;
  manifest.mode = mode;
  manifest.engine_version = engine::kEngineVersion;
  journal::WriterOptions writing;  // wal
  writing.clock = clock_ns;
  return must(sim::RunSink::create(path, manifest, writing));
}

namespace {

std::string between(std::string_view text, std::string_view begin, char end) {
  const std::size_t at = text.find(begin);
  if (at == text.npos) return {};
  const std::size_t from = at + begin.size();
  return std::string(text.substr(from, text.find(end, from) - from));
}

class OrderWatch final : public net::WebsocketClient {
 public:
  OrderWatch(std::unique_ptr<net::WebsocketClient> inner, std::function<void(const std::string&)> on_sent)
      : inner_(std::move(inner)), on_sent_(std::move(on_sent)) {}
  bool is_open() const override { return inner_->is_open(); }
  bool send_text(std::string text) override {
    const std::string id = order_in_text(text);
    const bool is_sent = inner_->send_text(std::move(text));
    if (is_sent && !id.empty()) on_sent_(id);
    return is_sent;
  }
  bool ping(std::string_view payload) override { return inner_->ping(payload); }
  void close(std::uint16_t code, std::string_view reason) override { inner_->close(code, reason); }

 private:
  std::unique_ptr<net::WebsocketClient> inner_;
  std::function<void(const std::string&)> on_sent_;
};

// The wire of a bot, which tells when orders leave.
class WatchedWire final : public binance::Wire {
 public:
  WatchedWire(std::unique_ptr<binance::Wire> inner, std::function<void(const std::string&)> on_sent)
      : inner_(std::move(inner)), on_sent_(std::move(on_sent)) {}
  net::Scheduler& scheduler() override { return inner_->scheduler(); }
  UnixNanos clock() override { return inner_->clock(); }
  void request(binance::Host host, net::Request request, net::Duration time, net::HttpClient::Done done) override {
    const std::string id = order_in_request(request.method, request.path, request.query + "&" + request.body);
    inner_->request(host, std::move(request), time, std::move(done));
    if (!id.empty()) on_sent_(id);
  }
  Result<std::unique_ptr<net::WebsocketClient>> open(binance::Host host, const std::string& target,
                                                     net::WebsocketHandler& handler) override {
    auto opened = inner_->open(host, target, handler);
    if (!opened || host != binance::Host::ws_api) return opened;
    return std::unique_ptr<net::WebsocketClient>(std::make_unique<OrderWatch>(std::move(opened).value(), on_sent_));
  }

 private:
  std::unique_ptr<binance::Wire> inner_;
  std::function<void(const std::string&)> on_sent_;
};

}  // namespace

std::string order_in_request(std::string_view method, std::string_view path, std::string_view parameters) {
  if (path != "/fapi/v1/order" || (method != "POST" && method != "PUT")) return {};
  return between(parameters, "lientOrderId=", '&');
}

std::string order_in_text(std::string_view text) {
  if (text.find("\"order.place\"") == text.npos && text.find("\"order.modify\"") == text.npos) return {};
  return between(text, "lientOrderId\":\"", '"');
}

Venue::Venue(sim::RunSink sink, VenueOptions options) : sink_(std::move(sink)) {
  sink_.on_record = std::move(options.on_record);
  exchange::ExchangeServerOptions serving;
  auto loaded = must(config::override_entries(config::journaled_entries({}), {}, engine::strategy_catalog()));
  serving.config = loaded.config;
  serving.limits = {1'000'000'000, 1'000'000'000, 1'000'000'000};
  serving.wall_clock = clock_ns;
  serving.tls = std::move(options.tls);
  serving.speed = options.speed;
  exchange::ServedAccount account;
  account.api_key = kKey;
  account.secret = binance::Secret::copy_of(kSecret);
  account.balance_e8 = options.balance * kScale;
  serving.accounts.push_back(std::move(account));
  server_ = must(exchange::ExchangeServer::start(loop_, std::move(serving), sink_, [](UnixNanos start) {
    return Result<std::unique_ptr<exchange::MarketFeed>>(exchange::open_generated_feed(7, 1, start));
  }));
  thread_ = std::thread([this] { loop_.run(); });
}

Venue::~Venue() {
  loop_.stop();
  thread_.join();
  server_.reset();
}

Bot::Bot(sim::RunSink sink, BotOptions options) : sink_(std::move(sink)) {
  sink_.on_record = std::move(options.on_record);
  auto environment = must(binance::environment_at(options.url));
  environment.ca_file = options.authority;
  wire_ = must(binance::make_net_wire(loop_, environment, [] { return UnixNanos{clock_ns()}; }));
  if (options.on_sent) wire_ = std::make_unique<WatchedWire>(std::move(wire_), options.on_sent);
  rest_ = std::make_unique<binance::RestClient>(*wire_, binance::RestClient::Options{}, nullptr);
  binance::Credentials credentials;
  credentials.api_key = binance::Secret::copy_of(kKey);
  credentials.api_secret = binance::Secret::copy_of(kSecret);
  must(rest_->use(std::move(credentials)));
  if (options.by_websocket) rest_->use_ws_api({});
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
  gateway::LiveLoop::Options trading;
  trading.run_tag = kRunTag;
  gateway::LiveLoop::Events events;
  events.on_live = [this] {
    if (!is_live_) market_->start();
    is_live_ = true;
  };
  events.on_fatal = [](const std::string& text) { fail(io_error(text)); };
  live_ = std::make_unique<gateway::LiveLoop>(*rest_, symbols_, sink_, trading, std::move(events));
  binance::MarketSessionOptions market;
  market.times.steady = market.settled = options.settled;
  market_ = must(binance::MarketSession::create(*rest_, *this, {{"BTCUSDT", 1}}, market));
  journal::RecordBatch declarations;
  journal::RecordHeader header;
  header.instrument = 1;
  gateway::append_instrument(known.instruments[0], header, declarations);
  live_->begin(loaded.config, config::journaled_entries(loaded.config), declarations);
  live_->start();
}

Bot::~Bot() = default;

void Bot::on_records(const journal::RecordBatch& records) {
  heard_ = steady_ns();
  live_->on_market(records);
}

}  // namespace reprise::bench
