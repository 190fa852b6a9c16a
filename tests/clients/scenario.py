"""What every client has to see of the venue: the same checks for all of them, with values, not only without errors.

The market is generated from a seed, the account is fresh, and only this client trades on it, so that balances add up exactly.
"""
import time
from decimal import Decimal

from wire import Broken, Missing, Refused

SYMBOL, OTHER = 'BTCUSDT', 'ETHUSDT'
DEPOSIT = Decimal(100_000)
TAKER = Decimal('0.0005')
QTY = Decimal('0.010')
GROUPS = {
    'market': 'market data by REST',
    'streams': 'streams: trades, book ticker, mark price, klines',
    'book': 'the book kept in step, equal level by level to the venue\'s at the same update id',
    'orders': 'limit GTC, IOC, FOK, GTX and market orders, queries, own trades',
    'algo': 'STOP, STOP_MARKET, TAKE_PROFIT, TAKE_PROFIT_MARKET, TRAILING_STOP_MARKET; one that fires',
    'change': 'modify, cancel, batch, cancel all',
    'account': 'leverage, margin mode, positions, balance, income',
    'user': 'user events: orders, fills, account, conditional orders; listenKey',
    'wsapi': 'orders by the WebSocket API',
    'errors': 'refusals as the client surfaces them',
    'limits': 'request weight and order counts from the headers',
    'tls': 'the same venue by https and wss',
}
CHECKS = []


def check(group, name):
    def note(function):
        CHECKS.append((group, name, function))
        return function
    return note


def dec(value):
    return Decimal(str(value))


def equal(got, wanted, what):
    same = dec(got) == dec(wanted) if isinstance(wanted, Decimal) else got == wanted
    assert same, f'{what}: {got}, expected {wanted}'


class World:
    """What checks need of each other."""

    def __init__(self, driver):
        self.d = driver
        self.has_events = False
        self.count = 0

    def name(self, label):
        self.count += 1
        return f'rp-{label}-{self.count}'

    def touch(self, symbol=SYMBOL):
        book = self.d.call('depth', symbol=symbol, limit=20)
        return dec(book['bids'][0][0]), dec(book['asks'][0][0]), book

    def far(self, side, percent=2, symbol=SYMBOL):
        """A price that rests far from the market, on the tick."""
        bid, ask, _ = self.touch(symbol)
        price = bid * (100 - percent) / 100 if side == 'BUY' else ask * (100 + percent) / 100
        return price.quantize(Decimal('0.1'))

    def limit(self, side='BUY', quantity=QTY, price=None, **more):
        order = dict(symbol=SYMBOL, side=side, type='LIMIT', timeInForce='GTC', quantity=str(quantity),
                     price=str(self.far(side) if price is None else price), newClientOrderId=self.name('limit'))
        order.update(more)
        return order

    def wallet(self):
        return dec(self.d.call('balance')['wallet'])

    def position(self, symbol=SYMBOL):
        held = [p for p in self.d.call('positions') if p['symbol'] == symbol]
        return dec(held[0]['qty']) if held else Decimal(0)

    def trades_of(self, order_id):
        return [t for t in self.d.call('own_trades', symbol=SYMBOL) if str(t['order_id']) == str(order_id)]

    def flatten(self):
        qty = self.position()
        if qty != 0:
            self.d.call('place', symbol=SYMBOL, side='SELL' if qty > 0 else 'BUY', type='MARKET', quantity=str(abs(qty)),
                        reduceOnly='true', newClientOrderId=self.name('flat'))
            equal(self.position(), Decimal(0), 'position after closing it')

    def clean(self):
        """What a failed check left behind must not fail the next ones."""
        def each(function):
            try:
                return function()
            except (AssertionError, Refused, Broken, Missing, KeyError):
                return []
        each(lambda: self.d.call('cancel_all', symbol=SYMBOL))
        for order in each(lambda: self.d.call('open_algo', symbol=SYMBOL)):
            each(lambda: self.d.call('cancel_algo', symbol=SYMBOL, id=order['id']))
        each(self.flatten)

    def refused(self, codes, function):
        try:
            got = function()
        except Refused as refusal:
            assert refusal.code in codes, f'code {refusal.code} ({refusal.text}), expected {" or ".join(map(str, codes))}'
            return refusal
        raise AssertionError(f'no error, expected {codes[0]}: {str(got)[:160]}')


# ------------------------------------------------------------------ market data by REST

@check('market', 'server time')
def _(w):
    assert abs(int(w.d.call('time')) - time.time() * 1000) < 2000, 'the server\'s time is 2 s off or more'


@check('market', 'instruments with their filters')
def _(w):
    found = {i['symbol']: i for i in w.d.call('instruments')}
    assert set(found) == {SYMBOL, OTHER}, f'symbols {sorted(found)}'
    for key, wanted in (('tick', '0.1'), ('step', '0.001'), ('min_qty', '0.001'), ('min_notional', '100')):
        equal(found[SYMBOL][key], Decimal(wanted), f'{key} of {SYMBOL}')
    equal(found[OTHER]['tick'], Decimal('0.01'), f'tick of {OTHER}')


@check('market', 'book by REST: sorted, not crossed')
def _(w):
    book = w.d.call('depth', symbol=SYMBOL, limit=20)
    bids, asks = [dec(p) for p, _ in book['bids']], [dec(p) for p, _ in book['asks']]
    assert len(bids) == 20 and len(asks) == 20, f'{len(bids)} bids, {len(asks)} asks, expected 20 each'
    assert bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0], 'levels out of order'
    assert int(book['id']) > 0, 'no update id'


@check('market', 'public trades')
def _(w):
    end = time.monotonic() + 30
    trades = w.d.call('trades', symbol=SYMBOL, limit=10)
    while len(trades) < 2 and time.monotonic() < end:  # a market that has just opened
        time.sleep(0.2)  # asking costs weight, and there is no event to wait for in this group
        trades = w.d.call('trades', symbol=SYMBOL, limit=10)
    assert len(trades) >= 2, 'fewer than 2 trades in 30 s'
    ids = [int(t['id']) for t in trades]
    assert ids == sorted(set(ids)), 'ids do not ascend'
    assert all(dec(t['price']) > 0 and dec(t['qty']) > 0 for t in trades), 'a trade without price or quantity'


@check('market', 'aggregate trades')
def _(w):
    trades = w.d.call('agg_trades', symbol=SYMBOL, limit=5)
    assert 0 < len(trades) <= 5 and all(dec(t['price']) > 0 for t in trades), f'{len(trades)} aggregate trades'


@check('market', 'klines agree with the trades')
def _(w):
    bars = w.d.call('klines', symbol=SYMBOL, interval='1m', limit=5)
    assert bars, 'no kline'
    opened, o, h, l, c, v = (dec(x) for x in bars[-1][:6])
    assert opened % 60_000 == 0 and l <= min(o, c) <= max(o, c) <= h and v > 0, f'kline {bars[-1]}'


@check('market', 'mark price, index and funding')
def _(w):
    mark = w.d.call('mark', symbol=SYMBOL)
    bid, ask, _ = w.touch()
    assert abs(dec(mark['mark']) / ask - 1) < Decimal('0.01'), f'mark {mark["mark"]} far from the book {bid} {ask}'
    assert int(mark['next_funding']) > time.time() * 1000, 'next funding is in the past'
    assert abs(dec(mark['rate'])) < Decimal('0.02'), f'funding rate {mark["rate"]}'


@check('market', 'ticker of the day')
def _(w):
    day = w.d.call('ticker', symbol=SYMBOL)
    assert dec(day['low']) <= dec(day['last']) <= dec(day['high']) and dec(day['volume']) > 0, f'{day}'


@check('market', 'best bid and ask')
def _(w):
    top = w.d.call('book_ticker', symbol=SYMBOL)
    assert 0 < dec(top['bid']) < dec(top['ask']) and dec(top['bid_qty']) > 0, f'{top}'


@check('market', 'leverage brackets')
def _(w):
    tiers = w.d.call('brackets', symbol=SYMBOL)
    assert tiers and int(tiers[0]['leverage']) >= 20, f'{tiers[:1]}'
    floors = [dec(t['floor']) for t in tiers]
    assert floors == sorted(floors) and floors[0] == 0, f'floors {floors}'


# ------------------------------------------------------------------ streams

@check('streams', 'trades: ids ascend, the newest is in the REST list')
def _(w):
    w.d.call('subscribe', kind='trade', symbol=SYMBOL)
    got = [w.d.event('trade') for _ in range(3)]
    ids = [int(t['id']) for t in got]
    assert ids == sorted(set(ids)), f'ids {ids}'
    listed = {int(t['id']): t for t in w.d.call('trades' if got[-1].get('kind') != 'agg' else 'agg_trades', symbol=SYMBOL, limit=500)}
    assert ids[-1] in listed, f'trade {ids[-1]} is not in the REST list'
    equal(listed[ids[-1]]['price'], dec(got[-1]['price']), 'price of that trade')
    equal(listed[ids[-1]]['qty'], dec(got[-1]['qty']), 'quantity of that trade')


@check('streams', 'book ticker: two events, not crossed')
def _(w):
    w.d.call('subscribe', kind='bookTicker', symbol=SYMBOL)
    for _ in range(2):
        top = w.d.event('bookTicker')
        assert 0 < dec(top['bid']) < dec(top['ask']), f'{top}'


@check('streams', 'mark price')
def _(w):
    w.d.call('subscribe', kind='mark', symbol=SYMBOL)
    equal(dec(w.d.event('mark')['mark']) > 0, True, 'mark price above zero')


@check('streams', 'klines: the running minute')
def _(w):
    w.d.call('subscribe', kind='kline', symbol=SYMBOL)
    bar = w.d.event('kline')
    assert int(dec(bar['open_time'])) % 60_000 == 0 and dec(bar['low']) <= dec(bar['close']) <= dec(bar['high']), f'{bar}'


# ------------------------------------------------------------------ the book in step

class RawBook:
    """The venue's documented procedure over diffs, for clients that leave it to their user."""

    def __init__(self):
        self.sides = {'b': {}, 'a': {}}
        self.last = None

    def load(self, snapshot):
        for key, name in (('b', 'bids'), ('a', 'asks')):
            self.sides[key] = {dec(p): dec(q) for p, q in snapshot[name]}
        self.snapshot_id, self.last = int(snapshot['id']), None

    def take(self, diff):
        """False: too old. Raises when the chain is torn."""
        first, final, before = int(diff['U']), int(diff['u']), int(diff['pu'])
        if self.last is None:
            if final < self.snapshot_id:
                return False
            assert first <= self.snapshot_id <= final, f'first diff {first}..{final} does not hold snapshot {self.snapshot_id}'
        else:
            assert before == self.last, f'torn: pu {before} behind u {self.last}'
        for key in ('b', 'a'):
            for price, qty in diff[key]:
                if dec(qty) == 0:
                    self.sides[key].pop(dec(price), None)
                else:
                    self.sides[key][dec(price)] = dec(qty)
        self.last = final
        return True

    def levels(self):
        return sorted(self.sides['b'].items(), reverse=True), sorted(self.sides['a'].items())


def same_levels(mine, snapshot, number):
    for side, name in ((0, 'bids'), (1, 'asks')):
        theirs = [(dec(p), dec(q)) for p, q in snapshot[name]]
        ours = [(dec(p), dec(q)) for p, q in mine[side]]
        assert len(ours) == len(theirs), f'{len(ours)} {name} here, {len(theirs)} at the venue, update id {number}'
        for at, (a, b) in enumerate(zip(ours, theirs)):
            assert a == b, f'{name} level {at}: {a[1]} at {a[0]} here, {b[1]} at {b[0]} at the venue, update id {number}'


# The stream without aggregation sends every change by itself, and a snapshot's id lies between two of them: the last book before it is the same.
@check('book', 'equal to 5 snapshots, each behind 20 changes')
def _(w):
    kind = w.d.call('subscribe', kind='depth', symbol=SYMBOL)
    if kind == 'own':  # the client keeps the book itself
        for _ in range(5):
            for _ in range(20):
                w.d.event('book')
            snapshot = w.d.call('depth', symbol=SYMBOL, limit=1000)
            w.d.event('book', lambda b: int(b['id']) >= int(snapshot['id']), what='a book behind the snapshot')
            before = [b for b in w.d.seen('book') if int(b['id']) < int(snapshot['id'])]
            mine = max(before, key=lambda b: int(b['id']))
            same_levels((mine['bids'], mine['asks']), snapshot, mine['id'])
        return
    book = RawBook()
    w.d.event('depth')
    book.load(w.d.call('depth', symbol=SYMBOL, limit=1000))
    waiting = None
    for _ in range(5):
        taken = 0
        while taken < 20:
            if book.take(waiting or w.d.event('depth')):
                taken += 1
            waiting = None
        snapshot = w.d.call('depth', symbol=SYMBOL, limit=1000)
        while True:
            waiting = w.d.event('depth')
            if int(waiting['u']) >= int(snapshot['id']):
                break
            book.take(waiting)
        same_levels(book.levels(), snapshot, book.last)


# ------------------------------------------------------------------ orders

@check('orders', 'limit GTC rests: NEW, nothing filled, listed as open')
def _(w):
    wanted = w.limit()
    order = w.d.call('place', **wanted)
    equal(order['status'], 'NEW', 'status')
    equal(order['filled'], Decimal(0), 'filled')
    equal(order['client_id'], wanted['newClientOrderId'], 'client id')
    asked = w.d.call('order', symbol=SYMBOL, id=order['id'])
    equal(asked['price'], dec(wanted['price']), 'price')
    equal(asked['qty'], QTY, 'quantity')
    equal([str(o['id']) for o in w.d.call('open_orders', symbol=SYMBOL)], [str(order['id'])], 'open orders')
    equal(w.d.call('cancel', symbol=SYMBOL, id=order['id'])['status'], 'CANCELED', 'status after cancelling')
    equal(w.d.call('open_orders', symbol=SYMBOL), [], 'open orders after cancelling')


@check('orders', 'market order: FILLED, the fills explain position, commission and balance')
def _(w):
    before = w.wallet()
    order = w.d.call('place', symbol=SYMBOL, side='BUY', type='MARKET', quantity=str(QTY), newClientOrderId=w.name('market'))
    asked = w.d.call('order', symbol=SYMBOL, id=order['id'])
    equal(asked['status'], 'FILLED', 'status')
    equal(asked['filled'], QTY, 'filled')
    trades = w.trades_of(order['id'])
    equal(sum(dec(t['qty']) for t in trades), QTY, 'quantity of its trades')
    paid = sum(dec(t['price']) * dec(t['qty']) for t in trades)
    fee = sum(dec(t['commission']) for t in trades)
    equal(fee, paid * TAKER, 'commission at 0.0005 of the notional')
    assert abs(dec(asked['average']) - paid / QTY) < Decimal('0.05'), f'average {asked["average"]}, trades say {paid / QTY}'
    equal(w.wallet(), before - fee, 'wallet less the commission')
    equal(w.position(), QTY, 'position')


@check('orders', 'reduce-only market order closes: profit and commission explain the balance')
def _(w):
    before = w.wallet()
    qty = w.position()
    assert qty > 0, 'no position to close'
    order = w.d.call('place', symbol=SYMBOL, side='SELL', type='MARKET', quantity=str(qty), reduceOnly='true',
                     newClientOrderId=w.name('close'))
    trades = w.trades_of(order['id'])
    change = sum(dec(t['realized']) - dec(t['commission']) for t in trades)
    assert trades and change != 0, 'no trade of the closing order'
    equal(w.wallet(), before + change, 'wallet with profit and commission')
    equal(w.position(), Decimal(0), 'position')


@check('orders', 'limit IOC behind the market: EXPIRED, nothing filled')
def _(w):
    order = w.d.call('place', **w.limit(timeInForce='IOC'))
    asked = w.d.call('order', symbol=SYMBOL, id=order['id'])
    equal(asked['status'], 'EXPIRED', 'status')
    equal(asked['filled'], Decimal(0), 'filled')


@check('orders', 'limit IOC larger than the book: filled in part, the rest EXPIRED')
def _(w):
    _, ask, _ = w.touch()
    size = Decimal(20)
    order = w.d.call('place', **w.limit(quantity=size, price=ask, timeInForce='IOC'))
    asked = w.d.call('order', symbol=SYMBOL, id=order['id'])
    equal(asked['status'], 'EXPIRED', 'status')
    filled = dec(asked['filled'])
    assert 0 <= filled < size, f'filled {filled} of {size}'
    equal(sum((dec(t['qty']) for t in w.trades_of(order['id'])), Decimal(0)), filled, 'quantity of its trades')
    equal(w.position(), filled, 'position')
    w.flatten()


@check('orders', 'limit FOK: all at once, or not at all (-5021)')
def _(w):
    _, ask, _ = w.touch()
    order = w.d.call('place', **w.limit(price=(ask * Decimal('1.001')).quantize(Decimal('0.1')), timeInForce='FOK'))
    equal(w.d.call('order', symbol=SYMBOL, id=order['id'])['status'], 'FILLED', 'status of one that fits')
    w.refused([-5021], lambda: w.d.call('place', **w.limit(quantity=20, price=ask, timeInForce='FOK')))
    w.flatten()


@check('orders', 'limit GTX: rests behind the market, refused when it would take (-5022)')
def _(w):
    order = w.d.call('place', **w.limit(timeInForce='GTX'))
    equal(order['status'], 'NEW', 'status')
    w.d.call('cancel', symbol=SYMBOL, id=order['id'])
    _, ask, _ = w.touch()
    w.refused([-5022], lambda: w.d.call(
        'place', **w.limit(price=(ask * Decimal('1.01')).quantize(Decimal('0.1')), timeInForce='GTX')))


@check('orders', 'list of all orders holds what was placed')
def _(w):
    orders = w.d.call('all_orders', symbol=SYMBOL)
    assert {'CANCELED', 'FILLED', 'EXPIRED'} <= {o['status'] for o in orders}, f'states {sorted({o["status"] for o in orders})}'


# ------------------------------------------------------------------ conditional orders

def algo(w, kind, side='BUY', up=True, **more):
    price = w.far('SELL' if up else 'BUY', 3)
    order = dict(symbol=SYMBOL, side=side, type=kind, quantity=str(QTY), clientAlgoId=w.name('algo'))
    if kind == 'TRAILING_STOP_MARKET':
        order['callbackRate'] = '1'
        order['activatePrice'] = str(price)
    else:
        order['triggerPrice'] = str(price)
    if kind in ('STOP', 'TAKE_PROFIT'):
        order.update(price=str(price), timeInForce='GTC')
    order.update(more)
    return order


for _kind, _up in (('STOP', True), ('STOP_MARKET', True), ('TAKE_PROFIT', False), ('TAKE_PROFIT_MARKET', False),
                   ('TRAILING_STOP_MARKET', False)):
    def _algo_check(w, kind=_kind, up=_up):
        wanted = algo(w, kind, up=up)
        order = w.d.call('place_algo', **wanted)
        equal(order['status'], 'NEW', 'status')
        equal(order['client_id'], wanted['clientAlgoId'], 'client id')
        listed = [o for o in w.d.call('open_algo', symbol=SYMBOL) if str(o['id']) == str(order['id'])]
        equal(len(listed), 1, 'times listed among the open ones')
        equal(listed[0]['type'], kind, 'type')
        trigger = 'activation' if kind == 'TRAILING_STOP_MARKET' else 'trigger'
        if listed[0].get(trigger) is not None:
            equal(listed[0][trigger], dec(wanted['activatePrice' if trigger == 'activation' else 'triggerPrice']), trigger)
        w.d.call('cancel_algo', symbol=SYMBOL, id=order['id'])
        equal([o for o in w.d.call('open_algo', symbol=SYMBOL) if str(o['id']) == str(order['id'])], [], 'open after cancelling')
    check('algo', f'{_kind}: placed, listed, cancelled')(_algo_check)


@check('algo', 'one that would fire at once is refused (-2021)')
def _(w):
    w.refused([-2021], lambda: w.d.call('place_algo', **algo(w, 'STOP_MARKET', up=False)))


@check('algo', 'one of two stops around the market fires and fills')
def _(w):
    tick = Decimal('0.1')
    try:
        w.d.call('subscribe', kind='trade', symbol=SYMBOL)
    except Missing:
        raise Missing('without a stream of trades there is no telling when to look') from None
    for attempt in range(5):
        w.d.mark('trade')
        last = dec(w.d.event('trade')['price'])
        bid, ask, _ = w.touch()
        below, above = min(bid, last) - 10 * tick, max(ask, last) + 10 * tick
        try:
            low = w.d.call('place_algo', **algo(w, 'STOP_MARKET', side='SELL', triggerPrice=str(below)))
            high = w.d.call('place_algo', **algo(w, 'STOP_MARKET', side='BUY', triggerPrice=str(above)))
            break
        except Refused as refusal:  # the market was faster
            if refusal.code != -2021 or attempt == 4:
                raise
            w.clean()
    w.d.mark('trade')
    w.d.event('trade', lambda t: not below < dec(t['price']) < above, wait_s=60, what=f'a trade outside of {below} to {above}')
    fired = w.position()
    assert abs(fired) == QTY, f'position {fired} behind a trade at the trigger, expected {QTY} or -{QTY}'
    waiting = {str(o['id']) for o in w.d.call('open_algo', symbol=SYMBOL)}
    equal(waiting, {str((high if fired < 0 else low)['id'])}, 'conditional orders that wait still')
    w.d.call('cancel_algo', symbol=SYMBOL, id=waiting.pop())
    w.flatten()


# ------------------------------------------------------------------ changes

@check('change', 'modify: new price and quantity at the venue')
def _(w):
    order = w.d.call('place', **w.limit())
    price = w.far('BUY', 3)
    changed = w.d.call('modify', symbol=SYMBOL, id=order['id'], side='BUY', quantity='0.020', price=str(price))
    equal(str(changed['id']), str(order['id']), 'id')
    asked = w.d.call('order', symbol=SYMBOL, id=order['id'])
    equal(asked['price'], price, 'price')
    equal(asked['qty'], Decimal('0.020'), 'quantity')
    equal(asked['status'], 'NEW', 'status')
    w.d.call('cancel', symbol=SYMBOL, id=order['id'])


@check('change', 'cancel by client id')
def _(w):
    order = w.d.call('place', **w.limit())
    equal(w.d.call('cancel', symbol=SYMBOL, client_id=order['client_id'])['status'], 'CANCELED', 'status')
    equal(w.d.call('order', symbol=SYMBOL, id=order['id'])['status'], 'CANCELED', 'status when asked')


@check('change', 'batch: two orders and one refusal, each answered by itself')
def _(w):
    orders = [w.limit(), w.limit(price=w.far('BUY', 3)), w.limit(quantity='0.001')]
    answers = w.d.call('batch', orders=orders)
    equal(len(answers), 3, 'answers')
    # Some clients sort them: they are told apart by the client id.
    placed = {a['client_id']: a['status'] for a in answers if a.get('code') is None}
    equal(placed, {o['newClientOrderId']: 'NEW' for o in orders[:2]}, 'orders placed')
    equal([a['code'] for a in answers if a.get('code') is not None], [-4164], 'code of the one below the least notional')
    equal(len(w.d.call('open_orders', symbol=SYMBOL)), 2, 'open orders')


@check('change', 'cancel by a list of ids')
def _(w):
    orders = [w.d.call('place', **w.limit()), w.d.call('place', **w.limit())]
    equal([o['status'] for o in w.d.call('cancel_list', symbol=SYMBOL, ids=[o['id'] for o in orders])], ['CANCELED'] * 2, 'states')
    equal([o for o in w.d.call('open_orders', symbol=SYMBOL) if str(o['id']) in {str(x['id']) for x in orders}], [], 'those still open')


@check('change', 'cancel all')
def _(w):
    if not w.d.call('open_orders', symbol=SYMBOL):
        w.d.call('place', **w.limit())
    w.d.call('cancel_all', symbol=SYMBOL)
    equal(w.d.call('open_orders', symbol=SYMBOL), [], 'open orders')


# ------------------------------------------------------------------ account

@check('account', 'leverage: set, and shown by the position')
def _(w):
    equal(int(w.d.call('set_leverage', symbol=SYMBOL, leverage=10)['leverage']), 10, 'leverage')
    equal(int(w.d.call('set_leverage', symbol=SYMBOL, leverage=20)['leverage']), 20, 'leverage')


@check('account', 'margin mode: isolated and back; unchanged is -4046')
def _(w):
    w.d.call('set_margin_mode', symbol=SYMBOL, mode='ISOLATED')
    try:
        w.refused([-4046], lambda: w.d.call('set_margin_mode', symbol=SYMBOL, mode='ISOLATED'))
    finally:
        w.d.call('set_margin_mode', symbol=SYMBOL, mode='CROSSED')


@check('account', 'position: quantity, entry and margin in the balance')
def _(w):
    equal(w.position(), Decimal(0), 'position before')
    w.d.call('place', symbol=SYMBOL, side='SELL', type='MARKET', quantity=str(QTY), newClientOrderId=w.name('short'))
    held = next(p for p in w.d.call('positions') if p['symbol'] == SYMBOL)
    equal(held['qty'], -QTY, 'quantity')
    bid, ask, _ = w.touch()
    assert abs(dec(held['entry']) / bid - 1) < Decimal('0.005'), f'entry {held["entry"]}, market {bid} {ask}'
    balance = w.d.call('balance')
    used = dec(balance['wallet']) - dec(balance['available'])
    assert Decimal(15) < used < Decimal(35), f'{used} USDT in use for 0.010 at 20x (about 21)'
    w.flatten()


@check('account', 'income: commissions and profits add up to the change of the balance')
def _(w):
    rows = w.d.call('income')
    kinds = {r['type'] for r in rows}
    assert {'COMMISSION', 'REALIZED_PNL'} <= kinds, f'kinds {sorted(kinds)}'
    change = sum((dec(r['amount']) for r in rows if r['type'] != 'TRANSFER'), Decimal(0))
    equal(w.wallet(), DEPOSIT + change, 'wallet = deposit + income')


# ------------------------------------------------------------------ user events

@check('user', 'order events: NEW, CANCELED')
def _(w):
    w.d.call('listen')
    w.has_events = True
    order = w.d.call('place', **w.limit())
    here = lambda state: lambda o: str(o['id']) == str(order['id']) and o['status'] == state
    fresh = w.d.event('order', here('NEW'), what='ORDER_TRADE_UPDATE NEW')
    equal(fresh['client_id'], order['client_id'], 'client id')
    equal(fresh['qty'], QTY, 'quantity')
    w.d.call('cancel', symbol=SYMBOL, id=order['id'])
    w.d.event('order', here('CANCELED'), what='ORDER_TRADE_UPDATE CANCELED')


@check('user', 'fill: order and account events agree with REST')
def _(w):
    w.d.mark('order', 'account')
    order = w.d.call('place', symbol=SYMBOL, side='BUY', type='MARKET', quantity=str(QTY), newClientOrderId=w.name('fill'))
    filled = w.d.event('order', lambda o: str(o['id']) == str(order['id']) and o['status'] == 'FILLED', what='FILLED')
    equal(filled['filled'], QTY, 'filled')
    trades = w.trades_of(order['id'])
    if filled.get('commission') is not None:
        equal(dec(filled['commission']), dec(trades[-1]['commission']), 'commission of the last fill')
    if filled.get('last_price') is not None:
        equal(dec(filled['last_price']), dec(trades[-1]['price']), 'price of the last fill')
    wallet = w.wallet()
    w.d.event('account', lambda a: a.get('wallet') is not None and dec(a['wallet']) == wallet,
              what=f'ACCOUNT_UPDATE with a wallet of {wallet}')
    seen = [a for a in w.d.seen('account') if a.get('position') is not None]
    assert seen and dec(seen[-1]['position']) == QTY, f'position in the account events {seen[-1:]}'
    w.flatten()


@check('user', 'conditional order: ALGO_UPDATE NEW, CANCELED')
def _(w):
    w.d.call('algo_events')
    order = w.d.call('place_algo', **algo(w, 'STOP_MARKET'))
    w.d.event('algo', lambda a: str(a['id']) == str(order['id']) and a['status'] == 'NEW', what='ALGO_UPDATE NEW')
    w.d.call('cancel_algo', symbol=SYMBOL, id=order['id'])
    w.d.event('algo', lambda a: str(a['id']) == str(order['id']) and a['status'] == 'CANCELED', what='ALGO_UPDATE CANCELED')


@check('user', 'listenKey: kept alive and closed')
def _(w):
    w.d.call('keep_listen_key')
    w.d.call('close_listen_key')


# ------------------------------------------------------------------ WebSocket API

@check('wsapi', 'place, query, cancel')
def _(w):
    wanted = w.limit()
    order = w.d.call('ws_place', **wanted)
    equal(order['status'], 'NEW', 'status')
    equal(order['client_id'], wanted['newClientOrderId'], 'client id')
    try:
        equal(w.d.call('ws_order', symbol=SYMBOL, id=order['id'])['price'], dec(wanted['price']), 'price')
    except Missing:
        equal(w.d.call('order', symbol=SYMBOL, id=order['id'])['price'], dec(wanted['price']), 'price')
    equal(w.d.call('ws_cancel', symbol=SYMBOL, id=order['id'])['status'], 'CANCELED', 'status')
    equal(w.d.call('open_orders', symbol=SYMBOL), [], 'open orders by REST')


@check('wsapi', 'modify')
def _(w):
    order = w.d.call('place', **w.limit())
    try:
        price = w.far('BUY', 3)
        w.d.call('ws_modify', symbol=SYMBOL, id=order['id'], side='BUY', quantity='0.020', price=str(price))
        asked = w.d.call('order', symbol=SYMBOL, id=order['id'])
        equal((dec(asked['price']), dec(asked['qty'])), (price, Decimal('0.020')), 'price and quantity')
    finally:
        w.d.call('cancel', symbol=SYMBOL, id=order['id'])


@check('wsapi', 'balance is that of REST')
def _(w):
    equal(w.d.call('ws_balance')['wallet'], w.wallet(), 'wallet')


@check('wsapi', 'refusals: insufficient margin (-2019), unknown order (-2011)')
def _(w):
    w.refused([-2019], lambda: w.d.call('ws_place', **w.limit(quantity=100)))
    w.refused([-2011], lambda: w.d.call('ws_cancel', symbol=SYMBOL, id=987654321))


# ------------------------------------------------------------------ errors

@check('errors', 'unknown symbol (-1121)')
def _(w):
    return w.refused([-1121], lambda: w.d.call('place', raw=True, **w.limit(symbol='NOSUCHUSDT')))


@check('errors', 'too many decimals (-1111)')
def _(w):
    return w.refused([-1111], lambda: w.d.call('place', raw=True, **w.limit(quantity='0.0100001')))


@check('errors', 'insufficient margin (-2019)')
def _(w):
    return w.refused([-2019], lambda: w.d.call('place', **w.limit(quantity=100)))


@check('errors', 'client id in use (-4116)')
def _(w):
    order = w.d.call('place', **w.limit())
    try:
        return w.refused([-4116], lambda: w.d.call('place', **w.limit(newClientOrderId=order['client_id'])))
    finally:
        w.d.call('cancel', symbol=SYMBOL, id=order['id'])


@check('errors', 'unknown order: query (-2013)')
def _(w):
    return w.refused([-2013], lambda: w.d.call('order', symbol=SYMBOL, id=987654321))


@check('errors', 'unknown order: cancel (-2011)')
def _(w):
    return w.refused([-2011], lambda: w.d.call('cancel', symbol=SYMBOL, id=987654321))


@check('errors', 'below the least notional (-4164)')
def _(w):
    return w.refused([-4164], lambda: w.d.call('place', raw=True, **w.limit(quantity='0.001')))


@check('errors', 'wrong secret (-1022)')
def _(w):
    return w.refused([-1022], lambda: w.d.call('wrong_secret'))


# ------------------------------------------------------------------ limits

@check('limits', 'used weight grows by the cost of a request')
def _(w):
    w.d.call('depth', symbol=SYMBOL, limit=20)
    before = w.d.call('limits')
    w.d.call('depth', symbol=SYMBOL, limit=1000)
    after = w.d.call('limits')
    grown = int(after['weight']) - int(before['weight'])
    assert grown == 20 or int(after['weight']) == 20, f'{grown} more, expected 20 (or a new minute with 20)'


@check('limits', 'order count grows by one')
def _(w):
    first = w.d.call('place', **w.limit())
    before = int(w.d.call('limits')['orders'])
    second = w.d.call('place', **w.limit())
    after = int(w.d.call('limits')['orders'])
    assert after in (before + 1, 1), f'{before} orders, then {after}'
    for order in (first, second):
        w.d.call('cancel', symbol=SYMBOL, id=order['id'])


# ------------------------------------------------------------------ TLS

@check('tls', 'REST: an order placed and cancelled')
def _(w):
    order = w.d.call('place', **w.limit())
    equal(order['status'], 'NEW', 'status')
    equal(w.d.call('cancel', symbol=SYMBOL, id=order['id'])['status'], 'CANCELED', 'status')


@check('tls', 'stream: book ticker')
def _(w):
    w.d.call('subscribe', kind='bookTicker', symbol=SYMBOL)
    top = w.d.event('bookTicker')
    assert 0 < dec(top['bid']) < dec(top['ask']), f'{top}'


@check('tls', 'user events: a fill')
def _(w):
    w.d.call('listen')
    order = w.d.call('place', symbol=SYMBOL, side='BUY', type='MARKET', quantity=str(QTY), newClientOrderId=w.name('tls'))
    w.d.event('order', lambda o: str(o['id']) == str(order['id']) and o['status'] == 'FILLED', what='FILLED')
    w.flatten()


def run(driver, groups, on_result):
    """Runs the checks of some groups; on_result(group, name, result, text) with 'pass', 'fail' or 'not offered'."""
    world = World(driver)
    for group, name, function in CHECKS:
        if group not in groups:
            continue
        try:
            outcome = function(world)
            on_result(group, name, 'pass', str(outcome) if isinstance(outcome, Refused) else '')
        except Missing as missing:
            on_result(group, name, 'not offered', str(missing))
            if group == 'change':  # what there was to be changed
                world.clean()
        except (AssertionError, Refused, Broken) as problem:
            on_result(group, name, 'fail', str(problem))
            world.clean()
        except Exception as problem:  # a value that is not what it should be
            on_result(group, name, 'fail', f'{type(problem).__name__}: {problem}')
            world.clean()
