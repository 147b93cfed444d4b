"""The closed lists of the catalog: variables of servers, and values of flags as settings and pack read them."""

from __future__ import annotations

import json

import pytest

from infra.catalog import load_catalog
from infra.flag_words import ENTRIES
from infra.rules import flag_values as settings_values
from infra.rules.flags import CLOSED, KNOWN
from policies.manifests.flag_values import strange_values
from policies.manifests.flags import flags_of
from policies.manifests.pods import Container
from policies.manifests.server_variables import FILE, closed_variables, variables
from policies.pack import RULES

_FIELDS = {"values", "place", "closed", "rule", "elsewhere"}


def test_the_list_is_of_the_catalog_s_server() -> None:
    assert json.loads(FILE.read_text())["version"] == load_catalog().images["vllm"].version


def test_every_entry_says_what_is_understood_or_why_it_is_not() -> None:
    listed = json.loads(FILE.read_text())["variables"]
    assert list(listed) == sorted(listed)
    assert {field for entry in listed.values() for field in entry} <= _FIELDS
    for name, entry in variables().items():
        assert bool(entry.closed) == bool(entry.rule), name
        assert not (entry.place and (entry.closed or entry.values)), name
    assert {entry.rule for entry in variables().values() if entry.rule} <= {rule.id for rule in RULES}
    assert closed_variables("hybrid-storage").keys() >= {"VLLM_MODEL_REDIRECT_PATH"}


_VALUES = (
    *("--chat-template=/mnt/models/a.jinja", "--chat-template=/srv/a.jinja", "--generation-config=vllm"),
    *("--generation-config=/srv", "--kv-cache-dtype=fp8", "--kv-cache-dtype=/srv", "--reasoning-parser=qwen3"),
    *('--structured-outputs-config={"backend": "auto"}', '--structured-outputs-config={"x": 1}', "--seed=3"),
    *("--structured-outputs-config.backend=auto", "--structured-outputs-config.reasoning_parser_plugin=/x"),
    *('--compilation-config={"pass_config": {"a": true}}', '--compilation-config={"pass_config": {"a": "b.c"}}'),
    *("--compilation-config=3", "--compilation-config=9", '--compilation-config={"compile_sizes": ["cudagraph", 4]}'),
    *('--mm-processor-kwargs={"num_crops": 4}', '--mm-processor-kwargs={"trust_remote_code": true}'),
    *("--mm-processor-kwargs.trust_remote_code=true", '--attention-config={"backend": "/x"}', "--dbo-x=1"),
    *('--additional-config={"a": {"b": 1}}', '--additional-config.a={"b": "c"}', "--chat-template=/mnt/models/../x"),
    *('--override-generation-config={"temperature": 0.1}', '--override-generation-config={"bad_words": ["a"]}'),
)


def _pack_understands(word: str) -> bool:
    read = flags_of(Container(path="x", group="containers", spec={"args": [word]}), runs_vllm=True)
    return not list(strange_values(read, frozenset()))


def _settings_understand(word: str) -> bool:
    name, _, value = word.removeprefix("--").partition("=")
    name, _, key = name.partition(".")
    return name not in KNOWN or settings_values.value_fault(name, key, value) is None


@pytest.mark.parametrize("word", _VALUES)
def test_settings_and_pack_understand_the_same_values(word: str) -> None:
    assert _pack_understands(word) == _settings_understand(word)


def test_these_values_are_understood_and_not() -> None:
    assert {_pack_understands(word) for word in _VALUES} == {True, False}


def test_json_values_have_keys_that_are_listed() -> None:
    """A flag that takes JSON and may be given has a list of keys: no plain value would be understood."""
    named = {name for name in ENTRIES if name.endswith(("-config", "-kwargs")) and name not in CLOSED}
    without = {name for name in named if "parts" not in ENTRIES[name]}
    assert without == {"generation-config"}
