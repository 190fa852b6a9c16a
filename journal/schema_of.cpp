#include "journal/schema_of.h"

namespace reprise::journal {

std::optional<capnp::StructSchema> schema_of(RecordType type) {
  switch (type) {
    case RecordType::NONE: return std::nullopt;
    case RecordType::TRADE: return capnp::Schema::from<schema::Trade>();
    case RecordType::BOOK_DELTA: return capnp::Schema::from<schema::BookDelta>();
    case RecordType::BOOK_SNAPSHOT: return capnp::Schema::from<schema::BookSnapshot>();
    case RecordType::BBO: return capnp::Schema::from<schema::Bbo>();
    case RecordType::MARK_PRICE: return capnp::Schema::from<schema::MarkPrice>();
    case RecordType::MARKET_BAR: return capnp::Schema::from<schema::MarketBar>();
    case RecordType::INSTRUMENT: return capnp::Schema::from<schema::Instrument>();
    case RecordType::INSTRUMENT_STATUS: return capnp::Schema::from<schema::InstrumentStatus>();
    case RecordType::LIQUIDATION_PRINT: return capnp::Schema::from<schema::LiquidationPrint>();
    case RecordType::FUNDING_SETTLEMENT: return capnp::Schema::from<schema::FundingSettlement>();
    case RecordType::MARGIN_TABLE: return capnp::Schema::from<schema::MarginTable>();
    case RecordType::MARKET_METRIC: return capnp::Schema::from<schema::MarketMetric>();
    case RecordType::FEED_CONNECTED: return capnp::Schema::from<schema::FeedConnected>();
    case RecordType::FEED_DISCONNECTED: return capnp::Schema::from<schema::FeedDisconnected>();
    case RecordType::FEED_GAP: return capnp::Schema::from<schema::FeedGap>();
    case RecordType::FEED_RESYNC: return capnp::Schema::from<schema::FeedResync>();
    case RecordType::FEED_ANOMALY: return capnp::Schema::from<schema::FeedAnomaly>();
    case RecordType::RATE_LIMIT_STATE: return capnp::Schema::from<schema::RateLimitState>();
    case RecordType::FEED_LATENCY: return capnp::Schema::from<schema::FeedLatency>();
    case RecordType::CLOCK_TICK: return capnp::Schema::from<schema::ClockTick>();
    case RecordType::ORDER_REPORT: return capnp::Schema::from<schema::OrderReport>();
    case RecordType::BALANCE_UPDATE: return capnp::Schema::from<schema::BalanceUpdate>();
    case RecordType::POSITION_UPDATE: return capnp::Schema::from<schema::PositionUpdate>();
    case RecordType::FUNDING_PAYMENT: return capnp::Schema::from<schema::FundingPayment>();
    case RecordType::MARGIN_CALL: return capnp::Schema::from<schema::MarginCall>();
    case RecordType::ACCOUNT_CONFIG: return capnp::Schema::from<schema::AccountConfig>();
    case RecordType::OPERATOR_COMMAND: return capnp::Schema::from<schema::OperatorCommand>();
    case RecordType::CONFIGURATION: return capnp::Schema::from<schema::Configuration>();
    case RecordType::RUN_START: return capnp::Schema::from<schema::RunStart>();
    case RecordType::RUN_END: return capnp::Schema::from<schema::RunEnd>();
    case RecordType::BAR: return capnp::Schema::from<schema::Bar>();
    case RecordType::FEATURE: return capnp::Schema::from<schema::Feature>();
    case RecordType::FORECAST: return capnp::Schema::from<schema::Forecast>();
    case RecordType::REGIME: return capnp::Schema::from<schema::Regime>();
    case RecordType::SIGNAL: return capnp::Schema::from<schema::Signal>();
    case RecordType::SIZING: return capnp::Schema::from<schema::Sizing>();
    case RecordType::RISK_DECISION: return capnp::Schema::from<schema::RiskDecision>();
    case RecordType::ORDER_COMMAND: return capnp::Schema::from<schema::OrderCommand>();
    case RecordType::ORDER_STATE: return capnp::Schema::from<schema::OrderState>();
    case RecordType::FILL: return capnp::Schema::from<schema::Fill>();
    case RecordType::POSITION: return capnp::Schema::from<schema::Position>();
    case RecordType::EQUITY_MARK: return capnp::Schema::from<schema::EquityMark>();
    case RecordType::ALERT: return capnp::Schema::from<schema::Alert>();
    case RecordType::STATE_HASH: return capnp::Schema::from<schema::StateHash>();
    case RecordType::TIMER_SET: return capnp::Schema::from<schema::TimerSet>();
    case RecordType::TIMER_FIRED: return capnp::Schema::from<schema::TimerFired>();
    case RecordType::EXECUTION_ALGORITHM: return capnp::Schema::from<schema::ExecutionAlgorithm>();
    case RecordType::TRADING_STATE: return capnp::Schema::from<schema::TradingState>();
    case RecordType::ORDER_ANOMALY: return capnp::Schema::from<schema::OrderAnomaly>();
    case RecordType::SNAPSHOT_MARK: return capnp::Schema::from<schema::SnapshotMark>();
    case RecordType::CLIENT_MESSAGE: return capnp::Schema::from<schema::ClientMessage>();
    case RecordType::SERVER_ANSWER: return capnp::Schema::from<schema::ServerAnswer>();
  }
  return std::nullopt;
}

}  // namespace reprise::journal
