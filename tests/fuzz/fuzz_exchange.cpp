// Fuzz target: any bytes from clients of the exchange: requests, openings of WebSockets, messages on them, faults of an
// operator. Nothing breaks, every answer is JSON, and the day's outputs stand behind its inputs.
//
// The input is a script: a byte says what comes, a byte how long it is, then its text.
#include <rapidjson/document.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/exchange/doorkeeper.h"
#include "gateway/exchange/exchange_seat.h"
#include "gateway/exchange/market_feed.h"

namespace {

using namespace reprise;
using namespace reprise::gateway;
using namespace reprise::gateway::exchange;

constexpr std::int64_t kOpening = 1'767'225'600'000'000'000;

const Doorkeeper& door() {
  static const Doorkeeper made = [] {
    Doorkeeper out;
    out.add("key", binance::SignatureVerifier::of_secret(binance::Secret::copy_of("secret")).value());
    return out;
  }();
  return made;
}

// The market's first seconds, made once: making one costs more than all that a script does with it.
const std::vector<journal::RecordView>& tape() {
  static journal::RecordBatch batch;
  static const std::vector<journal::RecordView> made = [] {
    auto feed = open_generated_feed(7, 1, {kOpening});
    while (feed->next()->ns <= kOpening + 20'000'000'000) {
      feed->take([&](const journal::RecordView& view, InstrumentNo number, UnixNanos time, UnixNanos happened) {
        journal::RecordHeader header = *view.header;
        header.instrument = number;
        header.ts_engine = time.ns;
        header.ts_event = happened.ns;
        batch.append_copy(header, view.body(), view.body_words());
      });
    }
    std::vector<journal::RecordView> views;
    batch.for_each(1, [&](const journal::RecordView& view) { views.push_back(view); });
    return views;
  }();
  return made;
}

class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool is_done() const { return at_ >= size_; }
  std::uint8_t byte() { return is_done() ? std::uint8_t{0} : data_[at_++]; }
  std::string text() {
    const std::size_t length = std::min<std::size_t>(byte() * 2u, size_ - at_);
    std::string out(reinterpret_cast<const char*>(data_) + at_, length);
    at_ += length;
    return out;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

// A target of a request line, as the HTTP parser gives it.
HttpRequest request_of(Script& script, const char* method) {
  HttpRequest request;
  request.method = method;
  const std::string target = script.text();
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  request.peer = "10.0.0.1";
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  sim::RunSink sink = sim::RunSink::none();
  ExchangeSeat seat(sink);
  ExchangeSetup setup;
  setup.balances_e8 = {1'000 * kScale};
  if (!seat.begin(setup, 7, {kOpening}).ok()) return 0;
  std::size_t played = 0;
  std::int64_t now = kOpening;
  const auto play = [&](std::int64_t until) {
    now = until;
    for (; played < tape().size() && tape()[played].header->ts_engine <= until; ++played) {
      const journal::RecordView& view = tape()[played];
      seat.on_timer({view.header->ts_engine});
      seat.on_market(view, view.header->instrument, {view.header->ts_engine}, {view.header->ts_event});
    }
    seat.on_timer({until});
  };
  play(kOpening + 200'000'000);
  constexpr const char* kMethods[] = {"GET", "POST", "PUT", "DELETE"};
  for (int step = 0; step < 64 && !script.is_done(); ++step) {
    const std::uint8_t what = script.byte();
    const Clock clock{{now}, {now}};
    const ConnectionNo connection = 1 + (what >> 5);
    switch (what % 8) {
      case 0:
      case 1:
      case 2: {
        HttpRequest request = request_of(script, kMethods[(what >> 3) % 4]);
        request.body = script.text();
        request.api_key = what % 2 == 0 ? "key" : "";
        // What a client signs is right: past the door lies the rest of the server.
        if (what % 3 == 0) {
          static const auto signer = binance::Signer::of_key(binance::Secret::copy_of("secret")).value();
          request.query +=
              (request.query.empty() ? "" : "&") + std::string("timestamp=") + std::to_string(now / 1'000'000);
          request.query += "&signature=" + signer.signature(request.query + request.body).value();
        }
        seat.on_request(connection, door().admit(std::move(request)), clock);
        break;
      }
      case 3: seat.on_open(connection, door().admit(request_of(script, "GET")), clock); break;
      case 4: seat.on_text(connection, door().admit_message(script.text()), clock); break;
      case 5: seat.on_closed(connection, clock); break;
      case 6: {
        const std::string json = script.text();
        auto fault = FaultDesk::parse(json);
        if (fault.ok()) seat.on_fault(fault->name, json, clock);
        break;
      }
      case 7: play(now + 1'000'000 * (1 + script.byte())); break;
    }
    for (const Departure& d : seat.machine().take_departures()) {
      if (d.kind != Departure::Kind::answer || d.answer.body.empty()) continue;
      rapidjson::Document body;
      body.Parse<rapidjson::kParseIterativeFlag>(d.answer.body.data(), d.answer.body.size());
      REPRISE_ASSERT(!body.HasParseError(), "every answer is JSON");
    }
  }
  return 0;
}
