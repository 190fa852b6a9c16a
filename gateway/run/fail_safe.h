// What a live run does when its venue or its way there cannot be trusted: first reduce only, then flat, then stop.
//
//   cause               trigger                                                  stage        ends
//   stream lost         private stream away for `lost_grace`                     reduce only  back and reconciled
//   banned              418                                                      reduce only  with the ban
//   unknown fates       `most_unknown_fates` orders or changes of orders whose   reduce only  `window` without one
//                       fate became unknown within `window`
//   unknown answers     `most_unknown_answers` that no table knows in `window`   reduce only  `window` without one
//   venue restricts     an answer that only what shrinks a position is taken     reduce only  a person resumes
//   account refused     an answer that the account or its key may not trade,     stop         a person resumes
//                       or that only a person can put right
//
// Reduce only is the engine's `caution`; when every cause has ended it is told `allClear`, which ends nothing that a
// rule or a person asked for. A cause that lasts `flat_after` while a position is open goes to the second stage:
// everything is cancelled and closed, and trading stays halted; not so where the venue restricts, which can be trusted
// there. From the second stage and from the third the way back is a person's.
//
// Knows no clock and no socket: it is told what happened and says what the engine is to be told, as operator commands
// that are journaled like any other, marked by their value (sim/recorded_acts.h) so that a run that goes on finds its
// stage again. Times are of a clock that does not step. Single-threaded.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/market/fixed.h"
#include "gateway/binance/error_table.h"

namespace reprise::gateway {

class FailSafe {
 public:
  struct Settings {
    DurationNanos lost_grace = DurationNanos::seconds(5);
    DurationNanos flat_after = DurationNanos::seconds(600);  // 0: never
    DurationNanos window = DurationNanos::seconds(60);
    std::size_t most_unknown_fates = 10;
    std::size_t most_unknown_answers = 3;
  };
  enum class Cause : std::uint8_t { stream_lost, banned, unknown_fates, unknown_answers, restricted, refused };
  static constexpr std::size_t kCauses = 6;
  enum class Stage : std::uint8_t { normal, reducing, flat, stopped };
  struct Command {
    schema::OperatorAction action = schema::OperatorAction::NONE;
    std::string text;
    std::string value;  // kFailSafe and the cause
  };
  using Commands = std::vector<Command>;

  explicit FailSafe(const Settings& settings) : settings_(settings) {}

  void on_stream_lost(const std::string& why, UnixNanos now);
  Commands on_stream_back(UnixNanos now);
  Commands on_ban(UnixNanos until, const std::string& why, UnixNanos now);
  Commands on_answer(const binance::Judgement& judgement, const std::string& told, UnixNanos now);
  // An order, or a change of one, of which it is not known whether it happened.
  Commands on_unknown_fate(const std::string& told, UnixNanos now);
  // What falls due with time; often. `holds_position`: something would have to be closed.
  Commands on_time(bool holds_position, UnixNanos now);
  // A person resumed: what stood is forgotten.
  void on_resumed();
  // A run that goes on: each operator command of its journal, in order.
  void on_recorded(schema::OperatorAction action, const std::string& value, UnixNanos now);

  Stage stage() const { return stage_; }
  std::optional<UnixNanos> since(Cause cause) const { return standing_[static_cast<std::size_t>(cause)]; }

 private:
  Commands raise(Cause cause, const std::string& text, UnixNanos now);
  Commands end(Cause cause, const std::string& text);
  bool happened(std::deque<UnixNanos>& times, std::size_t most, UnixNanos now);
  void forget_old(std::deque<UnixNanos>& times, UnixNanos now) const;

  Settings settings_;
  Stage stage_ = Stage::normal;
  std::array<std::optional<UnixNanos>, kCauses> standing_;  // since when
  std::optional<UnixNanos> lost_at_;
  std::string lost_why_;
  UnixNanos banned_until_;
  std::deque<UnixNanos> unknown_fates_;
  std::deque<UnixNanos> unknown_answers_;
};

const char* name_of(FailSafe::Cause cause);  // for people
const char* name_of(FailSafe::Stage stage);

}  // namespace reprise::gateway
