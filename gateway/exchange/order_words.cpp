#include "gateway/exchange/order_words.h"

namespace reprise::gateway::exchange {

namespace {

template <class Value>
struct Word {
  Value value;
  std::string_view text;
};

constexpr Word<Side> kSides[] = {{Side::BUY, "BUY"}, {Side::SELL, "SELL"}};
constexpr Word<schema::PositionSide> kPositionSides[] = {
    {schema::PositionSide::BOTH, "BOTH"}, {schema::PositionSide::LONG, "LONG"}, {schema::PositionSide::SHORT, "SHORT"}};
constexpr Word<OrderType> kTypes[] = {
    {OrderType::LIMIT, "LIMIT"},
    {OrderType::MARKET, "MARKET"},
    {OrderType::STOP_LIMIT, "STOP"},
    {OrderType::STOP_MARKET, "STOP_MARKET"},
    {OrderType::TAKE_PROFIT_LIMIT, "TAKE_PROFIT"},
    {OrderType::TAKE_PROFIT_MARKET, "TAKE_PROFIT_MARKET"},
    {OrderType::TRAILING_STOP_MARKET, "TRAILING_STOP_MARKET"},
    {OrderType::LIQUIDATION, "LIQUIDATION"},
};
constexpr Word<TimeInForce> kTimesInForce[] = {{TimeInForce::GTC, "GTC"},
                                               {TimeInForce::IOC, "IOC"},
                                               {TimeInForce::FOK, "FOK"},
                                               {TimeInForce::GTX, "GTX"},
                                               {TimeInForce::GTD, "GTD"}};
constexpr Word<StpMode> kStpModes[] = {{StpMode::EXPIRE_MAKER, "EXPIRE_MAKER"},
                                       {StpMode::EXPIRE_TAKER, "EXPIRE_TAKER"},
                                       {StpMode::EXPIRE_BOTH, "EXPIRE_BOTH"},
                                       {StpMode::NONE, "NONE"}};
constexpr Word<TriggerSource> kWorkingTypes[] = {{TriggerSource::LAST_PRICE, "CONTRACT_PRICE"},
                                                 {TriggerSource::MARK_PRICE, "MARK_PRICE"}};

template <class Value, std::size_t N>
std::string_view text_of(const Word<Value> (&words)[N], Value value, std::string_view otherwise) {
  for (const auto& w : words) {
    if (w.value == value) return w.text;
  }
  return otherwise;
}
template <class Value, std::size_t N>
std::optional<Value> value_of(const Word<Value> (&words)[N], std::string_view text) {
  for (const auto& w : words) {
    if (w.text == text) return w.value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view word(Side side) {
  return text_of(kSides, side, "");
}
std::string_view word(schema::PositionSide side) {
  return text_of(kPositionSides, side, "BOTH");
}
std::string_view word(OrderType type) {
  return text_of(kTypes, type, "");
}
std::string_view word(TimeInForce time_in_force) {
  return text_of(kTimesInForce, time_in_force, "GTC");  // market orders show GTC
}
std::string_view word(StpMode mode) {
  return text_of(kStpModes, mode, "NONE");
}
std::string_view word(TriggerSource source) {
  return text_of(kWorkingTypes, source, "CONTRACT_PRICE");
}

std::string_view word(schema::InstrumentState state) {
  using schema::InstrumentState;
  switch (state) {
    case InstrumentState::UNKNOWN:
    case InstrumentState::TRADING: return "TRADING";
    case InstrumentState::PENDING_TRADING: return "PENDING_TRADING";
    case InstrumentState::CANCEL_ONLY: return "TRADING_CANCEL_ONLY";
    case InstrumentState::HALTED: return "TRADING_HALT";
    case InstrumentState::PRE_SETTLE: return "PRE_SETTLE";
    case InstrumentState::SETTLING: return "SETTLING";
    case InstrumentState::PRE_DELIVERING: return "PRE_DELIVERING";
    case InstrumentState::DELIVERING: return "DELIVERING";
    case InstrumentState::DELIVERED: return "DELIVERED";
    case InstrumentState::CLOSED: return "CLOSE";
  }
  return "TRADING";
}

std::optional<Side> side_of(std::string_view word) {
  return value_of(kSides, word);
}
std::optional<schema::PositionSide> position_side_of(std::string_view word) {
  return value_of(kPositionSides, word);
}
std::optional<OrderType> order_type_of(std::string_view word) {
  if (word == "LIQUIDATION") return std::nullopt;  // nobody may send one
  return value_of(kTypes, word);
}
std::optional<TimeInForce> time_in_force_of(std::string_view word) {
  return value_of(kTimesInForce, word);
}
std::optional<StpMode> stp_mode_of(std::string_view word) {
  return value_of(kStpModes, word);
}
std::optional<TriggerSource> working_type_of(std::string_view word) {
  return value_of(kWorkingTypes, word);
}

int expiry_reason_number(schema::ExpiryReason reason) {
  using schema::ExpiryReason;
  switch (reason) {
    case ExpiryReason::SELF_TRADE: return 1;
    case ExpiryReason::IOC_REMAINDER:
    case ExpiryReason::FOK_NOT_FILLED: return 2;
    case ExpiryReason::REDUCE_ONLY_CONFLICT: return 4;
    case ExpiryReason::ACCOUNT_LIQUIDATED: return 5;
    case ExpiryReason::DELISTED: return 7;
    case ExpiryReason::MARKET_REMAINDER: return 9;
    default: return 0;
  }
}

}  // namespace reprise::gateway::exchange
