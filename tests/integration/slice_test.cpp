// Slices: a part of a journal as one file, with the same verdict wherever it is read.
#include <algorithm>
#include <fstream>
#include <random>

#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

namespace {

using Line = std::vector<std::string>;

const TradedDay& parent() {
  return traded_day(9'000);
}

std::string text(std::uint64_t number) {
  return std::to_string(number);
}

void flip(const std::string& file, std::uint64_t byte, int bit) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(byte));
  const char changed = static_cast<char>(stream.get() ^ (1 << bit));
  stream.seekp(static_cast<std::streamoff>(byte));
  stream.put(changed);
}

}  // namespace

TEST_CASE("a slice is one file that verifies, replays, is inspected and branched like the journal it was cut from") {
  const Scratch scratch;
  const std::string file = scratch.path("part.slice");
  const std::uint64_t from = parent().records / 3;
  const auto made = answer({"slice", parent().journal, "--from", text(from), "--out", file});
  CHECK(made["behind"].GetUint64() + 1 >= from);
  CHECK(made["can_be_branched"].GetBool());
  CHECK(made["records"].GetUint64() == parent().records - made["behind"].GetUint64());
  CHECK(made["file_bytes"].GetUint64() == std::filesystem::file_size(file));
  // It ends where its parent does, so it has its digest.
  CHECK(std::string(made["digest"].GetString()) == parent().digest);
  CHECK(std::string(answer({"verify", file})["digest"].GetString()) == parent().digest);
  CHECK(std::string(answer({"verify", file, "--against", parent().journal})["verdict"].GetString()) == "clean");

  const auto replayed = answer({"replay", file});
  CHECK(std::string(replayed["verdict"].GetString()) == "identical");
  CHECK(std::string(replayed["digest"].GetString()) == parent().digest);
  CHECK(replayed["outputs"].GetUint64() > 100);

  const std::string at = text(from + 5'000);
  CHECK(std::string(answer({"inspect", file, "--at", at})["state_hash"].GetString()) ==
        answer({"inspect", parent().journal, "--at", at})["state_hash"].GetString());
  CHECK(std::string(answer({"whatif", file, "--from", at})["branch"]["digest"].GetString()) == parent().digest);
  CHECK(std::string(answer({"report", file})["net_profit"].GetString()) ==
        answer({"report", parent().journal})["net_profit"].GetString());
}

TEST_CASE("a slice of the middle belongs to its parent and to no other run") {
  const Scratch scratch;
  const std::string file = scratch.path("middle.slice");
  const std::uint64_t from = parent().records / 4;
  const auto made = answer({"slice", parent().journal, "--from", text(from), "--until", text(2 * from), "--out", file});
  CHECK(std::string(answer({"replay", file})["verdict"].GetString()) == "identical");
  CHECK(std::string(answer({"verify", file, "--against", parent().journal})["verdict"].GetString()) == "clean");
  const std::string other = scratch.path("other");
  answer(backtest(small_day().profile, small_day().dataset, other, {"--set", "fees.taker_rate=0.001"}));
  const auto verdict = answer({"verify", file, "--against", other}, 3);
  CHECK(std::string(verdict["problem"].GetString()).find("no part of") != std::string::npos);
  // Cut again: the same file, byte for byte.
  const std::string again = scratch.path("again.slice");
  answer({"slice", parent().journal, "--from", text(from), "--until", text(2 * from), "--out", again});
  CHECK(read_file(file) == read_file(again));
  // And a slice of a slice.
  const std::string inner = scratch.path("inner.slice");
  answer({"slice", file, "--from", text(from + from / 2), "--out", inner});
  CHECK(std::string(answer({"replay", inner})["digest"].GetString()) == made["digest"].GetString());
}

TEST_CASE("a slice without the account is a dataset that can be traded, and says what it leaves out") {
  const Scratch scratch;
  const std::string file = scratch.path("market.slice");
  const auto made =
      answer({"slice", parent().journal, "--from", text(parent().records / 4), "--redact", "account", "--out", file});
  CHECK(made["left_out"].GetUint64() > 100);
  const auto overview = answer({"inspect", file});
  CHECK(std::string(overview["left_out"].GetString()) == "account");
  CHECK(std::string(overview["mode"].GetString()) == "dataset");
  CHECK(std::string(overview["parent_run_id"].GetString()).empty());
  for (const char* type :
       {"orderReport", "balanceUpdate", "orderCommand", "configuration", "riskDecision", "equityMark"})
    CHECK_FALSE(overview["by_type"].HasMember(type));
  // The order book is there from the first record on: a run over it sees what the whole day's run saw.
  const auto run = answer(backtest(small_day().profile, file, scratch.path("run")));
  CHECK(run["outputs"].GetUint64() > 100);
  CHECK(std::string(answer({"replay", scratch.path("run")})["verdict"].GetString()) == "identical");
}

TEST_CASE("no flipped bit and no cut of a slice passes") {
  const Scratch scratch;
  const std::string file = scratch.path("small.slice");
  answer({"slice", parent().journal, "--from", text(parent().records - 400), "--out", file});
  const std::uint64_t size = std::filesystem::file_size(file);
  const auto seed = static_cast<unsigned>(std::random_device{}());
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t byte = random() % size;
    const int bit = static_cast<int>(random() % 8);
    INFO("bit " << bit << " of byte " << byte << " of " << size);
    flip(file, byte, bit);
    const Outcome verified = run({"verify", file});
    CHECK(verified.exit_code != 0);
    CHECK(run({"replay", file}).exit_code > 1);
    flip(file, byte, bit);
  }
  CHECK(run({"verify", file}).exit_code == 0);
  for (const std::uint64_t kept : {std::uint64_t{9}, size / 2, size - 1}) {
    const std::string cut = scratch.path("cut.slice");
    std::filesystem::copy_file(file, cut, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(cut, kept);
    CHECK(run({"verify", cut}).exit_code == 3);
  }
}

TEST_CASE("what cannot be cut is said, and nothing is left behind") {
  const Scratch scratch;
  const std::string file = scratch.path("x.slice");
  const auto refused = [&](const Line& line, const std::string& words) {
    const Outcome outcome = run(line);
    INFO(shown(line, outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find(words) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(file));
  };
  refused({"slice", parent().journal, "--from", "99999999", "--out", file}, "no record of");
  refused({"slice", parent().journal, "--day", "2020-01-01", "--out", file}, "before the first record");
  refused({"slice", parent().journal, "--from", "10", "--until", "5", "--out", file}, "is behind --until");
  refused({"slice", parent().journal, "--from", "10", "--out", scratch.path("no/such/x")}, "no such directory");
  const std::string taken = scratch.file("taken", "mine");
  CHECK(run({"slice", parent().journal, "--from", "10", "--out", taken}).exit_code == 2);
  CHECK(read_file(taken) == "mine");
}

TEST_CASE("a slice holds the record that it was cut from, also when that is an output in the middle of a step") {
  const Scratch scratch;
  const Outcome orders = run({"export", parent().journal, "--type", "orderCommand", "--format", "csv"});
  const std::size_t line = orders.out.find('\n', orders.out.size() / 2) + 1;
  const std::string order = orders.out.substr(line, orders.out.find(',', line) - line);
  const std::string file = scratch.path("order.slice");
  const auto made = answer({"slice", parent().journal, "--from", order, "--out", file});
  CHECK(made["first_seq"].GetUint64() <= std::strtoull(order.c_str(), nullptr, 10));
  CHECK(answer({"why", file, order})["steps"].Size() > 1);
}

TEST_CASE("a slice of a dataset can be traded and still belongs to it, and so can a redacted slice of a slice") {
  const Scratch scratch;
  const std::string file = scratch.path("data.slice");
  answer({"slice", small_day().dataset, "--from", "9000", "--out", file});
  CHECK(std::string(answer({"verify", file, "--against", small_day().dataset})["verdict"].GetString()) == "clean");
  CHECK(answer(backtest(small_day().profile, file, scratch.path("run")))["outputs"].GetUint64() > 100);
  const std::string part = scratch.path("part.slice");
  const std::string market = scratch.path("market.slice");
  answer({"slice", parent().journal, "--from", text(parent().records / 4), "--out", part});
  answer({"slice", part, "--from", text(parent().records / 3), "--redact", "account", "--out", market});
  CHECK(answer(backtest(small_day().profile, market, scratch.path("run2")))["outputs"].GetUint64() > 100);
}
