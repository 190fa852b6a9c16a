#include "journal/record.h"

#include <capnp/schema.h>

#include <array>
#include <string>

namespace reprise::journal {

namespace {

constexpr int kMaxDepth = 8;

// Walks pointers without a schema. Every word may be visited once: `budget` counts down by the size of
// each object, so aliased or cyclic pointers run out of it, and so do lists of empty elements.
class ShapeWalker {
 public:
  ShapeWalker(const std::uint64_t* words, std::size_t count) : words_(words), count_(count), budget_(count) {}

  bool pointer(std::size_t at, int depth) {
    const std::uint64_t p = words_[at];
    if (p == 0) return true;
    if (depth >= kMaxDepth) return false;
    const auto offset = static_cast<std::int64_t>(static_cast<std::int32_t>(static_cast<std::uint32_t>(p)) >> 2);
    const std::int64_t signed_target = static_cast<std::int64_t>(at) + 1 + offset;
    switch (p & 3) {
      case 0: {
        const std::size_t data = p >> 32 & 0xffff;
        const std::size_t pointers = p >> 48;
        if (data + pointers == 0) return offset == -1 || inside(signed_target, 0);
        if (!inside(signed_target, data + pointers) || !spend(data + pointers)) return false;
        return each_pointer(static_cast<std::size_t>(signed_target) + data, pointers, depth + 1);
      }
      case 1: return list(p, signed_target, depth);
      default: return false;  // far and capability pointers have no place in one segment of ours
    }
  }

 private:
  bool inside(std::int64_t from, std::size_t size) const {
    return from >= 0 && static_cast<std::size_t>(from) <= count_ && size <= count_ - static_cast<std::size_t>(from);
  }

  bool spend(std::size_t words) {
    if (words > budget_) return false;
    budget_ -= words;
    return true;
  }

  bool each_pointer(std::size_t from, std::size_t n, int depth) {
    for (std::size_t i = 0; i < n; ++i) {
      if (!pointer(from + i, depth)) return false;
    }
    return true;
  }

  bool list(std::uint64_t p, std::int64_t target, int depth) {
    const unsigned kind = p >> 32 & 7;
    const std::size_t n = p >> 35;
    static constexpr std::array<std::size_t, 6> kBits = {0, 1, 8, 16, 32, 64};
    if (kind < 6) {
      const std::size_t words = (n * kBits[kind] + 63) / 64;
      return inside(target, words) && spend(kind == 0 ? n : words);
    }
    if (kind == 6) {
      return inside(target, n) && spend(n) && each_pointer(static_cast<std::size_t>(target), n, depth + 1);
    }
    // Composite: n counts words behind a tag that gives the number and shape of the elements.
    if (!inside(target, n + 1) || !spend(1)) return false;
    const auto from = static_cast<std::size_t>(target);
    const std::uint64_t tag = words_[from];
    if ((tag & 3) != 0) return false;
    const std::size_t elements = (tag & 0xffffffff) >> 2;
    const std::size_t data = tag >> 32 & 0xffff;
    const std::size_t pointers = tag >> 48;
    const std::size_t each = data + pointers;
    if (elements > (each == 0 ? budget_ : n / each)) return false;
    if (!spend(each == 0 ? elements : elements * each)) return false;
    if (pointers == 0) return true;
    for (std::size_t i = 0; i < elements; ++i) {
      if (!each_pointer(from + 1 + i * each + data, pointers, depth + 1)) return false;
    }
    return true;
  }

  const std::uint64_t* words_;
  std::size_t count_;
  std::size_t budget_;
};

constexpr std::array<const char*, kRecordTypeCount> kTypeNames = {"none",
                                                                  "trade",
                                                                  "bookDelta",
                                                                  "bookSnapshot",
                                                                  "bbo",
                                                                  "markPrice",
                                                                  "marketBar",
                                                                  "instrument",
                                                                  "instrumentStatus",
                                                                  "liquidationPrint",
                                                                  "fundingSettlement",
                                                                  "marginTable",
                                                                  "marketMetric",
                                                                  "feedConnected",
                                                                  "feedDisconnected",
                                                                  "feedGap",
                                                                  "feedResync",
                                                                  "feedAnomaly",
                                                                  "rateLimitState",
                                                                  "feedLatency",
                                                                  "clockTick",
                                                                  "orderReport",
                                                                  "balanceUpdate",
                                                                  "positionUpdate",
                                                                  "fundingPayment",
                                                                  "marginCall",
                                                                  "accountConfig",
                                                                  "operatorCommand",
                                                                  "configuration",
                                                                  "runStart",
                                                                  "runEnd",
                                                                  "bar",
                                                                  "feature",
                                                                  "forecast",
                                                                  "regime",
                                                                  "signal",
                                                                  "sizing",
                                                                  "riskDecision",
                                                                  "orderCommand",
                                                                  "orderState",
                                                                  "fill",
                                                                  "position",
                                                                  "equityMark",
                                                                  "alert",
                                                                  "stateHash",
                                                                  "timerSet",
                                                                  "timerFired",
                                                                  "executionAlgorithm",
                                                                  "tradingState",
                                                                  "orderAnomaly",
                                                                  "snapshotMark",
                                                                  "clientMessage",
                                                                  "serverAnswer"};

// Names of numbers this build does not know: a newer writer's records still have to be shown.
const char* unknown_type_name(std::uint16_t code) {
  thread_local std::string name;
  name = "type" + std::to_string(code);
  return name.c_str();
}

}  // namespace

bool shape_is_safe(const capnp::word* words, std::size_t count) {
  if (count == 0) return false;
  const auto* raw = reinterpret_cast<const std::uint64_t*>(words);
  if ((raw[0] & 3) != 0) return false;  // the root is a struct
  return ShapeWalker(raw, count).pointer(0, 0);
}

const char* name_of(RecordType type) {
  const auto code = static_cast<std::uint16_t>(type);
  return code < kTypeNames.size() ? kTypeNames[code] : unknown_type_name(code);
}

std::optional<RecordType> record_type_from(std::string_view name) {
  for (std::size_t i = 1; i < kTypeNames.size(); ++i) {
    if (name == kTypeNames[i]) return static_cast<RecordType>(i);
  }
  return std::nullopt;
}

bool is_output_type(RecordType type) {
  const auto code = static_cast<std::uint16_t>(type);
  return code >= static_cast<std::uint16_t>(RecordType::BAR) && code < kRecordTypeCount &&
         type != RecordType::CLIENT_MESSAGE;
}

}  // namespace reprise::journal
