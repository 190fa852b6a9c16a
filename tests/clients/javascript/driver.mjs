// The driver's side of wire.py, for clients in JavaScript.
import readline from 'node:readline';

export const REST = process.env.VENUE_REST;        // http://HOST:PORT
export const STREAMS = process.env.VENUE_STREAMS;  // ws://HOST:PORT
export const KEY = process.env.VENUE_KEY;
export const SECRET = process.env.VENUE_SECRET;

// Standard output belongs to the messages; what a client prints goes to the log.
const out = process.stdout.write.bind(process.stdout);
for (const name of ['log', 'info', 'debug', 'warn']) console[name] = console.error;

export class Missing extends Error {}
export class Refused extends Error {
  constructor(code, text, kind) {
    super(text);
    this.what = { code: code === undefined || code === null ? null : Number(code), text, kind };
  }
}

const plain = (name, value) => (typeof value === 'bigint' ? value.toString() : value);
const send = (message) => out(JSON.stringify(message, plain) + '\n');
export const event = (kind, value) => send({ event: kind, value });

export async function serve(calls) {
  process.on('unhandledRejection', (error) => console.error('unhandled', error));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { id, call, args } = JSON.parse(line);
    try {
      if (!calls[call]) throw new Missing('no such function');
      const value = await calls[call](args);
      send({ id, value: value === undefined ? null : value });
    } catch (error) {
      const refused = error instanceof Refused ? error : error instanceof Missing ? null : calls.refusal(error);
      if (error instanceof Missing) send({ id, missing: error.message });
      else if (refused) send({ id, refused: refused.what });
      else {
        console.error(error);
        send({ id, broken: `${error?.name}: ${error?.message ?? JSON.stringify(error)}` });
      }
    }
  }
  process.exit(0); // a client's sockets need no farewell
}

// Without undefined members, which some clients would send as text.
export const given = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

// The venue's own JSON, for clients that hand it through.
export const shape = {
  instruments: (info) => info.symbols.map((s) => {
    const filter = (kind) => s.filters.find((f) => f.filterType === kind);
    return { symbol: s.symbol, tick: filter('PRICE_FILTER').tickSize, step: filter('LOT_SIZE').stepSize,
      min_qty: filter('LOT_SIZE').minQty, min_notional: filter('MIN_NOTIONAL').notional };
  }),
  depth: (b) => ({ id: b.lastUpdateId, bids: b.bids, asks: b.asks }),
  trades: (rows) => rows.map((t) => ({ id: t.id, price: t.price, qty: t.qty })),
  aggTrades: (rows) => rows.map((t) => ({ id: t.a, price: t.p, qty: t.q })),
  mark: (m) => ({ mark: m.markPrice, rate: m.lastFundingRate, next_funding: m.nextFundingTime }),
  ticker: (t) => ({ last: t.lastPrice, high: t.highPrice, low: t.lowPrice, volume: t.volume }),
  bookTicker: (t) => ({ bid: t.bidPrice, ask: t.askPrice, bid_qty: t.bidQty }),
  brackets: (rows) => rows[0].brackets.map((b) => ({ leverage: b.initialLeverage, floor: b.notionalFloor })),
  order: (o) => ({ id: o.orderId, client_id: o.clientOrderId, status: o.status, filled: o.executedQty, qty: o.origQty,
    price: o.price, average: o.avgPrice }),
  batch: (rows) => rows.map((o) => ({ ...shape.order(o), code: o.code === undefined ? null : Number(o.code) })),
  algo: (o) => ({ id: o.algoId, client_id: o.clientAlgoId, status: o.algoStatus, type: o.orderType,
    trigger: o.triggerPrice, activation: o.activatePrice }),
  positions: (rows) => rows.map((p) => ({ symbol: p.symbol, qty: p.positionAmt, entry: p.entryPrice })),
  balance: (rows) => {
    const b = rows.find((one) => one.asset === 'USDT');
    return { wallet: b.balance, available: b.availableBalance };
  },
  ownTrades: (rows) => rows.map((t) => ({ order_id: t.orderId, price: t.price, qty: t.qty, commission: t.commission,
    realized: t.realizedPnl })),
  income: (rows) => rows.map((r) => ({ type: r.incomeType, amount: r.income })),
};

// One message of a stream, as the venue sends it.
export function onStream(m) {
  switch (m?.e) {
    case 'trade': return event('trade', { id: m.t, price: m.p, qty: m.q });
    case 'aggTrade': return event('trade', { id: m.a, price: m.p, qty: m.q, kind: 'agg' });
    case 'bookTicker': return event('bookTicker', { bid: m.b, ask: m.a });
    case 'markPriceUpdate': return event('mark', { mark: m.p });
    case 'kline': return event('kline', { open_time: m.k.t, low: m.k.l, high: m.k.h, close: m.k.c });
    case 'depthUpdate': return event('depth', { U: m.U, u: m.u, pu: m.pu, b: m.b, a: m.a });
    case 'ORDER_TRADE_UPDATE':
      return event('order', { id: m.o.i, client_id: m.o.c, status: m.o.X, filled: m.o.z, qty: m.o.q, commission: m.o.n,
        last_price: m.o.L });
    case 'ACCOUNT_UPDATE': return event('account', { wallet: m.a.B?.[0]?.wb, position: m.a.P?.[0]?.pa });
    case 'ALGO_UPDATE': return event('algo', { id: m.o.aid, status: m.o.X });
    default: return undefined;
  }
}
