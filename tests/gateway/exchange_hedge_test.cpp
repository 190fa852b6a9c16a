// Hedge mode at the exchange server: what a client sends, and what it is told, about a long and a short of one
// contract.
#include "engine/market/fixed.h"
#include "tests/gateway/exchange_desk.h"

namespace reprise::gateway::exchange::test {

namespace {

class HedgedDesk : public ExchangeDesk {
 public:
  HedgedDesk() { REQUIRE(set_mode("true").body == R"({"code":200,"msg":"success"})"); }
  Reply set_mode(const std::string& dual) {
    return act("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=" + dual);
  }
  Reply market(const std::string& of, const std::string& side, const std::string& qty) {
    return order("type=MARKET&newOrderRespType=RESULT&positionSide=" + of + "&side=" + side + "&quantity=" + qty);
  }
  Reply limit(const std::string& of, const std::string& side, const std::string& qty, double percent) {
    return order("type=LIMIT&timeInForce=GTC&positionSide=" + of + "&side=" + side + "&quantity=" + qty +
                 "&price=" + price(percent));
  }
  Reply algo(const std::string& rest) {
    return act("POST", "/fapi/v1/algoOrder", "algoType=CONDITIONAL&symbol=" + symbol + "&" + rest);
  }
  Reply get(const std::string& path, const std::string& query = "") { return act("GET", path, query); }
  // The last payload of an event that a connection got.
  rapidjson::Document last(ConnectionNo connection, const std::string& event) {
    rapidjson::Document found;
    for (const std::string& text : sent[connection]) {
      rapidjson::Document json;
      json.Parse(text.c_str());
      if (event == json["e"].GetString()) found = std::move(json);
    }
    REQUIRE(found.IsObject());
    return found;
  }
};

// "LONG 0.2", "SHORT -0.1": position side and amount of each row.
template <class Rows>
std::vector<std::string> sides(const Rows& rows, const char* side = "positionSide",
                               const char* amount = "positionAmt") {
  std::vector<std::string> out;
  for (const auto& row : rows.GetArray()) {
    std::int64_t value = 0;
    REQUIRE(parse_decimal(row[amount].GetString(), value));
    out.push_back(std::string(row[side].GetString()) + " " + decimal_text(value));
  }
  return out;
}

using Sides = std::vector<std::string>;

}  // namespace

TEST_CASE("the position mode is switched while nothing is open, for one account, and shown wherever it is shown") {
  ExchangeDesk d;
  const auto mode = [&](const std::string& key) {
    const Reply config = d.act("GET", "/fapi/v1/accountConfig", "", key);
    const Reply dual = d.act("GET", "/fapi/v1/positionSide/dual", "", key);
    CHECK(config.json["dualSidePosition"].GetBool() == dual.json["dualSidePosition"].GetBool());
    return dual.body;
  };
  const auto set = [&](const std::string& dual) {
    return d.act("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=" + dual).code();
  };
  CHECK(mode("alice") == R"({"dualSidePosition":false})");
  CHECK(d.act("POST", "/fapi/v1/positionSide/dual", "").code() == -1102);
  CHECK(set("false") == -4059);
  d.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&newClientOrderId=mine&price=" + d.price(-5));
  CHECK(set("true") == -4067);
  d.act("DELETE", "/fapi/v1/allOpenOrders", "symbol=" + d.symbol);
  d.act(
      "POST", "/fapi/v1/algoOrder",
      "algoType=CONDITIONAL&side=SELL&type=STOP_MARKET&quantity=1&symbol=" + d.symbol + "&triggerPrice=" + d.price(-9));
  CHECK(set("true") == -4067);
  d.act("DELETE", "/fapi/v1/algoOpenOrders", "symbol=" + d.symbol);
  d.order("side=BUY&type=MARKET&quantity=1");
  CHECK(set("true") == -4068);
  d.order("side=SELL&type=MARKET&quantity=1");
  CHECK(set("true") == 200);
  CHECK(set("true") == -4059);
  CHECK(mode("alice") == R"({"dualSidePosition":true})");
  CHECK(mode("bob") == R"({"dualSidePosition":false})");
  CHECK(set("false") == 200);
  CHECK(mode("alice") == R"({"dualSidePosition":false})");
}

TEST_CASE("hedge mode: orders of every kind name LONG or SHORT, and reduceOnly is sent with none") {
  HedgedDesk d;
  const std::string rest = "side=BUY&type=MARKET&quantity=1";
  CHECK(d.order(rest).code() == -4061);
  CHECK(d.order(rest + "&positionSide=BOTH").code() == -4061);
  CHECK(d.order(rest + "&positionSide=UP").code() == -4060);
  CHECK(d.order(rest + "&positionSide=LONG&reduceOnly=false").code() == -1106);
  CHECK(d.order(rest + "&positionSide=SHORT").code() == -2022);  // nothing is short
  const std::string with_symbol = "symbol=" + d.symbol + "&" + rest;
  CHECK(d.act("POST", "/fapi/v1/order/test", with_symbol).code() == -4061);
  CHECK(d.act("POST", "/fapi/v1/order/test", with_symbol + "&positionSide=LONG").body == "{}");
  CHECK(d.algo("side=SELL&type=STOP_MARKET&quantity=1&triggerPrice=" + d.price(-3)).code() == -4061);
  CHECK(d.algo("side=BUY&positionSide=LONG&type=STOP_MARKET&closePosition=true&triggerPrice=" + d.price(3)).code() ==
        -2022);
  CHECK(d.algo("side=SELL&positionSide=LONG&type=STOP_MARKET&closePosition=true&triggerPrice=" + d.price(-3)).status ==
        200);
  const auto one = [&](const std::string& of) {
    return R"({"symbol":")" + d.symbol + R"(","side":"SELL","type":"MARKET","quantity":"0.1")" + of + "}";
  };
  const Reply batch = d.act("POST", "/fapi/v1/batchOrders",
                            "batchOrders=[" + one(R"(,"positionSide":"SHORT")") + "," + one("") + "," +
                                one(R"(,"positionSide":"LONG")") + "]");
  CHECK(batch.json[0]["positionSide"].GetString() == std::string("SHORT"));
  CHECK(batch.json[1]["code"].GetInt() == -4061);
  CHECK(batch.json[2]["code"].GetInt() == -2022);
  // By the WebSocket API, as by REST.
  d.listen(9, "/ws-fapi/v1");
  d.say(9, R"({"id":1,"method":"order.place","params":{"apiKey":"alice","symbol":")" + d.symbol +
               R"(","side":"BUY","type":"MARKET","quantity":0.1,"positionSide":"LONG","timestamp":)" +
               std::to_string(d.now.ns / 1'000'000) + R"(,"signature":"good"}})");
  CHECK(d.sent[9].back().find(R"("positionSide":"LONG")") != std::string::npos);
  // A modification stays with the position of its order.
  const std::string id = std::to_string(d.limit("LONG", "BUY", "0.1", -5).json["orderId"].GetInt64());
  const std::string changed = "symbol=" + d.symbol + "&side=BUY&orderId=" + id + "&quantity=0.2&price=" + d.price(-6);
  CHECK(d.act("PUT", "/fapi/v1/order", changed + "&positionSide=SHORT").code() == -4061);
  CHECK(d.act("PUT", "/fapi/v1/order", changed).text("positionSide") == "LONG");
  CHECK(d.act("DELETE", "/fapi/v1/order", "symbol=" + d.symbol + "&orderId=" + id).text("positionSide") == "LONG");
}

TEST_CASE("hedge mode: every view has a row for the long and one for the short") {
  HedgedDesk d;
  CHECK(sides(d.get("/fapi/v3/positionRisk").json).empty());
  CHECK(sides(d.get("/fapi/v2/positionRisk").json) == Sides{"LONG 0", "SHORT 0"});
  CHECK(d.market("LONG", "BUY", "0.3").text("positionSide") == "LONG");
  CHECK(d.market("LONG", "BUY", "0.3").json["reduceOnly"].GetBool() == false);
  CHECK(sides(d.get("/fapi/v3/positionRisk").json) == Sides{"LONG 0.6"});
  d.market("SHORT", "SELL", "0.2");
  const Sides held{"LONG 0.6", "SHORT -0.2"};
  CHECK(sides(d.get("/fapi/v3/positionRisk").json) == held);
  CHECK(sides(d.get("/fapi/v2/positionRisk", "symbol=" + d.symbol).json) == held);
  CHECK(sides(d.get("/fapi/v3/account").json["positions"]) == held);
  CHECK(sides(d.get("/fapi/v2/account").json["positions"]) == held);
  const Reply risk = d.get("/fapi/v3/positionRisk");
  // Both fall together: one liquidation price. What is short has a negative notional.
  CHECK(std::string(risk.json[0]["liquidationPrice"].GetString()) == risk.json[1]["liquidationPrice"].GetString());
  CHECK(risk.json[1]["notional"].GetString()[0] == '-');
  const Reply account = d.get("/fapi/v3/account");
  const auto sum = [&](const char* name) {
    std::int64_t total = 0;
    for (const auto& row : account.json["positions"].GetArray()) {
      std::int64_t value = 0;
      REQUIRE(parse_decimal(row[name].GetString(), value));
      total += value;
    }
    return total;
  };
  std::int64_t initial = 0, maintenance = 0, profit = 0;
  REQUIRE(parse_decimal(account.text("totalInitialMargin"), initial));
  REQUIRE(parse_decimal(account.text("totalMaintMargin"), maintenance));
  REQUIRE(parse_decimal(account.text("totalUnrealizedProfit"), profit));
  CHECK(sum("initialMargin") == initial);
  CHECK(sum("maintMargin") == maintenance);
  CHECK(sum("unrealizedProfit") == profit);
  CHECK(maintenance > 0);

  const Reply closing = d.limit("SHORT", "BUY", "0.15", -5);
  CHECK(closing.json["reduceOnly"].GetBool());
  CHECK(d.limit("SHORT", "BUY", "0.1", -5).code() == -2022);  // 0.05 is left to close
  CHECK(d.market("LONG", "SELL", "0.601").code() == -2022);
  d.algo("side=SELL&positionSide=LONG&type=TAKE_PROFIT_MARKET&quantity=0.6&triggerPrice=" + d.price(30));
  CHECK(d.get("/fapi/v1/openOrders").json[0]["positionSide"].GetString() == std::string("SHORT"));
  CHECK(d.get("/fapi/v1/openAlgoOrders").json[0]["positionSide"].GetString() == std::string("LONG"));
  const Reply trades = d.get("/fapi/v1/userTrades", "symbol=" + d.symbol);
  CHECK(trades.json[0]["positionSide"].GetString() == std::string("LONG"));
  CHECK(trades.json[trades.json.Size() - 1]["positionSide"].GetString() == std::string("SHORT"));
  CHECK(d.get("/fapi/v1/allOrders", "symbol=" + d.symbol).json[0]["positionSide"].GetString() == std::string("LONG"));
  CHECK(d.get("/fapi/v1/adlQuantile").json[0]["adlQuantile"].HasMember("HEDGE"));
}

TEST_CASE("hedge mode: user events name the position, and an account event lists the one that changed") {
  HedgedDesk d;
  d.listen(1, "/private/ws/" + d.listen_key());
  d.market("LONG", "BUY", "0.2");
  d.market("SHORT", "SELL", "0.1");
  CHECK(d.last(1, "ORDER_TRADE_UPDATE")["o"]["ps"].GetString() == std::string("SHORT"));
  CHECK(sides(d.last(1, "ACCOUNT_UPDATE")["a"]["P"], "ps", "pa") == Sides{"SHORT -0.1"});
  d.algo("side=BUY&positionSide=SHORT&type=STOP_MARKET&closePosition=true&triggerPrice=" + d.price(20));
  CHECK(d.last(1, "ALGO_UPDATE")["o"]["ps"].GetString() == std::string("SHORT"));
  d.market("LONG", "SELL", "0.2");
  CHECK(d.last(1, "ORDER_TRADE_UPDATE")["o"]["R"].GetBool());
  CHECK(sides(d.last(1, "ACCOUNT_UPDATE")["a"]["P"], "ps", "pa") == Sides{"LONG 0"});
  std::int64_t profit = 0, realized = 0;
  REQUIRE(parse_decimal(d.last(1, "ACCOUNT_UPDATE")["a"]["P"][0]["cr"].GetString(), profit));
  const Reply trades = d.get("/fapi/v1/userTrades", "symbol=" + d.symbol);
  for (const auto& trade : trades.json.GetArray()) {
    std::int64_t value = 0;
    REQUIRE(parse_decimal(trade["realizedPnl"].GetString(), value));
    if (trade["positionSide"].GetString() == std::string("LONG")) realized += value;
  }
  CHECK(profit == realized);
}

TEST_CASE("hedge mode: isolated, each side has a wallet that margin is moved to and from, and events list both") {
  HedgedDesk d;
  CHECK(d.act("POST", "/fapi/v1/marginType", "symbol=" + d.symbol + "&marginType=ISOLATED").status == 200);
  const auto move = [&](const std::string& rest) {
    return d.act("POST", "/fapi/v1/positionMargin", "symbol=" + d.symbol + "&" + rest);
  };
  const auto wallet = [&](unsigned row) {
    std::int64_t value = 0;
    const Reply risk = d.get("/fapi/v2/positionRisk", "symbol=" + d.symbol);
    REQUIRE(parse_decimal(risk.json[row]["isolatedWallet"].GetString(), value));
    return value;
  };
  d.market("LONG", "BUY", "0.2");
  d.market("SHORT", "SELL", "0.1");
  CHECK(d.act("POST", "/fapi/v1/marginType", "symbol=" + d.symbol + "&marginType=CROSSED").code() == -4048);
  const std::int64_t long_before = wallet(0), short_before = wallet(1);
  d.listen(1, "/private/ws/" + d.listen_key());
  CHECK(move("amount=10&type=1").code() == -4061);
  CHECK(move("amount=10&type=1&positionSide=SHORT").body ==
        R"({"amount":10,"code":200,"msg":"Successfully modify position margin.","type":1})");
  CHECK(wallet(0) == long_before);
  CHECK(wallet(1) == short_before + 10 * kScale);
  const auto event = d.last(1, "ACCOUNT_UPDATE");
  CHECK(event["a"]["m"].GetString() == std::string("MARGIN_TRANSFER"));
  CHECK(sides(event["a"]["P"], "ps", "pa") == Sides{"LONG 0.2", "SHORT -0.1"});
  CHECK(move("amount=0&type=1&positionSide=SHORT").code() == -4055);
  CHECK(move("amount=100000&type=1&positionSide=SHORT").code() == -4050);
  CHECK(move("amount=5&type=2&positionSide=LONG").code() == -4051);
  CHECK(move("amount=5&type=2&positionSide=SHORT").code() == 200);
  const Reply history = d.get("/fapi/v1/positionMargin/history", "symbol=" + d.symbol);
  CHECK(history.json.Size() == 2);
  CHECK(history.json[1]["positionSide"].GetString() == std::string("SHORT"));
  CHECK(history.json[1]["type"].GetInt() == 2);
  // Each side falls by itself.
  const Reply risk = d.get("/fapi/v3/positionRisk");
  CHECK(std::string(risk.json[0]["liquidationPrice"].GetString()) != risk.json[1]["liquidationPrice"].GetString());
  d.market("SHORT", "BUY", "0.1");
  CHECK(wallet(1) == 0);
}

TEST_CASE("one-way mode: margin of an isolated position is moved without a side, and a cross one has none to move") {
  ExchangeDesk d;
  const auto move = [&](const std::string& rest) {
    return d.act("POST", "/fapi/v1/positionMargin", "symbol=" + d.symbol + "&" + rest).code();
  };
  CHECK(move("amount=10&type=1") == -4049);
  d.act("POST", "/fapi/v1/marginType", "symbol=" + d.symbol + "&marginType=ISOLATED");
  CHECK(move("amount=10&type=1") == -4054);
  d.order("side=BUY&type=MARKET&quantity=1");
  CHECK(move("amount=10&type=1&positionSide=LONG") == -4061);
  CHECK(move("amount=10&type=1") == 200);
  CHECK(d.act("GET", "/fapi/v1/adlQuantile", "").json[0]["adlQuantile"].HasMember("BOTH"));
}

}  // namespace reprise::gateway::exchange::test
