#include "gateway/run/fail_safe.h"

#include <algorithm>

#include "sim/recorded_acts.h"

namespace reprise::gateway {

namespace {

constexpr const char* kCauseKeys[FailSafe::kCauses] = {"stream_lost",     "banned",     "unknown_fates",
                                                       "unknown_answers", "restricted", "refused"};

std::string value_of(FailSafe::Cause cause) {
  return std::string(sim::kFailSafe) + " " + kCauseKeys[static_cast<std::size_t>(cause)];
}

}  // namespace

using binance::Reaction;
using schema::OperatorAction;

const char* name_of(FailSafe::Cause cause) {
  switch (cause) {
    case FailSafe::Cause::stream_lost: return "the private stream is lost";
    case FailSafe::Cause::banned: return "the venue has banned this address";
    case FailSafe::Cause::unknown_fates: return "too many orders of unknown fate";
    case FailSafe::Cause::unknown_answers: return "too many answers that no table knows";
    case FailSafe::Cause::restricted: return "the venue takes only what shrinks a position";
    case FailSafe::Cause::refused: return "the venue refuses what only a person can put right";
  }
  return "?";
}

const char* name_of(FailSafe::Stage stage) {
  switch (stage) {
    case FailSafe::Stage::normal: return "normal";
    case FailSafe::Stage::reducing: return "reduce only";
    case FailSafe::Stage::flat: return "flat";
    case FailSafe::Stage::stopped: return "stopped";
  }
  return "?";
}

FailSafe::Commands FailSafe::raise(Cause cause, const std::string& text, UnixNanos now) {
  std::optional<UnixNanos>& since = standing_[static_cast<std::size_t>(cause)];
  if (since) return {};
  since = now;
  const Stage wanted = cause == Cause::refused ? Stage::stopped : Stage::reducing;
  if (wanted < stage_) return {};
  stage_ = wanted;
  const std::string told = std::string(name_of(cause)) + (text.empty() ? "" : ": " + text);
  // Told for every cause, though the first one is enough for the engine: the journal knows them all.
  return {{wanted == Stage::stopped ? OperatorAction::HALT : OperatorAction::CAUTION, told, value_of(cause)}};
}

FailSafe::Commands FailSafe::end(Cause cause, const std::string& text) {
  standing_[static_cast<std::size_t>(cause)].reset();
  const bool stands =
      std::any_of(standing_.begin(), standing_.end(), [](const auto& since) { return since.has_value(); });
  if (stage_ != Stage::reducing || stands) return {};
  stage_ = Stage::normal;
  return {{OperatorAction::ALL_CLEAR, text, value_of(cause)}};
}

void FailSafe::forget_old(std::deque<UnixNanos>& times, UnixNanos now) const {
  while (!times.empty() && times.front() + settings_.window < now) times.pop_front();
}

bool FailSafe::happened(std::deque<UnixNanos>& times, std::size_t most, UnixNanos now) {
  times.push_back(now);
  forget_old(times, now);
  return times.size() >= most;
}

void FailSafe::on_stream_lost(const std::string& why, UnixNanos now) {
  if (lost_at_) return;  // trying to come back fails
  lost_at_ = now;
  lost_why_ = why;
}

FailSafe::Commands FailSafe::on_stream_back(UnixNanos) {
  lost_at_.reset();
  return end(Cause::stream_lost, "the private stream is back and reconciled");
}

FailSafe::Commands FailSafe::on_ban(UnixNanos until, const std::string& why, UnixNanos now) {
  banned_until_ = std::max(banned_until_, until);
  return raise(Cause::banned, why, now);
}

FailSafe::Commands FailSafe::on_answer(const binance::Judgement& judgement, const std::string& told, UnixNanos now) {
  switch (judgement.reaction) {
    case Reaction::fatal:
    case Reaction::halt_trading: return raise(Cause::refused, told, now);
    case Reaction::reduce_only: return raise(Cause::restricted, told, now);
    default: break;
  }
  if (judgement.is_known || !happened(unknown_answers_, settings_.most_unknown_answers, now)) return {};
  return raise(Cause::unknown_answers, told, now);
}

FailSafe::Commands FailSafe::on_unknown_fate(const std::string& told, UnixNanos now) {
  if (!happened(unknown_fates_, settings_.most_unknown_fates, now)) return {};
  return raise(Cause::unknown_fates, told, now);
}

FailSafe::Commands FailSafe::on_time(bool holds_position, UnixNanos now) {
  Commands commands;
  const auto add = [&](Commands more) { commands.insert(commands.end(), more.begin(), more.end()); };
  if (lost_at_ && *lost_at_ + settings_.lost_grace <= now) add(raise(Cause::stream_lost, lost_why_, now));
  if (banned_until_ > now)
    add(raise(Cause::banned, "the ban goes on", now));  // also behind a resume
  else if (since(Cause::banned))
    add(end(Cause::banned, "the ban is over"));
  forget_old(unknown_fates_, now);
  forget_old(unknown_answers_, now);
  if (since(Cause::unknown_fates) && unknown_fates_.empty())
    add(end(Cause::unknown_fates, "no order's fate was unknown for a while"));
  if (since(Cause::unknown_answers) && unknown_answers_.empty())
    add(end(Cause::unknown_answers, "the venue's answers are known ones again"));
  if (stage_ != Stage::reducing || !holds_position || settings_.flat_after.ns == 0) return commands;
  for (std::size_t n = 0; n < kCauses; ++n) {
    const auto cause = static_cast<Cause>(n);
    if (cause == Cause::restricted || !standing_[n] || *standing_[n] + settings_.flat_after > now) continue;
    stage_ = Stage::flat;
    commands.push_back({OperatorAction::FLATTEN, std::string(name_of(cause)) + " for too long", value_of(cause)});
    break;
  }
  return commands;
}

void FailSafe::on_resumed() {
  standing_.fill(std::nullopt);
  unknown_fates_.clear();
  unknown_answers_.clear();
  stage_ = Stage::normal;
}

void FailSafe::on_recorded(OperatorAction action, const std::string& value, UnixNanos now) {
  if (action == OperatorAction::RESUME) on_resumed();
  if (!value.starts_with(sim::kFailSafe)) return;
  if (action == OperatorAction::ALL_CLEAR) on_resumed();
  if (action == OperatorAction::FLATTEN) stage_ = Stage::flat;
  for (std::size_t n = 0; n < kCauses; ++n) {
    const auto cause = static_cast<Cause>(n);
    if (value != value_of(cause) || (action != OperatorAction::CAUTION && action != OperatorAction::HALT)) continue;
    (void)raise(cause, "", now);
  }
}

}  // namespace reprise::gateway
