// One description of a component's state for three uses: hash it, show it by field name, save and load it.
//
// A component has `void persist(StateArchive& archive)` that names every field that can influence a later
// output, in a fixed order. The archive decides what happens with the values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/market/fixed.h"

namespace reprise::engine {

class StateArchive {
 public:
  virtual ~StateArchive() = default;
  virtual bool loading() const = 0;

  // An archive that looks for one field leaves out the objects and lists that it is not in.
  virtual bool skips(std::string_view /*name*/) const { return false; }

  virtual void begin_object(std::string_view name) = 0;
  virtual void end_object() = 0;
  // Entries of a list are objects named by their place; `size` is replaced when loading.
  virtual void begin_list(std::string_view name, std::uint64_t& size) = 0;
  virtual void end_list() = 0;

  enum class Kind : std::uint8_t { integer, decimal, time, flag };
  virtual void integer(std::string_view name, std::int64_t& value, Kind kind) = 0;
  virtual void real(std::string_view name, double& value) = 0;  // by its bits
  virtual void text(std::string_view name, std::string& value) = 0;

  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void field(std::string_view name, T& value) {
    auto wide = static_cast<std::int64_t>(value);
    integer(name, wide, std::is_same_v<T, bool> ? Kind::flag : Kind::integer);
    if (loading()) value = static_cast<T>(wide);
  }
  template <class Tag>
  void field(std::string_view name, Fixed<Tag>& value) {
    integer(name, value.e8, Kind::decimal);
  }
  void field(std::string_view name, UnixNanos& value) { integer(name, value.ns, Kind::time); }
  void field(std::string_view name, DurationNanos& value) { integer(name, value.ns, Kind::integer); }
  void field(std::string_view name, double& value) { real(name, value); }
  void field(std::string_view name, std::string& value) { text(name, value); }

  template <class T>
  requires requires(T& t, StateArchive& a) { t.persist(a); }
  void field(std::string_view name, T& value) {
    if (skips(name)) return;
    begin_object(name);
    value.persist(*this);
    end_object();
  }
  template <class T>
  void field(std::string_view name, std::optional<T>& value) {
    if (skips(name)) return;
    begin_object(name);
    bool present = value.has_value();
    field("present", present);
    if (loading()) value = present ? std::optional<T>(T{}) : std::nullopt;
    if (present) field("value", *value);
    end_object();
  }
  template <class T>
  void field(std::string_view name, std::vector<T>& values) {
    if (skips(name)) return;
    std::uint64_t size = values.size();
    begin_list(name, size);
    if (loading()) values.resize(size);
    for (auto& value : values) field("item", value);
    end_list();
  }
  template <class K, class V>
  void field(std::string_view name, std::map<K, V>& values) {
    if (skips(name)) return;
    std::uint64_t size = values.size();
    begin_list(name, size);
    if (loading()) {
      values.clear();
      for (std::uint64_t i = 0; i < size; ++i) {
        K key{};
        begin_object("item");
        field("key", key);
        field("value", values[key]);
        end_object();
      }
    } else {
      for (auto& [key, value] : values) {
        K copy = key;
        begin_object("item");
        field("key", copy);
        field("value", value);
        end_object();
      }
    }
    end_list();
  }
};

}  // namespace reprise::engine
