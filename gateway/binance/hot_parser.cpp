#include "gateway/binance/hot_parser.h"

#include <bit>
#include <cstring>

#include "gateway/binance/decimal_scan.h"

namespace reprise::gateway {

namespace {

struct Token {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::string_view view() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

// What the one-letter keys of an event hold. Numbers are converted where they are met, whatever event it will turn
// out to be; of the few words the place is kept. Of a key that comes twice the last value counts.
class Fields {
 public:
  static bool is_key(char key) { return static_cast<unsigned>(static_cast<unsigned char>(key)) - 'A' < 64; }
  // Keys whose values are never numbers in the events read here.
  static bool is_word(char key) { return (kWords >> place(key) & 1) != 0; }

  void set_word(char key, Token token) {
    seen_ |= bit(key);
    switch (key) {
      case 'e': event = token; break;
      case 's': symbol = token; break;
      case 'X': execution = token; break;
      case 'm': maker = token; break;
      default: break;
    }
  }
  void set_integer(char key, std::int64_t value) {
    set_other(key);
    integers_ |= bit(key);
    values_[place(key)] = value;
  }
  void set_decimal(char key, std::int64_t e8) {
    set_other(key);
    decimals_ |= bit(key);
    values_[place(key)] = e8;
  }
  void set_other(char key) {  // there, but no number
    seen_ |= bit(key);
    integers_ &= ~bit(key);
    decimals_ &= ~bit(key);
  }
  bool has(char key) const { return (seen_ & bit(key)) != 0; }

  bool integer(char key, std::int64_t& value) const {
    if ((integers_ & bit(key)) == 0) return false;
    value = values_[place(key)];
    return true;
  }
  bool decimal(char key, std::int64_t& e8) const {
    if (((decimals_ | integers_) & bit(key)) == 0) return false;
    e8 = values_[place(key)];
    return (decimals_ & bit(key)) != 0 || !__builtin_mul_overflow(e8, std::int64_t{100'000'000}, &e8);
  }
  bool time(char key, std::int64_t& value) const {
    std::int64_t raw = 0;
    if (!integer(key, raw)) return false;
    value = to_nanos(raw);
    return value != 0;
  }

  Token event;
  Token symbol;
  Token execution;
  Token maker;

 private:
  static constexpr unsigned place(char key) { return static_cast<unsigned char>(key) - 'A'; }
  static constexpr std::uint64_t bit(char key) { return 1ull << place(key); }
  static constexpr std::uint64_t kWords =
      1ull << ('e' - 'A') | 1ull << ('s' - 'A') | 1ull << ('X' - 'A') | 1ull << ('m' - 'A') | 1ull << ('M' - 'A');

  std::uint64_t seen_ = 0;
  std::uint64_t integers_ = 0;
  std::uint64_t decimals_ = 0;
  std::int64_t values_[64];  // left as it is: the bits say what has been set
};

void skip_spaces(const char*& p, const char* end) {
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) ++p;
}
// Hardly ever is there any.
[[gnu::always_inline]] inline void skip_space(const char*& p, const char* end) {
  if (p == end || static_cast<unsigned char>(*p) <= ' ') skip_spaces(p, end);
}

// Text between quotes, p at the opening one; declines escapes.
bool scan_text(const char*& p, const char* end, Token& token) {
  token.begin = ++p;
  // Eight at a time up to the first quote or backslash: its byte is the lowest one whose high bit is left.
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  while (end - p >= 8) {
    std::uint64_t text;
    std::memcpy(&text, p, sizeof text);
    const std::uint64_t quote = text ^ kOnes * '"';
    const std::uint64_t backslash = text ^ kOnes * '\\';
    const std::uint64_t found = (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kOnes * 0x80;
    if (found != 0) {
      p += std::countr_zero(found) / 8;
      break;
    }
    p += 8;
  }
  while (p < end && *p != '"') {
    if (*p == '\\') return false;
    ++p;
  }
  if (p == end) return false;
  token.end = p++;
  return true;
}

// The number at p, in quotes or bare, whole up to what must stand behind it. False: it is none, and p is anywhere.
[[gnu::always_inline]] inline bool scan_number_value(const char*& p, const char* end, std::int64_t& value,
                                                     bool& is_integer) {
  const bool is_quoted = *p == '"';
  if (is_quoted) ++p;
  if (!scan_number(p, end, value, is_integer) || p == end) return false;
  if (is_quoted) return *p++ == '"';
  return *p == ',' || *p == '}' || *p == ' ' || *p == '\t';
}

// Text in quotes or a bare word or number.
bool scan_value(const char*& p, const char* end, Token& token) {
  if (*p == '"') return scan_text(p, end, token);
  token.begin = p;
  while (p < end && *p != ',' && *p != '}' && *p != ' ' && *p != '\t') ++p;
  token.end = p;
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
  if (fields.symbol.view().empty()) return false;
  m.symbol = fields.symbol.view();
  return true;
}

bool read_side(const Fields& fields, MarketMessage& m) {
  const bool is_sell = fields.maker.view() == "true";
  m.side = is_sell ? schema::Side::SELL : schema::Side::BUY;
  return is_sell || fields.maker.view() == "false";
}

bool read_trade(const Fields& fields, MarketMessage& m) {
  m.kind = MessageKind::trade;
  if (!fields.integer('t', m.last_id) || !fields.decimal('p', m.price) || !fields.decimal('q', m.qty)) return false;
  if (!read_side(fields, m) || !fields.has('T')) return false;
  return !fields.has('X') || fields.execution.view() == "MARKET";  // others are rare: the full parser names them
}

bool read_aggregate_trade(const Fields& fields, MarketMessage& m) {
  m.kind = MessageKind::aggregate_trade;
  std::int64_t aggregate_id = 0;
  if (!fields.integer('a', aggregate_id) || !fields.integer('f', m.first_id) || !fields.integer('l', m.last_id))
    return false;
  if (!fields.decimal('p', m.price) || !fields.decimal('q', m.qty) || !read_side(fields, m)) return false;
  return fields.has('T');
}

bool read_bbo(const Fields& fields, MarketMessage& m) {
  m.kind = MessageKind::bbo;
  return fields.integer('u', m.last_id) && fields.decimal('b', m.bid_price) && fields.decimal('B', m.bid_qty) &&
         fields.decimal('a', m.ask_price) && fields.decimal('A', m.ask_qty);
}

}  // namespace

bool scan_levels(const char*& place, const char* end, std::vector<LevelE8>& levels) {
  levels.clear();
  const char* p = place;
  if (p == end || *p != '[') return false;
  ++p;
  for (;;) {
    skip_space(p, end);
    if (p == end) return false;
    if (*p == ']') break;
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
  place = p + 1;
  return true;
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
  Token key;
  for (;;) {
    skip_space(p, end);
    if (p == end) return false;
    if (*p != '"') return false;
    // Nearly all keys are one letter, with the value right behind.
    if (end - p > 4 && p[2] == '"' && p[3] == ':' && Fields::is_key(p[1]) && p[1] != '\\') {
      key = {p + 1, p + 2};
      p += 4;
    } else {
      if (!scan_text(p, end, key)) return false;
      skip_space(p, end);
      if (p == end || *p != ':') return false;
      ++p;
    }
    skip_space(p, end);
    if (p == end || *p == '{') return false;
    const bool is_short = key.end - key.begin == 1;
    if (is_short && !Fields::is_key(*key.begin)) return false;
    if (*p == '[') {
      if (!is_short || (*key.begin != 'b' && *key.begin != 'a')) return false;
      const bool is_bid = *key.begin == 'b';
      if (!scan_levels(p, end, is_bid ? m.bids : m.asks)) return false;
      (is_bid ? has_bids : has_asks) = true;
    } else if (is_short && !Fields::is_word(*key.begin)) {
      const char* const first = p;
      std::int64_t number = 0;
      bool is_integer = false;
      if (scan_number_value(p, end, number, is_integer)) {
        is_integer ? fields.set_integer(*key.begin, number) : fields.set_decimal(*key.begin, number);
      } else {
        p = first;
        Token ignored;
        if (!scan_value(p, end, ignored)) return false;
        fields.set_other(*key.begin);
      }
    } else if (key.view() == "pu") {
      if (!scan_number_value(p, end, m.previous_id, has_previous) || !has_previous) return false;
    } else {
      Token value;
      if (!scan_value(p, end, value)) return false;
      if (is_short) {
        fields.set_word(*key.begin, value);
      } else if (key.view() == "st") {
        if (value.view() == "1") m.venue = schema::Venue::BINANCE_USDM;
        if (value.view() == "2") m.venue = schema::Venue::BINANCE_COINM;
      }
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
  const std::string_view event = fields.event.view();
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
