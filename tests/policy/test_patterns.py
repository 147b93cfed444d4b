"""What the pack reads texts by takes a time in proportion to the text: a ConfigMap may be a megabyte of anything."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from policies.manifests import secret_looks, secret_names
from policies.manifests.image_reference import unpinned
from policies.manifests.secret_forms import header_or_command
from policies.manifests.secret_looks import lines_with_secrets
from policies.manifests.secret_names import is_reference, is_reference_in_a_line, looks_made, names_a_secret

PUMPED = (
    *("a", "A", "1", " ", "\n", ",", "a,", "{,", ", ", "a.", "a-", "a/", "/", "a:", "://", "a://", "a://a:", "=", "a="),
    *("sk-a", "eyJaaaaaaaa.", "xoxb-", "glpat-", "-----BEGIN A ", "authorization: ", "Password ", "<abc>", '"auth":"'),
    *("\n \t", "${", "$a", "a@", "aB", "A" * 39 + " ", "Aa1" * 13, "{{", "0:", "1.", "(", "a(", "[", "*", "%", "\\"),
    *(
        "curl ",
        "curl -u ",
        "-u a:",
        "curl -u a",
        "mysql -p",
        "mysql ",
        "docker login ",
        "docker login -p ",
        "mc alias set ",
        "http ",
    ),
    *("htpasswd -b a ", "openssl -k ", "password=", ";password=", "a=b;", "host=a ", "host = a ", "user=a b=c "),
    *("machine a login ", "machine ", "default login a password ", "Bearer ", "Bearer a", "bearer 1", "x-api-key: "),
    *(
        "$(a ",
        "$((",
        "{{a",
        "vault:a/",
        "a.b-",
        "a1B2",
        "a:$apr1$",
        "a:1:a:a:",
        "hvs.a",
        "sk_live_",
        "pass:",
        "-p ",
        "/var/a",
    ),
)
SIZE, LARGER = 8_000, 4
NOISE_SECONDS = 0.02
"""What is faster than this grows too little to be seen."""


def seconds(read: Callable[[str], object], text: str) -> float:
    runs = []
    for _ in range(2):
        start = time.process_time()
        read(text)
        runs.append(time.process_time() - start)
    return min(runs)


def grows_too_fast(read: Callable[[str], object]) -> list[str]:
    found = []
    for pump in PUMPED:
        short = pump * (SIZE // len(pump))
        long = seconds(read, short * LARGER)
        if long > NOISE_SECONDS and long > 2 * LARGER * seconds(read, short):
            found.append(pump)
    return found


READERS: dict[str, Callable[[str], object]] = {
    "forms of secrets": secret_looks._found,  # not what is remembered
    "names of secrets": names_a_secret.__wrapped__,
    "references": is_reference,
    "references in lines": lambda text: is_reference_in_a_line(text[:200], text),
    "names that may be of secrets": secret_names._may_name_a_secret.__wrapped__,
    "what generators make": looks_made,
    "headers and commands": header_or_command,
    "lines with secrets": lines_with_secrets,
    "image references": unpinned,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_longer_text_takes_longer_in_proportion(read: Callable[[str], object]) -> None:
    assert grows_too_fast(read) == []


def test_a_pattern_that_runs_over_the_whole_text_again_and_again_is_seen() -> None:
    assert "a" in grows_too_fast(re.compile(r"[a-z]+://").search)
