// The text of one field, shared by record_text and field_diff. Internal to journal/.
#pragma once

#include <capnp/dynamic.h>

#include <string>

namespace reprise::journal {

enum class TextForm { json, plain };  // plain: no quotes around text and decimals

std::string field_text(capnp::DynamicStruct::Reader reader, capnp::StructSchema::Field field, TextForm form);

}  // namespace reprise::journal
