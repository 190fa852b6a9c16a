#!/usr/bin/env python3
"""Strangers' clients against `reprise exchange`: installs them, runs each in a namespace without routes, reports. See tools/clients --help."""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

import scenario
from wire import Driver

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ROOT / 'gateway/exchange/CLIENTS.md'
SEED = 7
KEY, SECRET = 'conformance', 'not-a-secret-of-anybody'
SKIPPED = 77
INSTALL_S = 900
TLS_GROUPS = ('tls',)


class Client:
    def __init__(self, name, language, package, driver, quick=False, needs=(3, 11), venue=()):
        self.name, self.language, self.package, self.driver, self.quick = name, language, package, driver, quick
        self.venue = venue  # options that the server needs for it
        self.needs = needs  # the oldest Python that its pinned version runs on


def python_for(needs):
    """An interpreter that is new enough, or None."""
    candidates = [sys.executable, *(shutil.which(f'python3.{n}') for n in range(14, needs[1] - 1, -1))]
    versions = pathlib.Path(os.environ.get('PYENV_ROOT', pathlib.Path.home() / '.pyenv')) / 'versions'
    candidates += sorted((str(p) for p in versions.glob('3.*/bin/python')), reverse=True)
    for program in filter(None, candidates):
        told = subprocess.run([program, '-c', 'import sys; print(*sys.version_info[:2])'], capture_output=True, text=True)
        if told.returncode == 0 and tuple(map(int, told.stdout.split())) >= needs:
            return program
    return None


CLIENTS = [
    Client('ccxt', 'Python', 'ccxt', 'ccxt_client.py', quick=True),
    Client('python-binance', 'Python', 'python-binance', 'python_binance.py'),
    Client('official SDK', 'Python', 'binance-sdk-derivatives-trading-usds-futures', 'official_sdk.py'),
    Client('NautilusTrader', 'Python', 'nautilus_trader', 'nautilus.py', needs=(3, 12), venue=('--unrouted-streams',)),
    Client('official SDK', 'JavaScript', '@binance/derivatives-trading-usds-futures', 'official_sdk.mjs', quick=True),
    Client('ccxt', 'JavaScript', 'ccxt', 'ccxt.mjs'),
    Client('binance', 'JavaScript', 'binance', 'binance.mjs'),
    Client('binance-api-node', 'JavaScript', 'binance-api-node', 'binance_api_node.mjs'),
    Client('node-binance-api', 'JavaScript', 'node-binance-api', 'node_binance_api.mjs'),
    Client('go-binance', 'Go', 'github.com/adshao/go-binance/v2', 'go-binance'),
]


# ------------------------------------------------------------------ pins and installation

def pins():
    """(language, package) -> version, from the one file that each language has."""
    found = {}
    for line in (HERE / 'python/requirements.txt').read_text().splitlines():
        if match := re.match(r'([\w-]+)==(\S+)', line):
            found['Python', match[1]] = match[2]
    for name, version in json.loads((HERE / 'javascript/package.json').read_text())['dependencies'].items():
        found['JavaScript', name] = version
    for line in (HERE / 'go/go.mod').read_text().splitlines():
        if (match := re.match(r'(?:require )?\s*(\S+/\S+) v(\S+)', line)) and '// indirect' not in line:
            found['Go', match[1]] = match[2]
    return found


def sh(command, log, **more):
    """Runs it with output to a log; the reason in one line when it fails, else None."""
    limit = more.pop('limit_s', INSTALL_S)
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, 'w', encoding='utf-8') as out:
        try:
            code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=limit, **more).returncode
        except FileNotFoundError:
            return f'{command[0]} is not installed'
        except subprocess.TimeoutExpired:
            return f'not installed within {limit} s'
    if code == 0:
        return None
    lines = [l.strip() for l in log.read_text(encoding='utf-8', errors='replace').splitlines() if l.strip()]
    told = next((l for l in lines if re.search(r'\b(error|ERROR|ERR!)', l)), lines[-1] if lines else 'no output')
    return f'{command[0]} failed: {told[:200]}'


class Installer:
    """Each client under <cache>/<language>/..., with a mark that names what is there."""

    def __init__(self, cache, limit_s):
        self.cache, self.limit_s, self.known = cache, limit_s, pins()

    def _marked(self, folder, text, install):
        mark = folder / '.installed'
        if mark.exists() and mark.read_text() == text:
            return None
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        reason = install()
        if reason is None:
            mark.write_text(text)
        return reason

    def python(self, client):
        version = self.known['Python', client.package]
        folder = self.cache / 'python' / client.package
        program = python_for(client.needs)
        if program is None:
            return f'version {version} needs Python {client.needs[0]}.{client.needs[1]} or newer, and there is none'
        wanted = f'{client.package}=={version} {program}'
        return self._marked(folder, wanted, lambda: sh(
            [program, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore', '--retries=1', '--timeout=20',
             '--only-binary=:all:', '--target', str(folder), f'{client.package}=={version}'],
            self.cache / 'log' / f'install-{client.package}.log', limit_s=self.limit_s))

    def javascript(self, _client):
        folder = self.cache / 'javascript'
        lock = (HERE / 'javascript/package-lock.json').read_text()

        def install():
            for name in ('package.json', 'package-lock.json'):
                shutil.copy(HERE / 'javascript' / name, folder / name)
            return sh(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-timeout=30000'], self.cache / 'log/install-javascript.log',
                      cwd=folder, limit_s=self.limit_s)
        reason = self._marked(folder, lock, install)
        if reason is None:  # modules are looked for beside the file that wants them
            for driver in (HERE / 'javascript').glob('*.mjs'):
                shutil.copy(driver, folder / driver.name)
        return reason

    def go(self, client):
        target = self.cache / 'go'
        target.mkdir(parents=True, exist_ok=True)
        return sh(['go', 'build', '-mod=readonly', '-o', str(target / client.driver), '.'], self.cache / 'log/install-go.log',
                  cwd=HERE / 'go', limit_s=self.limit_s)

    def install(self, client):
        return {'Python': self.python, 'JavaScript': self.javascript, 'Go': self.go}[client.language](client)

    def command(self, client):
        """(command, additional environment)"""
        if client.language == 'Python':
            path = os.pathsep.join((str(self.cache / 'python' / client.package), str(HERE / 'python')))
            return [python_for(client.needs), str(HERE / 'python' / client.driver)], {'PYTHONPATH': path, 'PYTHONDONTWRITEBYTECODE': '1'}
        if client.language == 'JavaScript':
            return ['node', str(self.cache / 'javascript' / client.driver)], {}
        return [str(self.cache / 'go' / client.driver)], {}


# ------------------------------------------------------------------ the venue

class Venue:
    def __init__(self, program, tls, log, more):
        options = [*more, '--generate', str(SEED), '--listen', '127.0.0.1:0', '--account', f'{KEY}:{SECRET}:{scenario.DEPOSIT}',
                   '--set', 'account.leverage=20', '--json']
        if tls:
            options += ['--tls-cert', tls[1], '--tls-key', tls[2]]
        self._log = open(log, 'a', encoding='utf-8')
        self._process = subprocess.Popen([str(program), 'exchange', *options], stdout=subprocess.PIPE, stderr=self._log, text=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f'clients: {program} exchange did not start; see {log}')
        ready = json.loads(line)
        self.environment = {'VENUE_REST': ready['rest'].removesuffix('/fapi'), 'VENUE_STREAMS': ready['streams'],
                            'VENUE_KEY': KEY, 'VENUE_SECRET': SECRET}
        if tls:  # every client checks the certificate, each in its own way
            self.environment.update({name: tls[0] for name in ('VENUE_CERTIFICATE', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS',
                                                                    'WEBSOCKET_CLIENT_CA_BUNDLE')})

    def close(self):
        self._process.terminate()
        code = self._process.wait(30)
        self._log.close()
        return code


def make_certificate(folder):
    """(authority, server's certificate, its key): not one certificate for both, some clients refuse that."""
    log = folder / 'certificate.log'
    paths = {name: str(folder / f'tls-{name}.pem') for name in ('authority', 'authority-key', 'server', 'server-key', 'request')}
    extensions = folder / 'tls-extensions.txt'
    extensions.write_text('subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n')
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    for command in (
            ['openssl', 'req', '-x509', *key, '-days', '30', '-subj', '/CN=conformance', '-keyout', paths['authority-key'], '-out', paths['authority']],
            ['openssl', 'req', '-new', *key, '-subj', '/CN=localhost', '-keyout', paths['server-key'], '-out', paths['request']],
            ['openssl', 'x509', '-req', '-in', paths['request'], '-CA', paths['authority'], '-CAkey', paths['authority-key'], '-set_serial', '1',
             '-days', '30', '-extfile', str(extensions), '-out', paths['server']]):
        if sh(command, log):
            return None
    return paths['authority'], paths['server'], paths['server-key']


# ------------------------------------------------------------------ running

def run_client(client, installer, program, tls, groups, show):
    results = []
    log = installer.cache / 'log' / f'{client.language.lower()}-{client.package.replace("/", "-").replace("@", "")}.log'
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text('')
    began = time.monotonic()

    def note(group, name, result, text):
        results.append({'group': group, 'check': name, 'result': result, 'text': text})
        show(client, results[-1])
    command, additional = installer.command(client)
    for certificate, wanted in ((None, [g for g in groups if g not in TLS_GROUPS]), (tls, [g for g in groups if g in TLS_GROUPS])):
        if not wanted:
            continue
        if certificate is None and wanted[0] in TLS_GROUPS:
            for group in wanted:
                note(group, 'certificate', 'not run', 'openssl is not installed')
            continue
        venue = Venue(program, certificate, log, client.venue)
        driver = Driver(command, {**os.environ, **additional, **venue.environment}, log)
        try:
            scenario.run(driver, wanted, note)
        finally:
            driver.close()
            code = venue.close()
        if code != 0:
            note(wanted[0], 'the server ends by itself', 'fail', f'exit code {code}')
    return results, time.monotonic() - began


def summary(results):
    """The cell of each group: one result, and what is behind it."""
    cells = {}
    for group in scenario.GROUPS:
        rows = [r for r in results if r['group'] == group]
        if not rows:
            continue
        count = {kind: sum(r['result'] == kind for r in rows) for kind in ('pass', 'fail', 'not offered', 'not run')}
        result = 'fail' if count['fail'] else 'pass' if count['pass'] else 'not run' if count['not run'] else 'not offered'
        cells[group] = {'result': result, 'passed': count['pass'], 'checks': len(rows) - count['not offered']}
    return cells


# ------------------------------------------------------------------ reports

def cell_text(cell):
    if cell is None:
        return 'not run'
    if cell['result'] == 'fail':
        return f'fail {cell["passed"]}/{cell["checks"]}'
    return cell['result']


def table(report):
    groups = report['groups']
    head = ['client', 'version', *groups]
    rows = [[f'{c["name"]} ({c["language"]})', c['version'], *(cell_text(c['cells'].get(g)) for g in groups)] for c in report['clients']]
    widths = [max(len(r[n]) for r in [head, *rows]) for n in range(len(head))]
    return '\n'.join('  '.join(t.ljust(w) for t, w in zip(row, widths)).rstrip() for row in [head, *rows])


def markdown(report):
    """The page: what was measured, nothing that another run of the same versions would change."""
    out = ['# Clients that were tried', '',
           '`tools/clients` installs these clients from their registries at pinned versions, unmodified, points them at `reprise exchange` in a',
           'network namespace without routes, and checks values, not only the absence of errors: states and filled quantities, balances to the last',
           'commission, the book level by level. This page is its output (`tools/clients --write`); `tools/clients --check` says whether it is still true.', '',
           '| function | checks | what |', '|---|---|---|']
    for group in report['groups']:
        out.append(f'| {group} | {sum(1 for g, _, _ in scenario.CHECKS if g == group)} | {scenario.GROUPS[group]} |')
    out += ['', '| client | version | ' + ' | '.join(report['groups']) + ' |', '|---' * (len(report['groups']) + 2) + '|']
    for c in report['clients']:
        cells = ' | '.join(cell_text(c['cells'].get(g)) for g in report['groups'])
        out.append(f'| {c["name"]} ({c["language"]}) | {c["version"]} | {cells} |')
    out += ['', '`pass`: every check that the client has a function for. `not offered`: the client has no function for it. `not run`: see below.', '']
    special = [(c['name'], c['language'], c['venue']) for c in report['clients'] if c['venue']]
    if special:
        out += [*(f'{name} ({language}) was run with `{" ".join(options)}`.' for name, language, options in special), '']
    failed = [(c, r) for c in report['clients'] for r in c['results'] if r['result'] == 'fail']
    out += ['## What fails', '']
    if failed:
        out += ['| client | function | check |', '|---|---|---|']
        out += [f'| {c["name"]} ({c["language"]}) | {r["group"]} | {r["check"]} |' for c, r in failed]
    else:
        out.append('Nothing.')
    out += ['', '## What clients do not offer', '', '| client | function | checks |', '|---|---|---|']
    for c in report['clients']:
        for group in report['groups']:
            gone = [r for r in c['results'] if r['group'] == group and r['result'] == 'not offered']
            if gone:
                out.append(f'| {c["name"]} ({c["language"]}) | {group} | {"; ".join(r["check"].split(":")[0] for r in gone)} |')
    kinds = {}
    for c in report['clients']:
        for r in c['results']:
            if r['group'] == 'errors' and r['result'] == 'pass':
                kinds.setdefault(f'{c["name"]} ({c["language"]})', []).append((r['check'], r['text'].split(' ')[0]))
    out += ['', '## How refusals arrive', '', '| client | kind of error |', '|---|---|']
    for name, rows in kinds.items():
        by_kind = {}
        for text, kind in rows:
            by_kind.setdefault(kind, []).append(re.search(r'-\d+', text)[0])
        out.append(f'| {name} | ' + '; '.join(f'`{kind}` {", ".join(codes)}' for kind, codes in by_kind.items()) + ' |')
    gone = [c for c in report['clients'] if c['reason']]
    if gone:
        out += ['', '## Not run', '', '| client | why |', '|---|---|']
        out += [f'| {c["name"]} ({c["language"]}) | {c["reason"]} |' for c in gone]
    return '\n'.join(out) + '\n'


def check_page(report):
    """Whether the page is what was measured; clients that could not be run here are not compared."""
    if not PAGE.exists():
        print(f'clients: {PAGE.relative_to(ROOT)} is not there; write it with --write')
        return False
    said = PAGE.read_text(encoding='utf-8')
    bad = []
    for c in report['clients']:
        rows = [l for l in said.splitlines() if l.startswith(f'| {c["name"]} ({c["language"]}) | ') and l.count('|') == len(report['groups']) + 3]
        name = f'{c["name"]} ({c["language"]})'
        if not rows:
            bad.append(f'{name}: not on the page')
            continue
        cells = [x.strip() for x in rows[0].strip('|').split('|')][1:]
        if c['reason']:
            if cells[0] != c['version']:
                bad.append(f'{name}: the page says version {cells[0]}, the pin is {c["version"]}')
            print(f'clients: {name} was not run here, its results are not compared')
            continue
        for what, says, is_so in zip(['version', *report['groups']], cells,
                                     [c['version'], *(cell_text(c['cells'].get(g)) for g in report['groups'])]):
            if what in ('version', *report['measured']) and says != is_so:
                bad.append(f'{name}, {what}: the page says "{says}", measured "{is_so}"')
    for line in bad:
        print('clients: ' + line)
    return not bad


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', type=pathlib.Path)
    parser.add_argument('--cache', type=pathlib.Path, default=ROOT / 'build/clients')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--only', action='append', default=[])
    parser.add_argument('--groups', default=','.join(scenario.GROUPS))
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--install', action='store_true')
    parser.add_argument('--run', type=pathlib.Path, help='what the installation found')
    parser.add_argument('--json', nargs='?', const='-')
    parser.add_argument('--markdown', nargs='?', const='-')
    parser.add_argument('--write', action='store_true')
    parser.add_argument('--check', action='store_true')
    o = parser.parse_args()

    chosen = [c for c in CLIENTS if (not o.quick or c.quick) and
              (not o.only or any(w.lower() in f'{c.name} ({c.language})'.lower() for w in o.only))]
    if not chosen:
        raise SystemExit('clients: --only fits none of: ' + ', '.join(f'{c.name} ({c.language})' for c in CLIENTS))
    if o.list:
        known = pins()
        for c in chosen:
            print(f'{c.name} ({c.language})'.ljust(32) + c.package.ljust(48) + known[c.language, c.package])
        return 0
    if (o.write or o.check) and (o.only or o.quick or o.groups != ','.join(scenario.GROUPS)):
        raise SystemExit('clients: --write and --check are for all clients and all groups')
    groups = [g for g in scenario.GROUPS if g in o.groups.split(',')]
    installer = Installer(o.cache.resolve(), 120 if o.quick else INSTALL_S)
    told = sys.stderr if '-' in (o.json, o.markdown) else sys.stdout

    if o.install:  # outside of the namespace: registries are needed
        reasons = {}
        for client in chosen:
            began = time.monotonic()
            reason = installer.install(client)
            reasons[f'{client.language} {client.package}'] = reason
            took = time.monotonic() - began
            if reason:
                print(f'clients: {client.name} ({client.language}) not run: {reason}', file=told)
            elif took > 1:
                print(f'clients: installed {client.name} ({client.language}) in {took:.0f} s', file=told)
        o.run.write_text(json.dumps(reasons))
        if o.quick and all(reasons.values()):
            print('clients: skipped, none could be installed: ' + '; '.join(sorted(set(reasons.values()))))
            return SKIPPED
        return 0

    if [name for _, name in socket.if_nameindex()] != ['lo']:
        raise SystemExit('clients: refusing to run outside of a namespace without routes')
    reasons = json.loads(o.run.read_text())
    tls = make_certificate(o.cache.resolve()) if 'tls' in groups else None
    report = {'seed': SEED, 'groups': list(scenario.GROUPS), 'measured': groups, 'clients': []}

    def show(client, result):
        if result['result'] == 'fail':
            print(f'FAILED  {client.name} ({client.language})  {result["group"]}: {result["check"]}\n        {result["text"]}', file=told, flush=True)
    for client in chosen:
        reason = reasons.get(f'{client.language} {client.package}', 'not installed')
        entry = {'name': client.name, 'language': client.language, 'package': client.package,
                 'version': installer.known[client.language, client.package], 'reason': reason, 'venue': list(client.venue), 'cells': {}, 'results': [], 'seconds': 0}
        if reason is None:
            entry['results'], seconds = run_client(client, installer, o.program, tls, groups, show)
            entry['cells'], entry['seconds'] = summary(entry['results']), round(seconds, 1)
            passed = sum(r['result'] == 'pass' for r in entry['results'])
            print(f'{client.name} ({client.language}) {entry["version"]}: {passed} of {len(entry["results"])} checks passed, {seconds:.0f} s', file=told, flush=True)
        report['clients'].append(entry)

    print('\n' + table(report), file=told)
    for target, text in ((o.json, lambda: json.dumps(report, indent=1) + '\n'), (o.markdown, lambda: markdown(report))):
        if target == '-':
            sys.stdout.write(text())
        elif target:
            pathlib.Path(target).write_text(text(), encoding='utf-8')
    if o.write:
        PAGE.write_text(markdown(report), encoding='utf-8')
    if o.check:
        return 0 if check_page(report) else 1
    return 1 if any(r['result'] == 'fail' for c in report['clients'] for r in c['results']) else 0


sys.exit(main())
