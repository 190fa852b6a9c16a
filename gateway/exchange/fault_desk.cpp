#include "gateway/exchange/fault_desk.h"

#include <algorithm>
#include <iterator>

#include "engine/market/fixed.h"
#include "gateway/binance/json_text.h"
#include "gateway/exchange/json_text.h"

namespace reprise::gateway::exchange {

namespace {

// Codes and texts: the venue's own table of what a 503 may mean.
constexpr const char* kUnknownFate = "Unknown error, please check your request or try again later.";
constexpr const char* kBackend =
    "Timeout waiting for response from backend server. Send status unknown; execution "
    "status unknown.";
constexpr RequestFault kRequestFaults[] = {
    {"delay", true, RequestFault::End::answer, 0, 0, ""},
    {"lost_request", false, RequestFault::End::hang, 0, 0, ""},
    {"lost_answer", true, RequestFault::End::hang, 0, 0, ""},
    {"reset", false, RequestFault::End::reset, 0, 0, ""},
    {"reset_after", true, RequestFault::End::reset, 0, 0, ""},
    {"cut_answer", true, RequestFault::End::cut, 0, 0, ""},
    {"unknown_error", false, RequestFault::End::answer, 503, 0, kUnknownFate},
    {"unknown_error_done", true, RequestFault::End::answer, 503, 0, kUnknownFate},
    {"unavailable", false, RequestFault::End::answer, 503, 0, "Service Unavailable."},
    {"throttled", false, RequestFault::End::answer, 503, -1008,
     "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again."},
    {"internal_error", false, RequestFault::End::answer, 503, -1001,
     "Internal error; unable to process your request. Please try again."},
    {"timeout", false, RequestFault::End::answer, 408, -1007, kBackend},
    {"timeout_done", true, RequestFault::End::answer, 408, -1007, kBackend},
    {"too_many_requests", false, RequestFault::End::answer, 429, -1003, "Too many requests."},
    {"banned", false, RequestFault::End::answer, 418, -1003, ""},
};
constexpr const char* kMessageFaults[] = {"message_lost", "message_doubled", "message_delayed"};
constexpr const char* kAtOnce[] = {"disconnect", "half_open", "listen_key_expired"};
constexpr const char* kClock = "clock_skew";
constexpr std::int64_t kLongestMillis = 86'400'000;  // no fault lasts longer

bool place_of(Fault& fault) {
  for (const RequestFault& row : kRequestFaults) {
    if (fault.name != row.name) continue;
    fault.place = FaultPlace::request;
    fault.request = &row;
    return true;
  }
  const auto is_named = [&](const char* name) { return fault.name == name; };
  if (std::any_of(std::begin(kMessageFaults), std::end(kMessageFaults), is_named)) {
    fault.place = FaultPlace::message;
  } else if (std::any_of(std::begin(kAtOnce), std::end(kAtOnce), is_named)) {
    fault.place = FaultPlace::at_once;
  } else if (fault.name == kClock) {
    fault.place = FaultPlace::clock;
  } else {
    return false;
  }
  return true;
}

bool is_over(const Fault& fault, UnixNanos now) {
  return (fault.until.ns != 0 && now >= fault.until) || (fault.count != 0 && fault.struck >= fault.count);
}

}  // namespace

Result<Fault> FaultDesk::parse(std::string_view text) {
  const char* hint = "see gateway/exchange/EXCHANGE.md, \"Faults\"";
  json::Document body;
  body.Parse<json::kParseFlags>(text.data(), text.size());
  if (body.HasParseError() || !body.IsObject()) return usage_error("a fault is a JSON object", hint);
  Fault fault;
  const json::Value& given = body;
  for (const auto& member : given.GetObject()) {
    const std::string_view name = json::text_of(member.name);
    const std::string_view value = json::text_of(member.value);
    std::int64_t number = 0;
    const auto within = [&](std::int64_t least, std::int64_t most) {
      return json::integer_of(value, number) && number >= least && number <= most;
    };
    bool is_good = member.value.IsString();
    if (name == "fault") {
      fault.name = value;
    } else if (name == "method") {
      fault.method = value;
    } else if (name == "path") {
      fault.path = value;
    } else if (name == "contains") {
      fault.contains = value;
    } else if (name == "milliseconds") {
      is_good = within(-kLongestMillis, kLongestMillis);
      fault.time = {number * kMillisecond};
    } else if (name == "seconds") {
      is_good = within(1, kLongestMillis / 1000);
      fault.until = {number * 1000 * kMillisecond};  // from now on: add() makes it a time
    } else if (name == "count") {
      is_good = within(1, 1'000'000'000);
      fault.count = static_cast<std::uint64_t>(number);
    } else if (name == "share") {
      std::int64_t e8 = 0;
      is_good = parse_decimal(value, e8) && e8 > 0 && e8 <= kScale;
      fault.permille = static_cast<std::uint32_t>(std::max<std::int64_t>(1, e8 / (kScale / 1000)));
    } else {
      return usage_error("a fault has no field \"" + std::string(name) + "\"", hint);
    }
    if (!is_good) return usage_error("\"" + std::string(name) + "\" is out of range", hint);
  }
  if (!place_of(fault)) return usage_error("no fault is called \"" + fault.name + "\"", hint);
  if (fault.place != FaultPlace::clock && fault.time.ns < 0)
    return usage_error("\"milliseconds\" is negative", "only clock_skew goes both ways");
  return fault;
}

std::uint64_t FaultDesk::add(Fault fault, UnixNanos now) {
  fault.id = ++last_id_;
  if (fault.until.ns != 0) fault.until = {now.ns + fault.until.ns};
  std::erase_if(faults_, [&](const Fault& old) { return is_over(old, now); });
  if (fault.place != FaultPlace::at_once) faults_.push_back(std::move(fault));
  return last_id_;
}

std::vector<Fault> FaultDesk::standing(UnixNanos now) const {
  std::vector<Fault> out;
  for (const Fault& fault : faults_)
    if (!is_over(fault, now)) out.push_back(fault);
  return out;
}

bool FaultDesk::remove(std::uint64_t id) {
  return std::erase_if(faults_, [&](const Fault& fault) { return id == 0 || fault.id == id; }) != 0;
}

template <class Matches>
const Fault* FaultDesk::strike(FaultPlace place, UnixNanos now, Matches&& matches) {
  for (Fault& fault : faults_) {
    if (fault.place != place || is_over(fault, now) || !matches(fault)) continue;
    if (fault.permille < 1000 && !random_.chance(fault.permille)) continue;
    ++fault.struck;
    struck_ = fault;
    return &struck_;
  }
  return nullptr;
}

const Fault* FaultDesk::strike_request(std::string_view method, std::string_view path, UnixNanos now) {
  return strike(FaultPlace::request, now, [&](const Fault& fault) {
    return path.starts_with(fault.path) && (fault.method.empty() || fault.method == method);
  });
}

const Fault* FaultDesk::strike_message(std::string_view path, std::string_view text, UnixNanos now) {
  if (faults_.empty()) return nullptr;
  return strike(FaultPlace::message, now, [&](const Fault& fault) {
    return path.starts_with(fault.path) && text.find(fault.contains) != std::string_view::npos;
  });
}

DurationNanos FaultDesk::clock_skew(UnixNanos now) const {
  DurationNanos skew;
  for (const Fault& fault : faults_)
    if (fault.place == FaultPlace::clock && !is_over(fault, now)) skew.ns += fault.time.ns;
  return skew;
}

Answer answer_of(const Fault& fault, UnixNanos wall) {
  const RequestFault& row = *fault.request;
  Answer answer = answer_of({row.code, row.text, row.status});
  if (row.status == 429) answer.headers.emplace_back("Retry-After", "1");
  if (row.status == 418) {
    const std::int64_t time = fault.time.ns == 0 ? 120'000 * kMillisecond : fault.time.ns;
    answer = answer_of({row.code,
                        "Way too many requests; IP banned until " + std::to_string(ms(wall) + time / kMillisecond) +
                            ". Please use the websocket for live updates to avoid bans.",
                        row.status});
    answer.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, time / (1000 * kMillisecond))));
  }
  return answer;
}

}  // namespace reprise::gateway::exchange
