// Faults on request: what goes wrong between the venue and its clients, and when.
//
// A fault stands until it is taken away, its time is over, or it has struck as often as it was asked to. The first one
// that matches strikes. Draws come from the seed, so a day with faults is made again from its journal.
//
//   requests     delay, lost_request, lost_answer, reset, reset_after, cut_answer, unknown_error, unknown_error_done,
//                unavailable, throttled, internal_error, timeout, timeout_done, too_many_requests, banned
//                (..._after, ..._done, lost_answer, cut_answer: the request was carried out)
//   messages     message_lost, message_doubled, message_delayed   on a WebSocket
//   at once      disconnect, half_open   WebSockets whose path matches; listen_key_expired
//   while it stands   clock_skew   the venue's clock, as clients see it
//
// Deterministic, single-threaded; times are given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/market/fixed.h"
#include "gateway/exchange/request.h"
#include "journal/result.h"
#include "sim/generator/random.h"

namespace reprise::gateway::exchange {

enum class FaultPlace : std::uint8_t { request, message, at_once, clock };

// How a request fares that a fault strikes.
struct RequestFault {
  const char* name;
  bool is_carried_out;
  enum class End : std::uint8_t { answer, hang, reset, cut } end;
  int status;  // of an answer in place of the venue's own; 0 = its own
  int code;
  const char* text;
};

struct Fault {
  std::uint64_t id = 0;
  std::string name;
  FaultPlace place = FaultPlace::request;
  const RequestFault* request = nullptr;
  std::string method;    // "" = any
  std::string path;      // what its path begins with; of a WebSocket: the path that it was opened at
  std::string contains;  // of a message's text; "" = any
  DurationNanos time;    // of a delay, a skew, a ban
  std::uint32_t permille = 1000;
  std::uint64_t count = 0;  // how often; 0 = without end
  UnixNanos until;          // 0 = without end
  std::uint64_t struck = 0;
};

class FaultDesk {
 public:
  explicit FaultDesk(std::uint64_t seed) : random_(seed, 0xfa) {}

  // From the operator's JSON: {"fault": "delay", "path": "/fapi/v1/order", "method": "POST", "contains": "...",
  // "milliseconds": 1500, "share": 0.5, "count": 3, "seconds": 60}. Usage errors say what is wrong. Pure.
  static Result<Fault> parse(std::string_view json);
  // Returns its id. One that acts at once is not kept.
  std::uint64_t add(Fault fault, UnixNanos now);
  bool remove(std::uint64_t id);                     // 0 = all
  bool has_any() const { return !faults_.empty(); }  // over or not
  std::vector<Fault> standing(UnixNanos now) const;
  std::uint64_t last_id() const { return last_id_; }

  // The fault that strikes, or nullptr; valid until the next call.
  const Fault* strike_request(std::string_view method, std::string_view path, UnixNanos now);
  const Fault* strike_message(std::string_view path, std::string_view text, UnixNanos now);
  DurationNanos clock_skew(UnixNanos now) const;

 private:
  template <class Matches>
  const Fault* strike(FaultPlace place, UnixNanos now, Matches&& matches);

  sim::RandomStream random_;
  std::vector<Fault> faults_;  // by id
  std::uint64_t last_id_ = 0;
  Fault struck_;
};

// The answer of a fault that has one of its own. `wall`: the clients' clock, for the end of a ban.
Answer answer_of(const Fault& fault, UnixNanos wall);

}  // namespace reprise::gateway::exchange
