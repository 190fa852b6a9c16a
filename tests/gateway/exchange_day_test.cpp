// The exchange's day: what clients sent and were answered, made again from its journal; keys kept out of it; faults.
#include <unistd.h>

#include <filesystem>

#include "engine/replay.h"
#include "gateway/binance/signer.h"
#include "gateway/exchange/doorkeeper.h"
#include "gateway/exchange/exchange_seat.h"
#include "gateway/exchange/market_feed.h"
#include "journal/journal_reader.h"
#include "journal/record_text.h"
#include "sim/generator/random.h"
#include "tests/support/catch.h"

namespace reprise::gateway::exchange {
namespace {

using binance::Secret;
using binance::SignatureVerifier;
using binance::Signer;

constexpr std::int64_t kOpening = 1'767'225'600'000'000'000;
constexpr const char* kKeys[] = {"planted-key-alice-9c1f", "planted-key-bob-77ab"};
constexpr const char* kSecrets[] = {"planted-secret-alice-0d3e", "planted-secret-bob-e94c"};

std::string scratch(const std::string& name) {
  const std::string root = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
  return root + "/reprise-exchange-day-" + std::to_string(::getpid()) + "-" + name;
}

Signer signer_of(int account) {
  return Signer::of_key(Secret::copy_of(kSecrets[account])).value();
}

Doorkeeper doorkeeper() {
  Doorkeeper out;
  for (int n = 0; n < 2; ++n) out.add(kKeys[n], SignatureVerifier::of_secret(Secret::copy_of(kSecrets[n])).value());
  return out;
}

// Two clients and an operator at an exchange with a journal.
class Day {
 public:
  explicit Day(const std::string& path, std::uint64_t seed)
      : doorkeeper_(doorkeeper()), sink_(open(path)), seat(sink_), feed_(open_generated_feed(seed, 1, {kOpening})) {
    ExchangeSetup setup;
    setup.balances_e8 = {10'000 * kScale, 500 * kScale};
    REQUIRE(seat.begin(setup, seed, {kOpening}).ok());
    play(1);
    symbol = seat.machine().core().board().all().begin()->second->instrument.symbol;
  }

  void play(double seconds) {
    now.ns += static_cast<std::int64_t>(seconds * 1e9);
    while (*feed_->next() <= now) {
      seat.on_timer(*feed_->next());
      feed_->take([&](const journal::RecordView& view, InstrumentNo number, UnixNanos time, UnixNanos happened) {
        seat.on_market(view, number, time, happened);
      });
    }
    seat.on_timer(now);
    take();
  }

  Answer ask(int account, const std::string& method, const std::string& path, std::string query,
             bool is_signed = true) {
    if (is_signed) {
      query += (query.empty() ? "" : "&") + std::string("timestamp=") + std::to_string(now.ns / 1'000'000);
      query += "&signature=" + signer_of(account).signature(query).value();
    }
    seat.on_request(7, doorkeeper_.admit({method, path, query, "", kKeys[account], "10.0.0.1"}), {now, now});
    return take();
  }
  void open_socket(ConnectionNo connection, const std::string& path, const std::string& query = "") {
    seat.on_open(connection, doorkeeper_.admit({"GET", path, query, "", "", "10.0.0.1"}), {now, now});
    take();
  }
  void say(ConnectionNo connection, const std::string& text) {
    seat.on_text(connection, doorkeeper_.admit_message(text), {now, now});
    take();
  }
  void fault(const std::string& json) {
    auto parsed = FaultDesk::parse(json);
    REQUIRE(parsed.ok());
    seat.on_fault(parsed->name, json, {now, now});
    take();
  }
  std::string release(const std::string& text) const { return doorkeeper_.release(text); }

  std::vector<Departure> left;  // since it was cleared
  UnixNanos now{kOpening};
  std::string symbol;

 private:
  static sim::RunSink open(const std::string& path) {
    if (path.empty()) return sim::RunSink::none();
    std::filesystem::remove_all(path);
    journal::Manifest manifest;
    manifest.mode = schema::RunMode::EXCHANGE;
    journal::WriterOptions writing;
    writing.durability = journal::Durability::buffered;
    writing.clock = [] { return std::int64_t{1}; };
    return sim::RunSink::create(path, manifest, writing).value();
  }
  Answer take() {
    Answer answer;
    for (Departure& d : seat.machine().take_departures()) {
      if (d.kind == Departure::Kind::answer) answer = d.answer;
      left.push_back(std::move(d));
    }
    return answer;
  }

  Doorkeeper doorkeeper_;
  sim::RunSink sink_;

 public:
  ExchangeSeat seat;

 private:
  std::unique_ptr<MarketFeed> feed_;
};

engine::ReplayReport replayed(const std::string& path) {
  auto replayer = engine::Replayer::open(path, {}, std::make_unique<ExchangeMachine>());
  REQUIRE(replayer.ok());
  return replayer->run().value();
}

// Some minutes in which everything that clients and operators do is done, drawn from the seed.
void trade(Day& day, sim::RandomStream& random) {
  day.open_socket(1, "/market/stream", "streams=" + day.symbol + "@aggTrade");
  day.open_socket(2, "/ws-fapi/v1");
  (void)day.ask(0, "POST", "/fapi/v1/listenKey", "", false);
  const Answer key = day.ask(0, "POST", "/fapi/v1/listenKey", "", false);
  day.open_socket(3, "/private/ws", "listenKey=" + key.body.substr(14, 64));
  const char* faults[] = {R"({"fault":"unknown_error_done","path":"/fapi/v1/order","count":2})",
                          R"({"fault":"lost_answer","share":0.2,"seconds":20})",
                          R"({"fault":"delay","path":"/fapi/v1/order","share":0.3,"milliseconds":700})",
                          R"({"fault":"message_doubled","path":"/private","share":0.5})",
                          R"({"fault":"message_lost","contains":"TRADE_LITE","share":0.5})",
                          R"({"fault":"clock_skew","milliseconds":-2500,"seconds":3})",
                          R"({"fault":"listen_key_expired"})",
                          R"({"fault":"disconnect","path":"/market"})"};
  for (int n = 0; n < 300; ++n) {
    day.play(0.05 + random.uniform());
    const int account = random.coin() ? 1 : 0;
    const std::string order = "symbol=" + day.symbol + "&newClientOrderId=o" + std::to_string(n);
    switch (random.below(9)) {
      case 0: (void)day.ask(account, "POST", "/fapi/v1/order", order + "&side=BUY&type=MARKET&quantity=0.01"); break;
      case 1: (void)day.ask(account, "POST", "/fapi/v1/order", order + "&side=SELL&type=MARKET&quantity=0.01"); break;
      case 2:
        (void)day.ask(account, "POST", "/fapi/v1/order",
                      order + "&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&priceMatch=QUEUE_5");
        break;
      case 3: (void)day.ask(account, "DELETE", "/fapi/v1/allOpenOrders", "symbol=" + day.symbol); break;
      case 4: (void)day.ask(account, "GET", "/fapi/v3/account", ""); break;
      case 5: (void)day.ask(account, "GET", "/fapi/v1/depth", "symbol=" + day.symbol, false); break;
      case 6: day.fault(faults[random.below(std::size(faults))]); break;
      case 7:
        day.say(2, R"({"id":)" + std::to_string(n) + R"(,"method":"ticker.price","params":{"symbol":")" + day.symbol +
                       "\"}}");
        break;
      case 8: (void)day.ask(account, "POST", "/fapi/v1/order", order + "&side=BUY&type=LIMIT&quantity=x"); break;
    }
  }
}

// A while of an account in hedge mode: orders of both positions, drawn from the seed.
void trade_hedged(Day& day, sim::RandomStream& random) {
  const Answer key = day.ask(0, "POST", "/fapi/v1/listenKey", "", false);
  day.open_socket(3, "/private/ws", "listenKey=" + key.body.substr(14, 64));
  const auto ask = [&](const std::string& method, const std::string& path, const std::string& rest) {
    return day.ask(0, method, path, "symbol=" + day.symbol + rest).body;
  };
  (void)day.ask(0, "POST", "/fapi/v1/positionSide/dual", "dualSidePosition=true");
  for (int n = 0; n < 200; ++n) {
    day.play(0.05 + random.uniform());
    const std::string of = random.coin() ? "&positionSide=LONG" : "&positionSide=SHORT";
    const std::string side = random.coin() ? "&side=BUY" : "&side=SELL";
    switch (random.below(6)) {
      case 0:
      case 1: (void)ask("POST", "/fapi/v1/order", of + side + "&type=MARKET&quantity=0.01"); break;
      case 2:
        (void)ask("POST", "/fapi/v1/order", of + side + "&type=LIMIT&timeInForce=GTC&quantity=0.02&priceMatch=QUEUE_5");
        break;
      case 3:
        (void)ask("POST", "/fapi/v1/algoOrder",
                  of + side + "&algoType=CONDITIONAL&type=TRAILING_STOP_MARKET&quantity=0.01&callbackRate=0.1");
        break;
      case 4: (void)ask("DELETE", "/fapi/v1/allOpenOrders", ""); break;
      case 5: (void)day.ask(0, "GET", "/fapi/v2/account", ""); break;
    }
  }
  (void)ask("DELETE", "/fapi/v1/allOpenOrders", "");
  (void)ask("DELETE", "/fapi/v1/algoOpenOrders", "");
}

}  // namespace

TEST_CASE("an exchange's day is made again from its journal, answer by answer") {
  for (std::uint64_t round = 0; round < 3; ++round) {
    const std::uint64_t seed = 4711 + round;
    INFO("seed " << seed);
    const std::string path = scratch("again");
    sim::RandomStream random(seed, 1);
    {
      Day day(path, seed);
      trade(day, random);
      REQUIRE(day.seat.end("done").ok());
    }
    const engine::ReplayReport report = replayed(path);
    CHECK(report.identical);
    CHECK(report.complete);
    CHECK(report.outputs > 200);
    CHECK(report.by_type[static_cast<std::size_t>(journal::RecordType::CLIENT_MESSAGE)] > 250);
    std::filesystem::remove_all(path);
  }
}

TEST_CASE("a day in hedge mode is made again from its journal, answer by answer") {
  const std::string path = scratch("hedged");
  sim::RandomStream random(90, 1);
  {
    Day day(path, 90);
    trade_hedged(day, random);
    std::size_t executions = 0;
    for (const Departure& d : day.left) {
      const bool is_of_a_side = d.text && d.text->find("\"ps\":\"") != std::string::npos;
      executions += is_of_a_side && d.text->find("\"x\":\"TRADE\"") != std::string::npos ? 1 : 0;
      CHECK_FALSE((is_of_a_side && d.text->find("\"ps\":\"BOTH\"") != std::string::npos));
    }
    CHECK(executions > 20);
    REQUIRE(day.seat.end("done").ok());
  }
  const engine::ReplayReport report = replayed(path);
  CHECK(report.identical);
  CHECK(report.complete);
  std::filesystem::remove_all(path);
}

TEST_CASE("no record of an exchange's day holds a key, a secret or a signature") {
  const std::string path = scratch("secrets");
  std::string signature;
  {
    Day day(path, 7);
    sim::RandomStream random(7, 1);
    trade(day, random);
    signature = signer_of(0).signature("apiKey=" + std::string(kKeys[0]) + "&timestamp=1").value();
    day.open_socket(9, "/ws-fapi/v1");
    day.say(9, std::string(R"({"id":"x","method":"session.logon","params":{"apiKey":")") + kKeys[0] +
                   R"(","timestamp":1,"signature":")" + signature + "\"}}");
    day.say(9, std::string("not JSON ") + kSecrets[0]);
    // Where keys do not belong.
    const std::string key = kKeys[0];
    for (const ConnectionNo connection : {ConnectionNo{9}, ConnectionNo{1}, ConnectionNo{3}}) {
      day.say(connection, R"({"method":"x","apiKey":")" + key + R"(","signature":")" + signature + "\"}");
      day.say(connection, R"({"method":"x","params":[")" + key + "\"]}");
      day.say(connection, R"({"method":"x","params":{"apiKey":[")" + key + R"(",{"a":")" + key +
                              R"("}],"b":{"signature":{"c":")" + signature + "\"}}}}");
    }
    (void)day.ask(0, "GET", "/fapi/v1/time", "apiKey=" + key + "&%61piKey=" + key + "&x=" + key, false);
    (void)day.ask(0, "GET", "/" + key, "", false);
    (void)day.ask(0, "GET", "/fapi/v1/openOrders", "timestamp=1&signature=" + signature, false);
    day.seat.on_request(8, doorkeeper().admit({"GET", "/fapi/v1/order", "", "", "a stranger's real key", "10.0.0.1"}),
                        {day.now, day.now});
    REQUIRE(day.seat.end("done").ok());
  }
  auto reader = journal::JournalReader::open(path);
  REQUIRE(reader.ok());
  journal::RecordView record;
  std::uint64_t records = 0;
  while (reader->next(record)) {
    ++records;
    const std::string_view bytes(reinterpret_cast<const char*>(record.bytes()), record.total_bytes());
    for (const std::string_view planted :
         {std::string_view(kKeys[0]), std::string_view(kKeys[1]), std::string_view(kSecrets[0]),
          std::string_view(kSecrets[1]), std::string_view(signature), std::string_view("a stranger's real key")})
      REQUIRE(bytes.find(planted) == std::string_view::npos);
  }
  CHECK(records > 1000);
  std::filesystem::remove_all(path);
}

TEST_CASE("the doorkeeper names who asks and who signed, and leaves every other byte") {
  const Doorkeeper door = doorkeeper();
  const std::string query = "symbol=BTCUSDT&price=1%2E50&timestamp=5";
  const auto admitted = [&](const std::string& key, const std::string& signature) {
    return door.admit({"GET", "/x", query + "&signature=" + signature, "", key, "1"});
  };
  const std::string good = signer_of(1).signature(query).value();
  CHECK(admitted(kKeys[1], good).query == query + "&signature=by-account-2");
  CHECK(admitted(kKeys[1], good).api_key == "account-2");
  // Somebody else's signature is that, whoever asks with it.
  CHECK(admitted(kKeys[0], good).query == query + "&signature=by-account-2");
  CHECK(admitted(kKeys[0], good).api_key == "account-1");
  CHECK(admitted(kKeys[1], "00ff").query == query + "&signature=by-nobody");
  CHECK(admitted("nobody's", good).api_key == "unknown");
  CHECK(admitted("", good).api_key.empty());
  // A client cannot sign with the name that stands for a signature behind the door.
  CHECK(admitted(kKeys[1], "by-account-2").query == query + "&signature=by-nobody");

  const std::string payload = "apiKey=" + std::string(kKeys[0]) + "&timestamp=7";
  const std::string message = std::string(R"({"id":7,"method":"session.logon","params":{"apiKey":")") + kKeys[0] +
                              R"(","timestamp":7,"signature":")" + signer_of(0).signature(payload).value() + "\"}}";
  CHECK(
      door.admit_message(message) ==
      R"({"id":7,"method":"session.logon","params":{"apiKey":"account-1","timestamp":7,"signature":"by-account-1"}})");
  CHECK(door.admit_message(R"({"id":"7","method":"x","params":[{"apiKey":"k","price":1.50}]})") ==
        R"({"id":"7","method":"x","params":[{"apiKey":"unknown","price":1.50}]})");
  CHECK(door.admit_message("{").empty());
  CHECK(door.release(R"({"result":{"apiKey":"account-2"}})") ==
        std::string(R"({"result":{"apiKey":")") + kKeys[1] + "\"}}");
}

TEST_CASE("a session of the WebSocket API shows its client the key that it logged on with") {
  Day day("", 7);
  day.open_socket(2, "/ws-fapi/v1");
  const std::string stamp = std::to_string(day.now.ns / 1'000'000);
  const std::string payload = "apiKey=" + std::string(kKeys[0]) + "&timestamp=" + stamp;
  day.say(2, std::string(R"({"id":1,"method":"session.logon","params":{"apiKey":")") + kKeys[0] + R"(","timestamp":)" +
                 stamp + R"(,"signature":")" + signer_of(0).signature(payload).value() + "\"}}");
  REQUIRE(day.left.back().text);
  const std::string shown = day.release(*day.left.back().text);
  CHECK(shown.find("\"status\":200") != std::string::npos);
  CHECK(shown.find(std::string("\"apiKey\":\"") + kKeys[0] + "\"") != std::string::npos);
  day.say(2, R"({"id":2,"method":"account.balance","params":{}})");
  CHECK(day.left.back().text->find("\"status\":200") != std::string::npos);
}

TEST_CASE("a fault strikes what it names, as often and as long as it was asked to") {
  Day day("", 7);
  const std::string order = "symbol=" + day.symbol + "&side=BUY&type=MARKET&quantity=0.01";
  const auto position = [&] {
    const std::string body = day.ask(0, "GET", "/fapi/v3/positionRisk", "symbol=" + day.symbol).body;
    return body.find("0.01") != std::string::npos || body.find("0.02") != std::string::npos;
  };
  SECTION("an unknown error without carrying it out, twice") {
    day.fault(R"({"fault":"unknown_error","path":"/fapi/v1/order","method":"POST","count":2})");
    for (int n = 0; n < 2; ++n) CHECK(day.ask(0, "POST", "/fapi/v1/order", order).status == 503);
    CHECK_FALSE(position());
    CHECK(day.ask(0, "POST", "/fapi/v1/order", order).status == 200);
    CHECK(position());
  }
  SECTION("an unknown error behind an order that was carried out") {
    day.fault(R"({"fault":"unknown_error_done","path":"/fapi/v1/order","count":1})");
    const Answer answer = day.ask(0, "POST", "/fapi/v1/order", order);
    CHECK(answer.status == 503);
    CHECK(answer.body.find("Unknown error") != std::string::npos);
    CHECK(position());
  }
  SECTION("an answer that is lost, and a request that is") {
    day.fault(R"({"fault":"lost_answer","path":"/fapi/v1/order","count":1})");
    day.left.clear();
    (void)day.ask(0, "POST", "/fapi/v1/order", order);
    REQUIRE_FALSE(day.left.empty());
    CHECK(day.left.front().end == RequestFault::End::hang);
    CHECK(position());
  }
  SECTION("another path and another method are left alone") {
    day.fault(R"({"fault":"unavailable","path":"/fapi/v1/order","method":"DELETE"})");
    CHECK(day.ask(0, "POST", "/fapi/v1/order", order).status == 200);
    CHECK(day.ask(0, "GET", "/fapi/v3/account", "").status == 200);
  }
  SECTION("for some seconds") {
    day.fault(R"({"fault":"too_many_requests","seconds":5})");
    const Answer limited = day.ask(0, "GET", "/fapi/v3/account", "");
    CHECK(limited.status == 429);
    CHECK(limited.headers.size() == 1);
    day.play(6);
    CHECK(day.ask(0, "GET", "/fapi/v3/account", "").status == 200);
  }
  SECTION("a ban says until when") {
    day.fault(R"({"fault":"banned","milliseconds":60000,"count":1})");
    const Answer banned = day.ask(0, "GET", "/fapi/v3/account", "");
    CHECK(banned.status == 418);
    CHECK(banned.body.find(std::to_string(day.now.ns / 1'000'000 + 60'000)) != std::string::npos);
  }
  SECTION("the venue's clock goes wrong for clients, and right again when the fault is taken away") {
    day.fault(R"({"fault":"clock_skew","milliseconds":-5000})");
    CHECK(day.ask(0, "GET", "/fapi/v3/account", "").body.find("-1021") != std::string::npos);
    day.seat.on_fault("remove", "0", {day.now, day.now});
    CHECK(day.ask(0, "GET", "/fapi/v3/account", "").status == 200);
  }
  SECTION("messages are lost or doubled, connections end") {
    const Answer key = day.ask(0, "POST", "/fapi/v1/listenKey", "", false);
    day.open_socket(3, "/private/ws", "listenKey=" + key.body.substr(14, 64));
    day.fault(R"({"fault":"message_doubled","path":"/private","contains":"ORDER_TRADE_UPDATE","milliseconds":40})");
    day.left.clear();
    (void)day.ask(0, "POST", "/fapi/v1/order", order);
    std::uint64_t told = 0, late = 0;
    for (const Departure& d : day.left) {
      if (d.connection != 3 || !d.text || d.text->find("ORDER_TRADE_UPDATE") == std::string::npos) continue;
      ++told;
      late += d.delay.ns == 40'000'000 ? 1 : 0;
    }
    CHECK(told == 4);  // new and filled, each twice
    CHECK(late == 2);
    day.left.clear();
    day.fault(R"({"fault":"half_open","path":"/private"})");
    REQUIRE(day.left.size() == 1);
    CHECK(day.left[0].kind == Departure::Kind::mute);
    CHECK(day.left[0].connection == 3);
  }
}

TEST_CASE("a fault strikes a request over the WebSocket API as it strikes the same one over REST") {
  Day day("", 7);
  constexpr ConnectionNo kSocket = 31;
  day.open_socket(kSocket, "/ws-fapi/v1");
  int id = 0;
  const auto ask = [&](const char* method) {
    day.left.clear();
    day.say(kSocket, "{\"id\":" + std::to_string(++id) + ",\"method\":\"" + method + "\",\"params\":{\"symbol\":\"" +
                         day.symbol + "\"}}");
    return day.left;
  };
  const auto told = [&](const Departure& d) { return day.release(*d.text); };
  REQUIRE(ask("depth").size() == 1);
  CHECK(told(day.left[0]).find("\"status\":200") != std::string::npos);

  day.fault(R"({"fault":"timeout","path":"/fapi/v1/depth","count":1})");
  CHECK(ask("ticker.book").size() == 1);  // another path
  REQUIRE(ask("depth").size() == 1);
  CHECK(told(day.left[0]).find("\"status\":408,\"error\":{\"code\":-1007") != std::string::npos);
  CHECK(told(day.left[0]).find("\"id\":" + std::to_string(id)) != std::string::npos);
  CHECK(told(ask("depth").front()).find("\"status\":200") != std::string::npos);  // once

  for (const char* silent : {"lost_request", "lost_answer"}) {
    day.fault(std::string(R"({"fault":")") + silent + R"(","count":1})");
    CHECK(ask("depth").empty());
  }
  day.fault(R"({"fault":"delay","milliseconds":700,"count":1})");
  REQUIRE(ask("depth").size() == 1);
  CHECK(day.left[0].delay == DurationNanos::millis(700));
  day.fault(R"({"fault":"reset_after","count":1})");
  REQUIRE(ask("depth").size() == 1);
  CHECK(day.left[0].kind == Departure::Kind::drop);
}

TEST_CASE("a fault that cannot be is refused, and says why") {
  for (const auto& [text, why] :
       {std::pair("", "JSON object"), std::pair("[]", "JSON object"), std::pair("{}", "no fault is called"),
        std::pair(R"({"fault":"dealy"})", "no fault is called \"dealy\""),
        std::pair(R"({"fault":"delay","share":0})", "\"share\" is out of range"),
        std::pair(R"({"fault":"delay","share":1.5})", "\"share\" is out of range"),
        std::pair(R"({"fault":"delay","count":0})", "\"count\" is out of range"),
        std::pair(R"({"fault":"delay","milliseconds":-1})", "negative"),
        std::pair(R"({"fault":"delay","milliseconds":99999999999})", "\"milliseconds\" is out of range"),
        std::pair(R"({"fault":"delay","for":3})", "no field \"for\"")}) {
    const auto parsed = FaultDesk::parse(text);
    INFO(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().text().find(why) != std::string::npos);
  }
}

}  // namespace reprise::gateway::exchange
