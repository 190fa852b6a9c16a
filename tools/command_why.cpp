// reprise why JOURNAL ORDER|SEQ: the chain of causes of a record, with the numbers that decided; --forward: what came
// of it; --field PATH --at SEQ|TIME: the record that last changed a field of the state.
#include <charconv>

#include "journal/record_text.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/moment.h"
#include "tools/stop.h"
#include "tools/why/describe.h"
#include "tools/why/show_chain.h"
#include "tools/why/watch.h"

namespace reprise::tools {
namespace {

using journal::Seq;

class Why final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal of a run").required();
    arguments.text("ORDER|SEQ", subject_, "an order's id (the seq of its command), its client order id, or any seq");
    arguments.flag("--forward", forward_, "the tree of what came of it, down to the profit in the end");
    arguments.flag("--dot", dot_, "as a graph for Graphviz");
    arguments.text("--field", field_, "a field of the state: which record last changed it?").value("PATH");
    arguments.text("--at", at_, "with --field: the moment to look back from; without it the end").value("SEQ|TIME");
    arguments.flag("--history", history_, "with --field: all its changes");
    arguments.number("--limit", limit_, "lines of a tree or a history").value("N").shows_default();
    arguments.examples(
        "reprise why run 50834                                   # an order: signal, size, risk checks, latency\n"
        "reprise why run 50834 --forward                         # its fills, fees and the profit in the end\n"
        "reprise why run 50834 --dot | dot -Tsvg > why.svg\n"
        "reprise why run --field positions.BTCUSDT.qty --at 2024-01-01T00:30:00Z\n"
        "reprise why run --field strategies.trend.tracks.BTCUSDT.stop --history --limit 20\n"
        "reprise why run --field risk.limits.max_leverage.headroom --at 120000");
  }

  Result<int> run(Terminal& terminal) override {
    if (subject_.empty() == field_.empty()) {
      return usage_error("give an order or a seq, or --field PATH", "reprise why --help has examples");
    }
    if (dot_ && (json || !field_.empty())) return usage_error("--dot stands alone", "leave out --json or --field");
    if (limit_ == 0) return usage_error("--limit must be at least 1");
    auto records = Records::open(path_);
    if (!records) return records.error();
    auto names = RunNames::read(path_);
    if (!names) return names.error();
    names_ = std::move(names).value();
    if (names_.configuration_seq == 0) {
      return usage_error(path_ + ": nothing was decided in it",
                         "give the journal of a run; a dataset has market data alone");
    }
    return field_.empty() ? show_subject(terminal, *records) : show_field(terminal, *records);
  }

 private:
  // ------------------------------------------------------------------------------------------ a record

  Result<Seq> resolve(Records& records) const {
    Seq seq = 0;
    const char* end = subject_.data() + subject_.size();
    if (const auto [at, error] = std::from_chars(subject_.data(), end, seq); error == std::errc{} && at == end) {
      return seq;
    }
    // A client order id of ours ends in the seq of its command; the venue's own orders have theirs in the reports.
    const std::size_t digit = subject_.find_last_not_of("0123456789");
    if (digit != std::string::npos && digit + 1 < subject_.size()) {
      std::from_chars(subject_.data() + digit + 1, end, seq);
      auto record = records.at(seq);
      if (record && record->type() == journal::RecordType::ORDER_COMMAND) return seq;
    }
    Seq foreign = 0;
    const Status scanned = records.scan(records.first_seq(), [&](const journal::RecordView& record) {
      if (record.type() != journal::RecordType::ORDER_REPORT) return true;
      if (subject_ != journal::read<schema::OrderReport>(record).getForeignClientId().cStr()) return true;
      foreign = record.seq;
      return false;
    });
    if (!scanned) return scanned.error();
    if (foreign != 0) return foreign;
    return usage_error("'" + subject_ + "' is no seq and no client order id of " + path_,
                       "export --type orderCommand lists the orders");
  }

  Result<int> show_subject(Terminal& terminal, Records& records) {
    auto seq = resolve(records);
    if (!seq) return seq.error();
    auto record = records.at(*seq);
    if (!record) return record.error();
    Progress progress(terminal, "replaying", "records");
    const Seq target = *seq;
    ChainTeller teller(records, names_, [&](Seq at) {
      progress.update(at, target);
      return !stop_on_signals().load(std::memory_order_relaxed);
    });
    return forward_ ? show_forward(terminal, records, *record, progress)
                    : show_causes(terminal, records, teller, *record, progress);
  }

  Result<int> show_causes(Terminal& terminal, Records& records, ChainTeller& teller, const OwnedRecord& record,
                          Progress& progress) {
    auto steps = teller.tell(record.seq());
    if (!steps) return steps.error();
    std::optional<OrderLife> life;
    if (const Seq order = order_of(record.view()); order != 0) {
      auto at = records.at(order);
      if (at && at->type() == journal::RecordType::ORDER_COMMAND) {
        auto told = order_life(records, names_, order, [&] { return teller.walk(); });
        if (!told) return told.error();
        life = std::move(told).value();
      }
    }
    progress.clear();
    if (dot_) {
      terminal.write(steps_dot(*steps, names_));
    } else if (json) {
      Json out;
      out.begin_object();
      out.field("seq", record.seq());
      out.field("type", journal::name_of(record.type()));
      write_steps(out, *steps, names_);
      if (life) write_life(out, *life);
      out.end_object();
      terminal.line(out.text());
    } else {
      headline(terminal, record, life ? life->title : "");
      terminal.line(terminal.paint(Colour::strong, "causes") + ", nearest first, back to the market data");
      show_steps(terminal, *steps, names_);
      if (life) show_life(terminal, *life);
    }
    return kExitFine;
  }

  Result<int> show_forward(Terminal& terminal, Records& records, const OwnedRecord& record, Progress& progress) {
    auto effects = effects_of(records, record.seq(), limit_);
    if (!effects) return effects.error();
    std::optional<Outcome> outcome;
    Seq order = order_of(record.view());
    for (const Effect& effect : effects->tree) {  // of a signal or a decision: the order that it led to
      if (order == 0 && effect.record.type() == journal::RecordType::ORDER_COMMAND)
        order = order_of(effect.record.view());
    }
    if (order != 0) {
      auto told = outcome_of(records, order);
      if (!told) return told.error();
      outcome = std::move(told).value();
    }
    progress.clear();
    if (dot_) {
      terminal.write(effects_dot(*effects, names_));
    } else if (json) {
      Json out;
      out.begin_object();
      out.field("seq", record.seq());
      out.field("type", journal::name_of(record.type()));
      write_effects(out, *effects, names_);
      if (outcome) write_outcome(out, *outcome);
      out.end_object();
      terminal.line(out.text());
    } else {
      headline(terminal, record, "");
      terminal.line(terminal.paint(Colour::strong, "effects") + ", each below its cause");
      show_effects(terminal, *effects, names_);
      if (outcome) show_outcome(terminal, *outcome, names_);
    }
    return kExitFine;
  }

  void headline(Terminal& terminal, const OwnedRecord& record, const std::string& title) const {
    terminal.line(terminal.paint(Colour::strong, path_) + "  seq " + std::to_string(record.seq()) + ", " +
                  time_text(record.view().header->ts_engine) + ", times below are UTC");
    if (!title.empty()) terminal.line(title);
  }

  // ------------------------------------------------------------------------------------------ a field

  static std::string value_text(const std::optional<engine::FieldValue>& value) {
    if (!value) return "(none)";
    if (value->kind == engine::StateArchive::Kind::time && value->number > 0)
      return value->text + " (" + time_text(value->number) + ")";
    return value->text;
  }

  static void write_value(Json& out, std::string_view name, const std::optional<engine::FieldValue>& value) {
    out.key(name);
    if (value) {
      out.value(value->text);
    } else {
      out.null();
    }
  }

  // Which output tells best of a change: the record type that states this part of the state.
  static journal::RecordType teller_of(const std::string& path) {
    const std::string part = path.substr(0, path.find('.'));
    if (part == "positions" || part == "portfolio") return journal::RecordType::POSITION;
    if (part == "strategies") return journal::RecordType::FEATURE;
    if (part == "account" || part == "risk") return journal::RecordType::EQUITY_MARK;
    return journal::RecordType::ORDER_STATE;
  }

  // The output of the input that carries the new value; 0 = none does.
  Result<Seq> shown_in(Records& records, const FieldHistory& history) {
    const FieldChange& change = history.changes.back();
    if (!change.after || change.after->text.size() < 2) return Seq{0};
    const bool is_decimal = change.after->kind == engine::StateArchive::Kind::decimal;
    const std::string wanted = is_decimal ? "\"" + change.after->text + "\"" : change.after->text;
    const journal::RecordType best = teller_of(history.path);
    Seq any = 0;
    Seq found = 0;
    const Status scanned = records.scan(change.input_seq + 1, [&](const journal::RecordView& record) {
      if (!record.header->is_output()) return false;
      const std::string body = journal::body_json(record.type(), record.body());
      if (body.find(wanted) == std::string::npos) return true;
      if (any == 0) any = record.seq;
      if (record.type() == best) found = record.seq;
      return found == 0;
    });
    if (!scanned) return scanned.error();
    return found != 0 ? found : any;
  }

  Result<int> show_field(Terminal& terminal, Records& records) {
    Seq until = records.last_seq();
    if (!at_.empty()) {
      auto moment = parse_moment(at_);
      if (!moment) return moment.error();
      auto reader = journal::JournalReader::open(path_);
      if (!reader) return reader.error();
      auto seq = last_seq_at(*reader, *moment);
      if (!seq) return seq.error();
      until = *seq;
    }
    Progress progress(terminal, "replaying", "records");
    const auto on_progress = [&](Seq at) {
      progress.update(at, until);
      return !stop_on_signals().load(std::memory_order_relaxed);
    };
    auto walk = engine::StateWalk::open(path_, on_progress);
    if (!walk) return walk.error();
    auto history = watch_field(*walk, field_, until, history_, history_ ? limit_ : 1);
    if (!history) return history.error();
    std::vector<Step> causes;
    if (!history->changes.empty()) {
      ChainTeller teller(records, names_, on_progress);
      // Where an output carries the new value its own chain tells more than the input's.
      auto shown = shown_in(records, *history);
      if (!shown) return shown.error();
      auto told = teller.tell(*shown == 0 ? history->changes.back().input_seq : *shown);
      if (!told) return told.error();
      causes = std::move(told).value();
    }
    progress.clear();
    if (json) {
      Json out;
      out.begin_object();
      out.field("path", history->path);
      out.field("at", until);
      write_value(out, "value", history->value);
      out.key("changes").begin_array();
      for (const FieldChange& change : history->changes) {
        out.begin_object();
        out.field("seq", change.input_seq);
        out.field("time", time_text(change.time));
        write_value(out, "old", change.before);
        write_value(out, "new", change.after);
        out.end_object();
      }
      out.end_array();
      if (history_) out.field("count", history->count);
      write_steps(out, causes, names_);
      out.end_object();
      terminal.line(out.text());
      return kExitFine;
    }
    terminal.line(terminal.paint(Colour::strong, history->path) + " = " + value_text(history->value) + "  behind seq " +
                  std::to_string(until));
    if (history->changes.empty()) {
      terminal.line("it never changed");
      return kExitFine;
    }
    if (history_) {
      show_history(terminal, *history);
    } else {
      const FieldChange& change = history->changes.back();
      Facts facts;
      facts.add("last changed", "seq " + std::to_string(change.input_seq) + ", " + time_text(change.time));
      facts.add("from", value_text(change.before));
      facts.add("to", value_text(change.after) + difference_text(change));
      terminal.write(facts.text());
    }
    terminal.line();
    terminal.line(terminal.paint(Colour::strong, "causes") + (history_ ? " of the last change" : "") +
                  ", nearest first");
    show_steps(terminal, causes, names_);
    return kExitFine;
  }

  static std::string difference_text(const FieldChange& change) {
    if (!change.before || !change.after || change.after->kind != engine::StateArchive::Kind::decimal) return "";
    const std::int64_t by = change.after->number - change.before->number;
    return "  (" + std::string(by > 0 ? "+" : "") + decimal_text(by) + ")";
  }

  void show_history(Terminal& terminal, const FieldHistory& history) const {
    const std::uint64_t left = history.count - history.changes.size();
    terminal.line(with_thousands(history.count) + " changes" +
                  (left != 0 ? ", the last " + std::to_string(history.changes.size()) + " of them (--limit)" : ""));
    Table table;
    table.column("seq", Table::Align::right);
    table.column("time");
    for (const char* name : {"from", "to", "by"}) table.column(name, Table::Align::right);
    for (const FieldChange& change : history.changes) {
      std::string by = difference_text(change);
      if (by.size() > 4) by = by.substr(3, by.size() - 4);
      table.row({std::to_string(change.input_seq), time_text(change.time), value_text(change.before),
                 value_text(change.after), by});
    }
    terminal.write(table.text(terminal.width()));
  }

  std::string path_;
  std::string subject_;
  std::string field_;
  std::string at_;
  bool forward_ = false;
  bool dot_ = false;
  bool history_ = false;
  std::uint64_t limit_ = 100;
  RunNames names_;
};

}  // namespace

std::unique_ptr<Command> make_why() {
  return std::make_unique<Why>();
}

}  // namespace reprise::tools
