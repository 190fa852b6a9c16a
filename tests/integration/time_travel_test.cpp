// Any moment of a recorded run: snapshots hold what a full replay leads to, and whoever begins behind one goes on as if
// he had read everything before it.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "journal/journal_reader.h"
#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::integration;

namespace {

std::size_t cut_points() {
  return std::getenv("REPRISE_NIGHTLY") != nullptr ? 10'000 : 400;
}

// A run with at least `cuts` snapshots over all its records.
std::string run_with_snapshots(const Scratch& scratch, const std::string& profile, const std::string& dataset,
                               std::size_t cuts) {
  const auto plain = answer(backtest(profile, dataset, scratch.path("plain"), {"--snapshot-every", "0"}));
  const std::uint64_t records = plain["records"].GetUint64();
  const std::uint64_t interval = std::max<std::uint64_t>(1, records / (cuts + cuts / 5));
  const std::string journal = scratch.path("cut");
  const auto cut = answer(backtest(profile, dataset, journal, {"--snapshot-every", std::to_string(interval)}));
  CHECK(std::string(cut["digest"].GetString()) == plain["digest"].GetString());
  return journal;
}

// One pass over the journal by two engines. The first reads everything from the beginning; at each snapshot its state
// must be what the snapshot holds. The second begins anew behind each snapshot and reads the tail up to the next one:
// it must arrive at the same bytes, and on its way make the very outputs that stand in the journal.
std::size_t agreeing_cuts(const std::string& journal) {
  auto reader = journal::JournalReader::open(journal);
  REQUIRE(reader.ok());
  auto infos = reader->snapshots();
  REQUIRE(infos.ok());
  engine::Engine whole;
  std::optional<engine::Engine> taken_up;
  journal::RecordBatch outputs;
  journal::RecordBatch tail_outputs;
  std::vector<std::byte> expected;  // bytes of the outputs of the last input
  std::size_t agreed = 0;
  auto next = infos->begin();
  journal::RecordView record;
  while (reader->next(record)) {
    if (!record.header->is_output()) {
      outputs.clear();
      whole.on(record, outputs);
      if (taken_up) {
        tail_outputs.clear();
        taken_up->on(record, tail_outputs);
        REQUIRE(tail_outputs.size_bytes() == outputs.size_bytes());
        REQUIRE(std::equal(outputs.bytes(), outputs.bytes() + outputs.size_bytes(), tail_outputs.bytes()));
      }
    }
    if (next == infos->end() || record.seq != next->seq) continue;
    auto snapshot = reader->snapshot_at_or_before(record.seq);
    REQUIRE(snapshot.ok());
    REQUIRE(*snapshot);
    REQUIRE((*snapshot)->info.seq == record.seq);
    const journal::SnapshotSection* section = (*snapshot)->section(engine::kEngineSection);
    REQUIRE(section != nullptr);
    INFO("snapshot behind record " << record.seq);
    REQUIRE(engine::save_state(whole) == section->bytes);
    if (taken_up) REQUIRE(engine::save_state(*taken_up) == section->bytes);
    taken_up.emplace();
    REQUIRE(engine::load_state(*taken_up, section->bytes).ok());
    ++agreed;
    ++next;
  }
  REQUIRE(reader->status().ok());
  CHECK(next == infos->end());
  if (taken_up) CHECK(engine::save_state(*taken_up) == engine::save_state(whole));
  return agreed;
}

std::string state_hash_at(const std::string& journal, std::uint64_t seq) {
  return answer({"inspect", journal, "--at", std::to_string(seq)})["state_hash"].GetString();
}

}  // namespace

TEST_CASE("snapshot and tail lead to the state of a full replay, at every cut point of a synthetic day") {
  const Scratch scratch;
  const std::string journal = run_with_snapshots(scratch, small_day().profile, small_day().dataset, cut_points());
  const std::size_t agreed = agreeing_cuts(journal);
  CHECK(agreed >= cut_points());
  WARN(agreed << " cut points agree");
}

TEST_CASE("snapshot and tail lead to the state of a full replay, at every cut point of a real capture") {
  const auto capture = recorded_data("hbt/usdm_ethusdt_20240808.gz");
  if (!capture) return;
  const Scratch scratch;
  answer({"import", *capture, "--out", scratch.path("dataset")});
  const std::string journal = run_with_snapshots(scratch, source_path("config/examples/eth-capture.yaml"),
                                                 scratch.path("dataset"), cut_points());
  const std::size_t agreed = agreeing_cuts(journal);
  CHECK(agreed >= cut_points());
  WARN(agreed << " cut points agree");
}

TEST_CASE("a part is replayed from the nearest snapshot in front of it, and the state of a moment is the same") {
  const Scratch scratch;
  const std::string plain = scratch.path("plain");
  const std::string cut = scratch.path("cut");
  const auto& day = small_day();
  const std::uint64_t records =
      answer(backtest(day.profile, day.dataset, plain, {"--snapshot-every", "0"}))["records"].GetUint64();
  const std::uint64_t interval = records / 9;
  answer(backtest(day.profile, day.dataset, cut, {"--snapshot-every", std::to_string(interval)}));
  const std::string digest = answer({"replay", plain})["digest"].GetString();

  const auto seed = static_cast<unsigned>(std::random_device{}());
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 12; ++round) {
    const std::uint64_t from = 1 + random() % records;
    INFO("record " << from << " of " << records);
    CHECK(state_hash_at(cut, from) == state_hash_at(plain, from));
    const auto part = answer({"replay", cut, "--from", std::to_string(from)});
    CHECK(std::string(part["verdict"].GetString()) == "identical");
    CHECK(std::string(part["digest"].GetString()) == digest);  // the chain goes on from the snapshot to the end
    const std::uint64_t behind = part["begun_behind"].GetUint64();
    CHECK(behind < from);
    CHECK(from - behind <= interval + 1'000);  // a step's outputs may stand between
    CHECK(part["records"].GetUint64() == records - behind);
    CHECK(answer({"replay", plain, "--from", std::to_string(from)})["begun_behind"].GetUint64() == 0);
  }
  const auto day_alone = answer({"replay", cut, "--day", "2024-01-01"});
  CHECK(day_alone["records"].GetUint64() == records);

  // Nothing compared is not identical.
  CHECK(run({"replay", cut, "--day", "2020-01-01"}).exit_code == 2);
  CHECK(run({"replay", cut, "--from", std::to_string(records / 2), "--until", "2024-01-01T00:00:01Z"}).exit_code == 2);
  const Outcome outside = run({"replay", cut, "--from", std::to_string(records + 1)});
  CHECK(outside.exit_code == 2);
  const Outcome settings = run({"replay", cut, "--from", std::to_string(records), "--set", "risk.max_leverage=2"});
  CHECK(settings.exit_code == 2);
  CHECK(settings.err.find("whatif") != std::string::npos);
}

namespace {

const std::string& stepped_run() {
  return traded_day(5'000).journal;
}

// Standard output of `inspect -i` for these commands.
std::string stepped(const std::string& commands, std::uint64_t at) {
  const Scratch scratch;
  const std::string script = scratch.file("commands", commands);
  const std::string program = "exec \"$0\" inspect \"$1\" -i --at \"$2\" < \"$3\"";
  const Outcome outcome =
      run_program("/bin/sh", {"-c", program, REPRISE_PROGRAM, stepped_run(), std::to_string(at), script});
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  return outcome.out;
}

std::uint64_t first_seq_in(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 10);
}

}  // namespace

TEST_CASE("what changed between two moments is what the two states differ in") {
  const std::uint64_t last = answer({"inspect", stepped_run()})["last_seq"].GetUint64();
  const std::string a = std::to_string(last / 3);
  const std::string b = std::to_string(last / 2);
  const auto changes = answer({"inspect", stepped_run(), "--diff", a, b});
  CHECK(changes["changes"].Size() > 20);
  bool saw_equity = false;
  for (const auto& each : changes["changes"].GetArray()) {
    CHECK(std::string(each["before"].GetString()) != each["after"].GetString());
    if (std::string(each["field"].GetString()) != "account.equity") continue;
    saw_equity = true;
    const auto value = [&](const std::string& at) {
      return std::string(answer({"why", stepped_run(), "--field", "account.equity", "--at", at})["value"].GetString());
    };
    CHECK(value(a) == each["before"].GetString());
    CHECK(value(b) == each["after"].GetString());
  }
  CHECK(saw_equity);
  CHECK(answer({"inspect", stepped_run(), "--diff", a, a})["changes"].Empty());
  CHECK(run({"inspect", stepped_run(), "--diff", a}).exit_code == 2);
}

TEST_CASE("stepping goes to the next order, fill or breach and back to the one before") {
  const std::uint64_t last = answer({"inspect", stepped_run()})["last_seq"].GetUint64();
  // Forward to a fill and back to the order in front of it, then on again: the same fill.
  const std::string there = stepped("n fill\n", last / 4);
  const std::string back = stepped("n fill\nb order\nn fill\n", last / 4);
  CHECK(there.find("fill") != std::string::npos);
  CHECK(back.find(there.substr(there.rfind("fill") - 40)) != std::string::npos);
  CHECK(first_seq_in(stepped("", last / 4)) <= last / 4);
  CHECK(stepped("n 5\nb 5\n", last / 4).find("is no command") == std::string::npos);
  // A condition on a field, found forwards and again backwards from the end.
  const std::string forwards = stepped("until account.wallet\n", last / 4);
  CHECK(forwards.find("account.wallet  ") != std::string::npos);
  const std::string backwards = stepped("g " + std::to_string(last) + "\nb until account.wallet\n", last / 4);
  CHECK(backwards.find(" -> ") != std::string::npos);
  // What cannot be done is said, and the walk goes on.
  const std::string wrong = stepped("nonsense\nn elephant\nuntil account.equty < 5\nn\n", last / 4);
  CHECK(wrong.find("'nonsense' is no command") != std::string::npos);
  CHECK(wrong.find("nearest: account.equity") != std::string::npos);
}

TEST_CASE("the state of a moment shows what the venue has in front of our orders, limits, indicators and timers") {
  const std::uint64_t last = answer({"inspect", stepped_run()})["last_seq"].GetUint64();
  const Outcome shown_state = run({"inspect", stepped_run(), "--at", std::to_string(last / 2)});
  REQUIRE(shown_state.exit_code == 0);
  for (const char* part : {"ahead", "headroom", "max_leverage", "timers", "equityMark", "strategies", "atr.value"}) {
    INFO(part);
    CHECK(shown_state.out.find(part) != std::string::npos);
  }
}
