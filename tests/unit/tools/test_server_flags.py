"""The list of vLLM's flags written anew: facts follow the parser, judgements stay, and what is new is closed."""

from __future__ import annotations

import json
from typing import Any

from infra.flag_words import FILE
from tools.server_flags import FACTS, UNJUDGED, merged, text

LISTED: dict[str, Any] = {
    "about": "flags",
    "version": "1",
    "flags": {
        "kept": {"kind": "whole", "choices": ["1"], "values": "[0-9]"},
        "gone": {"closed": "opens a door", "rule": "r"},
        "of-others": {"closed": "is another build's", "elsewhere": True},
    },
    "removed": {"old": {"gone": "0", "instead": "kept"}, "back": {"gone": "0"}},
}
SAID: dict[str, Any] = {"version": "2", "flags": {"kept": {"kind": "size"}, "fresh": {"takes": "0"}, "back": {}}}


def test_facts_follow_the_parser_and_judgements_stay() -> None:
    found = merged(LISTED, SAID)
    assert found["version"] == "2"
    assert found["flags"]["kept"] == {"kind": "size", "values": "[0-9]"}
    assert found["flags"]["of-others"] == LISTED["flags"]["of-others"]


def test_what_is_new_is_closed_until_somebody_judges_it() -> None:
    found = merged(LISTED, SAID)
    assert found["flags"]["fresh"] == {"takes": "0", "closed": UNJUDGED}
    assert found["flags"]["back"] == {"closed": UNJUDGED}


def test_what_is_gone_is_told_with_its_version() -> None:
    found = merged(LISTED, SAID)
    assert found["removed"] == {"gone": {"gone": "2"}, "old": {"gone": "0", "instead": "kept"}}
    assert "gone" not in found["flags"]


def test_the_file_is_one_flag_a_line_and_says_the_same() -> None:
    listed = json.loads(FILE.read_text())
    assert json.loads(text(listed)) == listed
    assert text(listed) == FILE.read_text()
    assert list(listed["flags"]) == sorted(listed["flags"])


def test_every_entry_is_made_of_known_fields() -> None:
    listed = json.loads(FILE.read_text())
    fields = {*FACTS, "setting", "elsewhere", "closed", "rule", "values", "parts"}
    assert {field for entry in listed["flags"].values() for field in entry} <= fields
    assert {field for entry in listed["removed"].values() for field in entry} <= {"gone", "instead", "source"}
    assert not {name for name, entry in listed["flags"].items() if entry.get("closed") == UNJUDGED}


def test_json_may_have_keys_that_vllm_reads_alone() -> None:
    for name, entry in json.loads(FILE.read_text())["flags"].items():
        if "keys" in entry:
            assert {key.partition(".")[0] for key in entry.get("parts", {})} <= set(entry["keys"]), name
