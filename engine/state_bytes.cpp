#include "engine/state_bytes.h"

#include <bit>
#include <cstring>

namespace reprise::engine {

// ----------------------------------------------------------------------------------------- saving

void StateSaver::put(char tag) {
  bytes_.push_back(static_cast<std::byte>(tag));
}
void StateSaver::put64(std::uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
}

void StateSaver::begin_object(std::string_view) {
  put('o');
}
void StateSaver::end_object() {
  put('/');
}
void StateSaver::begin_list(std::string_view, std::uint64_t& size) {
  put('l');
  put64(size);
}
void StateSaver::end_list() {
  put('.');
}
void StateSaver::integer(std::string_view, std::int64_t& value, Kind) {
  put('i');
  put64(static_cast<std::uint64_t>(value));
}
void StateSaver::real(std::string_view, double& value) {
  put('d');
  put64(std::bit_cast<std::uint64_t>(value));
}
void StateSaver::text(std::string_view, std::string& value) {
  put('t');
  put64(value.size());
  for (const char c : value) bytes_.push_back(static_cast<std::byte>(c));
}

// ---------------------------------------------------------------------------------------- loading

void StateLoader::fail(std::string_view name) {
  if (failed_at_.empty()) failed_at_ = name.empty() ? "(end)" : std::string(name);
  at_ = end_;  // everything behind reads as zero and empty
}

bool StateLoader::expect(char tag, std::string_view name) {
  if (!ok() || at_ == end_ || *at_ != static_cast<std::byte>(tag)) {
    fail(name);
    return false;
  }
  ++at_;
  return true;
}

std::uint64_t StateLoader::get64() {
  std::uint64_t value = 0;
  if (end_ - at_ < 8) {
    fail("a number that is cut off");
    return 0;
  }
  for (int i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(*at_++) << (8 * i);
  return value;
}

void StateLoader::begin_object(std::string_view name) {
  expect('o', name);
}
void StateLoader::end_object() {
  expect('/', {});
}
void StateLoader::begin_list(std::string_view name, std::uint64_t& size) {
  size = 0;
  if (!expect('l', name)) return;
  const std::uint64_t count = get64();
  // Every entry takes at least two bytes: a larger count is damage, and must not be allocated.
  if (count > static_cast<std::uint64_t>(end_ - at_) / 2) return fail(name);
  size = count;
}
void StateLoader::end_list() {
  expect('.', {});
}
void StateLoader::integer(std::string_view name, std::int64_t& value, Kind) {
  value = 0;
  if (expect('i', name)) value = static_cast<std::int64_t>(get64());
}
void StateLoader::real(std::string_view name, double& value) {
  value = 0;
  if (expect('d', name)) value = std::bit_cast<double>(get64());
}
void StateLoader::text(std::string_view name, std::string& value) {
  value.clear();
  if (!expect('t', name)) return;
  const std::uint64_t size = get64();
  if (size > static_cast<std::uint64_t>(end_ - at_)) return fail(name);
  value.assign(reinterpret_cast<const char*>(at_), size);
  at_ += size;
}

}  // namespace reprise::engine
