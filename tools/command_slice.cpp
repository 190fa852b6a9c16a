// reprise slice JOURNAL: a part of a journal as one file that replays anywhere.
#include "sim/slice.h"

#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/range.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

class Slice final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal or dataset").required();
    range_.declare(arguments, "keep");
    arguments.text("--out", out_, "the file to make; must not exist").required().value("FILE");
    arguments.text("--redact", redact_, "leave out what is not to be passed on: orders, balances, decisions, settings")
        .choices({"account"});
    arguments.examples(
        "reprise slice run --day 2024-08-08 --out day.slice\n"
        "reprise slice run --from 2024-08-08T23:57:00Z --until 2024-08-08T23:58:00Z --out minute.slice\n"
        "reprise replay minute.slice                     # every command that reads journals reads slices\n"
        "reprise slice run --day 2024-08-08 --redact account --out market.slice   # market data alone");
  }

  Result<int> run(Terminal& terminal) override {
    auto range = range_.parse();
    if (!range) return range.error();
    if (auto status = check_is_free("--out", out_); !status) return status.error();
    sim::SliceOptions options;
    options.journal = path_;
    options.out = out_;
    options.without_account = redact_ == "account";
    {
      auto reader = journal::JournalReader::open(path_);
      if (!reader) return reader.error();
      if (reader->last_seq() < reader->first_seq() || reader->first_seq() == 0)
        return usage_error(path_ + " holds no records");
      options.first = reader->first_seq();
      options.last = reader->last_seq();
      if (range->from) {
        auto first = first_seq_at(*reader, *range->from);
        if (!first) return first.error();
        options.first = *first;
      }
      if (range->until) {
        auto last = last_seq_at(*reader, *range->until);
        if (!last) return last.error();
        options.last = *last;
      }
      if (options.first > options.last) {
        return usage_error("no record of " + path_ + " is in that part", "reprise inspect shows its times");
      }
    }
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "cutting", "records");
    options.on_way = [&](journal::Seq at) {
      progress.update(at, options.last);
      return !stop.load(std::memory_order_relaxed);
    };
    auto made = sim::make_slice(options);
    progress.clear();
    if (!made) return made.error();
    show(terminal, *made);
    return kExitFine;
  }

 private:
  void show(Terminal& terminal, const sim::SliceReport& made) {
    if (json) {
      Json out;
      out.begin_object();
      out.field("file", out_);
      out.field("behind", made.behind);
      out.field("first_seq", made.first);
      out.field("last_seq", made.last);
      out.field("records", made.records);
      out.field("left_out", made.left_out);
      out.field("file_bytes", directory_bytes(out_));
      out.field("record_bytes", made.record_bytes);
      out.field("state_bytes", made.state_bytes);
      out.field("can_be_branched", made.can_be_branched);
      out.field("digest", made.digest.text());
      out.end_object();
      terminal.line(out.text());
      return;
    }
    terminal.line(terminal.paint(Colour::strong, out_));
    Facts facts;
    facts.add("records", with_thousands(made.records) + "  (" + std::to_string(made.behind + 1) + " to " +
                             std::to_string(made.last) + " of " + path_ + ")");
    if (!redact_.empty()) {
      facts.add("left out", with_thousands(made.left_out) + " records of the account: a dataset, numbered anew");
    } else if (made.behind != 0) {
      facts.add("begins", "behind record " + std::to_string(made.behind) + ", with the state there (" +
                              bytes_text(made.state_bytes) + ")");
    }
    if (redact_.empty() && !made.can_be_branched)
      facts.add("note", "replays and is inspected; it cannot be branched, since the venue's state is not in it");
    facts.add("size", bytes_text(directory_bytes(out_)) + ", " + bytes_text(made.record_bytes) + " of records");
    facts.add("digest", made.digest.text());
    terminal.write(facts.text());
    terminal.line();
    terminal.line(
        terminal.paint(Colour::dim, "next: reprise " + std::string(!redact_.empty() ? "inspect " : "replay ") + out_));
  }

  std::string path_, out_, redact_;
  RangeOptions range_;
};

}  // namespace

std::unique_ptr<Command> make_slice() {
  return std::make_unique<Slice>();
}

}  // namespace reprise::tools
