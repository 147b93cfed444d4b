"""Expressions that a server runs over what people say: public ones pass, and those that never end do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog
from ops.checks import read_artifact
from ops.checks.patterns import MOST_CHARACTERS, repeats_within

PUBLIC = [
    # GPT-4, Llama 3 and Qwen; GPT-4o and gpt-oss; DeepSeek; tiktoken's own spelling; digits in threes
    r"(?i:'s|'t|'re|'ve|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{M}]*[\p{Ll}\p{Lm}\p{M}]+(?i:'s|'t)?|\p{N}{1,3}| ?[^\s\p{L}]+[\r\n/]*|\s+(?!\S)",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$",
    r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))",
    r" {2,}",
    r"re:.*\.layers\.[0-9]+\..*gate$",
    r"[]a-z]+",
]
ENDLESS = [
    *("(a+)+$", "(a*)*", "([a-z]+)*x", "(?:a|b+)+", "((a)+b?)*", "(a{1,})+", "(.*)*", "(x+x+)+y", "(a{0,9999})+"),
    *("(?:(?:a+))+", "(a+)+?b", r"(\)+)*", "([)]+)+", "(a+){2,}"),
]


@pytest.mark.parametrize("text", PUBLIC)
def test_expressions_of_public_tokenizers_pass(text: str) -> None:
    assert not repeats_within(text)


@pytest.mark.parametrize("text", ENDLESS)
def test_a_repetition_of_a_repetition_is_found(text: str) -> None:
    assert repeats_within(text)


PLACES: list[tuple[str, dict[str, Any], str]] = [
    ("tokenizer.json", {"pre_tokenizer": {"pattern": {"Regex": "(a+)+$"}}}, "pre_tokenizer.pattern.Regex"),
    ("tokenizer.json", {"normalizer": {"normalizers": [{"pattern": {"Regex": "(a+)+"}}]}}, "normalizer.normalizers[0]"),
    ("tekken.json", {"config": {"pattern": "(a+)+$"}}, "config.pattern"),
    ("config.json", {"quantization_config": {"ignore": ["re:(a+)+$"]}}, "quantization_config.ignore[0]"),
    ("tokenizer.json", {"pre_tokenizer": {"pattern": {"Regex": "a" * (MOST_CHARACTERS + 1)}}}, "pre_tokenizer.pattern"),
]


@pytest.mark.parametrize(("name", "values", "way"), PLACES)
def test_such_an_expression_is_refused(
    name: str, values: dict[str, Any], way: str, folder: Path, catalog: Catalog
) -> None:
    path = folder / name
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(before | values))
    (line,) = [str(fault) for fault in read_artifact("base-model", "", folder, catalog)[1]]
    assert line.startswith(f"{name}: {way}")
