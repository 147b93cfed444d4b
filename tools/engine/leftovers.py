"""What a killed update has made, that no state holds and no settings declare any more: removed, or named.

Asked before the update that follows, by its preview, and after it, by its state. Removed is only what the journal
names, what our own field manager wrote, and what was made since that update began. What the program protects is named,
and buckets.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tools.engine.journal import Journal, Made, Stack, unrecorded
from tools.engine.outcome import DELETE, Change, Outcome
from tools.engine.places import BUCKET, QUOTA, USER, is_object, place_of

_NAMESPACE = "Namespace"
_CLOCKS = timedelta(minutes=5)
"""How far the clock of the API server may be behind."""
_SECONDS = 120


class UnseenError(Exception):
    """The cluster could not be asked, or refused; `str()` is one line."""


@dataclass(frozen=True, kw_only=True)
class Kubectl:
    """Runs kubectl in an environment whose KUBECONFIG leads to the cluster."""

    environment: Mapping[str, str]

    def __call__(self, *words: str) -> str:
        """What it prints; raise UnseenError with its own words."""
        command = ["kubectl", *words, "--request-timeout=20s"]
        try:
            done = subprocess.run(
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise UnseenError(f"kubectl gave no answer in {_SECONDS} s") from None
        except OSError as error:
            raise UnseenError(f"kubectl cannot be started: {error.strerror}") from None
        if done.returncode != 0:
            raise UnseenError(" ".join(done.stderr.split())[-400:] or f"kubectl ended with {done.returncode}")
        return done.stdout

    def one(self, made: Made) -> dict[str, Any] | None:
        """The object, None where there is none."""
        try:
            text = self("get", *_named(made), "--ignore-not-found", "--show-managed-fields", "-o", "json")
        except UnseenError as error:
            if "the server doesn't have a resource type" in str(error):
                return None
            raise
        found: dict[str, Any] | None = json.loads(text) if text.strip() else None
        return found


def remove_leftovers(stack: Stack, kubectl: Kubectl) -> list[str]:
    """After an update: remove what is left, in the cluster and in the store, and end the journal.

    Returns one line for each thing that was removed or is named; raises UnseenError where that cannot be told, and then
    the journal stays.
    """
    if (journal := stack.journal.read()) is None:
        return []
    latest = stack.latest()
    told = _removed(journal, _nowhere(unrecorded(journal, latest), latest), kubectl)
    stack.journal.clear()
    return told


def make_way(stack: Stack, kubectl: Kubectl, planned: Outcome) -> list[str]:
    """After a preview, also one that failed by it: remove what a create cannot take over, as it cannot be changed.

    Returns one line for each that was removed, and then the preview is made again; raises UnseenError.
    """
    if (journal := stack.journal.read()) is None:
        return []
    wanted = {change.urn: change.fixed for change in _declared(planned)}
    told = []
    for made in unrecorded(journal, stack.latest()):
        if wanted.get(made.urn, made.fixed) == made.fixed:
            continue
        found = kubectl.one(made)
        if found is not None and _is_ours(made, found, journal):
            kubectl("delete", *_named(made), "--ignore-not-found", "--wait=true")
            told.append(f"{_called(made)}: of other settings and not to be changed; removed, and made anew")
    return told


def clear_the_way(stack: Stack, kubectl: Kubectl, planned: Outcome) -> list[str]:
    """After a preview of the whole program: remove what that declares no more, and is in no state.

    A Job that goes on would keep its volume from being deleted. Returns one line for each thing that was removed or is
    named; raises UnseenError.
    """
    if (journal := stack.journal.read()) is None:
        return []
    spots = {_spot(change.type, change.place) for change in _declared(planned)}
    latest = stack.latest()
    undeclared = [made for made in unrecorded(journal, latest) if _spot(made.type, made.place) not in spots]
    return _removed(journal, _nowhere(undeclared, latest), kubectl)


def _declared(planned: Outcome) -> list[Change]:
    return [change for change in planned.started if change.operation != DELETE]


def _removed(journal: Journal, candidates: Iterable[Made], kubectl: Kubectl) -> list[str]:
    left = list(candidates)
    there = [(made, found) for made in left if is_object(made.type) if (found := kubectl.one(made)) is not None]
    mine = [made for made, found in there if _is_ours(made, found, journal)]
    told = [
        f"{_called(made)}: made by another or before that update; it stays" for made, _ in there if made not in mine
    ]
    told += [f"{_called(made)}: is protected; remove it with {_removal(made)}" for made in mine if made.protected]
    stay = {made.place.get("namespace") for made in mine if made.protected}
    # A namespace takes everything in it along: it goes last.
    for made in sorted(mine, key=lambda made: _kind(made) == _NAMESPACE):
        if not made.protected:
            told.append(_without(made, stay, kubectl))
    told += _users([made for made in left if made.type.endswith(USER)], kubectl.environment)
    for end, what in ((BUCKET, "bucket"), (QUOTA, "quota of bucket")):
        told += [
            f"{what} {made.place.get('bucket')}: may be there; it stays" for made in left if made.type.endswith(end)
        ]
    return told


def _nowhere(made: Iterable[Made], latest: Mapping[str, Any]) -> Iterator[Made]:
    """Those that the state does not hold under another URN either."""
    known = {_spot(entry["type"], place_of(entry["type"], entry.get("inputs") or {}))
             for entry in latest.get("resources") or ()}  # fmt: skip
    yield from (entry for entry in made if _spot(entry.type, entry.place) not in known)


def _spot(kind: str, place: Mapping[str, str]) -> tuple[str, ...]:
    names = ("namespace", "name", "bucket", "accessKey")
    return (kind.rpartition(":")[2], *(place.get(name, "") for name in names))


def _is_ours(made: Made, found: Mapping[str, Any], journal: Journal) -> bool:
    stack, project = made.urn.removeprefix("urn:pulumi:").split("::")[:2]
    manager = f"{project}-{stack}"
    metadata = found["metadata"]
    managers = {entry.get("manager") for entry in metadata.get("managedFields") or ()}
    born = datetime.fromisoformat(metadata["creationTimestamp"])
    return manager in managers and born >= datetime.fromisoformat(journal.since) - _CLOCKS


def _without(made: Made, stay: Collection[str | None], kubectl: Kubectl) -> str:
    if _kind(made) == _NAMESPACE and made.place["name"] in stay:
        return f"{_called(made)}: holds what is protected; remove it with {_removal(made)}"
    kubectl("delete", *_named(made), "--ignore-not-found", "--wait=false")
    return f"{_called(made)}: removed"


def _users(made: Sequence[Made], environment: Mapping[str, str]) -> list[str]:
    """Take keys of the store away, in a process that has the administrator's key in its environment."""
    if not made:
        return []
    done = subprocess.run(
        [sys.executable, "-m", "tools.engine.unmade_users"],
        env=dict(environment),
        input=json.dumps([dict(entry.place) for entry in made]),
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    if done.returncode != 0:
        raise UnseenError(f"users of the object store: {' '.join(done.stderr.split())[-400:]}")
    return [f"user {name} of the object store: removed" for name in done.stdout.split()]


def _kind(made: Made) -> str:
    return made.type.rpartition(":")[2]


def _resource(made: Made) -> str:
    """The kind with its version and group, as kubectl takes it."""
    group, _, version = made.type.split(":")[1].rpartition("/")
    return _kind(made) if group in ("core", "") else f"{_kind(made)}.{version}.{group}"


def _named(made: Made) -> list[str]:
    namespace = made.place.get("namespace")
    return [_resource(made), made.place["name"], *(["--namespace", namespace] if namespace else [])]


def _removal(made: Made) -> str:
    return f"`kubectl delete {' '.join(_named(made))}`"


def _called(made: Made) -> str:
    return f"{_kind(made)} {'/'.join(value for key, value in made.place.items() if key in ('namespace', 'name'))}"
