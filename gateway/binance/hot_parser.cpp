#include "gateway/binance/hot_parser.h"

#include "gateway/binance/decimal_scan.h"

namespace reprise::gateway {

namespace {

struct Token {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::string_view view() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

// Values by one-letter key; a bit in `seen_` tells which of them are set.
class Fields {
 public:
  void set(char key, Token token) {
    const unsigned place = static_cast<unsigned char>(key) - 'A';
    tokens_[place] = token;
    seen_ |= 1ull << place;
  }
  static bool is_key(char key) {
    const int place = static_cast<unsigned char>(key) - 'A';
    return place >= 0 && place < 64;
  }
  bool has(char key) const { return (seen_ >> (static_cast<unsigned char>(key) - 'A') & 1) != 0; }
  const Token& get(char key) const { return tokens_[static_cast<unsigned char>(key) - 'A']; }

  bool integer(char key, std::int64_t& value) const {
    if (!has(key)) return false;
    const Token& token = get(key);
    const char* p = token.begin;
    return scan_unsigned(p, token.end, value) && p == token.end;
  }
  bool decimal(char key, std::int64_t& value) const {
    if (!has(key)) return false;
    const Token& token = get(key);
    const char* p = token.begin;
    return scan_decimal(p, token.end, value) && p == token.end;
  }
  bool time(char key, std::int64_t& value) const {
    std::int64_t raw = 0;
    if (!integer(key, raw)) return false;
    value = to_nanos(raw);
    return value != 0;
  }
  bool is_true(char key) const { return has(key) && get(key).view() == "true"; }
  bool is_flag(char key) const { return has(key) && (get(key).view() == "true" || get(key).view() == "false"); }

 private:
  Token tokens_[64];
  std::uint64_t seen_ = 0;
};

void skip_space(const char*& p, const char* end) {
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) ++p;
}

// Text between quotes, p at the opening one; declines escapes.
bool scan_text(const char*& p, const char* end, Token& token) {
  token.begin = ++p;
  while (p < end && *p != '"') {
    if (*p == '\\') return false;
    ++p;
  }
  if (p == end) return false;
  token.end = p++;
  return true;
}

// T and E: the transaction time is the event's; the event time tells when the venue sent it.
bool read_times(const Fields& fields, MarketMessage& m) {
  if (fields.has('T')) {
    if (!fields.time('T', m.ts_event)) return false;
    if (fields.has('E')) return fields.time('E', m.ts_sent);
    return true;
  }
  return !fields.has('E') || fields.time('E', m.ts_event);
}

bool read_symbol(const Fields& fields, MarketMessage& m) {
  if (!fields.has('s') || fields.get('s').view().empty()) return false;
  m.symbol = fields.get('s').view();
  return true;
}

bool read_trade(const Fields& fields, MarketMessage& m) {
  m.kind = MessageKind::trade;
  if (!fields.integer('t', m.last_id) || !fields.decimal('p', m.price) || !fields.decimal('q', m.qty)) return false;
  if (!fields.is_flag('m') || !fields.has('T')) return false;
  m.side = fields.is_true('m') ? schema::Side::SELL : schema::Side::BUY;
  if (fields.has('X') && fields.get('X').view() != "MARKET") return false;  // rare: the full parser names it
  return true;
}

bool read_aggregate_trade(const Fields& fields, MarketMessage& m) {
  m.kind = MessageKind::aggregate_trade;
  std::int64_t aggregate_id = 0;
  if (!fields.integer('a', aggregate_id) || !fields.integer('f', m.first_id) || !fields.integer('l', m.last_id))
    return false;
  if (!fields.decimal('p', m.price) || !fields.decimal('q', m.qty) || !fields.is_flag('m')) return false;
  m.side = fields.is_true('m') ? schema::Side::SELL : schema::Side::BUY;
  return fields.has('T');
}

bool read_bbo(const Fields& fields, MarketMessage& m) {
  m.kind = MessageKind::bbo;
  return fields.integer('u', m.last_id) && fields.decimal('b', m.bid_price) && fields.decimal('B', m.bid_qty) &&
         fields.decimal('a', m.ask_price) && fields.decimal('A', m.ask_qty);
}

}  // namespace

bool scan_levels(const char*& p, const char* end, std::vector<LevelE8>& levels) {
  levels.clear();
  if (p == end || *p != '[') return false;
  ++p;
  for (;;) {
    skip_space(p, end);
    if (p == end) return false;
    if (*p == ']') {
      ++p;
      return true;
    }
    if (*p == ',') {
      if (levels.empty()) return false;
      ++p;
      skip_space(p, end);
    } else if (!levels.empty()) {
      return false;
    }
    LevelE8 level;
    if (end - p < 9 || p[0] != '[' || p[1] != '"') return false;
    p += 2;
    if (!scan_decimal(p, end, level.price) || end - p < 4 || p[0] != '"' || p[1] != ',') return false;
    p += 2;
    skip_space(p, end);
    if (p == end || *p != '"') return false;
    ++p;
    if (!scan_decimal(p, end, level.qty) || end - p < 2 || p[0] != '"' || p[1] != ']') return false;
    p += 2;
    levels.push_back(level);
  }
}

bool parse_hot_event(std::string_view object, MarketMessage& m) {
  const char* p = object.data();
  const char* const end = p + object.size();
  if (p == end || *p != '{') return false;
  ++p;
  Fields fields;
  bool has_bids = false;
  bool has_asks = false;
  bool has_previous = false;
  for (bool first = true;; first = false) {
    skip_space(p, end);
    if (p == end) return false;
    if (*p == '}' && first) return false;
    if (*p != '"') return false;
    Token key;
    if (!scan_text(p, end, key)) return false;
    skip_space(p, end);
    if (p == end || *p != ':') return false;
    ++p;
    skip_space(p, end);
    if (p == end) return false;
    const std::size_t key_length = key.view().size();
    Token value;
    bool is_list = false;
    if (*p == '"') {
      if (!scan_text(p, end, value)) return false;
    } else if (*p == '[') {
      is_list = true;
      if (key_length != 1 || (*key.begin != 'b' && *key.begin != 'a')) return false;
      const bool is_bid = *key.begin == 'b';
      if (!scan_levels(p, end, is_bid ? m.bids : m.asks)) return false;
      (is_bid ? has_bids : has_asks) = true;
    } else if (*p == '{') {
      return false;
    } else {
      value.begin = p;
      while (p < end && *p != ',' && *p != '}' && *p != ' ' && *p != '\t') ++p;
      value.end = p;
    }
    if (key_length == 1 && !is_list) {
      if (!Fields::is_key(*key.begin)) return false;
      fields.set(*key.begin, value);
    } else if (key.view() == "pu") {
      const char* q = value.begin;
      if (is_list || !scan_unsigned(q, value.end, m.previous_id) || q != value.end) return false;
      has_previous = true;
    } else if (key.view() == "st") {
      if (is_list) return false;
      if (value.view() == "1") m.venue = schema::Venue::BINANCE_USDM;
      if (value.view() == "2") m.venue = schema::Venue::BINANCE_COINM;
    }
    skip_space(p, end);
    if (p == end) return false;
    if (*p == ',') {
      ++p;
      continue;
    }
    if (*p != '}') return false;
    ++p;
    break;
  }
  skip_space(p, end);
  if (p != end) return false;

  if (!read_symbol(fields, m) || !read_times(fields, m)) return false;
  if (!fields.has('e')) {  // spot's bookTicker names no event
    return !has_bids && !has_asks && read_bbo(fields, m);
  }
  const std::string_view event = fields.get('e').view();
  if (event == "depthUpdate") {
    m.kind = MessageKind::book_delta;
    return has_bids && has_asks && fields.integer('U', m.first_id) && fields.integer('u', m.last_id) &&
           (has_previous || !fields.has('T'));
  }
  if (has_bids || has_asks) return false;
  if (event == "bookTicker") return read_bbo(fields, m);
  if (event == "trade") return read_trade(fields, m);
  if (event == "aggTrade") return read_aggregate_trade(fields, m);
  return false;
}

}  // namespace reprise::gateway
