"""Publish artifacts: from a folder into the bucket that servers read, checked against the catalog's sums.

Guaranteed: nothing appears in the bucket unless every file of every artifact has the catalog's size and sum and no key
holds other content; an object is never overwritten; the store checks each upload's SHA256 again, or where it cannot the
object is read back; the file that makes an artifact complete (its config) comes last. Publishing twice changes nothing.

A file that one request can hold is hashed and then sent. A larger one is read once: its parts are sent while they are
hashed, and become an object only after everything else was right. Memory does not grow with the files.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError

from infra.catalog import BaseModel, Catalog, FileSum
from infra.faults import MISSING, Fault, FaultsError
from infra.stores import CHECKSUMS, CONDITIONAL_WRITES, StoreFacts
from ops.sums import sha256
from ops.uploads.errors import ERRORS, store_error
from ops.uploads.held import code_of, compared, head, read_back
from ops.uploads.parts import OVERTAKEN, Place, Sent, abandon, complete, send
from ops.uploads.reading import AnswerError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_LAST = ("adapter_config.json", "config.json")
_PARALLEL = 4


@dataclass(frozen=True, kw_only=True)
class PublishReport:
    """What was done: keys uploaded, keys that held the same content already, and bytes sent."""

    bucket: str
    uploaded: tuple[str, ...]
    already_there: tuple[str, ...]
    sent_bytes: int


@dataclass(frozen=True, kw_only=True)
class _Item:
    key: str
    source: Path
    file: FileSum


def publish(
    client: S3Client,
    bucket: str,
    catalog: Catalog,
    refs: Sequence[str],
    source: Path | Mapping[str, Path],
    *,
    store: StoreFacts = StoreFacts(),  # noqa: B008 - frozen
    progress: Callable[[str], None] = lambda line: None,
) -> PublishReport:
    """Upload the artifacts `refs` (adapters or base models) from `source/<ref>/` to `<bucket>/<ref>/<file>`.

    A base model's key is `base/<ref>/<file>`. `source` may also name the folder of each artifact. `store` is what may
    be counted on of the store; the parts of large files that were sent before an interruption are not sent again.

    Raise FaultsError with every fault before anything appears, StoreError when the store does not answer.
    """
    items = _items(catalog, refs, source, store)
    job = _Job(client=client, bucket=bucket, store=store, progress=progress)
    try:
        states = job.states(items)
        _refuse_faults(bucket, states)
        for state in states:
            if state.held is not None:
                progress(f"{bucket}/{state.item.key}: already there")
        uploaded = job.upload([state.item for state in states if state.held is None])
    except ERRORS as error:
        raise store_error(client, bucket, error) from None
    return PublishReport(
        bucket=bucket,
        uploaded=tuple(item.key for item in items if item.key in uploaded),
        already_there=tuple(item.key for item in items if item.key not in uploaded),
        sent_bytes=sum(uploaded.values()),
    )


def _items(catalog: Catalog, refs: Sequence[str], source: Path | Mapping[str, Path], store: StoreFacts) -> list[_Item]:
    faults: list[Fault] = []
    items: list[_Item] = []
    for ref in dict.fromkeys(refs):
        entry = catalog.adapters.get(ref) or catalog.base_models.get(ref)
        if entry is None:
            known = ", ".join([*catalog.adapters, *catalog.base_models])
            rule = f"must be an artifact of the catalog: {known}"
            faults.append(Fault(path="artifact", value=ref, rule=rule, example=next(iter(catalog.adapters), "")))
            continue
        if entry.state == "retired":
            rule = "a retired artifact is not published"
            faults.append(Fault(path=f"catalog {ref}.state", value=entry.state, rule=rule, example="approved"))
        folder = "base/" if isinstance(entry, BaseModel) else ""
        held = source / ref if isinstance(source, Path) else source[ref]
        files = sorted(entry.files, key=lambda file: (file.path in _LAST, file.path))
        for file in files:
            item = _Item(key=f"{folder}{ref}/{file.path}", source=held / file.path, file=file)
            items.append(item)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        faults += [fault for found in pool.map(lambda item: _local_faults(item, store), items) for fault in found]
    if faults:
        raise FaultsError("publish", faults)
    return items


def _local_faults(item: _Item, store: StoreFacts) -> list[Fault]:
    path, file = str(item.source), item.file
    try:
        size = item.source.stat().st_size
        if file.size_bytes > store.largest:
            rule = f"at most {store.largest} bytes: what the store takes (objectStore.abilities, objectStore.limits)"
            return [Fault(path=path, value=file.size_bytes, rule=rule, example="several safetensors files")]
        if size != file.size_bytes:
            rule = "must have the catalog's size in bytes"
            return [Fault(path=path, value=size, rule=rule, example=str(file.size_bytes))]
        if size > store.limits.put_bytes:
            return []  # hashed while it is sent
        return _sum_faults(item, sha256(item.source))
    except FileNotFoundError:
        rule = "every file of the catalog's entry must be in the folder"
        return [Fault(path=path, value=MISSING, rule=rule, example=item.key)]
    except OSError as error:
        return [_unreadable(item, error)]


def _unreadable(item: _Item, error: OSError) -> Fault:
    return Fault(path=str(item.source), value=error.strerror, rule="must be a readable file", example=item.key)


def _sum_faults(item: _Item, found: str) -> list[Fault]:
    if found == item.file.sha256:
        return []
    rule = "must have the catalog's sha256 sum"
    return [Fault(path=str(item.source), value=found, rule=rule, example=item.file.sha256)]


@dataclass(frozen=True, kw_only=True)
class _State:
    """An item, what its file has where that was hashed with it, and what the store holds; None is nothing."""

    item: _Item
    local: str | None = None
    held: str | None = None


def _refuse_faults(bucket: str, states: Sequence[_State]) -> None:
    faults = [fault for state in states if state.local is not None for fault in _sum_faults(state.item, state.local)]
    faults += [
        Fault(
            path=f"{bucket}/{state.item.key}",
            value=state.held,
            rule="an object is never overwritten: other content takes a new version",
            example=state.item.file.sha256,
        )
        for state in states
        if state.held not in (None, state.item.file.sha256)
    ]
    if faults:
        raise FaultsError("publish", faults)


class _Body:
    """A file on its way, which ends early once the run does: after Ctrl-C nobody waits for gigabytes."""

    def __init__(self, file: BinaryIO, stop: threading.Event) -> None:
        self._file, self._stop = file, stop
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        if self._stop.is_set():
            raise ConnectionError("stopped")
        return self._file.read(count)


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One run against one bucket."""

    client: S3Client
    bucket: str
    store: StoreFacts
    progress: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)

    def states(self, items: Sequence[_Item]) -> list[_State]:
        with ThreadPoolExecutor(_PARALLEL) as pool:
            return list(pool.map(self._state, items))

    def _state(self, item: _Item) -> _State:
        found = head(self.client, self.bucket, item.key)
        if found is None:
            return _State(item=item)
        known = None if self._is_large(item) else item.file.sha256
        local, held = compared(self.client, self.bucket, item.key, found, item.source, known=known)
        return _State(item=item, local=local, held=held)

    def _is_large(self, item: _Item) -> bool:
        return item.file.size_bytes > self.store.limits.put_bytes

    def upload(self, items: Sequence[_Item]) -> dict[str, int]:
        """Send what is not there; the bytes that each object took, by key. Of an artifact the last file comes last."""
        waiting = self._large([item for item in items if self._is_large(item)])
        sent: dict[str, int] = {}
        for last in (False, True):
            chosen = [item for item in items if (Path(item.key).name in _LAST) is last]
            with ThreadPoolExecutor(_PARALLEL) as pool:
                try:
                    counts = list(pool.map(lambda item: self._appear(item, waiting), chosen))
                except BaseException:
                    self.stop.set()
                    raise
            sent |= {item.key: count for item, count in zip(chosen, counts, strict=True) if count is not None}
        return sent

    def _large(self, items: Sequence[_Item]) -> dict[str, Sent]:
        """The parts of every file that one request cannot hold; raise FaultsError for content that is not right."""
        waiting: dict[str, Sent] = {}
        faults: list[Fault] = []
        for item in items:
            place = Place(client=self.client, bucket=self.bucket, key=item.key, store=self.store)
            try:
                waiting[item.key] = send(place, item.source, item.file.size_bytes, self.progress)
                faults += _sum_faults(item, waiting[item.key].sha256)
            except OSError as error:
                faults.append(_unreadable(item, error))
            except ClientError as error:
                # Somebody else has made the object, and with it this upload has ended: compared when it is due.
                if code_of(error) not in OVERTAKEN or head(self.client, self.bucket, item.key) is None:
                    raise
        if faults:
            for upload in waiting.values():
                abandon(upload)
            raise FaultsError("publish", faults)
        return waiting

    def _appear(self, item: _Item, waiting: Mapping[str, Sent]) -> int | None:
        """Make one object and return the bytes sent; None if someone else put the same content there meanwhile."""
        sent = waiting.get(item.key)
        try:
            made = complete(sent) if sent is not None else not self._is_large(item) and self._put(item)
        except OSError as error:
            raise FaultsError("publish", [_unreadable(item, error)]) from None
        if not made:
            state = self._state(item)
            if state.held is None:
                raise AnswerError(
                    f"{self.bucket}/{item.key}: another write came in between, and nothing is there; run it again"
                )
            _refuse_faults(self.bucket, [state])
            self.progress(f"{self.bucket}/{item.key}: already there")
            return None
        self.progress(f"{self.bucket}/{item.key}: uploaded, {item.file.size_bytes} bytes")
        return item.file.size_bytes if sent is None else sent.sent_bytes

    def _put(self, item: _Item) -> bool:
        """Upload one file in one request; False if there is an object meanwhile."""
        said: dict[str, Any] = {"IfNoneMatch": "*"} if self.store.can(CONDITIONAL_WRITES) else {}
        if self.store.can(CHECKSUMS):
            said["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(item.file.sha256)).decode()
        try:
            with item.source.open("rb") as file:
                body: Any = _Body(file, self.stop)
                self.client.put_object(Bucket=self.bucket, Key=item.key, Body=body, **said)
        except ClientError as error:
            if code_of(error) not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
            return False
        if (
            not self.store.can(CHECKSUMS)
            and (held := read_back(self.client, self.bucket, item.key)) != item.file.sha256
        ):
            raise AnswerError(f"{self.bucket}/{item.key}: the store holds {held} now; expected {item.file.sha256}")
        return True
