"""What somebody has removed or changed by hand in a stack of your own backend, and whether its kitchens are Ready.

The cluster is asked through kubectl, so with any kubeconfig. What cannot be looked at is said and does not hold up an
update: without kubectl, with a cluster that does not answer it, or without the right to list a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.load import read_stack_file
from tools.drift import Drift, DriftError, Mending, leftovers, look, mend, mend_after
from tools.drift.recorded import has_removals
from tools.drift.store import look_into
from tools.engine.outcome import Outcome
from tools.kube import Kube, KubeError, through_kubectl
from tools.local.errors import LocalError
from tools.local.targeted import Targeted, spared
from tools.progress import note
from tools.ready import Verdict, Watch, await_ready, declared_services

PATIENCE_SECONDS = 600.0
"""Servers of a namespace that is being removed may take minutes to end their requests."""
_PROVIDER = "pulumi:providers:kubernetes"


@dataclass(kw_only=True)
class Stack:
    """A stack and the engine that works on it."""

    name: str
    project: Path
    command: str
    engine: Targeted
    found: Drift = field(default_factory=Drift)
    _no_way: bool = False
    _removals: bool = False

    def look(self) -> None:
        """Hold the recorded state against cluster and store; what cannot be looked at is said."""
        resources = self.resources()
        self._removals = has_removals(resources)
        with self._kube(resources) as kube:
            if kube is None:
                return
            try:
                self.found = look(resources, kube, manager=_manager(resources), environment=self.environment,
                                  store=look_into)  # fmt: skip
            except KubeError as error:
                note(f"not compared: what somebody may have removed or changed by hand: {error}")

    @property
    def spared(self) -> list[str]:
        """Options of a refresh of everything (`targeted.spared`)."""
        return spared(self.found)

    def mend(self, take_back: str = "") -> list[str]:
        """Say what was found and mend it; sentences on what is left to a person. Raises LocalError."""
        if self.found == Drift() and not take_back:
            return []
        how = Mending(command=self.command, patience=PATIENCE_SECONDS, say=note, take_back=take_back)
        with self._kube(self.resources()) as kube:
            if kube is None:
                return []
            try:
                return mend(self.found, kube, self.engine, how)
            except (DriftError, KubeError) as error:
                raise LocalError(f"stack {self.name}: {error}") from error

    def after(self, update: Callable[[], Outcome]) -> Outcome | None:
        """After an update that has finished the removals of an interrupted one: what went with them is made again."""
        if not self._removals:
            return None
        self.look()
        try:
            how = Mending(command=self.command, patience=PATIENCE_SECONDS, say=note)
            again = mend_after(self.found, self.engine, how)
        except DriftError as error:
            raise LocalError(f"stack {self.name}: {error}") from error
        return update() if again else None

    @contextmanager
    def updating(self) -> Iterator[None]:
        """While the engine updates: what it waits for is told every fifteen seconds. Its own limits hold."""
        with self._kube(self.resources(), recorded=False) as kube:
            if kube is None:
                yield
            else:
                with Watch(kube, self.environment, note).running():
                    yield

    def leftovers(self) -> list[str]:
        """After the update: what is ours in the cluster and in no state."""
        return leftovers(self.found, self.resources()) if self.found.unknown else []

    def readiness(self, seconds: float) -> Verdict:
        """The state of every recorded kitchen, waited for at most `seconds`; what cannot be seen is said."""
        resources = self.resources()
        services = declared_services(resources)
        with self._kube(resources if services else []) as kube:
            try:
                return await_ready(kube, services, self.environment, seconds, note) if kube else Verdict(states={})
            except KubeError as error:
                note(f"not looked at: whether the kitchens are Ready: {error}")
                return Verdict(states={})

    @property
    def environment(self) -> str:
        """As the stack's settings name it."""
        return str(self._settings.get("environment", self.name))

    @cached_property
    def _settings(self) -> Mapping[str, Any]:
        return read_stack_file(self.project / f"Pulumi.{self.name}.yaml")

    def resources(self) -> Sequence[Mapping[str, Any]]:
        """What the backend has recorded, secrets encrypted; asked once between two runs of the engine."""
        return self.engine.stack.latest().get("resources") or []

    @contextmanager
    def _kube(self, resources: Sequence[Mapping[str, Any]], *, recorded: bool = True) -> Iterator[Kube | None]:
        """The stack's cluster; None where kubectl gives no way to it, or with `recorded` where nothing is recorded."""
        provider = next((entry for entry in resources if entry["type"] == _PROVIDER), None)
        inputs = (provider or {}).get("inputs") or self._settings.get("cluster") or {}
        if (provider is None and recorded) or "renderYamlToDirectory" in inputs or self._no_way:
            yield None
            return
        with ExitStack() as opened:
            try:
                transport = opened.enter_context(through_kubectl(inputs.get("context")))
            except KubeError as error:
                self._no_way = True
                note(f"not compared: what somebody may have removed or changed by hand, nor what is Ready: {error}")
                yield None
                return
            yield Kube(transport)


def _manager(resources: Sequence[Mapping[str, Any]]) -> str:
    """`<project>-<stack>`, as the URNs have it."""
    stack, project = str(resources[0]["urn"]).removeprefix("urn:pulumi:").split("::")[:2]
    return f"{project}-{stack}"
