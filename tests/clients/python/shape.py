"""The venue's own JSON in the words of the test, for clients that hand it through."""
from driver import event


def instruments(info):
    out = []
    for s in info['symbols']:
        filters = {f['filterType']: f for f in s['filters']}
        out.append({'symbol': s['symbol'], 'tick': filters['PRICE_FILTER']['tickSize'], 'step': filters['LOT_SIZE']['stepSize'],
                    'min_qty': filters['LOT_SIZE']['minQty'], 'min_notional': filters['MIN_NOTIONAL']['notional']})
    return out


def depth(b):
    return {'id': b['lastUpdateId'], 'bids': b['bids'], 'asks': b['asks']}


def trades(rows):
    return [{'id': t['id'], 'price': t['price'], 'qty': t['qty']} for t in rows]


def agg_trades(rows):
    return [{'id': t['a'], 'price': t['p'], 'qty': t['q']} for t in rows]


def mark(m):
    return {'mark': m['markPrice'], 'rate': m['lastFundingRate'], 'next_funding': m['nextFundingTime']}


def ticker(t):
    return {'last': t['lastPrice'], 'high': t['highPrice'], 'low': t['lowPrice'], 'volume': t['volume']}


def book_ticker(t):
    return {'bid': t['bidPrice'], 'ask': t['askPrice'], 'bid_qty': t['bidQty']}


def brackets(rows):
    return [{'leverage': b['initialLeverage'], 'floor': b['notionalFloor']} for b in rows[0]['brackets']]


def order(o):
    return {'id': o.get('orderId'), 'client_id': o.get('clientOrderId'), 'status': o.get('status'), 'filled': o.get('executedQty'),
            'qty': o.get('origQty'), 'price': o.get('price'), 'average': o.get('avgPrice')}


def batch(rows):
    return [{**order(o), 'code': None if o.get('code') is None else int(o['code'])} for o in rows]


def algo(o):
    return {'id': o['algoId'], 'client_id': o['clientAlgoId'], 'status': o.get('algoStatus'), 'type': o.get('orderType'),
            'trigger': o.get('triggerPrice'), 'activation': o.get('activatePrice')}


def positions(rows):
    return [{'symbol': p['symbol'], 'qty': p['positionAmt'], 'entry': p['entryPrice']} for p in rows]


def balance(rows):
    b = next(one for one in rows if one['asset'] == 'USDT')
    return {'wallet': b['balance'], 'available': b['availableBalance']}


def own_trades(rows):
    return [{'order_id': t['orderId'], 'price': t['price'], 'qty': t['qty'], 'commission': t['commission'],
             'realized': t['realizedPnl']} for t in rows]


def income(rows):
    return [{'type': r['incomeType'], 'amount': r['income']} for r in rows]


def on_stream(m):
    """One message of a stream, as the venue sends it."""
    kind = m.get('e')
    if kind == 'trade':
        event('trade', {'id': m['t'], 'price': m['p'], 'qty': m['q']})
    elif kind == 'aggTrade':
        event('trade', {'id': m['a'], 'price': m['p'], 'qty': m['q'], 'kind': 'agg'})
    elif kind == 'bookTicker':
        event('bookTicker', {'bid': m['b'], 'ask': m['a']})
    elif kind == 'markPriceUpdate':
        event('mark', {'mark': m['p']})
    elif kind == 'kline':
        event('kline', {'open_time': m['k']['t'], 'low': m['k']['l'], 'high': m['k']['h'], 'close': m['k']['c']})
    elif kind == 'depthUpdate':
        event('depth', {'U': m['U'], 'u': m['u'], 'pu': m['pu'], 'b': m['b'], 'a': m['a']})
    elif kind == 'ORDER_TRADE_UPDATE':
        o = m['o']
        event('order', {'id': o['i'], 'client_id': o['c'], 'status': o['X'], 'filled': o['z'], 'qty': o['q'],
                        'commission': o.get('n'), 'last_price': o.get('L')})
    elif kind == 'ACCOUNT_UPDATE':
        b, p = m['a'].get('B') or [], m['a'].get('P') or []
        event('account', {'wallet': b[0]['wb'] if b else None, 'position': p[0]['pa'] if p else None})
    elif kind == 'ALGO_UPDATE':
        event('algo', {'id': m['o']['aid'], 'status': m['o']['X']})
