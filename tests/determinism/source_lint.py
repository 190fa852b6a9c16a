#!/usr/bin/env python3
"""Source lint for engine/ and sim/: what could make two runs of one input differ must not be written there.

An exception is a comment on the same line, or alone on the line above, that says why:
    // determinism: allowed because <reason>
Exit code 0: clean, 1: findings (one a line: file:line: rule: text), 2: could not check.
"""
import argparse
import pathlib
import re
import sys
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cpp_text import lines_of  # noqa: E402

ROOMS = ('engine', 'sim')
# Folders in which a floating-point number would be money, price or quantity.
MONEY_PATHS = ('engine/portfolio', 'engine/execution', 'engine/risk', 'engine/market', 'sim/exchange')
MARK = re.compile(r'determinism:\s*allowed because\s+(\S.{9,})')
BARE_MARK = re.compile(r'determinism:\s*allowed')


@dataclass(frozen=True)
class Rule:
    name: str
    pattern: re.Pattern
    instead: str
    paths: tuple = ROOMS


def rule(name, pattern, instead, paths=ROOMS):
    return Rule(name, re.compile(pattern), instead, paths)


# A free function of the C or C++ library: not a member, not of another namespace.
def call(names):
    return rf'(?:(?<![\w.>:])|(?<=\bstd::)|(?<!\w::)(?<!>::)(?<=::))(?:{names})\s*\((?!\s*\)\s*const)'


_LIBM = ('exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|sin|cos|tan|sincos|asin|acos|atan|atan2|sinh|cosh|tanh|'
         'asinh|acosh|atanh|erf|erfc|tgamma|lgamma|cbrt|hypot')
_LIBM_ALL = '|'.join(f'{name}{suffix}' for name in _LIBM.split('|') for suffix in ('', 'f', 'l'))

RULES = [
    rule('clock', r'\b(?:system|steady|high_resolution|utc|file)_clock\b|\b(?:clock_gettime|gettimeofday|timespec_get|ftime|'
                  r'localtime(?:_r)?|gmtime(?:_r)?|mktime|strftime|nanosleep|usleep|sleep_for|sleep_until|__rdtscp?|_rdtsc)\b',
         'engine time (Emitter::now(), the ts_engine of the input)'),
    rule('clock', r'(?:\bstd::|(?<![\w.>:])::)(?:time|clock)\s*\(|(?<![\w.>:])(?:time|clock)\s*\(\s*(?:nullptr|NULL|0)?\s*\)\s*;|__(?:DATE|TIME|TIMESTAMP)__',
         'engine time'),
    rule('environment', r'\b(?:secure_)?getenv\b|\bsetenv\b|\bputenv\b|\benviron\b|\bgethostname\b|\bgetpid\b',
         'the journaled configuration'),
    rule('locale', r'#\s*include\s*<(?:locale|clocale)>|\bstd::locale\b|\bsetlocale\b|\bimbue\b|'
                   r'\bstd::(?:stod|stof|stold|strtod|strtof|atof)\b|' + call('strtod|strtof|strtold|atof'),
         'std::from_chars and std::to_chars, fixed.h for decimals'),
    rule('locale', r'(?:\bstd::|(?<![\w.>:]))(?:isalpha|isalnum|isupper|islower|isspace|isdigit|ispunct|toupper|tolower)\s*\(',
         'a comparison of ASCII characters'),
    rule('unordered', r'\bunordered_(?:multi)?(?:map|set)\b|\bstd::hash\b|\bflat_hash_(?:map|set)\b|\bboost::unordered',
         'std::map, a sorted vector or boost::container::flat_map'),
    rule('random', r'\brandom_device\b|\bstd::(?:mt19937(?:_64)?|minstd_rand0?|default_random_engine|ranlux\w+|knuth_b|shuffle|'
                   r'sample|random_shuffle|seed_seq|generate_canonical)\b|\bstd::\w+_distribution\b|#\s*include\s*<random>|'
                   r'\b(?:drand48|lrand48|mrand48|srand48|arc4random\w*|getrandom|rand_r)\b|' + call('rand|srand|srandom'),
         'boost::random::mt19937_64, one stream a component, seeded from the journaled seed'),
    rule('random', r'\bboost::random::(?!uniform_int_distribution|uniform_smallint)\w+_distribution\b|\bboost::(?:normal|exponential|'
                   r'lognormal|gamma|poisson|student_t)_distribution\b',
         'draws by integer-exact constructions (those distributions call exp and log)'),
    rule('transcendental', call(_LIBM_ALL) + r'|\bstd::(?:' + _LIBM_ALL + r')\b',
         "the project's own functions (glibc picks another implementation by CPU)"),
    rule('long-double', r'\blong\s+double\b|\b__float(?:80|128)\b', 'double, or 128-bit integers (its width differs by architecture)'),
    rule('float-flags', r'#\s*pragma\s+(?:STDC\s+FP_CONTRACT|GCC\s+optimize|clang\s+fp|float_control)|\bfesetround\b|'
                        r'__attribute__\s*\(\(\s*optimize|#\s*include\s*<(?:\w*mmintrin|immintrin|arm_neon|x86intrin|cfenv|fenv\.h)(?:\.h)?>',
         'portable code under the options of cmake/options.cmake'),
    rule('thread', r'#\s*include\s*<(?:thread|mutex|shared_mutex|condition_variable|future|atomic|semaphore|latch|barrier|stop_token|'
                   r'execution|pthread\.h)>|\bstd::(?:thread|jthread|async|mutex|atomic\w*|execution)\b|\bpthread_\w+|\bthread_local\b',
         'one thread; waiting is an engine decision driven by clock ticks'),
    rule('static-state', r'\bstatic\s+(?!const\b|constexpr\b|constinit\s+const\b|inline\s+const|_Assert\b|assert\b)'
                         r'[A-Za-z_][\w:]*(?:\s*<[^;(){}]*>)?(?:[\s*&]+[A-Za-z_]\w*)+\s*(?:=|;|\{|\[)',
         'a member of the object that owns the state, so that persist() sees it'),
    rule('static-state', r'^(?:inline\s+|extern\s+)?(?!using\b|namespace\b|class\b|struct\b|enum\b|template\b|typedef\b|return\b|const\b|constexpr\b|'
                         r'static\b|friend\b|public\b|private\b|else\b|case\b|goto\b|inline\b|extern\b|union\b|concept\b|requires\b|break\b|continue\b)'
                         r'[A-Za-z_][\w:]*(?:<[^;(){}]*>)?[\s*&]+(?!const\b)g?_?[A-Za-z]\w*\s*(?:=[^=()]*;|;|\{[^()]*\}\s*;)\s*$',
         'no variables at namespace scope'),
    rule('pointer-order', r'\b(?:map|set|multimap|multiset|flat_map|flat_set|priority_queue)\s*<\s*(?:const\s+)?[\w:]+(?:\s+const)?\s*\*|'
                          r'\bstd::less\s*<[^<>]*\*\s*>|\bu?intptr_t\b|\bstd::owner_less\b',
         'order by id (seq, instrument number), never by address'),
    rule('type-name', r'\btypeid\s*\(|\btype_index\b|\bhash_code\s*\(', 'an enum of the schema'),
    rule('output', r'#\s*include\s*<(?:iostream|ostream|syncstream|print)>|\bstd::(?:cout|cerr|clog|wcout)\b|'
                   r'(?:\bstd::|(?<![\w.>:]))(?:printf|fprintf|puts|fputs|putchar|perror)\s*\(|\bspdlog\b',
         'an Alert record, or a Result that the caller prints'),
    rule('files', r'#\s*include\s*<(?:fstream|filesystem|dirent\.h|glob\.h|fcntl\.h)>|\bstd::(?:i|o)?fstream\b|\b(?:directory_iterator|'
                  r'opendir|readdir|scandir)\b|' + call('fopen|popen|system'),
         'a reader or writer that is passed in'),
    rule('money-float', r'\b(?:double|float)\b', 'the fixed-point types of engine/market/fixed.h', MONEY_PATHS),
]


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f'{self.path}:{self.line}: {self.rule}: {self.text}'


def lint_text(path, text):
    """Findings of one file; `path` is relative to the project, with forward slashes."""
    findings = []
    allowed_by_line_above = False
    for line in lines_of(text):
        if BARE_MARK.search(line.comment) and not MARK.search(line.comment):
            findings.append(Finding(path, line.number, 'mark', 'an exception needs its reason: determinism: allowed because ...'))
        marked = bool(MARK.search(line.comment))
        if not (marked or allowed_by_line_above):
            seen = set()
            for r in RULES:
                if r.name in seen or not any(path.startswith(p) for p in r.paths):
                    continue
                found = r.pattern.search(line.code)
                if found:
                    seen.add(r.name)
                    findings.append(Finding(path, line.number, r.name, f"'{found.group().strip()}'; use {r.instead}"))
        # A comment of several lines carries its mark to the code below it.
        allowed_by_line_above = not line.code.strip() and (marked or (allowed_by_line_above and bool(line.comment)))
    return findings


def sources(root):
    for room in ROOMS:
        for path in sorted((root / room).rglob('*')):
            if path.suffix in ('.cpp', '.h', '.hpp', '.cc', '.inc'):
                yield path


def lint_tree(root):
    findings, count = [], 0
    for path in sources(root):
        count += 1
        findings += lint_text(path.relative_to(root).as_posix(), path.read_text(encoding='utf-8'))
    return findings, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    root = parser.parse_args().root
    findings, count = lint_tree(root)
    if count == 0:
        print(f'source lint: no sources under {root}', file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    print(f'source lint: {count} files of {" and ".join(ROOMS)}, {len(RULES)} rules, {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
