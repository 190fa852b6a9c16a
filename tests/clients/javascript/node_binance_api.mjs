// node-binance-api. Its stream addresses are methods, not options; it has no WebSocket API, no modify and no diff depth for futures.
import { createRequire } from 'node:module';
import { event, given, KEY, Missing, Refused, REST, SECRET, serve, shape, STREAMS } from './driver.mjs';

const module = createRequire(import.meta.url)('node-binance-api');
const Binance = module.default ?? module;
function make(APISECRET) {
  const one = new Binance({ APIKEY: KEY, APISECRET, urls: { fapi: REST + '/fapi/' } });
  one.getFStreamSingleUrl = (category) => `${STREAMS}/${category || 'public'}/ws/`;
  one.getFStreamUrl = (category) => `${STREAMS}/${category || 'public'}/stream?streams=`;
  return one;
}
const client = make(SECRET);
const subscribed = new Set();

serve({
  refusal: (error) => {
    try {
      const told = JSON.parse(error.message);
      return told.code === undefined ? null : new Refused(told.code, told.msg, error.name);
    } catch { return null; }
  },
  time: async () => (await client.futuresTime()).serverTime ?? client.futuresTime(),
  instruments: async () => shape.instruments(await client.futuresExchangeInfo()),
  depth: async ({ symbol, limit }) => {
    const b = await client.futuresDepth(symbol, { limit });
    const pairs = (levels) => levels.map((l) => [l.price, l.quantity]);
    return { id: b.lastUpdateId, bids: pairs(b.bids), asks: pairs(b.asks) };
  },
  trades: async ({ symbol, limit }) => shape.trades(await client.futuresTrades(symbol, { limit })),
  agg_trades: async ({ symbol, limit }) => shape.aggTrades(await client.futuresAggTrades(symbol, { limit })),
  klines: async ({ symbol, interval, limit }) => (await client.futuresCandles(symbol, interval, { limit })).map((k) =>
    (Array.isArray(k) ? k : [k.openTime, k.open, k.high, k.low, k.close, k.volume])),
  mark: async ({ symbol }) => shape.mark([].concat(await client.futuresMarkPrice(symbol))[0]),
  ticker: async ({ symbol }) => shape.ticker([].concat(await client.futuresDaily(symbol))[0]),
  book_ticker: async ({ symbol }) => shape.bookTicker((await client.futuresBookTicker(symbol))[symbol]),
  brackets: async ({ symbol }) => shape.brackets(await client.futuresLeverageBracket(symbol)),

  subscribe: async ({ kind, symbol }) => {
    if (subscribed.has(kind)) return 'again';
    subscribed.add(kind);
    if (kind === 'depth') throw new Missing('no function for the differences of a futures book');
    if (kind === 'trade') client.futuresAggTradeStream(symbol, (t) => event('trade', { id: t.aggTradeId, price: t.price, qty: t.amount, kind: 'agg' }));
    if (kind === 'bookTicker') client.futuresBookTickerStream(symbol, (t) => event('bookTicker', { bid: t.bestBid, ask: t.bestAsk }));
    if (kind === 'mark') client.futuresMarkPriceStream(symbol, (m) => event('mark', { mark: m.markPrice }));
    if (kind === 'kline') client.futuresCandlesticksStream(symbol, '1m', ({ k }) => event('kline', { open_time: k.t, low: k.l, high: k.h, close: k.c }));
    return 'raw';
  },

  place: async ({ raw, symbol, side, type, quantity, price, ...params }) =>
    shape.order(await client.futuresOrder(type, side, symbol, quantity, price, params)),
  order: async ({ symbol, id }) => shape.order(await client.futuresOrderStatus(symbol, { orderId: id })),
  open_orders: async ({ symbol }) => (await client.futuresOpenOrders(symbol)).map(shape.order),
  all_orders: async ({ symbol }) => (await client.futuresAllOrders(symbol)).map(shape.order),
  cancel: async ({ symbol, id, client_id }) => shape.order(await client.futuresCancel(symbol, id, given({ origClientOrderId: client_id }))),
  cancel_all: ({ symbol }) => client.futuresCancelAll(symbol),
  cancel_list: async ({ symbol, ids }) => shape.batch(await client.futuresCancelMultipleOrders(symbol, { orderIdList: JSON.stringify(ids) })),
  batch: async ({ orders }) => shape.batch(await client.futuresMultipleOrders(orders)),
  place_algo: async ({ symbol, side, type, quantity, price, ...params }) =>
    shape.algo(await client.futuresAlgoOrder(type, side, symbol, quantity, price, params)),
  open_algo: async ({ symbol }) => (await client.futuresOpenAlgoOrders(symbol)).map(shape.algo),
  // Its own argument becomes "algoid", which is not the parameter's name.
  cancel_algo: ({ symbol, id }) => client.futuresCancelAlgoOrder(symbol, undefined, { algoId: id }),

  set_leverage: ({ symbol, leverage }) => client.futuresLeverage(symbol, leverage),
  set_margin_mode: ({ symbol, mode }) => client.futuresMarginType(symbol, mode),
  positions: async () => shape.positions(await client.futuresPositionRisk()),
  balance: async () => shape.balance(await client.futuresBalance()),
  own_trades: async ({ symbol }) => shape.ownTrades(await client.futuresUserTrades(symbol)),
  income: async () => shape.income(await client.futuresIncome({ limit: 1000 })),

  listen: () => new Promise((resolve) => {
    client.userFutureData(undefined, undefined,
      ({ updateData: u }) => event('account', { wallet: u.balances[0]?.walletBalance, position: u.positions[0]?.positionAmount }),
      ({ eventType, order: o }) => {
        if (eventType !== 'ORDER_TRADE_UPDATE' || !o) return;
        event('order', { id: o.orderId, client_id: o.clientOrderId, status: o.orderStatus, filled: o.orderFilledAccumulatedQuantity,
          qty: o.originalQuantity, commission: o.commission, last_price: o.lastFilledPrice });
      },
      // Called when the socket is made: its own list of open ones has it a moment later.
      () => {
        const look = () => (Object.keys(client.futuresSubscriptions).some((url) => url.includes('listenKey=')) ? resolve(null) : setImmediate(look));
        look();
      });
  }),
  algo_events: async () => { throw new Missing('it has no function for ALGO_UPDATE'); },
  keep_listen_key: () => client.futuresKeepDataStream(),
  close_listen_key: () => client.futuresCloseDataStream(),

  wrong_secret: () => make('not-the-secret').futuresBalance(),
  limits: async () => {
    if (!client.usedWeight()) throw new Missing('usedWeight() looks for headers in a place where its own HTTP client has none');
    return { weight: client.usedWeight(), orders: client.info.orderCount1m };
  },
});
