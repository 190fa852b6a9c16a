// ccxt (REST) and ccxt.pro (streams and WebSocket API), unified functions wherever there is one.
import ccxt from 'ccxt';
import { event, KEY, Missing, Refused, REST, SECRET, serve, STREAMS } from './driver.mjs';

const UNIFIED = { BTCUSDT: 'BTC/USDT:USDT', ETHUSDT: 'ETH/USDT:USDT' };
function make(secret) {
  const streams = STREAMS + '/ws';
  const api = STREAMS + '/ws-fapi/v1';
  return new ccxt.pro.binanceusdm({ apiKey: KEY, secret, enableRateLimit: false, newUpdates: true,
    urls: { api: { fapiPublic: REST + '/fapi/v1', fapiPublicV2: REST + '/fapi/v2', fapiPublicV3: REST + '/fapi/v3',
      fapiPrivate: REST + '/fapi/v1', fapiPrivateV2: REST + '/fapi/v2', fapiPrivateV3: REST + '/fapi/v3', fapiData: REST + '/futures/data',
      ws: { future: streams, linear: streams, 'ws-api': { future: api, linear: api } } } },
    options: { fetchCurrencies: false, fetchMargins: false, watchOrderBookRate: 0, warnOnFetchOpenOrdersWithoutSymbol: false,
      watchBalance: { fetchBalanceSnapshot: true, awaitBalanceSnapshot: true } } });
}
const x = make(SECRET);
await x.loadHttpProxyAgent(); // needed before any ws:// socket
const subscribed = new Set();

const order = (o) => ({ id: o.id, client_id: o.clientOrderId, status: o.info.status ?? o.info.X ?? o.info.algoStatus, filled: o.filled,
  qty: o.amount, price: o.price, average: o.average });
const number = (text) => (text === undefined ? undefined : Number(text));
function watch(again) {
  (async () => {
    for (;;) await again();
  })().catch((error) => event('broken', String(error)));
}

serve({
  refusal: (error) => {
    if (!(error instanceof ccxt.ExchangeError)) return null;
    const code = /"code":\s*(-?\d+)/.exec(error.message);
    return new Refused(code?.[1], error.message, error.constructor.name);
  },
  time: () => x.fetchTime(),
  instruments: async () => Object.values(await x.loadMarkets()).map((m) => ({ symbol: m.id, tick: m.precision.price, step: m.precision.amount,
    min_qty: m.limits.amount.min, min_notional: m.limits.cost.min })),
  depth: async ({ symbol, limit }) => {
    const b = await x.fetchOrderBook(UNIFIED[symbol], limit);
    return { id: b.nonce, bids: b.bids, asks: b.asks };
  },
  trades: async ({ symbol, limit }) => (await x.fetchTrades(UNIFIED[symbol], undefined, limit, { fetchTradesMethod: 'fapiPublicGetTrades' }))
    .map((t) => ({ id: t.id, price: t.price, qty: t.amount })),
  agg_trades: async ({ symbol, limit }) => (await x.fetchTrades(UNIFIED[symbol], undefined, limit, { fetchTradesMethod: 'fapiPublicGetAggTrades' }))
    .map((t) => ({ id: t.id, price: t.price, qty: t.amount })),
  klines: ({ symbol, interval, limit }) => x.fetchOHLCV(UNIFIED[symbol], interval, undefined, limit),
  mark: async ({ symbol }) => {
    const f = await x.fetchFundingRate(UNIFIED[symbol]);
    return { mark: f.markPrice, rate: f.fundingRate, next_funding: f.fundingTimestamp };
  },
  ticker: async ({ symbol }) => {
    const t = await x.fetchTicker(UNIFIED[symbol]);
    return { last: t.last, high: t.high, low: t.low, volume: t.baseVolume };
  },
  book_ticker: async ({ symbol }) => {
    const t = (await x.fetchBidsAsks([UNIFIED[symbol]]))[UNIFIED[symbol]];
    return { bid: t.bid, ask: t.ask, bid_qty: t.bidVolume };
  },
  brackets: async ({ symbol }) => (await x.fetchLeverageTiers([UNIFIED[symbol]]))[UNIFIED[symbol]]
    .map((t) => ({ leverage: t.maxLeverage, floor: t.minNotional })),

  subscribe: async ({ kind, symbol }) => {
    if (subscribed.has(kind)) return 'again';
    subscribed.add(kind);
    const s = UNIFIED[symbol];
    if (kind === 'trade') watch(async () => (await x.watchTrades(s)).forEach((t) => event('trade', { id: t.id, price: t.price, qty: t.amount })));
    if (kind === 'bookTicker') {
      watch(async () => {
        const t = (await x.watchBidsAsks([s]))[s];
        event('bookTicker', { bid: t.bid, ask: t.ask });
      });
    }
    if (kind === 'mark') watch(async () => event('mark', { mark: (await x.watchMarkPrice(s)).markPrice }));
    if (kind === 'kline') {
      watch(async () => (await x.watchOHLCV(s, '1m')).forEach((b) => event('kline', { open_time: b[0], low: b[3], high: b[2], close: b[4] })));
    }
    if (kind !== 'depth') return 'raw';
    // Every state of the client's book is wanted, and a promise resolves only for the newest one: look behind its handler.
    const handler = x.handleOrderBookMessage.bind(x);
    x.handleOrderBookMessage = (client, message, book) => {
      handler(client, message, book);
      event('book', { id: book.nonce, bids: book.bids.map((l) => [...l]), asks: book.asks.map((l) => [...l]) });
    };
    watch(() => x.watchOrderBook(s));
    return 'own';
  },

  place: async ({ raw, symbol, side, type, quantity, price, timeInForce, reduceOnly, newClientOrderId }) => {
    // The unified function rounds and knows the symbols: the venue would not see it.
    if (raw) return x.fapiPrivatePostOrder({ symbol, side, type, quantity, price, timeInForce, newClientOrderId });
    const params = { newClientOrderId };
    if (timeInForce) params.timeInForce = timeInForce;
    if (reduceOnly) params.reduceOnly = true;
    return order(await x.createOrder(UNIFIED[symbol], type.toLowerCase(), side.toLowerCase(), Number(quantity), number(price), params));
  },
  order: async ({ symbol, id }) => order(await x.fetchOrder(String(id), UNIFIED[symbol])),
  open_orders: async ({ symbol }) => (await x.fetchOpenOrders(UNIFIED[symbol])).map(order),
  all_orders: async ({ symbol }) => (await x.fetchOrders(UNIFIED[symbol])).map(order),
  cancel: async ({ symbol, id, client_id }) =>
    order(await x.cancelOrder(id === undefined ? undefined : String(id), UNIFIED[symbol], client_id ? { origClientOrderId: client_id } : {})),
  cancel_all: ({ symbol }) => x.cancelAllOrders(UNIFIED[symbol]),
  cancel_list: async ({ symbol, ids }) => (await x.cancelOrders(ids.map(String), UNIFIED[symbol])).map(order),
  modify: async ({ symbol, id, side, quantity, price }) =>
    order(await x.editOrder(String(id), UNIFIED[symbol], 'limit', side.toLowerCase(), Number(quantity), Number(price))),
  batch: async ({ orders }) => (await x.createOrders(orders.map((o) => ({ symbol: UNIFIED[o.symbol], type: o.type.toLowerCase(),
    side: o.side.toLowerCase(), amount: Number(o.quantity), price: Number(o.price),
    params: { timeInForce: o.timeInForce, newClientOrderId: o.newClientOrderId } }))))
    .map((o) => ({ ...order(o), code: o.info.code === undefined ? null : Number(o.info.code) })),
  place_algo: async ({ symbol, side, type, quantity, price, triggerPrice, callbackRate, activatePrice, clientAlgoId }) => {
    const params = { clientAlgoId };
    if (type === 'TRAILING_STOP_MARKET') Object.assign(params, { trailingPercent: callbackRate, trailingTriggerPrice: activatePrice });
    else if (type.startsWith('STOP')) params.stopLossPrice = triggerPrice;
    else params.takeProfitPrice = triggerPrice;
    return order(await x.createOrder(UNIFIED[symbol], price === undefined ? 'market' : 'limit', side.toLowerCase(), Number(quantity), number(price), params));
  },
  open_algo: async ({ symbol }) => (await x.fetchOpenOrders(UNIFIED[symbol], undefined, undefined, { trigger: true }))
    .map((o) => ({ ...order(o), type: o.info.orderType, trigger: o.triggerPrice, activation: o.info.activatePrice })),
  cancel_algo: ({ symbol, id }) => x.cancelOrder(String(id), UNIFIED[symbol], { trigger: true }),

  set_leverage: ({ symbol, leverage }) => x.setLeverage(leverage, UNIFIED[symbol]),
  set_margin_mode: async ({ symbol, mode }) => {
    const answer = await x.setMarginMode(mode === 'ISOLATED' ? 'isolated' : 'cross', UNIFIED[symbol]);
    if (String(answer?.code) === '-4046') throw new Refused(-4046, answer.msg, 'answer');
    return answer;
  },
  positions: async () => (await x.fetchPositions()).map((p) => ({ symbol: p.info.symbol,
    qty: p.contracts ? p.contracts * (p.side === 'long' ? 1 : -1) : 0, entry: p.entryPrice })),
  balance: async () => {
    const b = await x.fetchBalance();
    return { wallet: b.info.totalWalletBalance, available: b.USDT.free };
  },
  own_trades: async ({ symbol }) => (await x.fetchMyTrades(UNIFIED[symbol])).map(({ order: order_id, info }) =>
    ({ order_id, price: info.price, qty: info.qty, commission: info.commission, realized: info.realizedPnl })),
  income: async () => (await x.fapiPrivateGetIncome({ limit: 1000 })).map((r) => ({ type: r.incomeType, amount: r.income })),

  listen: async () => {
    watch(async () => (await x.watchOrders()).forEach((o) => event('order', { ...order(o), commission: o.info.n, last_price: o.info.L })));
    watch(async () => event('account', { wallet: (await x.watchBalance({ type: 'linear' })).USDT?.total }));
    watch(async () => (await x.watchPositions()).forEach((p) => event('account', { position: p.contracts * (p.side === 'long' ? 1 : -1) })));
    for (let n = 0; n < 200; ++n) {
      const client = Object.entries(x.clients).find(([url]) => url.includes('listenKey'))?.[1];
      if (client?.isOpen?.()) return null;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('no user stream in 4 s');
  },
  algo_events: async () => { throw new Missing("ccxt.pro has no function for conditional orders' events"); },
  keep_listen_key: () => x.keepAliveListenKey({ type: 'linear' }),
  close_listen_key: () => x.fapiPrivateDeleteListenKey(),

  ws_place: async ({ symbol, side, type, quantity, price, timeInForce, newClientOrderId }) =>
    order(await x.createOrderWs(UNIFIED[symbol], type.toLowerCase(), side.toLowerCase(), Number(quantity), Number(price), { timeInForce, newClientOrderId })),
  ws_order: async ({ symbol, id }) => order(await x.fetchOrderWs(String(id), UNIFIED[symbol])),
  ws_cancel: async ({ symbol, id }) => order(await x.cancelOrderWs(String(id), UNIFIED[symbol])),
  ws_modify: async ({ symbol, id, side, quantity, price }) =>
    order(await x.editOrderWs(String(id), UNIFIED[symbol], 'limit', side.toLowerCase(), Number(quantity), Number(price))),
  ws_balance: async () => ({ wallet: (await x.fetchBalanceWs({ type: 'future' })).USDT.total }),

  wrong_secret: () => make('not-the-secret').fapiPrivateV3GetBalance(),
  limits: async () => {
    const h = Object.fromEntries(Object.entries(x.last_response_headers).map(([k, v]) => [k.toLowerCase(), v]));
    return { weight: h['x-mbx-used-weight-1m'], orders: h['x-mbx-order-count-10s'] };
  },
});
