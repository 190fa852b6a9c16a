// Which venue an address is of: what trades real money is known by any spelling.
#include "gateway/binance/environment.h"
#include "tests/support/catch.h"

namespace reprise::gateway::binance {

TEST_CASE("an address of the venue is production however it is spelled, its test network and others are not") {
  for (const char* url : {"https://fapi.binance.com", "https://FAPI.Binance.COM", "https://fapi.binance.com.",
                          "https://fapi.binance.com:443", "wss://fstream.binance.com", "https://fapi1.binance.com",
                          "https://binance.com"}) {
    INFO(url);
    auto environment = environment_at(url);
    REQUIRE(environment.ok());
    CHECK(environment->is_live());
  }
  CHECK(environment_at("https://demo-fapi.binance.com").value().name == "testnet");
  for (const char* url : {"http://127.0.0.1:8080", "https://notbinance.com", "https://binance.com.example.org"}) {
    INFO(url);
    CHECK(environment_at(url).value().name == "local");
  }
  CHECK_FALSE(environment_at("https://.").ok());
}

}  // namespace reprise::gateway::binance
