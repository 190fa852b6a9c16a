// Text forms and parameters, both ways.
#include <random>

#include "gateway/binance/parameters.h"
#include "gateway/binance/text_encoding.h"
#include "tests/support/catch.h"

using namespace reprise::gateway::binance;

namespace {

std::string random_bytes(std::mt19937_64& random, std::size_t longest) {
  std::string bytes(random() % (longest + 1), '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

Parameters parsed(std::string_view query, std::string_view body = {}) {
  auto result = Parameters::parse(query, body);
  if (!result) FAIL(result.error().text());
  return std::move(result).value();
}

std::string query_refusal(std::string_view query, std::string_view body = {}) {
  auto result = Parameters::parse(query, body);
  return result ? "" : result.error().text();
}

}  // namespace

TEST_CASE("any bytes survive each encoding and its decoding", "[gateway][binance]") {
  const std::uint64_t seed = 41;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5'000; ++i) {
    const std::string bytes = random_bytes(random, 80);
    REQUIRE(percent_decoded(percent_encoded(bytes)) == bytes);
    REQUIRE(base64_decoded(base64_encoded(bytes)) == bytes);
    REQUIRE(hex_decoded(hex_encoded(bytes)) == bytes);
  }
}

TEST_CASE("decoders refuse what is malformed and never read behind the end", "[gateway][binance]") {
  for (const char* text : {"%", "%4", "%4g", "a%", "%%41", "% 1"}) CHECK_FALSE(percent_decoded(text));
  for (const char* text : {"A", "AA", "AAA", "A===", "AA=A", "====", "AB==", "AAB=", "AA==AAAA", "A A=", "AA-_"}) {
    INFO(text);
    CHECK_FALSE(base64_decoded(text));
  }
  for (const char* text : {"0", "0g", "0x00 "}) CHECK_FALSE(hex_decoded(text));
  const std::uint64_t seed = 42;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string bytes = random_bytes(random, 12);
    const auto base64 = base64_decoded(bytes);
    if (base64) REQUIRE(base64_encoded(*base64) == bytes);
    (void)percent_decoded(bytes);
    (void)is_utf8(bytes);
  }
}

TEST_CASE("the RFC's base64 vectors come out", "[gateway][binance]") {
  CHECK(base64_encoded("") == "");
  CHECK(base64_encoded("f") == "Zg==");
  CHECK(base64_encoded("fo") == "Zm8=");
  CHECK(base64_encoded("foo") == "Zm9v");
  CHECK(base64_encoded("foobar") == "Zm9vYmFy");
}

TEST_CASE("a Chinese symbol is percent-encoded as UTF-8 and comes back", "[gateway][binance]") {
  Parameters parameters;
  parameters.add("symbol", "\u6d4b\u8bd5USDT");
  CHECK(parameters.query_text() == "symbol=%E6%B5%8B%E8%AF%95USDT");
  CHECK(parsed(parameters.query_text()).text("symbol") == "\u6d4b\u8bd5USDT");
  CHECK(parsed("symbol=\u6d4b\u8bd5USDT").text("symbol") == "\u6d4b\u8bd5USDT");
  CHECK_FALSE(is_utf8("\xc0\xaf"));
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));
  CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));
  CHECK_FALSE(is_utf8("\xe6\xb5"));
  CHECK(is_utf8("\xf0\x9f\x98\x80"));
}

TEST_CASE("parameters written are the parameters read, in order", "[gateway][binance]") {
  const std::uint64_t seed = 43;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const std::vector<std::string> values = {"1",     "a b", "a+b", "&=%", "\u6d4b", "[{\"a\":\"b\"}]",
                                           "0.001", "#?/", "true"};
  for (int i = 0; i < 2'000; ++i) {
    Parameters written;
    const std::size_t count = random() % 8;
    for (std::size_t k = 0; k < count; ++k) {
      written.add("name" + std::to_string(k), std::string_view(values[random() % values.size()]));
    }
    const std::string text = written.query_text();
    CHECK(parsed(text).pairs() == written.pairs());
    CHECK(parsed("", text).pairs() == written.pairs());
  }
}

TEST_CASE("the query wins over the body, and an empty optional parameter is absent", "[gateway][binance]") {
  const Parameters both = parsed("symbol=A&orderId=", "symbol=B&price=5&orderId=7");
  CHECK(both.text("symbol") == "A");
  CHECK(both.text("price") == "5");
  CHECK_FALSE(both.has("orderId"));
  CHECK_FALSE(both.has("quantity"));
  CHECK(parsed("&&a=1&&b=2&").pairs().size() == 2);
  CHECK(parsed("a").pairs().size() == 1);
  CHECK_FALSE(parsed("a").has("a"));
}

TEST_CASE("raw JSON in a form body is read as it is", "[gateway][binance]") {
  const std::string json = R"([{"symbol":"BTCUSDT","quantity":"0.001"}])";
  CHECK(parsed("", "timestamp=1&batchOrders=" + json + "&recvWindow=10000").text("batchOrders") == json);
  CHECK(parsed("batchOrders=" + percent_encoded(json)).text("batchOrders") == json);
}

TEST_CASE("malformed, doubled and oversized parameters are refused", "[gateway][binance]") {
  CHECK(query_refusal("a=%") == "the value of parameter 'a' is malformed");
  CHECK(query_refusal("a=%ff") == "the value of parameter 'a' is malformed");
  CHECK(query_refusal("", "a=%4x") == "the value of parameter 'a' is malformed");
  CHECK(query_refusal("%=1") == "a parameter's name is malformed");
  CHECK(query_refusal("=1") == "a parameter's name is malformed");
  CHECK(query_refusal("a=1&a=2") == "parameter 'a' was sent twice");
  CHECK(query_refusal("", "a=1&a=1") == "parameter 'a' was sent twice");
  CHECK(query_refusal("a=1", "a=2") == "");
  std::string many;
  for (int i = 0; i < 257; ++i) many += "p" + std::to_string(i) + "=1&";
  CHECK(query_refusal(many) == "too many parameters");
  CHECK(query_refusal("a=" + std::string(Parameters::kMaxBytes, '1')) == "the parameters are too long");
}

TEST_CASE("numbers and flags are read strictly", "[gateway][binance]") {
  const Parameters p = parsed(
      "i=-9223372036854775808&j=9223372036854775807&k=9223372036854775808&l=1x&m=-&"
      "d=0.00000001&e=1.123456789&t=TRUE&f=false&y=yes");
  CHECK(p.integer("i") == INT64_MIN);
  CHECK(p.integer("j") == INT64_MAX);
  for (const char* name : {"k", "l", "m", "d", "none"}) CHECK_FALSE(p.integer(name));
  CHECK(p.decimal_e8("d") == 1);
  CHECK_FALSE(p.decimal_e8("e"));
  CHECK(p.flag("t") == true);
  CHECK(p.flag("f") == false);
  CHECK_FALSE(p.flag("y"));
}

TEST_CASE("the signature is cut out of the raw text wherever it stands", "[gateway][binance]") {
  const auto split = [](std::string_view query, std::string_view body) {
    auto result = split_signature(query, body);
    return result ? result->payload + "|" + result->signature : "error: " + result.error().text();
  };
  CHECK(split("a=1&b=%20&signature=ab", "") == "a=1&b=%20|ab");
  CHECK(split("a=1&signature=ab&b=2", "") == "a=1&b=2|ab");
  CHECK(split("signature=ab&a=1", "") == "a=1|ab");
  CHECK(split("signature=ab", "a=1") == "a=1|ab");
  CHECK(split("a=1", "b=2&signature=x%2By%3D") == "a=1b=2|x+y=");
  CHECK(split("a=1", "b=2&signature=x+y=") == "a=1b=2|x+y=");
  CHECK(split("a=1&xsignature=2&signature=ab", "") == "a=1&xsignature=2|ab");
  CHECK(split("a=1", "") == "error: parameter 'signature' was not sent");
  CHECK(split("a=1&signature=", "") == "error: parameter 'signature' was not sent");
  CHECK(split("signature=a", "signature=b") == "error: parameter 'signature' was sent twice");
  CHECK(split("signature=%2", "") == "error: the value of parameter 'signature' is malformed");
}
