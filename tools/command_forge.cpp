// reprise forge JOURNAL --type TYPE --out COPY: copies a journal and changes one number of one record, with
// every checksum, chain value, manifest and seal made valid again. verify accepts the copy, replay must not.
//
// For demonstrations and tests: it shows what replay adds to checksums.
#include <capnp/schema.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "engine/market/fixed.h"
#include "journal/forge.h"
#include "journal/record_text.h"
#include "journal/schema_of.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"

namespace reprise::tools {
namespace {

namespace fs = std::filesystem;

// Where an Int64 or UInt64 field of the root struct stands in a body.
struct Place {
  std::string name;  // snake_case
  std::uint32_t word = 0;
  bool is_decimal = false;
};

std::vector<Place> number_fields(journal::RecordType type) {
  std::vector<Place> places;
  const auto schema = journal::schema_of(type);
  if (!schema) return places;
  const std::string struct_name = schema->getShortDisplayName().cStr();
  for (const auto field : schema->getFields()) {
    const auto proto = field.getProto();
    if (!proto.isSlot()) continue;
    const auto which = field.getType().which();
    if (which != capnp::schema::Type::INT64 && which != capnp::schema::Type::UINT64) continue;
    const std::string name = proto.getName().cStr();
    places.push_back({journal::snake_case(name), proto.getSlot().getOffset(),
                      which == capnp::schema::Type::INT64 &&
                          journal::number_kind(struct_name, name) == journal::NumberKind::decimal});
  }
  return places;
}

// The word of a field in a body: root pointer, its offset, then the data section. False where the record is
// too old to have the field.
bool word_of(std::span<std::byte> body, std::uint32_t word, std::size_t& byte) {
  std::uint64_t root = 0;
  if (body.size() < sizeof root) return false;
  std::memcpy(&root, body.data(), sizeof root);
  const std::int64_t offset = static_cast<std::int32_t>(static_cast<std::uint32_t>(root)) >> 2;
  const std::uint64_t data_words = (root >> 32) & 0xFFFF;
  byte = static_cast<std::size_t>(8 + 8 * (offset + static_cast<std::int64_t>(word)));
  return word < data_words && byte + 8 <= body.size();
}

class Forge final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal to copy").required();
    arguments.text("--type", type_, "type of the record to change, for example riskDecision").required().value("TYPE");
    arguments.text("--out", out_, "where the changed copy goes; must not exist").required().value("COPY");
    arguments.text("--field", field_, "number to change; by default the first decimal that is not zero").value("NAME");
    arguments.examples(
        "reprise forge run --type riskDecision --field approved_qty --out forged\n"
        "reprise verify forged               # clean: every checksum is valid\n"
        "reprise replay forged               # diverged: names the record");
  }

  Result<int> run(Terminal& terminal) override {
    const auto type = journal::record_type_from(type_);
    if (!type)
      return usage_error("'" + type_ + "' is no record type",
                         "reprise inspect " + path_ + " lists those that it holds");
    if (auto status = check_is_free("--out", out_); !status) return status.error();
    std::vector<Place> places = number_fields(*type);
    if (!field_.empty()) {
      std::erase_if(places, [&](const Place& place) { return place.name != field_; });
      if (places.empty()) return usage_error("'" + field_ + "' is no 64-bit number of " + type_);
    } else {
      std::erase_if(places, [](const Place& place) { return !place.is_decimal; });
      if (places.empty()) return usage_error(type_ + " has no decimal number", "name a field with --field");
      // What a decision decided comes before what it was asked.
      std::stable_partition(places.begin(), places.end(),
                            [](const Place& place) { return place.name == "approved_qty"; });
    }
    auto found = find(*type, places);
    if (!found) return found.error();

    std::error_code error;
    fs::copy(path_, out_, fs::copy_options::recursive, error);
    if (error) return io_error(out_ + ": the copy failed: " + error.message(), "is the disk full?");
    Status status = journal::rewrite_record(out_, found->seq, [&](journal::RecordHeader&, std::span<std::byte> body) {
      std::size_t at = 0;
      if (!word_of(body, found->place.word, at)) return;
      std::memcpy(body.data() + at, &found->after, sizeof found->after);
    });
    if (!status) {
      fs::remove_all(out_, error);
      return status.error();
    }
    const std::string before = text(found->place, found->before);
    const std::string after = text(found->place, found->after);
    if (json) {
      Json out;
      out.begin_object();
      out.field("journal", out_);
      out.field("seq", found->seq);
      out.field("type", type_);
      out.field("field", found->place.name);
      out.field("before", before);
      out.field("after", after);
      out.end_object();
      terminal.line(out.text());
    } else {
      terminal.line(out_ + ": seq " + std::to_string(found->seq) + " " + type_ + " " + found->place.name + " " +
                    before + " -> " + after + ", all checksums valid");
    }
    return kExitFine;
  }

 private:
  struct Target {
    journal::Seq seq = 0;
    Place place;
    std::int64_t before = 0;
    std::int64_t after = 0;
  };

  static std::string text(const Place& place, std::int64_t value) {
    return place.is_decimal ? decimal_text(value) : std::to_string(value);
  }

  // The first record of the type in which one of the fields is not zero; else the first of the type.
  Result<Target> find(journal::RecordType type, const std::vector<Place>& places) {
    journal::ReaderOptions options;
    options.filter.types = {type};
    auto reader = journal::JournalReader::open(path_, options);
    if (!reader) return reader.error();
    Target first;
    journal::RecordView record;
    while (reader->next(record)) {
      // Copied, since a body is read-only here and word_of serves the writing side too.
      std::vector<std::byte> body(record.header->body_bytes);
      std::memcpy(body.data(), record.body(), body.size());
      for (const Place& place : places) {
        std::size_t at = 0;
        if (!word_of(body, place.word, at)) continue;
        Target target{record.seq, place, 0, 0};
        std::memcpy(&target.before, body.data() + at, sizeof target.before);
        target.after = target.before == 0 ? kScale : target.before - target.before / 2;
        if (target.after == target.before) ++target.after;
        if (target.before != 0) return target;
        if (first.seq == 0) first = target;
      }
    }
    if (auto status = reader->status(); !status) return status.error();
    if (first.seq == 0) return usage_error(path_ + ": holds no " + type_ + " that could be changed");
    return first;
  }

  std::string path_;
  std::string type_;
  std::string out_;
  std::string field_;
};

}  // namespace

std::unique_ptr<Command> make_forge() {
  return std::make_unique<Forge>();
}

}  // namespace reprise::tools
