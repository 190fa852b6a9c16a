#include "gateway/exchange/client_account.h"

#include <algorithm>

#include "engine/market/fixed.h"
#include "gateway/binance/client_order_id.h"
#include "gateway/exchange/order_words.h"

namespace reprise::gateway::exchange {

namespace {

constexpr std::uint32_t kMaxModifications = 10'000;

ApiError refusal_of(sim::VenueError error) {
  return {static_cast<int>(error), sim::text_of(error)};
}

}  // namespace

ClientAccount::ClientAccount(std::uint32_t number, const config::Config& config, MarketBoard& board, StreamHub& hub,
                             std::uint64_t seed)
    : number_(number), seed_(seed), config_(config), board_(board), hub_(hub), venue_(config, {}) {}

void ClientAccount::open(UnixNanos now) {
  updated_ = now;
  venue_.open_account(now);
  take_reports(now);
}

void ClientAccount::on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now,
                              UnixNanos happened) {
  venue_.on_market(record, instrument, now, happened);
  if (!venue_.reports().empty()) take_reports(now);
}

UnixNanos ClientAccount::next_timer() const {
  UnixNanos next = venue_.next_timer();
  for (const auto& [instrument, due] : countdowns_) next = std::min(next, due);
  return next;
}

void ClientAccount::on_timer(UnixNanos now) {
  for (auto it = countdowns_.begin(); it != countdowns_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    sim::Command command;
    command.seq = static_cast<sim::Seq>(new_id());
    command.kind = sim::CommandKind::CANCEL_ALL;
    command.instrument = it->first;
    it = countdowns_.erase(it);
    venue_.on_command(command, now);
  }
  if (venue_.next_timer() <= now) venue_.on_timer(now);
  if (!venue_.reports().empty()) take_reports(now);
  if (!listen_key_.empty() && listen_key_until_ <= now) expire_listen_key(now);
}

Asked<const BoardInstrument*> ClientAccount::instrument_of(const Params& params) const {
  auto symbol = params.text("symbol");
  if (!symbol) return symbol.error();
  const BoardInstrument* i = board_.find(*symbol);
  if (i == nullptr || !i->instrument.is_linear()) return refusal_of(sim::VenueError::bad_symbol);
  return i;
}

Asked<Price> ClientAccount::matched_price(std::string_view match, Side side, const BoardInstrument& i) const {
  const bool is_opponent = match.starts_with("OPPONENT");
  if (!is_opponent && !match.starts_with("QUEUE")) return malformed_parameter("priceMatch");
  std::size_t depth = 1;
  const std::size_t at = match.find('_');
  if (at != std::string_view::npos) {
    const std::string_view level = match.substr(at + 1);
    depth = level == "5" ? 5 : level == "10" ? 10 : level == "20" ? 20 : 0;
    if (depth == 0) return malformed_parameter("priceMatch");
  }
  const BookSideKind book_side = (side == Side::BUY) == is_opponent ? BookSideKind::ask : BookSideKind::bid;
  std::optional<Price> price;
  for (const Level& level : i.feed.book().levels(book_side)) {
    price = level.price;
    if (--depth == 0) break;
  }
  if (!price) {
    const auto best = book_side == BookSideKind::ask ? i.best_ask() : i.best_bid();
    if (!best) return ApiError{-4529, "There is no price to match in the order book."};
    price = best->price;
  }
  return *price;
}

// The position that a request names; it must be one that the account's mode has.
Asked<sim::PositionSide> ClientAccount::position_side_of_mode(const Params& params) const {
  const auto named = position_side_of(params.get("positionSide").value_or("BOTH"));
  if (!named) return ApiError{-4060, "Invalid position side."};
  if ((*named != sim::PositionSide::BOTH) != is_hedged()) return refusal_of(sim::VenueError::position_side_mismatch);
  return *named;
}

// Which position an order is of, and whether it may only close it.
std::optional<ApiError> ClientAccount::read_sides(const Params& params, ClientOrder& o) const {
  auto of = position_side_of_mode(params);
  if (!of) return of.error();
  o.position_side = *of;
  auto close = params.flag_or("closePosition", false);
  if (!close) return close.error();
  o.close_position = *close;
  if (is_hedged()) {  // the two sides say it, and the venue takes no second word, not even "false"
    if (params.has("reduceOnly")) return refusal_of(sim::VenueError::reduce_only_not_required);
    o.reduce_only = sim::closes(o.position_side, o.side);
    if (o.close_position && !o.reduce_only) return refusal_of(sim::VenueError::reduce_only_rejected);
    return std::nullopt;
  }
  auto reduce = params.flag_or("reduceOnly", false);
  if (!reduce) return reduce.error();
  o.reduce_only = *reduce;
  return std::nullopt;
}

Asked<ClientOrder> ClientAccount::read_order(const Params& params, bool is_algo, UnixNanos now) const {
  ClientOrder o;
  o.is_algo = is_algo;
  o.time = o.update_time = now;
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  const BoardInstrument& i = **instrument;
  o.instrument = i.instrument.number;

  auto side = params.text("side");
  if (!side) return side.error();
  const auto known_side = side_of(*side);
  if (!known_side) return refusal_of(sim::VenueError::bad_side);
  o.side = *known_side;

  auto type = params.text("type");
  if (!type) return type.error();
  const auto known_type = order_type_of(*type);
  if (!known_type) return refusal_of(sim::VenueError::bad_order_type);
  o.type = o.original_type = *known_type;
  if (sim::is_conditional(o.type) != is_algo) {
    if (is_algo) return refusal_of(sim::VenueError::bad_order_type);
    return ApiError{-4120,
                    "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."};
  }
  if (auto refused = read_sides(params, o)) return *refused;

  const bool is_limit = sim::has_limit_price(o.type);
  const auto match = params.get("priceMatch");
  const bool is_matched = match && *match != "NONE";
  if (const auto tif = params.get("timeInForce")) {
    const auto known = time_in_force_of(*tif);
    if (!known) return refusal_of(sim::VenueError::bad_time_in_force);
    if (o.type == OrderType::MARKET) return unwanted_parameter("timeInForce");
    o.time_in_force = *known;
  } else if (o.type == OrderType::LIMIT && !is_matched) {
    return missing_parameter("timeInForce");
  }
  if (o.close_position) {
    if (params.has("quantity")) return refusal_of(sim::VenueError::close_position_with_qty);
    if (params.has("reduceOnly")) return unwanted_parameter("reduceonly");
  } else {
    auto qty = params.decimal("quantity");
    if (!qty) return qty.error();
    o.qty = {*qty};
  }
  if (is_limit) {
    if (is_matched) {
      if (params.has("price")) return unwanted_parameter("price");
      auto price = matched_price(*match, o.side, i);
      if (!price) return price.error();
      o.price = *price;
      o.price_match = *match;
    } else {
      auto price = params.decimal("price");
      if (!price) return price.error();
      o.price = {*price};
    }
  } else if (params.has("price") && o.type == OrderType::MARKET) {
    return unwanted_parameter("price");
  }
  if (o.time_in_force == TimeInForce::GTD) {
    auto till = params.integer("goodTillDate");
    if (!till) return till.error();
    if (*till <= 0 || *till >= 253'402'300'799'000 / 1000 * 1000)
      return refusal_of(sim::VenueError::good_till_out_of_range);
    if (*till > INT64_MAX / kMillisecond) return refusal_of(sim::VenueError::good_till_out_of_range);
    o.good_till = {*till * kMillisecond};
  }
  if (const auto stp = params.get("selfTradePreventionMode")) {
    const auto known = stp_mode_of(*stp);
    if (!known) return malformed_parameter("selfTradePreventionMode");
    o.stp_mode = *known;
  }
  if (is_algo) {
    if (o.type == OrderType::TRAILING_STOP_MARKET) {
      auto rate = params.decimal("callbackRate");
      if (!rate) return rate.error();
      o.callback_rate = {*rate / 100};  // in percent there
      auto activation = params.decimal_or(params.has("activatePrice") ? "activatePrice" : "activationPrice", 0);
      if (!activation) return activation.error();
      o.activation_price = {*activation};
    } else {
      auto trigger =
          params.decimal(params.has("stopPrice") && !params.has("triggerPrice") ? "stopPrice" : "triggerPrice");
      if (!trigger) return trigger.error();
      o.trigger_price = {*trigger};
    }
    if (const auto working = params.get("workingType")) {
      const auto known = working_type_of(*working);
      if (!known) return malformed_parameter("workingType");
      o.working_type = *known;
    }
    auto protect = params.flag_or("priceProtect", false);
    if (!protect) return protect.error();
    o.price_protect = *protect;
  }
  const auto id = params.has(is_algo ? "clientAlgoId" : "newClientOrderId")
                      ? params.get(is_algo ? "clientAlgoId" : "newClientOrderId")
                      : (is_algo ? params.get("newClientOrderId") : std::nullopt);
  if (id) {
    if (!binance::is_valid_client_id(*id))
      return ApiError{-4015, "Client order id is not valid: 1 to 36 of A-Z a-z 0-9 . : / _ -"};
    o.client_id = *id;
    const auto& names = is_algo ? algo_by_client_id_ : by_client_id_;
    const auto& orders = is_algo ? algo_orders_ : orders_;
    if (const auto found = names.find(o.client_id); found != names.end() && orders.at(found->second).is_open())
      return ApiError{-4116, "ClientOrderId is duplicated."};
  }
  return o;
}

std::optional<ApiError> ClientAccount::submit(ClientOrder& o, UnixNanos now) {
  o.id = new_id();
  o.seq = static_cast<sim::Seq>(o.id);
  if (o.client_id.empty()) o.client_id = (o.is_algo ? "algo" : "order") + std::to_string(o.id);
  (o.is_algo ? algo_orders_ : orders_)[o.id] = o;
  (o.is_algo ? algo_by_seq_ : by_seq_)[o.seq] = o.id;
  sim::Command c;
  c.seq = c.order_id = o.seq;
  c.kind = sim::CommandKind::SUBMIT;
  c.instrument = o.instrument;
  c.side = o.side;
  c.type = o.type;
  c.time_in_force = sim::has_limit_price(o.type) ? o.time_in_force : TimeInForce::NONE;
  c.position_side = o.position_side;
  c.reduce_only = o.reduce_only && !is_hedged();
  c.close_position = o.close_position;
  c.trigger_source = o.working_type;
  c.stp_mode = o.stp_mode;
  c.qty = o.qty;
  c.price = o.price;
  c.trigger_price = o.trigger_price;
  c.activation_price = o.activation_price;
  c.callback_rate = o.callback_rate;
  c.good_till = o.good_till;
  refusal_.reset();
  // The name counts from now on: events of the order may come before the answer.
  (o.is_algo ? algo_by_client_id_ : by_client_id_)[o.client_id] = o.id;
  venue_.on_command(c, now);
  take_reports(now);
  if (!refusal_) return std::nullopt;
  (o.is_algo ? algo_by_seq_ : by_seq_).erase(o.seq);
  (o.is_algo ? algo_by_client_id_ : by_client_id_).erase(o.client_id);
  (o.is_algo ? algo_orders_ : orders_).erase(o.id);
  return refusal_of(*refusal_);
}

Asked<std::string> ClientAccount::place(const Params& params, UnixNanos now) {
  auto order = read_order(params, false, now);
  if (!order) return order.error();
  if (auto refused = submit(*order, now)) return *refused;
  const bool wants_result = params.get("newOrderRespType").value_or("ACK") == "RESULT";
  JsonText out;
  // ACK shows the order as it was accepted, whatever it has traded since.
  write_order(out, wants_result ? orders_.at(order->id) : *order, *board_.find(order->instrument), OrderForm::placed);
  return out.str();
}

Asked<std::string> ClientAccount::test(const Params& params, UnixNanos now) {
  if (const auto type = params.get("type");
      type && order_type_of(*type) && sim::is_conditional(*order_type_of(*type))) {
    auto order = read_order(params, true, now);
    if (!order) return order.error();
  } else {
    auto order = read_order(params, false, now);
    if (!order) return order.error();
  }
  return std::string("{}");
}

Asked<std::string> ClientAccount::place_algo(const Params& params, UnixNanos now) {
  auto kind = params.text("algoType");
  if (!kind) return kind.error();
  if (*kind != "CONDITIONAL") return malformed_parameter("algoType");
  auto order = read_order(params, true, now);
  if (!order) return order.error();
  if (auto refused = submit(*order, now)) return *refused;
  JsonText out;
  write_algo_order(out, algo_orders_.at(order->id), *board_.find(order->instrument), false);
  return out.str();
}

Asked<std::int64_t> ClientAccount::find_order(const Params& params, bool is_algo) const {
  const auto& orders = is_algo ? algo_orders_ : orders_;
  const auto& names = is_algo ? algo_by_client_id_ : by_client_id_;
  const char* id_name = is_algo ? "algoId" : "orderId";
  const char* client_name = is_algo ? "clientAlgoId" : "origClientOrderId";
  if (params.has(id_name)) {
    auto id = params.integer(id_name);
    if (!id) return id.error();
    return orders.contains(*id) ? *id : std::int64_t{0};
  }
  const auto client_id = params.get(client_name);
  if (!client_id) {
    return ApiError{
        -1102, "Param '" + std::string(client_name) + "' or '" + id_name + "' must be sent, but both were empty/null!"};
  }
  const auto found = names.find(*client_id);
  return found == names.end() ? std::int64_t{0} : found->second;
}

Asked<std::string> ClientAccount::modify(const Params& params, UnixNanos now) {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto side = params.text("side");
  if (!side) return side.error();
  auto id = find_order(params, false);
  if (!id) return id.error();
  auto qty = params.decimal("quantity");
  if (!qty) return qty.error();
  if (*id == 0 || !orders_.at(*id).is_open()) return refusal_of(sim::VenueError::order_does_not_exist);
  ClientOrder& order = orders_.at(*id);
  if (side_of(*side) != order.side) return refusal_of(sim::VenueError::bad_side);
  if (order.modifications >= kMaxModifications) return ApiError{-5026, "Exceed maximum modify order limit."};
  Price price;
  if (const auto match = params.get("priceMatch"); match && *match != "NONE") {
    auto matched = matched_price(*match, order.side, **instrument);
    if (!matched) return matched.error();
    price = *matched;
  } else {
    auto given = params.decimal("price");
    if (!given) return given.error();
    price = {*given};
  }
  auto modify_id = params.integer_or("modifyId", 0);
  if (!modify_id) return modify_id.error();
  if (const auto of = params.get("positionSide"); of && *of != word(order.position_side))
    return refusal_of(sim::VenueError::position_side_mismatch);
  if (is_hedged() && params.has("reduceOnly")) return refusal_of(sim::VenueError::reduce_only_not_required);
  auto reduce = params.flag_or("reduceOnly", order.reduce_only);
  if (!reduce) return reduce.error();
  if (*reduce && !order.reduce_only) return ApiError{-5047, "The original order is not reduce only."};
  order.modify_id = *modify_id;
  sim::Command c;
  c.seq = static_cast<sim::Seq>(new_id());
  c.kind = sim::CommandKind::MODIFY;
  c.order_id = order.seq;
  c.instrument = order.instrument;
  c.qty = {*qty};
  c.price = price;
  refusal_.reset();
  venue_.on_command(c, now);
  take_reports(now);
  if (refusal_) return refusal_of(*refusal_);
  JsonText out;
  write_order(out, order, **instrument, OrderForm::changed);
  return out.str();
}

// Cancels one open order; the refusal, if the venue has one.
std::optional<ApiError> ClientAccount::cancel_order(const ClientOrder& order, UnixNanos now) {
  sim::Command c;
  c.seq = static_cast<sim::Seq>(new_id());
  c.kind = sim::CommandKind::CANCEL;
  c.order_id = order.seq;
  c.instrument = order.instrument;
  refusal_.reset();
  venue_.on_command(c, now);
  take_reports(now);
  if (refusal_) return refusal_of(*refusal_);
  return std::nullopt;
}

Asked<std::string> ClientAccount::cancel(const Params& params, UnixNanos now) {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto id = find_order(params, false);
  if (!id) return id.error();
  if (*id == 0 || !orders_.at(*id).is_open()) return refusal_of(sim::VenueError::cancel_rejected);
  ClientOrder& order = orders_.at(*id);
  if (auto refused = cancel_order(order, now)) return *refused;
  JsonText out;
  write_order(out, order, **instrument, OrderForm::canceled);
  return out.str();
}

Asked<std::string> ClientAccount::cancel_algo(const Params& params, UnixNanos now) {
  auto id = find_order(params, true);
  if (!id) return id.error();
  if (*id == 0 || !algo_orders_.at(*id).is_open()) return refusal_of(sim::VenueError::cancel_rejected);
  ClientOrder& order = algo_orders_.at(*id);
  if (auto refused = cancel_order(order, now)) return *refused;
  JsonText out;
  out.open().field("algoId", order.id).field("clientAlgoId", order.client_id).field("code", "200");
  return out.field("msg", "success").close().str();
}

// Every open order of a contract, of one kind.
Asked<std::string> ClientAccount::cancel_every(std::map<std::int64_t, ClientOrder>& orders, const Params& params,
                                               UnixNanos now) {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  for (auto& [id, order] : orders) {
    if (order.is_open() && order.instrument == (*instrument)->instrument.number) (void)cancel_order(order, now);
  }
  return std::string("{\"code\":200,\"msg\":\"The operation of cancel all open order is done.\"}");
}

Asked<std::string> ClientAccount::cancel_all(const Params& params, UnixNanos now) {
  return cancel_every(orders_, params, now);
}

Asked<std::string> ClientAccount::cancel_all_algo(const Params& params, UnixNanos now) {
  return cancel_every(algo_orders_, params, now);
}

Asked<std::string> ClientAccount::countdown(const Params& params, UnixNanos now) {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto period = params.integer("countdownTime");
  if (!period) return period.error();
  if (*period < 0 || *period > 86'400'000'000) return malformed_parameter("countdownTime");
  const InstrumentNo number = (*instrument)->instrument.number;
  if (*period == 0) {
    countdowns_.erase(number);
  } else {
    countdowns_[number] = {now.ns + *period * kMillisecond};
  }
  JsonText out;
  out.open().field("symbol", (*instrument)->instrument.symbol).field("countdownTime", std::to_string(*period));
  return out.close().str();
}

}  // namespace reprise::gateway::exchange
