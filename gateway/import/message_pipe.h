// A text read on two threads of its own: one inflates it and cuts it into blocks of lines, the other parses them and
// makes the records of their messages. The messages come out in chunks, in the order of the lines and through bounded
// queues: neither they nor their order depend on the threads.
//
// Damage is an Error that comes after all whole lines before it. The owner's thread calls next() and destroys the
// pipe, which stops its threads wherever they are.
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
