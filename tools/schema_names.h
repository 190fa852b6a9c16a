// Names of schema enums for people, straight from the schema: "linearPerpetual".
#pragma once

#include <capnp/schema.h>

#include <string>

namespace reprise::tools {

template <class Enum>
std::string schema_name(Enum value) {
  const auto enumerants = capnp::Schema::from<Enum>().getEnumerants();
  const auto at = static_cast<unsigned>(value);
  return at < enumerants.size() ? enumerants[at].getProto().getName().cStr() : std::to_string(at);
}

}  // namespace reprise::tools
