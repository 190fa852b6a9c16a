#include "gateway/binance/message_parser.h"

#include <algorithm>
#include <cctype>

#include "gateway/binance/hot_parser.h"
#include "gateway/binance/json_text.h"

namespace reprise::gateway {

using json::Value;

namespace {

constexpr std::size_t kPoolBytes = 256u << 10;

// Fields of one object; remembers the first one that is missing or no number.
class Reader {
 public:
  explicit Reader(const Value& object) : object_(object) {}

  std::string_view text(const char* name) const { return json::text(object_, name); }
  bool has(const char* name) const { return json::member(object_, name) != nullptr; }
  const Value* member(const char* name) const { return json::member(object_, name); }

  std::int64_t integer(const char* name) {
    std::int64_t value = 0;
    if (!json::integer(object_, name, value)) complain(name, "is missing or no integer");
    return value;
  }
  std::int64_t decimal(const char* name) {
    std::int64_t value = 0;
    if (!json::decimal(object_, name, value)) complain(name, "is missing or no number that fits 8 decimals");
    return value;
  }
  // For figures that carry more decimals than we keep: truncated toward zero.
  std::int64_t rough_decimal(const char* name) {
    std::int64_t value = 0;
    if (!json::decimal(object_, name, value, true)) complain(name, "is missing or no number");
    return value;
  }
  std::int64_t optional_decimal(const char* name) { return text(name).empty() ? 0 : rough_decimal(name); }
  std::int64_t time(const char* name) {
    const std::int64_t value = to_nanos(integer(name));
    if (value == 0) complain(name, "is no time between 2009 and 2100");
    return value;
  }
  std::int64_t optional_time(const char* name) { return has(name) ? time(name) : 0; }
  bool flag(const char* name) {
    const Value* value = member(name);
    if (value == nullptr || !value->IsBool()) {
      complain(name, "is missing or neither true nor false");
      return false;
    }
    return value->GetBool();
  }
  void levels(const char* name, std::vector<LevelE8>& levels) {
    const Value* list = member(name);
    if (list == nullptr || !list->IsArray()) return complain(name, "is missing or no list");
    for (const Value& entry : list->GetArray()) {
      LevelE8 level;
      if (!entry.IsArray() || entry.Size() < 2 || !parse_decimal(json::text_of(entry[0]), level.price) ||
          !parse_decimal(json::text_of(entry[1]), level.qty)) {
        return complain(name, "holds a level that is no [price, quantity]");
      }
      levels.push_back(level);
    }
  }
  void complain(const char* name, const char* what) {
    if (problem_.empty()) problem_ = std::string("field ") + name + " " + what;
  }
  const std::string& problem() const { return problem_; }

 private:
  const Value& object_;
  std::string problem_;
};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return result;
}

// "btcusdt@depth20@100ms": a view of the top, not a difference.
bool is_partial_depth(std::string_view stream) {
  constexpr std::string_view kDepth = "@depth";
  for (std::size_t at = stream.find('@'); at != std::string_view::npos; at = stream.find('@', at + 1)) {
    const std::string_view rest = stream.substr(at);
    if (rest.starts_with(kDepth))
      return rest.size() > kDepth.size() && rest[kDepth.size()] >= '0' && rest[kDepth.size()] <= '9';
  }
  return false;
}

void read_times(Reader& r, MarketMessage& m) {
  if (r.has("T")) {
    m.ts_event = r.time("T");
    m.ts_sent = r.optional_time("E");
  } else {
    m.ts_event = r.optional_time("E");
  }
}

void read_venue(Reader& r, MarketMessage& m) {
  std::int64_t st = 0;
  if (json::integer_of(r.text("st"), st)) {
    if (st == 1) m.venue = schema::Venue::BINANCE_USDM;
    if (st == 2) m.venue = schema::Venue::BINANCE_COINM;
  }
}

void read_symbol(Reader& r, MarketMessage& m) {
  m.symbol = r.text("s");
  if (m.symbol.empty()) r.complain("s", "is missing");
}

schema::TradeKind trade_kind(std::string_view text) {
  if (text.empty() || text == "MARKET") return schema::TradeKind::MARKET;
  if (text == "INSURANCE_FUND") return schema::TradeKind::INSURANCE_FUND;
  return text == "ADL" ? schema::TradeKind::ADL : schema::TradeKind::OTHER;
}

void read_trade(Reader& r, MarketMessage& m) {
  m.kind = MessageKind::trade;
  m.last_id = r.integer("t");
  m.price = r.decimal("p");
  m.qty = r.decimal("q");
  m.side = r.flag("m") ? schema::Side::SELL : schema::Side::BUY;
  m.trade_kind = trade_kind(r.text("X"));
  if (m.ts_event == 0) r.complain("T", "is missing");
}

void read_aggregate_trade(Reader& r, MarketMessage& m) {
  m.kind = MessageKind::aggregate_trade;
  r.integer("a");
  m.first_id = r.integer("f");
  m.last_id = r.integer("l");
  m.price = r.decimal("p");
  m.qty = r.decimal("q");
  m.side = r.flag("m") ? schema::Side::SELL : schema::Side::BUY;
  if (m.ts_event == 0) r.complain("T", "is missing");
}

void read_bbo(Reader& r, MarketMessage& m) {
  m.kind = MessageKind::bbo;
  m.last_id = r.integer("u");
  m.bid_price = r.decimal("b");
  m.bid_qty = r.decimal("B");
  m.ask_price = r.decimal("a");
  m.ask_qty = r.decimal("A");
}

void read_depth_event(Reader& r, MarketMessage& m, bool is_partial) {
  m.kind = is_partial ? MessageKind::book_snapshot : MessageKind::book_delta;
  m.is_partial = is_partial;
  m.first_id = r.integer("U");
  m.last_id = r.integer("u");
  if (r.has("pu")) {
    m.previous_id = r.integer("pu");
  } else if (r.has("T")) {
    r.complain("pu", "is missing");  // futures events always carry it
  }
  r.levels("b", m.bids);
  r.levels("a", m.asks);
}

void read_mark_price(Reader& r, MarketMessage& m) {
  m.kind = MessageKind::mark_price;
  m.ts_event = r.time("E");  // T is the time of the next funding here
  m.ts_sent = 0;
  m.mark_price = r.rough_decimal("p");
  m.index_price = r.optional_decimal("i");
  m.settle_price = r.optional_decimal("P");
  m.funding_rate = r.optional_decimal("r");
  std::int64_t next = 0;
  if (json::integer_of(r.text("T"), next)) m.next_funding_time = to_nanos(next);
}

void read_kline(Reader& r, MarketMessage& m) {
  m.kind = MessageKind::bar;
  m.ts_event = r.time("E");
  m.ts_sent = 0;
  const Value* k = r.member("k");
  if (k == nullptr || !k->IsObject()) return r.complain("k", "is missing");
  Reader bar(*k);
  m.open_time = bar.time("t");
  m.close_time = bar.time("T") + 999'999;
  m.open = bar.decimal("o");
  m.high = bar.decimal("h");
  m.low = bar.decimal("l");
  m.close = bar.decimal("c");
  m.volume = bar.rough_decimal("v");
  m.quote_volume = bar.rough_decimal("q");
  m.taker_buy_volume = bar.optional_decimal("V");
  m.trade_count = bar.integer("n");
  m.is_final = bar.flag("x");
  if (!bar.problem().empty()) r.complain("k", bar.problem().c_str());
}

void read_liquidation(Reader& r, MarketMessage& m) {
  m.kind = MessageKind::liquidation;
  const Value* o = r.member("o");
  if (o == nullptr || !o->IsObject()) return r.complain("o", "is missing");
  Reader order(*o);
  read_symbol(order, m);
  m.side = order.text("S") == "BUY" ? schema::Side::BUY : schema::Side::SELL;
  m.price = order.decimal("p");
  m.average_price = order.optional_decimal("ap");
  m.qty = order.decimal("q");
  m.cum_qty = order.optional_decimal("z");
  m.ts_sent = r.optional_time("E");
  m.ts_event = order.optional_time("T");
  if (!order.problem().empty()) r.complain("o", order.problem().c_str());
}

void read_rest_depth(Reader& r, MarketMessage& m) {
  m.kind = MessageKind::book_snapshot;
  m.last_id = r.integer("lastUpdateId");
  m.symbol = upper(r.text("symbol"));
  read_times(r, m);
  r.levels("bids", m.bids);
  r.levels("asks", m.asks);
}

FrameResult bad(std::string reason) {
  return {FrameVerdict::bad, std::move(reason)};
}

}  // namespace

struct MessageParser::Impl {
  std::vector<char> pool = std::vector<char>(kPoolBytes);

  FrameResult event(const Value& object, std::string_view stream, MessageBuffer& out) const {
    if (object.IsArray()) {
      FrameResult result{FrameVerdict::control, {}};
      for (const Value& entry : object.GetArray()) {
        result = entry.IsArray() ? bad("list in a list") : event(entry, stream, out);
        if (result.verdict == FrameVerdict::bad) return result;
      }
      return result;
    }
    if (!object.IsObject()) return bad("frame is neither an object nor a list");
    Reader r(object);
    if (r.has("result") || r.has("id") || r.has("method") || r.has("error")) return {FrameVerdict::control, {}};
    MarketMessage& m = out.push();
    std::string_view name = r.text("e");
    read_venue(r, m);
    if (name.empty() && r.has("lastUpdateId")) {
      read_rest_depth(r, m);
      m.is_partial = !stream.empty();  // spot's partial depth stream looks like the REST answer
      if (m.symbol.empty()) m.symbol = upper(stream.substr(0, stream.find('@')));
    } else {
      if (name.empty() && r.has("u") && r.has("b") && r.has("A")) name = "bookTicker";  // spot names no event
      if (name != "markPriceUpdate" && name != "forceOrder") read_times(r, m);
      if (name != "forceOrder") read_symbol(r, m);
      if (name == "trade") {
        read_trade(r, m);
      } else if (name == "aggTrade") {
        read_aggregate_trade(r, m);
      } else if (name == "bookTicker") {
        read_bbo(r, m);
      } else if (name == "depthUpdate") {
        read_depth_event(r, m, is_partial_depth(stream));
      } else if (name == "markPriceUpdate") {
        read_mark_price(r, m);
      } else if (name == "kline") {
        read_kline(r, m);
      } else if (name == "forceOrder") {
        read_liquidation(r, m);
      } else {
        out.pop();
        return bad(name.empty() ? "object is no market event" : "event of a kind that import does not record");
      }
    }
    if (!r.problem().empty()) {
      out.pop();
      return bad(r.problem());
    }
    return {};
  }
};

MessageParser::MessageParser() : impl_(std::make_unique<Impl>()) {}
MessageParser::~MessageParser() = default;

FrameResult MessageParser::parse_frame(std::string_view frame, MessageBuffer& out) {
  constexpr std::string_view kStream = "{\"stream\":\"";
  constexpr std::string_view kData = "\",\"data\":";
  const std::size_t before = out.size();
  if (frame.starts_with(kStream)) {
    const std::size_t quote = frame.find('"', kStream.size());
    if (quote != std::string_view::npos && frame.substr(quote).starts_with(kData) && frame.back() == '}' &&
        !is_partial_depth(frame.substr(0, quote))) {
      const std::size_t start = quote + kData.size();
      if (start < frame.size() - 1 && parse_hot_event(frame.substr(start, frame.size() - 1 - start), out.push()))
        return {};
      out.truncate(before);
    }
  } else if (!frame.empty() && frame.front() == '{') {
    if (parse_hot_event(frame, out.push())) return {};
    out.truncate(before);
  }

  json::Allocator allocator(impl_->pool.data(), impl_->pool.size());
  json::Document document(&allocator);
  document.Parse<json::kParseFlags>(frame.data(), frame.size());
  if (document.HasParseError()) return bad("not JSON");
  const Value* data = json::member(document, "data");
  const std::string_view stream = json::text(document, "stream");
  FrameResult result =
      data != nullptr && !stream.empty() ? impl_->event(*data, stream, out) : impl_->event(document, {}, out);
  if (result.verdict == FrameVerdict::bad) out.truncate(before);
  return result;
}

FrameResult MessageParser::parse_depth(std::string_view body, MessageBuffer& out) {
  json::Allocator allocator(impl_->pool.data(), impl_->pool.size());
  json::Document document(&allocator);
  document.Parse<json::kParseFlags>(body.data(), body.size());
  if (document.HasParseError()) return bad("not JSON");
  if (!document.IsObject()) return bad("depth answer is no object");
  Reader r(document);
  read_rest_depth(r, out.push());
  if (r.problem().empty()) return {};
  out.pop();
  return bad(r.problem());
}

}  // namespace reprise::gateway
