#include "tools/followed_run.h"

#include "engine/execution/order.h"

namespace reprise::tools {

using journal::RecordType;

Result<FollowedRun> FollowedRun::open(const std::string& path) {
  journal::ReaderOptions options;
  options.follow = true;
  options.read_ahead = false;
  auto reader = journal::JournalReader::open(path, options);
  if (!reader) return reader.error();
  FollowedRun run(std::move(reader).value());
  if (Status read = run.refresh(); !read) return read.error();
  return run;
}

Status FollowedRun::refresh() {
  if (Status moved = reader_.refresh(); !moved) return moved;
  journal::RecordView record;
  while (reader_.next(record)) take(record);
  return reader_.status();
}

void FollowedRun::take(const journal::RecordView& record) {
  const std::int64_t now = record.header->ts_engine;
  switch (record.type()) {
    case RecordType::TRADING_STATE: {
      const auto state = journal::read<schema::TradingState>(record);
      if (!state.getKilled()) {  // somebody resumed: what was before is over
        times_ = {};
        opened_behind_ = 0;
      }
      if (state.getKilled() && times_.engaged == 0) {
        times_.engaged = now;
        if (held_.empty()) times_.flat = now;
      }
      return;
    }
    case RecordType::POSITION: {
      const auto position = journal::read<schema::Position>(record);
      if (!position.getIsAccountNet()) return;
      if (position.getQty() != 0) {
        held_[record.header->instrument] = position.getQty();
      } else {
        held_.erase(record.header->instrument);
      }
      if (is_killed()) times_.flat = held_.empty() ? now : 0;
      return;
    }
    case RecordType::ORDER_STATE: {
      const auto state = journal::read<schema::OrderState>(record);
      if (engine::is_open(state.getStatus())) {
        open_.insert(state.getOrderId());
      } else {
        open_.erase(state.getOrderId());
        if (is_killed() && state.getStatus() == schema::OrderStatus::CANCELED) times_.last_cancel_done = now;
      }
      return;
    }
    case RecordType::ORDER_COMMAND: {
      if (!is_killed()) return;
      const auto command = journal::read<schema::OrderCommand>(record);
      if (command.getKind() == schema::CommandKind::CANCEL) times_.last_cancel_sent = now;
      if (command.getKind() == schema::CommandKind::SUBMIT && !command.getReduceOnly() && !command.getClosePosition())
        ++opened_behind_;
      return;
    }
    case RecordType::RUN_END: is_ended_ = true; return;
    default: return;
  }
}

}  // namespace reprise::tools
