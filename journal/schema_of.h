// Cap'n Proto's own description of each record type, for tools that work on fields by name.
#pragma once

#include <capnp/schema.h>

#include <optional>

#include "journal/record.h"

namespace reprise::journal {

// nullopt for `none` and for numbers this build does not know.
std::optional<capnp::StructSchema> schema_of(RecordType type);

}  // namespace reprise::journal
