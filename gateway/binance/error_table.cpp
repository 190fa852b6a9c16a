#include "gateway/binance/error_table.h"

#include <algorithm>
#include <array>

namespace reprise::gateway::binance {
namespace {

using enum Fate;
using enum Reaction;
using Level = schema::AlertLevel;

// The first row that fits. Statuses of 300 and more that are not here are unknown.
// clang-format off
constexpr std::array kHttpStatuses = {
    StatusRow{200, TextKind::none, "done", accepted, none, Level::INFO},
    StatusRow{401, TextKind::none, "the key, its address or its permission was refused", not_accepted,
              fatal, Level::CRITICAL},
    StatusRow{403, TextKind::none, "refused by the firewall in front of the venue", not_accepted,
              wait_for_limit, Level::CRITICAL},
    StatusRow{404, TextKind::none, "no such path", not_accepted, fatal, Level::CRITICAL},
    StatusRow{408, TextKind::none, "the venue waited in vain for its own backend", unknown, query_order, Level::WARNING},
    StatusRow{418, TextKind::none, "this address is banned", not_accepted, stop_all_requests, Level::CRITICAL},
    StatusRow{429, TextKind::none, "over a rate limit", not_accepted, wait_for_limit, Level::WARNING},
    StatusRow{503, TextKind::service_unavailable, "not processed: the service is unavailable", failed_resendable,
              retry_with_backoff, Level::WARNING},
    StatusRow{503, TextKind::throttled, "not processed: overload protection", failed_resendable,
              retry_with_backoff, Level::WARNING},
    StatusRow{503, TextKind::internal_error, "not processed: internal error", failed_resendable,
              retry_with_backoff, Level::WARNING},
    StatusRow{503, TextKind::none, "unknown whether it was processed", unknown, query_order, Level::WARNING},
};
// clang-format on

constexpr std::int32_t kUnexpectedResponse = -1006;

// Whether what the code says may be believed under this status: a 5xx with a code of business contradicts itself.
bool status_and_code_agree(int http_status, const ErrorRow& row) {
  return http_status < 500 || row.fate == unknown || row.fate == failed_resendable;
}

// A status that makes the code's word moot: whatever the code, nothing else may be done now.
bool status_comes_first(int http_status) {
  return http_status == 418;
}

Judgement unknown_fate(const char* meaning) {
  return {unknown, query_order, Level::CRITICAL, meaning, false};
}

// Where no order can be in doubt, doubt is no danger: what cannot be told is asked again later.
Judgement for_kind(RequestKind kind, Judgement judgement) {
  if (is_about_orders(kind) || judgement.fate != unknown) return judgement;
  if (kind == RequestKind::query && judgement.reaction == query_order) return judgement;
  if (kind == RequestKind::account_setting) {
    judgement.reaction = refresh_account;
    return judgement;
  }
  judgement.fate = failed_resendable;
  judgement.reaction = retry_with_backoff;
  return judgement;
}

}  // namespace

bool is_about_orders(RequestKind kind) {
  return kind == RequestKind::place || kind == RequestKind::modify || kind == RequestKind::cancel ||
         kind == RequestKind::cancel_all;
}

const char* name_of(Fate fate) {
  switch (fate) {
    case not_accepted: return "not_accepted";
    case accepted: return "accepted";
    case unknown: return "unknown";
    case failed_resendable: return "failed_resendable";
  }
  return "?";
}

const char* name_of(Reaction reaction) {
  switch (reaction) {
    case none: return "none";
    case give_up: return "give_up";
    case correct_and_retry: return "correct_and_retry";
    case refresh_account: return "refresh_account";
    case refresh_instruments: return "refresh_instruments";
    case retry_with_backoff: return "retry_with_backoff";
    case wait_for_limit: return "wait_for_limit";
    case stop_all_requests: return "stop_all_requests";
    case resync_clock: return "resync_clock";
    case query_order: return "query_order";
    case renew_listen_key: return "renew_listen_key";
    case reduce_only: return "reduce_only";
    case halt_trading: return "halt_trading";
    case fatal: return "fatal";
  }
  return "?";
}

const ErrorRow* find_error(std::int32_t code) {
  const auto rows = error_rows();
  const auto found = std::lower_bound(rows.begin(), rows.end(), code,
                                      [](const ErrorRow& row, std::int32_t wanted) { return row.code > wanted; });
  return found == rows.end() || found->code != code ? nullptr : &*found;
}

TextKind text_kind(std::string_view message) {
  const auto has = [message](std::string_view part) { return message.find(part) != std::string_view::npos; };
  const std::size_t first = message.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return TextKind::none;
  if (message[first] == '<') return TextKind::not_json;
  if (has("Unknown error")) return TextKind::unknown_error;
  if (has("Service Unavailable")) return TextKind::service_unavailable;
  if (has("Request throttled by system-level protection")) return TextKind::throttled;
  if (has("Internal error; unable to process your request")) return TextKind::internal_error;
  return TextKind::other;
}

std::span<const StatusRow> status_rows() {
  return kHttpStatuses;
}

Judgement judge(RequestKind kind, const VenueAnswer& answer) {
  const ErrorRow* const row = answer.code ? find_error(*answer.code) : nullptr;
  const auto by_status = [&]() -> const StatusRow* {
    for (const StatusRow& status : kHttpStatuses) {
      if (status.http_status == answer.http_status && (status.text == TextKind::none || status.text == answer.text)) {
        return &status;
      }
    }
    return nullptr;
  }();
  const auto of_status = [&] {
    return Judgement{by_status->fate, by_status->reaction, by_status->alert, by_status->meaning, true};
  };

  if (by_status != nullptr && status_comes_first(answer.http_status)) return of_status();
  // Some successes carry a code too: 200, as a number or as text.
  if (answer.http_status == 200 && (!answer.code || *answer.code >= 0)) return of_status();
  if (answer.code) {
    if (row == nullptr) return for_kind(kind, unknown_fate("an error code that no table here knows"));
    if (*answer.code == kUnexpectedResponse || *answer.code == kTimeout) {
      return for_kind(kind, {row->fate, row->reaction, row->alert, row->meaning, true});
    }
    if (!status_and_code_agree(answer.http_status, *row)) {
      return for_kind(kind, unknown_fate("a server error with a code of business: neither is believed"));
    }
    // "Unknown error" is of the kind that may have been executed, whatever code stands beside it.
    if (answer.http_status == 503 && answer.text == TextKind::unknown_error) return for_kind(kind, of_status());
    Judgement judgement{row->fate, row->reaction, row->alert, row->meaning, true};
    // The modification is certainly off; what became of the order is still to be asked.
    if (*answer.code == kNoSuchOrder && kind == RequestKind::modify) judgement.fate = not_accepted;
    return for_kind(kind, judgement);
  }
  if (by_status != nullptr) return for_kind(kind, of_status());
  return for_kind(kind, unknown_fate("an answer that no table here knows"));
}

Judgement judge_silence(RequestKind kind, bool was_sent) {
  if (!was_sent) return {failed_resendable, retry_with_backoff, Level::WARNING, "it was never sent", true};
  return for_kind(kind,
                  {unknown, query_order, Level::WARNING, "no answer: the connection broke or the time was over", true});
}

}  // namespace reprise::gateway::binance
