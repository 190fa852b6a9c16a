#include "sim/scenario/state_path.h"

#include <bit>

#include "engine/state_field.h"

namespace reprise::sim::scenario {

std::optional<std::int64_t> find_in_state(engine::Engine& engine, const std::string& path) {
  using engine::FieldValue;
  using Kind = engine::StateArchive::Kind;
  const engine::FieldPath steps = engine::FieldPath::by_places(path);
  engine::FieldProbe probe(steps);
  engine.persist(probe);
  const std::optional<FieldValue> found = probe.take();
  if (!found || found->form == FieldValue::Form::text) return std::nullopt;
  if (found->form == FieldValue::Form::real) {
    const auto value = std::bit_cast<double>(found->number);
    if (!(value > -9e10 && value < 9e10)) return std::nullopt;
    return static_cast<std::int64_t>(value * 1e8);
  }
  if (found->kind == Kind::decimal) return found->number;
  if (found->kind == Kind::time) return found->number / 10;
  std::int64_t scaled = 0;
  if (__builtin_mul_overflow(found->number, kScale, &scaled)) return std::nullopt;
  return scaled;
}

}  // namespace reprise::sim::scenario
