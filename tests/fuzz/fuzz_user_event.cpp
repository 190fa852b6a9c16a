// Fuzz target: any bytes as a frame of the private stream or as the body of an answer about orders, trades, balances
// or positions are values in range, or a reason.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/binance/error_table.h"
#include "gateway/binance/user_event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reprise;
  using namespace reprise::gateway::binance;
  if (size == 0) return 0;
  // Heap memory of exactly the text's size, so that reading behind it shows.
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: {
      UserEvent event;
      const Status status = parse_user_event(text, event);
      REPRISE_ASSERT(status.ok() || !status.error().message.empty(), "a bad frame says why");
      if (status.ok() && event.kind == UserEventKind::order)
        REPRISE_ASSERT(event.order.order.qty.e8 >= 0 && event.order.order.cum_qty.e8 >= 0,
                       "quantities are not negative");
      break;
    }
    case 1: (void)parse_order(text).ok(); break;
    case 2: (void)parse_orders(text).ok(); break;
    case 3: (void)parse_trades(text).ok(); break;
    case 4: (void)parse_balances(text).ok(); break;
    case 5: (void)parse_positions(text).ok(); break;
  }
  return 0;
}
