// What must hold before a live run sends its first order: each check is a pure function over what was found out, and
// says what it found.
//
// At the production venue every check has to pass; elsewhere (testnet, an exchange of one's own) those about safety of
// the account and the machine have to, the rest is noted. What a person accepts by name is noted too.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "engine/market/fixed.h"
#include "journal/result.h"

namespace reprise::gateway {

struct Check {
  enum class Verdict : std::uint8_t { passed, noted, refused } verdict = Verdict::passed;
  std::string name;  // "clock"
  std::string text;  // what was found
  std::string hint;  // what to do
};

struct PreflightFacts {
  bool is_production = false;         // the venue trades real money
  std::set<std::string> accepted;     // names of what a person takes upon himself
  std::vector<std::string> profiles;  // files that the configuration was read from
  std::string confirmation;           // what --confirm says
  std::int64_t now = 0;               // ns UTC
  std::optional<std::string> drill;   // the kill-switch drill's report, JSON; none = there is no file
  std::uint64_t free_disk_bytes = 0;  // where the journal goes
  bool kill_file_is_there = false;
  // A run goes on, perhaps with a position that somebody has to watch: what only a beginning needs is noted then.
  bool is_resumed = false;
  std::string durability = "wal";  // of the journal
};

inline constexpr std::string_view kConfirmation = "real-money";
inline constexpr std::string_view kProductionProfile = "production.yaml";
inline constexpr DurationNanos kDrillAge = DurationNanos::seconds(7 * 86'400);
inline constexpr std::uint64_t kLeastDisk = 200u << 20;  // bytes, anywhere
inline constexpr std::uint64_t kProductionDisk = 2048ull << 20;
inline constexpr std::string_view kWithdrawalKey = "key-that-can-withdraw";
inline constexpr std::string_view kUnknownKey = "unknown-key-restrictions";

// Every limit is set; at the production venue none is looser than the widest step of config/production.yaml.
Check limits_check(const PreflightFacts& facts, const config::Config& config);
// Without a question to the venue: profile, confirmation, drill, limits, durability, disk, kill file.
std::vector<Check> offline_checks(const PreflightFacts& facts, const config::Config& config);
Check clock_check(const PreflightFacts& facts, DurationNanos offset);
// Answer of the venue to the question what the key may do; none: it could not be asked, `problem` says why.
Check key_check(const PreflightFacts& facts, const std::optional<std::string>& body, const std::string& problem);
Check position_mode_check(std::string_view body);
// The account must not be much larger than what its profile was made for: growing is a step of its own.
Check capital_check(const PreflightFacts& facts, const config::Config& config, Money equity);

// The first one that refuses.
const Check* refusal_among(const std::vector<Check>& checks);

}  // namespace reprise::gateway
