// reprise verify JOURNAL: integrity only; nothing is recomputed.
#include <chrono>

#include "journal/journal_reader.h"
#include "journal/verify.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"

namespace reprise::tools {
namespace {

class Verify final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal or dataset directory").required();
    arguments
        .text("--against", against_,
              "also that it belongs to this journal: that this one's records up to where it ends have its digest")
        .value("JOURNAL");
    arguments.examples(
        "reprise verify run                 # clean, or the place of the damage; exit code 3 when corrupt\n"
        "reprise verify run --json          # verdict, digest, records, first_seq, last_seq, ...\n"
        "reprise verify day.slice --against run    # the slice is a part of that run");
  }

  Result<int> run(Terminal& terminal) override {
    const auto start = std::chrono::steady_clock::now();
    Progress progress(terminal, "verifying", "records");
    auto checked =
        journal::verify(path_, [&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); });
    progress.clear();
    if (!checked) {
      // Damage so deep that the journal cannot be opened is still a verdict.
      if (checked.error().kind != ErrorKind::corrupt) return checked.error();
      journal::VerifyReport report;
      report.problem = checked.error().text();
      return show(terminal, report, start);
    }
    if (checked->clean && !against_.empty()) {
      auto belongs = find_out_whether_it_belongs(terminal, *checked);
      if (!belongs) return belongs.error();
    }
    return show(terminal, *checked, start);
  }

 private:
  // The digest is over all records from the run's first one on, so that equal digests are equal records.
  Status find_out_whether_it_belongs(Terminal& terminal, journal::VerifyReport& report) {
    auto reader = journal::JournalReader::open(against_);
    if (!reader) return reader.error();
    if (reader->last_seq() < report.last_seq || reader->base_seq() > report.last_seq) {
      report.clean = false;
      report.problem = against_ + " does not hold its records: it has " + std::to_string(reader->first_seq()) + " to " +
                       std::to_string(reader->last_seq());
      return ok_status();
    }
    Progress progress(terminal, "comparing", "records");
    journal::RecordView record;
    journal::Seq at = reader->base_seq();
    while (at < report.last_seq && reader->next(record)) {
      at = record.seq;
      if ((at & 0xFFFF) == 0) progress.update(at, report.last_seq);
    }
    progress.clear();
    if (auto status = reader->status(); !status) return status;
    if (!(reader->digest_state().value() == report.digest)) {
      report.clean = false;
      report.problem =
          "it is no part of " + against_ + ": the digests behind record " + std::to_string(report.last_seq) + " differ";
    }
    return ok_status();
  }

  int show(Terminal& terminal, const journal::VerifyReport& report, std::chrono::steady_clock::time_point start) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (json) {
      Json out;
      out.begin_object();
      out.field("verdict", report.clean ? "clean" : "corrupt");
      out.field("digest", report.digest.text());
      out.field("records", report.records);
      out.field("first_seq", report.first_seq);
      out.field("last_seq", report.last_seq);
      out.field("durable_seq", report.durable_seq);
      out.field("status", status_text(path_, report.status));
      out.field("cut_records", report.cut_records);
      out.key("problem");
      if (report.clean) {
        out.null();
      } else {
        out.value(report.problem);
      }
      out.field("journal_bytes", report.journal_bytes);
      out.field("peak_memory_bytes", peak_memory_bytes());
      out.field("wall_seconds", seconds);
      out.end_object();
      terminal.line(out.text());
    } else {
      terminal.line(path_ + ": " +
                    (report.clean ? terminal.paint(Colour::good, "clean") : terminal.paint(Colour::bad, "corrupt")));
      Facts facts;
      if (!report.clean) facts.add("problem", report.problem);
      if (report.clean && !against_.empty()) facts.add("belongs to", against_);
      facts.add("status", status_text(path_, report.status));
      facts.add("records", with_thousands(report.records) + "  (seq " + std::to_string(report.first_seq) + " to " +
                               std::to_string(report.last_seq) + ", durable to " + std::to_string(report.durable_seq) +
                               ")");
      if (report.cut_records != 0) facts.add("cut", with_thousands(report.cut_records) + " records of a torn tail");
      facts.add("digest", report.digest.text());
      facts.add("size", bytes_text(report.journal_bytes));
      facts.add(
          "took",
          seconds_text(seconds) + ", " +
              bytes_text(seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(report.journal_bytes) / seconds)
                                     : 0) +
              "/s");
      terminal.write(facts.text());
    }
    return report.clean ? kExitFine : kExitCorrupt;
  }

  std::string path_;
  std::string against_;
};

}  // namespace

std::unique_ptr<Command> make_verify() {
  return std::make_unique<Verify>();
}

}  // namespace reprise::tools
