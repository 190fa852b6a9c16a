// Executions: our takers against the shown market, our makers against trades and quotes, and the fees.
#include <algorithm>

#include "journal/mutant.h"
#include "sim/exchange/exchange.h"

namespace reprise::sim {

namespace {

BookSideKind book_side(Side side) {
  return side == Side::BUY ? BookSideKind::bid : BookSideKind::ask;
}
BookSideKind other_side(Side side) {
  return side == Side::BUY ? BookSideKind::ask : BookSideKind::bid;
}
// Whether a taker of this side would pay `price` with this limit.
bool is_within(Side side, Price price, Price limit) {
  return limit.is_zero() || (side == Side::BUY ? price <= limit : price >= limit);
}

}  // namespace

Qty SimExchange::fillable(const Slot& slot, const VenueOrder& order) const {
  if (!order.may_only_reduce() || REPRISE_MUTANT(venue_ignores_reduce_only)) return order.leaves_qty();
  const Qty position = ledger_.position(number_of(slot), order.position_side).qty;
  if (position.sign() == 0 || position.sign() == sign_of(order.side)) return {};
  return order.close_position ? position.abs() : std::min(order.leaves_qty(), position.abs());
}

bool SimExchange::crosses(const Slot& slot, const VenueOrder& order) const {
  const std::optional<Price> counterparty = slot.market.best(other_side(order.side));
  return counterparty && is_within(order.side, *counterparty, order.price);
}

Qty SimExchange::takeable(Slot& slot, Side side, Price limit, Qty wanted) {
  Qty sum;
  slot.market.walk(other_side(side), now_, [&](Price price, Qty available) {
    if (!is_within(side, price, limit)) return false;
    sum += std::min(available, wanted - sum);
    return sum < wanted;
  });
  return sum;
}

Price SimExchange::market_bound(const Slot& slot, Side side) const {
  const Instrument& i = slot.market.instrument;
  const std::optional<Price> mark = slot.market.mark();
  if (!mark || !i.market_take_bound.is_positive()) return {};
  const Price away = mul(*mark, i.market_take_bound);
  return side == Side::BUY ? Price{mark->e8 + away.e8} : Price{std::max<std::int64_t>(mark->e8 - away.e8, 1)};
}

// Our own resting orders on the other side, at `limit` or better for the taker, best first.
void SimExchange::meet_own_orders(Slot& slot, VenueOrder& taker, Price limit) {
  if (taker.time_in_force == TimeInForce::FOK) return;
  while (!taker.is_closed) {
    VenueOrder* best = nullptr;
    for (VenueOrder& own : slot.orders) {
      if (&own == &taker || !own.is_resting() || own.side == taker.side || !own.price.is_positive()) continue;
      if (!is_within(taker.side, own.price, limit)) continue;
      if (best == nullptr || (taker.side == Side::BUY ? own.price < best->price : own.price > best->price)) best = &own;
    }
    if (best == nullptr) return;
    switch (taker.stp_mode) {
      case StpMode::EXPIRE_MAKER: expire(slot, *best, ExpiryReason::SELF_TRADE); break;
      case StpMode::EXPIRE_TAKER: expire(slot, taker, ExpiryReason::SELF_TRADE); break;
      case StpMode::EXPIRE_BOTH:
        expire(slot, *best, ExpiryReason::SELF_TRADE);
        expire(slot, taker, ExpiryReason::SELF_TRADE);
        break;
      case StpMode::NONE: {  // they trade with each other, at the resting price
        const Price price = best->price;
        const Qty maker_qty = fillable(slot, *best);
        if (maker_qty.is_zero()) {
          expire(slot, *best, ExpiryReason::REDUCE_ONLY_CONFLICT);
          break;
        }
        const Qty qty = std::min(maker_qty, fillable(slot, taker));
        if (qty.is_zero()) return;
        fill(slot, *best, price, qty, LiquiditySide::MAKER);
        // Booking the maker may have moved the position that the taker was to reduce.
        const Qty taker_qty = std::min(qty, fillable(slot, taker));
        if (taker_qty.is_positive() && !taker.is_closed) fill(slot, taker, price, taker_qty, LiquiditySide::TAKER);
        break;
      }
    }
  }
}

void SimExchange::take(Slot& slot, VenueOrder& order, Price limit) {
  if (order.close_position && order.qty.is_zero()) order.qty = fillable(slot, order);
  const bool has_others = slot.orders.size() > 1;
  slot.market.walk(other_side(order.side), now_, [&](Price price, Qty available) {
    if (!is_within(order.side, price, limit)) return false;
    if (has_others) meet_own_orders(slot, order, price);
    if (order.is_closed) return false;
    const Qty qty = std::min(available, fillable(slot, order));
    if (qty.is_positive()) {
      slot.market.take(other_side(order.side), price, qty, now_);
      fill(slot, order, price, qty, LiquiditySide::TAKER);
    }
    return !order.is_closed && fillable(slot, order).is_positive();
  });
  // What is left of a limit order still meets our own orders behind the last level.
  if (has_others && !order.is_closed && has_limit_price(order.type) && fillable(slot, order).is_positive()) {
    meet_own_orders(slot, order, limit);
  }
}

void SimExchange::rest(Slot& slot, VenueOrder& order) {
  order.queue = {};
  const std::optional<Qty> shown = slot.market.shown_qty(book_side(order.side), order.price);
  if (shown) queue_on_level(order.queue, *shown, queue_model_);
}

SimExchange::Commission SimExchange::commission(Slot& slot, Money notional, LiquiditySide liquidity) {
  const Instrument& i = slot.market.instrument;
  const bool own_rates = config_.fees.prefer_instrument_rates && i.has_fee_rates;
  const Rate rate = liquidity == LiquiditySide::MAKER
                        ? (own_rates ? i.maker_fee_rate : Rate{config_.fees.maker_rate_e8})
                        : (own_rates ? i.taker_fee_rate : Rate{config_.fees.taker_rate_e8});
  const Money full = REPRISE_MUTANT(fee_sign) ? -(notional * rate) : notional * rate;
  if (config_.account.fee_asset.empty() || !full.is_positive()) return {full, kSettlementAsset};
  // The discount asset pays while it lasts, at its price now.
  Price price{config_.account.fee_asset_price_e8};
  if (const Market* quoted = market(fee_asset_instrument_); quoted != nullptr) {
    if (const std::optional<Price> now = quoted->last_or_mid(); now) price = *now;
  }
  if (!price.is_positive()) return {full, kSettlementAsset};
  const Money discounted = full - full * Rate{config_.account.fee_discount_e8};
  const Money amount{mul_div(discounted.e8, kScale, price.e8)};
  if (amount > ledger_.wallet_balance(kFeeAsset)) return {full, kSettlementAsset};
  return {amount, kFeeAsset};
}

void SimExchange::fill(Slot& slot, VenueOrder& order, Price price, Qty qty, LiquiditySide liquidity) {
  REPRISE_ASSERT(qty.is_positive(), "an execution has a quantity");
  REPRISE_ASSERT(qty <= order.leaves_qty(), "an order never trades more than its quantity");
  touch(slot);
  order.cum_qty += qty;
  const PositionSide of = order.position_side;
  const Qty before = ledger_.position(number_of(slot), of).qty;
  const Money realized = ledger_.apply_fill(slot.market.instrument, order.side, price, qty, false, of);
  const Commission paid = commission(slot, price * qty, liquidity);
  ledger_.pay_commission(paid.asset, paid.amount);
  commission_[paid.asset] += paid.amount;
  if (const std::optional<Price> mark = slot.market.mark(); mark) ledger_.set_mark(number_of(slot), *mark);
  if (order.leaves_qty().is_zero()) order.is_closed = true;

  OrderReport& o = report_order(slot, order, ReportKind::FILLED);
  o.liquidity = liquidity;
  o.last_qty = qty;
  o.last_price = price;
  o.trade_id = next_trade_id_++;
  o.commission = paid.amount;
  o.commission_asset = paid.asset;
  const Money change = realized - (paid.asset == kSettlementAsset ? paid.amount : Money{});
  report_account(slot, change, schema::BalanceChangeReason::ORDER);
  if (paid.asset != kSettlementAsset) {
    BalanceUpdate& update = report(journal::RecordType::BALANCE_UPDATE, number_of(slot)).balance;
    update = {paid.asset, ledger_.wallet_balance(paid.asset), -paid.amount, schema::BalanceChangeReason::ORDER};
  }
  report_position(slot, of);
  const Qty after = ledger_.position(number_of(slot), of).qty;
  if (after.sign() != before.sign() && before.sign() != 0) expire_reduce_only(slot);
}

// The position is gone or turned: orders that could only reduce it have nothing left to do.
void SimExchange::expire_reduce_only(Slot& slot) {
  for (VenueOrder& order : slot.orders) {
    if (!order.is_resting() || !order.may_only_reduce()) continue;
    if (fillable(slot, order).is_zero()) expire(slot, order, ExpiryReason::REDUCE_ONLY_CONFLICT);
  }
}

void SimExchange::on_trade(Slot& slot, schema::Trade::Reader trade, UnixNanos happened) {
  if (trade.getKind() != schema::TradeKind::MARKET) return;
  const Price price{trade.getPrice()};
  const Qty qty{trade.getQty()};
  if (!slot.market.on_print(price, qty, trade.getIsAggregate(), now_)) return;
  const Side aggressor = trade.getAggressorSide();
  const bool reaches_bids = slot.best_own_bid.is_positive() && price <= slot.best_own_bid;
  const bool reaches_asks = slot.best_own_ask.is_positive() && price >= slot.best_own_ask;
  if (slot.resting != 0 && (reaches_bids || reaches_asks)) {
    Qty at_price_taken;  // of this trade, by our earlier orders at its price
    for (std::size_t n = 0; n < slot.orders.size(); ++n) {
      VenueOrder& order = slot.orders[n];
      if (!order.is_resting() || order.arrived > happened) continue;
      const bool is_buy = order.side == Side::BUY;
      Qty got;
      if (is_buy ? price < order.price : price > order.price) {
        got = fillable(slot, order);  // the market has traded through our price
      } else if (price == order.price && aggressor != order.side) {
        if (slot.market.has_book()) {
          // The place in the queue may be an expectation with a fraction of a lot; executions come in whole lots.
          const Qty past_queue = slot.market.instrument.floor_to_lot(queue_on_trade(order.queue, qty));
          got = std::min(std::max(past_queue - at_price_taken, Qty{}), fillable(slot, order));
        } else if (queue_model_ == QueueModel::probabilistic) {
          const Qty share =
              slot.market.instrument.floor_to_lot(mul(qty, Rate{config_.venue.participation_e8}, Rounding::floor));
          got = std::min(std::max(share - at_price_taken, Qty{}), fillable(slot, order));
        }
        at_price_taken += got;
      }
      if (got.is_positive()) fill(slot, order, order.price, got, LiquiditySide::MAKER);
    }
  }
  if (slot.waiting != 0) check_triggers(slot, TriggerSource::LAST_PRICE);
}

// Quantities or best prices changed: queues move, and a counterparty at our price or through it fills us.
void SimExchange::on_quotes(Slot& slot) {
  const std::optional<Price> ask = slot.market.best(BookSideKind::ask);
  const std::optional<Price> bid = slot.market.best(BookSideKind::bid);
  const bool bids_met = ask && slot.best_own_bid.is_positive() && *ask <= slot.best_own_bid;
  const bool asks_met = bid && slot.best_own_ask.is_positive() && *bid >= slot.best_own_ask;
  for (std::size_t n = 0; n < slot.orders.size(); ++n) {
    VenueOrder& order = slot.orders[n];
    if (!order.is_resting()) continue;
    const bool is_buy = order.side == Side::BUY;
    if (is_buy ? bids_met : asks_met) {
      const Price best = is_buy ? *ask : *bid;
      Qty got;
      if (is_buy ? best < order.price : best > order.price) {
        got = fillable(slot, order);
      } else if (best == order.price) {
        got = std::min(takeable(slot, order.side, order.price, order.leaves_qty()), fillable(slot, order));
        if (got.is_positive()) slot.market.take(other_side(order.side), order.price, got, now_);
      }
      if (got.is_positive()) fill(slot, order, order.price, got, LiquiditySide::MAKER);
      if (order.is_closed) continue;
    }
    const std::optional<Qty> shown = slot.market.shown_qty(book_side(order.side), order.price);
    if (shown && (!order.queue.is_known || *shown != order.queue.seen || order.queue.traded_since.is_positive())) {
      queue_on_level(order.queue, *shown, queue_model_);
    }
  }
}

}  // namespace reprise::sim
