"""The driver's side of wire.py, for clients in Python."""
import asyncio
import json
import os
import sys
import threading
import traceback

# Standard output belongs to the messages; what a client prints goes to the log.
_out = os.fdopen(os.dup(1), 'w', encoding='utf-8')
os.dup2(2, 1)
_lock = threading.Lock()

REST = os.environ['VENUE_REST']  # http://HOST:PORT
STREAMS = os.environ['VENUE_STREAMS']  # ws://HOST:PORT
KEY = os.environ['VENUE_KEY']
SECRET = os.environ['VENUE_SECRET']
CERTIFICATE = os.environ.get('VENUE_CERTIFICATE')  # of the https and wss server, None without TLS


class Refused(Exception):
    def __init__(self, code, text, kind=None):
        super().__init__(text)
        self.what = {'code': code, 'text': text, 'kind': kind}


class Missing(Exception):
    pass


def send(message):
    with _lock:
        _out.write(json.dumps(message, default=str) + '\n')
        _out.flush()


def event(kind, value):
    send({'event': kind, 'value': value})


async def _answer(calls, message):
    number = message['id']
    try:
        function = getattr(calls, message['call'], None)
        if function is None:
            raise Missing('no such function')
        if asyncio.iscoroutinefunction(function):
            value = await function(**message['args'])
        else:
            value = await asyncio.to_thread(function, **message['args'])
        send({'id': number, 'value': value})
    except Missing as missing:
        send({'id': number, 'missing': str(missing)})
    except Exception as error:  # the client's own kinds of error are known to the driver's refusal()
        refused = error if isinstance(error, Refused) else calls.refusal(error)
        if refused is not None:
            send({'id': number, 'refused': refused.what})
        else:
            traceback.print_exc()
            send({'id': number, 'broken': f'{type(error).__name__}: {error}'})


async def _serve(make):
    calls = await make() if asyncio.iscoroutinefunction(make) else make()
    loop = asyncio.get_running_loop()
    lines = asyncio.Queue()

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)
    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        await _answer(calls, json.loads(line))
    os._exit(0)  # a client's threads and sockets need no farewell


def serve(make):
    """make() -> the object whose methods are the calls; refusal(error) of it -> Refused or None."""
    asyncio.run(_serve(make))
