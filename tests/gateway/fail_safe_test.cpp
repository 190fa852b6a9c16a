// When a live run becomes careful, how far, and what ends it.
#include "gateway/run/fail_safe.h"

#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway;
using binance::Fate;
using binance::Judgement;
using binance::Reaction;
using schema::OperatorAction;
using Cause = FailSafe::Cause;
using Stage = FailSafe::Stage;

namespace {

constexpr UnixNanos kStart{1'700'000'000'000'000'000};
UnixNanos second(std::int64_t seconds) {
  return kStart + DurationNanos::seconds(seconds);
}
Judgement answer(Fate fate, Reaction reaction, bool is_known = true) {
  Judgement judgement;
  judgement.fate = fate;
  judgement.reaction = reaction;
  judgement.is_known = is_known;
  return judgement;
}
const Judgement kNoTable = answer(Fate::not_accepted, Reaction::query_order, false);

}  // namespace

TEST_CASE("a lost private stream is waited for, then only reducing is allowed until it is back") {
  FailSafe safe({});
  safe.on_stream_lost("cut", second(0));
  CHECK(safe.on_time(true, second(4)).empty());
  const auto told = safe.on_time(true, second(5));
  REQUIRE(told.size() == 1);
  CHECK(told[0].action == OperatorAction::CAUTION);
  CHECK(told[0].text == "the private stream is lost: cut");
  CHECK(safe.on_time(true, second(6)).empty());  // once
  const auto back = safe.on_stream_back(second(60));
  REQUIRE(back.size() == 1);
  CHECK(back[0].action == OperatorAction::ALL_CLEAR);
  CHECK(safe.stage() == Stage::normal);
}

TEST_CASE("a stream that is back within its grace is nothing") {
  FailSafe safe({});
  safe.on_stream_lost("cut", second(0));
  CHECK(safe.on_stream_back(second(3)).empty());
  CHECK(safe.on_time(true, second(60)).empty());
}

TEST_CASE("all is clear only when every cause has ended") {
  FailSafe safe({});
  safe.on_stream_lost("cut", second(0));
  REQUIRE(safe.on_time(false, second(5)).size() == 1);
  CHECK(safe.on_ban(second(120), "418", second(6)).size() == 1);  // journaled, though reducing already
  CHECK(safe.on_ban(second(120), "418", second(7)).empty());
  CHECK(safe.on_stream_back(second(20)).empty());
  CHECK(safe.stage() == Stage::reducing);
  CHECK(safe.on_time(false, second(119)).empty());
  const auto clear = safe.on_time(false, second(120));
  REQUIRE(clear.size() == 1);
  CHECK(clear[0].action == OperatorAction::ALL_CLEAR);
}

TEST_CASE("orders of unknown fate make careful when they come in numbers, until a window passes without one") {
  FailSafe::Settings settings;
  settings.most_unknown_fates = 3;
  FailSafe safe(settings);
  CHECK(safe.on_unknown_fate("no answer", second(0)).empty());
  CHECK(safe.on_unknown_fate("no answer", second(61)).empty());  // the first is out of the window
  CHECK(safe.on_unknown_fate("no answer", second(62)).empty());
  const auto told = safe.on_unknown_fate("no answer", second(63));
  REQUIRE(told.size() == 1);
  CHECK(told[0].action == OperatorAction::CAUTION);
  CHECK(safe.on_time(true, second(123)).empty());
  CHECK(safe.on_time(true, second(124)).size() == 1);
  CHECK(safe.stage() == Stage::normal);
}

TEST_CASE("answers that no table knows make careful") {
  FailSafe safe({});
  CHECK(safe.on_answer(kNoTable, "-7777", second(0)).empty());
  CHECK(safe.on_answer(kNoTable, "-7777", second(1)).empty());
  CHECK(safe.on_answer(kNoTable, "-7777", second(2)).size() == 1);
  CHECK(safe.stage() == Stage::reducing);
}

TEST_CASE("a cause that lasts with a position open flattens, without one it waits") {
  FailSafe safe({});
  safe.on_stream_lost("cut", second(0));
  REQUIRE(safe.on_time(false, second(5)).size() == 1);
  CHECK(safe.on_time(false, second(1000)).empty());
  const auto told = safe.on_time(true, second(1001));
  REQUIRE(told.size() == 1);
  CHECK(told[0].action == OperatorAction::FLATTEN);
  CHECK(safe.stage() == Stage::flat);
  CHECK(safe.on_time(true, second(3000)).empty());
  CHECK(safe.on_stream_back(second(3001)).empty());  // no way back but a person's
  safe.on_resumed();
  CHECK(safe.stage() == Stage::normal);
}

TEST_CASE("a venue that takes only what shrinks can be trusted: nothing is flattened, and a person ends it") {
  FailSafe safe({});
  REQUIRE(safe.on_answer(answer(Fate::not_accepted, Reaction::reduce_only), "-4105", second(0)).size() == 1);
  CHECK(safe.on_time(true, second(5000)).empty());
  CHECK(safe.stage() == Stage::reducing);
}

TEST_CASE("a cancel that lost its race and a question about an order are no unknown fates") {
  FailSafe::Settings settings;
  settings.most_unknown_fates = settings.most_unknown_answers = 1;
  FailSafe safe(settings);
  for (const int code : {-2011, -2013, -4117}) {
    binance::VenueAnswer said;
    said.http_status = 400;
    said.code = code;
    for (const auto kind : {binance::RequestKind::cancel, binance::RequestKind::query})
      CHECK(safe.on_answer(binance::judge(kind, said), "late", second(1)).empty());
  }
  CHECK(safe.stage() == Stage::normal);
}

TEST_CASE("a person who resumes within a ban does not end it") {
  FailSafe safe({});
  REQUIRE(safe.on_ban(second(120), "418", second(0)).size() == 1);
  safe.on_resumed();
  REQUIRE(safe.on_time(false, second(1)).size() == 1);
  CHECK(safe.stage() == Stage::reducing);
  CHECK(safe.on_time(false, second(120)).size() == 1);
  CHECK(safe.stage() == Stage::normal);
}

TEST_CASE("what only a person can put right stops at once, and is said once") {
  for (const Reaction reaction : {Reaction::fatal, Reaction::halt_trading}) {
    FailSafe safe({});
    const auto told = safe.on_answer(answer(Fate::not_accepted, reaction), "-2015 key", second(0));
    REQUIRE(told.size() == 1);
    CHECK(told[0].action == OperatorAction::HALT);
    CHECK(safe.on_answer(answer(Fate::not_accepted, reaction), "-2015 key", second(1)).empty());
    safe.on_stream_lost("cut", second(2));
    CHECK(safe.on_time(true, second(2000)).empty());  // stopped is stopped
    CHECK(safe.stage() == Stage::stopped);
  }
}

TEST_CASE("a run that goes on finds its stage again in its journal") {
  const auto taken_up = [](const FailSafe::Commands& told) {
    FailSafe safe({});
    for (const FailSafe::Command& command : told) safe.on_recorded(command.action, command.value, second(0));
    return safe;
  };
  FailSafe before({});
  FailSafe::Commands told = before.on_answer(answer(Fate::not_accepted, Reaction::reduce_only), "-4105", second(0));
  before.on_stream_lost("cut", second(1));
  for (const auto& more : before.on_time(true, second(6))) told.push_back(more);
  REQUIRE(told.size() == 2);
  FailSafe cautious = taken_up(told);
  CHECK(cautious.stage() == Stage::reducing);
  CHECK(cautious.on_stream_back(second(1)).empty());  // what the venue restricts is a person's to end
  for (const auto& more : before.on_time(true, second(700))) told.push_back(more);
  REQUIRE(told.size() == 3);
  CHECK(taken_up(told).stage() == Stage::flat);
  told.push_back({OperatorAction::RESUME, "", ""});
  CHECK(taken_up(told).stage() == Stage::normal);
  // A person's halt is none of its own.
  CHECK(taken_up({{OperatorAction::HALT, "", ""}}).stage() == Stage::normal);
  FailSafe stopped = taken_up(FailSafe({}).on_answer(answer(Fate::not_accepted, Reaction::fatal), "-2015", second(0)));
  CHECK(stopped.stage() == Stage::stopped);
}
