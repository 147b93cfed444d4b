"""Waits until every declared service is Ready, and says what is waited for while it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from components.labels import DOMAIN
from tools.kube import Kind, Kube, KubeError, Object
from tools.ready.reasons import Around, Reason, reasons
from tools.ready.services import READY, Service, state_of

_STEP_SECONDS, _TELL_SECONDS = 0.5, 10.0
_DEPLOYMENT = Kind("apps/v1", "Deployment")
_AROUND = {
    "replica_sets": Kind("apps/v1", "ReplicaSet"),
    "pods": Kind("v1", "Pod"),
    "claims": Kind("v1", "PersistentVolumeClaim"),
}
_TOLD = 5
"""Services whose reasons are told one by one."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """By namespace and name the state of each service, and why some are not Ready; `waited` is in seconds."""

    states: Mapping[tuple[str, str], str]
    why: Mapping[Service, Sequence[Reason]] = field(default_factory=dict)
    waited: float = 0.0

    @property
    def waiting(self) -> list[Service]:
        """Services that are not Ready."""
        return list(self.why)

    def lines(self) -> Iterator[str]:
        """For a person: each service that is not Ready, why, and the command that shows more."""
        after = f" after {self.waited:.0f} s" if self.waited >= 1 else ""
        for service, found in list(self.why.items())[:_TOLD]:
            yield f"not Ready{after}: {service}: {self.states[service.namespace, service.name]}"
            for text in dict.fromkeys(reason.text for reason in found):
                yield f"  {text}"
            yield f"  look: {found[0].look}"
        if more := self.waiting[_TOLD:]:
            yield f"not Ready{after}: {', '.join(map(str, more))}"


def await_ready(
    kube: Kube, services: Sequence[Service], environment: str, seconds: float, say: Callable[[str], None]
) -> Verdict:
    """Look until all are Ready, at most `seconds`; every ten seconds `say` gets a reason. Raises KubeError."""
    start = time.monotonic()
    tell = start + _TELL_SECONDS
    while True:
        states, objects, deployments = _look(kube, services, environment)
        waited = time.monotonic() - start
        left = [service for service in services if states[service.namespace, service.name] != READY]
        if not left:
            return Verdict(states=states)
        if waited >= seconds:
            around = _around(kube, left, deployments)
            why = {service: _why(service, objects, around[service.namespace]) for service in left}
            return Verdict(states=states, why=why, waited=waited)
        if time.monotonic() >= tell:
            tell += _TELL_SECONDS
            around = _around(kube, left[:1], deployments)
            reason = _why(left[0], objects, around[left[0].namespace])[0].text
            more = f" and {len(left) - 1} more" if len(left) > 1 else ""
            say(f"waiting for {left[0]}{more} ({waited:.0f} of at most {seconds:.0f} s): {reason}")
        time.sleep(_STEP_SECONDS)


def _look(
    kube: Kube, services: Sequence[Service], environment: str
) -> tuple[dict[tuple[str, str], str], dict[Service, Object | None], list[Object]]:
    namespaces = sorted({service.namespace for service in services})
    found = kube.listing([_DEPLOYMENT], selector={f"{DOMAIN}/environment": environment}, namespaces=namespaces)
    deployments = [entry for _, entry in found.objects]
    answers = kube.get_all([(entry.kind, entry.namespace, entry.name) for entry in services])
    objects: dict[Service, Object | None] = {}
    for service, answer in zip(services, answers, strict=True):
        if isinstance(answer, KubeError):
            raise answer
        objects[service] = answer
    if found.unread:
        raise KubeError("; ".join(found.unread.values()))
    states = {
        (service.namespace, service.name): state_of(
            live, [entry for entry in deployments if entry["metadata"]["namespace"] == service.namespace]
        )
        for service, live in objects.items()
    }
    return states, objects, deployments


def _around(kube: Kube, services: Sequence[Service], deployments: Sequence[Object]) -> dict[str, Around]:
    """What is in the namespaces of the services; what may not be read is named."""
    made = {}
    for namespace in {service.namespace for service in services}:
        found = kube.listing(_AROUND.values(), inside=namespace)
        parts = {name: [live for kind, live in found.objects if kind == wanted] for name, wanted in _AROUND.items()}
        here = [entry for entry in deployments if entry["metadata"]["namespace"] == namespace]
        made[namespace] = Around(deployments=here, unread=list(found.unread.values()), **parts)
    return made


def explain(kube: Kube, service: Service, live: Object | None, deployments: Sequence[Object]) -> Sequence[Reason]:
    """Why one service is not Ready; never empty. Raises KubeError."""
    return _why(service, {service: live}, _around(kube, [service], deployments)[service.namespace])


def _why(service: Service, objects: Mapping[Service, Object | None], around: Around) -> list[Reason]:
    return reasons(objects[service], service.kind.kind, service.namespace, service.name, around)
