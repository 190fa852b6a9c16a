// Names the first field in which two records differ, with both values as text (journal/record_text.h).
#pragma once

#include <optional>
#include <string>

#include "journal/record.h"

namespace reprise::journal {

struct FieldDifference {
  std::string field;  // "ts_engine", "price", "bids[3].qty", "bids.length"
  std::string a;
  std::string b;
};

// Bodies of one type. nullopt: no field that this build knows differs.
std::optional<FieldDifference> first_body_difference(RecordType type, const capnp::word* a, const capnp::word* b);

// Header fields in their order, then the body when the types agree. seq is not compared.
std::optional<FieldDifference> first_difference(const RecordView& a, const RecordView& b);

}  // namespace reprise::journal
