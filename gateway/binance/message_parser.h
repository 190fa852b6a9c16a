// Binance market frames (streams and REST bodies) to messages: the full parser behind the hot one.
//
// Leniency: unknown fields are ignored, numbers may come as text and the other way round, missing fields
// make the frame bad with a reason that names the field. Decimals go from text to integers exactly; no
// double is involved. A parser keeps its memory between frames; one thread uses it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/binance/market_message.h"

namespace reprise::gateway {

enum class FrameVerdict : std::uint8_t {
  messages,  // one or more messages were pushed
  control,   // answer to a subscription, pong: nothing to record
  bad,       // `reason` says why
};

struct FrameResult {
  FrameVerdict verdict = FrameVerdict::messages;
  std::string reason;
};

class MessageParser {
 public:
  MessageParser();
  ~MessageParser();
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  // A frame as it came from the socket: {"stream":..,"data":..}, a bare event, or an array of events.
  FrameResult parse_frame(std::string_view frame, MessageBuffer& out);
  // The answer to a REST depth request. The symbol stays empty where the body does not name it.
  FrameResult parse_depth(std::string_view body, MessageBuffer& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::gateway
