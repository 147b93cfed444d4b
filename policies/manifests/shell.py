"""A shell's script as the simple commands that it runs, as far as they can be read without running it.

What a command's word would only be when it runs is UNKNOWN. What is no simple command, or changes what later ones
read, is told in `unread`: it is never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.shell_lists import Command, assigned_by, commands
from policies.manifests.shell_words import COMMAND, SUM, TEXT, VARIABLE, Piece, ShellError, Token, Word, tokens

WRITES_FILE = "a file that the script writes"
_NOWHERE = ("/dev/null", "/dev/stdout", "/dev/stderr")
_NAME = re.compile(r"[\w./+-]{1,60}")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_SET = re.compile(r"[-+][euxfCv]+")
_SET_NAMES = ("pipefail", "errexit", "nounset", "xtrace", "noglob", "noclobber")
_PATTERN = re.compile(r"[*?]|\[.*\]|\{.*(?:,|\.\.).*\}", re.DOTALL)
_HOME = re.compile(r"(?:^|[=:])~")
_DEEPEST = 4


@dataclass
class Script:
    """Simple commands, each a list of words, and what cannot be read, each said without the words of the script.

    `variables` are those that the script hands to its programs, with the value of each time, empty where it takes one
    away; `assigned` those that it sets for itself, which a program sees where the container has one of the name.
    `folders` are those that it goes to.
    """

    commands: list[list[JsonValue]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    variables: list[tuple[str, JsonValue]] = field(default_factory=list)
    assigned: list[tuple[str, JsonValue]] = field(default_factory=list)
    folders: list[JsonValue] = field(default_factory=list)

    def add(self, other: Script) -> None:
        """Take what another script does, which this one runs."""
        for name in ("commands", "unread", "variables", "assigned", "folders"):
            getattr(self, name).extend(getattr(other, name))


def read(script: str, variables: Mapping[str, JsonValue], arguments: Sequence[JsonValue], depth: int = 0) -> Script:
    """Read a script; `variables` are those of the container, `arguments` what the shell is given behind the script."""
    try:
        return _Shell(dict(variables), arguments, depth).run(tokens(script))
    except ShellError as error:
        return Script(unread=[str(error)])


def name_of(word: JsonValue) -> str:
    """A program's name as messages show it: nothing that could be a secret."""
    return repr(word) if isinstance(word, str) and _NAME.fullmatch(word) else "a command"


@dataclass
class _Shell:
    """The state of a shell: values of its variables, and names of those whose value depends on what happens."""

    known: dict[str, JsonValue]
    arguments: Sequence[JsonValue]
    depth: int
    spoiled: set[str] = field(default_factory=set)
    tentative: set[str] = field(default_factory=set)
    found: Script = field(default_factory=Script)

    def run(self, script: Sequence[Token]) -> Script:
        read = commands(script)
        if self.depth > _DEEPEST:
            raise ShellError("a script within a script, too deep to be read")
        self.spoiled |= {name for command in read if not (command.sure or command.follows) for name in _names(command)}
        self.spoiled |= {command.loops for command in read if command.loops}
        for command in read:
            if not command.follows:
                self._end_of_chain()
            self._take(command)
        return self.found

    def _end_of_chain(self) -> None:
        """What was set behind a success holds only if there was one."""
        for name in self.tentative:
            self.known[name] = UNKNOWN
        self.tentative.clear()

    def _take(self, command: Command) -> None:
        for operator, target in command.redirections:
            self._redirected(operator, target)
        count = next((index for index, word in enumerate(command.words) if not assigned_by(word)), len(command.words))
        if command.loops:
            self.found.assigned.append((command.loops, UNKNOWN))
            for word in command.words:
                self._words(word)
            return
        own = [self._assignment(word) for word in command.words[:count]]
        words = [entry for word in command.words[count:] for entry in self._words(word)]
        if not words:
            for name, value in own:
                self._set(name, value, command)
                self.found.assigned.append((name, value))
            return
        if self._builtin(words, command):
            self.found.assigned += own
        else:
            self.found.variables += own
            self.found.commands.append(words)

    def _assignment(self, word: Word) -> tuple[str, JsonValue]:
        name = assigned_by(word)
        values = [self._value(piece) for piece in word.pieces]
        known = all(isinstance(value, str) for value in values)
        text = "".join(values).removeprefix(name) if known else ""
        if not text.startswith("=") or _HOME.search(word.pieces[0].text):
            return name, UNKNOWN
        return name, text[1:]

    def _set(self, name: str, value: JsonValue, command: Command) -> None:
        if name in ("IFS", "CDPATH", "PS4"):
            raise ShellError(f"a script that sets {name}")
        if command.follows and name in self.known:
            self.tentative.add(name)
        self.known[name] = value

    def _redirected(self, operator: str, target: Word) -> None:
        words = self._words(target)
        place = words[0] if len(words) == 1 and isinstance(words[0], str) else ""
        if operator in (">&", "<&") and re.fullmatch(r"[0-9]+|-", place):
            return
        if operator in ("<", "<&"):
            if not place or (place.startswith("/dev/") and place not in (*_NOWHERE, "/dev/stdin")):
                self.found.unread.append("a place that the script reads")
        elif place not in _NOWHERE:
            self.found.unread.append(WRITES_FILE)

    def _builtin(self, words: list[JsonValue], command: Command) -> bool:
        """Whether a command is the shell's own, which changes what comes behind it; that is noted."""
        program, given = words[0], words[1:]
        if program in ("export", "readonly", "local"):
            self._export(given, command)
        elif program == "unset":
            for name in given:
                if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
                    raise ShellError("unset of what is not known")
                self.found.variables.append((name, ""))
                self.known[name] = UNKNOWN
        elif program == "set":
            self._options(given)
        elif program == "cd":
            places = [word for word in given if word != "--"]
            place = places[0] if len(places) == 1 else UNKNOWN
            self.found.folders.append(place if isinstance(place, str) and place.startswith("/") else UNKNOWN)
        elif program == "trap":
            self._trap(given)
        elif program == "read":
            self.found.assigned += [(name, UNKNOWN) for name in _read_into(given)]
        else:
            return program == "exec" and not given
        return True

    def _export(self, given: list[JsonValue], command: Command) -> None:
        for word in given:
            name, equals, value = word.partition("=") if isinstance(word, str) else ("", "", "")
            if not _VARIABLE.fullmatch(name):
                # Also `export X=$Y` whose value is not known: the word is not known as a whole.
                raise ShellError("a variable that is not known")
            if equals:
                self._set(name, value, command)
            self.found.variables.append((name, self.known.get(name, UNKNOWN)))

    def _options(self, given: list[JsonValue]) -> None:
        index = 0
        while index < len(given):
            word = given[index]
            named = isinstance(word, str) and re.fullmatch(r"[-+][euxfCv]*o", word)
            if named and index + 1 < len(given) and given[index + 1] in _SET_NAMES:
                index += 2
            elif isinstance(word, str) and _SET.fullmatch(word):
                index += 1
            else:
                raise ShellError("set with words that are not understood")

    def _trap(self, given: list[JsonValue]) -> None:
        words = given[1:] if given[:1] == ["--"] else given
        if not words or words[0] in ("-", "", "-l", "-p"):
            return
        if not isinstance(words[0], str):
            raise ShellError("a trap that is not known")
        self.found.add(read(words[0], {}, (), self.depth + 1))

    def _words(self, word: Word) -> list[JsonValue]:
        """What the shell makes of a word: one word, or none or some where a variable without quotes is split."""
        values = [self._value(piece) for piece in word.pieces]
        made = [piece for piece in word.pieces if piece.kind != TEXT or piece.text]
        if len(made) == 1 and made[0].kind == VARIABLE and made[0].text in ("@", "*"):
            return self._all_arguments(joined=made[0].quoted and made[0].text == "*", quoted=made[0].quoted)
        loose = [not piece.quoted and piece.kind != TEXT for piece in word.pieces]
        if not all(isinstance(value, str) for value in values) or _is_pattern(word):
            return [UNKNOWN]
        if any(_PATTERN.search(value) for value, is_loose in zip(values, loose, strict=True) if is_loose):
            return [UNKNOWN]
        if any(value.split() != [value] for value, is_loose in zip(values, loose, strict=True) if is_loose):
            # An empty one goes, one with blanks is split: alone that can be seen.
            return list(values[0].split()) if len(values) == 1 else [UNKNOWN]
        return ["".join(values)]

    def _all_arguments(self, *, joined: bool, quoted: bool) -> list[JsonValue]:
        words = list(self.arguments[1:])
        known = [word for word in words if isinstance(word, str)]
        if joined:
            return [" ".join(known) if len(known) == len(words) else UNKNOWN]
        if quoted:
            return words
        return [word if isinstance(word, str) and _is_one(word) else UNKNOWN for word in words]

    def _value(self, piece: Piece) -> JsonValue:
        if piece.kind == TEXT:
            return piece.text
        if piece.kind == SUM:
            for name in _VARIABLE.findall(piece.text):
                if not str(self.known.get(name, UNKNOWN)).isdecimal() or name in self.spoiled:
                    raise ShellError("a sum that is not understood")
            return UNKNOWN
        if piece.kind == COMMAND:
            inner = _Shell(dict(self.known), self.arguments, self.depth + 1, set(self.spoiled))
            self.found.add(inner.run(piece.tokens))
            return UNKNOWN
        name = piece.text
        if name.isdecimal():
            return self.arguments[int(name)] if int(name) < len(self.arguments) else UNKNOWN
        if name in self.spoiled or not _VARIABLE.fullmatch(name):
            return UNKNOWN
        return self.known.get(name, UNKNOWN)


def _read_into(given: Sequence[JsonValue]) -> list[str]:
    """Names of the variables that `read` fills; bash would run what stands in the brackets of any other word."""
    words = list(given)
    while words and isinstance(words[0], str) and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-t", "-n", "-N", "-d") and words and isinstance(words[0], str):
            words.pop(0)
        elif not re.fullmatch(r"-[rs]+(?:t[0-9.]+)?|-t[0-9.]+", option):
            raise ShellError("read with an option that is not understood")
    names = [word for word in words if isinstance(word, str) and _VARIABLE.fullmatch(word)]
    if len(names) != len(words):
        raise ShellError("read into what is no plain name")
    return names


def _is_one(value: str) -> bool:
    """Whether a value without quotes stays one word."""
    return value.split() == [value] and not _PATTERN.search(value)


def _is_pattern(word: Word) -> bool:
    """Whether a word stands for names of files, or for several words."""
    text = "".join(piece.text for piece in word.pieces if piece.kind == TEXT and not piece.quoted)
    return text.startswith("~") or (_PATTERN.search(text) is not None and text not in ("[[", "]]"))


def _names(command: Command) -> set[str]:
    """Variables that a command may give a value."""
    found = {name for word in command.words if (name := assigned_by(word))}
    if command.words and command.words[0].plain in ("read", "export", "readonly", "local", "unset", "printf"):
        found |= {word.plain for word in command.words[1:] if _VARIABLE.fullmatch(word.plain)}
    return found
