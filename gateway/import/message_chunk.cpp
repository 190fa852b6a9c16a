#include "gateway/import/message_chunk.h"

namespace reprise::gateway {

namespace {
constexpr std::size_t kKeptRecordBytes = 4u << 20;
}  // namespace

void MessageChunk::close_group() {
  const std::size_t begin = groups.empty() ? 0 : groups.back();
  if (messages.size() == begin) return;
  bool is_sound = true;
  for (std::size_t i = begin; i < messages.size(); ++i) {
    messages[i].problem = unsound(messages[i]);
    is_sound = is_sound && messages[i].problem == nullptr;
  }
  for (std::size_t i = begin; is_sound && i < messages.size(); ++i) {
    MarketMessage& m = messages[i];
    // An index price is recorded beside the last mark price, which may come from another text.
    if (m.kind == MessageKind::index_price || m.kind == MessageKind::exchange_info) continue;
    journal::RecordHeader header;
    header.ts_event = m.ts_event;
    header.ts_recv = m.ts_recv;
    m.records_at = records.size_bytes();
    m.records = maker_.append(m, header, records);
    messages.release_levels(i);
  }
  groups.push_back(messages.size());
}

void MessageChunk::clear() {
  messages.clear();
  groups.clear();
  skips.clear();
  kinds.fill(0);
  if (records.size_bytes() > kKeptRecordBytes) {
    records = journal::RecordBatch();
  } else {
    records.clear();
  }
  lines = text_bytes = file_bytes_read = 0;
}

}  // namespace reprise::gateway
