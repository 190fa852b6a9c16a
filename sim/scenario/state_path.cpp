#include "sim/scenario/state_path.h"

#include <string_view>
#include <vector>

namespace reprise::sim::scenario {

namespace {

class Finder final : public engine::StateArchive {
 public:
  explicit Finder(std::string_view path) : wanted_(path) {}
  bool loading() const override { return false; }
  void begin_object(std::string_view name) override { enter(name, false); }
  void end_object() override { leave(); }
  void begin_list(std::string_view name, std::uint64_t&) override { enter(name, true); }
  void end_list() override { leave(); }
  void integer(std::string_view name, std::int64_t& value, Kind kind) override {
    if (!is_here(name)) return;
    switch (kind) {
      case Kind::decimal: found = value; break;
      case Kind::time: found = value / 10; break;
      default: {
        std::int64_t scaled = 0;
        if (!__builtin_mul_overflow(value, kScale, &scaled)) found = scaled;
      }
    }
  }
  void real(std::string_view name, double& value) override {
    if (is_here(name) && value > -9e10 && value < 9e10) found = static_cast<std::int64_t>(value * 1e8);
  }
  void text(std::string_view name, std::string&) override { is_here(name); }

  std::optional<std::int64_t> found;

 private:
  struct Level {
    std::size_t matched;  // bytes of the path that led here; npos: not on the path
    bool is_list;
    std::uint64_t next = 0;
  };
  static constexpr std::size_t kOff = static_cast<std::size_t>(-1);

  std::size_t step(std::string_view name) {
    std::size_t matched = 0;
    std::string place;
    if (!levels_.empty()) {
      if (levels_.back().is_list) {
        place = std::to_string(levels_.back().next++);
        name = place;
      }
      matched = levels_.back().matched;
      if (matched == kOff) return kOff;
    }
    if (wanted_.compare(matched, name.size(), name) != 0) return kOff;
    matched += name.size();
    if (matched == wanted_.size()) return matched;
    return wanted_[matched] == '.' ? matched + 1 : kOff;
  }
  void enter(std::string_view name, bool is_list) { levels_.push_back({step(name), is_list}); }
  void leave() { levels_.pop_back(); }
  bool is_here(std::string_view name) { return step(name) == wanted_.size() && !found; }

  std::string_view wanted_;
  std::vector<Level> levels_;
};

}  // namespace

std::optional<std::int64_t> find_in_state(engine::Engine& engine, const std::string& path) {
  Finder finder(path);
  engine.persist(finder);
  return finder.found;
}

}  // namespace reprise::sim::scenario
