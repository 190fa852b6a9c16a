// Client order ids: one id for one order of one run, and whose an id is.
#include "gateway/binance/client_order_id.h"

#include <random>
#include <set>

#include "tests/support/catch.h"

using namespace reprise::gateway::binance;

TEST_CASE("a client id comes back as run and seq, and keeps the venue's rule", "[gateway][binance]") {
  const std::uint64_t seed = 77;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t tag = random() >> (random() % 64);
    const std::uint64_t seq = (random() >> (random() % 64)) | 1;
    const std::string id = client_order_id(tag, seq);
    REQUIRE(is_valid_client_id(id));
    REQUIRE(id.size() <= 36);
    ids.insert(id);
    const ClientId own = recognise(id, tag);
    REQUIRE((own.owner == IdOwner::this_run && own.run_tag == tag && own.seq == seq));
    const ClientId other = recognise(id, tag + 1);
    REQUIRE((other.owner == IdOwner::other_run && other.run_tag == tag && other.seq == seq));
  }
  CHECK(ids.size() > 9'900);
  CHECK(client_order_id(0, 1) == "rp0000000000000-1");
  CHECK(client_order_id(UINT64_MAX, UINT64_MAX) == "rp3w5e11264sgsf-3w5e11264sgsf");
}

TEST_CASE("other spellings of an id of ours are foreign, so that no two ids mean one order", "[gateway][binance]") {
  for (const char* id : {"rp0000000000000-0", "rp0000000000000-01", "rp0000000000000-", "rp0000000000000-A",
                         "RP0000000000000-1", "rp000000000000-1", "rp00000000000000-1", "rp000000000000A-1",
                         "rpzzzzzzzzzzzzz-1", "rp0000000000000-zzzzzzzzzzzzz", "rp0000000000000_1",
                         "rp0000000000000-1 ", "rp", "", "rp0000000000000-11111111111111"}) {
    INFO(id);
    CHECK(recognise(id, 0).owner == IdOwner::foreign);
  }
}

TEST_CASE("orders of the venue, of people and of other programs are told apart", "[gateway][binance]") {
  CHECK(recognise("autoclose-1790000000000", 1).owner == IdOwner::liquidation);
  CHECK(recognise("adl_autoclose", 1).owner == IdOwner::liquidation);
  CHECK(recognise("settlement_autoclose-1", 1).owner == IdOwner::settlement);
  CHECK(recognise("delivery_autoclose-1", 1).owner == IdOwner::settlement);
  CHECK(recognise("web_abc", 1).owner == IdOwner::person);
  CHECK(recognise("ios_abc", 1).owner == IdOwner::person);
  CHECK(recognise("android_abc", 1).owner == IdOwner::person);
  CHECK(recognise("x-15PC4ZJy123", 1).owner == IdOwner::broker);
  CHECK(recognise("KWsJ1UBaWM1C0IhvgdXxZb", 1).owner == IdOwner::foreign);
  CHECK(recognise("SOLUSDT_BOTH_1771856732181_1", 1).owner == IdOwner::foreign);
}

TEST_CASE("the venue's rule on client ids", "[gateway][binance]") {
  CHECK(is_valid_client_id("aZ0.:/_-"));
  CHECK(is_valid_client_id(std::string(36, 'a')));
  for (const std::string& id : {std::string(), std::string(37, 'a'), std::string("a b"), std::string("a\n"),
                                std::string("\u6d4b"), std::string("a+b"), std::string("a\0b", 3)}) {
    CHECK_FALSE(is_valid_client_id(id));
  }
}
