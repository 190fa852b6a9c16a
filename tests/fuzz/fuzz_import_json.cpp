// Fuzz target: any bytes as a frame, a depth answer or an instrument table are messages with sound figures
// or a reason; the fast scanner and the full parser never contradict each other.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/binance/hot_parser.h"
#include "gateway/binance/instrument_table.h"
#include "gateway/binance/message_parser.h"
#include "gateway/binance/record_maker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reprise;
  using namespace reprise::gateway;
  if (size == 0) return 0;
  // Heap memory of exactly the text's size, so that reading behind it shows.
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static MessageParser parser;
  MessageBuffer out;
  if (data[0] % 8 == 7) {
    static InstrumentTable table;
    InstrumentTable copy = table;
    (void)copy.add_json(text, "fuzz").ok();
    return 0;
  }
  const bool is_depth = data[0] % 8 == 6;
  const FrameResult result = is_depth ? parser.parse_depth(text, out) : parser.parse_frame(text, out);
  REPRISE_ASSERT(result.verdict != FrameVerdict::bad || (out.empty() && !result.reason.empty()),
                 "a bad frame leaves nothing but a reason");
  static RecordMaker maker;
  journal::RecordBatch batch;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (unsound(out[i]) == nullptr) maker.append(out[i], {}, batch);
  }
  if (!is_depth && text.size() > 1 && text.front() == '{') {
    MarketMessage hot;
    if (parse_hot_event(text, hot)) {
      MessageBuffer slow;
      // An unknown nested field sends the same event through the full parser.
      const FrameResult full = parser.parse_frame("{\"zz\":{}," + text.substr(1), slow);
      if (full.verdict == FrameVerdict::messages) {
        REPRISE_ASSERT(slow.size() == 1, "one event");
        REPRISE_ASSERT(slow[0].kind == hot.kind && slow[0].price == hot.price && slow[0].qty == hot.qty,
                       "both parsers agree on figures");
        REPRISE_ASSERT(slow[0].last_id == hot.last_id && slow[0].ts_event == hot.ts_event,
                       "both parsers agree on ids and times");
        REPRISE_ASSERT(slow[0].bids == hot.bids && slow[0].asks == hot.asks, "both parsers agree on levels");
      }
    }
  }
  return 0;
}
