#include "engine/execution/transition_table.h"

#include <array>

#include "engine/execution/order.h"

namespace reprise::engine {

namespace {

constexpr Transition to(OrderStatus next) {
  return {TransitionKind::to, next};
}
constexpr Transition kStay{TransitionKind::stay, {}};
constexpr Transition kBelow{TransitionKind::beneath, {}};
constexpr Transition kBack{TransitionKind::back, {}};
constexpr Transition kWork{TransitionKind::working, {}};
constexpr Transition kAnsw{TransitionKind::answer, {}};
constexpr Transition kSett{TransitionKind::settle, {}};
constexpr Transition kLate{TransitionKind::late, {}};
constexpr Transition kImp{TransitionKind::impossible, {}};

constexpr Transition kAcc = to(OrderStatus::ACCEPTED);
constexpr Transition kRej = to(OrderStatus::REJECTED);
constexpr Transition kPart = to(OrderStatus::PARTIALLY_FILLED);
constexpr Transition kFull = to(OrderStatus::FILLED);
constexpr Transition kCanc = to(OrderStatus::CANCELED);
constexpr Transition kExp = to(OrderStatus::EXPIRED);
constexpr Transition kTrig = to(OrderStatus::TRIGGERED);
constexpr Transition kUnk = to(OrderStatus::UNKNOWN);

using Row = std::array<Transition, kReportEvents>;

// clang-format off
// Rows in the order of schema::OrderStatus, columns in the order of ReportEvent.
constexpr std::array<Row, kOrderStatuses> kTable = {{
  //                     accepted rejected part   full   canceled c.rej  modified m.rej  expired trigg. trail. unknown snapshot
  /* initialized      */ {{kImp,  kImp,    kImp,  kImp,  kImp,    kImp,  kImp,    kImp,  kImp,   kImp,  kImp,  kImp,   kImp}},
  /* denied           */ {{kImp,  kImp,    kImp,  kImp,  kImp,    kImp,  kImp,    kImp,  kImp,   kImp,  kImp,  kImp,   kImp}},
  /* submitted        */ {{kAcc,  kRej,    kPart, kFull, kCanc,   kImp,  kImp,    kImp,  kExp,   kTrig, kImp,  kUnk,   kSett}},
  /* rejected         */ {{kLate, kLate,   kImp,  kImp,  kLate,   kAnsw, kImp,    kImp,  kLate,  kImp,  kImp,  kLate,  kSett}},
  /* accepted         */ {{kLate, kImp,    kPart, kFull, kCanc,   kAnsw, kAnsw,   kAnsw, kExp,   kTrig, kStay, kUnk,   kSett}},
  /* partially_filled */ {{kLate, kImp,    kPart, kFull, kCanc,   kAnsw, kAnsw,   kAnsw, kExp,   kImp,  kImp,  kUnk,   kSett}},
  /* filled           */ {{kLate, kImp,    kImp,  kImp,  kLate,   kAnsw, kLate,   kAnsw, kLate,  kLate, kLate, kLate,  kSett}},
  /* pending_modify   */ {{kBelow,kBelow,  kBelow,kFull, kCanc,   kAnsw, kBack,   kBack, kExp,   kBelow,kBelow,kUnk,   kSett}},
  /* pending_cancel   */ {{kBelow,kBelow,  kBelow,kFull, kCanc,   kBack, kAnsw,   kAnsw, kExp,   kBelow,kBelow,kUnk,   kSett}},
  /* canceled         */ {{kLate, kImp,    kLate, kLate, kLate,   kAnsw, kLate,   kAnsw, kLate,  kLate, kLate, kLate,  kSett}},
  /* expired          */ {{kLate, kImp,    kLate, kLate, kLate,   kAnsw, kLate,   kAnsw, kLate,  kLate, kLate, kLate,  kSett}},
  /* triggered        */ {{kAcc,  kImp,    kPart, kFull, kCanc,   kAnsw, kAnsw,   kAnsw, kExp,   kLate, kLate, kUnk,   kSett}},
  /* unknown          */ {{kWork, kRej,    kPart, kFull, kCanc,   kAnsw, kWork,   kWork, kExp,   kTrig, kWork, kStay,  kSett}},
}};
// clang-format on

static_assert(static_cast<std::size_t>(OrderStatus::UNKNOWN) + 1 == kOrderStatuses);
static_assert(static_cast<std::size_t>(ReportEvent::status_snapshot) + 1 == kReportEvents);

}  // namespace

Transition transition(OrderStatus status, ReportEvent event) {
  const auto row = static_cast<std::size_t>(status);
  const auto column = static_cast<std::size_t>(event);
  REPRISE_ASSERT(row < kOrderStatuses, "order status outside the table");
  REPRISE_ASSERT(column < kReportEvents, "report outside the table");
  return kTable[row][column];
}

const char* name_of(ReportEvent event) {
  switch (event) {
    case ReportEvent::accepted: return "accepted";
    case ReportEvent::rejected: return "rejected";
    case ReportEvent::partial_fill: return "partial fill";
    case ReportEvent::complete_fill: return "complete fill";
    case ReportEvent::canceled: return "canceled";
    case ReportEvent::cancel_rejected: return "cancel rejected";
    case ReportEvent::modified: return "modified";
    case ReportEvent::modify_rejected: return "modify rejected";
    case ReportEvent::expired: return "expired";
    case ReportEvent::triggered: return "triggered";
    case ReportEvent::trailing_activated: return "trailing activated";
    case ReportEvent::fate_unknown: return "fate unknown";
    case ReportEvent::status_snapshot: return "status snapshot";
  }
  return "?";
}

std::string cell_text(Transition t) {
  switch (t.kind) {
    case TransitionKind::to: return std::string("-> ") + name_of(t.next);
    case TransitionKind::stay: return "stays";
    case TransitionKind::beneath: return "beneath";
    case TransitionKind::back: return "back";
    case TransitionKind::working: return "working";
    case TransitionKind::answer: return "answer";
    case TransitionKind::settle: return "settle";
    case TransitionKind::late: return "late";
    case TransitionKind::impossible: return "impossible";
  }
  return "?";
}

std::string states_table_markdown() {
  std::string text = "| status |";
  for (std::size_t e = 0; e < kReportEvents; ++e)
    text += std::string(" ") + name_of(static_cast<ReportEvent>(e)) + " |";
  text += "\n|";
  for (std::size_t e = 0; e <= kReportEvents; ++e) text += " --- |";
  text += "\n";
  for (std::size_t s = 0; s < kOrderStatuses; ++s) {
    text += std::string("| **") + name_of(static_cast<OrderStatus>(s)) + "** |";
    for (std::size_t e = 0; e < kReportEvents; ++e)
      text += " " + cell_text(transition(static_cast<OrderStatus>(s), static_cast<ReportEvent>(e))) + " |";
    text += "\n";
  }
  return text;
}

}  // namespace reprise::engine
