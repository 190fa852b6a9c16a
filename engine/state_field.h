// One field of a state by its path, cheaply, again and again: the watch of `why --field`.
//
// A path names the objects and lists down to a value, with dots: "account.equity", "positions.BTCUSDT.qty",
// "strategies.trend.tracks.BTCUSDT.stop", "orders.open[0].status". An entry of a list is named by its place ("[0]" or
// ".0") or by what identifies it: the number, symbol or strategy that its first fields give. Wrappers that only hold a
// list's entry ("value", "state", "market") may be left out.
//
// FieldFinder looks a path up in the state as it stands; FieldProbe then reads that field of any other state without
// making the rest, since archives skip what is not on the path.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/state_archive.h"

namespace reprise::engine {

struct FieldValue {
  enum class Form : std::uint8_t { number, real, text };
  Form form = Form::number;
  StateArchive::Kind kind = StateArchive::Kind::integer;  // of a number
  std::int64_t number = 0;                                // e8, ns or plain, by kind; a real's bits
  std::string text;                                       // as the state's JSON shows it, without quotes
  bool operator==(const FieldValue&) const = default;
};

// One step down: into what has this name, or, in a list, into one entry.
struct FieldStep {
  std::string name;                                            // "" = an entry of a list
  std::optional<std::uint64_t> place;                          // which entry, by its place
  std::vector<std::pair<std::string, std::int64_t>> identity;  // else by these fields of it, all of them
};

struct FieldPath {
  std::string text;  // in full, entries by name
  std::vector<FieldStep> steps;

  // Exactly as persist() names it, entries of lists by their place alone: "portfolio.wallets.0.balance".
  static FieldPath by_places(const std::string& path);
};

// Names for numbers in a path: symbols for instrument numbers, names for strategy numbers.
struct FieldNames {
  std::function<std::string(std::int64_t)> instrument;  // "" = unknown
  std::function<std::string(std::int64_t)> strategy;
};

struct FieldSearch {
  std::optional<FieldPath> found;
  std::vector<std::string> nearest;  // where nothing was found: valid paths like it, best first
};

using NamedField = std::pair<std::string, FieldValue>;  // path in full, value

// What a state is made of, by name: persist the state into archive(), then ask.
class FieldFinder {
 public:
  explicit FieldFinder(FieldNames names);
  ~FieldFinder();
  StateArchive& archive();
  FieldSearch find(const std::string& path, std::size_t most_nearest = 8);
  std::vector<NamedField> leaves() const;  // every value, in the order of the state

 private:
  class Tree;
  FieldNames names_;
  std::unique_ptr<Tree> tree_;
};

// Reads one field: persist the state into it, then take().
class FieldProbe final : public StateArchive {
 public:
  explicit FieldProbe(const FieldPath& path) : steps_(path.steps) {}

  std::optional<FieldValue> take();  // nullopt: the state has no such field now; starts anew

  bool loading() const override { return false; }
  bool skips(std::string_view name) const override;
  void begin_object(std::string_view name) override;
  void end_object() override;
  void begin_list(std::string_view name, std::uint64_t& size) override;
  void end_list() override;
  void integer(std::string_view name, std::int64_t& value, Kind kind) override;
  void real(std::string_view name, double& value) override;
  void text(std::string_view name, std::string& value) override;

 private:
  struct Open {            // an object or list on the path
    std::size_t step = 0;  // to be matched within
    bool is_list = false;
    std::uint64_t entries = 0;         // of a list, so far
    const FieldStep* entry = nullptr;  // an entry that is known by identity fields
    std::size_t agreed = 0;            // identity fields seen that agree
  };
  bool is_wanted(std::string_view name) const;
  void see(std::string_view name, FieldValue value);
  void begin(std::string_view name, bool is_list);
  void end();

  const std::vector<FieldStep>& steps_;
  std::vector<Open> open_ = {Open{}};
  std::size_t off_ = 0;  // depth of what is open and off the path
  std::optional<FieldValue> value_;
  bool done_ = false;
};

FieldValue integer_value(std::int64_t value, StateArchive::Kind kind);
FieldValue real_value(double value);

}  // namespace reprise::engine
