#include "journal/record_text.h"

#include <capnp/dynamic.h>
#include <kj/exception.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "journal/field_text.h"
#include "journal/schema_of.h"

namespace reprise::journal {

namespace {

struct NumberRule {
  std::string_view field;  // or "Struct.field", which goes before the plain name
  NumberKind kind;
};

// One line a name. Names mean the same in every struct unless "Struct.field" says otherwise.
constexpr NumberRule kNumberRules[] = {
    {"price", NumberKind::decimal},
    {"qty", NumberKind::decimal},
    {"bidPrice", NumberKind::decimal},
    {"bidQty", NumberKind::decimal},
    {"askPrice", NumberKind::decimal},
    {"askQty", NumberKind::decimal},
    {"markPrice", NumberKind::decimal},
    {"indexPrice", NumberKind::decimal},
    {"fundingRate", NumberKind::decimal},
    {"estimatedSettlePrice", NumberKind::decimal},
    {"open", NumberKind::decimal},
    {"high", NumberKind::decimal},
    {"low", NumberKind::decimal},
    {"close", NumberKind::decimal},
    {"volume", NumberKind::decimal},
    {"quoteVolume", NumberKind::decimal},
    {"takerBuyVolume", NumberKind::decimal},
    {"buyVolume", NumberKind::decimal},
    {"tickSize", NumberKind::decimal},
    {"lotSize", NumberKind::decimal},
    {"minQty", NumberKind::decimal},
    {"maxQty", NumberKind::decimal},
    {"marketMaxQty", NumberKind::decimal},
    {"minNotional", NumberKind::decimal},
    {"minPrice", NumberKind::decimal},
    {"maxPrice", NumberKind::decimal},
    {"priceBandUp", NumberKind::decimal},
    {"priceBandDown", NumberKind::decimal},
    {"contractMultiplier", NumberKind::decimal},
    {"liquidationFeeRate", NumberKind::decimal},
    {"marketTakeBound", NumberKind::decimal},
    {"triggerProtect", NumberKind::decimal},
    {"makerFeeRate", NumberKind::decimal},
    {"takerFeeRate", NumberKind::decimal},
    {"avgPrice", NumberKind::decimal},
    {"cumQty", NumberKind::decimal},
    {"notionalFloor", NumberKind::decimal},
    {"notionalCap", NumberKind::decimal},
    {"maintenanceMarginRate", NumberKind::decimal},
    {"maintenanceAmount", NumberKind::decimal},
    {"orderQty", NumberKind::decimal},
    {"lastQty", NumberKind::decimal},
    {"lastPrice", NumberKind::decimal},
    {"commission", NumberKind::decimal},
    {"triggerPrice", NumberKind::decimal},
    {"walletBalance", NumberKind::decimal},
    {"change", NumberKind::decimal},
    {"entryPrice", NumberKind::decimal},
    {"unrealizedPnl", NumberKind::decimal},
    {"isolatedWallet", NumberKind::decimal},
    {"amount", NumberKind::decimal},
    {"positionQty", NumberKind::decimal},
    {"maintenanceMargin", NumberKind::decimal},
    {"marginBalance", NumberKind::decimal},
    {"variance", NumberKind::decimal},
    {"probability", NumberKind::decimal},
    {"referencePrice", NumberKind::decimal},
    {"stopPrice", NumberKind::decimal},
    {"strength", NumberKind::decimal},
    {"targetQty", NumberKind::decimal},
    {"equity", NumberKind::decimal},
    {"riskFraction", NumberKind::decimal},
    {"stopDistance", NumberKind::decimal},
    {"rawQty", NumberKind::decimal},
    {"requestedQty", NumberKind::decimal},
    {"approvedQty", NumberKind::decimal},
    {"activationPrice", NumberKind::decimal},
    {"callbackRate", NumberKind::decimal},
    {"cumNotional", NumberKind::decimal},
    {"realizedPnl", NumberKind::decimal},
    {"midAtFill", NumberKind::decimal},
    {"midAtDecision", NumberKind::decimal},
    {"openNotional", NumberKind::decimal},
    {"liquidationPrice", NumberKind::decimal},
    {"funding", NumberKind::decimal},
    {"initialMargin", NumberKind::decimal},
    {"availableBalance", NumberKind::decimal},
    {"grossNotional", NumberKind::decimal},
    {"peakEquity", NumberKind::decimal},
    {"drawdown", NumberKind::decimal},
    {"doneQty", NumberKind::decimal},
    {"expected", NumberKind::decimal},
    {"actual", NumberKind::decimal},
    {"MarketMetric.value", NumberKind::decimal},
    {"Feature.value", NumberKind::decimal},
    {"Forecast.value", NumberKind::decimal},
    {"Alert.value", NumberKind::decimal},
    {"Alert.bound", NumberKind::decimal},
    {"LimitCheck.value", NumberKind::by_unit},
    {"LimitCheck.bound", NumberKind::by_unit},
    {"FeedAnomaly.value", NumberKind::by_anomaly},
    {"FeedAnomaly.bound", NumberKind::by_anomaly},

    {"tradeId", NumberKind::integer},
    {"firstTradeId", NumberKind::integer},
    {"firstUpdateId", NumberKind::integer},
    {"lastUpdateId", NumberKind::integer},
    {"prevLastUpdateId", NumberKind::integer},
    {"updateId", NumberKind::integer},
    {"tradeCount", NumberKind::integer},
    {"expectedId", NumberKind::integer},
    {"receivedId", NumberKind::integer},
    {"joinedFirstId", NumberKind::integer},
    {"joinedLastId", NumberKind::integer},
    {"limit", NumberKind::integer},
    {"used", NumberKind::integer},
    {"venueOrderId", NumberKind::integer},

    {"tsVenueSent", NumberKind::time},
    {"nextFundingTime", NumberKind::time},
    {"openTime", NumberKind::time},
    {"closeTime", NumberKind::time},
    {"wallTime", NumberKind::time},
    {"delay", NumberKind::time},
    {"tsFrom", NumberKind::time},
    {"tsUntil", NumberKind::time},
    {"interval", NumberKind::time},
    {"bannedUntil", NumberKind::time},
    {"clockOffset", NumberKind::time},
    {"roundTrip", NumberKind::time},
    {"duration", NumberKind::time},
    {"horizon", NumberKind::time},
    {"goodTillTime", NumberKind::time},
    {"deadline", NumberKind::time},
    {"startedAt", NumberKind::time},
    {"endedAt", NumberKind::time},
};

// Whether a LimitCheck's or FeedAnomaly's numbers are decimals depends on a field beside them.
bool is_decimal(NumberKind kind, capnp::DynamicStruct::Reader beside) {
  if (kind == NumberKind::decimal) return true;
  if (kind == NumberKind::by_unit) {
    switch (static_cast<schema::LimitUnit>(beside.get("unit").as<capnp::DynamicEnum>().getRaw())) {
      case schema::LimitUnit::QUANTITY:
      case schema::LimitUnit::MONEY:
      case schema::LimitUnit::RATIO:
      case schema::LimitUnit::PRICE: return true;
      default: return false;
    }
  }
  if (kind == NumberKind::by_anomaly) {
    switch (static_cast<schema::FeedAnomalyKind>(beside.get("kind").as<capnp::DynamicEnum>().getRaw())) {
      case schema::FeedAnomalyKind::CROSSED_BOOK:
      case schema::FeedAnomalyKind::LOCKED_BOOK:
      case schema::FeedAnomalyKind::OUTLIER_PRINT:
      case schema::FeedAnomalyKind::NON_MARKET_TRADE:
      case schema::FeedAnomalyKind::UNKNOWN_LEVEL:
      case schema::FeedAnomalyKind::BOOK_DISAGREES_WITH_BBO: return true;
      default: return false;
    }
  }
  return false;
}

std::string struct_json(capnp::DynamicStruct::Reader reader) {
  std::string out = "{";
  for (const auto field : reader.getSchema().getFields()) {
    if (out.size() > 1) out += ',';
    out += json_quoted(snake_case(field.getProto().getName().cStr()));
    out += ':';
    out += field_text(reader, field, TextForm::json);
  }
  return out + "}";
}

capnp::DynamicStruct::Reader body_reader(capnp::StructSchema schema, const capnp::word* body) {
  return capnp::readMessageUnchecked<capnp::AnyPointer>(body).getAs<capnp::DynamicStruct>(schema);
}

constexpr std::array kHeaderColumns = {"seq",        "type",    "ts_engine", "ts_event",  "ts_recv",
                                       "instrument", "account", "strategy",  "is_output", "cause_seq"};

}  // namespace

std::string field_text(capnp::DynamicStruct::Reader reader, capnp::StructSchema::Field field, TextForm form) {
  const auto type = field.getType();
  const auto value = reader.get(field);
  const auto quoted = [&](std::string text) { return form == TextForm::json ? json_quoted(text) : text; };
  switch (type.which()) {
    case capnp::schema::Type::BOOL: return value.as<bool>() ? "true" : "false";
    case capnp::schema::Type::INT64: {
      const auto number = value.as<std::int64_t>();
      const NumberKind kind =
          number_kind(reader.getSchema().getShortDisplayName().cStr(), field.getProto().getName().cStr());
      return is_decimal(kind, reader) ? quoted(decimal_text(number)) : std::to_string(number);
    }
    case capnp::schema::Type::INT8:
    case capnp::schema::Type::INT16:
    case capnp::schema::Type::INT32: return std::to_string(value.as<std::int64_t>());
    case capnp::schema::Type::UINT8:
    case capnp::schema::Type::UINT16:
    case capnp::schema::Type::UINT32:
    case capnp::schema::Type::UINT64: return std::to_string(value.as<std::uint64_t>());
    case capnp::schema::Type::TEXT: {
      const auto text = value.as<capnp::Text>();
      return quoted(std::string(text.begin(), text.size()));
    }
    case capnp::schema::Type::ENUM: {
      const auto e = value.as<capnp::DynamicEnum>();
      KJ_IF_MAYBE (enumerant, e.getEnumerant()) return quoted(enumerant->getProto().getName().cStr());
      return quoted(std::to_string(e.getRaw()));
    }
    case capnp::schema::Type::LIST: {
      std::string out = "[";
      for (const auto element : value.as<capnp::DynamicList>()) {
        if (out.size() > 1) out += ',';
        out += struct_json(element.as<capnp::DynamicStruct>());
      }
      return out + "]";
    }
    default: return quoted("?");
  }
}

std::string body_json(RecordType type, const capnp::word* body) {
  const auto schema = schema_of(type);
  if (!schema) return "null";
  try {
    return struct_json(body_reader(*schema, body));
  } catch (const kj::Exception& e) {  // a body whose pointers are of other kinds than the schema says
    return "{\"malformed\":" + json_quoted(e.getDescription().cStr()) + "}";
  }
}

std::string record_json(const RecordView& record) {
  const RecordHeader& h = *record.header;
  std::string out = "{\"seq\":" + std::to_string(record.seq) + ",\"type\":" + json_quoted(name_of(h.type())) +
                    ",\"ts_engine\":" + std::to_string(h.ts_engine) + ",\"ts_event\":" + std::to_string(h.ts_event) +
                    ",\"ts_recv\":" + std::to_string(h.ts_recv) + ",\"instrument\":" + std::to_string(h.instrument) +
                    ",\"account\":" + std::to_string(h.account) + ",\"strategy\":" + std::to_string(h.strategy) +
                    ",\"is_output\":" + (h.is_output() ? "true" : "false") +
                    ",\"cause_seq\":" + std::to_string(record.cause_seq()) + ",\"body\":";
  return out + body_json(h.type(), record.body()) + "}";
}

std::string record_line(const RecordView& record, std::size_t most) {
  std::string body = body_json(record.type(), record.body());
  if (body.size() > most) body = body.substr(0, most) + " ...";
  return "seq " + std::to_string(record.seq) + " " + name_of(record.type()) +
         (record.header->is_output() ? "" : " (input)") + ": " + body;
}

std::vector<std::string> column_names(RecordType type) {
  std::vector<std::string> names(kHeaderColumns.begin(), kHeaderColumns.end());
  if (const auto schema = schema_of(type)) {
    for (const auto field : schema->getFields()) names.push_back(snake_case(field.getProto().getName().cStr()));
  }
  return names;
}

std::vector<std::string> column_values(const RecordView& record) {
  const RecordHeader& h = *record.header;
  std::vector<std::string> values = {std::to_string(record.seq),       name_of(h.type()),
                                     std::to_string(h.ts_engine),      std::to_string(h.ts_event),
                                     std::to_string(h.ts_recv),        std::to_string(h.instrument),
                                     std::to_string(h.account),        std::to_string(h.strategy),
                                     h.is_output() ? "true" : "false", std::to_string(record.cause_seq())};
  const auto schema = schema_of(h.type());
  if (!schema) return values;
  const auto reader = body_reader(*schema, record.body());
  for (const auto field : schema->getFields()) {
    try {
      values.push_back(field_text(reader, field, TextForm::plain));
    } catch (const kj::Exception&) {
      values.push_back("malformed");
    }
  }
  return values;
}

std::string snake_case(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      if (!out.empty()) out.push_back('_');
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string decimal_text(std::int64_t e8) {
  constexpr std::uint64_t kOne = 100000000;
  const std::uint64_t size = e8 < 0 ? 0 - static_cast<std::uint64_t>(e8) : static_cast<std::uint64_t>(e8);
  std::string out = e8 < 0 ? "-" : "";
  out += std::to_string(size / kOne);
  if (size % kOne == 0) return out;
  std::string fraction = std::to_string(kOne + size % kOne).substr(1);
  while (fraction.back() == '0') fraction.pop_back();
  return out + "." + fraction;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (u < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", u);
      out += buffer;
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

NumberKind number_kind(std::string_view struct_name, std::string_view field_name) {
  const std::string full = std::string(struct_name) + "." + std::string(field_name);
  for (const auto& rule : kNumberRules) {
    if (rule.field == full) return rule.kind;
  }
  for (const auto& rule : kNumberRules) {
    if (rule.field == field_name) return rule.kind;
  }
  return NumberKind::unlisted;
}

}  // namespace reprise::journal
