#include "engine/risk/registry.h"

namespace reprise::engine::risk {

namespace {
constexpr RegisteredRule kOrderRules[] = {
    {RiskRule::CONTRACT_TYPE, contract_type},
    {RiskRule::INSTRUMENT_TRADABLE, instrument_tradable},
    {RiskRule::KILL_SWITCH, trading_state},
    {RiskRule::STALE_DATA, stale_data},
    {RiskRule::EQUITY_FLOOR, equity_floor},
    {RiskRule::TICK_SIZE, tick_size},
    {RiskRule::LOT_SIZE, lot_size},
    {RiskRule::MIN_NOTIONAL, min_notional},
    {RiskRule::PRICE_BAND, price_band},
    {RiskRule::ORDER_RATE, order_rate},
    {RiskRule::OPEN_ORDERS, open_orders},
    {RiskRule::ORDER_NOTIONAL, order_notional},
    {RiskRule::REDUCE_ONLY, reduce_only},
    {RiskRule::POSITION_QTY, position_qty},
    {RiskRule::POSITION_NOTIONAL, position_notional},
    {RiskRule::TOTAL_NOTIONAL, total_notional},
    {RiskRule::LEVERAGE, leverage},
    {RiskRule::AVAILABLE_MARGIN, available_margin},
    {RiskRule::LIQUIDATION_DISTANCE, liquidation_distance},
};
}  // namespace

RuleSpan order_rules() {
  return {kOrderRules, sizeof kOrderRules / sizeof kOrderRules[0]};
}

}  // namespace reprise::engine::risk
