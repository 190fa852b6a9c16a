"""NautilusTrader's Binance adapter: a live node with one strategy. What the engine has no function for is asked by the adapter's own HTTP classes."""
import asyncio
import re
from decimal import Decimal

from driver import CERTIFICATE, KEY, REST, SECRET, STREAMS, Missing, Refused, event, serve
from nautilus_trader.adapters.binance import (BINANCE, BinanceAccountType, BinanceDataClientConfig, BinanceExecClientConfig,
                                              BinanceLiveDataClientFactory, BinanceLiveExecClientFactory)
from nautilus_trader.adapters.binance.common.enums import BinanceKlineInterval
from nautilus_trader.adapters.binance.factories import get_cached_binance_http_client
from nautilus_trader.adapters.binance.futures.http.account import BinanceFuturesAccountHttpAPI
from nautilus_trader.adapters.binance.futures.http.market import BinanceFuturesMarketHttpAPI
from nautilus_trader.adapters.binance.http.error import BinanceError
from nautilus_trader.common.component import LiveClock
from nautilus_trader.config import InstrumentProviderConfig, LiveExecEngineConfig, LoggingConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.enums import BookType, OrderSide, OrderStatus, TimeInForce, TrailingOffsetType, TriggerType
from nautilus_trader.model.events import AccountState, OrderEvent
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, TraderId
from nautilus_trader.trading.strategy import Strategy

FUTURES = BinanceAccountType.USDT_FUTURES
# Its states in the venue's words.
STATES = {OrderStatus.ACCEPTED: 'NEW', OrderStatus.PENDING_CANCEL: 'NEW', OrderStatus.PENDING_UPDATE: 'NEW', OrderStatus.FILLED: 'FILLED',
          OrderStatus.PARTIALLY_FILLED: 'PARTIALLY_FILLED', OrderStatus.CANCELED: 'CANCELED', OrderStatus.EXPIRED: 'EXPIRED',
          OrderStatus.REJECTED: 'REJECTED', OrderStatus.TRIGGERED: 'TRIGGERED'}
TIMES = {'GTC': (TimeInForce.GTC, False), 'IOC': (TimeInForce.IOC, False), 'FOK': (TimeInForce.FOK, False), 'GTX': (TimeInForce.GTC, True)}


def instrument_id(symbol):
    return InstrumentId.from_str(f'{symbol}-PERP.BINANCE')


class Hands(Strategy):
    """Passes on what it sees; orders are sent by the calls."""

    def __init__(self):
        super().__init__()
        self.waiting = []  # (client id, kinds of event, future)

    def on_trade_tick(self, tick):
        event('trade', {'id': str(tick.trade_id), 'price': str(tick.price), 'qty': str(tick.size), 'kind': 'agg'})

    def on_quote_tick(self, tick):
        event('bookTicker', {'bid': str(tick.bid_price), 'ask': str(tick.ask_price)})

    def on_mark_price(self, update):
        event('mark', {'mark': str(update.value)})

    def on_order_book_deltas(self, deltas):
        book = self.cache.order_book(deltas.instrument_id)
        side = lambda levels: [[str(l.price), str(Decimal(str(l.size())))] for l in levels]
        event('book', {'id': deltas.sequence, 'bids': side(book.bids()), 'asks': side(book.asks())})

    def on_event(self, what):
        if not isinstance(what, OrderEvent):
            return
        order = self.cache.order(what.client_order_id)
        if order is None:  # OrderInitialized
            return
        event('order', {'id': str(what.venue_order_id), 'client_id': str(what.client_order_id), 'status': STATES.get(order.status),
                        'filled': str(order.filled_qty), 'qty': str(order.quantity)})
        name = type(what).__name__
        for entry in list(self.waiting):
            client_id, kinds, future = entry
            if what.client_order_id == client_id and name in kinds:
                self.waiting.remove(entry)
                if not future.done():
                    future.set_result(what)

    async def after(self, client_id, kinds, act):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((client_id, kinds, future))
        act()
        what = await asyncio.wait_for(future, 15)
        reason = getattr(what, 'reason', None)
        if type(what).__name__ in ('OrderDenied', 'OrderRejected', 'OrderModifyRejected', 'OrderCancelRejected'):
            if type(what).__name__ == 'OrderDenied':
                raise Missing(f'the engine sends no such order: {reason}')
            code = re.search(r'-\d{4}', str(reason))
            raise Refused(int(code[0]) if code else None, str(reason), type(what).__name__)
        return what


class Calls:
    async def start(self):
        provider = InstrumentProviderConfig(load_all=True)
        common = dict(api_key=KEY, api_secret=SECRET, account_type=FUTURES, base_url_http=REST, instrument_provider=provider)
        self.node = TradingNode(config=TradingNodeConfig(
            trader_id=TraderId('TESTER-001'), logging=LoggingConfig(log_level='WARNING'), timeout_connection=20,
            exec_engine=LiveExecEngineConfig(reconciliation=True),
            data_clients={BINANCE: BinanceDataClientConfig(base_url_ws=STREAMS, **common)},
            exec_clients={BINANCE: BinanceExecClientConfig(base_url_ws=STREAMS + '/ws-fapi/v1', base_url_ws_stream=STREAMS + '/private', **common)}))
        self.hands = Hands()
        self.node.trader.add_strategy(self.hands)
        self.node.add_data_client_factory(BINANCE, BinanceLiveDataClientFactory)
        self.node.add_exec_client_factory(BINANCE, BinanceLiveExecClientFactory)
        self.node.build()
        self.task = asyncio.create_task(self.node.run_async())
        for _ in range(400):
            if self.hands.is_running:
                break
            await asyncio.sleep(0.05)
        if not self.hands.is_running and CERTIFICATE:
            raise Missing('its WebSocket connections did not take the test\'s certificate authority, its HTTP connections did')
        assert self.hands.is_running, 'the node is not running after 20 s'
        http = get_cached_binance_http_client(clock=LiveClock(), account_type=FUTURES, api_key=KEY, api_secret=SECRET, base_url=REST)
        self.market = BinanceFuturesMarketHttpAPI(http, FUTURES)
        self.account_api = BinanceFuturesAccountHttpAPI(http, LiveClock(), FUTURES)
        self.ids = {}  # the venue's id -> client id
        self.subscribed = set()
        return self

    def refusal(self, error):
        if not isinstance(error, BinanceError):
            return None
        message = error.message if isinstance(error.message, dict) else {}
        return Refused(message.get('code'), str(message.get('msg', error.message)), type(error).__name__)

    async def time(self):
        return await self.market.request_server_time()

    async def instruments(self):
        return [{'symbol': str(i.raw_symbol), 'tick': str(i.price_increment), 'step': str(i.size_increment), 'min_qty': str(i.min_quantity),
                 'min_notional': str(i.min_notional.as_decimal())} for i in self.hands.cache.instruments()]

    async def depth(self, symbol, limit):
        b = await self.market.query_depth(symbol, limit)
        return {'id': b.lastUpdateId, 'bids': b.bids, 'asks': b.asks}

    async def trades(self, symbol, limit):
        return [{'id': t.id, 'price': t.price, 'qty': t.qty} for t in await self.market.query_trades(symbol, limit)]

    async def agg_trades(self, symbol, limit):
        return [{'id': t.a, 'price': t.p, 'qty': t.q} for t in await self.market.query_agg_trades(symbol, limit=limit)]

    async def klines(self, symbol, interval, limit):
        rows = await self.market.query_klines(symbol, BinanceKlineInterval(interval), limit)
        return [[k.open_time, k.open, k.high, k.low, k.close, k.volume] for k in rows]

    async def ticker(self, symbol):
        t = (await self.market.query_ticker_24hr(symbol=symbol))[0]
        return {'last': t.lastPrice, 'high': t.highPrice, 'low': t.lowPrice, 'volume': t.volume}

    async def book_ticker(self, symbol):
        t = (await self.market.query_ticker_book(symbol=symbol))[0]
        return {'bid': t.bidPrice, 'ask': t.askPrice, 'bid_qty': t.bidQty}

    async def subscribe(self, kind, symbol):
        if kind in self.subscribed:
            return 'again'
        self.subscribed.add(kind)
        i = instrument_id(symbol)
        if kind == 'trade':
            self.hands.subscribe_trade_ticks(i)
        elif kind == 'bookTicker':
            self.hands.subscribe_quote_ticks(i)
        elif kind == 'mark':
            self.hands.subscribe_mark_prices(i)
        elif kind == 'depth':
            self.hands.subscribe_order_book_deltas(i, BookType.L2_MBP)
            return 'own'
        else:
            raise Missing('bars arrive when they are closed')
        return 'raw'

    # orders
    def told(self, order):
        venue_id = str(order.venue_order_id)
        self.ids[venue_id] = order.client_order_id
        return {'id': venue_id, 'client_id': str(order.client_order_id), 'status': STATES.get(order.status), 'filled': str(order.filled_qty),
                'qty': str(order.quantity), 'price': str(order.price) if order.has_price else None}

    def instrument(self, symbol):
        found = self.hands.cache.instrument(instrument_id(symbol))
        if found is None:
            raise Missing('the engine knows no instrument that the venue did not list')
        return found

    async def _send(self, order):
        done = ('OrderRejected', 'OrderDenied', 'OrderCanceled', 'OrderExpired')
        first = ('OrderFilled',) if order.order_type.name == 'MARKET' else ('OrderAccepted',)
        await self.hands.after(order.client_order_id, done + first, lambda: self.hands.submit_order(order))
        return self.told(self.hands.cache.order(order.client_order_id))

    async def place(self, symbol, side, type, quantity, newClientOrderId, price=None, timeInForce=None, reduceOnly=None, raw=False):
        i = self.instrument(symbol)
        if Decimal(quantity) % i.size_increment.as_decimal() != 0:
            raise Missing('the engine makes no quantity off the step')
        common = dict(instrument_id=i.id, order_side=OrderSide[side], quantity=i.make_qty(Decimal(quantity)), reduce_only=bool(reduceOnly),
                      client_order_id=ClientOrderId(newClientOrderId))
        if type == 'MARKET':
            return await self._send(self.hands.order_factory.market(**common))
        tif, post_only = TIMES[timeInForce]
        return await self._send(self.hands.order_factory.limit(price=i.make_price(Decimal(price)), time_in_force=tif, post_only=post_only, **common))

    async def order(self, symbol, id):
        o = await self.account_api.query_order(symbol=symbol, order_id=int(id))
        return self._raw(o)

    def _raw(self, o):
        return {'id': o.orderId, 'client_id': o.clientOrderId, 'status': getattr(o.status, 'value', o.status), 'filled': o.executedQty,
                'qty': o.origQty, 'price': o.price, 'average': getattr(o, 'avgPrice', None)}

    async def open_orders(self, symbol):
        return [self._raw(o) for o in await self.account_api.query_open_orders(symbol=symbol)]

    async def all_orders(self, symbol):
        return [self._raw(o) for o in await self.account_api.query_all_orders(symbol=symbol)]

    def _known(self, id=None, client_id=None):
        order = self.hands.cache.order(ClientOrderId(client_id) if client_id else self.ids.get(str(id), ClientOrderId('nobody')))
        if order is None:
            raise Missing('the engine cancels and changes only orders that it knows')
        return order

    async def cancel(self, symbol, id=None, client_id=None):
        order = self._known(id, client_id)
        await self.hands.after(order.client_order_id, ('OrderCanceled', 'OrderCancelRejected'), lambda: self.hands.cancel_order(order))
        return self.told(self.hands.cache.order(order.client_order_id))

    async def cancel_all(self, symbol):
        open_ones = self.hands.cache.orders_open(instrument_id=instrument_id(symbol))
        waits = [asyncio.ensure_future(self.hands.after(o.client_order_id, ('OrderCanceled',), lambda: None)) for o in open_ones]
        await asyncio.sleep(0)
        self.hands.cancel_all_orders(instrument_id(symbol))
        await asyncio.gather(*waits)

    async def modify(self, symbol, id, side, quantity, price):
        order, i = self._known(id), self.instrument(symbol)
        await self.hands.after(order.client_order_id, ('OrderUpdated', 'OrderModifyRejected'), lambda: self.hands.modify_order(
            order, quantity=i.make_qty(Decimal(quantity)), price=i.make_price(Decimal(price))))
        return self.told(self.hands.cache.order(order.client_order_id))

    async def place_algo(self, symbol, side, type, quantity, clientAlgoId, price=None, timeInForce=None, triggerPrice=None,
                         callbackRate=None, activatePrice=None):
        i, make = self.instrument(symbol), self.hands.order_factory
        common = dict(instrument_id=i.id, order_side=OrderSide[side], quantity=i.make_qty(Decimal(quantity)),
                      client_order_id=ClientOrderId(clientAlgoId), trigger_type=TriggerType.LAST_PRICE)
        if type == 'TRAILING_STOP_MARKET':
            order = make.trailing_stop_market(trailing_offset=Decimal(callbackRate) * 100, trailing_offset_type=TrailingOffsetType.BASIS_POINTS,
                                              activation_price=i.make_price(Decimal(activatePrice)), **common)
        else:
            common['trigger_price'] = i.make_price(Decimal(triggerPrice))
            if price is not None:
                common['price'] = i.make_price(Decimal(price))
            order = {'STOP': make.stop_limit, 'STOP_MARKET': make.stop_market, 'TAKE_PROFIT': make.limit_if_touched,
                     'TAKE_PROFIT_MARKET': make.market_if_touched}[type](**common)
        return await self._send(order)

    async def open_algo(self, symbol):
        rows = await self.account_api.query_open_algo_orders(symbol=symbol)
        return [{'id': str(o.algoId), 'client_id': o.clientAlgoId, 'status': o.algoStatus,
                 'type': getattr(o.orderType, 'value', o.orderType), 'trigger': o.triggerPrice} for o in rows]

    async def cancel_algo(self, symbol, id):
        return await self.cancel(symbol, id)

    async def set_leverage(self, symbol, leverage):
        return {'leverage': (await self.account_api.set_leverage(symbol=symbol, leverage=leverage)).leverage}

    async def positions(self):
        rows = await self.account_api.query_futures_position_risk()
        return [{'symbol': p.symbol, 'qty': p.positionAmt, 'entry': p.entryPrice} for p in rows]

    async def balance(self):
        info = await self.account_api.query_futures_account_info(recv_window='5000')
        usdt = next(a for a in info.assets if a.asset == 'USDT')
        return {'wallet': usdt.walletBalance, 'available': usdt.availableBalance}

    async def own_trades(self, symbol):
        rows = await self.account_api.query_user_trades(symbol=symbol)
        return [{'order_id': t.orderId, 'price': t.price, 'qty': t.qty, 'commission': t.commission, 'realized': t.realizedPnl} for t in rows]

    # user events: the node has listened from its start
    async def listen(self):
        def on_account(state):
            if isinstance(state, AccountState):
                for b in state.balances:
                    event('account', {'wallet': str(b.total.as_decimal())})
        self.hands.msgbus.subscribe(topic='events.account.*', handler=on_account)

        def on_position(what):
            event('account', {'position': str(what.signed_qty)})
        self.hands.msgbus.subscribe(topic='events.position.*', handler=on_position)

    async def algo_events(self):
        raise Missing('conditional orders are orders like others in its events')


class Nothing:
    """Of a node that cannot start: every call tells why."""

    def __init__(self, why):
        self.why = why

    def refusal(self, _error):
        return None

    def __getattr__(self, _name):
        def call(**_arguments):
            raise Missing(self.why)
        return call


async def make():
    try:
        return await Calls().start()
    except Missing as missing:
        return Nothing(str(missing))

serve(make)
