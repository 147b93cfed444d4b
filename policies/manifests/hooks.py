"""What the kubelet runs in a container, or calls, beside its command: probes and hooks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.pods import Container, Pod
from policies.manifests.starts import started_by
from policies.reading.own import json_of_python

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_HOOKS = ("postStart", "preStop")
_OWN = (None, "", "localhost", "127.0.0.1", "::1")


def hook_faults(container: Container) -> Iterator[Fault]:
    """Programs that probes and hooks start and nobody knows, and calls of theirs that go to another host."""
    for probe in _PROBES:
        yield from _handler(container, container.spec.get(probe), f"{container.path}.{probe}")
    lifecycle = container.spec.get("lifecycle")
    if lifecycle is UNKNOWN:
        yield Fault(path=f"{container.path}.lifecycle", text=NOT_KNOWN)
    for hook in _HOOKS:
        yield from _handler(container, mapping(lifecycle).get(hook), f"{container.path}.lifecycle.{hook}")


_VELERO = re.compile(r"(?:(?P<when>pre|post|init)\.)?hook\.(?P<of>backup|restore)\.velero\.io/(?P<what>[\w-]+)")
_HARMLESS = ("container", "timeout", "on-error", "wait-timeout", "exec-timeout", "wait-for-ready", "container-name")


def backup_faults(pod: Pod, server: Container) -> Iterator[Fault]:
    """Programs that Velero starts in a server before and after a backup, or beside it before a restored pod starts."""
    for name, value in pod.annotations.items():
        match = _VELERO.fullmatch(name)
        if match is None or match["what"] in _HARMLESS:
            continue
        path = f"{pod.path} (annotations): {name}"
        if match["what"] != "command" or match["when"] == "init":
            yield Fault(path=path, text="is given: what it brings into the pod is not understood")
            continue
        found = started_by(server, _command(value))
        unread = [*found.unread, *(["a server of its own"] if found.servers else [])]
        if found.variables or found.folders:
            unread.append("a program with variables or folders of its own")
        for what in dict.fromkeys(unread):
            yield Fault(path=path, text=f"starts {what}, and only what is known to change nothing may run there")


def _command(value: JsonValue) -> list[JsonValue]:
    """The words of a command: a list in JSON, or one program by its name alone."""
    try:
        words = json_of_python(value) if isinstance(value, str) and value.lstrip().startswith("[") else [value]
    except ValueError:
        return [UNKNOWN]
    return list(words) if isinstance(words, list) else [UNKNOWN]


def _handler(container: Container, handler: JsonValue, path: str) -> Iterator[Fault]:
    if handler is None:
        return
    if UNKNOWN in (handler, at(handler, "exec")):
        yield Fault(path=path, text=NOT_KNOWN)
        return
    for call in ("httpGet", "tcpSocket"):
        host = at(handler, call, "host")
        if host not in _OWN:
            yield Fault(path=f"{path}.{call}.host", text=f"{shown(host)}, which is another host than the pod")
    command = [word for _, word in listed(at(handler, "exec", "command"), "")]
    found = started_by(container, command)
    unread = [*found.unread, *(["a server of its own"] if found.servers else [])]
    if found.variables or found.folders:
        unread.append("a program with variables or folders of its own")
    for what in dict.fromkeys(unread):
        yield Fault(path=f"{path}.exec", text=f"starts {what}, and only what is known to change nothing may run there")
