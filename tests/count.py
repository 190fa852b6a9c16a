#!/usr/bin/env python3
"""Sums up a test run: results from ctest's JUnit file, kinds of tests from the sources.

    count.py results JUNIT.xml      'PASSED FAILED SKIPPED', then one line for each failed test
    count.py kinds [TESTS-FOLDER]   one line a kind, for people

A case is a property test when it draws from a seed, a damage test when it harms what it then reads, a golden
test when it compares with a file of the tree; tests of a whole program are integration tests.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree

CASE = re.compile(r'^(?:TEST_CASE|SCENARIO|TEMPLATE_TEST_CASE)\s*\(\s*((?:"(?:\\.|[^"\\])*"\s*)+)(?:,\s*"([^"]*)")?', re.MULTILINE)
DAMAGE = re.compile(r'\b(?:flip\w*|truncat\w*|torn|corrupt\w*|damag\w*|tamper\w*|killed|full disk|noise)\b', re.IGNORECASE)


def results(path):
    passed = failed = skipped = 0
    names = []
    for case in xml.etree.ElementTree.parse(path).getroot().iter('testcase'):
        status = case.get('status')
        if case.find('failure') is not None or case.find('error') is not None or status == 'fail':
            failed += 1
            names.append(case.get('name'))
        elif status in ('disabled', 'notrun') or case.find('skipped') is not None:
            skipped += 1
        else:
            passed += 1
    print(passed, failed, skipped)
    for name in names:
        print(name)


def kind_of(path, name, tags, body):
    room = path.parts[0]
    for kind in ('property', 'golden', 'damage'):
        if f'[{kind}]' in tags or kind in path.stem:
            return kind
    if room in ('integration', 'determinism', 'golden'):
        return room
    if re.search(r'\bseed\b', body):
        return 'property'
    if DAMAGE.search(name):
        return 'damage'
    return 'unit'


def kinds(folder):
    counts, rooms = {}, {}
    for path in sorted(folder.rglob('*.cpp')):
        text = path.read_text(encoding='utf-8')
        cases = list(CASE.finditer(text))
        for case, following in zip(cases, cases[1:] + [None]):
            body = text[case.end():following.start() if following else len(text)]
            relative = path.relative_to(folder)
            kind = kind_of(relative, case.group(1), case.group(2) or '', body)
            counts[kind] = counts.get(kind, 0) + 1
            rooms[relative.parts[0]] = rooms.get(relative.parts[0], 0) + 1
    counts['fuzz target'] = len(list(folder.glob('fuzz/fuzz_*.cpp')))
    lint = folder / 'determinism' / 'test_lint.py'
    counts['lint'] = len(re.findall(r'^    def test_', lint.read_text(encoding='utf-8'), re.MULTILINE)) if lint.exists() else 0
    print('by kind: ' + ', '.join(f'{count} {kind}' for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))))
    print('by room: ' + ', '.join(f'{count} {room}' for room, count in sorted(rooms.items(), key=lambda item: (-item[1], item[0]))))


if __name__ == '__main__':
    if len(sys.argv) == 3 and sys.argv[1] == 'results':
        results(sys.argv[2])
    elif len(sys.argv) in (2, 3) and sys.argv[1] == 'kinds':
        kinds(pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else pathlib.Path(__file__).resolve().parent)
    else:
        sys.exit(__doc__)
