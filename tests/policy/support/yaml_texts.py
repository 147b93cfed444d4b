"""Texts of YAML by chance: values in every style, words that readers disagree on, texts with a character changed."""

from __future__ import annotations

import json
import random

_PLAIN = """
a b text 1 0 -1 +1 007 08 0o17 0x1F 0b11 -0b11 +0x1f 0X1f 1_000 0_8 1e3 1E3 1.5 1. .5 -.5 +.5 1e400 1e21 1e20
123456789012345678 9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616
-9223372036854775809 0x8000000000000000 +0x8000000000000000 0x10000000000000000 0777777777777777777777 yes No
on OFF y N true False TRUE yEs null ~ Null nULL 12:30 1:2:3 2026-01-01 2026-99-99 2026-01-01T00:00:00Z = -a --
a:b a#b $(X) é 日本 😀 -1_ _1 1__0 0x 0o 0b 0b2 0o8 + +-1 1- 1e e1 1e+5 1.5e-3 1.2.3 ._5 0x_1F 0_x1F ... a... 0.1
1.10 100000.5 .0_5 0b-1 1e6 -0 -0.0 \\
"""
_HARD = ".nan .inf -.inf +.Inf .NaN << - ? : # * & ! % @ | > {} [] a,b [a a] {a a} ' ${X} \ufeff 1,000 --- ---- ?a \" `"
WORDS = (*_PLAIN.split(), "", "two words", "1 000", "2026-1-2 3:4:5", "a'b", 'a"b', "\u00a0")
"""Plain scalars as block style takes them."""

HARD = (*_HARD.split(), "- a", "a: b", "a #b")
"""What is no plain scalar, or not everywhere, or is refused."""

TAGS = ("!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!map", "!!seq", "!", "!x",
        "!!set", "!<tag:yaml.org,2002:str>", "!!merge", "!!value", "!<!>")  # fmt: skip
BASE64 = ("aG9zdFBJRA==", "Tm9kZVBvcnQ=", "/w==", "aG9z", "aG9", "aG 9z", "=", "aGk=YWE=")
ESCAPES = ("\\n", "\\x41", "\\u00e9", "\\U0001F600", "\\ud83d\\ude00", "\\/", "\\_", "\\N", "\\L", "\\e", "\\0", "\\'",
           "\\ ", "\\\\", '\\"', "\\t", "\\q")  # fmt: skip
LETTERS = "ab01+-._eExoy:#~=<!%&*|>'\"{}[],?@ \t\n\r\x85\u2028"


GAPS = (*["---\n"] * 6, "--- # c\n", "---\t\n", "---\n---\n", "---\r\n", "---a\n", "--- {}\n", "...\n", "...\n---\n",
        "\r---\r", "\n", "---#c\n", "---\n# c\n\n", "----\n", " ---\n", "---\u00a0\n", "\x85---\n")  # fmt: skip
JSON_GAPS = ("\n", "", " ", "\n\n", "\r\n", "\t", "\n---\n", ",", "\u00a0")


class Texts:
    """Texts out of one seed, always the same."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - always the same texts
        self._anchors: list[str] = []

    def document(self, name: str) -> str:
        """An object of that name whose `data` is made by chance; in a quarter of them characters are changed so."""
        return self._object(name, 0, 0.25)

    def _object(self, name: str, depth: int, changed: float) -> str:
        self._anchors = []
        body = f"data:{self._block(1, depth)}\n"
        if self._is(changed):
            for _ in range(self._chance.randint(1, 3)):
                at = self._chance.randint(5, len(body))
                body = body[:at] + self._pick(("", self._pick(LETTERS))) + body[at + self._chance.randint(0, 1) :]
        text = f"apiVersion: v1\nkind: Thing\nmetadata: {{name: {name}}}\n{body}"
        return text.replace("\n", self._pick(("\r\n", "\r\n", "\r", "\x85"))) if self._is(0.05) else text

    def stream(self, name: str) -> str:
        """Up to four objects in a row, in YAML or JSON, named `<name>.<number>`, with what may stand between them."""
        begins_with_json = self._is(0.4)
        text = self._pick(("", "", "---\n", "# c\n", "\n \n", "\ufeff", "--- # c\n"))
        for number in range(self._chance.randint(1, 4)):
            if number:
                gaps = JSON_GAPS if begins_with_json and self._is(0.8) else GAPS
                text += self._pick(gaps if self._is(0.3) else gaps[:1])
            in_json = begins_with_json and (not number or self._is(0.8))
            text += self._json(f"{name}.{number}") if in_json else self._object(f"{name}.{number}", 3, 0.05)
        return text.removesuffix("\n") if self._is(0.3) else text

    def _json(self, name: str) -> str:
        text = json.dumps(
            {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": name}, "data": self._value(0)},
            ensure_ascii=self._is(0.5),
            indent=self._chance.choice((None, None, 1)),
        )
        if self._is(0.2):
            at = self._chance.randint(text.index('"data"'), len(text))
            text = text[:at] + self._pick((*LETTERS, "1e5", "1E400", "\\ud83d", "-0", "01", '"a":1,')) + text[at:]
        return text

    def _value(self, depth: int) -> object:
        kind = self._chance.random()
        if depth > 3 or kind < 0.4:
            return self._chance.choice(
                (*WORDS[:60], None, True, 0, -1, 1.5, 1e21, 1e300, 2**63, 2**64, -(2**63), 0.1, "\x85")
            )
        count = self._chance.randint(0, 3)
        if kind < 0.7:
            return [self._value(depth + 1) for _ in range(count)]
        return {self._pick(WORDS): self._value(depth + 1) for _ in range(count)}

    def _pick(self, options: object) -> str:
        return self._chance.choice(options)  # type: ignore[call-overload, no-any-return]

    def _is(self, share: float) -> bool:
        return self._chance.random() < share

    def _block(self, indent: int, depth: int) -> str:
        """What stands behind `key:` or `-`: a value in block style, its first line break included."""
        kind = self._chance.random()
        if depth > 3 or kind < 0.35:
            return " " + self._scalar(indent, flow=False)
        if kind < 0.5:
            return " " + self._prefix(collection=True) + self._flow(depth + 1)
        pad = "\n" + " " * indent
        count = self._chance.randint(1, 4)
        if kind < 0.7:
            return "".join(f"{pad}-{self._block(indent + 1, depth + 1)}" for _ in range(count))
        head = f" {self._prefix(collection=True)}" if self._is(0.2) else ""
        return head + "".join(pad + self._entry(indent, depth) for _ in range(count))

    def _entry(self, indent: int, depth: int) -> str:
        if self._is(0.06):
            return f"<<: {self._merged(depth)}"
        key = self._key()
        if self._is(0.05):
            return f"? {key}\n{' ' * indent}:{self._block(indent + 1, depth + 1)}"
        return f"{key}:{self._block(indent + 1, depth + 1)}"

    def _merged(self, depth: int) -> str:
        if self._anchors and self._is(0.6):
            alias = f"*{self._pick(self._anchors)}"
            return f"[{alias}, {self._flow(depth + 1)}]" if self._is(0.3) else alias
        return self._flow(depth + 1)

    def _key(self) -> str:
        if self._is(0.55):
            return self._pick(("a", "b", "c", "d", "image", "spec"))
        return self._prefix() + self._pick((self._word(), self._quoted().replace("\n", "")))

    def _flow(self, depth: int) -> str:
        if depth > 4 or self._is(0.3):
            return self._scalar(0, flow=True)
        gap = self._pick((" ", "", " ", "\n  ", " # c\n  "))
        if self._is(0.4):
            return "[" + f",{gap}".join(self._flow(depth + 1) for _ in range(self._chance.randint(0, 3))) + "]"
        pairs = [
            f"{self._key()}:{self._pick((' ', ' ', ' ', ''))}{self._flow(depth + 1)}" if self._is(0.9) else self._key()
            for _ in range(self._chance.randint(0, 3))
        ]
        return "{" + f",{gap}".join(pairs) + ("," if pairs and self._is(0.2) else "") + "}"

    def _prefix(self, *, collection: bool = False) -> str:
        """Anchor and tag, or nothing."""
        found = ""
        if self._is(0.12 if collection else 0.05):
            name = f"n{self._chance.randint(0, 3)}"
            self._anchors.append(name)
            found = f"&{name} "
        if self._is(0.04 if collection else 0.12):
            found += f"{self._pick(TAGS if self._is(0.3) else TAGS[:1])} "
        return found

    def _scalar(self, indent: int, *, flow: bool) -> str:
        if self._anchors and self._is(0.1):
            return f"*{self._pick(self._anchors)}"
        prefix = self._prefix()
        if "!!binary" in prefix:
            return prefix + self._pick(BASE64)
        kind = self._chance.random()
        if kind < 0.62:
            more = f"\n{' ' * (indent + 1)}{self._word()}" if not flow and self._is(0.03) else ""
            return prefix + self._word() + more
        if kind < 0.65:
            return prefix + "".join(self._pick(LETTERS[:-4]) for _ in range(self._chance.randint(1, 6)))
        return prefix + (self._quoted() if kind < 0.9 or flow else self._lines(indent))

    def _lines(self, indent: int) -> str:
        head = self._pick(("|", ">", "|-", "|+", ">-", ">+", "|2", ">1", "| # c"))
        lines = (
            self._pick(("", " ", "x", " x", "a: b", "# no", "x ", "\tx")) for _ in range(self._chance.randint(0, 4))
        )
        return head + "".join(f"\n{' ' * (indent + 1)}{line}" for line in lines)

    def _word(self) -> str:
        return self._pick(HARD if self._is(0.04) else WORDS)

    def _quoted(self) -> str:
        words = [self._pick((*WORDS[:20], "a", "\n   b", "\n\n c", "  ")) for _ in range(self._chance.randint(0, 3))]
        if self._is(0.5):
            return "'" + " ".join(words).replace("'", "''") + "'"
        text = " ".join(words).replace("\\", "\\\\").replace('"', '\\"')
        return '"' + text + (self._pick(ESCAPES) if self._is(0.25) else "") + '"'
