"""What a container starts: vLLM's command lines in it, and what of it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import shell
from policies.manifests.fields import command_line, environment
from policies.manifests.pods import Container

SHELLS = ("sh", "bash", "dash", "ash", "zsh", "busybox")
_MODULES = ("vllm.entrypoints.openai.api_server", "vllm.entrypoints.api_server", "vllm.entrypoints.openai.run_batch")
_BEFORE = ("exec", "nohup", "setsid", "tini", "dumb-init", "command", "catatonit")
"""Programs that start the words behind them as they are."""

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)")
_FLAGS_OF_VARIABLES = re.compile(r"(?:VLLM|SERVER?|ENGINE|MODEL|EXTRA)(?:_\w+)*_(?:ARGS|ARGUMENTS|FLAGS|OPTS|OPTIONS)")
"""Variables that start scripts put into the server's command line, as KServe's presets do with VLLM_ADDITIONAL_ARGS."""


@dataclass
class Starts:
    """`servers` are the words behind each start of vLLM; `others` those of what is no start that is known."""

    servers: list[list[JsonValue]] = field(default_factory=list)
    others: list[list[JsonValue]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def starts(container: Container, *, runs_vllm: bool) -> Starts:
    """Read a container's command; `runs_vllm` says that without one of its own it starts the server."""
    hidden = bool(container.spec.get("envFrom"))
    variables: dict[str, JsonValue] = {}
    for name, value in environment(container).items():
        # A variable's value may name those before it.
        variables[name] = _put(value, variables, hidden=hidden)
    words = [_put(word, variables, hidden=hidden) for word in command_line(container)]
    found = Starts()
    own = container.spec.get("command")
    if not own and runs_vllm and _are_flags(words):
        found.servers.append(words[1:] if words[:1] == ["serve"] else words)
    elif words:
        _program(words, variables, found)
    for name, value in variables.items():
        if _FLAGS_OF_VARIABLES.fullmatch(name) and value != "":
            more = value.split() if isinstance(value, str) else [UNKNOWN]
            (found.servers[0] if found.servers else _new(found.others)).extend(more)
    return found


def _new(lists: list[list[JsonValue]]) -> list[JsonValue]:
    lists.append([])
    return lists[-1]


def _are_flags(words: Sequence[JsonValue]) -> bool:
    """Whether words are the server's own, behind the image's entry point, and name no program to start."""
    if not words or not isinstance(words[0], str):
        return True
    first = words[0].rpartition("/")[2]
    return first not in (*SHELLS, *_BEFORE, "vllm", "env", "timeout", "nice") and not first.startswith("python")


def _put(word: JsonValue, variables: Mapping[str, JsonValue], *, hidden: bool) -> JsonValue:
    """A word as the kubelet hands it over: `$(NAME)` is the variable's value, and stays where there is none."""
    if not isinstance(word, str) or "$" not in word:
        return word
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match[1] is None:
            return "$"
        if match[1] not in variables:
            unknown = unknown or hidden
            return match[0]
        given = variables[match[1]]
        unknown = unknown or not isinstance(given, str)
        return str(given)

    text = _REFERENCE.sub(value, word)
    return UNKNOWN if unknown else text


def _program(words: list[JsonValue], variables: Mapping[str, JsonValue], found: Starts, depth: int = 0) -> None:
    words = _without_wrappers(words)
    if not words:
        return
    first = words[0]
    if not isinstance(first, str):
        found.unread.append("a program whose name is not known before the update")
        found.others.append(words)
        return
    program = first.rpartition("/")[2]
    if program in SHELLS:
        _shell(words, variables, found, depth)
    elif program == "vllm":
        _vllm(words[1:], found)
    elif re.fullmatch(r"python[0-9.]*", program):
        _python(words, found)
    elif not shell.is_harmless(first):
        found.unread.append(f"the program {shell.name_of(first)}")
        found.others.append(words)


def _without_wrappers(words: list[JsonValue]) -> list[JsonValue]:
    while words and isinstance(words[0], str):
        program = words[0].rpartition("/")[2]
        if program in _BEFORE:
            words = _behind_options(words[1:])
        elif program == "env" and len(words) > 1:
            words = _behind_options(words[1:])
            while words and isinstance(words[0], str) and "=" in words[0] and not words[0].startswith("-"):
                words = words[1:]
        elif program in ("timeout", "nice", "ionice", "chrt", "taskset", "stdbuf"):
            words = _behind_options(words[1:])
            # Their own number or list, such as the seconds of timeout.
            while words and isinstance(words[0], str) and re.fullmatch(r"[0-9][\w.,-]*", words[0]):
                words = words[1:]
        else:
            break
    return words


def _behind_options(words: list[JsonValue]) -> list[JsonValue]:
    while words and isinstance(words[0], str) and words[0].startswith("-"):
        words = words[1:]
    return words


def _shell(words: list[JsonValue], variables: Mapping[str, JsonValue], found: Starts, depth: int) -> None:
    index = 1
    while index < len(words) and isinstance(words[index], str) and words[index].startswith(("-", "+", "sh")):
        if re.fullmatch(r"-[a-z]*c[a-z]*", words[index]):
            break
        # One that ends in `o` has a value of its own, such as pipefail.
        index += 2 if re.fullmatch(r"[-+]\w*[oO]", words[index]) else 1
    behind = words[index:]
    if not behind or UNKNOWN in behind[:2] or not str(behind[0]).startswith("-") or len(behind) < 2:
        found.unread.append("a script that lies in a file, or is not known")
        found.others.append(words)
        return
    script = shell.read(str(behind[1]), variables, behind[2:], depth)
    found.unread += script.unread
    for command in script.commands:
        if depth > 2:
            found.unread.append("a shell within a shell, too deep to be read")
            break
        _program(command, variables, found, depth + 1)


def _vllm(words: list[JsonValue], found: Starts) -> None:
    if words[:1] != ["serve"]:
        found.unread.append("a command of vllm that is not serve")
    found.servers.append(words[1:])


def _python(words: list[JsonValue], found: Starts) -> None:
    index = 1
    while index < len(words) and isinstance(words[index], str) and words[index].startswith("-"):
        if words[index] == "-m":
            break
        # A module may follow at once, and some options take the next word.
        index += 2 if words[index] in ("-X", "-W") else 1
    behind = words[index:]
    module = behind[1] if behind[:1] == ["-m"] and len(behind) > 1 else None
    if module in _MODULES:
        found.servers.append(behind[2:])
    elif module in ("vllm", "vllm.entrypoints.cli.main"):
        _vllm(behind[2:], found)
    else:
        named = shell.name_of(module) if isinstance(module, str) else "a script"
        found.unread.append(f"{named} of Python")
        found.others.append(words)
