// Records as text: JSON, and flat columns for tables. Works by schema reflection, so it knows every
// record type without code of its own; for tools, not for hot paths.
//
// Names are the schema's in snake_case; enum values are the schema's names. Int64 fields at 1e-8 are exact
// decimal strings ("0.015"), ids, counts and times are integers (times in ns UTC). In columns a list is
// one JSON text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "journal/record.h"

namespace reprise::journal {

// {"seq":7,"type":"trade","ts_engine":...,...,"body":{...}}
std::string record_json(const RecordView& record);
// The body alone: {"price":"61000.1",...}
std::string body_json(RecordType type, const capnp::word* body);

// One line about a record: "seq 7 trade (input): {...}", the body cut after `most` characters.
std::string record_line(const RecordView& record, std::size_t most);

// Columns of one record type: header fields first. Same order for every record of the type.
std::vector<std::string> column_names(RecordType type);
std::vector<std::string> column_values(const RecordView& record);

std::string snake_case(std::string_view name);  // "tradeId" -> "trade_id"
std::string decimal_text(std::int64_t e8);      // 150000000 -> "1.5"
std::string json_quoted(std::string_view text);

// What an Int64 field means. Every Int64 field of the schema is classified in one table; `unlisted` would
// be a hole in it, and a test says that there is none.
enum class NumberKind { decimal, integer, time, by_unit, by_anomaly, unlisted };
NumberKind number_kind(std::string_view struct_name, std::string_view field_name);  // schema spelling

}  // namespace reprise::journal
