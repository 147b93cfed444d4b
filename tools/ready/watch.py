"""While an engine works: what it waits for, told from time to time in the cluster's own words."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from components.labels import DOMAIN, SERVICE_LABEL
from tools.drift.leaving import reasons as going
from tools.drift.recorded import named
from tools.kube import Kind, Kube, KubeError, Object
from tools.ready.reasons import Reason, pod_reason
from tools.ready.services import READY, SERVICES, Service, state_of
from tools.ready.wait import explain

EVERY_SECONDS = 15.0
_DEPLOYMENT, _POD = Kind("apps/v1", "Deployment"), Kind("v1", "Pod")
_SERVING = (Kind("serving.kserve.io/v1beta1", "InferenceService"),
            Kind("serving.kserve.io/v1alpha2", "LLMInferenceService"))  # fmt: skip
_GOING = (Kind("v1", "Namespace"), Kind("v1", "PersistentVolumeClaim"))


class Watch:
    """Looks every so many seconds; `ended` has the lines for a person once it has stopped what is waited for."""

    def __init__(
        self, kube: Kube, environment: str, say: Callable[[str], None], *, every: float = EVERY_SECONDS
    ) -> None:
        """Tell `say` what is waited for in an environment, every so many seconds."""
        self.ended: list[str] = []
        self._kube, self._environment, self._say, self._every = kube, environment, say, every
        self._since: dict[str, float] = {}

    @contextmanager
    def running(self, patience: float = math.inf, stop: Callable[[], None] | None = None) -> Iterator[Watch]:
        """Until the block ends, tell what is not Ready, pending or going, and why; never fails.

        When something has stood still for `patience` seconds that does not come by itself, `stop` is called once.
        """
        end = threading.Event()
        thread = threading.Thread(target=self._watch, args=(end, patience, stop), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            end.set()
            thread.join()

    def _watch(self, end: threading.Event, patience: float, stop: Callable[[], None] | None) -> None:
        start = time.monotonic()
        while not end.wait(self._every):
            try:
                found = list(waiting(self._kube, self._environment))
            except KubeError:
                continue
            if found and not end.is_set():
                self._say(f"waiting since {time.monotonic() - start:.0f} s: {found[0][0]}: {found[0][1].text}")
            held = self._stuck(found, patience)
            if held and stop and not self.ended:
                self.ended = held
                stop()

    def _stuck(self, found: Sequence[tuple[str, Reason]], patience: float) -> list[str]:
        now = time.monotonic()
        stuck = {what: reason for what, reason in found if reason.stuck}
        self._since = {what: self._since.get(what, now) for what in stuck}
        over = {what: now - since for what, since in self._since.items() if now - since >= patience}
        return [
            line
            for what, seconds in over.items()
            for line in (
                f"not Ready after {seconds:.0f} s: {what}",
                f"  {stuck[what].text}",
                f"  look: {stuck[what].look}",
            )
        ]


def waiting(kube: Kube, environment: str) -> Iterator[tuple[str, Reason]]:
    """What is going, then services that are not Ready, then other pods that have not started; each with its reason."""
    labels = {f"{DOMAIN}/environment": environment}
    found = kube.listing([*_GOING, *_SERVING, _DEPLOYMENT, _POD], selector=labels).objects
    for kind, live in found:
        if kind in _GOING and live["metadata"].get("deletionTimestamp"):
            why = "; ".join(going(live)) or "its end"
            yield f"{_named(kind, live)}, which is being removed", Reason(text=why, look="")
    deployments = [live for kind, live in found if kind == _DEPLOYMENT]
    for kind, live in found:
        if kind.kind in SERVICES and state_of({**live, "kind": kind.kind}, deployments) != READY:
            service = Service(kind, live["metadata"]["namespace"], live["metadata"]["name"])
            yield str(service), explain(kube, service, live, deployments)[0]
    for kind, live in found:
        served = SERVICE_LABEL in (live["metadata"].get("labels") or {})
        if kind == _POD and not served and (reason := pod_reason(live)):
            yield _named(kind, live), reason


def _named(kind: Kind, live: Object) -> str:
    return named(kind.kind, live["metadata"].get("namespace", ""), live["metadata"]["name"])
