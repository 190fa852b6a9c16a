// Frames to messages: the fast scanner and the full parser agree, and both refuse what they should.
#include <cstring>
#include <random>

#include "engine/market/fixed.h"
#include "gateway/binance/decimal_scan.h"
#include "gateway/binance/hot_parser.h"
#include "gateway/binance/message_parser.h"
#include "gateway/binance/record_maker.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway;

namespace {

const char* const kTrade =
    R"({"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false})";
const char* const kAggTrade =
    R"({"e":"aggTrade","E":1618677480179,"a":49681086,"s":"BTCUSD_PERP","p":"60581.0","q":"2","f":112199128,"l":112199129,"T":1618677480023,"m":true})";
const char* const kBbo =
    R"({"u":1007198632021,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"61804.7","B":"35","a":"61804.8","A":"1645","T":1723161257465,"E":1723161257476})";
const char* const kSpotBbo =
    R"({"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"})";
const char* const kDepth =
    R"({"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[["58710.20","0.014"],["61496.50","0.010"]],"a":[["61900.00","0.000"]]})";
const char* const kSpotDepth =
    R"({"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":50093239189,"u":50093239202,"b":[["61737.63000000","0.00000000"]],"a":[]})";

// An unknown nested field makes the scanner decline, so that the full parser takes the frame.
std::string declined(const std::string& object) {
  return "{\"zz\":{}," + object.substr(1);
}

void check_equal(const MarketMessage& a, const MarketMessage& b) {
  CHECK(a.kind == b.kind);
  CHECK(a.symbol == b.symbol);
  CHECK(a.ts_event == b.ts_event);
  CHECK(a.ts_sent == b.ts_sent);
  CHECK(a.first_id == b.first_id);
  CHECK(a.last_id == b.last_id);
  CHECK(a.previous_id == b.previous_id);
  CHECK(a.price == b.price);
  CHECK(a.qty == b.qty);
  CHECK(a.side == b.side);
  CHECK(a.trade_kind == b.trade_kind);
  CHECK(a.bid_price == b.bid_price);
  CHECK(a.bid_qty == b.bid_qty);
  CHECK(a.ask_price == b.ask_price);
  CHECK(a.ask_qty == b.ask_qty);
  CHECK(a.bids == b.bids);
  CHECK(a.asks == b.asks);
  CHECK(a.venue == b.venue);
}

MarketMessage parsed_one(const std::string& frame) {
  MessageParser parser;
  MessageBuffer out;
  const FrameResult result = parser.parse_frame(frame, out);
  INFO(frame << ": " << result.reason);
  REQUIRE(result.verdict == FrameVerdict::messages);
  REQUIRE(out.size() == 1);
  return out[0];
}

std::string reason(const std::string& frame) {
  MessageParser parser;
  MessageBuffer out;
  const FrameResult result = parser.parse_frame(frame, out);
  CHECK(out.empty());
  return result.verdict == FrameVerdict::bad ? result.reason : "";
}

}  // namespace

TEST_CASE("The fast decimal scanner gives what the reference parser gives, or declines") {
  const std::uint64_t seed = 8;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  int accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    const int whole = static_cast<int>(random() % 14);
    for (int k = 0; k < whole; ++k) text += static_cast<char>('0' + random() % 10);
    if (random() % 4 != 0) {
      text += '.';
      const int decimals = static_cast<int>(random() % 11);
      for (int k = 0; k < decimals; ++k) text += static_cast<char>('0' + random() % 10);
    }
    if (random() % 20 == 0) text.insert(random() % (text.size() + 1), 1, "-+e. x"[random() % 6]);
    // Alone, and with text behind it, which lets the scanner read eight characters at a time.
    const std::string longer = text + (i % 2 == 0 ? "" : "\",\"q\":\"0.006\"}");
    const char* p = longer.data();
    std::int64_t fast = 0;
    const bool is_taken = scan_decimal(p, longer.data() + longer.size(), fast) && p == longer.data() + text.size();
    std::int64_t reference = 0;
    const bool is_number = parse_decimal(text, reference);
    INFO(text);
    if (is_taken) {
      ++accepted;
      REQUIRE(is_number);
      REQUIRE(fast == reference);
    }
  }
  CHECK(accepted > 10'000);
}

TEST_CASE("Whole numbers are read up to 18 digits, wherever the text ends") {
  const std::uint64_t seed = 21;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 50'000; ++i) {
    std::string digits;
    for (std::uint64_t k = random() % 21; k > 0; --k) digits += static_cast<char>('0' + random() % 10);
    std::string text = digits;
    if (random() % 3 != 0) text += ",.\"}:/x"[random() % 7];
    if (random() % 2 == 0) text += "1234567890.1234567890";
    const bool ends_there = text.size() == digits.size() || text[digits.size()] < '0' || text[digits.size()] > '9';
    if (!ends_there) digits += text.substr(digits.size(), 10);
    const std::vector<char> exact(text.begin(), text.end());  // so that reading behind the end shows
    const char* p = exact.data();
    const char* const end = p + exact.size();
    INFO(text);
    std::int64_t value = 0;
    const bool is_number = scan_unsigned(p, end, value);
    REQUIRE(is_number == (!digits.empty() && digits.size() <= 18));
    if (is_number) {
      REQUIRE(value == std::stoll(digits));
      REQUIRE(p == exact.data() + digits.size());
    }
    // scan_number tells both kinds apart and agrees with each.
    const char* both = exact.data();
    const char* decimal = exact.data();
    std::int64_t number = 0;
    std::int64_t e8 = 0;
    bool is_integer = false;
    const bool has_point = is_number && p < end && *p == '.';
    if (scan_number(both, end, number, is_integer)) {
      REQUIRE(is_integer == (is_number && !has_point));
      if (is_integer) {
        REQUIRE(number == value);
        REQUIRE(both == p);
      } else {
        REQUIRE(scan_decimal(decimal, end, e8));
        REQUIRE(number == e8);
        REQUIRE(both == decimal);
      }
    } else {
      REQUIRE((!is_number || has_point));
    }
  }
}

TEST_CASE("The scanner and the full parser read the same messages") {
  for (const char* object : {kTrade, kAggTrade, kBbo, kSpotBbo, kDepth, kSpotDepth}) {
    INFO(object);
    MarketMessage hot;
    REQUIRE(parse_hot_event(object, hot));
    check_equal(hot, parsed_one(declined(object)));
    check_equal(hot, parsed_one(object));
    check_equal(hot, parsed_one(std::string("{\"stream\":\"btcusdt@x\",\"data\":") + object + "}"));
    // White space and another order of the wrapper change nothing.
    check_equal(hot, parsed_one(std::string("{ \"data\" : ") + object + " , \"stream\":\"btcusdt@x\" }"));
  }
}

TEST_CASE("Records of trades and quotes are those that a batch makes field by field") {
  RecordMaker maker;
  journal::RecordBatch made;
  journal::RecordBatch plain;
  std::mt19937_64 random(3);
  const auto number = [&] { return static_cast<std::int64_t>(random() >> (random() % 60)); };
  for (int i = 0; i < 200; ++i) {
    MarketMessage m;
    m.last_id = number();
    m.ts_sent = number();
    journal::RecordHeader header;
    header.ts_recv = number();
    if (random() % 2 == 0) {
      m.kind = random() % 2 == 0 ? MessageKind::trade : MessageKind::aggregate_trade;
      m.first_id = number();
      m.price = number();
      m.qty = number();
      m.side = random() % 2 == 0 ? schema::Side::BUY : schema::Side::SELL;
      m.trade_kind = random() % 5 == 0 ? schema::TradeKind::ADL : schema::TradeKind::MARKET;
      plain.append<schema::Trade>(journal::RecordType::TRADE, header, [&](schema::Trade::Builder b) {
        b.setPrice(m.price);
        b.setQty(m.qty);
        b.setTradeId(m.last_id);
        b.setTsVenueSent(m.ts_sent);
        b.setAggressorSide(m.side);
        b.setKind(m.trade_kind);
        b.setIsAggregate(m.kind == MessageKind::aggregate_trade);
        b.setFirstTradeId(m.kind == MessageKind::aggregate_trade ? m.first_id : 0);
      });
    } else {
      m.kind = MessageKind::bbo;
      m.bid_price = number();
      m.bid_qty = number();
      m.ask_price = number();
      m.ask_qty = number();
      plain.append<schema::Bbo>(journal::RecordType::BBO, header, [&](schema::Bbo::Builder b) {
        b.setBidPrice(m.bid_price);
        b.setBidQty(m.bid_qty);
        b.setAskPrice(m.ask_price);
        b.setAskQty(m.ask_qty);
        b.setUpdateId(m.last_id);
        b.setTsVenueSent(m.ts_sent);
      });
    }
    REQUIRE(maker.append(m, header, made) == 1);
  }
  REQUIRE(made.size_bytes() == plain.size_bytes());
  CHECK(std::memcmp(made.bytes(), plain.bytes(), made.size_bytes()) == 0);
}

TEST_CASE("A futures trade has its times, side and id") {
  const MarketMessage m = parsed_one(kTrade);
  CHECK(m.kind == MessageKind::trade);
  CHECK(m.ts_event == 1'723'161'256'321'000'000);
  CHECK(m.ts_sent == 1'723'161'256'322'000'000);
  CHECK(m.last_id == 5'266'583'935);
  CHECK(m.price == 6'180'030'000'000);
  CHECK(m.qty == 600'000);
  CHECK(m.side == schema::Side::BUY);
}

TEST_CASE("A depth update keeps the venue's ids, spot has no predecessor") {
  const MarketMessage futures = parsed_one(kDepth);
  CHECK(futures.first_id == 5'123'107'832'006);
  CHECK(futures.previous_id == 5'123'107'831'937);
  CHECK(futures.bids.size() == 2);
  CHECK(futures.asks == std::vector<LevelE8>{{6'190'000'000'000, 0}});
  CHECK(parsed_one(kSpotDepth).previous_id == 0);
}

TEST_CASE("Trades that are no market trades keep their kind") {
  std::string text = kTrade;
  text.replace(text.find("MARKET"), 6, "INSURANCE_FUND");
  CHECK(parsed_one(text).trade_kind == schema::TradeKind::INSURANCE_FUND);
  text.replace(text.find("INSURANCE_FUND"), 14, "ADL");
  CHECK(parsed_one(text).trade_kind == schema::TradeKind::ADL);
  text.replace(text.find("ADL"), 3, "NOVEL");
  CHECK(parsed_one(text).trade_kind == schema::TradeKind::OTHER);
}

TEST_CASE("Mark price, bar and liquidation frames are read") {
  const MarketMessage mark = parsed_one(
      R"({"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1771263510000,"s":"BTCUSDT","p":"68005.80802899","P":"67836.82194783","i":"68035.14043478","r":"-0.00004435","T":1771286400000}})");
  CHECK(mark.kind == MessageKind::mark_price);
  CHECK(mark.mark_price == 6'800'580'802'899);
  CHECK(mark.funding_rate == -4435);
  CHECK(mark.next_funding_time == 1'771'286'400'000'000'000);
  CHECK(mark.ts_event == 1'771'263'510'000'000'000);
  const MarketMessage bar = parsed_one(
      R"({"e":"kline","E":1618677448088,"s":"YFIUSDT","k":{"t":1618677420000,"T":1618677479999,"s":"YFIUSDT","i":"1m","f":1,"L":2,"o":"50010.8","c":"49966.7","h":"50044.2","l":"49950.6","v":"0.842","n":69,"x":false,"q":"42099.6830","V":"0.538","Q":"26900.2291","B":"0"}})");
  CHECK(bar.kind == MessageKind::bar);
  CHECK_FALSE(bar.is_final);
  CHECK(bar.close_time + 1 - bar.open_time == 60'000'000'000);
  CHECK(bar.trade_count == 69);
  const MarketMessage print = parsed_one(
      R"({"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"9910","ap":"9911","X":"FILLED","l":"0.014","z":"0.014","T":1568014460893}})");
  CHECK(print.kind == MessageKind::liquidation);
  CHECK(print.side == schema::Side::SELL);
  CHECK(print.symbol == "BTCUSDT");
}

TEST_CASE("A list of events is several messages, a partial depth stream is a partial snapshot") {
  MessageParser parser;
  MessageBuffer out;
  const std::string mark = R"({"e":"markPriceUpdate","E":1771263510000,"s":"BTCUSDT","p":"1","r":"0"})";
  CHECK(parser.parse_frame("[" + mark + "," + mark + "]", out).verdict == FrameVerdict::messages);
  CHECK(out.size() == 2);
  const MarketMessage partial =
      parsed_one(std::string("{\"stream\":\"btcusdt@depth5@100ms\",\"data\":") + kDepth + "}");
  CHECK(partial.kind == MessageKind::book_snapshot);
  CHECK(partial.is_partial);
}

TEST_CASE("A depth answer is read with and without blanks and symbol") {
  MessageParser parser;
  MessageBuffer out;
  REQUIRE(
      parser
          .parse_depth(
              R"({"lastUpdateId": 27, "E": 1680652700590, "T": 1680652700580, "bids": [["28145.10", "3.818"]], "asks": []})",
              out)
          .verdict == FrameVerdict::messages);
  CHECK(out[0].last_id == 27);
  CHECK(out[0].symbol.empty());
  CHECK(out[0].bids == std::vector<LevelE8>{{2'814'510'000'000, 381'800'000}});
  CHECK_FALSE(out[0].is_partial);
}

TEST_CASE("Answers to subscriptions are no market data and no error") {
  MessageParser parser;
  MessageBuffer out;
  CHECK(parser.parse_frame(R"({"result":null,"id":1})", out).verdict == FrameVerdict::control);
  CHECK(out.empty());
}

TEST_CASE("Bad frames are refused with the field that is wrong") {
  CHECK(reason("nonsense") == "not JSON");
  CHECK(reason("") == "not JSON");
  CHECK(reason("{\"e\":\"trade\"") == "not JSON");
  CHECK(reason("17") == "frame is neither an object nor a list");
  CHECK(reason("{\"e\":\"novelty\",\"s\":\"BTCUSDT\"}") == "event of a kind that import does not record");
  CHECK(
      reason(
          R"({"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5,"q":"0.006","X":"MARKET","m":false})")
          .find("field p") == 0);
  CHECK(
      reason(R"({"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5,"p":"NaN","q":"0.006","m":false})")
          .find("field p") == 0);
  CHECK(
      reason(
          R"({"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5,"p":"99999999999999","q":"1","m":false})")
          .find("field p") == 0);
  CHECK(reason(R"({"e":"trade","E":1723161256322,"T":99,"s":"BTCUSDT","t":5,"p":"1","q":"1","m":false})")
            .find("field T") == 0);
  CHECK(reason(R"({"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]})")
            .find("field pu") == 0);
  CHECK(
      reason(R"({"e":"depthUpdate","E":1723161256299,"s":"BTCUSDT","U":1,"u":2,"b":[["1"]],"a":[]})").find("field b") ==
      0);
  CHECK(reason(std::string(200'000, '[')) == "not JSON");
  CHECK(reason(std::string(1000, '[') + std::string(1000, ']')) == "list in a list");
}

TEST_CASE("Times are told apart by their size, and what is no time is refused") {
  CHECK(to_nanos(1'723'161'256) == 1'723'161'256'000'000'000);
  CHECK(to_nanos(1'723'161'256'322) == 1'723'161'256'322'000'000);
  CHECK(to_nanos(1'723'161'256'322'123) == 1'723'161'256'322'123'000);
  CHECK(to_nanos(1'723'161'256'322'123'456) == 1'723'161'256'322'123'456);
  for (const std::int64_t wrong :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{17}, std::int64_t{99'000'000'000}, INT64_MAX}) {
    CHECK(to_nanos(wrong) == 0);
  }
}
