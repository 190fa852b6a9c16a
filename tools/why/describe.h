// One line a record, for a person: what it says, with numbers and units.
#pragma once

#include <string>

#include "engine/risk/risk_engine.h"
#include "journal/record.h"
#include "tools/run_names.h"

namespace reprise::tools {

std::string describe(const journal::RecordView& record, const RunNames& names);
std::string type_words(journal::RecordType type);  // "order command"
std::string words_of(const std::string& name);     // "iocRemainder" -> "ioc remainder"
std::string clock_text(std::int64_t ns);           // "00:31:15.010123" of a day, UTC
std::string duration_text(std::int64_t ns);        // "5 ms", "1.2 s", "3 min 5 s"
std::string limit_text(std::int64_t value, schema::LimitUnit unit, const std::string& asset);
bool is_floor(schema::RiskRule rule);  // passes at or above its bound

}  // namespace reprise::tools
