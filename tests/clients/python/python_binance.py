"""python-binance: AsyncClient, BinanceSocketManager, and its WebSocket API."""
import asyncio

import shape
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException
from driver import KEY, REST, SECRET, STREAMS, Refused, serve

AsyncClient.FUTURES_URL = REST + '/fapi'
AsyncClient.FUTURES_DATA_URL = REST + '/futures/data'
AsyncClient.WS_FUTURES_URL = STREAMS + '/ws-fapi/v1'
BinanceSocketManager.FSTREAM_URL = STREAMS + '/'


async def make_client(secret=SECRET):
    return AsyncClient(KEY, secret)


class Calls:
    def __init__(self, client):
        self.c = client
        self.sockets = BinanceSocketManager(client)
        self.subscribed = set()
        self.tasks = []

    def refusal(self, error):
        return Refused(error.code, error.message, type(error).__name__) if isinstance(error, BinanceAPIException) else None

    async def time(self):
        return (await self.c.futures_time())['serverTime']

    async def instruments(self):
        return shape.instruments(await self.c.futures_exchange_info())

    async def depth(self, **a):
        return shape.depth(await self.c.futures_order_book(**a))

    async def trades(self, **a):
        return shape.trades(await self.c.futures_recent_trades(**a))

    async def agg_trades(self, **a):
        return shape.agg_trades(await self.c.futures_aggregate_trades(**a))

    async def klines(self, **a):
        return await self.c.futures_klines(**a)

    async def mark(self, **a):
        return shape.mark(await self.c.futures_mark_price(**a))

    async def ticker(self, **a):
        return shape.ticker(await self.c.futures_ticker(**a))

    async def book_ticker(self, **a):
        return shape.book_ticker(await self.c.futures_orderbook_ticker(**a))

    async def brackets(self, **a):
        return shape.brackets(await self.c.futures_leverage_bracket(**a))

    async def _run(self, socket):
        opened = asyncio.get_running_loop().create_future()

        async def run():
            async with socket as stream:
                opened.set_result(None)
                while True:
                    message = await stream.recv()
                    shape.on_stream(message.get('data', message))
        self.tasks.append(asyncio.create_task(run()))
        await asyncio.wait_for(opened, 10)

    async def subscribe(self, kind, symbol):
        if kind in self.subscribed:
            return 'again'
        self.subscribed.add(kind)
        name = symbol.lower()
        stream, category = {
            'trade': (f'{name}@aggTrade', 'market'), 'bookTicker': (f'{name}@bookTicker', 'public'), 'mark': (f'{name}@markPrice@1s', 'market'),
            'kline': (f'{name}@kline_1m', 'market'), 'depth': (f'{name}@depth@0ms', 'public')}[kind]
        await self._run(self.sockets.futures_multiplex_socket([stream], category=category))
        return 'raw'

    async def place(self, raw=False, **a):
        return shape.order(await self.c.futures_create_order(**a))

    async def order(self, symbol, id):
        return shape.order(await self.c.futures_get_order(symbol=symbol, orderId=id))

    async def open_orders(self, **a):
        return [shape.order(o) for o in await self.c.futures_get_open_orders(**a)]

    async def all_orders(self, **a):
        return [shape.order(o) for o in await self.c.futures_get_all_orders(**a)]

    async def cancel(self, symbol, id=None, client_id=None):
        which = {'orderId': id} if id is not None else {'origClientOrderId': client_id}
        return shape.order(await self.c.futures_cancel_order(symbol=symbol, **which))

    async def cancel_all(self, **a):
        return await self.c.futures_cancel_all_open_orders(**a)

    async def cancel_list(self, symbol, ids):
        return shape.batch(await self.c.futures_cancel_orders(symbol=symbol, orderidlist=[int(i) for i in ids]))

    async def modify(self, id, **a):
        return shape.order(await self.c.futures_modify_order(orderId=id, **a))

    async def batch(self, orders):
        return shape.batch(await self.c.futures_place_batch_order(batchOrders=orders))

    async def place_algo(self, **a):
        return shape.algo(await self.c.futures_create_algo_order(**a))

    async def open_algo(self, **a):
        return [shape.algo(o) for o in await self.c.futures_get_open_algo_orders(**a)]

    async def cancel_algo(self, symbol, id):
        return await self.c.futures_cancel_algo_order(algoId=id)

    async def set_leverage(self, **a):
        return await self.c.futures_change_leverage(**a)

    async def set_margin_mode(self, symbol, mode):
        return await self.c.futures_change_margin_type(symbol=symbol, marginType=mode)

    async def positions(self):
        return shape.positions(await self.c.futures_position_information())

    async def balance(self):
        return shape.balance(await self.c.futures_account_balance())

    async def own_trades(self, **a):
        return shape.own_trades(await self.c.futures_account_trades(**a))

    async def income(self):
        return shape.income(await self.c.futures_income_history(limit=1000))

    async def listen(self):
        await self._run(self.sockets.futures_user_socket())

    async def algo_events(self):
        return None

    async def keep_listen_key(self):
        self.key = await self.c.futures_stream_get_listen_key()
        await self.c.futures_stream_keepalive(self.key)

    async def close_listen_key(self):
        await self.c.futures_stream_close(self.key)

    async def ws_place(self, **a):
        return shape.order(await self.c.ws_futures_create_order(**a))

    async def ws_order(self, symbol, id):
        return shape.order(await self.c.ws_futures_get_order(symbol=symbol, orderId=id))

    async def ws_cancel(self, symbol, id):
        return shape.order(await self.c.ws_futures_cancel_order(symbol=symbol, orderId=id))

    async def ws_modify(self, id, **a):
        return shape.order(await self.c.ws_futures_edit_order(orderId=id, **a))

    async def ws_balance(self):
        return shape.balance(await self.c.ws_futures_v2_account_balance())

    async def wrong_secret(self):
        other = await make_client('not-the-secret')
        try:
            return await other.futures_account_balance()
        finally:
            await other.close_connection()

    async def limits(self):
        headers = {k.lower(): v for k, v in self.c.response.headers.items()}
        return {'weight': headers.get('x-mbx-used-weight-1m'), 'orders': headers.get('x-mbx-order-count-10s')}


async def make():
    return Calls(await make_client())

serve(make)
