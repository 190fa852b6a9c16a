// The state machine of an order as one table: current status x what the venue reports -> what follows.
//
// The page STATES.md beside this file is the table as text; a test holds the two together. Nothing else
// decides a status: OrderManager looks up the cell and carries it out.
#pragma once

#include <cstdint>
#include <string>

#include "engine/market/instrument.h"

namespace reprise::engine {

// Columns. `filled` reports are split by what they leave open.
enum class ReportEvent : std::uint8_t {
  accepted,
  rejected,
  partial_fill,
  complete_fill,
  canceled,
  cancel_rejected,
  modified,
  modify_rejected,
  expired,
  triggered,
  trailing_activated,
  fate_unknown,
  status_snapshot,
};
inline constexpr std::size_t kReportEvents = 13;
inline constexpr std::size_t kOrderStatuses = 13;

enum class TransitionKind : std::uint8_t {
  to,          // takes the status `next`
  stay,        // right at this point, changes no status
  beneath,     // a cancel or modify is pending: the cell of the status beneath it decides, the pending one stays
  back,        // the pending command is answered: the status beneath stands again (or the other pending one)
  working,     // the fate is known again: the status beneath stands (accepted at least)
  answer,      // right only as the answer to a cancel or modify that lost its race; else impossible
  settle,      // an answer to a query: compares quantities, settles an unknown fate
  late,        // came after it could matter (repeated, overtaken): anomaly staleReport; an execution is still booked
  impossible,  // anomaly impossibleTransition; an execution is still booked, the venue's trades are facts
};

struct Transition {
  TransitionKind kind = TransitionKind::impossible;
  OrderStatus next = OrderStatus::INITIALIZED;  // for `to`
};

Transition transition(OrderStatus status, ReportEvent event);

const char* name_of(ReportEvent event);
std::string cell_text(Transition t);
std::string states_table_markdown();  // the table of STATES.md

}  // namespace reprise::engine
