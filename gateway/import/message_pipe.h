// A text read on a thread of its own: inflated, cut into lines, parsed, its records made. The messages come out in
// chunks, in the order of the lines and by a bounded queue: neither they nor their order depend on the thread.
//
// Damage is an Error that comes after all whole lines before it. The owner's thread calls next() and destroys the
// pipe, which stops the thread wherever it is.
#pragma once

#include <memory>

#include "gateway/import/message_chunk.h"
#include "gateway/import/text_reader.h"

namespace reprise::gateway {

class MessagePipe {
 public:
  MessagePipe(TextReader text, std::unique_ptr<FormatReader> reader);
  ~MessagePipe();
  MessagePipe(const MessagePipe&) = delete;
  MessagePipe& operator=(const MessagePipe&) = delete;

  // The next chunk, the caller's until the next call; nullptr at the end.
  Result<MessageChunk*> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::gateway
