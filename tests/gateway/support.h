// Helpers of the gateway's tests: files in a folder of their own, imports, and what a dataset holds.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <unistd.h>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "gateway/import/importer.h"
#include "journal/journal_reader.h"
#include "journal/verify.h"

namespace reprise::gateway_tests {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "reprise-gateway-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string at(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    std::ofstream(at(name), std::ios::binary) << content;
    return at(name);
  }

 private:
  std::filesystem::path path_;
};

struct ZipEntry {
  std::string name;
  std::string content;
};

// filter: "gzip", "zstd", "xz" (one text), or "zip" (all entries).
inline std::string write_packed(const Folder& folder, const std::string& name, const std::string& filter,
                                const std::vector<ZipEntry>& entries) {
  archive* a = archive_write_new();
  if (filter == "zip") {
    archive_write_set_format_zip(a);
  } else {
    archive_write_set_format_raw(a);
    archive_write_add_filter_by_name(a, filter.c_str());
  }
  archive_write_open_filename(a, folder.at(name).c_str());
  for (const ZipEntry& item : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(item.content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(a, entry);
    archive_write_data(a, item.content.data(), item.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  return folder.at(name);
}

inline Result<gateway::ImportReport> import(const Folder& folder, std::vector<std::string> files,
                                            const std::string& out = "dataset",
                                            std::vector<std::string> instruments = {}) {
  gateway::ImportOptions options;
  options.files = std::move(files);
  options.out = folder.at(out);
  options.instrument_files = std::move(instruments);
  options.clock = [] { return std::int64_t{1'700'000'000'000'000'000}; };
  return gateway::import_files(options);
}

// A copied record; its body lives until the test program ends, so that readers may outlive it.
struct Stored {
  journal::RecordHeader header;
  const capnp::word* body = nullptr;
  journal::RecordType type() const { return header.type(); }
  template <class T>
  typename T::Reader as() const {
    return capnp::readMessageUnchecked<T>(body);
  }
};

inline const capnp::word* keep(const journal::RecordView& view) {
  static std::deque<std::vector<capnp::word>> kept;
  return kept.emplace_back(view.body(), view.body() + view.body_words()).data();
}

inline std::vector<Stored> records_of(const std::string& path) {
  auto opened = journal::JournalReader::open(path);
  if (!opened.ok()) {
    std::cerr << opened.error().text() << "\n";
    return {};
  }
  std::vector<Stored> result;
  journal::RecordView view;
  while (opened->next(view)) result.push_back({*view.header, keep(view)});
  return result;
}

inline std::vector<Stored> of_type(const std::vector<Stored>& all, journal::RecordType type) {
  std::vector<Stored> result;
  for (const Stored& record : all) {
    if (record.type() == type) result.push_back(record);
  }
  return result;
}

inline bool adds_up(const gateway::ImportReport& report) {
  for (const auto& file : report.files) {
    if (file.lines != file.accounted_lines()) {
      std::cerr << file.path << ": " << file.lines << " lines, " << file.accounted_lines() << " accounted for\n";
      return false;
    }
  }
  return true;
}

inline std::uint64_t kind(const gateway::FileReport& file, const std::string& name) {
  const auto found = file.by_kind.find(name);
  return found == file.by_kind.end() ? 0 : found->second;
}

// The recorded market data, where there is any: REPRISE_DATA, else ../shared/data beside the sources.
inline std::optional<std::filesystem::path> recorded_data(const char* test) {
  const char* named = std::getenv("REPRISE_DATA");
  const std::filesystem::path path =
      named != nullptr ? std::filesystem::path(named) : std::filesystem::path(REPRISE_SOURCE_DIR) / "../shared/data";
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) return path;
  std::cout << test << ": skipped, no recorded market data folder (REPRISE_DATA)\n";
  return std::nullopt;
}

}  // namespace reprise::gateway_tests
