// Raw captures: frames as they came from the socket, each with the local time of its arrival.
//
//   hbt          <local time> <frame>                    digits in ns or us
//   cryptofeed   <unix seconds.fraction>: <frame>        and lines about connections and REST answers
//   cryptofeed   {"t":"recv","ts":..,"data":"<frame>"}   the JSON-lines form of 2026
#include <algorithm>

#include "gateway/binance/decimal_scan.h"
#include "gateway/binance/json_text.h"
#include "gateway/binance/message_parser.h"
#include "gateway/import/format.h"

namespace reprise::gateway {

namespace {

constexpr const char* kOtherVenueHint = "import reads captures of Binance (USD-M, COIN-M, spot)";

struct VenueMark {
  std::string_view mark;  // in lower case, in an address or a file name
  const char* name;
};
constexpr VenueMark kOtherVenues[] = {
    {"bitmex", "BitMEX"},
    {"bybit", "Bybit"},
    {"coinbase", "Coinbase"},
    {"deribit", "Deribit"},
    {"kraken", "Kraken"},
    {"dydx", "dYdX"},
    {"ftx", "FTX"},
    {"ftexchange", "FTX"},
    {"okx", "OKX"},
    {"okex", "OKX"},
    {"hyperliquid", "Hyperliquid"},
    {"huobi", "Huobi"},
    {"kucoin", "KuCoin"},
    {"bitfinex", "Bitfinex"},
    {"bitstamp", "Bitstamp"},
    {"gate.io", "Gate.io"},
    {"gemini", "Gemini"},
    {"poloniex", "Poloniex"},
    {"bitget", "Bitget"},
    {"bitflyer", "bitFlyer"},
    {"upbit", "Upbit"},
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return result;
}

const char* other_venue_in(std::string_view text) {
  const std::string small = lower(text);
  for (const VenueMark& venue : kOtherVenues) {
    if (small.find(venue.mark) != std::string::npos) return venue.name;
  }
  return nullptr;
}

Error other_venue_error(const FileSample& sample, std::string_view venue) {
  return usage_error(sample.path + ": a capture of " + std::string(venue) + ", which import does not read",
                     kOtherVenueHint);
}

// Host of the first address in the text, empty where there is none.
std::string_view host_in(std::string_view text) {
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos) return {};
  text.remove_prefix(slashes + 3);
  return text.substr(0, text.find_first_of("/: \n"));
}

schema::Venue venue_of_host(std::string_view host) {
  if (host.find("fstream") != std::string_view::npos || host.find("fapi") != std::string_view::npos)
    return schema::Venue::BINANCE_USDM;
  if (host.find("dstream") != std::string_view::npos || host.find("dapi") != std::string_view::npos)
    return schema::Venue::BINANCE_COINM;
  return schema::Venue::BINANCE_SPOT;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "1618677448.110592" (any number of decimals) to ns; 0 when it is no time.
std::int64_t seconds_to_nanos(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  std::int64_t seconds = 0;
  if (!scan_unsigned(p, end, seconds) || seconds > 4'102'444'800) return 0;
  std::int64_t nanos = 0;
  if (p < end && *p == '.') {
    ++p;
    std::int64_t unit = 100'000'000;
    for (; p < end && is_digit(*p); ++p, unit /= 10) nanos += (*p - '0') * unit;
  }
  return p == end ? to_nanos(seconds * 1'000'000'000 + nanos) : 0;
}

// Shared by the captures: frames to messages.
class CaptureReader : public FormatReader {
 public:
  explicit CaptureReader(const Recognised& file) : file_(file) {}

 protected:
  void on_frame(std::int64_t ts_recv, std::string_view frame, std::uint64_t number, LineSink& sink) {
    const std::size_t before = sink.messages.size();
    const FrameResult result = parser_.parse_frame(frame, sink.messages);
    take(result, before, ts_recv, number, sink);
  }
  void on_depth(std::int64_t ts_recv, std::string_view body, std::string_view symbol, std::uint64_t number,
                LineSink& sink) {
    const std::size_t before = sink.messages.size();
    const FrameResult result = parser_.parse_depth(body, sink.messages);
    if (result.verdict == FrameVerdict::messages && sink.messages.back().symbol.empty())
      sink.messages.back().symbol = symbol;
    take(result, before, ts_recv, number, sink);
  }

  const Recognised& file() const { return file_; }

 private:
  void take(const FrameResult& result, std::size_t before, std::int64_t ts_recv, std::uint64_t number, LineSink& sink) {
    if (result.verdict == FrameVerdict::control) return sink.note(LineKind::sent);
    if (result.verdict == FrameVerdict::bad) return sink.skip(result.reason, number);
    for (std::size_t i = before; i < sink.messages.size(); ++i) {
      MarketMessage& m = sink.messages[i];
      if (m.symbol.empty() && m.kind == MessageKind::book_snapshot) {
        if (file_.symbols.size() != 1) {
          sink.messages.truncate(before);
          return sink.skip("depth answer without a symbol in a capture of several", number);
        }
        m.symbol = file_.symbols.front();
      }
      m.ts_recv = ts_recv;
      if (m.ts_event == 0) m.ts_event = ts_recv;
      m.line = number;
      m.lines = i == before ? 1 : 0;
    }
  }

  Recognised file_;
  MessageParser parser_;
};

// ---------------------------------------------------------------------------------------- hbt

class HbtReader final : public CaptureReader {
 public:
  using CaptureReader::CaptureReader;
  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    const char* p = line.data();
    const char* const end = p + line.size();
    std::int64_t time = 0;
    if (line.empty()) return sink.note(LineKind::blank);
    if (line.size() > 20 && is_digit(line[18])) {  // 19 digits: ns
      if (!scan_nineteen(p, time)) return sink.skip("line does not begin with a time and a blank", number);
    } else if (!scan_unsigned(p, end, time)) {
      return sink.skip("line does not begin with a time and a blank", number);
    }
    if (p == end || *p != ' ') return sink.skip("line does not begin with a time and a blank", number);
    const std::int64_t ts_recv = to_nanos(time);
    if (ts_recv == 0) return sink.skip("local time is not between 2009 and 2100", number);
    const std::string_view frame = trim(std::string_view(p, static_cast<std::size_t>(end - p)));
    if (frame.empty()) return sink.skip("line without a frame", number);
    on_frame(ts_recv, frame, number, sink);
  }

 private:
  // p has more than 19 characters.
  static bool scan_nineteen(const char*& p, std::int64_t& value) {
    using namespace eight_digits;
    const std::uint64_t high = load(p);
    const std::uint64_t low = load(p + 8);
    if (eight_digits::count(high) != 8 || eight_digits::count(low) != 8) return false;
    std::uint64_t sum =
        static_cast<std::uint64_t>(eight_digits::value(high, 8) * kPowers[8] + eight_digits::value(low, 8));
    p += 16;
    for (int i = 0; i < 3; ++i, ++p) {
      if (!is_digit(*p)) return false;
      sum = sum * 10 + static_cast<std::uint64_t>(*p - '0');
    }
    value = static_cast<std::int64_t>(sum);
    return value >= 0;
  }
};

Result<std::optional<Recognised>> recognise_hbt(const FileSample& sample) {
  const std::string_view line = first_line(sample.text);
  std::size_t digits = 0;
  while (digits < line.size() && is_digit(line[digits])) ++digits;
  if (digits < 10 || digits > 19 || line.size() < digits + 2 || line[digits] != ' ' || line[digits + 1] != '{') {
    return std::optional<Recognised>();
  }
  const auto has = [&](std::string_view part) { return holds(sample.text, part); };
  if (has("\"channel\":") && has("\"coin\":")) return other_venue_error(sample, "Hyperliquid");
  if (!has("\"stream\"") && !has("\"lastUpdateId\"") && !has("\"e\":\"")) {
    const char* other = other_venue_in(sample.path);
    return other_venue_error(sample, other != nullptr ? other : "a venue other than Binance");
  }
  Recognised file;
  file.venue = sample.forced_venue != schema::Venue::UNKNOWN ? sample.forced_venue : venue_of_frames(sample.text);
  if (file.venue == schema::Venue::UNKNOWN) file.venue = schema::Venue::BINANCE_USDM;
  return std::optional(std::move(file));
}

// ---------------------------------------------------------------------------------------- cryptofeed

class CryptofeedTextReader final : public CaptureReader {
 public:
  using CaptureReader::CaptureReader;
  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    line = trim(line);
    if (line.empty()) return sink.note(LineKind::blank);
    if (is_digit(line.front())) {
      const std::size_t colon = line.find(": ");
      if (colon == std::string_view::npos) return sink.skip("line does not begin with a time and a colon", number);
      const std::int64_t ts = seconds_to_nanos(line.substr(0, colon));
      if (ts == 0) return sink.skip("local time is not between 2009 and 2100", number);
      return on_frame(ts, line.substr(colon + 2), number, sink);
    }
    if (line.starts_with("configuration:")) return sink.note(LineKind::configuration);
    const std::size_t blank = line.find(' ');
    const std::string_view url = line.substr(0, blank);
    if (blank == std::string_view::npos || url.find("://") == std::string_view::npos) {
      return sink.skip("line is neither a frame nor about a connection", number);
    }
    std::string_view rest = line.substr(blank + 1);
    if (rest.starts_with("<-> ")) return on_connect(url, seconds_to_nanos(trim(rest.substr(4))), number, sink);
    if (rest.starts_with("<- ")) return sink.note(LineKind::sent);
    const std::size_t colon = rest.find(": ");
    if (!rest.starts_with("-> ") || colon == std::string_view::npos) {
      return sink.skip("line is neither a frame nor about a connection", number);
    }
    on_answer(url, seconds_to_nanos(rest.substr(3, colon - 3)), rest.substr(colon + 2), number, sink);
  }

 protected:
  friend class CryptofeedJsonReader;
  void on_connect(std::string_view url, std::int64_t ts, std::uint64_t number, LineSink& sink) {
    if (ts == 0) return sink.skip("local time is not between 2009 and 2100", number);
    MarketMessage& m = sink.messages.push();
    m.kind = MessageKind::connected;
    const std::size_t query = url.find('?');
    m.text = url.substr(0, query);
    if (query != std::string_view::npos) m.detail = url.substr(query + 1);
    m.ts_recv = m.ts_event = ts;
    m.line = number;
    m.lines = 1;
  }
  void on_answer(std::string_view url, std::int64_t ts, std::string_view body, std::uint64_t number, LineSink& sink) {
    if (ts == 0) return sink.skip("local time is not between 2009 and 2100", number);
    if (url.find("exchangeInfo") != std::string_view::npos) {
      MarketMessage& m = sink.messages.push();
      m.kind = MessageKind::exchange_info;
      m.text = body;
      m.ts_recv = m.ts_event = ts;
      m.line = number;
      m.lines = 1;
      return;
    }
    if (url.find("/depth") == std::string_view::npos)
      return sink.skip("REST answer of a kind that import does not record", number);
    std::string_view symbol;
    if (const std::size_t at = url.find("symbol="); at != std::string_view::npos) {
      symbol = url.substr(at + 7);
      symbol = symbol.substr(0, symbol.find('&'));
    }
    on_depth(ts, body, symbol, number, sink);
  }
};

Result<std::optional<Recognised>> with_venue(const FileSample& sample, std::string_view hosts_text) {
  const std::string_view host = host_in(hosts_text);
  Recognised file;
  if (!host.empty()) {
    if (host.find("binance") == std::string_view::npos) {
      const char* other = other_venue_in(host);
      return other_venue_error(sample, other != nullptr ? std::string_view(other) : host);
    }
    file.venue = venue_of_host(host);
  } else {
    file.venue = venue_of_frames(sample.text);
    if (file.venue == schema::Venue::UNKNOWN) {
      const char* other = other_venue_in(sample.name);
      return other_venue_error(sample, other != nullptr ? other : "a venue other than Binance");
    }
  }
  if (sample.forced_venue != schema::Venue::UNKNOWN) file.venue = sample.forced_venue;
  return std::optional(std::move(file));
}

Result<std::optional<Recognised>> recognise_cryptofeed_text(const FileSample& sample) {
  const std::string_view line = first_line(sample.text);
  bool is_capture = line.starts_with("configuration:");
  if (line.starts_with("wss://") || line.starts_with("ws://") || line.starts_with("https://") ||
      line.starts_with("http://")) {
    is_capture = line.find(" <-> ") != std::string_view::npos || line.find(" -> ") != std::string_view::npos ||
                 line.find(" <- ") != std::string_view::npos;
  } else if (const std::size_t colon = line.find(": ");
             colon != std::string_view::npos && colon < 24 && is_digit(line[0])) {
    is_capture = seconds_to_nanos(line.substr(0, colon)) != 0;
  }
  if (!is_capture) return std::optional<Recognised>();
  // The address is at a line's beginning; payloads may hold other addresses.
  std::string_view text = sample.text;
  std::string_view address;
  while (!text.empty() && address.empty()) {
    const std::string_view candidate = text.substr(0, text.find('\n'));
    const std::size_t scheme = candidate.substr(0, 8).find("://");
    if (scheme != std::string_view::npos) address = candidate;
    text.remove_prefix(std::min(text.size(), candidate.size() + 1));
  }
  return with_venue(sample, address);
}

class CryptofeedJsonReader final : public FormatReader {
 public:
  explicit CryptofeedJsonReader(const Recognised& file) : inner_(file), frames_(file) {}
  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    line = trim(line);
    if (line.empty()) return sink.note(LineKind::blank);
    json::Document document;
    document.Parse<json::kParseFlags>(line.data(), line.size());
    if (document.HasParseError() || !document.IsObject()) return sink.skip("not JSON", number);
    const std::string_view type = json::text(document, "t");
    if (type == "header") return sink.note(LineKind::configuration);
    if (type == "send") return sink.note(LineKind::sent);
    const std::int64_t ts = seconds_to_nanos(json::text(document, "ts"));
    if (type == "connect") return inner_.on_connect(json::text(document, "addr"), ts, number, sink);
    const std::string_view data = json::text(document, "data");
    if (type == "http") return inner_.on_answer(json::text(document, "url"), ts, data, number, sink);
    if (type != "recv") return sink.skip("line of an unknown type", number);
    if (ts == 0) return sink.skip("local time is not between 2009 and 2100", number);
    frames_.frame(ts, data, number, sink);
  }

 private:
  class Frames final : public CaptureReader {
   public:
    using CaptureReader::CaptureReader;
    void on_line(std::string_view, std::uint64_t, LineSink&) override {}
    void frame(std::int64_t ts, std::string_view data, std::uint64_t number, LineSink& sink) {
      on_frame(ts, data, number, sink);
    }
  };
  CryptofeedTextReader inner_;
  Frames frames_;
};

Result<std::optional<Recognised>> recognise_cryptofeed_json(const FileSample& sample) {
  const std::string_view line = first_line(sample.text);
  if (!line.starts_with("{\"t\":\"")) return std::optional<Recognised>();
  json::Document document;
  document.Parse<json::kParseFlags>(line.data(), line.size());
  if (document.HasParseError() || !document.IsObject()) return std::optional<Recognised>();
  const std::string_view exchange = json::text(document, "exchange");
  if (!exchange.empty() && lower(exchange).find("binance") == std::string::npos) {
    const char* other = other_venue_in(exchange);
    return other_venue_error(sample, other != nullptr ? std::string_view(other) : exchange);
  }
  std::string_view address = sample.text;
  for (const std::string_view key : {"\"addr\":\"", "\"url\":\""}) {
    if (const std::size_t at = sample.text.find(key); at != std::string_view::npos) {
      address = sample.text.substr(at, 200);
      return with_venue(sample, address);
    }
  }
  if (exchange == "BINANCE_FUTURES" || exchange == "BINANCE_DELIVERY" || exchange == "BINANCE") {
    Recognised file;
    file.venue = exchange == "BINANCE"            ? schema::Venue::BINANCE_SPOT
                 : exchange == "BINANCE_DELIVERY" ? schema::Venue::BINANCE_COINM
                                                  : schema::Venue::BINANCE_USDM;
    if (sample.forced_venue != schema::Venue::UNKNOWN) file.venue = sample.forced_venue;
    return std::optional(std::move(file));
  }
  return with_venue(sample, {});
}

template <class Reader>
std::unique_ptr<FormatReader> make(const Recognised& file) {
  return std::make_unique<Reader>(file);
}

}  // namespace

const Format kHbtFormat = {"raw capture (time and frame)", recognise_hbt, make<HbtReader>};
const Format kCryptofeedTextFormat = {"raw capture (cryptofeed text)", recognise_cryptofeed_text,
                                      make<CryptofeedTextReader>};
const Format kCryptofeedJsonFormat = {"raw capture (cryptofeed JSON lines)", recognise_cryptofeed_json,
                                      make<CryptofeedJsonReader>};

}  // namespace reprise::gateway
