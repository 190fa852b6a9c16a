// What an answer of the venue means: one table from error code, and one from HTTP status, to the certainty about the
// order and to the reaction.
//
// The question that costs money is whether the order exists. Fate answers it and nothing else; Reaction says what the
// gateway does next. What no table knows is unknown and is asked for by client id, never sent again (fail safe).
// Source: /fapi documentation and captures as of autumn 2026. Pure functions, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "journal/record.capnp.h"

namespace reprise::gateway::binance {

// Codes that mean something of their own to the session.
inline constexpr std::int32_t kTimeout = -1007;
inline constexpr std::int32_t kNoSuchOrder = -2013;

// What was asked. Only the first four can leave an order's fate unknown.
enum class RequestKind { place, modify, cancel, cancel_all, query, account_setting, user_stream, public_data };
bool is_about_orders(RequestKind kind);

// Of what was asked for: the order of a place, the change of a modify, the end that a cancel wants.
enum class Fate {
  not_accepted,      // for certain: nothing changed at the venue
  accepted,          // it stands at the venue, or stood there already
  unknown,           // it may or may not have happened
  failed_resendable  // for certain not processed, by no fault of the request: the same one may be sent again
};

enum class Reaction {
  none,                 // done, or already as wanted
  give_up,              // this request is over; the strategy decides anew
  correct_and_retry,    // a figure of ours is out of date: take the venue's and make a new request
  refresh_account,      // read positions, open orders and balances again, then decide
  refresh_instruments,  // read exchangeInfo again, then decide
  retry_with_backoff,   // the same request again, later, a few times
  wait_for_limit,       // the rate limiter says when
  stop_all_requests,    // banned, or about to be: nothing until the stated end
  resync_clock,         // measure the clock offset, then once more
  query_order,          // ask by client id until the answer is certain
  renew_listen_key,     // make a new key, connect again, reconcile
  reduce_only,          // the venue takes only what makes positions smaller
  halt_trading,         // the account may not trade: stop, alert
  fatal                 // a defect or a wrong setting here: stop what sends this, alert
};
const char* name_of(Fate fate);
const char* name_of(Reaction reaction);

struct ErrorRow {
  std::int32_t code;
  const char* name;     // as the venue's list calls it
  const char* meaning;  // for people
  Fate fate;
  Reaction reaction;
  schema::AlertLevel alert;
};
// Descending codes (-1000, -1001, ...), each once.
std::span<const ErrorRow> error_rows();
const ErrorRow* find_error(std::int32_t code);

// What a body without a known code says.
enum class TextKind {
  none,                 // no body, or not looked at
  unknown_error,        // "Unknown error, please check your request or try again later."
  service_unavailable,  // "Service Unavailable."
  throttled,            // "Request throttled by system-level protection..."
  internal_error,       // "Internal error; unable to process your request. Please try again."
  not_json,             // an HTML page of a proxy or firewall
  other
};
TextKind text_kind(std::string_view message);

struct StatusRow {
  int http_status;
  TextKind text;  // none: whatever the text
  const char* meaning;
  Fate fate;
  Reaction reaction;
  schema::AlertLevel alert;
};
std::span<const StatusRow> status_rows();

struct VenueAnswer {
  int http_status = 0;               // of the WebSocket API: its `status`
  std::optional<std::int32_t> code;  // of the body
  TextKind text = TextKind::none;
};

struct Judgement {
  Fate fate = Fate::unknown;
  Reaction reaction = Reaction::query_order;
  schema::AlertLevel alert = schema::AlertLevel::CRITICAL;
  const char* meaning = "";
  bool is_known = false;  // stands in one of the tables
};

Judgement judge(RequestKind kind, const VenueAnswer& answer);
// No answer: the socket broke or the time was over. `was_sent`: at least one byte may have left.
Judgement judge_silence(RequestKind kind, bool was_sent);

}  // namespace reprise::gateway::binance
