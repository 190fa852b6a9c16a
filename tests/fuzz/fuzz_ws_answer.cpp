// Fuzz target: any bytes as frames of the WebSocket trading API while requests are open there. Each request ends
// exactly once, whatever came, and the limiter's books stay whole.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/binance/order_form.h"
#include "gateway/binance/rest_client.h"
#include "journal/assert.h"
#include "tests/support/fake_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reprise;
  using namespace reprise::gateway::binance;
  test::FakeWire wire;
  RestClient client(wire, RestClient::Options{}, nullptr);
  Credentials credentials;
  credentials.api_key = Secret::copy_of("key");
  credentials.api_secret = Secret::copy_of("secret");
  REPRISE_ASSERT(client.use(std::move(credentials)).ok(), "an HMAC secret is a key");
  client.use_ws_api({});
  wire.last_socket().accept();
  constexpr int kRequests = 3;
  int ended[kRequests] = {};
  for (int n = 0; n < kRequests; ++n) {
    Result<VenueRequest> request = query_order({"BTCUSDT", n + 1, ""});
    REPRISE_ASSERT(request.ok(), "a query by number is well-formed");
    client.send(*request, [&ended, n](const Answer& answer) {
      ++ended[n];
      REPRISE_ASSERT(!answer.is_ok || (answer.http_status >= 200 && answer.http_status <= 299), "a success says so");
    });
  }
  REPRISE_ASSERT(wire.requests.empty(), "the WebSocket API takes what it offers");
  // Frames stand between line feeds.
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    wire.last_socket().say(
        std::string(rest.substr(0, end)));  // heap memory of its own size, so that reading behind it shows
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  for (const int times : ended) REPRISE_ASSERT(times <= 1, "a request ends once");
  wire.advance(std::chrono::seconds(11));
  for (const int times : ended) REPRISE_ASSERT(times == 1, "a request ends, by its time at the latest");
  return 0;
}
