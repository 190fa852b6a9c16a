// binance-api-node. It has no WebSocket API.
import binance from 'binance-api-node';
import { event, given, KEY, Missing, onStream, Refused, REST, SECRET, serve, shape, STREAMS } from './driver.mjs';

const Binance = binance.default ?? binance;
const make = (apiSecret) => Binance({ apiKey: KEY, apiSecret, httpFutures: REST, wsFuturesPublic: STREAMS + '/public/ws',
  wsFuturesMarket: STREAMS + '/market/ws', wsFuturesPrivate: STREAMS + '/private/ws' });
const client = make(SECRET);
const subscribed = new Set();
let listenKey;

serve({
  refusal: (error) => (typeof error.code === 'number' ? new Refused(error.code, error.message, error.name) : null),
  time: () => client.futuresTime(),
  instruments: async () => shape.instruments(await client.futuresExchangeInfo()),
  depth: async (a) => { // levels become objects here
    const b = await client.futuresBook(a);
    const pair = (l) => (Array.isArray(l) ? l : [l.price, l.quantity]);
    return { id: b.lastUpdateId, bids: b.bids.map(pair), asks: b.asks.map(pair) };
  },
  trades: async (a) => shape.trades(await client.futuresTrades(a)),
  agg_trades: async (a) => (await client.futuresAggTrades(a)).map((t) => ({ id: t.aggId ?? t.a, price: t.price ?? t.p, qty: t.quantity ?? t.q })),
  klines: async (a) => (await client.futuresCandles(a)).map((k) => [k.openTime, k.open, k.high, k.low, k.close, k.volume]),
  mark: async (a) => shape.mark([].concat(await client.futuresMarkPrice(a))[0]),
  ticker: async (a) => shape.ticker([].concat(await client.futuresDailyStats(a))[0]),
  book_ticker: async ({ symbol }) => {
    const all = await client.futuresAllBookTickers();
    return shape.bookTicker((Array.isArray(all) ? all.find((t) => t.symbol === symbol) : all[symbol]));
  },
  brackets: async (a) => shape.brackets(await client.futuresLeverageBracket(a)),

  subscribe: async ({ kind, symbol }) => {
    if (subscribed.has(kind)) return 'again';
    subscribed.add(kind);
    if (kind === 'trade') client.ws.futuresAggTrades(symbol, (t) => event('trade', { id: t.aggId, price: t.price, qty: t.quantity, kind: 'agg' }));
    if (kind === 'bookTicker') client.ws.futuresBookTicker(symbol, (t) => event('bookTicker', { bid: t.bestBid, ask: t.bestAsk }));
    if (kind === 'mark') client.ws.futuresMarkPrice({ symbol, updateSpeed: '1s' }, (m) => event('mark', { mark: m.markPrice }));
    if (kind === 'kline') client.ws.futuresCandles(symbol, '1m', (k) => event('kline', { open_time: k.startTime, low: k.low, high: k.high, close: k.close }));
    if (kind === 'depth') client.ws.futuresDepth(`${symbol}@0ms`, onStream, false);
    return 'raw';
  },

  place: async ({ raw, ...a }) => shape.order(await client.futuresOrder(a)),
  order: async ({ symbol, id }) => shape.order(await client.futuresGetOrder({ symbol, orderId: id })),
  open_orders: async (a) => (await client.futuresOpenOrders(a)).map(shape.order),
  all_orders: async (a) => (await client.futuresAllOrders(a)).map(shape.order),
  cancel: async ({ symbol, id, client_id }) => shape.order(await client.futuresCancelOrder(given({ symbol, orderId: id, origClientOrderId: client_id }))),
  cancel_all: (a) => client.futuresCancelAllOpenOrders(a),
  cancel_list: async ({ symbol, ids }) => shape.batch(await client.futuresCancelBatchOrders({ symbol, orderIdList: JSON.stringify(ids) })),
  modify: async ({ id, ...a }) => shape.order(await client.futuresUpdateOrder({ orderId: id, ...a })),
  batch: async ({ orders }) => shape.batch(await client.futuresBatchOrders({ batchOrders: JSON.stringify(orders) })),
  place_algo: async (a) => shape.algo(await client.futuresCreateAlgoOrder(a)),
  open_algo: async (a) => (await client.futuresGetOpenAlgoOrders(a)).map(shape.algo),
  cancel_algo: ({ symbol, id }) => client.futuresCancelAlgoOrder({ symbol, algoId: id }),

  set_leverage: (a) => client.futuresLeverage(a),
  set_margin_mode: ({ symbol, mode }) => client.futuresMarginType({ symbol, marginType: mode }),
  positions: async () => shape.positions(await client.futuresPositionRisk()),
  balance: async () => shape.balance(await client.futuresAccountBalance()),
  own_trades: async (a) => shape.ownTrades(await client.futuresUserTrades(a)),
  income: async () => shape.income(await client.futuresIncome({ limit: 1000 })),

  listen: () => new Promise((resolve, reject) => {
    const opened = Binance({ apiKey: KEY, apiSecret: SECRET, httpFutures: REST, wsFuturesPrivate: STREAMS + '/private/ws', emitSocketOpens: true });
    opened.ws.futuresUser((m) => {
      if (m.eventType === 'open' || m.type === 'open') resolve(null);
      else if (m.eventType === 'ORDER_TRADE_UPDATE') {
        event('order', { id: m.orderId, client_id: m.clientOrderId, status: m.orderStatus, filled: m.totalTradeQuantity, qty: m.quantity,
          commission: m.commission, last_price: m.priceLastTrade });
      } else if (m.eventType === 'ACCOUNT_UPDATE') {
        event('account', { wallet: m.balances[0]?.walletBalance, position: m.positions[0]?.positionAmount });
      } else event('other', m);
    }).catch(reject);
  }),
  algo_events: async () => { throw new Missing('it has no transformation of ALGO_UPDATE'); },
  keep_listen_key: async () => {
    ({ listenKey } = await client.futuresGetDataStream());
    await client.futuresKeepDataStream({ listenKey });
  },
  close_listen_key: () => client.futuresCloseDataStream({ listenKey }),

  wrong_secret: () => make('not-the-secret').futuresAccountBalance(),
  limits: async () => {
    const f = client.getInfo()['127.0.0.1']; // by the host's name
    return { weight: f.usedWeight1m, orders: f.orderCount10s };
  },
});
