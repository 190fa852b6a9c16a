#!/usr/bin/env python3
"""Checks what the built engine and sim libraries ask of the outside, and that they hold no mutable globals.

    symbols.py libreprise_engine.a libreprise_sim.a

What no source lint can see (a call inside an inlined library function) shows here as an undefined symbol.
Exceptions stand in allowed_symbols.txt with their reasons. Exit code 0: clean, 1: findings, 2: could not check.
"""
import argparse
import pathlib
import re
import subprocess
import sys

_LIBM = ('exp exp2 exp10 expm1 log log2 log10 log1p pow sin cos tan sincos asin acos atan atan2 sinh cosh tanh asinh acosh '
         'atanh erf erfc tgamma lgamma lgamma_r cbrt hypot').split()

# What a symbol is (mangled or C name), by kind.
FORBIDDEN = {
    'clock': r'clock_gettime|clock_getres|gettimeofday|time|clock|ftime|times|timespec_get|localtime(_r)?|gmtime(_r)?|mktime|strftime|'
             r'nanosleep|clock_nanosleep|usleep|sleep|_ZNSt6chrono\w*clock3nowEv',
    'environment': r'(__)?(secure_)?getenv|setenv|putenv|environ|__environ|gethostname|getpid|getuid|sysconf|sched_getcpu',
    'random': r'rand|srand|rand_r|random|srandom|drand48|erand48|lrand48|mrand48|getrandom|getentropy|arc4random\w*|_ZNSt13random_device\w*',
    'transcendental': '|'.join(f'(__)?{name}(_finite)?' for base in _LIBM for name in (base, base + 'f', base + 'l')),
    'thread': r'pthread_(create|join|detach|mutex_\w+|cond_\w+|rwlock_\w+|key_create|setspecific|getspecific)|_ZNSt6thread\w*|'
              r'_ZNSt18condition_variable\w*|_ZNSt13__future_base\w*|thrd_create|__tls_get_addr',
    'locale': r'setlocale|newlocale|uselocale|localeconv|_ZNSt6locale\w*|strtod|strtof|strtold|__strtod\w*|atof|'
              r'isalpha|isalnum|isspace|isdigit|isupper|islower|toupper|tolower|__ctype_(b|toupper|tolower)_loc',
    'unordered': r'_ZNKSt8__detail20_Prime_rehash_policy\w*|_ZNSt8__detail\w*rehash\w*|_ZSt11_Hash_bytesPKvmm|_ZSt15_Fnv_hash_bytesPKvmm',
    'files': r'opendir|readdir(64|_r)?|scandir(64)?|nftw|ftw|glob|open(at)?(64)?|fopen(64)?|popen|system|execv\w*|fork|'
             r'_ZNSt10filesystem\w*(directory_iterator|status|current_path|temp_directory_path)\w*|'
             r'_ZNSt1[34]basic_[io]?fstream\w*|_ZNSt13basic_filebuf\w*',
    # The mode of a run (backtest, paper, live) stands in the manifest and nowhere in the records: what never looks at a
    # manifest cannot branch on it.
    'run-mode': r'\w*(8Manifest|8manifest|7RunMode)\w*',
    'output': r'_ZSt4cout|_ZSt4cerr|_ZSt4clog|printf|__printf_chk|puts|putchar|stdout|perror',
}
COMPILED = {kind: re.compile(rf'(?:{pattern})(?:@.*)?') for kind, pattern in FORBIDDEN.items()}
# Sections that a running program can write; .data.rel.ro holds constants with addresses.
WRITABLE = re.compile(r'^\.(?:bss|data|tbss|tdata)(?:\.(?!rel\.ro)|$)')
CONSTANT = re.compile(r'(?:^|::)k[A-Z]\w*(?:\[abi:\w+\])?$')


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(command)}: {done.stderr.strip()}')
    return done.stdout


def demangle(names):
    if not names:
        return {}
    done = subprocess.run(['c++filt'], input='\n'.join(names), capture_output=True, text=True, check=True)
    return dict(zip(names, done.stdout.split('\n')))


def forbidden_kind(symbol):
    for kind, pattern in COMPILED.items():
        if pattern.fullmatch(symbol):
            return kind
    return None


def undefined_symbols(library):
    """(object file, symbol) pairs that some object of the library leaves to the outside."""
    member = ''
    for line in run('nm', '--undefined-only', '--format=posix', str(library)).splitlines():
        heading = re.match(r'.*\[(.+)\]:$', line)
        if heading:
            member = heading.group(1)
        elif line:
            yield member, line.split(' ')[0]


def mutable_objects(library):
    member = ''
    for line in run('objdump', '--syms', str(library)).splitlines():
        heading = re.match(r'(\S+):\s+file format', line)
        if heading:
            member = heading.group(1)
            continue
        # value flags section size name
        found = re.match(r'^[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$', line)
        if found and found.group(1)[6] == 'O' and WRITABLE.match(found.group(2)) and int(found.group(3), 16) > 0:
            yield member, found.group(4)


def allowed_patterns(path):
    patterns = []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        parts = line.split(None, 2)
        if len(parts) < 3 or len(parts[2]) < 10:
            raise RuntimeError(f'{path}:{number}: needs: OBJECT-FILE SYMBOL-PATTERN reason')
        patterns.append((parts[0], re.compile(parts[1])))
    return patterns


STATIC_CONST = re.compile(r'\bstatic\s+const\s[^;={}()]*?\b([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)?[={(]')


def constants_of(folders):
    """Names of `static const` objects in the sources: filled at start, never changed."""
    names = set()
    for folder in folders:
        for path in folder.rglob('*'):
            if path.suffix in ('.cpp', '.h'):
                names.update(STATIC_CONST.findall(path.read_text(encoding='utf-8')))
    return names


def check(library, allowed=(), constants=frozenset()):
    """Findings of one library, as text."""
    found = []
    for member, symbol in undefined_symbols(library):
        kind = forbidden_kind(symbol)
        if kind:
            found.append((member, symbol, kind))
    for member, symbol in mutable_objects(library):
        # The guard of a static is counted with the static; DW.ref is the compiler's own.
        if not symbol.startswith(('_ZGV', 'DW.ref.')):
            found.append((member, symbol, 'static-state'))
    found = [f for f in found
             if not any(f[0].startswith(member) and pattern.fullmatch(f[1]) for member, pattern in allowed)]
    readable = demangle(sorted({symbol for _, symbol, _ in found}))
    # A constant that is filled at start looks like a variable here. Constants are named kLikeThis, and the
    # source lint refuses a static or a namespace-scope object that is not const, whatever its name.
    def is_constant(name):
        return CONSTANT.search(name) or re.sub(r'\[abi:\w+\]$', '', name).split('::')[-1] in constants
    found = [f for f in found if f[2] != 'static-state' or not is_constant(readable[f[1]])]
    return [f'{library.name}({member}): {kind}: {readable[symbol]}' for member, symbol, kind in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('libraries', nargs='+', type=pathlib.Path)
    parser.add_argument('--allowed', type=pathlib.Path, default=pathlib.Path(__file__).with_name('allowed_symbols.txt'))
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2], help='sources, for the names of constants')
    arguments = parser.parse_args()
    try:
        allowed = allowed_patterns(arguments.allowed)
        constants = constants_of([arguments.root / room for room in ('engine', 'sim', 'config', 'journal')])
        findings, symbols = [], 0
        for library in arguments.libraries:
            count = sum(1 for _ in undefined_symbols(library))
            if count == 0:
                raise RuntimeError(f'{library}: no undefined symbols at all; is it the right file?')
            symbols += count
            findings += check(library, allowed, constants)
    except (OSError, RuntimeError) as problem:
        print(f'symbol check: could not check: {problem}', file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    print(f'symbol check: {len(arguments.libraries)} libraries, {symbols} undefined symbols, {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
