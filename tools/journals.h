// What several commands need to know about journals: size, instruments' names, paths that are taken.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "journal/journal_reader.h"
#include "journal/record.h"
#include "journal/result.h"
#include "tools/json_output.h"
#include "tools/terminal.h"

namespace reprise::tools {

std::uint64_t directory_bytes(const std::string& path);  // what its files hold; 0 where it cannot be read

// --out and --journal refuse what exists; the directory above must exist and be writable.
Status check_is_free(const std::string& option, const std::string& path);

// The status of a journal now: one that still says running, although nobody writes it, was left by a crash, and what is
// read of it is what recovery keeps.
const char* status_text(const std::string& path, schema::RunStatus recorded);

using Symbols = std::map<std::uint32_t, std::string>;  // instrument number -> symbol
Result<Symbols> read_symbols(const std::string& path);
std::string number_name(std::uint64_t number);                            // "#7"
std::string symbol_of(const Symbols& symbols, std::uint32_t instrument);  // "#7" when not declared, "" for 0

using TypeCounts = std::array<std::uint64_t, journal::kRecordTypeCount>;
void write_counts(Json& json, std::string_view name, const TypeCounts& counts);  // {type: count}, zeros left out
std::string counts_text(const TypeCounts& counts, int width);

// The most memory that this program has had; what the parent had before exec does not count.
std::uint64_t peak_memory_bytes();

std::int64_t wall_clock_ns();  // informational: manifests, rates

}  // namespace reprise::tools
