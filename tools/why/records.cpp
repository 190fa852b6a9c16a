#include "tools/why/records.h"

#include <algorithm>
#include <cstring>

namespace reprise::tools {

using journal::RecordType;
using journal::RecordView;
using journal::Seq;

OwnedRecord::OwnedRecord(const RecordView& record)
    : seq_(record.seq), words_(std::make_shared<std::vector<std::uint64_t>>((record.total_bytes() + 7) / 8)) {
  std::memcpy(words_->data(), record.bytes(), record.total_bytes());
}

Result<Records> Records::open(const std::string& path) {
  journal::ReaderOptions plain;
  plain.read_ahead = false;
  auto reader = journal::JournalReader::open(path, plain);
  if (!reader) return reader.error();
  return Records(path, std::move(reader).value());
}

Result<OwnedRecord> Records::at(Seq seq) {
  if (seq == 0 || seq < first_seq() || seq > last_seq()) {
    return usage_error("seq " + std::to_string(seq) + " is not in " + path_,
                       "it holds " + std::to_string(first_seq()) + " to " + std::to_string(last_seq()));
  }
  if (auto sought = reader_.seek(seq); !sought) return sought.error();
  RecordView record;
  if (reader_.next(record) && record.seq == seq) return OwnedRecord(record);
  if (auto status = reader_.status(); !status) return status.error();
  return usage_error("seq " + std::to_string(seq) + " could not be read from " + path_);
}

Status Records::scan(Seq first, const Test& see) {
  if (auto sought = reader_.seek(std::max(first, first_seq())); !sought) return sought;
  RecordView record;
  while (reader_.next(record)) {
    if (!see(record)) return ok_status();
  }
  return reader_.status();
}

Result<std::optional<OwnedRecord>> Records::last_before(Seq seq, const Test& test, Seq reach) {
  Seq until = seq;
  Seq stride = 256;
  const Seq floor = std::max(std::max<Seq>(first_seq(), 1), seq > reach ? seq - reach : 1);
  while (until > floor) {
    const Seq from = until > floor + stride ? until - stride : floor;
    std::optional<OwnedRecord> found;
    const Status scanned = scan(from, [&](const RecordView& record) {
      if (record.seq >= until) return false;
      if (test(record)) found.emplace(record);
      return true;
    });
    if (!scanned) return scanned.error();
    if (found) return found;
    until = from;
    stride = std::min<Seq>(stride * 4, 1u << 16);
  }
  return std::optional<OwnedRecord>();
}

bool may_follow_a_state(const RecordView& record) {
  if (record.type() == RecordType::RISK_DECISION) {
    return record.header->strategy == 0 && !journal::read<schema::RiskDecision>(record).getIsStateCheck();
  }
  return record.type() == RecordType::ORDER_COMMAND &&
         journal::read<schema::OrderCommand>(record).getKind() == schema::CommandKind::CANCEL;
}

Result<Seq> Records::cause_of(const RecordView& record) {
  if (record.cause_seq() != 0) {
    Seq cause = record.cause_seq();
    if (!may_follow_a_state(record)) return cause;
    const Status scanned = scan(record.cause_seq(), [&](const RecordView& r) {
      if (r.seq >= record.seq || (r.seq != record.cause_seq() && !r.header->is_output())) return false;
      if (r.seq == record.cause_seq() && r.header->is_output()) return false;  // it names an output: nothing to add
      if (r.type() == RecordType::TRADING_STATE) cause = r.seq;
      return true;
    });
    if (!scanned) return scanned.error();
    return cause;
  }
  const std::uint32_t instrument = record.header->instrument;
  RecordType wanted = RecordType::NONE;
  switch (record.type()) {
    case RecordType::ORDER_REPORT: {
      const auto report = journal::read<schema::OrderReport>(record);
      if (report.getCommandSeq() != 0) return Seq{report.getCommandSeq()};
      if (report.getOrderId() != 0) return Seq{report.getOrderId()};
      wanted = RecordType::MARK_PRICE;
      break;
    }
    case RecordType::MARGIN_CALL: wanted = RecordType::MARK_PRICE; break;
    case RecordType::FUNDING_PAYMENT: wanted = RecordType::FUNDING_SETTLEMENT; break;
    default: return Seq{0};
  }
  auto found = last_before(
      record.seq, [&](const RecordView& r) { return r.type() == wanted && r.header->instrument == instrument; });
  if (!found) return found.error();
  return *found ? (*found)->seq() : Seq{0};
}

Result<std::vector<OwnedRecord>> Records::chain(Seq seq, std::size_t most) {
  std::vector<OwnedRecord> chain;
  while (seq != 0 && chain.size() < most) {
    if (!chain.empty() && seq < first_seq()) break;  // in the parent's journal
    auto record = at(seq);
    if (!record) return record.error();
    chain.push_back(*record);
    auto cause = cause_of(chain.back().view());
    if (!cause) return cause.error();
    if (*cause >= seq) break;  // a cause stands before its effect
    seq = *cause;
  }
  return chain;
}

Seq order_of(const RecordView& record) {
  switch (record.type()) {
    case RecordType::ORDER_COMMAND: return journal::read<schema::OrderCommand>(record).getOrderId();
    case RecordType::ORDER_STATE: return journal::read<schema::OrderState>(record).getOrderId();
    case RecordType::ORDER_REPORT: return journal::read<schema::OrderReport>(record).getOrderId();
    case RecordType::FILL: return journal::read<schema::Fill>(record).getOrderId();
    default: return 0;
  }
}

}  // namespace reprise::tools
