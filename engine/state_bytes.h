// Saves a state to bytes and loads it again.
//
// Layout: a sequence of tagged values, little-endian, in the order of persist(): 'o' '/' object, 'l' + u64 list, '.'
// end, 'i' + i64 integer, 'd' + u64 bits of a double, 't' + u64 length + text. Names are not stored: a snapshot is read
// by the engine version that wrote it. Loading checks every tag; damaged or foreign bytes make ok() false, and the
// component must then be thrown away. Nothing outside the given bytes is read and sizes are checked against what is
// left.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/state_archive.h"
#include "journal/result.h"

namespace reprise::engine {

class StateSaver final : public StateArchive {
 public:
  bool loading() const override { return false; }
  void begin_object(std::string_view name) override;
  void end_object() override;
  void begin_list(std::string_view name, std::uint64_t& size) override;
  void end_list() override;
  void integer(std::string_view name, std::int64_t& value, Kind kind) override;
  void real(std::string_view name, double& value) override;
  void text(std::string_view name, std::string& value) override;

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void put(char tag);
  void put64(std::uint64_t value);
  std::vector<std::byte> bytes_;
};

class StateLoader final : public StateArchive {
 public:
  StateLoader(const std::byte* bytes, std::size_t size) : at_(bytes), end_(bytes + size) {}

  bool loading() const override { return true; }
  void begin_object(std::string_view name) override;
  void end_object() override;
  void begin_list(std::string_view name, std::uint64_t& size) override;
  void end_list() override;
  void integer(std::string_view name, std::int64_t& value, Kind kind) override;
  void real(std::string_view name, double& value) override;
  void text(std::string_view name, std::string& value) override;

  bool ok() const { return failed_at_.empty(); }
  bool finished() const { return ok() && at_ == end_; }
  const std::string& failed_at() const { return failed_at_; }  // name of the field that did not fit

 private:
  bool expect(char tag, std::string_view name);
  std::uint64_t get64();
  void fail(std::string_view name);

  const std::byte* at_;
  const std::byte* end_;
  std::string failed_at_;
};

template <class T>
std::vector<std::byte> save_state(T& component) {
  StateSaver saver;
  component.persist(saver);
  return saver.take();
}

template <class T>
Status load_state(T& component, const std::vector<std::byte>& bytes) {
  StateLoader loader(bytes.data(), bytes.size());
  component.persist(loader);
  if (loader.finished()) return ok_status();
  return corrupt_error("the saved state does not fit this engine" +
                           (loader.ok() ? std::string(": bytes are left over") : ", at field " + loader.failed_at()),
                       "replay from the start of the journal instead of from this snapshot");
}

}  // namespace reprise::engine
