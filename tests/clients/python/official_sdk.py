"""The venue's official SDK for Python: REST, streams and WebSocket API, with its typed answers."""
import re
import ssl

import shape
from binance_common import errors
from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketAPI, ConfigurationWebSocketStreams
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures
from driver import CERTIFICATE, KEY, REST, SECRET, STREAMS, Refused, serve


def make_client(secret=SECRET):
    tls = {'https_agent': ssl.create_default_context(cafile=CERTIFICATE)} if CERTIFICATE else {}
    return DerivativesTradingUsdsFutures(
        config_rest_api=ConfigurationRestAPI(api_key=KEY, api_secret=secret, base_path=REST, timeout=10_000, retries=0),
        config_ws_api=ConfigurationWebSocketAPI(api_key=KEY, api_secret=secret, stream_url=STREAMS + '/ws-fapi/v1', **tls),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=STREAMS, **tls))


def plain(value):
    """Its models as the JSON that they were made of."""
    if getattr(value, 'actual_instance', None) is not None:
        return plain(value.actual_instance)
    if hasattr(value, 'to_dict'):
        return plain(value.to_dict())
    if hasattr(value, 'model_dump'):
        return plain(value.model_dump(by_alias=True))
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


SNAKE = {name: re.sub(r'([A-Z])', lambda m: '_' + m[1].lower(), name) for name in (
    'timeInForce', 'newClientOrderId', 'reduceOnly', 'clientAlgoId', 'triggerPrice', 'activatePrice', 'callbackRate')}
NUMBERS = ('quantity', 'price', 'triggerPrice', 'activatePrice', 'callbackRate')

# An event's kind is its model's, not a field.
EVENTS = {'OrderTradeUpdate': 'ORDER_TRADE_UPDATE', 'AccountUpdate': 'ACCOUNT_UPDATE', 'AlgoUpdate': 'ALGO_UPDATE'}


def its(arguments):
    """Parameters by its names, numbers as numbers."""
    return {SNAKE.get(k, k): float(v) if k in NUMBERS else v for k, v in arguments.items()}


class Calls:
    def __init__(self):
        self.c = make_client()
        self.rest = self.c.rest_api
        self.counted = {'weight': None, 'orders': None}
        self.streams = self.api = None
        self.subscribed = set()

    def refusal(self, error):
        if not isinstance(error, errors.Error):
            return None
        # Most kinds hold the venue's code as status_code.
        return Refused(getattr(error, 'status_code', None), error.error_message, type(error).__name__)

    def data(self, response):
        for one in response.rate_limits or []:
            if one.rateLimitType == 'REQUEST_WEIGHT':
                self.counted['weight'] = one.count
            elif one.rateLimitType == 'ORDERS' and one.interval == 'SECOND':
                self.counted['orders'] = one.count
        return plain(response.data())

    def time(self):
        return self.data(self.rest.check_server_time())['serverTime']

    def instruments(self):
        return shape.instruments(self.data(self.rest.exchange_information()))

    def depth(self, **a):
        return shape.depth(self.data(self.rest.order_book(**a)))

    def trades(self, **a):
        return shape.trades(self.data(self.rest.recent_trades_list(**a)))

    def agg_trades(self, **a):
        return shape.agg_trades(self.data(self.rest.compressed_aggregate_trades_list(**a)))

    def klines(self, **a):
        return self.data(self.rest.kline_candlestick_data(**a))

    def mark(self, **a):
        return shape.mark(self.data(self.rest.mark_price(**a)))

    def ticker(self, **a):
        return shape.ticker(self.data(self.rest.ticker24hr_price_change_statistics(**a)))

    def book_ticker(self, **a):
        return shape.book_ticker(self.data(self.rest.symbol_order_book_ticker(**a)))

    def brackets(self, **a):
        return shape.brackets(self.data(self.rest.notional_and_leverage_brackets(**a)))

    async def _stream(self):
        if self.streams is None:
            self.streams = await self.c.websocket_streams.create_connection()
        return self.streams

    async def subscribe(self, kind, symbol):
        if kind in self.subscribed:
            return 'again'
        self.subscribed.add(kind)
        s, name = await self._stream(), symbol.lower()
        if kind == 'trade':
            handle = await s.aggregate_trade_streams(symbol=name)
        elif kind == 'bookTicker':
            handle = await s.individual_symbol_book_ticker_streams(symbol=name)
        elif kind == 'mark':
            handle = await s.mark_price_stream(symbol=name, update_speed='1s')
        elif kind == 'kline':
            handle = await s.kline_candlestick_streams(symbol=name, interval='1m')
        else:
            handle = await s.diff_book_depth_streams(symbol=name, update_speed='0ms')
        handle.on('message', lambda m: shape.on_stream(plain(m)))
        return 'raw'

    def place(self, raw=False, **a):
        return shape.order(self.data(self.rest.new_order(**its(a))))

    def order(self, symbol, id):
        return shape.order(self.data(self.rest.query_order(symbol=symbol, order_id=id)))

    def open_orders(self, **a):
        return [shape.order(o) for o in self.data(self.rest.current_all_open_orders(**a))]

    def all_orders(self, **a):
        return [shape.order(o) for o in self.data(self.rest.all_orders(**a))]

    def cancel(self, symbol, id=None, client_id=None):
        which = {'order_id': id} if id is not None else {'orig_client_order_id': client_id}
        return shape.order(self.data(self.rest.cancel_order(symbol=symbol, **which)))

    def cancel_all(self, **a):
        return self.data(self.rest.cancel_all_open_orders(**a))

    def cancel_list(self, symbol, ids):
        return shape.batch(self.data(self.rest.cancel_multiple_orders(symbol=symbol, order_id_list=[int(i) for i in ids])))

    def modify(self, id, **a):
        return shape.order(self.data(self.rest.modify_order(order_id=id, **its(a))))

    def batch(self, orders):
        return shape.batch(self.data(self.rest.place_multiple_orders(batch_orders=orders)))

    def place_algo(self, **a):
        return shape.algo(self.data(self.rest.new_algo_order(algo_type='CONDITIONAL', **its(a))))

    def open_algo(self, **a):
        return [shape.algo(o) for o in self.data(self.rest.current_all_algo_open_orders(**a))]

    def cancel_algo(self, symbol, id):
        return self.data(self.rest.cancel_algo_order(algo_id=id))

    def set_leverage(self, **a):
        return self.data(self.rest.change_initial_leverage(**a))

    def set_margin_mode(self, symbol, mode):
        return self.data(self.rest.change_margin_type(symbol=symbol, margin_type=mode))

    def positions(self):
        return shape.positions(self.data(self.rest.position_information_v3()))

    def balance(self):
        return shape.balance(self.data(self.rest.futures_account_balance_v3()))

    def own_trades(self, **a):
        return shape.own_trades(self.data(self.rest.account_trade_list(**a)))

    def income(self):
        return shape.income(self.data(self.rest.get_income_history(limit=1000)))

    async def listen(self):
        key = self.data(self.rest.start_user_data_stream())['listenKey']
        handle = await (await self._stream()).user_data(key)
        handle.on('message', lambda m: shape.on_stream({'e': EVENTS.get(type(m.actual_instance).__name__), **plain(m)}))

    async def algo_events(self):
        return None

    def keep_listen_key(self):
        return self.data(self.rest.keepalive_user_data_stream())

    def close_listen_key(self):
        return self.data(self.rest.close_user_data_stream())

    async def _api(self):
        if self.api is None:
            self.api = await self.c.websocket_api.create_connection()
        return self.api

    def result(self, response):
        answer = self.data(response)
        if isinstance(answer, dict) and answer.get('error'):  # not thrown by this one: a value
            error = answer['error']
            raise Refused(error.get('code'), error.get('msg'), 'value') if isinstance(error, dict) else RuntimeError(error)
        return answer.get('result', answer) if isinstance(answer, dict) else answer

    async def ws_place(self, **a):
        return shape.order(self.result(await (await self._api()).new_order(**its(a))))

    async def ws_order(self, symbol, id):
        return shape.order(self.result(await (await self._api()).query_order(symbol=symbol, order_id=id)))

    async def ws_cancel(self, symbol, id):
        return shape.order(self.result(await (await self._api()).cancel_order(symbol=symbol, order_id=id)))

    async def ws_modify(self, id, **a):
        return shape.order(self.result(await (await self._api()).modify_order(order_id=id, **its(a))))

    async def ws_balance(self):
        return shape.balance(self.result(await (await self._api()).futures_account_balance_v2()))

    def wrong_secret(self):
        return self.data(make_client('not-the-secret').rest_api.futures_account_balance_v3())

    def limits(self):
        return self.counted


serve(Calls)
