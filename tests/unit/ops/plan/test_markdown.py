"""The report for people: head first and short, details folded and cut last, nothing of strangers is markup."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.plan.markdown import MOST, head, markdown, plain
from ops.plan.report import NEEDS_APPROVAL, Environment
from ops.plan.style import Markdown
from tests.support.plan_reports import adapter, kitchen, quiet, report, whole

HEADS = sorted((Path(__file__).parent / "heads").glob("*.md"))
HOSTILE = "<img src=x onerror=alert(1)> [a](http://x) `b` **c** | @everyone #1 $x$ \x1b[31m\u202e </details>"


def test_the_verdict_comes_first_and_the_next_step_last() -> None:
    lines = head(report()).splitlines()
    assert lines[0] == "### Plan: dev: denied; prod: no changes"
    assert lines[2].startswith("**dev: denied**; 1 to create, 2 to update, 1 to replace, 1 to delete; 83 stay")
    (step,) = (line for line in lines if line.startswith("- next: "))
    back = "takes it back, by a pull request: `git revert COMMIT`"
    assert step == f"- next: `make deliver STACK=dev`; {back}; what is lost does not come back"
    assert head(report(whole(red=[]))).endswith(f"{back}\n")


def test_the_sections_of_the_head_keep_their_order() -> None:
    words = ["**denied**", "kitchen support", "GPUs:", "access:", "image vllm", "**RED: deletes**", "to consider:",
             "exemptions:", "drift:", "not known:", "also:", "next:"]  # fmt: skip
    text = head(report(whole()))
    places = [text.index(word) for word in words]
    assert places == sorted(places)


def test_a_head_is_read_in_twenty_seconds() -> None:
    many = whole(
        kitchens=[kitchen(name=f"k{number}", settings=[f"replicas 1 -> {number}"]) for number in range(40)],
        reasons=[f"rule-{number}: x" for number in range(40)],
        policy={**whole().policy, "violations": list(whole().policy["violations"]) * 40},
        access=list(whole().access) * 40,
        red=list(whole().red) * 40,
        unknown=["x"] * 40,
        notes=["y"] * 40,
    )
    lines = head(report(many)).splitlines()
    assert len(lines) <= 26
    assert max(map(len, lines)) <= 520
    assert "and 37 more of these below" in head(report(many))


def test_drift_is_told_where_nothing_changes() -> None:
    drift = {"text": "1 object not as recorded", "lines": ["gone: ConfigMap a"]}
    text = markdown(report(replace(quiet(), drift=drift)))
    assert "\n- drift: 1 object not as recorded\n" in text
    assert "gone: ConfigMap a" in text
    assert text.count("<details>") == 1


@pytest.mark.parametrize("long", ["x" * 100_000, "@e #1 $a$ <b> " * 8000])
def test_texts_without_end_do_not_make_a_head_longer_than_a_page(long: str) -> None:
    one = whole(
        verdict=NEEDS_APPROVAL,
        approvals=[long] * 9,
        reasons=[long] * 9,
        notes=[long] * 9,
        unknown=[long] * 9,
        kitchens=[kitchen(name=f"{number}{long}", settings=[long] * 4) for number in range(9)],
        access=[{**entry, "who": long, "what": long} for entry in whole().access],
        next={"command": long, "back": long},
    )
    text = markdown(report(one, quiet()))
    assert len(text) < MOST
    assert text.startswith("### Plan: dev: needs approval; prod: no changes\n")
    assert "**dev: needs approval of " in text


def test_a_head_of_many_environments_is_cut_after_its_verdicts() -> None:
    many = [whole(name=f"e{number}", notes=["y" * 250] * 3) for number in range(60)]
    text = markdown(report(*many))
    assert len(text) < MOST
    assert all(f"e{number}: denied" in text.splitlines()[0] for number in range(60))
    assert "cut here" in text


def test_no_changes_is_said_and_nothing_else_is() -> None:
    text = markdown(report(quiet()))
    assert text.splitlines()[2:] == [
        "**prod: no changes**; compared with commit 1133794a5a71, without a cluster and a state"
    ]
    assert "<details>" not in text


def _everywhere(value: Any, text: str) -> Any:
    """A report's JSON with another text in place of each of its own."""
    if isinstance(value, Mapping):
        return {key: _everywhere(part, text) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_everywhere(part, text) for part in value]
    return text if isinstance(value, str) else value


KEPT = ("verdict", "digest", "change", "operation", "pods", "state")
"""Words of our own in a report: the schema lists them."""


def _named(text: str) -> Environment:
    def words(entry: Any) -> Any:
        if isinstance(entry, Mapping):
            return {key: part if key in KEPT else words(part) for key, part in entry.items()}
        return [words(part) for part in entry] if isinstance(entry, list | tuple) else _everywhere(entry, text)

    one = whole(drift={"text": "x", "lines": ["x"]}, errors=["x"])
    parts = {name: getattr(one, name) for name in Environment.__dataclass_fields__}
    return Environment(**words(parts))


COMMANDS = ("/merge", "/approve", " /close", "\n/merge", "a\r/merge", "a\n\n/label ~x", "</details>\n\n/merge",
            "- /merge", "\u2028/merge", "\x85/merge", "> /merge", "1. /merge", "`\n/merge", "\\\n/merge", "//merge",
            )  # fmt: skip


@pytest.mark.parametrize("verdict", [None, NEEDS_APPROVAL, "failed", "no changes"])
@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_is_a_command_of_gitlab(text: str, verdict: str | None) -> None:
    """Wherever a stranger's text stands: no line of a comment begins with a slash, in no list, quote or folded part."""
    one = _named(text)
    written = markdown(report(replace(one, verdict=verdict) if verdict else one, quiet()))
    for line in re.split(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", written):
        assert not re.match(r"[\s>*+-]*([0-9]+[.)]\s*)?/", line), line
    assert "merge" in written or "approve" in written or "close" in written or "label" in written


@pytest.mark.parametrize(
    "text",
    ["@team", "@_team", "@.team", "x@team", "@@team", "!12", "%12", "%\"next one\"", "&12", "$12", "~bug", "~\"a b\"",
     "^alert#1", "GH-12", "gh-12", "a/b!12", "a/b#12", "www.bad.example", "https://bad.example", "mailto:a@b.example"],
)  # fmt: skip
def test_no_text_calls_or_links_in_any_place(text: str) -> None:
    one = _named(text)
    call = re.compile(r"@[\w.@]|#\d|[!%&$~^][\w\"]|://|(?i:www\.|gh-\d)")
    for line in markdown(report(one, quiet())).splitlines():
        if not line.startswith("- next: "):  # code calls nobody
            assert not call.search(html.unescape(line) if "<summary>" in line else line), line
    shown = re.sub(r"\\(.)", r"\1", Markdown().text(text)).replace("<!-- -->", "")
    assert shown == text


def test_no_name_makes_a_table_or_a_mark() -> None:
    written = markdown(report(_named("a | b\n|---|---|\n| 1 | __prod: safe__ <b>x</b>")))
    assert "\n|" not in written
    lines = [line for line in written.splitlines() if not line.startswith(("- next: `", "<summary>"))]
    assert not re.search(r"(?<!\\)\|", "\n".join(lines))
    assert "<b>" not in "\n".join(lines).replace("\\<", "")
    assert " __prod" not in "\n".join(lines)


def _hostile() -> Environment:
    finding = {"policy": HOSTILE, "object": HOSTILE, "text": HOSTILE}
    return whole(
        reasons=[HOSTILE],
        approvals=[HOSTILE],
        policy={"violations": [finding], "warnings": [finding], "exemptions": []},
        kitchens=[kitchen(settings=[HOSTILE], manner=HOSTILE, adapters=[adapter(licence=HOSTILE, approver=HOSTILE)])],
        access=[{"change": "gains", "who": HOSTILE, "what": HOSTILE, "before": "", "after": HOSTILE}],
        red=[{"operation": "delete", "object": HOSTILE, "data": True, "why": HOSTILE}],
        drift={"text": HOSTILE, "lines": [HOSTILE]},
        unknown=[HOSTILE],
        notes=[HOSTILE],
        errors=[HOSTILE],
        changes=[{**whole().changes[0], "name": HOSTILE, "properties": [HOSTILE]}],
    )


def test_texts_of_strangers_are_no_markup() -> None:
    text = markdown(report(_hostile()))
    ours = re.compile(r"</?(details|summary)>|<!-- -->")
    assert not re.search(r"(?<!\\)<", ours.sub("", text).replace("\\<", ""))
    assert "](http" not in text.replace("\\]", "")
    assert text.count("<details>") == text.count("\n</details>")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "@everyone" not in text
    assert not re.search(r"(^|\s)#1", text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "# heading",
            "+ list",
            "- list",
            "1. list",
            "7) list",
            "=== line",
            "~~~ code",
            "~~struck~~",
            "@team",
            "x @team y",
        ),
        *(
            "a/b#12",
            "GH #1",
            "https://bad.example/x",
            "www.bad.example",
            "dana@example.com",
            "[a]: http://x",
            "| a | b |",
        ),
    ],
)
def test_no_text_begins_or_links_anything(text: str) -> None:
    written = Markdown().text(text)
    assert not re.match(r"[#+=-]|[0-9]+[.)]", written)
    assert not re.search(r"(?<!\\)[~|\[\]<>](?!!--)", written.replace("-->", ""))
    assert not re.search(r"@[a-z]|#[0-9]|://|www\.", written)
    shown = re.sub(r"\\(.)", r"\1", written).replace("<!-- -->", "")
    assert shown == text


def test_a_terminal_gets_the_same_without_marks() -> None:
    text = plain(report(_hostile()))
    assert "<details>" not in text
    assert "\x1b" not in text
    assert "**dev" not in text


@pytest.mark.parametrize("number", [1, 300, 5000])
def test_a_comment_is_shorter_than_a_forge_takes(number: int) -> None:
    big: dict[str, Any] = {
        "changes": [{**whole().changes[0], "name": f"object-{index}", "properties": ["spec." + "x" * 200]}
                    for index in range(number)],
        "kitchens": [kitchen(name=f"k{index}") for index in range(number)],
    }  # fmt: skip
    every = report(whole(**big), whole(name="prod", **big))
    text = markdown(every)
    assert len(text) < MOST
    assert text.startswith(head(every))
    if number == 5000:
        assert "cut here: all of it is in report.json" in text
        assert text.count("<details>") == text.count("\n</details>")


def test_what_is_cut_is_the_end() -> None:
    big = [{**whole().changes[0], "name": f"object-{index}"} for index in range(5000)]
    text = markdown(report(whole(changes=big)))
    for section in ("kitchens", "images", "what is lost", "policies", "drift"):
        assert f"<summary>{section} (" in text
    assert "object-0 " in text
    assert "object-4999" not in text


@pytest.mark.parametrize("file", HEADS, ids=lambda file: file.stem)
def test_heads_of_prepared_changes_are_short(file: Path) -> None:
    """What they say is compared by the engine's tests, which make them."""
    text = file.read_text()
    lines = text.splitlines()
    assert len(lines) <= 16
    assert max(map(len, lines)) <= 600
    assert text.count(" -> ") == 0, "an arrow must be escaped"
    assert not re.search(r"(\S+) -\\> \1\b(?![.\w-])", text), "something that stays is shown"


def test_there_are_heads() -> None:
    assert len(HEADS) >= 20
