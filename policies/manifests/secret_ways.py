"""Ways by which a secret gets its name elsewhere than where its value stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.subject import entries
from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, at, listed
from policies.manifests.secret_forms import given_to_a_command
from policies.manifests.secret_names import is_reference, names_a_secret

_ROW = 4000
"""Most characters of a command that is read as one line."""

_REFERRED = re.compile(r"\$\(([A-Za-z_][\w.-]*)\)")


def round_the_name(value: JsonValue, path: str, key: str) -> Iterator[Fault]:
    """Faults of variables, of a ConfigMap's files, and of a container's command; `key` is the value's own."""
    if isinstance(value, list):
        if key == "env":
            yield from _variables(value, path)
    elif isinstance(value, dict):
        if key == "configMap":
            yield from _renamed(value.get("items"), f"{path}.items")
        if isinstance(value.get("command"), list) and isinstance(value.get("args"), list):
            yield from _line_of(value, path)


def _variables(entries_: list[JsonValue], path: str) -> Iterator[Fault]:
    """Variables that are named like a secret and take their value out of one beside them, which is in plain text."""
    plain = {
        name: at(entry, "value")
        for entry in entries_
        if isinstance(name := at(entry, "name"), str) and isinstance(at(entry, "value"), str)
    }
    for index, entry in enumerate(entries_):
        name, value = at(entry, "name"), at(entry, "value")
        if isinstance(name, str) and isinstance(value, str) and names_a_secret(name):
            for part in _REFERRED.findall(value):
                if not is_reference(str(plain.get(part, ""))):
                    yield Fault(path=f"{path}[{index}].value", text=f"takes {name} out of a variable in plain text")


def _line_of(container: dict[str, JsonValue], path: str) -> Iterator[Fault]:
    """What a program is given behind its command: the program stands in one list, and its words in the other."""
    first, behind = (
        " ".join(word for word in entries(container.get(name)) if isinstance(word, str)) for name in ("command", "args")
    )
    if len(first) + len(behind) <= _ROW and not given_to_a_command(first) and not given_to_a_command(behind):
        found = given_to_a_command(f"{first} {behind}")
        if found:
            yield Fault(path=f"{path}.args", text=f"looks like {found} (not shown)")


def _renamed(items: JsonValue, path: str) -> Iterator[Fault]:
    """Files that are named like a secret and come out of a ConfigMap."""
    for where, item in listed(items, path):
        name = at(item, "path")
        if isinstance(name, str) and names_a_secret(name.rpartition("/")[2]):
            yield Fault(path=f"{where}.path", text="is a file that is named like a secret, out of a ConfigMap")
