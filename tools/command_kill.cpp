// reprise kill JOURNAL: engages the kill switch of a run that is under way, and waits until nothing is open.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "journal/store.h"
#include "tools/command.h"
#include "tools/followed_run.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/stop.h"
#include "tools/venue_run.h"

namespace reprise::tools {
namespace {

class Kill final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal of the run").required();
    arguments.real("--wait", wait_, "seconds to wait until every order and position is closed").shows_default();
    arguments.examples(
        "reprise kill live             # every order is cancelled, every position closed, nothing new is sent\n"
        "The same: a file JOURNAL.kill, kill -USR1 PID, or POST /kill at the run's --control port.\n"
        "Exit code 1: not all is closed yet. The file stays.\n"
        "The way back: remove it, then POST /resume at the --control port.");
  }

  Result<int> run(Terminal& terminal) override {
    // The switch first: reading a long day may take its time, and may fail.
    if (Status there = journal::check_is_journal(path_); !there) return there.error();
    const std::string file = kill_file_of(path_);
    if (!std::ofstream(file, std::ios::app).flush()) return io_error("cannot write " + file, "send it SIGUSR1 instead");
    auto run = FollowedRun::open(path_);
    if (!run) {
      return io_error(file +
                      " is there, which engages the switch; but the run cannot be followed: " + run.error().text());
    }
    const std::atomic<bool>& stop = stop_on_signals();
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_);
    while (!run->is_done() && !run->is_ended() && std::chrono::steady_clock::now() < until && !stop.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (Status read = run->refresh(); !read) return read.error();
    }
    if (run->is_ended()) {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
      return usage_error(path_ + ": this run has ended", "name the journal of one that is under way");
    }
    show(terminal, *run, file);
    return run->is_done() ? kExitFine : kExitDiverged;
  }

 private:
  void show(Terminal& terminal, const FollowedRun& run, const std::string& file) const {
    const KillTimes& t = run.times();
    if (json) {
      Json out;
      out.begin_object();
      out.field("engaged", run.is_killed()).field("done", run.is_done());
      out.field("engaged_at", time_text(t.engaged)).field("flat_at", time_text(t.flat));
      out.field("open_orders", static_cast<std::uint64_t>(run.open_orders()));
      out.field("has_position", run.has_position()).field("file", file);
      out.end_object();
      terminal.line(out.text());
      return;
    }
    if (!run.is_killed()) {
      terminal.line(terminal.paint(Colour::bad, "not engaged yet") +
                    ": the run does not answer. It is engaged as soon as it goes on: " + file + " is there.");
      return;
    }
    terminal.line(run.is_done() ? terminal.paint(Colour::good, "killed: nothing is open")
                                : terminal.paint(Colour::bad, "killed, but not all is closed yet"));
    Facts facts;
    facts.add("engaged", time_text(t.engaged));
    const auto behind = [&](const char* name, std::int64_t time) {
      if (time >= t.engaged && time != 0)
        facts.add(name, seconds_text(static_cast<double>(time - t.engaged) * 1e-9) + " later");
    };
    behind("last cancel sent", t.last_cancel_sent);
    behind("last cancel confirmed", t.last_cancel_done);
    behind("flat", t.flat);
    if (!run.is_done())
      facts.add("open", std::to_string(run.open_orders()) + " orders" + (run.has_position() ? ", a position" : ""));
    terminal.write(facts.text());
    terminal.line(terminal.paint(Colour::dim,
                                 "the way back: remove " + file + ", then POST /resume at the run's --control port"));
  }

  std::string path_;
  double wait_ = 30;
};

}  // namespace

std::unique_ptr<Command> make_kill() {
  return std::make_unique<Kill>();
}

}  // namespace reprise::tools
