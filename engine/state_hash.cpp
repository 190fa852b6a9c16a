#include "engine/state_hash.h"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include <cstring>

namespace reprise::engine {

namespace {
constexpr std::size_t kBufferBytes = 16 << 10;
XXH3_state_t* state_of(void* state) {
  return static_cast<XXH3_state_t*>(state);
}
}  // namespace

std::string StateDigest::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(half >> shift) & 15u];
  }
  return text;
}

StateHasher::StateHasher() : state_(XXH3_createState()) {
  REPRISE_ASSERT(state_ != nullptr, "no memory for a hash state");
  XXH3_128bits_reset(state_of(state_));
  buffer_.reserve(kBufferBytes);
}

StateHasher::~StateHasher() {
  XXH3_freeState(state_of(state_));
}

void StateHasher::flush() {
  XXH3_128bits_update(state_of(state_), buffer_.data(), buffer_.size());
  buffer_.clear();
}

void StateHasher::put(const void* data, std::size_t bytes) {
  if (buffer_.size() + bytes > kBufferBytes) flush();
  if (bytes > kBufferBytes) {
    XXH3_128bits_update(state_of(state_), data, bytes);
    return;
  }
  const auto* first = static_cast<const unsigned char*>(data);
  buffer_.insert(buffer_.end(), first, first + bytes);
}

// A tag, the name's length and the name: two different sequences of fields never give the same bytes.
void StateHasher::put_tag(char tag, std::string_view name) {
  const unsigned char head[2] = {static_cast<unsigned char>(tag), static_cast<unsigned char>(name.size())};
  put(head, sizeof head);
  put(name.data(), name.size());
}

void StateHasher::begin_object(std::string_view name) {
  put_tag('o', name);
}
void StateHasher::end_object() {
  put_tag('/', {});
}
void StateHasher::begin_list(std::string_view name, std::uint64_t& size) {
  put_tag('l', name);
  put(&size, sizeof size);
}
void StateHasher::end_list() {
  put_tag('.', {});
}
void StateHasher::integer(std::string_view name, std::int64_t& value, Kind kind) {
  static constexpr char kTags[] = {'i', 'm', 't', 'f'};
  put_tag(kTags[static_cast<std::size_t>(kind)], name);
  put(&value, sizeof value);
}
void StateHasher::real(std::string_view name, double& value) {
  put_tag('d', name);
  put(&value, sizeof value);
}
void StateHasher::text(std::string_view name, std::string& value) {
  put_tag('s', name);
  const std::uint64_t size = value.size();
  put(&size, sizeof size);
  put(value.data(), value.size());
}

StateDigest StateHasher::digest() {
  flush();
  const XXH128_hash_t hash = XXH3_128bits_digest(state_of(state_));
  return {hash.low64, hash.high64};
}

}  // namespace reprise::engine
