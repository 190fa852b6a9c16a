// reprise export JOURNAL --type TYPE --format csv|jsonl: records for other programs, streamed.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "journal/record_text.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

// Columns that journal::column_names() puts in front of a record's own fields; export has its own.
std::size_t header_columns() {
  return journal::column_names(journal::RecordType::NONE).size();
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

// Where rows go: standard output or a new file. Write errors are found here, with the errno's word.
class RowSink {
 public:
  RowSink() { buffer_.reserve(kFlushAt + (1u << 16)); }
  ~RowSink() {
    if (fd_ >= 0 && owned_) ::close(fd_);
  }
  RowSink(const RowSink&) = delete;
  RowSink& operator=(const RowSink&) = delete;

  Status open(const std::string& path) {
    if (path.empty()) return ok_status();
    if (auto status = check_is_free("--out", path); !status) return status.error();
    path_ = path;
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
    owned_ = true;
    if (fd_ < 0) return io_error(path + ": " + std::strerror(errno), "choose another path for --out");
    return ok_status();
  }

  Status write(std::string_view row) {
    buffer_.append(row);
    return buffer_.size() >= kFlushAt ? flush() : ok_status();
  }

  Status flush() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
      const ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        closed_pipe_ = errno == EPIPE;
        return io_error((path_.empty() ? "standard output" : path_) + ": " + std::strerror(errno),
                        errno == ENOSPC ? "make room, or choose another place" : "");
      }
      done += static_cast<std::size_t>(n);
      bytes_ += static_cast<std::uint64_t>(n);
    }
    buffer_.clear();
    return ok_status();
  }

  bool closed_pipe() const { return closed_pipe_; }  // the reader has seen enough (head)
  std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kFlushAt = 1u << 18;
  int fd_ = STDOUT_FILENO;
  bool owned_ = false;
  bool closed_pipe_ = false;
  std::string path_;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
};

class Export final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal or dataset directory").required();
    arguments.text("--type", type_, "record type: trade, bbo, fill, orderState, equityMark, ...")
        .required()
        .value("TYPE");
    arguments.text("--format", format_, "how rows look").required().choices({"csv", "jsonl"});
    arguments.text("--out", out_, "file to make (default: standard output)").value("FILE");
    arguments.text("--from", from_, "first record or time").value("SEQ|TIME");
    arguments.text("--until", until_, "last record or time").value("SEQ|TIME");
    arguments.texts("--instrument", instruments_, "only this symbol; may be repeated").value("SYMBOL");
    arguments.text("--times", times_, "how times look").choices({"iso", "ns"}).shows_default();
    arguments.examples(
        "reprise export run --type fill --format csv > fills.csv\n"
        "reprise export run --type equityMark --format jsonl --from 2024-08-08T23:55:00Z\n"
        "reprise export day --type trade --format csv --instrument BTCUSDT --times ns --out trades.csv --json");
  }

  Result<int> run(Terminal& terminal) override {
    const auto type = journal::record_type_from(type_);
    if (!type || *type == journal::RecordType::NONE) {
      return usage_error("'" + type_ + "' is no record type",
                         "reprise inspect " + path_ + " lists those that it holds");
    }
    if (json && out_.empty()) {
      return usage_error("--json needs --out: the rows themselves go to standard output",
                         "or leave --json out and use --format jsonl");
    }
    Moment from_moment;
    Moment until_moment;
    if (!from_.empty()) {
      auto moment = parse_moment(from_);
      if (!moment) return moment.error();
      from_moment = *moment;
    }
    if (!until_.empty()) {
      auto moment = parse_moment(until_);
      if (!moment) return moment.error();
      until_moment = *moment;
    }
    const bool is_backwards = (from_moment.seq && until_moment.seq && *from_moment.seq > *until_moment.seq) ||
                              (from_moment.time && until_moment.time && *from_moment.time > *until_moment.time);
    if (is_backwards) return usage_error("--from " + from_ + " lies behind --until " + until_, "exchange the two");
    auto symbols = read_symbols(path_);
    if (!symbols) return symbols.error();
    journal::ReaderOptions options;
    options.filter.types = {*type};
    for (const auto& wanted : instruments_) {
      bool any = false;
      for (const auto& [number, symbol] : *symbols) {
        if (symbol != wanted) continue;
        options.filter.instruments.push_back(number);
        any = true;
      }
      if (!any) return usage_error("'" + wanted + "' is no instrument of " + path_, known(*symbols));
    }
    auto reader = journal::JournalReader::open(path_, options);
    if (!reader) return reader.error();
    const bool has_records = reader->last_seq() != 0;
    journal::Seq first = reader->first_seq();
    journal::Seq last = reader->last_seq();
    if (has_records && !from_.empty()) {
      auto seq = first_seq_at(*reader, from_moment);
      if (!seq) return seq.error();
      first = *seq;
    }
    if (has_records && !until_.empty()) {
      if (until_moment.seq) {
        last = *until_moment.seq;
      } else {
        auto seq = first_seq_at(*reader, Moment{{}, *until_moment.time + 1});
        if (!seq) return seq.error();
        last = *seq - 1;
      }
    }
    if (has_records) {
      if (auto status = reader->seek(first); !status) return status.error();
    }

    RowSink sink;
    if (auto status = sink.open(out_); !status) return status.error();
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "exporting", "records");
    const std::size_t skip = header_columns();
    if (format_ == "csv") {
      std::string row = "seq,ts_engine,ts_event,ts_recv,instrument,strategy,cause_seq";
      const auto names = journal::column_names(*type);
      for (std::size_t i = skip; i < names.size(); ++i) row += "," + names[i];
      if (auto status = sink.write(row + "\n"); !status) return status.error();
    }
    std::uint64_t records = 0;
    journal::RecordView record;
    while (has_records && reader->next(record) && record.seq <= last && !stop.load(std::memory_order_relaxed)) {
      if (auto status = sink.write(format_ == "csv" ? csv_row(record, *symbols, skip) : json_row(record, *symbols));
          !status) {
        if (sink.closed_pipe()) return kExitFine;
        return status.error();
      }
      if ((++records & 0xFFF) == 0) progress.update(record.seq - first, last - first);
    }
    progress.clear();
    if (auto status = reader->status(); !status) return status.error();
    if (auto status = sink.flush(); !status) {
      if (sink.closed_pipe()) return kExitFine;
      return status.error();
    }
    if (stop.load()) {  // rows that end early must not look like all of them
      return io_error("interrupted: " + with_thousands(records) + " whole rows are written, more were to come",
                      "export again, or a part of it with --from and --until");
    }
    if (json) {
      Json out;
      out.begin_object();
      out.field("out", out_);
      out.field("type", type_);
      out.field("format", format_);
      out.field("records", records);
      out.field("bytes", sink.bytes());
      out.end_object();
      terminal.line(out.text());
    } else if (!out_.empty()) {
      terminal.line(out_ + ": " + with_thousands(records) + " records, " + bytes_text(sink.bytes()));
    }
    return kExitFine;
  }

 private:
  static std::string known(const Symbols& symbols) {
    std::string text;
    std::size_t shown = 0;
    for (const auto& [number, symbol] : symbols) {
      if (++shown > 8) return "it has " + text + ", ...";
      text += (text.empty() ? "" : ", ") + symbol;
    }
    return text.empty() ? "it declares none" : "it has " + text;
  }

  // Empty for "not given".
  std::string time_cell(std::int64_t ns) const {
    if (ns == 0) return "";
    return times_ == "ns" ? std::to_string(ns) : time_text(ns);
  }

  std::string csv_row(const journal::RecordView& record, const Symbols& symbols, std::size_t skip) const {
    const journal::RecordHeader& header = *record.header;
    std::string row = std::to_string(record.seq);
    row += ',' + time_cell(header.ts_engine);
    row += ',' + time_cell(header.ts_event);
    row += ',' + time_cell(header.ts_recv);
    row += ',' + csv_cell(symbol_of(symbols, header.instrument));
    row += ',' + std::to_string(header.strategy);
    row += ',' + (record.cause_seq() == 0 ? std::string() : std::to_string(record.cause_seq()));
    const auto values = journal::column_values(record);
    for (std::size_t i = skip; i < values.size(); ++i) row += ',' + csv_cell(values[i]);
    return row + "\n";
  }

  std::string json_time(std::int64_t ns) const {
    if (ns == 0) return "null";
    return times_ == "ns" ? std::to_string(ns) : journal::json_quoted(time_text(ns));
  }

  std::string json_row(const journal::RecordView& record, const Symbols& symbols) const {
    const journal::RecordHeader& header = *record.header;
    std::string row = "{\"seq\":" + std::to_string(record.seq);
    row += ",\"type\":" + journal::json_quoted(journal::name_of(record.type()));
    row += ",\"ts_engine\":" + json_time(header.ts_engine);
    row += ",\"ts_event\":" + json_time(header.ts_event);
    row += ",\"ts_recv\":" + json_time(header.ts_recv);
    row += ",\"instrument\":" +
           (header.instrument == 0 ? "null" : journal::json_quoted(symbol_of(symbols, header.instrument)));
    row += ",\"strategy\":" + std::to_string(header.strategy);
    row += ",\"cause_seq\":" + (record.cause_seq() == 0 ? std::string("null") : std::to_string(record.cause_seq()));
    row += ",\"body\":" + journal::body_json(record.type(), record.body());
    return row + "}\n";
  }

  std::string path_;
  std::string type_;
  std::string format_;
  std::string out_;
  std::string from_;
  std::string until_;
  std::vector<std::string> instruments_;
  std::string times_ = "iso";
};

}  // namespace

std::unique_ptr<Command> make_export() {
  return std::make_unique<Export>();
}

}  // namespace reprise::tools
