"""C++ source as lines of code with comments and literals blanked out, and the comments beside them."""
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


@dataclass(frozen=True)
class Line:
    number: int   # from 1
    code: str     # comments removed, text of string literals removed (quotes stay)
    comment: str  # text of the comments on this line


def lines_of(text):
    code, comments = [], []
    place = 0
    for token in _TOKEN.finditer(text):
        found = token.group()
        code.append(text[place:token.start()])
        is_comment = found.startswith('/')
        begin_of_line = text.rfind('\n', 0, token.start()) + 1
        is_include = re.match(r'\s*#\s*include\s', text[begin_of_line:token.start()])
        if is_comment:
            first_line = text.count('\n', 0, token.start())
            for offset, part in enumerate(found.split('\n')):
                comments.append((first_line + offset, part))
            code.append(' ' + '\n' * found.count('\n'))
        elif is_include:
            code.append(found)
        else:
            code.append('""' + '\n' * found.count('\n') if found[0] != "'" else "''")
        place = token.end()
    code.append(text[place:])
    beside = {}
    for number, part in comments:
        beside[number] = (beside.get(number, '') + ' ' + part).strip()
    return [Line(number + 1, part, beside.get(number, '')) for number, part in enumerate(''.join(code).split('\n'))]
