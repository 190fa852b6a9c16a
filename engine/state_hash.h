// Fingerprint of a state: XXH3-128 over names, kinds and values in the order of persist().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/state_archive.h"

namespace reprise::engine {

struct StateDigest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const StateDigest&) const = default;
  std::string hex() const;
};

class StateHasher final : public StateArchive {
 public:
  StateHasher();
  ~StateHasher() override;
  StateHasher(const StateHasher&) = delete;
  StateHasher& operator=(const StateHasher&) = delete;

  bool loading() const override { return false; }
  void begin_object(std::string_view name) override;
  void end_object() override;
  void begin_list(std::string_view name, std::uint64_t& size) override;
  void end_list() override;
  void integer(std::string_view name, std::int64_t& value, Kind kind) override;
  void real(std::string_view name, double& value) override;
  void text(std::string_view name, std::string& value) override;

  StateDigest digest();

 private:
  void put(const void* data, std::size_t bytes);
  void put_tag(char tag, std::string_view name);
  void flush();

  void* state_;  // XXH3_state_t
  std::vector<unsigned char> buffer_;
};

template <class T>
StateDigest hash_state(T& component) {
  StateHasher hasher;
  component.persist(hasher);
  return hasher.digest();
}

}  // namespace reprise::engine
