"""What an update without checkpoints is about to do, written down before it begins: the state says it only at the end.

Where the update is killed, the next one reads here what may be there and not recorded (docs/adr/0025). Names alone are
written, no values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from tools.engine.outcome import CREATE, UPDATE, Outcome
from tools.engine.places import fixed_sum, place_of

_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that may have been made: its URN and type, its place, and the sum of what cannot change of it.

    `protected`: the program says that it must not be deleted.
    """

    urn: str
    type: str
    place: Mapping[str, str]
    fixed: str = ""
    protected: bool = False


@dataclass(frozen=True, kw_only=True)
class Journal:
    """What may be there and not recorded.

    `before` is the time of the state as it was then: a state of another time was written since, and says it all. None:
    one is known to have been. `unsure` holds from the beginning of a recovery to its end. `everything` says that the
    list of what was changed is not known.
    """

    since: str
    before: str | None
    changed: Sequence[str] = ()
    created: Sequence[Made] = field(default=())
    unsure: bool = False
    everything: bool = False

    @classmethod
    def of(cls, preview: Outcome, before: str) -> Self:
        """The journal of an update that has this preview."""
        created = [change for change in preview.started if change.operation == CREATE and change.place]
        return cls(
            since=_now(),
            before=before,
            changed=tuple(change.urn for change in preview.started if change.operation == UPDATE),
            created=tuple(
                Made(urn=c.urn, type=c.type, place=c.place, fixed=c.fixed, protected=c.protected) for c in created
            ),
        )

    @classmethod
    def unknown(cls) -> Self:
        """In the place of a journal that cannot be read: anything may have happened."""
        return cls(since=_now(), before=None, unsure=True, everything=True)

    @classmethod
    def of_pending(cls, latest: Mapping[str, Any]) -> Self:
        """What a killed update with checkpoints had begun, as the state itself says it."""
        pending = [
            (str(entry["type"]), entry.get("resource") or {}) for entry in latest.get("pending_operations") or ()
        ]
        created = [resource for operation, resource in pending if operation == "creating"]
        return cls(
            since=_now(),
            before=time_of(latest),
            changed=tuple(str(resource["urn"]) for operation, resource in pending if operation == "updating"),
            created=tuple(made for resource in created if (made := _made(resource)).place),
        )

    def after(self, older: Journal | None) -> Journal:
        """This journal with what an older one still says."""
        if older is None:
            return self
        created = {made.urn: made for made in (*older.created, *self.created)}
        return replace(
            self,
            since=min(self.since, older.since),
            changed=tuple(dict.fromkeys((*older.changed, *self.changed))),
            created=tuple(created.values()),
            everything=self.everything or older.everything,
            unsure=self.unsure or older.unsure,
        )

    def is_open(self, latest: Mapping[str, Any]) -> bool:
        """Whether the state does not say what has become of it: no state was written since, or a recovery was cut."""
        return self.unsure or (self.before is not None and self.before == time_of(latest))

    def text(self) -> str:
        """One line of JSON."""
        return json.dumps({"format": _FORMAT, **asdict(self)})

    @classmethod
    def read(cls, text: str) -> Self:
        """Read such a line; what is none counts as `unknown`."""
        try:
            said = json.loads(text)
            if said.pop("format") != _FORMAT:
                return cls.unknown()
            lists = {"changed": tuple(said["changed"]), "created": tuple(Made(**entry) for entry in said["created"])}
            return cls(**(said | lists))
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls.unknown()


class Shelf(Protocol):
    """Where the journal of a stack lies, outside of its state."""

    def read(self) -> Journal | None:
        """The journal; None without one."""

    def write(self, journal: Journal) -> None:
        """Put this one there, whole or not at all."""

    def clear(self) -> None:
        """Take it away; none is fine."""


class Stack(Protocol):
    """A stack as updates and recoveries need it."""

    @property
    def journal(self) -> Shelf:
        """Where its journal lies."""

    def latest(self) -> Mapping[str, Any]:
        """The state; empty without one."""

    def exported(self) -> dict[str, Any]:
        """The state as `pulumi stack export` gives it."""

    def imported(self, deployment: Mapping[str, Any]) -> None:
        """Put it back, as `pulumi stack import` does."""


def time_of(latest: Mapping[str, Any]) -> str:
    """When the engine wrote a state, as it says; empty for none."""
    return str((latest.get("manifest") or {}).get("time") or "")


def recorded(latest: Mapping[str, Any]) -> set[str]:
    """URNs that a state holds."""
    return {str(entry["urn"]) for entry in latest.get("resources") or ()}


def unrecorded(journal: Journal, latest: Mapping[str, Any]) -> list[Made]:
    """What may have been made and is not in the state."""
    known = recorded(latest)
    return [made for made in journal.created if made.urn not in known]


def _made(resource: Mapping[str, Any]) -> Made:
    kind, inputs = str(resource["type"]), resource.get("inputs") or {}
    return Made(
        urn=str(resource["urn"]),
        type=kind,
        place=place_of(kind, inputs),
        fixed=fixed_sum(kind, inputs),
        protected=bool(resource.get("protect")),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
