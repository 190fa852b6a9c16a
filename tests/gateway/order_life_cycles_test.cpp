// The life cycles of orders on the private stream: the events that the exchange sends, in their order and words, and
// that the client reads each of them. Golden: the sequences are the venue's, as its documentation and captured frames
// have them.
#include <string>
#include <vector>

#include "gateway/binance/user_event.h"
#include "journal/record_batch.h"
#include "tests/gateway/exchange_desk.h"
#include "tests/support/catch.h"

namespace reprise::gateway::exchange::test {
namespace {

using Lines = std::vector<std::string>;

std::string member(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject() || !object.HasMember(name)) return "-";
  const rapidjson::Value& value = object[name];
  return value.IsString() ? value.GetString() : value.IsBool() ? (value.GetBool() ? "true" : "false") : "?";
}

std::int64_t units(const std::string& text) {
  std::int64_t value = 0;
  REQUIRE(parse_decimal(text, value));
  return value;
}

// One event as a line: what tells the steps of a life cycle apart.
std::string line_of(const std::string& text) {
  rapidjson::Document json;
  json.Parse(text.c_str());
  REQUIRE(json.IsObject());
  const std::string event = json["e"].GetString();
  if (event == "ORDER_TRADE_UPDATE") {
    const rapidjson::Value& o = json["o"];
    return "order " + member(o, "x") + " " + member(o, "X") + " z=" + member(o, "z") + " er=" + member(o, "er");
  }
  if (event == "ACCOUNT_UPDATE") {
    const rapidjson::Value& a = json["a"];
    std::string line = "account " + member(a, "m");
    if (a["P"].Size() != 0) line += " pa=" + member(a["P"][0], "pa");
    return line;
  }
  if (event == "ACCOUNT_CONFIG_UPDATE") return "config";
  if (event == "ALGO_UPDATE") return "algo " + member(json["o"], "X");
  return event;
}

class Cycle {
 public:
  Cycle() { desk.listen(1, "/private/ws/" + desk.listen_key()); }

  // The events since the last call; each is one that the client understands.
  Lines events() {
    Lines lines;
    for (const std::string& text : desk.sent[1]) {
      lines.push_back(line_of(text));
      binance::UserEvent event;
      INFO(text);
      CHECK(binance::parse_user_event(text, event).ok());
      if (lines.back().starts_with("order")) CHECK(event.kind == binance::UserEventKind::order);
      if (lines.back().starts_with("account")) CHECK(event.kind == binance::UserEventKind::account);
    }
    desk.sent[1].clear();
    return lines;
  }
  std::string place(const std::string& rest) {
    const Reply reply = desk.order(rest);
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return std::to_string(reply.json["orderId"].GetInt64());
  }
  template <class T, class Fill>
  void market(journal::RecordType type, Fill&& fill) {
    journal::RecordBatch batch;
    journal::RecordHeader header;
    header.instrument = 1;
    header.ts_event = desk.now.ns;
    batch.append<T>(type, header, fill, 16);
    batch.for_each(1, [&](const journal::RecordView& view) { desk.core.on_market(view, 1, desk.now, desk.now); });
  }

  ExchangeDesk desk;
};

}  // namespace

TEST_CASE("life of a limit order: it rests, is amended and is cancelled, the account is not touched") {
  Cycle c;
  const std::string id = c.place("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=" + c.desk.price(-5));
  CHECK(c.events() == Lines{"order NEW NEW z=0 er=0"});
  (void)c.desk.act("PUT", "/fapi/v1/order",
                   "symbol=" + c.desk.symbol + "&side=BUY&orderId=" + id + "&quantity=0.2&price=" + c.desk.price(-6));
  CHECK(c.events() == Lines{"order AMENDMENT NEW z=0 er=0"});
  (void)c.desk.act("DELETE", "/fapi/v1/order", "symbol=" + c.desk.symbol + "&orderId=" + id);
  CHECK(c.events() == Lines{"order CANCELED CANCELED z=0 er=0"});
}

TEST_CASE("life of a taker: new, then for each execution the light event, the account and the order") {
  Cycle c;
  (void)c.place("side=BUY&type=MARKET&quantity=0.01");
  CHECK(c.events() ==
        Lines{"order NEW NEW z=0 er=0", "TRADE_LITE", "account ORDER pa=0.01", "order TRADE FILLED z=0.010 er=0"});
  (void)c.place("side=SELL&type=MARKET&quantity=0.01&reduceOnly=true");
  CHECK(c.events() ==
        Lines{"order NEW NEW z=0 er=0", "TRADE_LITE", "account ORDER pa=0", "order TRADE FILLED z=0.010 er=0"});
}

TEST_CASE("what may not rest expires with its reason: immediate-or-cancel, fill-or-kill is refused, post-only too") {
  Cycle c;
  (void)c.place("side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.1&price=" + c.desk.price(-3));
  CHECK(c.events() == Lines{"order NEW NEW z=0 er=0", "order EXPIRED EXPIRED z=0 er=2"});
  CHECK(c.desk.order("side=BUY&type=LIMIT&timeInForce=FOK&quantity=0.1&price=" + c.desk.price(-3)).code() == -5021);
  CHECK(c.desk.order("side=BUY&type=LIMIT&timeInForce=GTX&quantity=0.1&price=" + c.desk.price(3)).code() == -5022);
  CHECK(c.events().empty());
}

TEST_CASE("an order that meets one's own expires in match, the one that came does not trade against it") {
  Cycle c;
  (void)c.place("side=BUY&type=LIMIT&timeInForce=GTX&quantity=0.1&priceMatch=QUEUE");
  (void)c.events();
  (void)c.place("side=SELL&type=MARKET&quantity=0.01&selfTradePreventionMode=EXPIRE_MAKER");
  const Lines lines = c.events();
  REQUIRE(lines.size() >= 2);
  CHECK(lines[0] == "order NEW NEW z=0 er=0");
  CHECK(lines[1] == "order EXPIRED EXPIRED_IN_MATCH z=0 er=1");
}

TEST_CASE("life of a conditional order: new, triggering, triggered, the order that it becomes, finished") {
  Cycle c;
  (void)c.place("side=BUY&type=MARKET&quantity=0.01");
  (void)c.events();
  const Reply placed =
      c.desk.act("POST", "/fapi/v1/algoOrder",
                 "symbol=" + c.desk.symbol + "&algoType=CONDITIONAL&side=SELL&type=STOP_MARKET&quantity=0.01" +
                     "&reduceOnly=true&workingType=MARK_PRICE&triggerPrice=" + c.desk.price(-2));
  INFO(placed.body);
  REQUIRE(placed.status == 200);
  CHECK(c.events() == Lines{"algo NEW"});
  const std::int64_t low = units(c.desk.price(-2)) - 100 * kScale;
  c.market<schema::MarkPrice>(journal::RecordType::MARK_PRICE, [&](schema::MarkPrice::Builder b) {
    b.setMarkPrice(low);
    b.setIndexPrice(low);
  });
  CHECK(c.events() == Lines{"algo TRIGGERING", "algo TRIGGERED", "order NEW NEW z=0 er=8", "TRADE_LITE",
                            "account ORDER pa=0", "order TRADE FILLED z=0.010 er=0", "algo FINISHED"});
}

TEST_CASE("funding, leverage and margin mode tell the account, no order") {
  Cycle c;
  (void)c.desk.act("POST", "/fapi/v1/leverage", "symbol=" + c.desk.symbol + "&leverage=7");
  CHECK(c.events() == Lines{"config"});
  (void)c.desk.act("POST", "/fapi/v1/marginType", "symbol=" + c.desk.symbol + "&marginType=ISOLATED");
  CHECK(c.events() == Lines{"account MARGIN_TYPE_CHANGE pa=0"});
  (void)c.desk.act("POST", "/fapi/v1/marginType", "symbol=" + c.desk.symbol + "&marginType=CROSSED");
  (void)c.place("side=BUY&type=MARKET&quantity=0.01");
  (void)c.events();
  c.market<schema::FundingSettlement>(journal::RecordType::FUNDING_SETTLEMENT,
                                      [&](schema::FundingSettlement::Builder b) {
                                        b.setFundingRate(100'000);
                                        b.setMarkPrice(50'000 * kScale);
                                      });
  CHECK(c.events() == Lines{"account FUNDING_FEE"});
}

TEST_CASE("a liquidation takes the open orders back, then closes by an order of the venue's own") {
  Cycle c;
  (void)c.desk.act("POST", "/fapi/v1/leverage", "symbol=" + c.desk.symbol + "&leverage=50");
  (void)c.place("side=BUY&type=MARKET&quantity=2");
  (void)c.place("side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.1&price=" + c.desk.price(8));
  (void)c.events();
  const std::int64_t low = units(c.desk.price(-15));
  c.market<schema::MarkPrice>(journal::RecordType::MARK_PRICE, [&](schema::MarkPrice::Builder b) {
    b.setMarkPrice(low);
    b.setIndexPrice(low);
  });
  const Lines lines = c.events();
  std::string told;
  for (const std::string& line : lines) told += line + "\n";
  INFO(told);
  REQUIRE(lines.size() >= 4);
  CHECK(lines[0] == "order EXPIRED EXPIRED z=0 er=5");
  CHECK(lines[1] == "order NEW NEW z=0 er=0");
  // Each execution behind the account as it left it, and no light event.
  for (std::size_t n = 2; n < lines.size(); ++n)
    CHECK(lines[n].starts_with(n % 2 == 0 ? "account ORDER pa=1." : "order CALCULATED"));
  CHECK(lines[2] != lines[4]);
}

}  // namespace reprise::gateway::exchange::test
