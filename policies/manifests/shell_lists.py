"""A script's simple commands with their redirections, and under which conditions each one runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policies.manifests.shell_words import TEXT, Operator, ShellError, Token, Word

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=")
_OPENING = ("if", "while", "until", "for", "{")
_CLOSING = ("fi", "done", "}")
_PASSED = ("then", "else", "elif", "do", "!", "time")
_REFUSED = ("case", "select", "function", "coproc")
_REDIRECTIONS = ("<", ">", ">>", ">&", ">|", "<&", "&>", "&>>")


@dataclass(kw_only=True)
class Command:
    """A simple command: its words, and each redirection with its target.

    `sure` where it runs once and in the shell itself; `follows` where it runs only behind a success of the one before
    it; `loops` is the variable of a `for`.
    """

    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, Word]] = field(default_factory=list)
    sure: bool = True
    follows: bool = False
    loops: str = ""


def commands(tokens: Sequence[Token]) -> list[Command]:
    """Simple commands in their order; raise ShellError for what is neither one nor a loop or condition around some."""
    return list(_Commands(tokens).read())


@dataclass
class _Commands:
    tokens: Sequence[Token]
    at: int = 0
    open: list[str] = field(default_factory=list)
    before: str = ""
    """The operator in front of what is read."""

    def read(self) -> Iterator[Command]:
        current = self._new()
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if isinstance(token, Word):
                if current.words or current.redirections or not self._keyword(token, current):
                    current.words.append(token)
                if current.loops:
                    current.words += self._list_of_loop()
            elif token.text in _REDIRECTIONS:
                current.redirections.append((token.text, self._target()))
            elif token.text == "(":
                if current.words or current.redirections:
                    raise ShellError("a function or a list")
                self.open.append("(")
                current = self._new()
            else:
                # What is piped or sent to the background runs in a shell of its own.
                if token.text in ("|", "&"):
                    current.sure = current.follows = False
                yield current
                if token.text == ")":
                    self._close("(")
                self.before = token.text
                current = self._new()
        yield current
        if self.open:
            raise ShellError("a script that cannot be read")

    def _new(self) -> Command:
        sure = not self.open and self.before not in ("|", "||", "&&")
        return Command(sure=sure, follows=self.before == "&&" and not self.open)

    def _target(self) -> Word:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        self.at += 1
        if not isinstance(token, Word):
            raise ShellError("a script that cannot be read")
        return token

    def _keyword(self, word: Word, current: Command) -> bool:
        """Whether a word in a command's place is one of the shell's own; what it opens or closes is noted."""
        text = word.plain
        if text in _REFUSED:
            raise ShellError("a case or a function")
        if text in _OPENING:
            self.open.append(text)
            if text == "for":
                name = self._target().plain
                if not re.fullmatch(r"[A-Za-z_]\w*", name):
                    raise ShellError("a loop that is not understood")
                current.loops = name
        elif text in _CLOSING:
            self._close(*{"fi": ("if",), "done": ("while", "until", "for"), "}": ("{",)}[text])
        elif text not in _PASSED:
            return False
        current.sure = current.follows = False
        return True

    def _list_of_loop(self) -> list[Word]:
        """The words that a `for` goes through; none where it has no `in`."""
        found: list[Word] = []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if isinstance(token, Operator) and (token.text in (";", "\n")):
                break
            self.at += 1
            if not isinstance(token, Word):
                raise ShellError("a loop that is not understood")
            found.append(token)
        if found and found[0].plain != "in":
            raise ShellError("a loop that is not understood")
        return found[1:]

    def _close(self, *openings: str) -> None:
        if not self.open or self.open.pop() not in openings:
            raise ShellError("a script that cannot be read")


def assigned_by(word: Word) -> str:
    """Name of the variable that a word gives a value; empty where it gives none."""
    first = word.pieces[0] if word.pieces else None
    match = ASSIGNMENT.match(first.text) if first and first.kind == TEXT and not first.quoted else None
    return match[1] if match else ""
