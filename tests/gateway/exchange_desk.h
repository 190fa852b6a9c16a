// An exchange without sockets for tests: a generated market, accounts whose signature is the word "good", a clock that
// is moved by hand, and everything that was sent to each connection.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/exchange/core.h"
#include "gateway/exchange/market_feed.h"
#include "tests/support/catch.h"

namespace reprise::gateway::exchange::test {

inline constexpr std::int64_t kOpening = 1'767'225'600'000'000'000;  // 2026-01-01T00:00:00Z

struct Reply {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;
  rapidjson::Document json;
  int code() const {
    return json.IsObject() && json.HasMember("code") && json["code"].IsInt() ? json["code"].GetInt() : 0;
  }
  std::string text(const char* name) const {
    REQUIRE(json.IsObject());
    REQUIRE(json.HasMember(name));
    return json[name].GetString();
  }
};

class ExchangeDesk {
 public:
  explicit ExchangeDesk(UsageLimits limits = {}, std::uint64_t seed = 7, bool unrouted_has_all = false,
                        std::uint32_t contracts = 1)
      : core(
            {}, limits,
            [this](ConnectionNo connection, std::shared_ptr<const std::string> text) {
              sent[connection].push_back(*text);
            },
            unrouted_has_all),
        feed_(open_generated_feed(seed, contracts, {kOpening})) {
    for (const char* key : {"alice", "bob"}) {
      core.add_account(key, 10'000 * kScale,
                       [](std::string_view, std::string_view signature) { return signature == "good"; });
    }
    core.open({kOpening});
    play(1);
    symbol = core.board().all().begin()->second->instrument.symbol;
  }

  // Plays the market for so many seconds.
  void play(double seconds) {
    const UnixNanos until{now.ns + static_cast<std::int64_t>(seconds * 1e9)};
    while (*feed_->next() <= until) {
      core.on_timer(*feed_->next());
      feed_->take([&](const journal::RecordView& view, InstrumentNo number, UnixNanos time, UnixNanos happened) {
        core.on_market(view, number, time, happened);
      });
    }
    core.on_timer(until);
    now = until;
  }

  Reply ask(const std::string& method, const std::string& path, const std::string& query, const std::string& key = "") {
    HttpRequest request{method, path, query, "", key, "10.0.0.1"};
    Answer answer = core.on_request(request, {now, now});
    Reply reply;
    reply.status = answer.status;
    reply.body = answer.body;
    for (const auto& [name, value] : answer.headers) reply.headers[name] = value;
    reply.json.Parse(answer.body.c_str());
    REQUIRE_FALSE(reply.json.HasParseError());
    return reply;
  }
  // Signed, now.
  Reply act(const std::string& method, const std::string& path, const std::string& query,
            const std::string& key = "alice") {
    return ask(
        method, path,
        query + (query.empty() ? "" : "&") + "timestamp=" + std::to_string(now.ns / 1'000'000) + "&signature=good",
        key);
  }
  Reply order(const std::string& rest, const std::string& key = "alice") {
    return act("POST", "/fapi/v1/order", "symbol=" + symbol + "&" + rest, key);
  }
  // A price so many percent off the best bid, on the tick.
  std::string price(double percent) const {
    const BoardInstrument& i = *core_board().find(symbol);
    const std::int64_t wanted =
        static_cast<std::int64_t>(static_cast<double>(i.best_bid()->price.e8) * (1 + percent / 100));
    return decimal_text(i.instrument.round_to_tick(Price{wanted}, Rounding::floor));
  }
  void listen(ConnectionNo connection, const std::string& path, const std::string& query = "") {
    core.on_open(connection, {"GET", path, query, "", "", "10.0.0.1"}, {now, now});
  }
  std::string listen_key(const std::string& key = "alice") {
    return ask("POST", "/fapi/v1/listenKey", "", key).text("listenKey");
  }
  void say(ConnectionNo connection, const std::string& text) { core.on_text(connection, text, {now, now}); }

  // What a connection got since the last call, as "event" or "event x X".
  std::vector<std::string> events(ConnectionNo connection) {
    std::vector<std::string> out;
    for (const std::string& text : sent[connection]) {
      rapidjson::Document json;
      json.Parse(text.c_str());
      REQUIRE(json.IsObject());
      std::string line = json["e"].GetString();
      if (line == "ORDER_TRADE_UPDATE")
        line += std::string(" ") + json["o"]["x"].GetString() + " " + json["o"]["X"].GetString();
      if (line == "ALGO_UPDATE") line += std::string(" ") + json["o"]["X"].GetString();
      if (line == "ACCOUNT_UPDATE") line += std::string(" ") + json["a"]["m"].GetString();
      out.push_back(line);
    }
    sent[connection].clear();
    return out;
  }

  ExchangeCore core;
  std::map<ConnectionNo, std::vector<std::string>> sent;
  UnixNanos now{kOpening};
  std::string symbol;

 private:
  const MarketBoard& core_board() const { return const_cast<ExchangeCore&>(core).board(); }
  std::unique_ptr<MarketFeed> feed_;
};

}  // namespace reprise::gateway::exchange::test
