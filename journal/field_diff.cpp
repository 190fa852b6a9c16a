#include "journal/field_diff.h"

#include <capnp/dynamic.h>
#include <kj/exception.h>

#include "journal/field_text.h"
#include "journal/record_text.h"
#include "journal/schema_of.h"

namespace reprise::journal {

namespace {

using Reader = capnp::DynamicStruct::Reader;

std::optional<FieldDifference> compare(Reader a, Reader b, const std::string& prefix) {
  for (const auto field : a.getSchema().getFields()) {
    const std::string name = prefix + snake_case(field.getProto().getName().cStr());
    if (field.getType().which() == capnp::schema::Type::LIST) {
      const auto x = a.get(field).as<capnp::DynamicList>();
      const auto y = b.get(field).as<capnp::DynamicList>();
      for (capnp::uint i = 0; i < x.size() && i < y.size(); ++i) {
        if (auto found = compare(x[i].as<capnp::DynamicStruct>(), y[i].as<capnp::DynamicStruct>(),
                                 name + "[" + std::to_string(i) + "]."))
          return found;
      }
      if (x.size() != y.size())
        return FieldDifference{name + ".length", std::to_string(x.size()), std::to_string(y.size())};
      continue;
    }
    std::string x = field_text(a, field, TextForm::plain);
    std::string y = field_text(b, field, TextForm::plain);
    if (x != y) return FieldDifference{name, std::move(x), std::move(y)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<FieldDifference> first_body_difference(RecordType type, const capnp::word* a, const capnp::word* b) {
  const auto schema = schema_of(type);
  if (!schema) return std::nullopt;
  const auto reader = [&](const capnp::word* body) {
    return capnp::readMessageUnchecked<capnp::AnyPointer>(body).getAs<capnp::DynamicStruct>(*schema);
  };
  try {
    return compare(reader(a), reader(b), "");
  } catch (const kj::Exception&) {  // pointers of other kinds than the schema says
    std::string x = body_json(type, a);
    std::string y = body_json(type, b);
    if (x == y) return std::nullopt;
    return FieldDifference{"body", std::move(x), std::move(y)};
  }
}

std::optional<FieldDifference> first_difference(const RecordView& a, const RecordView& b) {
  const RecordHeader& x = *a.header;
  const RecordHeader& y = *b.header;
  if (x.type_code != y.type_code) return FieldDifference{"type", name_of(x.type()), name_of(y.type())};
  const auto differ = [](const char* name, auto left, auto right) -> std::optional<FieldDifference> {
    if (left == right) return std::nullopt;
    return FieldDifference{name, std::to_string(left), std::to_string(right)};
  };
  if (auto d = differ("account", x.account, y.account)) return d;
  if (auto d = differ("instrument", x.instrument, y.instrument)) return d;
  if (auto d = differ("strategy", x.strategy, y.strategy)) return d;
  if (auto d = differ("flags", x.flags, y.flags)) return d;
  if (auto d = differ("ts_engine", x.ts_engine, y.ts_engine)) return d;
  if (auto d = differ("ts_event", x.ts_event, y.ts_event)) return d;
  if (auto d = differ("ts_recv", x.ts_recv, y.ts_recv)) return d;
  if (auto d = differ("cause_seq", a.cause_seq(), b.cause_seq())) return d;
  return first_body_difference(x.type(), a.body(), b.body());
}

}  // namespace reprise::journal
