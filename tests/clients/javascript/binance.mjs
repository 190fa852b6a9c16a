// binance (USDMClient, WebsocketClient, WebsocketAPIClient).
import { USDMClient, WebsocketAPIClient, WebsocketClient } from 'binance';
import { given, KEY, Missing, onStream, Refused, REST, SECRET, serve, shape, STREAMS } from './driver.mjs';

const quiet = { trace() {}, info() {}, error: console.error };
const make = (api_secret) => new USDMClient({ api_key: KEY, api_secret, baseUrl: REST });
const rest = make(SECRET);
const ws = new WebsocketClient({ api_key: KEY, api_secret: SECRET, wsUrl: STREAMS, restOptions: { baseUrl: REST } }, quiet);
ws.on('message', (m) => onStream(m.data ?? m));
ws.on('exception', (e) => console.error(e));
const api = new WebsocketAPIClient({ api_key: KEY, api_secret: SECRET, wsUrl: STREAMS }, quiet);
const subscribed = new Set();
const result = async (request) => (await request).result;
const now = (a) => ({ ...a, timestamp: Date.now() }); // the WebSocket API's timestamp is the caller's business here

serve({
  refusal: (error) => {
    const told = error?.error ?? error; // the WebSocket API's refusals hold theirs one level down
    return told?.code === undefined || typeof told.code === 'string' ? null : new Refused(told.code, told.message ?? told.msg, 'object');
  },
  time: () => rest.getServerTime(),
  instruments: async () => shape.instruments(await rest.getExchangeInfo()),
  depth: async (a) => shape.depth(await rest.getOrderBook(a)),
  trades: async (a) => shape.trades(await rest.getRecentTrades(a)),
  agg_trades: async (a) => shape.aggTrades(await rest.getAggregateTrades(a)),
  klines: (a) => rest.getKlines(a),
  mark: async (a) => shape.mark(await rest.getMarkPrice(a)),
  ticker: async (a) => shape.ticker(await rest.get24hrChangeStatistics(a)),
  book_ticker: async (a) => shape.bookTicker(await rest.getSymbolOrderBookTicker(a)),
  brackets: async (a) => shape.brackets(await rest.getNotionalAndLeverageBrackets(a)),

  subscribe: async ({ kind, symbol }) => {
    if (subscribed.has(kind)) return 'again';
    subscribed.add(kind);
    const name = symbol.toLowerCase();
    const [stream, route] = {
      trade: [`${name}@aggTrade`, 'usdmMarket'], bookTicker: [`${name}@bookTicker`, 'usdmPublic'],
      mark: [`${name}@markPrice@1s`, 'usdmMarket'], kline: [`${name}@kline_1m`, 'usdmMarket'], depth: [`${name}@depth@0ms`, 'usdmPublic'],
    }[kind];
    await ws.subscribe([stream], route);
    return 'raw';
  },

  place: async ({ raw, ...a }) => shape.order(await rest.submitNewOrder(a)),
  order: async ({ symbol, id }) => shape.order(await rest.getOrder({ symbol, orderId: id })),
  open_orders: async (a) => (await rest.getAllOpenOrders(a)).map(shape.order),
  all_orders: async (a) => (await rest.getAllOrders(a)).map(shape.order),
  cancel: async ({ symbol, id, client_id }) => shape.order(await rest.cancelOrder(given({ symbol, orderId: id, origClientOrderId: client_id }))),
  cancel_all: (a) => rest.cancelAllOpenOrders(a),
  cancel_list: async ({ symbol, ids }) => shape.batch(await rest.cancelMultipleOrders({ symbol, orderIdList: ids })),
  modify: async ({ id, ...a }) => shape.order(await rest.modifyOrder({ orderId: id, ...a })),
  batch: async ({ orders }) => shape.batch(await rest.submitMultipleOrders(orders)),
  place_algo: async (a) => shape.algo(await rest.submitNewAlgoOrder({ algoType: 'CONDITIONAL', ...a })),
  open_algo: async (a) => (await rest.getOpenAlgoOrders(a)).map(shape.algo),
  cancel_algo: ({ id }) => rest.cancelAlgoOrder({ algoId: id }),

  set_leverage: (a) => rest.setLeverage(a),
  set_margin_mode: ({ symbol, mode }) => rest.setMarginType({ symbol, marginType: mode }),
  positions: async () => shape.positions(await rest.getPositionsV3()),
  balance: async () => shape.balance(await rest.getBalanceV3()),
  own_trades: async (a) => shape.ownTrades(await rest.getAccountTrades(a)),
  income: async () => shape.income(await rest.getIncomeHistory({ limit: 1000 })),

  listen: () => new Promise((resolve, reject) => {
    ws.on('open', ({ wsKey }) => (/userData|private/i.test(wsKey) ? resolve(null) : null));
    ws.subscribeUsdFuturesUserDataStream('usdm').then(() => resolve(null), reject);
  }),
  algo_events: async () => null,
  keep_listen_key: () => rest.keepAliveFuturesUserDataListenKey(),
  close_listen_key: () => rest.closeFuturesUserDataListenKey(),

  ws_place: async (a) => shape.order(await result(api.submitNewFuturesOrder('usdm', now(a)))),
  ws_order: async ({ symbol, id }) => shape.order(await result(api.getFuturesOrderStatus('usdm', now({ symbol, orderId: id })))),
  ws_cancel: async ({ symbol, id }) => shape.order(await result(api.cancelFuturesOrder('usdm', now({ symbol, orderId: id })))),
  ws_modify: async ({ id, ...a }) => shape.order(await result(api.modifyFuturesOrder('usdm', now({ orderId: id, ...a })))),
  ws_balance: async () => shape.balance(await result(api.getFuturesAccountBalanceV2(now({})))),

  wrong_secret: () => make('not-the-secret').getBalanceV3(),
  limits: async () => {
    const l = rest.getRateLimitStates();
    return { weight: l['x-mbx-used-weight-1m'], orders: l['x-mbx-order-count-10s'] };
  },
});
