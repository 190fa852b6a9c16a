#include "tools/why/effects.h"

#include <map>

namespace reprise::tools {

using journal::RecordType;
using journal::RecordView;
using journal::Seq;

namespace {

// The cause as far as one record tells it: enough to go forward.
Seq direct_cause(const RecordView& record) {
  if (record.cause_seq() != 0) return record.cause_seq();
  if (record.type() != RecordType::ORDER_REPORT) return 0;
  const auto report = journal::read<schema::OrderReport>(record);
  return report.getCommandSeq() != 0 ? report.getCommandSeq() : report.getOrderId();
}

}  // namespace

Result<Effects> effects_of(Records& records, Seq seq, std::size_t most) {
  Effects effects;
  std::vector<Effect> found;
  std::map<Seq, std::size_t> places;
  auto root = records.at(seq);
  if (!root) return root.error();
  found.push_back({*root, 0, 0});
  places[seq] = 0;
  Seq input = root->view().header->is_output() ? 0 : seq;  // the one being answered, as far as it was read
  Seq state = root->type() == RecordType::TRADING_STATE ? seq : 0;
  const Status scanned = records.scan(seq + 1, [&](const RecordView& record) {
    if (!record.header->is_output()) {
      input = record.seq;
      state = 0;
    } else if (record.type() == RecordType::TRADING_STATE) {
      state = record.seq;
    }
    Seq led_to = direct_cause(record);
    // The input in front of the root was not read: it is what stands before the state.
    const bool by_input = input == 0 ? led_to < seq : led_to == input;
    if (state != 0 && by_input && may_follow_a_state(record)) led_to = state;
    const auto cause = places.find(led_to);
    if (cause == places.end()) return true;
    if (found.size() >= most) {
      effects.cut = true;
      return false;
    }
    places[record.seq] = found.size();
    found.push_back({OwnedRecord(record), cause->second, found[cause->second].depth + 1});
    return true;
  });
  if (!scanned) return scanned.error();

  std::vector<std::vector<std::size_t>> children(found.size());
  for (std::size_t i = 1; i < found.size(); ++i) children[found[i].parent].push_back(i);
  std::vector<std::size_t> place(found.size());
  std::vector<std::size_t> stack = {0};
  while (!stack.empty()) {
    const std::size_t at = stack.back();
    stack.pop_back();
    place[at] = effects.tree.size();
    effects.tree.push_back({found[at].record, at == 0 ? 0 : place[found[at].parent], found[at].depth});
    for (auto child = children[at].rbegin(); child != children[at].rend(); ++child) stack.push_back(*child);
  }
  return effects;
}

}  // namespace reprise::tools
