// Runs the built program as a child process, as a person would, and looks at what came out.
//
// No sleeps: a child is waited for, or killed when its journal has passed a number of records.
#pragma once

#include <rapidjson/document.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace reprise::integration {

struct Outcome {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  std::string out;
  std::string err;
};

// A directory of its own, gone at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path(const std::string& name) const { return (root_ / name).string(); }
  std::string file(const std::string& name, const std::string& content) const;  // writes it, returns its path

 private:
  std::filesystem::path root_;
};

struct Options {
  // Called again and again while the child runs, with its process id; returns a signal to send, 0 = none yet.
  std::function<int(pid_t)> interrupt;
};

Outcome run(const std::vector<std::string>& arguments, const Options& options = {});
Outcome run_program(const std::string& program, const std::vector<std::string>& arguments, const Options& options = {});

// The command line and both outputs, for INFO().
std::string shown(const std::vector<std::string>& arguments, const Outcome& outcome);

// Standard output as exactly one JSON object; fails the test otherwise.
rapidjson::Document json_of(const Outcome& outcome);

// Runs the program with --json, requires the exit code and gives what it answered.
rapidjson::Document answer(const std::vector<std::string>& arguments, int exit_code = 0);

std::string source_path(const std::string& relative);
std::optional<std::string> recorded_data(
    const std::string& relative);  // nullopt, and a word on why, where it is missing
void copy_journal(const std::string& from, const std::string& to);
std::string read_file(const std::string& path);

// A small synthetic day and a profile that trades it; made once a process.
struct SmallDay {
  std::string dataset;
  std::string profile;
};
const SmallDay& small_day();

// The small day traded once for each interval between snapshots.
struct TradedDay {
  std::string journal;
  std::uint64_t records = 0;
  std::string digest;
};
const TradedDay& traded_day(std::uint64_t snapshot_every);

// Settings of the demo profile under which an account is liquidated within half an hour of seed 7 with two symbols: all
// of it at risk in one position, no stop.
std::vector<std::string> settings_to_liquidation();

std::vector<std::string> backtest(const std::string& profile, const std::string& dataset, const std::string& journal,
                                  const std::vector<std::string>& more = {});

}  // namespace reprise::integration
