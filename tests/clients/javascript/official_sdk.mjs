// The venue's official SDK: REST, streams and WebSocket API.
import { DerivativesTradingUsdsFutures } from '@binance/derivatives-trading-usds-futures';
import { event, given, KEY, Missing, onStream, Refused, REST, SECRET, serve, shape, STREAMS } from './driver.mjs';

const make = (apiSecret) => new DerivativesTradingUsdsFutures({
  configurationRestAPI: { apiKey: KEY, apiSecret, basePath: REST, timeout: 10000 },
  configurationWebsocketAPI: { apiKey: KEY, apiSecret, wsURL: STREAMS + '/ws-fapi/v1', timeout: 10000 },
  configurationWebsocketStreams: { wsURL: STREAMS },
});
const client = make(SECRET);
const rest = client.restAPI;
const limits = { weight: null, orders: null };
let streams, api, listenKey;

async function data(request) {
  const response = await request;
  for (const one of response.rateLimits ?? []) {
    if (one.rateLimitType === 'REQUEST_WEIGHT') limits.weight = one.count;
    if (one.rateLimitType === 'ORDERS' && one.interval === 'SECOND') limits.orders = one.count;
  }
  return typeof response.data === 'function' ? response.data() : response.data; // the WebSocket API hands out a value
}
const stream = async () => (streams ??= await client.websocketStreams.connect());
const socket = async () => (api ??= await client.websocketAPI.connect());
const subscribed = new Set();

serve({
  refusal: (error) => {
    const code = error.code ?? error.errorCode;
    return code === undefined && !/code/.test(error.message ?? '') ? null : new Refused(code, error.message, error.name);
  },
  time: async () => (await data(rest.checkServerTime())).serverTime,
  instruments: async () => shape.instruments(await data(rest.exchangeInformation())),
  depth: async (a) => shape.depth(await data(rest.orderBook(a))),
  trades: async (a) => shape.trades(await data(rest.recentTradesList(a))),
  agg_trades: async (a) => shape.aggTrades(await data(rest.compressedAggregateTradesList(a))),
  klines: async (a) => data(rest.klineCandlestickData(a)),
  mark: async (a) => shape.mark(await data(rest.markPrice(a))),
  ticker: async (a) => shape.ticker(await data(rest.ticker24hrPriceChangeStatistics(a))),
  book_ticker: async (a) => shape.bookTicker(await data(rest.symbolOrderBookTicker(a))),
  brackets: async (a) => shape.brackets(await data(rest.notionalAndLeverageBrackets(a))),

  subscribe: async ({ kind, symbol }) => {
    if (subscribed.has(kind)) return 'again';
    subscribed.add(kind);
    const s = await stream();
    const name = symbol.toLowerCase();
    const open = {
      trade: () => s.aggregateTradeStreams({ symbol: name }),
      bookTicker: () => s.individualSymbolBookTickerStreams({ symbol: name }),
      mark: () => s.markPriceStream({ symbol: name, updateSpeed: '1s' }),
      kline: () => s.klineCandlestickStreams({ symbol: name, interval: '1m' }),
      depth: () => s.diffBookDepthStreams({ symbol: name, updateSpeed: '0ms' }),
    };
    open[kind]().on('message', onStream);
    return 'raw';
  },

  place: async ({ raw, ...a }) => shape.order(await data(rest.newOrder(a))),
  order: async ({ symbol, id }) => shape.order(await data(rest.queryOrder({ symbol, orderId: id }))),
  open_orders: async (a) => (await data(rest.currentAllOpenOrders(a))).map(shape.order),
  all_orders: async (a) => (await data(rest.allOrders(a))).map(shape.order),
  cancel: async ({ symbol, id, client_id }) =>
    shape.order(await data(rest.cancelOrder(given({ symbol, orderId: id, origClientOrderId: client_id })))),
  cancel_all: async (a) => data(rest.cancelAllOpenOrders(a)),
  cancel_list: async ({ symbol, ids }) => shape.batch(await data(rest.cancelMultipleOrders({ symbol, orderIdList: ids }))),
  modify: async ({ id, ...a }) => shape.order(await data(rest.modifyOrder({ orderId: id, ...a }))),
  batch: async ({ orders }) => shape.batch(await data(rest.placeMultipleOrders({ batchOrders: orders }))),
  place_algo: async (a) => shape.algo(await data(rest.newAlgoOrder({ algoType: 'CONDITIONAL', ...a }))),
  open_algo: async (a) => (await data(rest.currentAllAlgoOpenOrders(a))).map(shape.algo),
  cancel_algo: async ({ id }) => data(rest.cancelAlgoOrder({ algoId: id })),

  set_leverage: async (a) => data(rest.changeInitialLeverage(a)),
  set_margin_mode: async ({ symbol, mode }) => data(rest.changeMarginType({ symbol, marginType: mode })),
  positions: async () => shape.positions(await data(rest.positionInformationV3())),
  balance: async () => shape.balance(await data(rest.futuresAccountBalanceV3())),
  own_trades: async (a) => shape.ownTrades(await data(rest.accountTradeList(a))),
  income: async () => shape.income(await data(rest.getIncomeHistory({ limit: 1000 }))),

  listen: async () => {
    ({ listenKey } = await data(rest.startUserDataStream()));
    (await stream()).userData(listenKey).on('message', onStream);
  },
  algo_events: async () => null,
  keep_listen_key: async () => data(rest.keepaliveUserDataStream()),
  close_listen_key: async () => data(rest.closeUserDataStream()),

  ws_place: async (a) => shape.order(await data((await socket()).newOrder(a))),
  ws_order: async ({ symbol, id }) => shape.order(await data((await socket()).queryOrder({ symbol, orderId: id }))),
  ws_cancel: async ({ symbol, id }) => shape.order(await data((await socket()).cancelOrder({ symbol, orderId: id }))),
  ws_modify: async ({ id, ...a }) => shape.order(await data((await socket()).modifyOrder({ orderId: id, ...a }))),
  ws_balance: async () => shape.balance(await data((await socket()).futuresAccountBalanceV2())),

  wrong_secret: async () => data(make('not-the-secret').restAPI.futuresAccountBalanceV3()),
  limits: async () => limits,
});
