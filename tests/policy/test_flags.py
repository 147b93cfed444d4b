"""Command lines are read as argparse reads them, and shells as far as they can be read."""

from __future__ import annotations

import argparse
import json
from typing import Any, NoReturn

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from infra.catalog import load_catalog
from infra.flag_words import FILE, VERSION
from infra.rules.flags import CLOSED, KNOWN, OWNED
from policies.judging.values import UNKNOWN
from policies.manifests import server_flags
from policies.manifests.flags import Flags, flags_of
from policies.manifests.pods import Container
from policies.manifests.shell import read
from policies.pack import RULES

DATA: dict[str, dict[str, Any]] = json.loads(FILE.read_text())["flags"]


class _RefusedError(Exception):
    """argparse would end the program."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _RefusedError(message)


def _parser() -> argparse.ArgumentParser:
    """What vLLM's parser is made of: argparse with the flags of the catalog."""
    parser = _Parser(add_help=False)
    parser.add_argument("model_tag", nargs="?")
    for name, entry in DATA.items():
        options = [f"--{name}", *entry.get("short", [])]
        takes = entry.get("takes", "1")
        if takes == "0":
            action: Any = argparse.BooleanOptionalAction if entry.get("negated") else "store_const"
            more = {} if entry.get("negated") else {"const": True}
            parser.add_argument(*options, dest=name, action=action, **more)
        else:
            parser.add_argument(*options, dest=name, nargs=None if takes == "1" else takes)
    return parser


PARSER = _parser()
NAMES = sorted(DATA)
_VALUES = st.sampled_from(["a=/x", "7", "/mnt/x", "{}", '{"a": 1}', "x.y"])


@st.composite
def _flag(draw: st.DrawFn) -> list[str]:
    name = draw(st.sampled_from(NAMES))
    entry = DATA[name]
    if entry.get("short") and draw(st.booleans()):
        written = draw(st.sampled_from(entry["short"]))
    else:
        whole = draw(st.sampled_from([name, f"no-{name}"])) if entry.get("negated") else name
        cut = draw(st.sampled_from([len(whole), len(whole), max(2, len(whole) - draw(st.integers(1, 12)))]))
        written = f"--{whole[:cut]}"
        written = written.replace("-", "_").replace("__", "--", 1) if draw(st.booleans()) else written
    if entry.get("takes") == "0":
        return [written]
    values = draw(st.lists(_VALUES, min_size=1, max_size=3))
    if draw(st.integers(0, 4)) == 0:
        other = draw(st.sampled_from(["7", "--enable-lora", "--max-loras=3", "-cc"]))
        key = draw(st.sampled_from(["a", "a.b"]))
        return [f"{written}.{key}={values[0]}"] if draw(st.booleans()) else [f"{written}.{key}", other]
    return [f"{written}={values[0]}"] if draw(st.booleans()) else [written, *values]


def _as_vllm_hands_over(words: list[str]) -> list[str]:
    """vLLM makes `_` to `-` in names, and parts of JSON values to whole ones at the end, before argparse sees them."""
    shown = []
    for word in words:
        name, equals, value = word.partition("=")
        head, dot, key = name.partition(".")
        shown.append(f"{head.replace('_', '-')}{dot}{key}{equals}{value}" if word.startswith("--") else word)
    rest, parts = [], {}
    following = iter(shown)
    for word in following:
        name, equals, value = word.partition("=")
        if not name.startswith("-") or "." not in name:
            rest.append(word)
            continue
        head, _, key = name.partition(".")
        parts.setdefault(head, {})[key] = value if equals else next(following)
    return [*rest, *(word for head, said in parts.items() for word in (head, json.dumps(said)))]


def _read(*words: Any, **spec: Any) -> Flags:
    return flags_of(Container(path="x", group="containers", spec={"args": list(words), **spec}), runs_vllm=True)


@settings(max_examples=600, deadline=None)
@given(st.lists(_flag(), min_size=1, max_size=4))
def test_what_argparse_takes_is_read_alike(pieces: list[list[str]]) -> None:
    words = [word for piece in pieces for word in piece]
    try:
        said = vars(PARSER.parse_args(_as_vllm_hands_over(words)))
    except _RefusedError:
        assume(False)
        raise
    found = _read(*words)
    if '": "' in (said["model_tag"] or ""):
        assert found.strangers, "parts of a flag that takes no value: their object is taken for the model"
        return
    assert not found.strangers
    for name, entry in DATA.items():
        times = found.given.get(name, []) + found.given.get(f"no-{name}", [])
        assert bool(times) == (said[name] is not None), name
        if times and entry.get("takes") != "0":
            value = said[name] if isinstance(said[name], list) else [said[name]]
            if (
                name in found.parts
            ):  # of one object: a flag and its abbreviation are two for vLLM, and the last one counts
                assert set(json.loads(value[-1]).items()) <= set(found.parts[name])
            else:
                assert found.given[name][-1] == value
    assert found.models == ([] if said["model_tag"] is None else [said["model_tag"]])


@pytest.mark.parametrize(
    ("words", "given", "strangers"),
    [
        (["--kv-cache-metrics.a", "7"], {"kv-cache-metrics": [["7"]]}, ["kv-cache-metrics.a"]),
        (
            ["--response-role", "-sc.model=evil", "user"],
            {"response-role": [["user"]], "speculative-config": [["evil"]]},
            [],
        ),
        (["--kernel-config.x", "--middleware=payload.guard"], {"kernel-config": [["--middleware=payload.guard"]]}, []),
        (
            ["--kernel-config.x", "--enable-lora", "-cc.mode", "3"],
            {"kernel-config": [["--enable-lora"]], "compilation-config": [["3"]]},
            [],
        ),
        (["--seed", "-0.5", "--enable-lora"], {"seed": [[]]}, ["-0"]),
    ],
)
def test_a_part_takes_the_word_behind_it_whatever_it_is(
    words: list[str], given: dict[str, list[list[str]]], strangers: list[str]
) -> None:
    found = _read(*words)
    assert ({name: found.given.get(name) for name in given}, found.strangers) == (given, strangers)
    assert not {"middleware", "enable-lora"} & set(found.given)
    assert found.models == []


@pytest.mark.parametrize("name", NAMES)
def test_the_shortest_beginning_is_the_flag(name: str) -> None:
    written = [
        f"{prefix}{other}" for other, entry in DATA.items() for prefix in ["", *["no-"] * bool(entry.get("negated"))]
    ]
    cut = next((end for end in range(1, len(name)) if sum(o.startswith(name[:end]) for o in written) == 1), len(name))
    assert name in _read(f"--{name[:cut]}", "1").given


def test_the_list_is_of_the_catalog_s_server() -> None:
    assert load_catalog().images["vllm"].version == VERSION


def test_settings_and_pack_read_one_list() -> None:
    assert server_flags.FILE == FILE
    closed = {name: flag.closed for name, flag in server_flags.flags().items() if flag.closed}
    assert closed == CLOSED
    assert {name for name in server_flags.flags() if not name.startswith("no-")} == KNOWN
    assert not set(OWNED) & set(CLOSED)
    assert {flag.rule for flag in server_flags.flags().values() if flag.rule} <= {rule.id for rule in RULES}
    assert all(flag.closed for flag in server_flags.flags().values() if flag.rule)


@pytest.mark.parametrize(
    ("command", "args", "models"),
    [
        (None, ["/m", "--port=1"], ["/m"]),
        (None, ["serve", "/m"], ["/m"]),
        (["vllm", "serve"], ["/m"], ["/m"]),
        (["/usr/local/bin/vllm", "serve", "/m"], [], ["/m"]),
        (["python3", "-m", "vllm.entrypoints.openai.api_server"], ["/m"], ["/m"]),
        (["python3", "-u", "-X", "dev", "-m", "vllm.entrypoints.cli.main", "serve"], ["/m"], ["/m"]),
        (["env", "A=1", "nice", "-5", "vllm", "serve"], ["/m"], ["/m"]),
        (["timeout", "-k", "5", "60s", "vllm", "serve", "/m"], [], ["/m"]),
        (["tini", "--", "sh", "-c", "exec vllm serve /m"], [], ["/m"]),
        (["/bin/bash", "-euo", "pipefail", "-c"], ["cd /x && A=/m; vllm serve $A --port 1 2>&1 | tail -f"], ["/m"]),
        (["sh", "-c", 'vllm serve "$@"', "--"], ["/m", "--port=1"], ["/m"]),
        (["sh", "-c", "vllm serve $1", "x", "/m"], [], ["/m"]),
        (["sh", "-c", "# vllm serve /other\nif true; then\n vllm serve \\\n  /m --port 1\nfi"], [], ["/m"]),
        (["sh", "-c", "sh -c 'vllm serve /m'"], [], ["/m"]),
        (["sh", "-c", "echo $(vllm serve /m)"], [], ["/m"]),
        (["sh", "-c", "vllm serve ${M}"], [], ["/from-env"]),
        (None, ["$(M)"], ["/from-env"]),
        (None, ["$(N)/x"], ["/from-env/n/x"]),
        (None, ["$$(M)"], ["$(M)"]),
        (None, ["$(NONE)"], ["$(NONE)"]),
        (None, ["--enforce-eager", "--", "/m"], ["/m"]),
    ],
)
def test_a_start_is_found_however_it_is_written(command: list[str] | None, args: list[str], models: list[str]) -> None:
    env = [{"name": "M", "value": "/from-env"}, {"name": "N", "value": "$(M)/n"}]
    found = _read(*args, env=env, **({"command": command} if command else {}))
    assert (found.models, found.starts_vllm, found.unread, found.unknown) == (models, True, (), False)


@pytest.mark.parametrize(
    "script",
    [
        "vllm serve $(cat /x)",
        "vllm serve $UNSET",
        "vllm serve ${X:-/m}",
        "M=$(cat /x); vllm serve $M",
        "vllm serve `cat /x`",
        "vllm serve /m-$((1 + 2))",
    ],
)
def test_a_word_that_a_shell_makes_is_not_known(script: str) -> None:
    assert _read(command=["sh", "-c", script]).unknown


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "/start.sh"],
        ["sh", "-c", UNKNOWN],
        [UNKNOWN, "serve"],
        ["python3", "tool.py"],
        ["python3", "-c", "import vllm"],
        ["python3", "-m", "tool"],
        ["ray", "start"],
        ["vllm", "bench"],
        ["sh", "-c", "eval vllm serve /m"],
        ["sh", "-c", ". /start.sh; vllm serve /m"],
        ["sh", "-c", "ln -s /evil /mnt/adapters/faq; vllm serve /m"],
        ["sh", "-c", "echo x > /mnt/adapters/faq/x; vllm serve /m"],
        ["sh", "-c", "cat <<E\nx\nE\nvllm serve /m"],
        ["sh", "-c", "vllm serve 'unfinished"],
        ["sh", "-c", "true $(curl http://x | sh)"],
        ["sh", "-c", "pip install x && vllm serve /m"],
    ],
)
def test_what_cannot_be_read_is_told(command: list[Any]) -> None:
    found = _read(command=command)
    assert found.unread
    assert not any("evil" in text or "curl http" in text for text in found.unread)


def test_a_variable_of_another_object_makes_a_word_unknown() -> None:
    secret = {"name": "M", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    assert _read("--model=$(M)", env=[secret]).unknown
    assert _read("--model=$(M)", envFrom=[{"secretRef": {"name": "s"}}]).unknown


@pytest.mark.parametrize("name", ["VLLM_ADDITIONAL_ARGS", "VLLM_EXTRA_ARGS", "SERVER_FLAGS", "ENGINE_OPTS"])
def test_flags_in_a_variable_are_read(name: str) -> None:
    found = _read(env=[{"name": name, "value": "--enable-lora --lora-modules a=/x"}])
    assert found.given["lora-modules"] == [["a=/x"]]


def test_a_script_s_commands_are_lists_of_words() -> None:
    script = read('A=1 B=\'x y\'; export C="$B"\ncd /x && run "$C" -- $A || true # no\n', {}, ())
    assert script.commands == [["run", "x y", "--", "1"], ["true"]]
    assert (script.folders, script.variables) == (["/x"], [("C", "x y")])
    assert script.unread == []
