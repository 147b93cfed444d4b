"""What the kubelet runs in a container, or calls, beside its command: probes and hooks."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.pods import Container
from policies.manifests.starts import started_by

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
