// reprise exchange: the simulated venue as a server that speaks Binance USD-M Futures' own protocol.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "config/loader.h"
#include "engine/strategy/registry.h"
#include "engine/version.h"
#include "gateway/exchange/server.h"
#include "tools/build_info.h"
#include "tools/command.h"
#include "tools/endpoint.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

namespace exchange = gateway::exchange;

// KEY:SECRET:BALANCE, or KEY:FILE.pem:BALANCE with the public key of an RSA or Ed25519 pair.
Result<exchange::ServedAccount> parse_account(const std::string& text) {
  const char* hint = "KEY:SECRET:BALANCE, or KEY:PUBLIC_KEY.pem:BALANCE";
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string::npos || first == last || first == 0 || last == first + 1)
    return usage_error("--account wants three parts", hint);
  exchange::ServedAccount account;
  account.api_key = text.substr(0, first);
  if (!parse_decimal(text.substr(last + 1), account.balance_e8) || account.balance_e8 < 0)
    return usage_error("--account " + account.api_key + ": the balance is not a decimal", hint);
  std::string secret = text.substr(first + 1, last - first - 1);
  if (secret.size() > 4 && secret.ends_with(".pem")) {
    auto pem = config::read_profile(secret);
    if (!pem) return pem.error();
    account.public_key_pem = std::move(pem).value();
  } else {
    account.secret = gateway::binance::Secret::taken_from(secret);
  }
  return account;
}

class Exchange final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("--listen", listen_, "where to listen; port 0 takes any free one")
        .value("HOST:PORT")
        .shows_default();
    arguments.texts("--data", data_, "market from a dataset journal; repeat it to merge several").value("DATASET");
    arguments.number("--generate", seed_, "market from the generator, without end").value("SEED");
    arguments.number("--symbols", symbols_, "instruments of a generated market, 1 to 20").shows_default();
    arguments
        .texts("--account", accounts_,
               "an account: its key, its HMAC secret (or the file of a public key), its balance")
        .value("KEY:SECRET:BALANCE");
    arguments.real("--speed", speed_, "how fast the market is played; 1 = real time").shows_default().value("X");
    arguments.flag("--unrouted-streams", unrouted_has_all_,
                   "every stream on /ws and /stream too, for clients that know no routes; the venue's are public only");
    arguments.text("--config", config_, "profile, YAML: fees, models, leverage").value("FILE");
    arguments.texts("--set", settings_, "override a configuration key by its dotted path").value("KEY=VALUE");
    arguments.text("--tls-cert", tls_certificate_, "certificate chain, PEM: https and wss only").value("FILE");
    arguments.text("--tls-key", tls_key_, "its private key, PEM").value("FILE");
    arguments.text("--admin", admin_, "operator port for faults on request; its token is in REPRISE_ADMIN_TOKEN")
        .value("HOST:PORT");
    arguments.text("--journal", journal_, "keep the day: all that clients sent and were answered; must not exist")
        .value("JOURNAL");
    arguments.number("--seed", day_seed_, "of listen keys and of what faults draw (default: from the machine's own)")
        .value("SEED");
    arguments.examples(
        "reprise exchange --generate 7 --account key:secret:1000\n"
        "reprise exchange --listen 127.0.0.1:8080 --data day --account key:secret:1000 --speed 10\n"
        "reprise exchange --generate 7 --account key:secret:1000 --journal day1   # later: reprise replay day1\n"
        "Ctrl-C ends it. One line says where it listens; what clients find there: gateway/exchange/EXCHANGE.md.");
  }

  Result<int> run(Terminal& terminal) override {
    if (!journal_.empty()) {
      if (Status free = check_is_free("--journal", journal_); !free) return free.error();
    }
    auto endpoint = parse_endpoint(listen_);
    if (!endpoint) return endpoint.error();
    if (data_.empty() == (seed_ == kNoSeed)) {
      return usage_error(
          data_.empty() ? "no market: --data or --generate is missing" : "--data and --generate exclude each other",
          "--generate 7 makes a market from a seed; --data DATASET plays a recorded one");
    }
    if (symbols_ < 1 || symbols_ > 20) return usage_error("--symbols must be 1 to 20");
    if (!std::isfinite(speed_) || speed_ <= 0 || speed_ > 10'000)
      return usage_error("--speed must be more than 0, at most 10000");
    if (tls_certificate_.empty() != tls_key_.empty()) return usage_error("--tls-cert and --tls-key go together");

    exchange::ExchangeServerOptions options;
    options.address = endpoint->address;
    options.port = endpoint->port;
    options.speed = speed_;
    options.unrouted_has_all = unrouted_has_all_;
    options.wall_clock = wall_clock_ns;
    if (!tls_certificate_.empty()) options.tls = net::ServerTls{tls_certificate_, tls_key_};
    auto loaded = config_.empty()
                      ? config::override_entries(config::journaled_entries({}), settings_, engine::strategy_catalog())
                      : config::load(config_, settings_, engine::strategy_catalog());
    if (!loaded) return loaded.error();
    options.config = loaded->config;
    for (const std::string& text : accounts_) {
      auto account = parse_account(text);
      if (!account) return account.error();
      for (const exchange::ServedAccount& other : options.accounts) {
        if (other.api_key == account->api_key) return usage_error("--account " + account->api_key + " is there twice");
      }
      options.accounts.push_back(std::move(account).value());
    }

    if (!admin_.empty()) {
      auto admin = admin_options();
      if (!admin) return admin.error();
      options.admin = std::move(*admin);
    }
    auto seed = day_seed();
    if (!seed) return seed.error();
    options.seed = *seed;
    auto sink = open_sink(options);
    if (!sink) return sink.error();

    net::Loop loop;
    const std::size_t accounts = options.accounts.size();
    const bool is_tls = options.tls.has_value();
    auto server = exchange::ExchangeServer::start(
        loop, std::move(options), *sink, [&](UnixNanos start) -> Result<std::unique_ptr<exchange::MarketFeed>> {
          if (!data_.empty()) return exchange::open_dataset_feed(data_, start);
          return exchange::open_generated_feed(seed_, static_cast<std::uint32_t>(symbols_), start);
        });
    if (!server) return failed(server.error());
    announce(terminal, **server, accounts, is_tls);

    const std::atomic<bool>& stop = stop_on_signals();
    bool told_end = false;
    while (!stop.load(std::memory_order_relaxed)) {
      loop.turn(std::chrono::milliseconds(100));
      if ((*server)->counts().market_ended && !told_end) {
        told_end = true;
        terminal.note("the dataset has ended; its last state stands");
      }
      if (Status status = (*server)->status(); !status) return status.error();
    }
    auto digest = (*server)->stop();
    if (!digest) return digest.error();
    const exchange::ExchangeCounts& counts = (*server)->counts();
    if (!json) {
      terminal.write("exchange: ended. " + with_thousands(counts.market_records) + " market records, " +
                     with_thousands(counts.requests) + " requests.\n");
      if (!journal_.empty()) {
        Facts facts;
        facts.add("journal", journal_);
        facts.add("digest", digest->text());
        facts.add("records", with_thousands((*server)->records()));
        terminal.write(facts.text());
        terminal.line(terminal.paint(Colour::dim, "next: reprise replay " + journal_));
      }
    }
    return kExitFine;
  }

 private:
  Result<exchange::AdminOptions> admin_options() const {
    auto place = parse_endpoint(admin_);
    if (!place) return place.error();
    exchange::AdminOptions options;
    options.address = place->address;
    options.port = place->port;
    auto token = operator_token("REPRISE_ADMIN_TOKEN", "--admin");
    if (!token) return token.error();
    options.token = std::move(*token);
    return options;
  }

  Result<std::uint64_t> day_seed() const {
    if (day_seed_ != kNoSeed) return day_seed_;
    std::uint64_t seed = 0;
    if (getentropy(&seed, sizeof seed) != 0) return io_error("the machine gives no random bytes", "give --seed");
    return seed;
  }

  Result<sim::RunSink> open_sink(const exchange::ExchangeServerOptions& options) const {
    if (journal_.empty()) return sim::RunSink::none();
    journal::Manifest manifest;
    manifest.started_at = wall_clock_ns();
    manifest.run_id = "exchange-" + std::to_string(manifest.started_at);
    manifest.mode = schema::RunMode::EXCHANGE;
    manifest.engine_version = engine::kEngineVersion;
    manifest.seed = options.seed;
    manifest.build_id = build_id();
    manifest.compiler = compiler_id();
    manifest.origin = data_.empty() ? "generator, seed " + std::to_string(seed_) : data_.front();
    journal::WriterOptions writing;
    writing.clock = wall_clock_ns;
    return sim::RunSink::create(journal_, manifest, writing);
  }

  // A journal that this command began is not left in the way of the next one.
  Error failed(Error error) const {
    std::error_code ignored;
    if (!journal_.empty()) std::filesystem::remove_all(journal_, ignored);
    return error;
  }

  void announce(Terminal& terminal, const exchange::ExchangeServer& server, std::size_t accounts, bool is_tls) {
    const std::string place = server.address() + ":" + std::to_string(server.port());
    if (json) {
      Json out;
      out.begin_object();
      out.field("listening", place);
      out.field("rest", (is_tls ? "https://" : "http://") + place + "/fapi");
      out.field("streams", (is_tls ? "wss://" : "ws://") + place);
      out.field("accounts", static_cast<std::uint64_t>(accounts));
      if (server.admin_port() != 0) out.field("admin_port", std::uint64_t{server.admin_port()});
      out.end_object();
      terminal.line(out.text());
    } else {
      terminal.write("exchange: ready at " + std::string(is_tls ? "https://" : "http://") + place + ", " +
                     std::to_string(accounts) + (accounts == 1 ? " account" : " accounts") + "\n");
    }
    terminal.flush();
  }

  static constexpr std::uint64_t kNoSeed = UINT64_MAX;
  std::string listen_ = "127.0.0.1:8080";
  std::vector<std::string> data_;
  std::uint64_t seed_ = kNoSeed;
  std::uint64_t symbols_ = 2;
  std::vector<std::string> accounts_;
  double speed_ = 1;
  bool unrouted_has_all_ = false;
  std::string admin_;
  std::string journal_;
  std::uint64_t day_seed_ = kNoSeed;
  std::string config_;
  std::vector<std::string> settings_;
  std::string tls_certificate_;
  std::string tls_key_;
};

}  // namespace

std::unique_ptr<Command> make_exchange() {
  return std::make_unique<Exchange>();
}

}  // namespace reprise::tools
