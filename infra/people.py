"""Names of people and teams as they are written and compared: whoever brings something in does not approve it.

A name is of a closed form, in which two names that look alike can be found. Letters that another script also has are
not in it: a Cyrillic or Greek word can look like a Latin one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from infra.faults import Fault

LONGEST = 100

_LATIN = "A-Za-zÀ-ÖØ-öø-ſƠơƯưȘ-țḀ-ỹ"
_ASIAN = "ぁ-ゖァ-ヺー々〆一-鿿㐀-䶿가-힣"
"""Kana, Chinese characters of the first blocks, Hangul syllables."""

_FORM = re.compile(f"[{_LATIN}{_ASIAN}0-9][{_LATIN}{_ASIAN}0-9 .,'_@+&/()-]*")
_PARTS = re.compile(r"[ .,'_+&/()-]+")
_ALIKE = str.maketrans(
    {
        **dict(zip("0łøđðħŧŋĸ", "oloddhtnk", strict=True)),
        **dict.fromkeys("1i\u0131|", "l"),
        **dict(zip("エロカタニハトーヘベペリ", "工口力夕二八卜一へべぺり", strict=True)),
    }
)
"""Of the closed form, what is written alike (Unicode TR 39, confusables): small letters, without marks."""

_PAIRS = (("rn", "m"), ("vv", "w"))
FORM = (
    "a name is one line of Latin letters, kana, Chinese characters or Hangul, with digits, and single spaces and "
    f".,'_@+&/()- between them, at most {LONGEST}: names of other scripts can look the same"
)
EXAMPLE = "model-board"


def name_rule(name: str) -> str | None:
    """The rule that a name breaks, None for a right one."""
    plain = unicodedata.normalize("NFC", name)
    right = _FORM.fullmatch(plain) and plain == plain.strip() and "  " not in plain and len(plain) <= LONGEST
    return None if right else FORM


def person(name: str) -> str:
    """A name as it is compared: case, width, accents as two characters, order and signs between words do not count.

    `Doe, Jane`, `jane.doe` and `JANE DOE` are one person.
    """
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    parts = _PARTS.split(unicodedata.normalize("NFKC", plain))
    return " ".join(sorted(part for part in parts if part))


def same_person(one: str, other: str) -> bool:
    """Whether two names may be one person's: of an address its name alone too, and what looks alike is the same."""
    first, second = _ways(one), _ways(other)
    return bool(first & second)


def looks(name: str) -> str:
    """What a name looks like: equal for names that a reader cannot tell apart."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", person(name)) if not unicodedata.combining(sign))
    alike = unicodedata.normalize("NFC", bare).translate(_ALIKE)
    for pair, single in _PAIRS:
        alike = alike.replace(pair, single)
    return " ".join(sorted(alike.split()))


def _ways(name: str) -> set[str]:
    """A name as it may be written elsewhere: of an address what stands before the @ and before a +, and as one word."""
    before, at, _ = name.partition("@")
    names = {name, before, before.partition("+")[0]} if at else {name}
    return {way for one in names for way in (looks(one), _as_one_word(one))} - {""}


def _as_one_word(name: str) -> str:
    """`platform-team` as `platformteam`, which is how some write it."""
    return looks("".join(_PARTS.split(unicodedata.normalize("NFKC", name).strip())))


def alike_faults(names: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Of names by place those that look like another one and are not the same: who is meant, cannot be told."""
    first: dict[str, str] = {}
    for path, name in names:
        known = first.setdefault(looks(name), name)
        if person(known) != person(name):
            rule = f"looks like {known!a}, which stands in the catalog too: one spelling for each"
            yield Fault(path=path, value=name, rule=rule, example=known if known.isascii() else EXAMPLE)


def names_in(entries: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Iterator[tuple[str, str]]:
    """Every owner and approver of a catalog's entries by kind, with its place."""
    for kind, found in entries.items():
        for ref, entry in found.items():
            owner, approvals = entry.get("owner"), entry.get("approvals")
            if isinstance(owner, str):
                yield f"{kind}.{ref}.owner", owner
            for index, approval in enumerate(approvals if isinstance(approvals, list) else ()):
                yield f"{kind}.{ref}.approvals.{index}.by", approval["by"]
