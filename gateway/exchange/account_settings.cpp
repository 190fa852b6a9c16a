// What an account sets: leverage and margin mode of a contract, its position mode, the margin of an isolated position.
#include <algorithm>

#include "engine/portfolio/margin.h"
#include "gateway/exchange/client_account.h"
#include "gateway/exchange/order_words.h"

namespace reprise::gateway::exchange {

namespace {

std::string done() {
  return "{\"code\":200,\"msg\":\"success\"}";
}

}  // namespace

bool ClientAccount::has_open_orders(InstrumentNo instrument) const {
  const auto is_open = [&](const auto& entry) {
    return entry.second.is_open() && (instrument == 0 || entry.second.instrument == instrument);
  };
  return std::any_of(orders_.begin(), orders_.end(), is_open) ||
         std::any_of(algo_orders_.begin(), algo_orders_.end(), is_open);
}

Asked<std::string> ClientAccount::set_leverage(const Params& params, UnixNanos now) {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto leverage = params.integer("leverage");
  if (!leverage) return leverage.error();
  const Instrument& i = (*instrument)->instrument;
  const std::uint32_t most = i.margin.tiers.empty() ? 125 : i.margin.tiers.front().max_leverage;
  if (*leverage < 1 || *leverage > most)
    return ApiError{-4028, "Leverage " + std::to_string(*leverage) + " is not valid"};
  venue_.set_leverage(i.number, static_cast<std::uint32_t>(*leverage));
  Money cap;
  for (const MarginTier& tier : i.margin.tiers) {
    if (tier.max_leverage >= *leverage) cap = tier.notional_cap;
  }
  JsonText event;
  event.open().field("e", "ACCOUNT_CONFIG_UPDATE").field("E", now.ns / kMillisecond).field("T", now.ns / kMillisecond);
  event.key("ac").open().field("s", i.symbol).field("l", *leverage).close().close();
  send("ACCOUNT_CONFIG_UPDATE", event.str());
  JsonText out;
  out.open().field("leverage", *leverage).decimal("maxNotionalValue", cap).field("symbol", i.symbol);
  return out.close().str();
}

Asked<std::string> ClientAccount::set_margin_mode(const Params& params, UnixNanos now) {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto mode = params.text("marginType");
  if (!mode) return mode.error();
  if (*mode != "ISOLATED" && *mode != "CROSSED") return malformed_parameter("marginType");
  const MarginMode wanted = *mode == "ISOLATED" ? MarginMode::ISOLATED : MarginMode::CROSS;
  const InstrumentNo number = (*instrument)->instrument.number;
  if (wanted == venue_.ledger().mode(number)) return ApiError{-4046, "No need to change margin type."};
  if (!venue_.ledger().is_flat(number))
    return ApiError{-4048, "Margin type cannot be changed if there exists position."};
  if (has_open_orders(number)) return ApiError{-4047, "Margin type cannot be changed if there exists open orders."};
  venue_.set_margin_mode(number, wanted);
  send_account("MARGIN_TYPE_CHANGE", number, sim::PositionSide::BOTH, true, "", now);
  return done();
}

Asked<std::string> ClientAccount::position_mode(const Params&) const {
  JsonText out;
  return out.open().field("dualSidePosition", is_hedged()).close().str();
}

// Of the whole account; the venue tells it to nobody but who asks.
Asked<std::string> ClientAccount::set_position_mode(const Params& params, UnixNanos now) {
  if (!params.has("dualSidePosition")) return missing_parameter("dualSidePosition");
  auto wanted = params.flag_or("dualSidePosition", false);
  if (!wanted) return wanted.error();
  if (*wanted == is_hedged()) return ApiError{-4059, "No need to change position side."};
  if (has_open_orders(0)) return ApiError{-4067, "Position side cannot be changed if there exists open orders."};
  for (const auto& [key, p] : venue_.ledger().positions()) {
    if (!p.qty.is_zero()) return ApiError{-4068, "Position side cannot be changed if there exists position."};
  }
  venue_.set_hedged(*wanted);
  updated_ = now;
  return done();
}

// Type 1 adds to an isolated position's margin what is available, type 2 takes out what its initial margin leaves.
Asked<std::string> ClientAccount::change_position_margin(const Params& params, UnixNanos now) {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto amount = params.decimal("amount");
  if (!amount) return amount.error();
  auto type = params.integer("type");
  if (!type) return type.error();
  if (*type != 1 && *type != 2) return malformed_parameter("type");
  auto of = position_side_of_mode(params);
  if (!of) return of.error();
  if (*amount <= 0) return ApiError{-4055, "Amount must be positive."};
  const Instrument& i = (*instrument)->instrument;
  const sim::Ledger& ledger = venue_.ledger();
  if (!ledger.is_isolated(i.number)) return ApiError{-4049, "Add margin only support for isolated position."};
  const sim::LedgerPosition& p = ledger.position(i.number, *of);
  if (p.qty.is_zero()) return ApiError{-4054, "Cannot add position margin: position is 0."};
  const Money moved{*amount};
  if (*type == 1) {
    if (moved > available()) return ApiError{-4050, "Cross balance insufficient."};
  } else {
    const Money initial = engine::initial_margin(p.notional(), ledger.leverage_for(i, p.notional()));
    const Money free = p.isolated_wallet + std::min(p.unrealized(), Money{}) - initial;
    if (moved > free) return ApiError{-4051, "Isolated balance insufficient."};
  }
  const Money change = *type == 1 ? moved : -moved;
  venue_.move_margin(i.number, *of, change);
  margin_moves_.push_back({i.number, *of, change, now});
  send_account("MARGIN_TRANSFER", i.number, *of, true, "", now);
  JsonText out;
  out.open().decimal_number("amount", *amount).field("code", 200);
  return out.field("msg", "Successfully modify position margin.").field("type", *type).close().str();
}

}  // namespace reprise::gateway::exchange
