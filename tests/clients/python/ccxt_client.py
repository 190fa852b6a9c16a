"""ccxt (REST) and ccxt.pro (streams and WebSocket API), unified functions wherever there is one."""
import asyncio

import ccxt.pro as ccxt
from driver import CERTIFICATE, KEY, REST, SECRET, STREAMS, Missing, Refused, event, serve

UNIFIED = {'BTCUSDT': 'BTC/USDT:USDT', 'ETHUSDT': 'ETH/USDT:USDT'}
RAW = {unified: raw for raw, unified in UNIFIED.items()}


def make_exchange(secret=SECRET):
    exchange = ccxt.binanceusdm({'apiKey': KEY, 'secret': secret, 'enableRateLimit': False,
                                 'options': {'fetchCurrencies': False, 'fetchMargins': False, 'watchOrderBookRate': 0,
                                             'warnOnFetchOpenOrdersWithoutSymbol': False}})
    if CERTIFICATE:
        exchange.cafile = CERTIFICATE
    streams = STREAMS + '/ws'
    api = STREAMS + '/ws-fapi/v1'
    exchange.urls['api'] = exchange.extend(exchange.urls['api'], {
        'fapiPublic': REST + '/fapi/v1', 'fapiPublicV2': REST + '/fapi/v2', 'fapiPublicV3': REST + '/fapi/v3',
        'fapiPrivate': REST + '/fapi/v1', 'fapiPrivateV2': REST + '/fapi/v2', 'fapiPrivateV3': REST + '/fapi/v3',
        'fapiData': REST + '/futures/data',
        'ws': {'linear': streams, 'future': streams, 'ws-api': {'linear': api, 'future': api}}})
    return exchange


def order_of(o):
    raw = o['info']
    # The unified states are coarser than the venue's: the raw one is asked for where it is there.
    return {'id': o['id'], 'client_id': o['clientOrderId'], 'status': raw.get('status') or raw.get('X') or raw.get('algoStatus'),
            'filled': o['filled'], 'qty': o['amount'], 'price': o['price'], 'average': o['average']}


class Calls:
    def __init__(self):
        self.x = make_exchange()
        self.tasks = []
        self.subscribed = set()

    def refusal(self, error):
        if not isinstance(error, ccxt.ExchangeError):
            return None
        text = str(error)
        at = text.find('"code":')
        code = int(text[at + 7:].split(',')[0].split('}')[0]) if at >= 0 else None
        return Refused(code, text, type(error).__name__)

    # market
    async def time(self):
        return await self.x.fetch_time()

    async def instruments(self):
        markets = await self.x.load_markets()
        return [{'symbol': m['id'], 'tick': m['precision']['price'], 'step': m['precision']['amount'],
                 'min_qty': m['limits']['amount']['min'], 'min_notional': m['limits']['cost']['min']} for m in markets.values()]

    async def depth(self, symbol, limit):
        book = await self.x.fetch_order_book(UNIFIED[symbol], limit)
        return {'id': book['nonce'], 'bids': book['bids'], 'asks': book['asks']}

    async def trades(self, symbol, limit):
        self.x.options['fetchTradesMethod'] = 'fapiPublicGetTrades'
        rows = await self.x.fetch_trades(UNIFIED[symbol], None, limit, {'fetchTradesMethod': 'fapiPublicGetTrades'})
        return [{'id': t['id'], 'price': t['price'], 'qty': t['amount']} for t in rows]

    async def agg_trades(self, symbol, limit):
        rows = await self.x.fetch_trades(UNIFIED[symbol], None, limit, {'fetchTradesMethod': 'fapiPublicGetAggTrades'})
        return [{'id': t['id'], 'price': t['price'], 'qty': t['amount']} for t in rows]

    async def klines(self, symbol, interval, limit):
        return await self.x.fetch_ohlcv(UNIFIED[symbol], interval, None, limit)

    async def mark(self, symbol):
        f = await self.x.fetch_funding_rate(UNIFIED[symbol])
        return {'mark': f['markPrice'], 'rate': f['fundingRate'], 'next_funding': f['fundingTimestamp']}

    async def ticker(self, symbol):
        t = await self.x.fetch_ticker(UNIFIED[symbol])
        return {'last': t['last'], 'high': t['high'], 'low': t['low'], 'volume': t['baseVolume']}

    async def book_ticker(self, symbol):
        t = (await self.x.fetch_bids_asks([UNIFIED[symbol]]))[UNIFIED[symbol]]
        return {'bid': t['bid'], 'ask': t['ask'], 'bid_qty': t['bidVolume']}

    async def brackets(self, symbol):
        tiers = (await self.x.fetch_leverage_tiers([UNIFIED[symbol]]))[UNIFIED[symbol]]
        return [{'leverage': int(t['maxLeverage']), 'floor': t['minNotional']} for t in tiers]

    # streams
    def _watch(self, again):
        async def loop():
            while True:
                try:
                    await again()
                except Exception as error:
                    event('broken', f'{type(error).__name__}: {error}')
                    return
        self.tasks.append(asyncio.create_task(loop()))

    async def subscribe(self, kind, symbol):
        s = UNIFIED[symbol]
        if kind in self.subscribed:
            return 'again'
        self.subscribed.add(kind)
        if kind == 'trade':
            async def again():
                for t in await self.x.watch_trades(s):
                    event('trade', {'id': t['id'], 'price': t['price'], 'qty': t['amount']})
            self.x.newUpdates = True
        elif kind == 'bookTicker':
            async def again():
                t = (await self.x.watch_bids_asks([s]))[s]
                event('bookTicker', {'bid': t['bid'], 'ask': t['ask']})
        elif kind == 'mark':
            async def again():
                t = await self.x.watch_mark_price(s)
                event('mark', {'mark': t['markPrice']})
        elif kind == 'kline':
            async def again():
                for bar in await self.x.watch_ohlcv(s, '1m'):
                    event('kline', {'open_time': bar[0], 'low': bar[3], 'high': bar[2], 'close': bar[4]})
        elif kind == 'depth':
            # Every state of the client's book is wanted, and a future resolves only for the newest one: look behind its handler.
            handler = self.x.handle_order_book_message

            def noting(client, message, book):
                handler(client, message, book)
                event('book', {'id': book['nonce'], 'bids': [list(l) for l in book['bids']], 'asks': [list(l) for l in book['asks']]})
            self.x.handle_order_book_message = noting

            async def again():
                await self.x.watch_order_book(s)
            self._watch(again)
            return 'own'
        self._watch(again)
        return 'raw'

    # orders
    async def place(self, symbol, side, type, quantity, newClientOrderId, price=None, timeInForce=None, reduceOnly=None, raw=False):
        if raw:  # the unified function rounds and knows the symbols: the venue would not see it
            return await self.x.fapiPrivatePostOrder({'symbol': symbol, 'side': side, 'type': type, 'quantity': quantity, 'price': price,
                                                      'timeInForce': timeInForce, 'newClientOrderId': newClientOrderId})
        params = {'newClientOrderId': newClientOrderId}
        if timeInForce:
            params['timeInForce'] = timeInForce
        if reduceOnly:
            params['reduceOnly'] = True
        return order_of(await self.x.create_order(UNIFIED[symbol], type.lower(), side.lower(), float(quantity),
                                                  None if price is None else float(price), params))

    async def order(self, symbol, id):
        return order_of(await self.x.fetch_order(str(id), UNIFIED[symbol]))

    async def open_orders(self, symbol):
        return [order_of(o) for o in await self.x.fetch_open_orders(UNIFIED[symbol])]

    async def all_orders(self, symbol):
        return [order_of(o) for o in await self.x.fetch_orders(UNIFIED[symbol])]

    async def cancel(self, symbol, id=None, client_id=None):
        params = {} if client_id is None else {'origClientOrderId': client_id}
        return order_of(await self.x.cancel_order(None if id is None else str(id), UNIFIED[symbol], params))

    async def cancel_all(self, symbol):
        await self.x.cancel_all_orders(UNIFIED[symbol])

    async def cancel_list(self, symbol, ids):
        return [order_of(o) for o in await self.x.cancel_orders([str(i) for i in ids], UNIFIED[symbol])]

    async def modify(self, symbol, id, side, quantity, price):
        return order_of(await self.x.edit_order(str(id), UNIFIED[symbol], 'limit', side.lower(), float(quantity), float(price)))

    async def batch(self, orders):
        rows = await self.x.create_orders([
            {'symbol': UNIFIED[o['symbol']], 'type': o['type'].lower(), 'side': o['side'].lower(), 'amount': float(o['quantity']),
             'price': float(o['price']), 'params': {'timeInForce': o['timeInForce'], 'newClientOrderId': o['newClientOrderId']}}
            for o in orders])
        return [{**order_of(o), 'code': None if 'code' not in o['info'] else int(o['info']['code'])} for o in rows]

    async def place_algo(self, symbol, side, type, quantity, clientAlgoId, price=None, timeInForce=None, triggerPrice=None,
                         callbackRate=None, activatePrice=None):
        params = {'clientAlgoId': clientAlgoId}
        kind = 'limit' if price is not None else 'market'
        if type == 'TRAILING_STOP_MARKET':
            params.update(trailingPercent=callbackRate, trailingTriggerPrice=activatePrice)
        elif type.startswith('STOP'):
            params['stopLossPrice'] = triggerPrice
        else:
            params['takeProfitPrice'] = triggerPrice
        return order_of(await self.x.create_order(UNIFIED[symbol], kind, side.lower(), float(quantity),
                                                  None if price is None else float(price), params))

    async def open_algo(self, symbol):
        rows = await self.x.fetch_open_orders(UNIFIED[symbol], None, None, {'trigger': True})
        return [{**order_of(o), 'type': o['info']['orderType'], 'trigger': o['triggerPrice'],
                 'activation': o['info'].get('activatePrice')} for o in rows]

    async def cancel_algo(self, symbol, id):
        await self.x.cancel_order(str(id), UNIFIED[symbol], {'trigger': True})

    # account
    async def set_leverage(self, symbol, leverage):
        return await self.x.set_leverage(leverage, UNIFIED[symbol])

    async def set_margin_mode(self, symbol, mode):
        try:
            answer = await self.x.set_margin_mode('isolated' if mode == 'ISOLATED' else 'cross', UNIFIED[symbol])
        except ccxt.MarginModeAlreadySet as error:
            raise Refused(-4046, str(error), type(error).__name__)
        if isinstance(answer, dict) and str(answer.get('code')) == '-4046':
            raise Refused(-4046, answer['msg'], 'answer')
        return answer

    async def positions(self):
        rows = await self.x.fetch_positions()
        return [{'symbol': p['info']['symbol'], 'qty': p['contracts'] * (1 if p['side'] == 'long' else -1) if p['contracts'] else 0,
                 'entry': p['entryPrice']} for p in rows]

    async def balance(self):
        b = await self.x.fetch_balance()
        return {'wallet': b['info']['totalWalletBalance'], 'available': b['USDT']['free']}

    async def own_trades(self, symbol):
        rows = await self.x.fetch_my_trades(UNIFIED[symbol])
        return [{'order_id': t['order'], 'price': t['info']['price'], 'qty': t['info']['qty'], 'commission': t['info']['commission'],
                 'realized': t['info']['realizedPnl']} for t in rows]

    async def income(self):
        rows = await self.x.fapiPrivateGetIncome({'limit': 1000})
        return [{'type': r['incomeType'], 'amount': r['income']} for r in rows]

    # user events
    async def listen(self):
        self.x.newUpdates = True

        async def orders():
            for o in await self.x.watch_orders():
                i = o['info']
                event('order', {**order_of(o), 'commission': i.get('n'), 'last_price': i.get('L')})

        async def account():
            b = await self.x.watch_balance({'type': 'linear'})
            event('account', {'wallet': b['USDT']['total']})

        async def positions():
            for p in await self.x.watch_positions():
                event('account', {'position': p['contracts'] * (1 if p['side'] == 'long' else -1)})
        # The first balance and positions are fetched: watching must have begun before the next order is placed.
        self.x.options['watchBalance'] = {'fetchBalanceSnapshot': True, 'awaitBalanceSnapshot': True}
        self._watch(orders)
        self._watch(account)
        self._watch(positions)
        for _ in range(100):
            client = next((c for url, c in self.x.clients.items() if 'listenKey' in url), None)
            if client is not None and client.connected.done():
                return
            await asyncio.sleep(0.05)
        raise Missing('no user stream in 5 s')

    async def algo_events(self):
        raise Missing('ccxt.pro has no function for conditional orders\' events')

    async def keep_listen_key(self):
        await self.x.keep_alive_listen_key({'type': 'linear'})

    async def close_listen_key(self):
        await self.x.fapiPrivateDeleteListenKey()

    # WebSocket API
    async def ws_place(self, symbol, side, type, quantity, newClientOrderId, price=None, timeInForce=None):
        return order_of(await self.x.create_order_ws(UNIFIED[symbol], type.lower(), side.lower(), float(quantity), float(price),
                                                     {'timeInForce': timeInForce, 'newClientOrderId': newClientOrderId}))

    async def ws_order(self, symbol, id):
        return order_of(await self.x.fetch_order_ws(str(id), UNIFIED[symbol]))

    async def ws_cancel(self, symbol, id):
        return order_of(await self.x.cancel_order_ws(str(id), UNIFIED[symbol]))

    async def ws_modify(self, symbol, id, side, quantity, price):
        return order_of(await self.x.edit_order_ws(str(id), UNIFIED[symbol], 'limit', side.lower(), float(quantity), float(price)))

    async def ws_balance(self):
        b = await self.x.fetch_balance_ws({'type': 'linear'})
        return {'wallet': b['USDT']['total']}

    # errors, limits
    async def wrong_secret(self):
        other = make_exchange('not-the-secret')
        try:
            return await other.fapiPrivateV3GetBalance()
        finally:
            await other.close()

    async def limits(self):
        headers = {k.lower(): v for k, v in self.x.last_response_headers.items()}
        return {'weight': headers.get('x-mbx-used-weight-1m'), 'orders': headers.get('x-mbx-order-count-10s')}


serve(Calls)
