#!/usr/bin/env python3
"""Each rule of the determinism lint catches a violation planted for it, and lets the honest code beside it pass."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import house_lint  # noqa: E402
import source_lint  # noqa: E402
import symbols  # noqa: E402

ENGINE = 'engine/strategy/planted.cpp'
MONEY = 'engine/portfolio/planted.cpp'

# rule -> planted lines, each of which must be found (in `ENGINE` unless another path is named).
PLANTED = {
    'clock': ['auto now = std::chrono::system_clock::now();', 'auto t0 = std::chrono::steady_clock::now();', 'clock_gettime(CLOCK_REALTIME, &ts);',
              'auto t = std::time(nullptr);', 'long t = time(nullptr);', 'long t = ::time(0);', 'const char* built = __DATE__;', 'auto c = std::clock();'],
    'environment': ['const char* home = std::getenv("HOME");', 'auto p = getpid();'],
    'locale': ['double x = std::stod(text);', '#include <locale>', 'double d = strtod(p, &end);', 'if (std::isdigit(c)) return;', 'if (isspace(c)) return;'],
    'unordered': ['std::unordered_map<int, int> orders;', '#include <unordered_set>', 'auto h = std::hash<std::string>{}(name);', 'boost::unordered_flat_map<int,int> m;'],
    'random': ['std::random_device device;', 'std::mt19937_64 g(seed);', 'std::uniform_int_distribution<int> d(0, 9);', 'int r = rand();', 'int r = std::rand();',
               '#include <random>', 'std::shuffle(v.begin(), v.end(), g);', 'boost::random::normal_distribution<double> n;'],
    'transcendental': ['double y = std::exp(x);', 'double y = log(x);', 'double y = ::pow(x, 2.0);', 'y = std::tanhf(x);', 'double y = hypot(a, b);', 'return (sin(x));',
                       'std::transform(a, b, c, std::log<double>);'],
    'long-double': ['long double sum = 0;'],
    'float-flags': ['#pragma STDC FP_CONTRACT ON', '#include <immintrin.h>', '#pragma GCC optimize("fast-math")'],
    'thread': ['#include <thread>', 'std::mutex guard;', 'thread_local int depth;', 'auto f = std::async(work);', 'std::atomic<int> n;', 'std::atomic_int n;'],
    'static-state': ['  static int calls = 0;', '  static std::vector<int> seen;', '  static std::map<int, std::string> names{};', 'int g_counter = 0;',
                     'std::string last_symbol;', 'inline int counter = 0;', '  static Foo* instance = nullptr;'],
    'pointer-order': ['std::map<Order*, int> by_order;', 'std::set<const Order*> open;', 'auto key = reinterpret_cast<std::uintptr_t>(p);', 'std::priority_queue<Node*> q;'],
    'type-name': ['auto n = typeid(x).name();'],
    'output': ['std::cout << "filled";', '#include <iostream>', 'printf("%d", n);', 'std::fprintf(stderr, "x");'],
    'files': ['#include <fstream>', 'for (auto& e : std::filesystem::directory_iterator(p)) {', 'FILE* f = fopen(name, "r");', 'std::ifstream in(name);'],
}
HONEST = '''// std::unordered_map and rand() are forbidden here; so is getenv("X"). /* time(nullptr) */
#include <map>
#include "engine/market/fixed.h"
/* std::mt19937 generator;
   int g = rand(); */
namespace reprise::engine {
inline constexpr int kDepth = 5;
const char* kText = "std::cout << rand(); system_clock";
static constexpr std::int64_t kScale = 100'000'000;
static const std::map<int, int> kTable = {{1, 2}};
std::int64_t rounded(std::int64_t value);
static std::int64_t helper(std::int64_t value) { return value; }
struct Book {
  static Book from(int depth);
  std::int64_t time() const;
  std::map<std::int64_t, std::int64_t> levels;
  std::map<int, Order*> by_id;
};
void f(Book& book, Clock* c, double x) {
  auto t = book.time();
  auto r = std::sqrt(x) + std::abs(x) + std::floor(x);
  book.log(t);
  c->exp(3);
  math::exp(x);
  auto draw = (random() >> 32);
  auto raw = R"(std::cout << getenv("HOME"))";
  using std::swap;
  boost::random::uniform_int_distribution<int> d(0, 9);
}
}  // namespace reprise::engine
'''


class SourceLint(unittest.TestCase):
    def rules_found(self, text, path=ENGINE):
        return {finding.rule for finding in source_lint.lint_text(path, text)}

    def test_every_planted_violation_is_found(self):
        for rule, lines in PLANTED.items():
            for line in lines:
                with self.subTest(rule=rule, line=line):
                    self.assertIn(rule, self.rules_found(f'// purpose\n\n{line}\n'))

    def test_every_rule_has_a_planted_violation(self):
        self.assertEqual({rule.name for rule in source_lint.RULES}, set(PLANTED) | {'money-float'})

    def test_honest_code_passes(self):
        self.assertEqual([str(f) for f in source_lint.lint_text(ENGINE, HONEST)], [])

    def test_floating_point_is_found_in_money_paths_and_only_there(self):
        self.assertEqual(self.rules_found('double margin = 0;\n', MONEY), {'money-float', 'static-state'})
        self.assertEqual(self.rules_found('float leverage(int);\n', 'engine/risk/rule.h'), {'money-float'})
        self.assertEqual(self.rules_found('double ema(int);\n', 'engine/analytics/ema.h'), set())

    def test_an_exception_with_its_reason_passes_on_its_line_and_from_the_line_above(self):
        self.assertEqual(self.rules_found('std::mutex m;  // determinism: allowed because tests alone use it\n'), set())
        self.assertEqual(self.rules_found('// determinism: allowed because tests alone use it\n  static int calls = 0;\n'), set())
        self.assertEqual(self.rules_found('// determinism: allowed because tests alone\n// use it, never a run\n  static int calls = 0;\n'), set())

    def test_an_exception_covers_one_line_only(self):
        text = '  static int a = 0;  // determinism: allowed because tests alone use it\n  static int b = 0;\n'
        self.assertEqual([f.line for f in source_lint.lint_text(ENGINE, text)], [2])

    def test_an_exception_without_a_reason_is_a_finding_itself(self):
        self.assertEqual(self.rules_found('  static int a = 0;  // determinism: allowed\n'), {'mark', 'static-state'})
        self.assertEqual(self.rules_found('  static int a = 0;  // determinism: allowed because ok\n'), {'mark', 'static-state'})

    def test_the_command_exits_1_and_names_the_place_of_a_planted_violation(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder) / 'engine' / 'market'
            place.mkdir(parents=True)
            (place / 'fine.cpp').write_text('int twice(int x) { return 2 * x; }\n')
            done = self.command(folder)
            self.assertEqual(done.returncode, 0, done.stdout)
            (place / 'planted.cpp').write_text('// x\nint noise() { return rand(); }\n')
            done = self.command(folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn('engine/market/planted.cpp:2: random:', done.stdout)

    def test_an_empty_tree_could_not_be_checked(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.command(folder).returncode, 2)

    def command(self, folder):
        return subprocess.run([sys.executable, str(HERE / 'source_lint.py'), '--root', folder], capture_output=True, text=True, check=False)


class HouseLint(unittest.TestCase):
    def includes(self, path, include):
        return [f.rule for f in house_lint.lint_includes(path, f'#include {include}\n')]

    def test_a_room_that_looks_upwards_is_found(self):
        for path, include in [('journal/a.cpp', '"engine/engine.h"'), ('journal/a.h', '"config/config.h"'), ('config/a.cpp', '"engine/engine.h"'),
                              ('engine/a.cpp', '"sim/backtest.h"'), ('engine/a.cpp', '"gateway/import.h"'), ('sim/a.cpp', '"gateway/import.h"'),
                              ('gateway/a.cpp', '"tools/command.h"'), ('engine/a.cpp', '"tests/support/catch.h"')]:
            with self.subTest(path=path, include=include):
                self.assertEqual(self.includes(path, include), ['rooms'])

    def test_a_room_that_looks_downwards_passes(self):
        for path, include in [('config/a.cpp', '"journal/record.h"'), ('engine/a.cpp', '"config/config.h"'), ('sim/a.cpp', '"engine/engine.h"'),
                              ('gateway/a.cpp', '"sim/backtest.h"'), ('tools/a.cpp', '"gateway/import.h"'), ('tests/sim/a.cpp', '"sim/backtest.h"')]:
            with self.subTest(path=path, include=include):
                self.assertEqual(self.includes(path, include), [])

    def test_a_library_outside_its_room_is_found(self):
        self.assertEqual(self.includes('engine/a.cpp', '<rocksdb/db.h>'), ['library'])
        self.assertEqual(self.includes('sim/a.cpp', '<yaml-cpp/yaml.h>'), ['library'])
        self.assertEqual(self.includes('journal/a.cpp', '<rocksdb/db.h>'), [])

    def test_the_flow_inside_the_engine_is_kept(self):
        self.assertEqual(self.includes('engine/market/a.cpp', '"engine/strategy/strategy.h"'), ['flow'])
        self.assertEqual(self.includes('engine/strategy/a.cpp', '"engine/execution/order_manager.h"'), ['flow'])
        self.assertEqual(self.includes('engine/strategy/a.cpp', '<capnp/message.h>'), ['flow'])
        self.assertEqual(self.includes('engine/execution/a.cpp', '"engine/strategy/strategy.h"'), [])

    def test_a_path_of_one_machine_is_found(self):
        self.assertEqual([f.rule for f in house_lint.lint_text_file('tools/x', 'data=/home/someone/data\n')], ['machine-path'])
        self.assertEqual([f.rule for f in house_lint.lint_text_file('tools/x', 'data=$HOME/data ../shared/data ~/work/x\n')], [])

    def test_a_test_name_that_ctest_cannot_find_again_is_found(self):
        self.assertEqual([f.rule for f in house_lint.lint_text_file('tests/engine/a.cpp', 'TEST_CASE("this; that") {\n')], ['test-name'])
        self.assertEqual([f.rule for f in house_lint.lint_text_file('tests/engine/a.cpp', 'TEST_CASE("this, that") {\n')], [])

    def test_options_that_change_floating_point_are_found(self):
        self.assertEqual([f.rule for f in house_lint.lint_text_file('engine/CMakeLists.txt', 'add_compile_options(-ffast-math)\n')], ['float-flags'])
        self.assertEqual([f.rule for f in house_lint.lint_text_file('cmake/x.cmake', 'add_compile_options(-march=native)\n')], ['float-flags'])
        self.assertEqual([f.rule for f in house_lint.lint_text_file('cmake/x.cmake', '# never -ffast-math\n')], [])


COMPILED = {
    'clock': ('#include <chrono>', 'auto f() { return std::chrono::system_clock::now(); }'),
    'environment': ('#include <cstdlib>', 'const char* f() { return std::getenv("X"); }'),
    'random': ('#include <random>', 'unsigned f() { std::random_device d; return d(); }'),
    'transcendental': ('#include <cmath>', 'double f(double x) { return std::exp(x); }'),
    'thread': ('#include <thread>', 'void f() { std::thread t([] {}); t.detach(); }'),
    'locale': ('#include <cstdlib>', 'double f(const char* p) { return std::strtod(p, nullptr); }'),
    'unordered': ('#include <unordered_map>', 'int f(int k) { std::unordered_map<int, int> m; m[k] = 1; return m.begin()->second; }'),
    'files': ('#include <filesystem>', 'bool f() { for (auto& e : std::filesystem::directory_iterator(".")) return e.is_directory(); return false; }'),
    'output': ('#include <iostream>', 'void f() { std::cout << 1; }'),
    'run-mode': ('namespace journal { struct Manifest { int mode; }; const Manifest& manifest(); }',
                 'bool f() { return journal::manifest().mode == 3; }'),
    'static-state': ('', 'int f() { static int calls = 0; return ++calls; }'),
}


class SymbolCheck(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compiler = os.environ.get('CXX') or shutil.which('g++') or shutil.which('clang++')
        if not cls.compiler:
            raise unittest.SkipTest('no C++ compiler')
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def library(self, name, source):
        place = pathlib.Path(self.folder.name)
        (place / f'{name}.cpp').write_text(source + '\n')
        subprocess.run([self.compiler, '-std=c++20', '-O1', '-fPIE', '-c', f'{name}.cpp', '-o', f'{name}.o'], cwd=place, check=True)
        archive = place / f'lib{name}.a'
        archive.unlink(missing_ok=True)
        subprocess.run(['ar', 'rcs', archive.name, f'{name}.o'], cwd=place, check=True)
        return archive

    def kinds(self, archive, allowed=()):
        return {re.match(r'\S+: ([\w-]+):', finding).group(1) for finding in symbols.check(archive, allowed)}

    def test_every_planted_call_is_found_in_the_built_library(self):
        for kind, (include, code) in COMPILED.items():
            with self.subTest(kind=kind):
                self.assertIn(kind, self.kinds(self.library(kind.replace('-', '_'), f'{include}\n{code}')))

    def test_every_kind_has_a_planted_call(self):
        self.assertEqual(set(COMPILED), set(symbols.FORBIDDEN) | {'static-state'})

    def test_honest_code_passes(self):
        archive = self.library('honest', '''#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <vector>
static const std::string_view kNames[] = {"one", "two"};
const std::vector<std::string>& list() {
  static const std::vector<std::string> names = {"one", "two"};
  return names;
}
std::string name(int i) { return std::string(kNames[i]); }
double root(double x) { return std::sqrt(x) + std::floor(x); }
int count(const std::map<int, std::vector<int>>& m) { int n = 0; for (auto& [k, v] : m) n += int(v.size()); return n; }''')
        self.assertEqual(symbols.check(archive, constants=symbols.constants_of([pathlib.Path(self.folder.name)])), [])

    def test_an_exception_needs_a_reason_and_covers_its_symbol_only(self):
        archive = self.library('excused', '#include <cmath>\ndouble f(double x) { return std::exp(x) + std::log(x); }')
        place = pathlib.Path(self.folder.name) / 'allowed.txt'
        place.write_text('excused.o exp the reason stands here in words\n')
        found = symbols.check(archive, symbols.allowed_patterns(place))
        self.assertEqual(len(found), 1)
        self.assertIn('log', found[0])
        place.write_text('excused.o exp\n')
        with self.assertRaises(RuntimeError):
            symbols.allowed_patterns(place)

    def test_a_file_that_is_no_library_could_not_be_checked(self):
        bad = pathlib.Path(self.folder.name) / 'noise.a'
        bad.write_bytes(b'not an archive')
        done = subprocess.run([sys.executable, str(HERE / 'symbols.py'), str(bad)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == '__main__':
    unittest.main()
