// The exchange server's answers and events, without sockets.
#include <set>

#include "engine/market/fixed.h"
#include "gateway/binance/text_encoding.h"
#include "tests/gateway/exchange_desk.h"

namespace reprise::gateway::exchange::test {

using Events = std::vector<std::string>;

namespace {
std::int64_t e8(const std::string& text) {
  std::int64_t value = 0;
  REQUIRE(parse_decimal(text, value));
  return value;
}
}  // namespace

TEST_CASE("a limit order rests, is changed, is found, and is cancelled, each with its event") {
  ExchangeDesk d;
  d.listen(1, "/private/ws/" + d.listen_key());
  const Reply placed =
      d.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&newClientOrderId=mine&price=" + d.price(-5));
  REQUIRE(placed.status == 200);
  CHECK(placed.text("status") == "NEW");
  CHECK(placed.text("clientOrderId") == "mine");
  CHECK_FALSE(placed.json.HasMember("avgPrice"));
  const std::string id = std::to_string(placed.json["orderId"].GetInt64());
  CHECK(d.events(1) == Events{"ORDER_TRADE_UPDATE NEW NEW"});

  const Reply changed =
      d.act("PUT", "/fapi/v1/order",
            "symbol=" + d.symbol + "&side=BUY&orderId=" + id + "&modifyId=5&quantity=0.2&price=" + d.price(-6));
  CHECK(changed.text("origQty") ==
        d.act("GET", "/fapi/v1/order", "symbol=" + d.symbol + "&origClientOrderId=mine").text("origQty"));
  CHECK(changed.json["modifyId"].GetInt64() == 5);
  CHECK(d.events(1) == Events{"ORDER_TRADE_UPDATE AMENDMENT NEW"});
  CHECK(d.act("GET", "/fapi/v1/openOrders", "").json.Size() == 1);

  CHECK(d.act("DELETE", "/fapi/v1/order", "symbol=" + d.symbol + "&orderId=" + id).text("status") == "CANCELED");
  CHECK(d.events(1) == Events{"ORDER_TRADE_UPDATE CANCELED CANCELED"});
  CHECK(d.act("GET", "/fapi/v1/openOrders", "").json.Size() == 0);
  CHECK(d.act("DELETE", "/fapi/v1/order", "symbol=" + d.symbol + "&orderId=" + id).code() == -2011);
  CHECK(d.act("GET", "/fapi/v1/openOrder", "symbol=" + d.symbol + "&orderId=" + id).code() == -2013);
}

TEST_CASE("a market order trades: account event before order event, and wallet, position, trades and income agree") {
  ExchangeDesk d;
  d.listen(1, "/private/ws/" + d.listen_key());
  const Reply bought = d.order("side=BUY&type=MARKET&quantity=1&newOrderRespType=RESULT");
  REQUIRE(bought.status == 200);
  CHECK(bought.text("status") == "FILLED");
  const Events opened = d.events(1);
  REQUIRE(opened.size() >= 4);
  CHECK(opened[0] == "ORDER_TRADE_UPDATE NEW NEW");
  CHECK(opened[1] == "TRADE_LITE");
  CHECK(opened[2] == "ACCOUNT_UPDATE ORDER");
  CHECK(opened.back() == "ORDER_TRADE_UPDATE TRADE FILLED");
  const Reply risk = d.act("GET", "/fapi/v3/positionRisk", "");
  REQUIRE(risk.json.Size() == 1);
  CHECK(e8(risk.json[0]["positionAmt"].GetString()) == kScale);

  d.play(20);
  d.order("side=SELL&type=MARKET&quantity=1&reduceOnly=true");
  CHECK(d.act("GET", "/fapi/v3/positionRisk", "").json.Size() == 0);
  std::int64_t earned = 0;
  const Reply trades = d.act("GET", "/fapi/v1/userTrades", "symbol=" + d.symbol);
  for (const auto& trade : trades.json.GetArray())
    earned += e8(trade["realizedPnl"].GetString()) - e8(trade["commission"].GetString());
  std::int64_t income = 0;
  const Reply incomes = d.act("GET", "/fapi/v1/income", "limit=1000");
  for (const auto& one : incomes.json.GetArray()) {
    if (std::string(one["incomeType"].GetString()) != "TRANSFER") income += e8(one["income"].GetString());
  }
  const Reply balance = d.act("GET", "/fapi/v2/balance", "");
  CHECK(e8(balance.json[0]["balance"].GetString()) == 10'000 * kScale + earned);
  CHECK(income == earned);
  CHECK(d.act("GET", "/fapi/v2/balance", "", "bob").json[0]["balance"].GetString() == std::string("10000.00000000"));
}

TEST_CASE("a book kept by the futures rule from diffs and one snapshot is the venue's book a minute later") {
  ExchangeDesk d;
  std::string stream = d.symbol;
  for (char& c : stream) c = static_cast<char>(std::tolower(c));
  d.listen(1, "/public/ws/" + stream + "@depth@100ms");
  d.play(2);
  Reply snapshot = d.ask("GET", "/fapi/v1/depth", "symbol=" + d.symbol + "&limit=1000");
  d.play(60);  // ends where a window ends: all that has changed was sent
  const Reply truth = d.ask("GET", "/fapi/v1/depth", "symbol=" + d.symbol + "&limit=1000");

  std::map<std::int64_t, std::int64_t> bids, asks;
  const auto set = [](std::map<std::int64_t, std::int64_t>& side, const rapidjson::Value& levels) {
    for (const auto& level : levels.GetArray()) {
      const std::int64_t qty = e8(level[1].GetString());
      if (qty == 0) {
        side.erase(e8(level[0].GetString()));
      } else {
        side[e8(level[0].GetString())] = qty;
      }
    }
  };
  set(bids, snapshot.json["bids"]);
  set(asks, snapshot.json["asks"]);
  const std::int64_t last_id = snapshot.json["lastUpdateId"].GetInt64();
  std::int64_t previous = 0;
  int applied = 0;
  for (const std::string& text : d.sent[1]) {
    rapidjson::Document json;
    json.Parse(text.c_str());
    const std::int64_t first = json["U"].GetInt64(), last = json["u"].GetInt64();
    if (last < last_id) continue;
    if (previous == 0) {
      REQUIRE(first <= last_id);
    } else {
      REQUIRE(json["pu"].GetInt64() == previous);
    }
    previous = last;
    set(bids, json["b"]);
    set(asks, json["a"]);
    ++applied;
  }
  CHECK(applied > 100);
  std::map<std::int64_t, std::int64_t> true_bids, true_asks;
  set(true_bids, truth.json["bids"]);
  set(true_asks, truth.json["asks"]);
  CHECK(bids == true_bids);
  CHECK(asks == true_asks);
}

TEST_CASE("conditional orders have an endpoint and a life of their own") {
  ExchangeDesk d;
  d.listen(1, "/private/ws/" + d.listen_key());
  CHECK(d.order("side=SELL&type=STOP_MARKET&quantity=1&stopPrice=" + d.price(-3)).code() == -4120);
  d.order("side=BUY&type=MARKET&quantity=1");
  d.events(1);
  const auto place = [&](const std::string& rest) {
    return d.act("POST", "/fapi/v1/algoOrder", "algoType=CONDITIONAL&symbol=" + d.symbol + "&" + rest);
  };
  const Reply stop = place("side=SELL&type=STOP_MARKET&quantity=1&reduceOnly=true&triggerPrice=" + d.price(-30));
  REQUIRE(stop.status == 200);
  CHECK(stop.text("algoStatus") == "NEW");
  CHECK(d.events(1) == Events{"ALGO_UPDATE NEW"});
  // What only a trailing order has is empty in the answer, and absent in queries of another one.
  CHECK(stop.text("callbackRate").empty());
  const std::string which = "algoId=" + std::to_string(stop.json["algoId"].GetInt64());
  CHECK_FALSE(d.act("GET", "/fapi/v1/algoOrder", which).json.HasMember("callbackRate"));
  const Reply trailing =
      place("side=SELL&type=TRAILING_STOP_MARKET&quantity=1&callbackRate=2&activatePrice=" + d.price(20));
  const std::string other = "algoId=" + std::to_string(trailing.json["algoId"].GetInt64());
  CHECK(d.act("GET", "/fapi/v1/algoOrder", other).text("callbackRate") == "2.0");
  d.act("DELETE", "/fapi/v1/algoOrder", other);
  d.events(1);
  CHECK(place("side=SELL&type=STOP_MARKET&quantity=1&triggerPrice=" + d.price(+3)).code() == -2021);
  const Reply canceled =
      d.act("DELETE", "/fapi/v1/algoOrder", "algoId=" + std::to_string(stop.json["algoId"].GetInt64()));
  CHECK(canceled.text("code") == "200");
  CHECK(d.events(1) == Events{"ALGO_UPDATE CANCELED"});

  // One that fires at the next move: the fill's events come before FINISHED, under an order id of its own.
  place("side=SELL&type=TAKE_PROFIT_MARKET&quantity=1&reduceOnly=true&triggerPrice=" + d.price(0.01));
  d.events(1);
  for (int n = 0; n < 600 && d.act("GET", "/fapi/v1/openAlgoOrders", "").json.Size() != 0; ++n) d.play(1);
  const Events fired = d.events(1);
  REQUIRE(fired.size() >= 6);
  CHECK(fired[0] == "ALGO_UPDATE TRIGGERING");
  CHECK(fired[1] == "ALGO_UPDATE TRIGGERED");
  CHECK(fired[2] == "ORDER_TRADE_UPDATE NEW NEW");
  CHECK(fired[fired.size() - 2] == "ORDER_TRADE_UPDATE TRADE FILLED");
  CHECK(fired.back() == "ALGO_UPDATE FINISHED");
}

TEST_CASE("minutes are kept for one bar of the longest interval, and a day is the sum of its own alone") {
  MinuteBars bars;
  constexpr std::int64_t kStart = kOpening / (4320 * kMinute) * (4320 * kMinute);
  for (int n = 0; n < 4320; ++n) bars.add_price({kStart + n * kMinute}, Price::whole(100 + n));
  const auto longest = bars.bars("3d", 10);
  REQUIRE(longest.size() == 1);
  CHECK(longest[0].trades == 4320);
  CHECK(longest[0].open == Price::whole(100));
  const auto day = bars.sum_of_last(1440);
  REQUIRE(day);
  CHECK(day->trades == 1440);
  CHECK(day->open == Price::whole(100 + 2880));
  CHECK(day->close == Price::whole(100 + 4319));
  bars.add_price({kStart + 4320 * kMinute}, Price::whole(1));
  CHECK(bars.minutes().size() == 4320);
  CHECK_FALSE(MinuteBars().sum_of_last(1440));
}

TEST_CASE("bars of mark and index and paid funding are kept beside those of trades") {
  ExchangeDesk desk;
  desk.play(150);
  const auto bars = [&](const std::string& path, const std::string& query) {
    auto answer = desk.ask("GET", path, query);
    REQUIRE(answer.json.IsArray());
    return answer;
  };
  const auto traded = bars("/fapi/v1/klines", "symbol=" + desk.symbol + "&interval=1m");
  const auto marks = bars("/fapi/v1/markPriceKlines", "symbol=" + desk.symbol + "&interval=1m");
  const auto indices = bars("/fapi/v1/indexPriceKlines", "pair=" + desk.symbol + "&interval=1m");
  REQUIRE(traded.json.Size() >= 2);
  CHECK(marks.json.Size() == traded.json.Size());
  CHECK(indices.json.Size() == traded.json.Size());
  CHECK(marks.json[0][0].GetInt64() == traded.json[0][0].GetInt64());
  CHECK(std::string(marks.json[0][5].GetString()) == "0");  // nothing is traded at a mark
  CHECK(std::stod(marks.json[0][2].GetString()) >= std::stod(marks.json[0][3].GetString()));
  const std::int64_t second = traded.json[1][0].GetInt64();
  const auto from = bars("/fapi/v1/markPriceKlines",
                         "symbol=" + desk.symbol + "&interval=1m&limit=1&startTime=" + std::to_string(second));
  REQUIRE(from.json.Size() == 1);
  CHECK(from.json[0][0].GetInt64() == second);
  CHECK(desk.ask("GET", "/fapi/v1/markPriceKlines", "symbol=" + desk.symbol + "&interval=7m").code() == -1120);
  CHECK(desk.ask("GET", "/fapi/v1/indexPriceKlines", "pair=NONE&interval=1m").code() == -1121);

  CHECK(bars("/fapi/v1/fundingRate", "").json.Empty());
  journal::RecordBatch batch;
  journal::RecordHeader header;
  for (const std::int64_t rate : {10'000, 20'000, 30'000})
    batch.append<schema::FundingSettlement>(journal::RecordType::FUNDING_SETTLEMENT, header,
                                            [&](schema::FundingSettlement::Builder b) {
                                              b.setFundingRate(rate);
                                              b.setMarkPrice(42'000 * kScale);
                                            });
  UnixNanos at = desk.now;
  batch.for_each(1, [&](const journal::RecordView& view) {
    desk.core.on_market(view, 1, at, at);
    at.ns += 8 * 3'600'000'000'000;
  });
  const auto paid = bars("/fapi/v1/fundingRate", "symbol=" + desk.symbol + "&limit=2");
  REQUIRE(paid.json.Size() == 2);  // the last two, in order
  CHECK(std::string(paid.json[0]["fundingRate"].GetString()) == "0.00020000");
  CHECK(std::string(paid.json[1]["fundingRate"].GetString()) == "0.00030000");
  CHECK(std::string(paid.json[1]["markPrice"].GetString()) == "42000.00000000");
}

TEST_CASE("leverage and margin mode are set for one contract and leave the others as they are") {
  ExchangeDesk desk({}, 7, false, 2);
  const std::string other = desk.core.board().all().rbegin()->second->instrument.symbol;
  REQUIRE(other != desk.symbol);
  CHECK(desk.act("POST", "/fapi/v1/leverage", "symbol=" + desk.symbol + "&leverage=7").status == 200);
  CHECK(desk.act("POST", "/fapi/v1/marginType", "symbol=" + desk.symbol + "&marginType=ISOLATED").status == 200);
  CHECK(desk.act("POST", "/fapi/v1/marginType", "symbol=" + desk.symbol + "&marginType=ISOLATED").code() == -4046);
  const auto all = desk.act("GET", "/fapi/v2/positionRisk", "");
  REQUIRE(all.json.IsArray());
  for (const auto& one : all.json.GetArray()) {
    const bool is_set = one["symbol"].GetString() == desk.symbol;
    INFO(one["symbol"].GetString());
    CHECK((std::string(one["leverage"].GetString()) == "7") == is_set);
    CHECK((std::string(one["marginType"].GetString()) == "isolated") == is_set);
  }
  // An order of one contract keeps its margin mode, not that of the other.
  CHECK(desk.act("POST", "/fapi/v1/order",
                 "symbol=" + desk.symbol + "&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&priceMatch=QUEUE_20")
            .status == 200);
  CHECK(desk.act("POST", "/fapi/v1/marginType", "symbol=" + desk.symbol + "&marginType=CROSSED").code() == -4047);
  CHECK(desk.act("POST", "/fapi/v1/marginType", "symbol=" + other + "&marginType=ISOLATED").status == 200);
}

TEST_CASE("what is wrong with a request is said in the venue's words and order") {
  ExchangeDesk d;
  CHECK(d.ask("GET", "/fapi/v1/nothing", "").status == 404);
  CHECK(d.ask("GET", "/fapi/v1/nothing", "").code() == -5000);
  CHECK(d.ask("GET", "/fapi/v2/balance", "").code() == -2014);
  CHECK(d.ask("GET", "/fapi/v2/balance", "timestamp=1&signature=good", "nobody").code() == -2015);
  const std::string stamp = std::to_string(d.now.ns / 1'000'000);
  CHECK(d.ask("GET", "/fapi/v2/balance", "timestamp=" + stamp, "alice").code() == -1102);
  CHECK(d.ask("GET", "/fapi/v2/balance", "timestamp=" + stamp + "&signature=bad", "alice").code() == -1022);
  CHECK(d.ask("GET", "/fapi/v2/balance",
              "timestamp=" + std::to_string(d.now.ns / 1'000'000 - 5'001) + "&signature=good", "alice")
            .code() == -1021);
  CHECK(d.ask("GET", "/fapi/v2/balance",
              "timestamp=" + std::to_string(d.now.ns / 1'000'000 + 1'000) + "&signature=good", "alice")
            .code() == -1021);
  CHECK(d.order("type=LIMIT").code() == -1102);
  CHECK(d.order("side=UP&type=LIMIT").code() == -1117);
  CHECK(d.order("side=BUY&type=WISH").code() == -1116);
  CHECK(d.order("side=BUY&type=LIMIT&quantity=1&price=1").code() == -1102);
  CHECK(d.order("side=BUY&type=MARKET&quantity=1&price=5").code() == -1106);
  CHECK(d.order("side=BUY&type=MARKET&quantity=1&positionSide=LONG").code() == -4061);
  CHECK(d.act("POST", "/fapi/v1/order", "symbol=NOPE&side=BUY&type=MARKET&quantity=1").code() == -1121);
  CHECK(d.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.123456789&price=" + d.price(-1)).code() == -1111);
  CHECK(d.order("side=SELL&type=LIMIT&timeInForce=GTX&quantity=1&price=" + d.price(-1)).code() == -5022);
  CHECK(d.order("side=SELL&type=MARKET&quantity=1&reduceOnly=true").code() == -2022);
  d.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&newClientOrderId=same&price=" + d.price(-5));
  CHECK(d.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&newClientOrderId=same&price=" + d.price(-5)).code() ==
        -4116);
}

TEST_CASE("too much is 429, going on is a ban that ends when it says") {
  ExchangeDesk d;
  Reply reply;
  int fine = 0;
  while ((reply = d.ask("GET", "/fapi/v1/ping", "")).status == 200) ++fine;
  CHECK(fine == 2400);
  CHECK(reply.status == 429);
  CHECK(reply.code() == -1003);
  while ((reply = d.ask("GET", "/fapi/v1/ping", "")).status == 429) continue;
  CHECK(reply.status == 418);
  d.now.ns += 119LL * 1'000'000'000;
  CHECK(d.ask("GET", "/fapi/v1/ping", "").status == 418);
  d.now.ns += 2LL * 1'000'000'000;
  CHECK(d.ask("GET", "/fapi/v1/ping", "").status == 200);

  ExchangeDesk orders({2400, 3, 1200});
  for (int n = 0; n < 3; ++n)
    CHECK(orders.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=" + orders.price(-5)).status == 200);
  const Reply fourth = orders.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=" + orders.price(-5));
  CHECK(fourth.code() == -1015);
  orders.play(10);
  CHECK(orders.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=" + orders.price(-5))
            .headers.at("X-MBX-ORDER-COUNT-10S") == "1");
}

TEST_CASE("WebSocket API: ids come back as they were sent, requests are signed or within a session") {
  ExchangeDesk d;
  d.listen(9, "/ws-fapi/v1");
  const std::string stamp = std::to_string(d.now.ns / 1'000'000);
  const auto last = [&] {
    rapidjson::Document json;
    json.Parse(d.sent[9].back().c_str());
    return json;
  };
  d.say(9, R"({"id":"a1","method":"order.place","params":{"apiKey":"alice","symbol":")" + d.symbol +
               R"(","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":1,"price":)" + d.price(-5) +
               R"(,"timestamp":)" + stamp + R"(,"signature":"good"}})");
  CHECK(std::string(last()["id"].GetString()) == "a1");
  CHECK(last()["status"].GetInt() == 200);
  CHECK(std::string(last()["result"]["status"].GetString()) == "NEW");
  CHECK(last()["rateLimits"].Size() == 3);
  d.say(9, R"({"id":7,"method":"v2/account.balance","params":{}})");
  CHECK(last()["id"].GetInt() == 7);
  CHECK(last()["error"]["code"].GetInt() == -2014);
  d.say(9, R"({"id":8,"method":"session.logon","params":{"apiKey":"alice","timestamp":)" + stamp +
               R"(,"signature":"good"}})");
  CHECK(std::string(last()["result"]["apiKey"].GetString()) == "alice");
  d.say(9, R"({"id":9,"method":"v2/account.balance","params":{"returnRateLimits":false}})");
  CHECK(last()["result"][0]["asset"].GetString() == std::string("USDT"));
  CHECK_FALSE(last().HasMember("rateLimits"));
  d.say(9, "{nonsense");
  CHECK(last()["status"].GetInt() == 400);
}

TEST_CASE("stream control: subscriptions are acknowledged, listed, ended - a wrong route stays silent") {
  ExchangeDesk d;
  std::string stream = d.symbol;
  for (char& c : stream) c = static_cast<char>(std::tolower(c));
  d.listen(1, "/public/stream");
  d.say(1, R"({"method":"SUBSCRIBE","params":[")" + stream + R"(@bookTicker",")" + stream +
               R"(@markPrice@1s"],"id":"x"})");
  CHECK(d.sent[1].back() == R"({"result":null,"id":"x"})");
  d.sent[1].clear();
  d.play(5);
  REQUIRE_FALSE(d.sent[1].empty());
  for (const std::string& text : d.sent[1]) CHECK(text.starts_with("{\"stream\":\"" + stream + "@bookTicker\""));
  d.say(1, R"({"method":"UNSUBSCRIBE","params":[")" + stream + R"(@bookTicker"],"id":3})");
  CHECK(d.sent[1].back() == R"({"result":null,"id":3})");
  d.sent[1].clear();
  d.play(5);
  CHECK(d.sent[1].empty());
  d.listen(2, "/market/ws/" + stream + "@markPrice@1s/" + stream + "@aggTrade");
  d.play(5);
  CHECK_FALSE(d.sent[2].empty());
  d.core.on_closed(2);
  d.sent[2].clear();
  d.play(5);
  CHECK(d.sent[2].empty());
}

TEST_CASE("a list of orders is cancelled, under both spellings of its name") {
  ExchangeDesk d;
  for (const char* name : {"orderIdList", "orderidlist"}) {
    const std::string rest = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=" + d.price(-2);
    const std::int64_t first = d.order(rest).json["orderId"].GetInt64();
    const std::int64_t second = d.order(rest).json["orderId"].GetInt64();
    const Reply gone = d.act(
        "DELETE", "/fapi/v1/batchOrders",
        "symbol=" + d.symbol + "&" + name + "=%5B" + std::to_string(first) + "%2C" + std::to_string(second) + "%5D");
    REQUIRE(gone.json.IsArray());
    REQUIRE(gone.json.Size() == 2);
    for (const auto& one : gone.json.GetArray()) CHECK(std::string(one["status"].GetString()) == "CANCELED");
  }
  CHECK(d.act("GET", "/fapi/v1/openOrders", "").json.Size() == 0);
}

TEST_CASE("tickers of all instruments come as one list") {
  ExchangeDesk d;
  d.listen(1, "/market/ws/!ticker@arr/!miniTicker@arr");
  d.play(10);
  REQUIRE_FALSE(d.sent[1].empty());
  std::set<std::string> kinds;
  for (const std::string& text : d.sent[1]) {
    rapidjson::Document json;
    json.Parse(text.c_str());
    REQUIRE(json.IsArray());
    REQUIRE(json.Size() == 1);
    CHECK(json[0]["s"].GetString() == d.symbol);
    kinds.insert(json[0]["e"].GetString());
  }
  CHECK(kinds == std::set<std::string>{"24hrMiniTicker", "24hrTicker"});
}

TEST_CASE("paths without a route carry public streams, or all of them where that is asked for") {
  const auto kinds = [](bool unrouted_has_all) {
    ExchangeDesk d({}, 7, unrouted_has_all);
    std::string stream = d.symbol;
    for (char& c : stream) c = static_cast<char>(std::tolower(c));
    d.listen(1, "/ws/" + d.listen_key() + "/" + stream + "@bookTicker/" + stream + "@markPrice@1s");
    d.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=" + d.price(-2));
    d.play(5);
    const Events all = d.events(1);
    return std::set<std::string>(all.begin(), all.end());
  };
  CHECK(kinds(false) == std::set<std::string>{"bookTicker"});
  CHECK(kinds(true) == std::set<std::string>{"ORDER_TRADE_UPDATE NEW NEW", "bookTicker", "markPriceUpdate"});
}

TEST_CASE("a batch is answered order by order, and a countdown cancels what rests") {
  ExchangeDesk d;
  const std::string list = R"([{"symbol":")" + d.symbol +
                           R"(","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"1","price":")" +
                           d.price(-5) + R"("},{"symbol":")" + d.symbol + R"(","side":"BUY"}])";
  const Reply batch = d.act("POST", "/fapi/v1/batchOrders", "batchOrders=" + binance::percent_encoded(list));
  REQUIRE(batch.json.Size() == 2);
  CHECK(batch.json[0].HasMember("orderId"));
  CHECK(batch.json[1]["code"].GetInt() == -1102);
  d.act("POST", "/fapi/v1/countdownCancelAll", "symbol=" + d.symbol + "&countdownTime=3000");
  d.play(2);
  CHECK(d.act("GET", "/fapi/v1/openOrders", "").json.Size() == 1);
  d.play(2);
  CHECK(d.act("GET", "/fapi/v1/openOrders", "").json.Size() == 0);
}

TEST_CASE("a listen key is one at a time, lives an hour, says when it dies") {
  ExchangeDesk d;
  const std::string key = d.listen_key();
  CHECK(key.size() == 64);
  CHECK(d.listen_key() == key);
  CHECK(d.listen_key("bob") != key);
  d.listen(1, "/private/stream", "listenKey=" + key);
  d.play(3'000);
  CHECK(d.ask("PUT", "/fapi/v1/listenKey", "", "alice").status == 200);
  d.play(3'000);
  CHECK(d.sent[1].empty());
  d.play(601);
  REQUIRE(d.sent[1].size() == 1);
  CHECK(d.sent[1][0].find("listenKeyExpired") != std::string::npos);
  CHECK(d.ask("PUT", "/fapi/v1/listenKey", "", "alice").code() == -1125);
}

TEST_CASE("the same requests at the same times give the same answers and events") {
  const auto day = [] {
    ExchangeDesk d;
    d.listen(1, "/private/ws/" + d.listen_key());
    std::string all;
    for (int n = 0; n < 30; ++n) {
      all += d.order("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=" + d.price(0)).body;
      all += d.order("side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=" + d.price(0.02), "bob").body;
      d.play(3);
    }
    for (const std::string& text : d.sent[1]) all += text;
    return all;
  };
  CHECK(day() == day());
}

}  // namespace reprise::gateway::exchange::test
