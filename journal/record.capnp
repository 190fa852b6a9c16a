@0xb3f1c6a0d5e84c19;
# The records of a Reprise journal: the one event model of the whole system.
#
# A record is a fixed header (journal/record.h) followed by one of the structs below as the root of a
# single-segment message without segment table. The header carries type, times, instrument, account,
# strategy and cause; a body never repeats them.
#
# Units, everywhere: price, quantity, money and rates are Int64 at 1e-8 ("e8"). Times are Int64
# nanoseconds since the Unix epoch, UTC. Zero means "not given" only where a comment says so.
#
# Evolution: only append fields with new ordinals; never change the meaning of one; never reuse a
# RecordType number. A field at its default leaves no trace in the canonical form, so an old record and
# a new one compare equal. Raise journal::kSchemaVersion with every change (journal/FORMAT.md).

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("reprise::schema");

# ------------------------------------------------------------------------------------------ types

enum RecordType {
  none @0;
  # inputs: market data
  trade @1;
  bookDelta @2;
  bookSnapshot @3;
  bbo @4;
  markPrice @5;
  marketBar @6;
  instrument @7;
  instrumentStatus @8;
  liquidationPrint @9;
  fundingSettlement @10;
  marginTable @11;
  marketMetric @12;
  # inputs: feed state
  feedConnected @13;
  feedDisconnected @14;
  feedGap @15;
  feedResync @16;
  feedAnomaly @17;
  rateLimitState @18;
  feedLatency @19;
  # inputs: time
  clockTick @20;
  # inputs: venue reports
  orderReport @21;
  balanceUpdate @22;
  positionUpdate @23;
  fundingPayment @24;
  marginCall @25;
  accountConfig @26;
  # inputs: operator and configuration
  operatorCommand @27;
  configuration @28;
  runStart @29;
  runEnd @30;
  # outputs
  bar @31;
  feature @32;
  forecast @33;
  regime @34;
  signal @35;
  sizing @36;
  riskDecision @37;
  orderCommand @38;
  orderState @39;
  fill @40;
  position @41;
  equityMark @42;
  alert @43;
  stateHash @44;
  timerSet @45;
  timerFired @46;
  executionAlgorithm @47;
  tradingState @48;
  orderAnomaly @49;
  snapshotMark @50;
  # the exchange server's journal: what clients sent (input), what they were answered (output)
  clientMessage @51;
  serverAnswer @52;
}

# ------------------------------------------------------------------------------------------ enums

enum Venue { unknown @0; binanceUsdm @1; binanceCoinm @2; binanceSpot @3; synthetic @4; }
enum ContractType { unknown @0; linearPerpetual @1; inversePerpetual @2; linearDelivery @3; inverseDelivery @4; spot @5; }
enum Side { none @0; buy @1; sell @2; }
enum TradeKind { market @0; insuranceFund @1; adl @2; other @3; }
# Only `market` prints may enter the last price, bars or matching.

enum InstrumentState { unknown @0; pendingTrading @1; trading @2; cancelOnly @3; halted @4; preSettle @5; settling @6; preDelivering @7; delivering @8; delivered @9; closed @10; }

enum OrderType { none @0; limit @1; market @2; stopLimit @3; stopMarket @4; takeProfitLimit @5; takeProfitMarket @6; trailingStopMarket @7; liquidation @8; }
enum TimeInForce { none @0; gtc @1; ioc @2; fok @3; gtx @4; gtd @5; }
# gtx: post only (venue spelling kept because FIX uses the letters for something else).
enum TriggerSource { lastPrice @0; markPrice @1; indexPrice @2; }
enum StpMode { none @0; expireTaker @1; expireMaker @2; expireBoth @3; }
enum PositionSide { both @0; long @1; short @2; }
enum MarginMode { cross @0; isolated @1; }
enum LiquiditySide { none @0; maker @1; taker @2; }

enum CommandKind { none @0; submit @1; cancel @2; modify @3; cancelAll @4; }

enum ReportKind {
  none @0;
  accepted @1;
  rejected @2;
  filled @3;          # one execution; cumQty tells whether the order is done
  canceled @4;
  cancelRejected @5;
  modified @6;
  modifyRejected @7;
  expired @8;         # IOC/FOK/market remainder, GTD, self-trade prevention, liquidation sweep
  triggered @9;       # a conditional order fired
  trailingActivated @10;
  liquidation @11;    # forced execution by the venue (also ADL): carries its own fill
  unknown @12;        # fate unknown after a time-out or a lost connection
  statusSnapshot @13; # answer to a query: state without a transition of its own
}

enum ExpiryReason { none @0; selfTrade @1; iocRemainder @2; fokNotFilled @3; reduceOnlyConflict @4; accountLiquidated @5; goodTillDate @6; delisted @7; triggerRejected @8; marketRemainder @9; }

enum OrderStatus {
  initialized @0; denied @1; submitted @2; rejected @3; accepted @4; partiallyFilled @5; filled @6;
  pendingModify @7; pendingCancel @8; canceled @9; expired @10; triggered @11; unknown @12;
}

enum AnomalyKind { impossibleTransition @0; unknownOrder @1; duplicateFill @2; overfill @3; quantityMismatch @4; staleReport @5; conservation @6; }

enum FeedAnomalyKind {
  none @0; crossedBook @1; lockedBook @2; clockStepBack @3; outlierPrint @4; nonMarketTrade @5; timeBackwards @6;
  staleBook @7; unknownLevel @8; duplicateMessage @9; bookDisagreesWithBbo @10; negativeLatency @11;
  malformedFrame @12; silentStream @13;
}

enum GapReason { none @0; sequence @1; disconnect @2; timeHole @3; snapshotMissing @4; dropped @5; }

enum OperatorAction { none @0; killSwitch @1; reduceOnly @2; resume @3; halt @4; cancelAll @5; flatten @6; setParameter @7; note @8; reducePositions @9; caution @10; allClear @11; carryOver @12; }

enum TradingStateKind { active @0; reducing @1; halted @2; }

enum FeatureKind {
  none @0; emaFast @1; emaSlow @2; atr @3; donchianHigh @4; donchianLow @5; mid @6; spread @7; imbalance @8;
  microPrice @9; realizedVolatility @10; orderFlowImbalance @11; inventorySkew @12; quoteCenter @13; stopLevel @14;
}

enum SignalKind { none @0; enterLong @1; enterShort @2; exit @3; quote @4; stop @5; target @6; flatten @7; }

enum RiskRule {
  none @0; positionQty @1; positionNotional @2; orderNotional @3; leverage @4; orderRate @5; priceBand @6; dailyLoss @7;
  drawdown @8; staleData @9; openOrders @10; killSwitch @11; instrumentTradable @12; minNotional @13; tickSize @14;
  lotSize @15; availableMargin @16; liquidationDistance @17; conservation @18; reduceOnly @19; crossedBook @20;
  contractType @21; equityFloor @22; totalNotional @23; valueAtRisk @24; liquidationProbability @25;
}

enum LimitUnit { none @0; quantity @1; money @2; ratio @3; count @4; price @5; nanoseconds @6; flag @7; }
enum RiskVerdict { approved @0; denied @1; reduced @2; }
enum RiskAction { none @0; deny @1; reduce @2; halt @3; kill @4; }

enum AlertLevel { info @0; warning @1; critical @2; }

enum AlertKind {
  none @0; riskBreach @1; tradingStateChanged @2; orderAnomaly @3; staleData @4; feedGap @5; crossedBook @6;
  conservationBroken @7; liquidation @8; killSwitch @9; orderRejected @10; marginCall @11; configuration @12; negativeWallet @13;
}

enum TimerKind { none @0; equityMark @1; orderDeadline @2; strategy @3; staleCheck @4; stateHash @5; executionAlgorithm @6; dailyReset @7; flattenRetry @8; }

enum BalanceChangeReason { none @0; deposit @1; withdraw @2; order @3; fundingFee @4; marginTransfer @5; adjustment @6; insuranceClear @7; commission @8; }

enum MetricKind { none @0; openInterest @1; openInterestValue @2; topTraderAccountRatio @3; topTraderPositionRatio @4; accountRatio @5; takerVolumeRatio @6; predictedFundingRate @7; }

# ------------------------------------------------------------------------------- inputs: market data

struct Level { price @0 :Int64; qty @1 :Int64; }

struct Trade {
  price @0 :Int64;
  qty @1 :Int64;
  tradeId @2 :Int64;          # venue's id; for an aggregate trade its last id
  tsVenueSent @3 :Int64;      # 0 = not given
  aggressorSide @4 :Side;
  kind @5 :TradeKind;
  isAggregate @6 :Bool;
  firstTradeId @7 :Int64;     # aggregate trades only
}

struct BookDelta {            # absolute quantities; qty 0 removes the level
  firstUpdateId @0 :Int64;
  lastUpdateId @1 :Int64;
  prevLastUpdateId @2 :Int64; # 0 = the venue gives none (spot)
  tsVenueSent @3 :Int64;
  bids @4 :List(Level);       # order as sent by the venue
  asks @5 :List(Level);
  isLastInEvent @6 :Bool = true;
}

struct BookSnapshot {         # best first on both sides
  lastUpdateId @0 :Int64;
  tsVenueSent @1 :Int64;
  bids @2 :List(Level);
  asks @3 :List(Level);
  isPartial @4 :Bool;         # a top-of-book view (5, 10, 20, 25 levels); never joined with deltas
}

struct Bbo {                  # best bid and offer; qty 0 = empty side
  bidPrice @0 :Int64;
  bidQty @1 :Int64;
  askPrice @2 :Int64;
  askQty @3 :Int64;
  updateId @4 :Int64;
  tsVenueSent @5 :Int64;
}

struct MarkPrice {
  markPrice @0 :Int64;
  indexPrice @1 :Int64;       # 0 = not given
  fundingRate @2 :Int64;      # running estimate for the coming settlement
  nextFundingTime @3 :Int64;  # 0 = not given
  estimatedSettlePrice @4 :Int64;
  isFallback @5 :Bool;        # made by a stated rule because the data has none (sim/MODELS.md)
}

struct MarketBar {            # a bar as recorded by somebody else
  open @0 :Int64;
  high @1 :Int64;
  low @2 :Int64;
  close @3 :Int64;
  volume @4 :Int64;
  quoteVolume @5 :Int64;
  tradeCount @6 :Int64;
  openTime @7 :Int64;
  closeTime @8 :Int64;        # last nanosecond that belongs to the bar
  takerBuyVolume @9 :Int64;
  isMarkPrice @10 :Bool;      # a bar of the mark price: no volume by design
  isFinal @11 :Bool = true;
}

struct Instrument {           # declares the header's instrument number; restated when filters change
  symbol @0 :Text;
  venue @1 :Venue;
  contractType @2 :ContractType;
  baseAsset @3 :Text;
  quoteAsset @4 :Text;
  settlementAsset @5 :Text;
  tickSize @6 :Int64;
  lotSize @7 :Int64;
  minQty @8 :Int64;
  maxQty @9 :Int64;
  marketMaxQty @10 :Int64;
  minNotional @11 :Int64;
  minPrice @12 :Int64;
  maxPrice @13 :Int64;
  priceBandUp @14 :Int64;     # PERCENT_PRICE multiplierUp, e8; 0 = none
  priceBandDown @15 :Int64;
  contractMultiplier @16 :Int64 = 100000000; # inverse: quote value of one contract
  liquidationFeeRate @17 :Int64;
  marketTakeBound @18 :Int64;
  triggerProtect @19 :Int64;
  maxOpenOrders @20 :UInt32;
  fundingIntervalHours @21 :UInt16 = 8;
  state @22 :InstrumentState;
  makerFeeRate @23 :Int64;    # account's rate where known
  takerFeeRate @24 :Int64;
  hasFeeRates @25 :Bool;
  venueSymbol @26 :Text;
  filtersAreDefaults @27 :Bool; # no exchangeInfo was given: shipped defaults or inferred
}

struct InstrumentStatus { state @0 :InstrumentState; }

struct LiquidationPrint {     # public forceOrder
  side @0 :Side;
  price @1 :Int64;
  avgPrice @2 :Int64;
  qty @3 :Int64;
  cumQty @4 :Int64;
}

struct FundingSettlement {    # the moment of funding, with the final rate
  fundingRate @0 :Int64;
  markPrice @1 :Int64;        # 0 = not given: last mark price before it is used
  intervalHours @2 :UInt16;
}

struct MarginTier {
  notionalFloor @0 :Int64;
  notionalCap @1 :Int64;
  maxLeverage @2 :UInt32;
  maintenanceMarginRate @3 :Int64;
  maintenanceAmount @4 :Int64;
}

struct MarginTable { tiers @0 :List(MarginTier); isDefault @1 :Bool; }

struct MarketMetric { kind @0 :MetricKind; value @1 :Int64; }

# ------------------------------------------------------------------------------- inputs: feed state

struct FeedConnected { source @0 :Text; detail @1 :Text; }
struct FeedDisconnected { source @0 :Text; detail @1 :Text; }

struct FeedGap {
  reason @0 :GapReason;
  expectedId @1 :Int64;       # prev_last_update_id that should have come
  receivedId @2 :Int64;
  tsFrom @3 :Int64;
  tsUntil @4 :Int64;
}

struct FeedResync { lastUpdateId @0 :Int64; joinedFirstId @1 :Int64; joinedLastId @2 :Int64; }

struct FeedAnomaly {
  kind @0 :FeedAnomalyKind;
  value @1 :Int64;            # the offending figure, in the unit of its kind (gateway/import/REPORT.md)
  bound @2 :Int64;
  updateId @3 :Int64;
}

struct RateLimitState { interval @0 :Int64; limit @1 :Int64; used @2 :Int64; isOrders @3 :Bool; bannedUntil @4 :Int64; }
struct FeedLatency { clockOffset @0 :Int64; roundTrip @1 :Int64; }  # venue clock minus ours

# ------------------------------------------------------------------------------- inputs: time

struct ClockTick { }          # the time is in the header

# ------------------------------------------------------------------------------- inputs: venue reports

struct OrderReport {
  orderId @0 :UInt64;         # seq of our submit command; 0 = not ours
  venueOrderId @1 :Int64;
  kind @2 :ReportKind;
  side @3 :Side;
  orderType @4 :OrderType;
  timeInForce @5 :TimeInForce;
  liquidity @6 :LiquiditySide;
  expiryReason @7 :ExpiryReason;
  price @8 :Int64;            # order's price now
  orderQty @9 :Int64;         # order's quantity now
  cumQty @10 :Int64;          # executed so far
  lastQty @11 :Int64;         # filled / liquidation: this execution
  lastPrice @12 :Int64;
  tradeId @13 :Int64;
  commission @14 :Int64;      # positive = we pay
  commissionAsset @15 :UInt16; # index into the run's asset table (engine/portfolio/assets.h)
  errorCode @16 :Int32;       # venue's code; 0 = none
  reduceOnly @17 :Bool;
  positionSide @18 :PositionSide;
  commandSeq @19 :UInt64;     # the cancel or modify command this answers; 0 = none
  triggerPrice @20 :Int64;
  foreignClientId @21 :Text;  # for orders that are not ours
  reason @22 :Text;           # the venue's text, on refusals
}

struct BalanceUpdate {
  asset @0 :UInt16;
  walletBalance @1 :Int64;
  change @2 :Int64;
  reason @3 :BalanceChangeReason;
}

struct PositionUpdate {
  qty @0 :Int64;
  entryPrice @1 :Int64;
  unrealizedPnl @2 :Int64;
  isolatedWallet @3 :Int64;
  marginMode @4 :MarginMode;
  positionSide @5 :PositionSide;
}

struct FundingPayment {
  amount @0 :Int64;           # positive = received
  fundingRate @1 :Int64;
  markPrice @2 :Int64;
  positionQty @3 :Int64;
  asset @4 :UInt16;
}

struct MarginCall { maintenanceMargin @0 :Int64; marginBalance @1 :Int64; positionQty @2 :Int64; markPrice @3 :Int64; }
struct AccountConfig { leverage @0 :UInt32; marginMode @1 :MarginMode; hedgeMode @2 :Bool; multiAssets @3 :Bool; feeBurn @4 :Bool; }

# ------------------------------------------------------------------------------- inputs: operator, run

# reducePositions: `value` is the share of every position that is closed, 0.5 = half.
struct OperatorCommand { action @0 :OperatorAction; text @1 :Text; key @2 :Text; value @3 :Text; }

struct ConfigEntry { key @0 :Text; value @1 :Text; }
struct Configuration { entries @0 :List(ConfigEntry); hash @1 :Text; }  # whole effective configuration, sorted by key
struct RunStart { runTag @0 :UInt64; seed @1 :UInt64; engineVersion @2 :UInt32; schemaVersion @3 :UInt32; }
struct RunEnd { reason @0 :Text; }

# ------------------------------------------------------------------------------- outputs

struct Bar {
  open @0 :Int64; high @1 :Int64; low @2 :Int64; close @3 :Int64;
  volume @4 :Int64; quoteVolume @5 :Int64; buyVolume @6 :Int64;
  tradeCount @7 :UInt32;
  openTime @8 :Int64;
  duration @9 :Int64;
}

struct Feature { kind @0 :FeatureKind; value @1 :Int64; }
struct Forecast { horizon @0 :Int64; value @1 :Int64; variance @2 :Int64; model @3 :Text; }
struct Regime { state @0 :UInt16; probability @1 :Int64; model @2 :Text; }

struct Signal {
  kind @0 :SignalKind;
  side @1 :Side;
  referencePrice @2 :Int64;
  stopPrice @3 :Int64;        # 0 = none
  strength @4 :Int64;
  targetQty @5 :Int64;        # signed; quote signals: base lot size
}

struct Sizing {
  equity @0 :Int64;
  riskFraction @1 :Int64;
  stopDistance @2 :Int64;
  rawQty @3 :Int64;
  qty @4 :Int64;              # after lot size and caps
  cappedBy @5 :RiskRule;
}

struct LimitCheck { rule @0 :RiskRule; unit @1 :LimitUnit; passed @2 :Bool; value @3 :Int64; bound @4 :Int64; }

struct RiskDecision {
  verdict @0 :RiskVerdict;
  action @1 :RiskAction;
  failedRule @2 :RiskRule;
  side @3 :Side;
  requestedQty @4 :Int64;
  approvedQty @5 :Int64;
  price @6 :Int64;
  checks @7 :List(LimitCheck); # every limit checked, in rule order
  isStateCheck @8 :Bool;       # about the account as a whole, not one order
}

struct OrderCommand {
  kind @0 :CommandKind;
  orderId @1 :UInt64;         # submit: this record's own seq; otherwise the order meant
  side @2 :Side;
  orderType @3 :OrderType;
  timeInForce @4 :TimeInForce;
  reduceOnly @5 :Bool;
  closePosition @6 :Bool;
  triggerSource @7 :TriggerSource;
  stpMode @8 :StpMode;
  qty @9 :Int64;
  price @10 :Int64;           # 0 with market orders
  triggerPrice @11 :Int64;
  activationPrice @12 :Int64;
  callbackRate @13 :Int64;
  goodTillTime @14 :Int64;
  marginMode @15 :MarginMode;
  positionSide @16 :PositionSide;
}

struct OrderState {
  orderId @0 :UInt64;
  status @1 :OrderStatus;
  previous @2 :OrderStatus;
  side @3 :Side;
  orderType @4 :OrderType;
  qty @5 :Int64;
  cumQty @6 :Int64;
  price @7 :Int64;
  cumNotional @8 :Int64;
  errorCode @9 :Int32;
}

struct Fill {                 # one execution as booked
  orderId @0 :UInt64;
  tradeId @1 :Int64;
  side @2 :Side;
  liquidity @3 :LiquiditySide;
  price @4 :Int64;
  qty @5 :Int64;
  commission @6 :Int64;
  commissionAsset @7 :UInt16;
  realizedPnl @8 :Int64;
  midAtFill @9 :Int64;        # 0 = no book then; slippage is measured against it
  midAtDecision @10 :Int64;   # mid when the order was decided
  isLiquidation @11 :Bool;
}

struct Position {
  qty @0 :Int64;              # signed
  openNotional @1 :Int64;     # signed cost of the open quantity
  entryPrice @2 :Int64;       # openNotional / qty, rounded half away from zero
  realizedPnl @3 :Int64;      # since the start of the run
  markPrice @4 :Int64;
  liquidationPrice @5 :Int64; # 0 = none
  commission @6 :Int64;
  funding @7 :Int64;
  isAccountNet @8 :Bool;      # true: the account's net position; false: a strategy's share
}

struct AssetBalance { asset @0 :UInt16; walletBalance @1 :Int64; }

struct EquityMark {
  walletBalance @0 :Int64;    # settlement asset of the account
  unrealizedPnl @1 :Int64;
  marginBalance @2 :Int64;
  initialMargin @3 :Int64;
  maintenanceMargin @4 :Int64;
  availableBalance @5 :Int64;
  grossNotional @6 :Int64;
  realizedPnl @7 :Int64;
  commission @8 :Int64;       # in the settlement asset, others at their index price
  funding @9 :Int64;
  peakEquity @10 :Int64;
  drawdown @11 :Int64;        # rate, e8
  openOrders @12 :UInt32;
  balances @13 :List(AssetBalance);
}

struct Alert { level @0 :AlertLevel; kind @1 :AlertKind; value @2 :Int64; bound @3 :Int64; text @4 :Text; }

struct StateHash { low @0 :UInt64; high @1 :UInt64; records @2 :UInt64; }  # XXH3-128 of the serialised state
struct TimerSet { timerId @0 :UInt64; kind @1 :TimerKind; deadline @2 :Int64; }
struct TimerFired { timerId @0 :UInt64; kind @1 :TimerKind; deadline @2 :Int64; }
struct ExecutionAlgorithm { algorithm @0 :Text; parentId @1 :UInt64; targetQty @2 :Int64; doneQty @3 :Int64; detail @4 :Text; }
struct TradingState { state @0 :TradingStateKind; previous @1 :TradingStateKind; rule @2 :RiskRule; killed @3 :Bool; }

struct OrderAnomaly {
  kind @0 :AnomalyKind;
  orderId @1 :UInt64;
  status @2 :OrderStatus;
  report @3 :ReportKind;
  expected @4 :Int64;
  actual @5 :Int64;
}

struct SnapshotMark { low @0 :UInt64; high @1 :UInt64; bytes @2 :UInt64; }

# ------------------------------------------------------------------------------- exchange server

enum ClientMessageKind {
  none @0;
  request @1;                 # HTTP
  open @2;                    # of a WebSocket
  text @3;                    # on a WebSocket
  closed @4;
  fault @5;                   # the operator's: path is the fault's name, body what was asked for
}

struct ClientMessage {        # keys and secrets are not in it: an account's name, and who signed
  kind @0 :ClientMessageKind;
  connection @1 :UInt64;
  peer @2 :Text;              # address that request weight is counted for
  account @3 :Text;           # that the key is of; "unknown"; "" = no key was sent
  method @4 :Text;
  path @5 :Text;
  query @6 :Text;
  body @7 :Text;
  wallTime @8 :Int64;         # the clients' clock; the header has the venue's
}

enum ServerAnswerKind {
  none @0;
  answer @1;                  # to an HTTP request
  message @2;                 # on a WebSocket, to one client
  streams @3;                 # public payloads to all who listen, of one input together
}

struct ServerAnswer {
  kind @0 :ServerAnswerKind;
  connection @1 :UInt64;
  status @2 :UInt16;
  messages @3 :UInt32;
  bytes @4 :UInt64;
  low @5 :UInt64;             # XXH3-128 of everything that was said
  high @6 :UInt64;
  text @7 :Text;              # to one client, of its account; "" = public, found in the market records
  fault @8 :Text;             # that struck it; "" = none
  delay @9 :Int64;            # ns, by a fault
}

# ------------------------------------------------------------------------------- run manifest

enum RunMode { unknown @0; backtest @1; paper @2; live @3; dataset @4; replay @5; exchange @6; }
enum RunStatus { unknown @0; running @1; ended @2; crashedRecovered @3; quarantined @4; }

struct RunManifest {          # stored outside the digest, hashed by itself
  runId @0 :Text;
  parentRunId @1 :Text;
  branchSeq @2 :UInt64;       # last seq shared with the parent; 0 = no parent
  mode @3 :RunMode;
  schemaVersion @4 :UInt32;
  engineVersion @5 :UInt32;
  buildId @6 :Text;
  configHash @7 :Text;
  seed @8 :UInt64;
  firstSeq @9 :UInt64;
  lastSeq @10 :UInt64;
  durableSeq @11 :UInt64;
  status @12 :RunStatus;
  digestLow @13 :UInt64;
  digestHigh @14 :UInt64;
  startedAt @15 :Int64;       # wall time
  endedAt @16 :Int64;
  cutRecords @17 :UInt64;     # records lost with a torn tail, over all recoveries
  recoveries @18 :UInt32;
  compiler @19 :Text;
  origin @20 :Text;           # what made it: dataset path, generator, import files
  leftOut @21 :Text;          # of a slice: what it does not hold of the records that it is of; "" = nothing
}
