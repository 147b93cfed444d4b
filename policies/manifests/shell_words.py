"""A shell's script as words and operators, each word in the pieces that the shell makes it of.

What both `sh` and `bash` read alike is read; everything else ends in ShellError, so that nobody takes a script for
another one than the shell runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TEXT, VARIABLE, COMMAND, SUM = "text", "variable", "command", "sum"
WRITES_TEXT = "a text that the script writes"
NOT_READ = "a script that cannot be read"

_OPERATORS = ("&>>", "&&", "||", "&>", ">>", ">&", ">|", "<&", ";", "&", "|", "(", ")", "<", ">", "\n")
_REFUSED = {
    **{"<<": WRITES_TEXT, "<(": "a process substitution", ">(": "a process substitution", ";;": "a case"},
    **{"<>": "a file that the script writes", "|&": NOT_READ, "((": "an arithmetic command", ";&": "a case"},
}
"""Operators that are not understood, and what they are called."""

_BRACED = re.compile(
    r"\{(?:(?P<name>[A-Za-z_]\w*|[@*0-9#?$!-])\}|(?P<other>[A-Za-z_]\w*):?(?P<mark>[-?])(?P<default>[^$`'\"\\{}]*)\})"
)
_NAMED = re.compile(r"[A-Za-z_]\w*|[@*0-9#?$!-]")
_SUM = re.compile(r"\(\(([\w\s$+*/%-]*)\)\)")
_BLANK = " \t"
_DEEPEST = 6


class ShellError(ValueError):
    """What of a script is not understood, said without its words."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a word: text, a variable, the output of commands, or a sum. `quoted` where nothing splits it.

    `text` is the text, the variable's name, or the sum; `default` what stands for a variable that is not set; `tokens`
    are the commands whose output it is.
    """

    kind: str
    text: str = ""
    quoted: bool = False
    default: str | None = None
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True)
class Word:
    """Pieces, one behind the other."""

    pieces: tuple[Piece, ...]

    @property
    def plain(self) -> str:
        """Its text where nothing in it is quoted or made by the shell, as keywords are; else empty."""
        return "".join(p.text for p in self.pieces) if all(p.kind == TEXT and not p.quoted for p in self.pieces) else ""


@dataclass(frozen=True)
class Operator:
    """One of the shell's operators, or a line's end."""

    text: str


Token = Word | Operator


def tokens(script: str, depth: int = 0) -> tuple[Token, ...]:
    """Words and operators of a script; raise ShellError."""
    return tuple(_Reader(script, depth).tokens(""))


@dataclass
class _Reader:
    text: str
    depth: int
    at: int = 0
    pieces: list[Piece] = field(default_factory=list)
    in_word: bool = False

    def tokens(self, end: str) -> list[Token]:
        """Tokens up to `end`, which closes what is being read; the script's end where it is empty."""
        if self.depth > _DEEPEST:
            raise ShellError("a script within a script, too deep to be read")
        found: list[Token] = []
        opened = 0
        while self.at < len(self.text):
            operator = self._operator()
            if not operator:
                self._part()
                continue
            if operator[0] in "<>" and self.in_word:
                if _is_number(self.pieces):
                    # The number of a file, such as that of 2>&1.
                    self._take_word([])
                elif not self.pieces[0].quoted and self.pieces[0].text.startswith("{"):
                    # bash takes {name}> for a variable, and evaluates what stands in brackets behind the name.
                    raise ShellError("a file whose number is a variable")
            self._take_word(found)
            if operator == ")" and end == ")" and not opened:
                self.at += 1
                return found
            opened += {"(": 1, ")": -1}.get(operator, 0)
            self.at += len(operator)
            if operator not in _BLANK:
                found.append(Operator(operator))
        if end:
            raise ShellError(NOT_READ)
        self._take_word(found)
        return found

    def _operator(self) -> str:
        rest = self.text[self.at : self.at + 3]
        if not self.in_word and rest.startswith("#"):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
            return "\n" if end >= 0 else " "
        refused = _REFUSED.get(rest[:2])
        if refused:
            raise ShellError(refused)
        return rest[0] if rest[0] in _BLANK else next((entry for entry in _OPERATORS if rest.startswith(entry)), "")

    def _take_word(self, found: list[Token]) -> None:
        if self.in_word:
            found.append(Word(tuple(self.pieces)))
        self.pieces, self.in_word = [], False

    def _add(self, piece: Piece) -> None:
        self.in_word = True
        last = self.pieces[-1] if self.pieces else None
        if last and piece.kind == last.kind == TEXT and piece.quoted == last.quoted:
            self.pieces[-1] = Piece(kind=TEXT, text=last.text + piece.text, quoted=piece.quoted)
        else:
            self.pieces.append(piece)

    def _part(self) -> None:
        """One part of a word, outside of double quotes."""
        letter = self.text[self.at]
        if letter == "'":
            end = self.text.find("'", self.at + 1)
            if end < 0:
                raise ShellError(NOT_READ)
            self._add(Piece(kind=TEXT, text=self.text[self.at + 1 : end], quoted=True))
            self.at = end + 1
        elif letter == '"':
            self._double()
        elif letter == "\\":
            following = self.text[self.at + 1 : self.at + 2]
            if following != "\n":
                self._add(Piece(kind=TEXT, text=following, quoted=True))
            self.at += 2
        elif letter in "$`":
            self._made(quoted=False)
        else:
            self._add(Piece(kind=TEXT, text=letter))
            self.at += 1

    def _double(self) -> None:
        self.at += 1
        self._add(Piece(kind=TEXT, quoted=True))
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == '"':
                self.at += 1
                return
            following = self.text[self.at + 1 : self.at + 2]
            if letter == "\\" and following in ("$", "`", '"', "\\", "\n"):
                self._add(Piece(kind=TEXT, text=following.strip("\n"), quoted=True))
                self.at += 2
            elif letter in "$`":
                self._made(quoted=True)
            else:
                self._add(Piece(kind=TEXT, text=letter, quoted=True))
                self.at += 1
        raise ShellError(NOT_READ)

    def _made(self, *, quoted: bool) -> None:
        """What begins with `$` or a backquote: the shell puts something in its place."""
        if self.text[self.at] == "`":
            end = self.text.find("`", self.at + 1)
            inner = self.text[self.at + 1 : end]
            if end < 0 or "\\" in inner:
                raise ShellError(NOT_READ)
            self._add(Piece(kind=COMMAND, quoted=quoted, tokens=tokens(inner, self.depth + 1)))
            self.at = end + 1
            return
        self.at += 1
        rest = self.text[self.at : self.at + 1]
        if rest == "(":
            self._output(quoted=quoted)
        elif rest == "{":
            match = _BRACED.match(self.text, self.at)
            if match is None:
                raise ShellError("an expansion that is not understood")
            default = match["default"] if match["mark"] == "-" else None
            name = match["name"] or match["other"]
            self._add(Piece(kind=VARIABLE, text=name, quoted=quoted, default=default))
            self.at = match.end()
        elif rest == "[":
            # An old way to write a sum: bash runs commands in it, quoted or not.
            raise ShellError("a sum that is not understood")
        elif rest in ("'", '"') and not quoted:
            raise ShellError("an expansion that is not understood")
        elif match := _NAMED.match(self.text, self.at):
            self._add(Piece(kind=VARIABLE, text=match[0], quoted=quoted))
            self.at = match.end()
        else:
            self._add(Piece(kind=TEXT, text="$", quoted=quoted))

    def _output(self, *, quoted: bool) -> None:
        """The output of commands, or a sum."""
        if self.text.startswith("((", self.at):
            match = _SUM.match(self.text, self.at)
            if match is None:
                raise ShellError("a sum that is not understood")
            self._add(Piece(kind=SUM, text=match[1], quoted=quoted))
            self.at = match.end()
            return
        inner = _Reader(self.text, self.depth + 1, self.at + 1)
        found = inner.tokens(")")
        self._add(Piece(kind=COMMAND, quoted=quoted, tokens=tuple(found)))
        self.at = inner.at


def _is_number(pieces: list[Piece]) -> bool:
    return Word(tuple(pieces)).plain.isdecimal()
