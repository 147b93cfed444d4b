"""Names of people: a closed form, one person in several spellings, and names that look like another one."""

from __future__ import annotations

import datetime

import pytest

from infra.days import day, day_rule
from infra.people import alike_faults, looks, name_rule, person, same_person


@pytest.mark.parametrize(
    "name",
    [
        *(
            "model-board",
            "Jane Doe",
            "Doe, Jane",
            "jane.doe@example.com",
            "Müller-Lüdenscheidt",
            "O'Brien",
            "Đặng Thị Hà",
        ),
        *(
            "山田太郎",
            "やまだ たろう",
            "モデル審査会",
            "김철수",
            "AI & Data (Tokyo)",
            "ops+ai@example.com",
            "Łukasz",
            "team/7",
        ),
    ],
)
def test_names_of_the_closed_form(name: str) -> None:
    assert name_rule(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", " model-board", "model-board ", "model  board", "a\nb", "a\tb", "a\rb", "a\u2028b", "a\x85b"),
        *("a\x1b[1m", "b\u0334oard", "x" * 101, "-board", "\u1d00nna"),
        *("mod\u0435l-board", "m\u043edel-board", "\u03a1aul", "model\u2010board", "model\u200bboard"),
        *("model\u00a0board", "\u202eboard"),
        *("model-bo\u0430rd", "\uff4dodel", "\u2133odel", "\U0001d426odel", "mo\u0501el", "山田\u3000太郎", "m\u0251x"),
    ],
)  # fmt: skip
def test_everything_else_is_refused(name: str) -> None:
    assert name_rule(name) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane Doe", "jane.doe"),
        ("platform-team", "platformteam"),
        ("platform-team", "PlatformTeam@example.com"),
        ("Jane Doe", "jane.doe+approvals@example.com"),
        ("Jane Doe", "DOE, Jane"),
        ("Jane Doe", "jane_doe@example.com"),
        ("jane.doe@example.com", "Jane.Doe@other.example"),
        ("Jürgen Groß", "jurgen gross"),
        ("Jürgen", "Ju\u0308rgen"),
        ("\uff21lice", "Alice"),
        (" alice ", "alice"),
        ("Alice", "AIice"),
        ("Alice", "A1ice"),
        ("board0", "boardO"),
        ("modem", "modern"),
        ("カズオ", "力ズオ"),
        ("Łukasz", "lukasz"),
        ("İpek", "ipek"),
        ("\u0131rmak", "Irmak"),
    ],
)
def test_one_person_in_two_spellings(one: str, other: str) -> None:
    assert same_person(one, other)
    assert same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model-board", "support-team"),
        ("Jane Doe", "John Doe"),
        ("", ""),
        ("山田太郎", "山田次郎"),
        ("a@x.example", "b@x.example"),
    ],
)
def test_two_people(one: str, other: str) -> None:
    assert not same_person(one, other)


def test_lookalikes_are_told_and_other_spellings_are_not() -> None:
    names = [("a", "model-board"), ("b", "Model Board"), ("c", "mode1-board"), ("d", "support"), ("e", "modél-board")]
    found = list(alike_faults(names))
    assert [fault.path for fault in found] == ["c", "e"]
    assert "looks like 'model-board'" in str(found[0])
    assert person("Model Board") == person("model-board")
    assert looks("modern") == looks("modem")


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2026-13-01", "0000-01-01", "1969-12-31", "10000-01-01", "20260203", "2026-W06-2"),
        *("2026-2-3", "26-02-03", "2026-02-03T24:00", "2026-02-03\n", " 2026-02-03", "\uff12\uff10\uff12\uff16-02-03"),
        *("2026/02/03", "today", ""),
    ],
)  # fmt: skip
def test_what_is_no_day(text: str) -> None:
    assert day(text) is None
    assert day_rule(text) is not None


def test_what_was_done_was_done_today_at_the_latest() -> None:
    now = datetime.date(2026, 2, 3)
    assert day_rule("2026-02-03", done=True, now=now) is None
    assert day_rule("2026-02-04", done=True, now=now) is None, "east of here it is tomorrow already"
    assert (
        day_rule("2026-02-05", done=True, now=now)
        == "must be today at the latest: this machine's clock says 2026-02-03"
    )
    assert day_rule("2026-02-05", now=now) is None
