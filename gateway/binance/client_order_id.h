// Client order ids: "rp" run tag "-" seq, both in base 36, and whose an id is.
//
// An order's id is the seq of its submit command; with the run's tag in front no two runs on one account share one, and
// the id can be computed again after a crash before anything was sent. One id for one (tag, seq) and back: other
// spellings are foreign. Pure functions.
//
//   rp0000000001z7k-4f2x    13 characters of tag with zeros in front, up to 13 of seq without: 17 to 29 in all
//
// The venue's rule: ^[\.A-Z\:/a-z0-9_-]{1,36}$, unique among open orders.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reprise::gateway::binance {

bool is_valid_client_id(std::string_view id);  // the venue's rule

std::string client_order_id(std::uint64_t run_tag, std::uint64_t seq);

enum class IdOwner {
  this_run,
  other_run,    // of this program: a run before (adopt or cancel by rule)
  liquidation,  // the venue closes a position: autoclose-, adl_autoclose
  settlement,   // delisting and delivery: settlement_autoclose-, delivery_autoclose-
  person,       // web_, ios_, android_, electron_: placed by hand
  broker,       // x-: somebody else's program
  foreign       // anything else
};
const char* name_of(IdOwner owner);

struct ClientId {
  IdOwner owner = IdOwner::foreign;
  std::uint64_t run_tag = 0;  // of this_run and other_run
  std::uint64_t seq = 0;
};
ClientId recognise(std::string_view id, std::uint64_t this_run_tag);

}  // namespace reprise::gateway::binance
