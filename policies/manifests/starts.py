"""What a container starts: vLLM's command lines in it, and what of it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import shell
from policies.manifests.fields import command_line, environment
from policies.manifests.harmless import is_harmless
from policies.manifests.pods import Container
from policies.manifests.wrappers import WRAPPERS, Changes, without_wrapper

SHELLS = ("sh", "bash", "dash", "ash", "zsh", "busybox")
_MODULES = ("vllm.entrypoints.openai.api_server", "vllm.entrypoints.api_server", "vllm.entrypoints.openai.run_batch")
_OF_IMAGE = ("/bin/", "/sbin/", "/usr/", "/opt/", "/app/", "/workspace/", "/vllm-workspace/", "/ko-app/")
"""Folders of the image's own programs: what is mounted there is a fault by itself (`foreign_code`)."""

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)")
FLAGS_OF_VARIABLES = re.compile(r"(?:VLLM|SERVER?|ENGINE|MODEL|EXTRA)(?:_\w+)*_(?:ARGS|ARGUMENTS|FLAGS|OPTS|OPTIONS)")
"""Variables that start scripts put into the server's command line, as KServe's presets do with VLLM_ADDITIONAL_ARGS."""


@dataclass
class Starts:
    """`servers` are the words behind each start of vLLM; `others` those of what is no start that is known.

    `variables` are those that the words give to the programs, empty where they take one away; `assigned` those that a
    script sets for itself; `folders` those that programs are started in.
    """

    servers: list[list[JsonValue]] = field(default_factory=list)
    others: list[list[JsonValue]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    variables: list[tuple[str, JsonValue]] = field(default_factory=list)
    assigned: list[tuple[str, JsonValue]] = field(default_factory=list)
    folders: list[JsonValue] = field(default_factory=list)


def starts(container: Container, *, runs_vllm: bool) -> Starts:
    """Read a container's command; `runs_vllm` says that without one of its own it starts the server."""
    hidden = bool(container.spec.get("envFrom"))
    variables = variables_of(container)
    words = [_put(word, variables, hidden=hidden) for word in command_line(container)]
    found = Starts()
    own = container.spec.get("command")
    if not own and runs_vllm and _are_flags(words):
        found.servers.append(words[1:] if words[:1] == ["serve"] else words)
    elif words:
        _program(words, variables, found)
    for name, value in variables.items():
        if FLAGS_OF_VARIABLES.fullmatch(name) and value != "":
            more = value.split() if isinstance(value, str) else [UNKNOWN]
            (found.servers[0] if found.servers else _new(found.others)).extend(more)
    return found


def started_by(container: Container, words: list[JsonValue]) -> Starts:
    """Read the words of a probe or of a hook, which the kubelet runs in the container as they stand."""
    found = Starts()
    if words:
        _program(words, variables_of(container), found)
    return found


def variables_of(container: Container) -> dict[str, JsonValue]:
    """A container's variables as its programs get them: a value may name those before it."""
    hidden = bool(container.spec.get("envFrom"))
    variables: dict[str, JsonValue] = {}
    for name, value in environment(container).items():
        variables[name] = _put(value, variables, hidden=hidden)
    return variables


def _new(lists: list[list[JsonValue]]) -> list[JsonValue]:
    lists.append([])
    return lists[-1]


def _are_flags(words: Sequence[JsonValue]) -> bool:
    """Whether words are the server's own, behind the image's entry point, and name no program to start."""
    if not words or not isinstance(words[0], str):
        return True
    first = words[0].rpartition("/")[2]
    return first not in (*SHELLS, *WRAPPERS, "vllm", "env") and not first.startswith("python")


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


def _program(words: list[JsonValue], variables: dict[str, JsonValue], found: Starts, depth: int = 0) -> None:
    words = _without_wrappers(words, variables, found)
    if not words:
        return
    program = _name(words[0])
    if not isinstance(words[0], str):
        _not_read("a program whose name is not known before the update", words, found)
    elif program in SHELLS and program != "zsh":
        _shell(words, variables, found, depth)
    elif program == "vllm":
        _vllm(words[1:], found)
    elif re.fullmatch(r"python[0-9.]*", program):
        _python(words, found)
    elif not is_harmless(program, words[1:]):
        _not_read(f"the program {shell.name_of(words[0])}", words, found)


def _not_read(what: str, words: list[JsonValue], found: Starts) -> None:
    found.unread.append(what)
    found.others.append(words)


def _name(word: JsonValue) -> str:
    """Name of a program of the image; empty for any that lies elsewhere."""
    if not isinstance(word, str) or "/" not in word:
        return word if isinstance(word, str) else ""
    return word.rpartition("/")[2] if word.startswith(_OF_IMAGE) and ".." not in word else ""


def _without_wrappers(words: list[JsonValue], variables: dict[str, JsonValue], found: Starts) -> list[JsonValue]:
    while words:
        changes = Changes()
        behind = without_wrapper(_name(words[0]), words, changes)
        if behind is None:
            return words
        found.variables += changes.variables
        found.folders += changes.folders
        variables.update(changes.variables)
        if changes.fault or changes.cleared:
            _not_read(changes.fault or "a program without the container's variables", words, found)
        if changes.fault:
            return []
        words = behind
    return words


def _shell(words: list[JsonValue], variables: dict[str, JsonValue], found: Starts, depth: int) -> None:
    index = 2 if words[1:2] == ["sh"] else 1
    while index < len(words) and isinstance(words[index], str):
        if re.fullmatch(r"-[eulxv]*c[eulxv]*", words[index]):
            break
        if re.fullmatch(r"[-+][eulxv]*o", words[index]):
            # It has a value of its own, such as pipefail.
            index += 2
        elif re.fullmatch(r"[-+][eulxv]+|--login|--norc|--noprofile|--posix", words[index]):
            index += 1
        else:
            index = len(words)
    behind = words[index:]
    if len(behind) < 2 or not isinstance(behind[0], str) or not isinstance(behind[1], str):
        _not_read("a script that lies in a file, or is not known", words, found)
        return
    script = shell.read(behind[1], variables, behind[2:], depth)
    found.unread += script.unread
    found.variables += script.variables
    found.assigned += script.assigned
    found.folders += script.folders
    given = {**variables, **dict(script.variables)}
    for command in script.commands:
        if depth > 2:
            found.unread.append("a shell within a shell, too deep to be read")
            break
        _program(command, given, found, depth + 1)


def _vllm(words: list[JsonValue], found: Starts) -> None:
    if words[:1] != ["serve"]:
        found.unread.append("a command of vllm that is not serve")
    found.servers.append(words[1:])


_PYTHON_OPTION = re.compile(r"-[uBsEIOq]+")
_PYTHON_VALUES = {
    "-X": re.compile(r"dev|faulthandler|importtime|no_debug_ranges|(?:utf8|tracemalloc|int_max_str_digits)(?:=\d+)?"),
    "-W": re.compile(r"ignore|default|error|always|once|module"),
}


def _python(words: list[JsonValue], found: Starts) -> None:
    index = 1
    while index < len(words) and isinstance(words[index], str) and words[index].startswith("-"):
        word = words[index]
        values = _PYTHON_VALUES.get(word)
        following = words[index + 1] if index + 1 < len(words) else None
        if values is not None and isinstance(following, str) and values.fullmatch(following):
            index += 2
        elif _PYTHON_OPTION.fullmatch(word):
            index += 1
        else:
            break
    behind = words[index:]
    module = behind[1] if behind[:1] == ["-m"] and len(behind) > 1 else None
    if module in _MODULES:
        found.servers.append(behind[2:])
    elif module in ("vllm", "vllm.entrypoints.cli.main"):
        _vllm(behind[2:], found)
    else:
        named = shell.name_of(module) if isinstance(module, str) else "a script"
        _not_read(f"{named} of Python", words, found)
