// Records by themselves: shapes, names, bytes as a function of content, text, differences.
#include <capnp/dynamic.h>

#include <cstring>
#include <set>

#include "journal/canonical.h"
#include "journal/field_diff.h"
#include "journal/record_text.h"
#include "journal/schema_of.h"
#include "tests/journal/helpers.h"

using namespace journal_test;

namespace {

using Words = std::vector<std::uint64_t>;

bool safe(const Words& words) {
  return shape_is_safe(reinterpret_cast<const capnp::word*>(words.data()), words.size());
}

std::uint64_t struct_pointer(std::int32_t offset, std::uint16_t data, std::uint16_t pointers) {
  return static_cast<std::uint32_t>(offset) << 2 | std::uint64_t{data} << 32 | std::uint64_t{pointers} << 48;
}
std::uint64_t list_pointer(std::int32_t offset, unsigned kind, std::uint32_t n) {
  return (static_cast<std::uint32_t>(offset) << 2 | 1u) | std::uint64_t{kind} << 32 | std::uint64_t{n} << 35;
}

RecordBatch one_trade(std::int64_t price, std::int64_t ts = 5) {
  RecordBatch batch;
  RecordHeader header;
  header.ts_engine = ts;
  header.instrument = 1;
  batch.append<schema::Trade>(RecordType::TRADE, header, [&](schema::Trade::Builder t) {
    t.setPrice(price);
    t.setQty(150000000);
    t.setTradeId(77);
    t.setAggressorSide(schema::Side::SELL);
  });
  return batch;
}

RecordView first_of(const RecordBatch& batch) {
  RecordView out;
  batch.for_each(1, [&](const RecordView& view) {
    if (view.seq == 1) out = view;
  });
  return out;
}

}  // namespace

TEST_CASE("records of every type that builders make are of a safe shape") {
  const RecordBatch records = random_records(2000, 11);
  records.for_each(1, [](const RecordView& r) {
    if (!shape_is_safe(r.body(), r.body_words())) FAIL(name_of(r.type()));
  });
}

TEST_CASE("pointers that leave the message, alias, nest too deeply or have no place in one segment are refused") {
  CHECK(safe({struct_pointer(-1, 0, 0)}));
  CHECK(safe({0}));
  CHECK(safe({struct_pointer(0, 1, 0), 7}));
  CHECK_FALSE(safe({}));
  CHECK_FALSE(safe({struct_pointer(0, 2, 0), 7}));           // one word too many
  CHECK_FALSE(safe({struct_pointer(-3, 1, 0), 7}));          // before the message
  CHECK_FALSE(safe({struct_pointer(0x1fffffff, 1, 0), 7}));  // far behind it
  CHECK_FALSE(safe({list_pointer(0, 5, 1), 7}));             // the root is a struct
  CHECK_FALSE(safe({2, 0}));                                 // far pointer
  CHECK_FALSE(safe({3, 0}));                                 // capability
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), 2}));           // far pointer within
  CHECK(safe({struct_pointer(0, 0, 1), list_pointer(0, 5, 2), 1, 2}));
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), list_pointer(0, 5, 3), 1, 2}));
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), list_pointer(0, 2, 0x1fffffff)}));  // half a gigabyte of bytes
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), list_pointer(0, 0, 0x1fffffff)}));  // as many empty elements
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), struct_pointer(-1, 0, 1)}));        // points at itself
  CHECK_FALSE(safe({struct_pointer(0, 0, 2), struct_pointer(1, 2, 0), struct_pointer(0, 2, 0), 1, 2}));  // two to one
  // Composite lists: the tag's elements must fit, and an endless list of nothing is refused.
  CHECK(safe({struct_pointer(0, 0, 1), list_pointer(0, 7, 2), struct_pointer(1, 2, 0), 1, 2}));
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), list_pointer(0, 7, 2), struct_pointer(2, 2, 0), 1, 2}));
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), list_pointer(0, 7, 0), struct_pointer(0x0fffffff, 0, 0)}));
  CHECK_FALSE(safe({struct_pointer(0, 0, 1), list_pointer(0, 7, 2), list_pointer(0, 5, 1), 1, 2}));
  // A chain of structs, one inside the other.
  for (const int depth : {7, 12}) {
    Words chain;
    for (int i = 0; i < depth; ++i) chain.push_back(struct_pointer(0, 0, 1));
    chain.push_back(0);
    CHECK(safe(chain) == (depth <= 8));
  }
}

TEST_CASE("damaged bodies are refused or can be read to the end without leaving them") {
  Random random(seed_of_this_run());
  std::size_t refused = 0;
  for (int round = 0; round < 4000; ++round) {
    RecordBatch batch;
    const auto type = static_cast<RecordType>(1 + random() % (kRecordTypeCount - 1));
    append_random(batch, type, 0, random);
    const RecordView record = first_of(batch);
    // A copy of exactly the body's size: the sanitizers see every step outside.
    auto copy = std::make_unique<capnp::word[]>(record.body_words());
    std::memcpy(static_cast<void*>(copy.get()), static_cast<const void*>(record.body()), record.body_words() * 8);
    auto* bytes = reinterpret_cast<unsigned char*>(copy.get());
    for (int i = 0; i < 3; ++i)
      bytes[random() % (record.body_words() * 8)] ^= static_cast<unsigned char>(1u << random() % 8);
    if (!shape_is_safe(copy.get(), record.body_words())) {
      ++refused;
      continue;
    }
    CHECK_FALSE(body_json(type, copy.get()).empty());
  }
  CHECK(refused > 100);
}

TEST_CASE("names of record types are the schema's and can be read back") {
  const auto enumerants = capnp::Schema::from<RecordType>().getEnumerants();
  REQUIRE(enumerants.size() == kRecordTypeCount);
  std::set<std::string> seen;
  for (const auto e : enumerants) {
    const std::string name = e.getProto().getName().cStr();
    const auto type = static_cast<RecordType>(e.getOrdinal());
    CHECK(name_of(type) == name);
    seen.insert(name);
    if (type == RecordType::NONE) {
      CHECK_FALSE(record_type_from(name));
      CHECK_FALSE(schema_of(type));
      continue;
    }
    CHECK(record_type_from(name) == type);
    // Each type has the struct of its own name.
    REQUIRE(schema_of(type));
    std::string struct_name = schema_of(type)->getShortDisplayName().cStr();
    struct_name[0] = static_cast<char>(struct_name[0] - 'A' + 'a');
    CHECK(struct_name == name);
  }
  CHECK(seen.size() == kRecordTypeCount);
  CHECK(std::string(name_of(static_cast<RecordType>(77))) == "type77");
  CHECK_FALSE(record_type_from("type77"));
  CHECK_FALSE(record_type_from("Trade"));
  CHECK(is_output_type(RecordType::BAR));
  CHECK(is_output_type(RecordType::SNAPSHOT_MARK));
  CHECK_FALSE(is_output_type(RecordType::CLIENT_MESSAGE));
  CHECK(is_output_type(RecordType::SERVER_ANSWER));
  CHECK_FALSE(is_output_type(RecordType::RUN_END));
  CHECK_FALSE(is_output_type(RecordType::NONE));
  CHECK_FALSE(is_output_type(static_cast<RecordType>(77)));
}

TEST_CASE("the bytes of a record are a function of its content alone") {
  const auto fill = [](schema::BookDelta::Builder b) {
    b.setFirstUpdateId(1);
    b.setLastUpdateId(9);
    auto bids = b.initBids(20);
    auto asks = b.initAsks(3);
    for (capnp::uint i = 0; i < bids.size(); ++i) {
      bids[i].setPrice(i * 100);
      bids[i].setQty(i);
    }
    for (capnp::uint i = 0; i < asks.size(); ++i) asks[i].setPrice(i);
  };
  RecordHeader header;
  header.ts_engine = 1;
  // Any room given beforehand, any content of the memory before, any place in the batch.
  RecordBatch reference;
  reference.append<schema::BookDelta>(RecordType::BOOK_DELTA, header, fill, 48);
  for (const std::size_t room : {std::size_t{0}, std::size_t{1}, std::size_t{10}, std::size_t{47}, std::size_t{500}}) {
    RecordBatch batch = RecordBatch();
    Random random(room);
    for (int i = 0; i < 200; ++i) append_random(batch, RecordType::BOOK_SNAPSHOT, 0, random);
    batch.clear();
    batch.append<schema::BookDelta>(RecordType::BOOK_DELTA, header, fill, room);
    CHECK(bytes_of(batch) == bytes_of(reference));
  }
  // Every type: built twice in dirty memory, byte for byte the same.
  for (std::uint16_t code = 1; code < kRecordTypeCount; ++code) {
    RecordBatch a;
    RecordBatch b;
    Random noise(code);
    for (int i = 0; i < 30; ++i) append_random(b, RecordType::CONFIGURATION, 0, noise);
    b.clear();
    Random one(code);
    Random two(code);
    append_random(a, static_cast<RecordType>(code), 3, one);
    append_random(b, static_cast<RecordType>(code), 3, two);
    CHECK(bytes_of(a) == bytes_of(b));
  }
}

TEST_CASE("the same content built in another order has other bytes but one canonical form") {
  // What the rule above guards against: Cap'n Proto places lists in the order in which they were made.
  const auto build = [](bool bids_first) {
    RecordBatch batch;
    batch.append<schema::BookDelta>(
        RecordType::BOOK_DELTA, {},
        [&](schema::BookDelta::Builder b) {
          if (bids_first) b.initBids(2)[0].setPrice(5);
          b.initAsks(3)[1].setQty(7);
          if (!bids_first) b.initBids(2)[0].setPrice(5);
        },
        20);
    return batch;
  };
  const RecordBatch a = build(true);
  const RecordBatch b = build(false);
  CHECK(bytes_of(a) != bytes_of(b));
  const RecordView x = first_of(a);
  const RecordView y = first_of(b);
  CHECK(same_canonical_form(x.body(), x.body_words(), y.body(), y.body_words()));
  CHECK_FALSE(first_difference(x, y));
}

TEST_CASE("a body written before a field existed equals one with the field at its default") {
  // Trade as an older writer would have made it: four data words instead of six.
  const RecordBatch now = one_trade(100);
  const RecordView view = first_of(now);
  Words old(1 + 5);
  old[0] = struct_pointer(0, 5, 0);
  std::memcpy(&old[1], reinterpret_cast<const char*>(view.body()) + 8, 5 * 8);
  const auto* words = reinterpret_cast<const capnp::word*>(old.data());
  REQUIRE(shape_is_safe(words, old.size()));
  CHECK(same_canonical_form(words, old.size(), view.body(), view.body_words()));
  old[1] = 101;
  CHECK_FALSE(same_canonical_form(words, old.size(), view.body(), view.body_words()));
}

TEST_CASE("every Int64 field of every record is classified as decimal, integer or time") {
  std::set<std::string> visited;
  const auto visit = [&](auto&& self, capnp::StructSchema schema) -> void {
    const std::string name = schema.getShortDisplayName().cStr();
    if (!visited.insert(name).second) return;
    for (const auto field : schema.getFields()) {
      const std::string field_name = field.getProto().getName().cStr();
      INFO(name << "." << field_name);
      const auto type = field.getType();
      if (type.which() == capnp::schema::Type::INT64) CHECK(number_kind(name, field_name) != NumberKind::unlisted);
      if (type.which() == capnp::schema::Type::LIST) self(self, type.asList().getStructElementType());
    }
  };
  for (std::uint16_t code = 1; code < kRecordTypeCount; ++code) visit(visit, *schema_of(static_cast<RecordType>(code)));
  CHECK(visited.count("Level") == 1);
  CHECK(number_kind("Trade", "noSuchField") == NumberKind::unlisted);
}

TEST_CASE("decimals are printed exactly") {
  CHECK(decimal_text(0) == "0");
  CHECK(decimal_text(1) == "0.00000001");
  CHECK(decimal_text(-1) == "-0.00000001");
  CHECK(decimal_text(150000000) == "1.5");
  CHECK(decimal_text(-6100010000000) == "-61000.1");
  CHECK(decimal_text(INT64_MAX) == "92233720368.54775807");
  CHECK(decimal_text(INT64_MIN) == "-92233720368.54775808");
}

TEST_CASE("a record prints as JSON and as columns with snake_case names") {
  const RecordBatch batch = one_trade(6100010000000);
  const RecordView trade = first_of(batch);
  CHECK(
      record_json(trade) ==
      R"({"seq":1,"type":"trade","ts_engine":5,"ts_event":0,"ts_recv":0,"instrument":1,"account":0,"strategy":0,"is_output":false,"cause_seq":0,)"
      R"("body":{"price":"61000.1","qty":"1.5","trade_id":77,"ts_venue_sent":0,"aggressor_side":"sell","kind":"market","is_aggregate":false,"first_trade_id":0}})");
  const auto names = column_names(RecordType::TRADE);
  const auto values = column_values(trade);
  REQUIRE(names.size() == values.size());
  CHECK(names[10] == "price");
  CHECK(values[10] == "61000.1");
  CHECK(names.back() == "first_trade_id");

  RecordBatch delta;
  delta.append<schema::BookDelta>(
      RecordType::BOOK_DELTA, {}, [](schema::BookDelta::Builder b) { b.initBids(1)[0].setPrice(1); }, 8);
  CHECK(
      body_json(RecordType::BOOK_DELTA, first_of(delta).body()).find(R"("bids":[{"price":"0.00000001","qty":"0"}])") !=
      std::string::npos);
  CHECK(json_quoted("a\"b\\c\n") == R"("a\"b\\c\u000a")");
}

TEST_CASE("every random record prints as JSON without a malformed body") {
  random_records(600, 5).for_each(1, [](const RecordView& r) {
    const std::string text = record_json(r);
    if (text.find("malformed") != std::string::npos || column_values(r).size() != column_names(r.type()).size())
      FAIL(text);
  });
}

TEST_CASE("the first differing field is named with both values") {
  const RecordBatch a = one_trade(100000000);
  const RecordBatch b = one_trade(200000000);
  auto d = first_difference(first_of(a), first_of(b));
  REQUIRE(d);
  CHECK(d->field == "price");
  CHECK(d->a == "1");
  CHECK(d->b == "2");
  CHECK_FALSE(first_difference(first_of(a), first_of(a)));

  const RecordBatch later = one_trade(100000000, 6);
  d = first_difference(first_of(a), first_of(later));
  REQUIRE(d);
  CHECK(d->field == "ts_engine");

  const auto decision = [](bool passed, unsigned checks) {
    RecordBatch batch;
    batch.append<schema::RiskDecision>(
        RecordType::RISK_DECISION, {},
        [&](schema::RiskDecision::Builder r) {
          auto list = r.initChecks(checks);
          for (auto check : list) {
            check.setRule(schema::RiskRule::LEVERAGE);
            check.setPassed(true);
          }
          list[1].setPassed(passed);
        },
        32);
    return batch;
  };
  const RecordBatch x = decision(true, 3);
  const RecordBatch y = decision(false, 3);
  const RecordBatch z = decision(true, 2);
  d = first_difference(first_of(x), first_of(y));
  REQUIRE(d);
  CHECK(d->field == "checks[1].passed");
  CHECK(d->a == "true");
  CHECK(d->b == "false");
  d = first_difference(first_of(x), first_of(z));
  REQUIRE(d);
  CHECK(d->field == "checks.length");
  d = first_difference(first_of(a), first_of(x));
  REQUIRE(d);
  CHECK(d->field == "type");
  CHECK(d->b == "riskDecision");
}
