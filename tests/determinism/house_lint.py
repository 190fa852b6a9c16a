#!/usr/bin/env python3
"""House lint: which room may know which, which room may use which library, file length, machine paths.

Exit code 0: clean (there may be warnings), 1: findings, 2: could not check.
"""
import argparse
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cpp_text import lines_of  # noqa: E402
from source_lint import Finding  # noqa: E402

KNOWS = {
    'journal': {'journal'},
    'config': {'config', 'journal'},
    'engine': {'engine', 'config', 'journal'},
    'sim': {'sim', 'engine', 'config', 'journal'},
    'gateway': {'gateway', 'sim', 'engine', 'config', 'journal'},
    'tools': {'tools', 'gateway', 'sim', 'engine', 'config', 'journal'},
    'tests': {'tests', 'tools', 'gateway', 'sim', 'engine', 'config', 'journal'},
}
# The folders of engine/ in the direction in which data flows; market and analytics know nothing behind them.
ENGINE_KNOWS = {
    'market': {'market'},
    'analytics': {'market', 'analytics'},
    'strategy': {'market', 'analytics', 'strategy'},
}
# Pure arithmetic on fixed-point numbers that anybody may use.
ARITHMETIC = {'engine/portfolio/margin.h'}
# Outside libraries that stay behind one room's doors. Key: how the include begins.
LIBRARY_ROOMS = {
    'rocksdb/': {'journal', 'tests'},
    'zstd': {'journal', 'gateway', 'tests'},
    'yaml-cpp/': {'config', 'tests'},
    'simdjson': {'gateway', 'tests'},
    'rapidjson/': {'gateway', 'tools', 'tests'},
    'archive': {'gateway', 'tests'},
    'isa-l': {'gateway', 'tests'},
    'openssl/': {'gateway', 'tests'},
    'boost/asio': {'gateway', 'tools', 'tests'},
    'boost/beast': {'gateway', 'tests'},
    'spdlog/': {'gateway', 'tools', 'tests'},
    'CLI/': {'tools', 'tests'},
    'catch2/': {'tests'},
}
LONG_FILE = 500
TOO_LONG_FILE = 1200
INCLUDE = re.compile(r'#\s*include\s*(["<])([^">]+)[">]')
# A folder of one machine or one person. $HOME, ~ and relative paths are how such places are named.
MACHINE_PATH = re.compile(r'(?<![\w.$}~*-])/(?:home|root|work|Users|mnt|media)/[A-Za-z0-9_.-]+')
MACHINE_PATH_EXEMPT = {'tests/determinism/house_lint.py', 'tests/determinism/test_lint.py'}
# CMake takes a semicolon for the end of a list item: half of such a name would be looked for, not found, and count as passed.
TEST_NAME = re.compile(r'(?:TEST_CASE|SCENARIO)\s*\(\s*"((?:\\.|[^"\\])*)"')
FAST_MATH = re.compile(r'-ffast-math|-Ofast|-march=native|-mtune=native|-ffp-contract=(?:fast|on)|-mfpmath=387|-funsafe-math')


def lint_includes(path, text):
    findings = []
    parts = path.split('/')
    room = parts[0]
    if room not in KNOWS:
        return findings
    for line in lines_of(text):
        found = INCLUDE.search(line.code)
        if not found:
            continue
        name = found.group(2)
        target = name.split('/')[0]
        if target in KNOWS and '/' in name and target not in KNOWS[room]:
            findings.append(Finding(path, line.number, 'rooms', f'{room}/ must not know {target}/ ({name})'))
        if found.group(1) == '"' and '/' not in name:
            findings.append(Finding(path, line.number, 'include', f'name it from the project\'s top: "{name}"'))
        if room == 'engine' and len(parts) > 2 and parts[1] in ENGINE_KNOWS and name.startswith('engine/') and name.count('/') > 1:
            other = name.split('/')[1]
            if other not in ENGINE_KNOWS[parts[1]] and name not in ARITHMETIC:
                findings.append(Finding(path, line.number, 'flow', f'engine/{parts[1]} must not know engine/{other} ({name})'))
        if path.startswith('engine/strategy/') and (name.startswith('capnp/') or name.endswith('.capnp.h')):
            findings.append(Finding(path, line.number, 'flow', f'a strategy knows domain types only ({name})'))
        for library, rooms in LIBRARY_ROOMS.items():
            if found.group(1) == '<' and name.startswith(library) and room not in rooms:
                findings.append(Finding(path, line.number, 'library', f'{name} belongs behind {" or ".join(sorted(rooms - {"tests"}) or rooms)}'))
    return findings


def lint_text_file(path, text):
    findings = []
    for number, line in enumerate(text.split('\n'), 1):
        if path not in MACHINE_PATH_EXEMPT:
            found = MACHINE_PATH.search(line)
            if found:
                findings.append(Finding(path, number, 'machine-path', f"'{found.group()}' is a path of one machine"))
        name = path.rsplit('/', 1)[-1]
        if path.startswith('tests/') and name.endswith('.cpp'):
            found = TEST_NAME.search(line)
            if found and re.search(r'^-|[;\[\]*~\\]', found.group(1)):
                findings.append(Finding(path, number, 'test-name', 'no ; [ ] * ~ \\ in the name of a test, no - at its start: it would not be found and count as passed'))
        if name in ('CMakeLists.txt', 'CMakePresets.json') or name.endswith('.cmake'):
            found = FAST_MATH.search(line.split('#')[0])
            if found:
                findings.append(Finding(path, number, 'float-flags', f"'{found.group()}' changes results by compiler or CPU"))
    return findings


def committed_files(root):
    done = subprocess.run(['git', '-C', str(root), 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                          capture_output=True, check=False)
    if done.returncode == 0:
        names = [name for name in done.stdout.decode().split('\0') if name]
    else:  # an unpacked archive
        names = [path.relative_to(root).as_posix() for path in root.rglob('*')
                 if path.is_file() and not path.relative_to(root).as_posix().startswith(('build', '.git/'))]
    return sorted(name for name in names if (root / name).is_file() and not (root / name).is_symlink())


def lint_tree(root):
    findings, warnings, count = [], [], 0
    for name in committed_files(root):
        data = (root / name).read_bytes()
        if b'\0' in data[:8192] or len(data) > 4 << 20:
            continue
        count += 1
        text = data.decode('utf-8', errors='replace')
        findings += lint_text_file(name, text)
        if name.endswith(('.cpp', '.h')):
            findings += lint_includes(name, text)
            length = text.count('\n')
            if length > TOO_LONG_FILE:
                findings.append(Finding(name, length, 'length', f'{length} lines; a file has one job (limit {TOO_LONG_FILE})'))
            elif length > LONG_FILE:
                warnings.append(Finding(name, length, 'warning', f'{length} lines; look for a second job in it ({LONG_FILE})'))
    return findings, warnings, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    root = parser.parse_args().root
    findings, warnings, count = lint_tree(root)
    if count == 0:
        print(f'house lint: no files under {root}', file=sys.stderr)
        return 2
    for finding in warnings + findings:
        print(finding)
    print(f'house lint: {count} files, {len(findings)} findings, {len(warnings)} warnings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
