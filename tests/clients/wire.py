"""A client's driver as a process: calls go to its standard input, answers and events come from its standard output.

One JSON object a line:

    -> {"id": 1, "call": "place", "args": {"symbol": "BTCUSDT", ...}}
    <- {"id": 1, "value": ...}                                   what the client returned, in this test's words
    <- {"id": 1, "refused": {"code": -2019, "text": "...", "kind": "InsufficientFunds"}}   an error of the venue
    <- {"id": 1, "missing": "why"}                               the client does not offer this
    <- {"id": 1, "broken": "text"}                               anything else that was thrown
    <- {"event": "trade", "value": {...}}                        at any time

Prices, quantities and amounts are decimals as text (or numbers, where the client made them numbers).
"""
import collections
import json
import subprocess
import threading
import time

WAIT_S = 30


class Refused(Exception):
    """The venue said no, and the client says so."""

    def __init__(self, what):
        self.code, self.text, self.kind = what.get('code'), str(what.get('text')), what.get('kind')
        super().__init__(f'{self.kind or "refused"} {self.code}: {self.text}'[:300])


class Missing(Exception):
    """The client does not offer it."""


class Broken(Exception):
    """The client threw something else, went away or hangs."""


class Driver:
    def __init__(self, command, environment, log):
        self._log = open(log, 'a', encoding='utf-8')
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._log, text=True, encoding='utf-8')
        self._changed = threading.Condition()
        self._answers = {}
        self._events = collections.defaultdict(list)
        self._taken = collections.defaultdict(int)
        self._ended = False
        self._last_id = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                self._log.write('not a message: ' + line)
                continue
            with self._changed:
                if 'event' in message:
                    self._events[message['event']].append(message['value'])
                else:
                    self._answers[message['id']] = message
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _wait(self, ready, wait_s, what):
        end = time.monotonic() + wait_s
        with self._changed:
            while True:
                found = ready()
                if found is not None:
                    return found
                if self._ended:
                    raise Broken(f'{what}: the driver ended')
                left = end - time.monotonic()
                if left <= 0:
                    raise Broken(f'{what}: nothing in {wait_s} s')
                self._changed.wait(left)

    def call(self, name, wait_s=WAIT_S, **arguments):
        self._last_id += 1
        number = self._last_id
        try:
            self._process.stdin.write(json.dumps({'id': number, 'call': name, 'args': arguments}) + '\n')
            self._process.stdin.flush()
        except OSError as error:
            raise Broken(f'{name}: the driver is gone ({error})') from None
        answer = self._wait(lambda: self._answers.pop(number, None), wait_s, name)
        if 'refused' in answer:
            raise Refused(answer['refused'])
        if 'missing' in answer:
            raise Missing(answer['missing'])
        if 'broken' in answer:
            raise Broken(f'{name}: {answer["broken"]}'[:400])
        return answer.get('value')

    def mark(self, *kinds):
        """From here on: events of these kinds that came before are not looked at."""
        with self._changed:
            for kind in kinds:
                self._taken[kind] = len(self._events[kind])

    def event(self, kind, fits=lambda value: True, wait_s=WAIT_S, what=None):
        """The next event of a kind that fits; those before it are passed over."""
        def ready():
            events = self._events[kind]
            while self._taken[kind] < len(events):
                value = events[self._taken[kind]]
                self._taken[kind] += 1
                if fits(value):
                    return value
            return None
        return self._wait(ready, wait_s, what or f'event {kind}')

    def seen(self, kind):
        with self._changed:
            return list(self._events[kind])

    def close(self):
        try:
            self._process.stdin.close()
        except OSError:
            pass
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
