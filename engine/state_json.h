// A state as JSON text by field name, for `inspect`: decimals are decimal strings, times integers (nanoseconds), other
// integers numbers, flags booleans, doubles their shortest exact text, lists arrays.
#pragma once

#include <string>
#include <vector>

#include "engine/state_archive.h"

namespace reprise::engine {

class StateJsonWriter final : public StateArchive {
 public:
  StateJsonWriter();

  bool loading() const override { return false; }
  void begin_object(std::string_view name) override;
  void end_object() override;
  void begin_list(std::string_view name, std::uint64_t& size) override;
  void end_list() override;
  void integer(std::string_view name, std::int64_t& value, Kind kind) override;
  void real(std::string_view name, double& value) override;
  void text(std::string_view name, std::string& value) override;

  std::string take();  // the finished object; the writer starts anew

 private:
  void key(std::string_view name);
  void quoted(std::string_view text);

  struct Level {
    bool is_list;
    bool first;
  };
  std::string out_;
  std::vector<Level> levels_;
};

template <class T>
std::string state_json(T& component) {
  StateJsonWriter writer;
  component.persist(writer);
  return writer.take();
}

}  // namespace reprise::engine
