// The values that conditions and expectations can name: the account, its orders, each instrument, the venue's own
// truth, counts since the start, and any field of the engine's state by its path.
//
// Every value is an integer at 1e-8: a share of 20 % is 0.2, a flag 0 or 1, a count a whole number, a time in seconds.
// A field that has no value then (a price before the first one, a division by nothing) is unknown. Deterministic.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/market/instrument.h"
#include "journal/record_batch.h"
#include "sim/run_hooks.h"

namespace reprise::sim::scenario {

enum class FieldKind : std::uint8_t { plain, by_symbol, by_alert, by_path };
enum class FieldUnit : std::uint8_t { number, share, money, flag, seconds };

struct FieldSpec {
  const char* name;  // "position_use"; used as position_use.BTCUSDT where by_symbol
  FieldKind kind;
  FieldUnit unit;
  const char* meaning;
};
const std::vector<FieldSpec>& fields();

// One field as an expression holds it: place in fields(), and what stands behind the first dot.
struct FieldName {
  std::uint16_t index = 0;
  std::string argument;
  std::uint16_t alert = 0;  // by_alert: the kind
};
Result<FieldName> resolve_field(const std::string& text);
std::string name_of(const FieldName& field);
std::string value_text(const FieldName& field, std::int64_t e8);  // "21.3 %", "yes", "12.5"

// Counts what happens and looks values up.
class Fields {
 public:
  void bind(RunControl& run) { run_ = &run; }
  void count(const journal::RecordView& input, const journal::RecordBatch& outputs);
  std::optional<std::int64_t> value(const FieldName& field);
  std::int64_t fills() const { return fills_; }
  std::int64_t liquidations() const { return liquidations_; }
  void persist(engine::StateArchive& archive);

 private:
  std::optional<std::int64_t> plain(std::string_view name);
  std::optional<std::int64_t> of_symbol(std::string_view name, const std::string& symbol);
  std::optional<std::int64_t> of_path(const std::string& path);
  bool any_stale();
  bool agrees();

  RunControl* run_ = nullptr;
  std::int64_t agreed_ = 1;
  std::int64_t fills_ = 0;
  std::int64_t rejected_ = 0;
  std::int64_t cancel_rejected_ = 0;
  std::int64_t liquidations_ = 0;
  std::int64_t adl_ = 0;
  std::vector<std::int64_t> alerts_ = std::vector<std::int64_t>(32);
};

}  // namespace reprise::sim::scenario
