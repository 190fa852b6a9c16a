#include "gateway/import/report.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace reprise::gateway {

namespace {
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void key(Writer& w, const char* name) {
  w.Key(name);
}
void text(Writer& w, const std::string& value) {
  w.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void counts(Writer& w, const char* name, const std::map<std::string, std::uint64_t>& values) {
  key(w, name);
  w.StartObject();
  for (const auto& [label, count] : values) {
    w.Key(label.data(), static_cast<rapidjson::SizeType>(label.size()));
    w.Uint64(count);
  }
  w.EndObject();
}
}  // namespace

std::uint64_t FileReport::accounted_lines() const {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : by_kind) sum += count;
  for (const SkippedLines& entry : skipped) sum += entry.count;
  return sum;
}

std::string to_json(const ImportReport& report) {
  rapidjson::StringBuffer buffer;
  Writer w(buffer);
  w.StartObject();
  key(w, "files");
  w.StartArray();
  for (const FileReport& file : report.files) {
    w.StartObject();
    key(w, "path");
    text(w, file.path);
    key(w, "format");
    text(w, file.format);
    key(w, "market");
    text(w, file.market);
    key(w, "lines");
    w.Uint64(file.lines);
    key(w, "records");
    w.Uint64(file.records);
    counts(w, "by_kind", file.by_kind);
    key(w, "skipped");
    w.StartArray();
    for (const SkippedLines& entry : file.skipped) {
      w.StartObject();
      key(w, "reason");
      text(w, entry.reason);
      key(w, "count");
      w.Uint64(entry.count);
      key(w, "first_line");
      w.Uint64(entry.first_line);
      w.EndObject();
    }
    w.EndArray();
    key(w, "first_time");
    w.Int64(file.first_time);
    key(w, "last_time");
    w.Int64(file.last_time);
    w.EndObject();
  }
  w.EndArray();
  key(w, "book");
  w.StartObject();
  key(w, "compared");
  w.Uint64(report.book_compared);
  key(w, "agreed");
  w.Uint64(report.book_agreed);
  w.EndObject();
  key(w, "gaps");
  w.Uint64(report.gaps);
  counts(w, "gaps_by_reason", report.gaps_by_reason);
  key(w, "resyncs");
  w.Uint64(report.resyncs);
  counts(w, "anomalies", report.anomalies);
  key(w, "instruments");
  w.StartArray();
  for (const InstrumentReport& instrument : report.instruments) {
    w.StartObject();
    key(w, "number");
    w.Uint(instrument.number);
    key(w, "symbol");
    text(w, instrument.symbol);
    key(w, "market");
    text(w, instrument.market);
    key(w, "default_filters");
    w.Bool(instrument.has_default_filters);
    key(w, "default_brackets");
    w.Bool(instrument.has_default_brackets);
    w.EndObject();
  }
  w.EndArray();
  key(w, "warnings");
  w.StartArray();
  for (const std::string& warning : report.warnings) text(w, warning);
  w.EndArray();
  key(w, "records");
  w.Uint64(report.records);
  key(w, "text_bytes");
  w.Uint64(report.text_bytes);
  key(w, "digest");
  text(w, report.manifest.digest.text());
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace reprise::gateway
