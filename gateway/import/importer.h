// import: recorded market data to a dataset journal (gateway/import/FORMATS.md is its page).
//
// Every file is looked at first (up to 1 MiB of its text: format, market, symbols, filters, clock offset);
// nothing is written before all of them are recognised. Then all files are read once, merged by receive
// time, then place on the command line, then line.
//
// Threads: each open file is inflated on one of its own, and parsed and turned into records on another
// (message_pipe.h); the caller's merges, gives instruments their numbers and checks; one makes the journal and appends
// to it (dataset_writer.h); the journal's compresses and stores. The order above is all that decides about a record
// and its place: none of the threads can. Memory is bounded: ten chunks of up to 128 KiB of text for each file that is
// open, 8 MiB of records on their way, and a file is open only while its time has come.
//
// Errors: usage (exists already, no symbol in a name, another venue), could_not_check (no permission, disk
// full), corrupt (unknown format, broken archive). A file that breaks in the middle ends the import with an
// Error; the dataset is closed properly and holds everything before that place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/import/report.h"
#include "journal/journal_writer.h"
#include "journal/result.h"

namespace reprise::gateway {

struct ImportProgress {
  std::uint64_t bytes_done = 0;  // of the files as they lie on disk
  std::uint64_t bytes_total = 0;
  std::uint64_t records = 0;
};

struct ImportOptions {
  std::vector<std::string> files;             // FILE or FILE:usdm, FILE:coinm, FILE:spot
  std::string out;                            // must not exist
  std::vector<std::string> instrument_files;  // exchangeInfo, leverageBracket: --instruments
  journal::WallClock clock;                   // required
  std::string build_id;
  std::string compiler;
  std::function<bool(const ImportProgress&)> progress;  // false: stop (a valid dataset is left behind)
};

Result<ImportReport> import_files(const ImportOptions& options);

}  // namespace reprise::gateway
