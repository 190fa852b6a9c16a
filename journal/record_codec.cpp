#include "journal/record_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "journal/record.h"

// The value readers and writers are a few instructions in the hottest loops of the journal.
#define REPRISE_INLINE __attribute__((always_inline))

namespace reprise::journal {

namespace {

constexpr std::size_t kSlotCount = 255;
constexpr std::uint8_t kNewKind = 255;
constexpr std::size_t kKindBytes = 16;
constexpr std::size_t kFixedWords = 32;  // of a body that are remembered for prediction
constexpr std::size_t kSlack = 8;        // an 8-byte access at the last value stays inside

std::uint64_t zigzag(std::uint64_t difference) {
  return (difference << 1) ^ static_cast<std::uint64_t>(static_cast<std::int64_t>(difference) >> 63);
}
std::uint64_t unzigzag(std::uint64_t value) {
  return (value >> 1) ^ (0 - (value & 1));
}

constexpr std::uint64_t kMask[9] = {
    0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, 0xffffffffffffffff};

// Words of the struct's own section, from its root pointer: itself, data and pointers.
std::size_t fixed_words(std::uint64_t root) {
  if ((root & 3) != 0) return 1;
  return 1 + static_cast<std::size_t>(root >> 32 & 0xffff) + static_cast<std::size_t>(root >> 48);
}

struct Kind {  // the first 16 header bytes with the length zeroed
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  bool operator==(const Kind&) const = default;
};
struct KindHash {
  std::size_t operator()(const Kind& k) const {
    return static_cast<std::size_t>((k.first ^ (k.second * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu >> 17);
  }
};

struct Slot {
  Kind kind;
  std::uint64_t body_words = 0;
  std::uint64_t cause_delta = 0;
  std::uint64_t known = 0;  // words of `body` that were set
  std::uint64_t body[kFixedWords];
};

constexpr std::uint64_t kLengthMask = 0xffffffff00000000u;

}  // namespace

struct RecordCodec::Slots {
  Slot slot[kSlotCount];
  std::size_t next = 0;
  std::size_t used = 0;
  // Only looked up, never iterated: its order cannot reach a byte.
  std::unordered_map<Kind, std::uint8_t, KindHash> by_kind;
  Kind last_kind;
  std::uint8_t last_tag = kNewKind;

  void reset() {
    next = 0;
    used = 0;
    by_kind.clear();
    last_tag = kNewKind;
  }
  Slot& take(const Kind& kind, std::uint8_t& tag) {
    tag = static_cast<std::uint8_t>(next);
    Slot& s = slot[next];
    next = (next + 1) % kSlotCount;
    used = std::max(used, static_cast<std::size_t>(tag) + 1);
    s.kind = kind;
    s.body_words = 0;
    s.cause_delta = 0;
    s.known = 0;
    return s;
  }
};

RecordCodec::RecordCodec() : slots_(std::make_unique<Slots>()) {}
RecordCodec::~RecordCodec() = default;

std::string_view RecordCodec::encode(const std::byte* raw, std::size_t raw_bytes, std::uint32_t count) {
  const std::size_t words = raw_bytes / 8;
  // A value for each word behind the kind, and one for the length.
  const std::size_t values = words - static_cast<std::size_t>(count) * (kKindBytes / 8 - 1);
  const std::size_t control_bytes = (values + 1) / 2;
  const std::size_t room = 8 + count + control_bytes + values * 8 + count * kKindBytes + kSlack;
  if (out_.size() < room) out_.resize(room);
  std::uint8_t* tags = out_.data() + 8;
  std::uint8_t* controls = tags + count;
  std::uint8_t* data = controls + control_bytes;
  if (lengths_.size() < control_bytes * 2) lengths_.resize(control_bytes * 2);
  std::uint8_t* length = lengths_.data();

  Slots& slots = *slots_;
  slots.reset();
  const auto put = [&](std::uint64_t difference) REPRISE_INLINE {
    const std::uint64_t value = zigzag(difference);
    const auto bytes = static_cast<unsigned>(71 - std::countl_zero(value)) / 8;  // 0 for 0
    *length++ = static_cast<std::uint8_t>(bytes);
    std::memcpy(data, &value, 8);
    data += bytes;
  };

  const auto* in = reinterpret_cast<const std::uint64_t*>(raw);
  std::uint64_t previous_engine = 0;
  std::uint64_t previous_event = 0;
  for (std::uint32_t r = 0; r < count; ++r) {
    const std::uint64_t body_words = (in[0] & 0xffffffffu) / 8;
    const Kind kind{in[0] & kLengthMask, in[1]};
    std::uint8_t tag = slots.last_tag;
    Slot* slot = nullptr;
    if (tag != kNewKind && kind == slots.last_kind) {
      slot = &slots.slot[tag];
      tags[r] = tag;
    } else if (auto found = slots.by_kind.find(kind); found != slots.by_kind.end()) {
      tag = found->second;
      slot = &slots.slot[tag];
      tags[r] = tag;
    } else {
      if (slots.used == kSlotCount) slots.by_kind.erase(slots.slot[slots.next].kind);
      slot = &slots.take(kind, tag);
      slots.by_kind[kind] = tag;
      tags[r] = kNewKind;
      std::memcpy(data, &kind.first, 8);
      std::memcpy(data + 8, &kind.second, 8);
      data += kKindBytes;
    }
    slots.last_kind = kind;
    slots.last_tag = tag;

    const bool output = (in[1] >> 48 & kFlagOutput) != 0;
    put(body_words - slot->body_words);
    put(in[2] - previous_engine);
    put(in[3] - (output ? in[2] : previous_event));
    put(in[4] - (output ? 0 : in[2]));
    put(in[5] - slot->cause_delta);
    previous_engine = in[2];
    if (!output) previous_event = in[3];
    slot->body_words = body_words;
    slot->cause_delta = in[5];

    const std::uint64_t* body = in + kHeaderWords;
    const std::size_t fixed = std::min({static_cast<std::size_t>(body_words), fixed_words(body[0]), kFixedWords});
    const std::size_t predicted = std::min(fixed, static_cast<std::size_t>(slot->known));
    std::size_t j = 0;
    for (; j < predicted; ++j) put(body[j] - slot->body[j]);
    for (; j < fixed; ++j) put(body[j]);
    std::memcpy(slot->body, body, fixed * 8);
    slot->known = fixed;
    for (; j < body_words; ++j) put(body[j] - (j < fixed + 2 ? 0 : body[j - 2]));
    in += kHeaderWords + body_words;
  }
  if ((values & 1) != 0) *length = 0;
  for (std::size_t i = 0; i < control_bytes; ++i) {
    controls[i] = static_cast<std::uint8_t>(lengths_[2 * i] | lengths_[2 * i + 1] << 4);
  }
  std::memset(data, 0, kSlack);
  data += kSlack;
  const std::uint32_t sizes[2] = {count, static_cast<std::uint32_t>(control_bytes)};
  std::memcpy(out_.data(), sizes, 8);
  return {reinterpret_cast<const char*>(out_.data()), static_cast<std::size_t>(data - out_.data())};
}

bool RecordCodec::decode(std::string_view stored, std::byte* raw, std::size_t raw_bytes, std::uint32_t count) {
  const std::size_t words = raw_bytes / 8;
  if (raw_bytes % 8 != 0 || words < static_cast<std::size_t>(count) * kHeaderWords) return false;
  const std::size_t values = words - static_cast<std::size_t>(count) * (kKindBytes / 8 - 1);
  const std::size_t control_bytes = (values + 1) / 2;
  if (stored.size() < 8 + count + control_bytes + kSlack) return false;
  std::uint32_t sizes[2];
  std::memcpy(sizes, stored.data(), 8);
  if (sizes[0] != count || sizes[1] != control_bytes) return false;
  const auto* tags = reinterpret_cast<const std::uint8_t*>(stored.data()) + 8;
  const std::uint8_t* controls = tags + count;
  const std::uint8_t* data = controls + control_bytes;
  const std::uint8_t* const data_end = reinterpret_cast<const std::uint8_t*>(stored.data()) + stored.size() - kSlack;

  if (lengths_.size() < control_bytes * 2) lengths_.resize(control_bytes * 2);
  unsigned bad = 0;
  for (std::size_t i = 0; i < control_bytes; ++i) {
    const auto low = static_cast<std::uint8_t>(controls[i] & 15);
    const auto high = static_cast<std::uint8_t>(controls[i] >> 4);
    lengths_[2 * i] = low;
    lengths_[2 * i + 1] = high;
    bad |= static_cast<unsigned>(low + 7) | static_cast<unsigned>(high + 7);  // bit 4 is set from 9 on
  }
  if ((bad & 16) != 0) return false;
  const std::uint8_t* length = lengths_.data();

  Slots& slots = *slots_;
  slots.reset();
  // Reads 8 bytes at `data`, which is never beyond data_end: there are kSlack bytes behind it. The end is
  // checked once for each record and for each kFixedWords values of a long one.
  const auto get = [&]() REPRISE_INLINE -> std::uint64_t {
    const unsigned bytes = *length++;
    std::uint64_t value;
    std::memcpy(&value, data, 8);
    data += bytes;
    return unzigzag(value & kMask[bytes]);
  };
  const auto careful_get = [&]() -> std::uint64_t {
    if (data > data_end) {
      bad |= 16;
      return 0;
    }
    return get();
  };

  auto* out = reinterpret_cast<std::uint64_t*>(raw);
  std::uint64_t* const out_end = out + words;
  std::uint64_t previous_engine = 0;
  std::uint64_t previous_event = 0;
  constexpr std::size_t kFastBytes = (5 + kFixedWords) * 8 + kKindBytes;
  for (std::uint32_t r = 0; r < count; ++r) {
    Slot* slot = nullptr;
    if (tags[r] == kNewKind) {
      if (data > data_end || static_cast<std::size_t>(data_end - data) < kKindBytes) return false;
      Kind kind;
      std::memcpy(&kind.first, data, 8);
      std::memcpy(&kind.second, data + 8, 8);
      if ((kind.first & ~kLengthMask) != 0) return false;
      data += kKindBytes;
      std::uint8_t tag = 0;
      slot = &slots.take(kind, tag);
    } else {
      if (tags[r] >= slots.used) return false;
      slot = &slots.slot[tags[r]];
    }
    if (static_cast<std::size_t>(out_end - out) < kHeaderWords) return false;
    const bool output = (slot->kind.second >> 48 & kFlagOutput) != 0;
    const bool fast = data <= data_end && static_cast<std::size_t>(data_end - data) >= kFastBytes;
    const auto decode_record = [&](auto&& next) REPRISE_INLINE -> bool {
      const std::uint64_t body_words = slot->body_words + next();
      if (body_words > static_cast<std::size_t>(out_end - out) - kHeaderWords || body_words > kMaxBodyBytes / 8)
        return false;
      const std::uint64_t engine = previous_engine + next();
      const std::uint64_t event = (output ? engine : previous_event) + next();
      const std::uint64_t recv = (output ? 0 : engine) + next();
      const std::uint64_t cause = slot->cause_delta + next();
      out[0] = slot->kind.first | body_words * 8;
      out[1] = slot->kind.second;
      out[2] = engine;
      out[3] = event;
      out[4] = recv;
      out[5] = cause;
      previous_engine = engine;
      if (!output) previous_event = event;
      slot->body_words = body_words;
      slot->cause_delta = cause;
      std::uint64_t* body = out + kHeaderWords;
      std::size_t fixed = 0;
      if (body_words > 0) {
        body[0] = (slot->known > 0 ? slot->body[0] : 0) + next();
        fixed = std::min({static_cast<std::size_t>(body_words), fixed_words(body[0]), kFixedWords});
      }
      const std::size_t predicted = std::min(fixed, static_cast<std::size_t>(slot->known));
      std::size_t j = 1;
      for (; j < predicted; ++j) body[j] = slot->body[j] + next();
      for (; j < fixed; ++j) body[j] = next();
      std::memcpy(slot->body, body, fixed * 8);
      slot->known = fixed;
      while (j < body_words) {
        // Long tails: the end of the data is looked at for every stretch.
        const std::size_t stretch = std::min<std::size_t>(body_words - j, kFixedWords);
        if (data <= data_end && static_cast<std::size_t>(data_end - data) >= stretch * 8) {
          for (const std::size_t until = j + stretch; j < until; ++j) {
            body[j] = (j < fixed + 2 ? 0 : body[j - 2]) + get();
          }
        } else {
          for (const std::size_t until = j + stretch; j < until; ++j) {
            body[j] = (j < fixed + 2 ? 0 : body[j - 2]) + careful_get();
          }
        }
      }
      out += kHeaderWords + body_words;
      return true;
    };
    const bool good = fast ? decode_record(get) : decode_record(careful_get);
    if (!good || (bad & 16) != 0) return false;
  }
  return out == out_end && data == data_end;
}

}  // namespace reprise::journal
