"""Bring a base model's verified files onto a volume, and tell servers whether they are there.

Loading runs in a Job, the check in an init container of each server, both on Python 3.9+ with boto3 alone. The files of
`base/<name>/vN/` come from a bucket or from a mounted folder of the same layout. Memory is bounded whatever the files'
sizes. A right file is kept, a partial one continued. One load writes at a time, others wait. Nothing but the manifest's
files stays in the version's folder, and the completion marker is written as the last step, after every file had its
size and sha256 sum: a fault leaves no marker. Where the manifest names signers, the signature is fetched first, and
nothing else is fetched unless one of them signed these very files; the marker says who. Exit codes: 1 (content is not
what the manifest says, not signed, or not loaded), 2 (bad manifest or arguments, or a volume that cannot be written), 3
(store out of reach or access denied, or another load has taken over).

The check compares the marker and every file's size, and holds the signature against the signers once more; it hashes
nothing, so that a start of a server does not read a hundred gigabytes twice.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from . import completion, load_status, local_files, one_load, signed_model
from . import fetch_adapters as base

PARALLEL = 4
ATTEMPTS = 5
MIB = load_status.MIB


class Source:
    """Where the files come from: a bucket, or a folder of the same layout."""

    def __init__(self, ref: str, bucket: str | None, folder: Path | None) -> None:
        """Raise FetchError when the environment does not say how to reach the bucket."""
        self._prefix, self._folder = f"base/{ref}", folder
        self._store = base.Store(bucket or "") if folder is None else None

    def open(self, path: str, offset: int) -> Any:
        """A stream with `read(count)` of a file's bytes from `offset` on."""
        if self._store is None:
            flags = os.O_RDONLY | os.O_NOFOLLOW
            stream = os.fdopen(os.open(Path(str(self._folder), self._prefix, path), flags), "rb")
            stream.seek(offset)
            return stream
        key = f"{self._prefix}/{path}"
        return self._store._client.get_object(Bucket=self._store.bucket, Key=key, Range=f"bytes={offset}-")["Body"]

    def where(self, path: str) -> str:
        """The file as messages name it."""
        place = self._folder if self._store is None else self._store.bucket
        return f"{place}/{self._prefix}/{path}"

    def fault(self, path: str, error: Exception) -> Any:
        """What an exception of `open` or `read` means."""
        if isinstance(error, (BotoCoreError, ClientError)) and self._store is not None:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == "InvalidRange":
                return base.FetchError(f"{self.where(path)}: shorter than the manifest says")
            return self._store._explain(f"{self._prefix}/{path}", error)
        reason = getattr(error, "strerror", None) or type(error).__name__
        return base.FetchError(f"{self.where(path)}: cannot be read: {reason}; expected a file")


def read_manifest(path: Path) -> tuple[dict[str, Any], str]:
    """Return the manifest and its sha256 sum; raise FetchError with every fault in it."""
    try:
        content = path.read_bytes()
        data = json.loads(content, object_pairs_hook=base._no_duplicates)
    except (OSError, ValueError) as error:
        raise base.FetchError(f"manifest {path}: {error}", base.BAD_INPUT) from None
    faults = base._wrong_fields("manifest", data, "name", "version")
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, list) or not files:
        faults.append("files: rule: at least one file")
    else:
        faults += base._twice("files", [base._field(file, "path") for file in files])
        for number, file in enumerate(files):
            faults += base._wrong_fields(f"files[{number}]", file, "path", "sha256", "sizeBytes")
    faults += signed_model.signers_faults(data)
    if faults:
        raise base.FetchError("\n".join(f"manifest: {fault}" for fault in faults), base.BAD_INPUT)
    return data, signed_model.sum_of(content, data)


def load_file(source: Source, file: dict[str, Any], folder: Path, progress: load_status.Progress, turn: Any) -> Any:
    """Put one verified file in its place; return what is wrong with it."""
    final = folder / file["path"]
    part = final.with_name(f".{final.name}.part")
    try:
        if local_files.is_right(final, file):
            progress.add(file["sizeBytes"], read=False)
            return None
        turn.check()
        local_files.discard(final)
        final.parent.mkdir(parents=True, exist_ok=True)
        if part.is_symlink() or part.is_dir():
            local_files.discard(part)
        resumed = part.exists()
        actual = receive(source, file, part, progress)
        if actual != file["sha256"] and resumed:
            local_files.discard(part)  # the beginning may have been another file's
            actual = receive(source, file, part, progress)
        if actual != file["sha256"]:
            local_files.discard(part)
            return base.FetchError(f"{source.where(file['path'])}: sha256 {actual}; expected {file['sha256']}")
        turn.check()
        part.replace(final)
        local_files.sync(final.parent)
    except base.FetchError as error:
        return error
    except OSError as error:
        return base.FetchError(f"{final}: cannot be written: {error.strerror}", base.BAD_INPUT)
    return None


def receive(source: Source, file: dict[str, Any], part: Path, progress: load_status.Progress) -> str:
    """Continue or begin `part` until it has the file's size; return its sha256 sum."""
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "r+b") as out:
        digest, have = hash_beginning(out, file["sizeBytes"])
        progress.add(have, read=False)
        where, failures = source.where(file["path"]), 0
        while have < file["sizeBytes"]:
            before = have
            try:
                stream = source.open(file["path"], have)
            except (BotoCoreError, ClientError, OSError) as error:
                raise source.fault(file["path"], error) from None
            try:
                for chunk in iter(lambda: stream.read(MIB), b""):  # noqa: B023 - called before the next round
                    have += len(chunk)
                    if have > file["sizeBytes"]:
                        raise base.FetchError(f"{where}: more than {file['sizeBytes']} bytes")
                    out.write(chunk)
                    digest.update(chunk)
                    progress.add(len(chunk), read=True)
                if have < file["sizeBytes"]:
                    raise base.FetchError(f"{where}: {have} bytes; expected {file['sizeBytes']} bytes")
            except BotoCoreError as error:
                failures = 0 if have > before else failures + 1
                if failures >= ATTEMPTS:
                    raise source.fault(file["path"], error) from None
            finally:
                stream.close()
        out.flush()
        os.fsync(out.fileno())
    return str(digest.hexdigest())


def hash_beginning(out: BinaryIO, size: int) -> tuple[Any, int]:
    """Hash what an interrupted load left; what is too long is thrown away."""
    digest, have = hashlib.sha256(), 0
    if os.fstat(out.fileno()).st_size > size:
        out.truncate(0)
    for chunk in iter(lambda: out.read(MIB), b""):
        digest.update(chunk)
        have += len(chunk)
    return digest, have


def load(manifest: dict[str, Any], sha256: str, source: Source, folder: Path, turn: Any, *, port: int = 0) -> list[Any]:
    """Bring every file to the folder, then write the marker; return what is wrong. Tell on the port how far it is."""
    folder.mkdir(parents=True, exist_ok=True)
    local_files.discard(folder / completion.MARKER)
    local_files.sync(folder)
    ref, files = f"{manifest['name']}/{manifest['version']}", manifest["files"]
    total = sum(file["sizeBytes"] for file in files)
    for path in _extras(folder, manifest):
        local_files.discard(folder / path)
    progress = load_status.Progress(ref, total)
    if port:
        load_status.serve(manifest["name"], manifest["version"], progress, "", port)
    signature = signed_model.signature_file(manifest)
    faults = [fault for file in signature if (fault := load_file(source, file, folder, progress, turn))]
    if faults:
        return faults
    signer = signed_model.signed_by(manifest, folder)
    rest = signed_model.signed_files(manifest)
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda file: load_file(source, file, folder, progress, turn), rest))
    progress.tell()
    faults = [fault for fault in found if fault is not None]
    if not faults:
        marker = {"ref": ref, "manifestSha256": sha256, "files": len(files), "bytes": total}
        marker["loaded"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        completion.mark(folder, marker, signer, turn)
    return faults


def load_signature(manifest: dict[str, Any], source: Source, folder: Path, turn: Any) -> list[Any]:
    """Bring the signature to files that are all there, where it lacks or is another one; return what is wrong."""
    progress = load_status.Progress(f"{manifest['name']}/{manifest['version']}", 0)
    signature = signed_model.signature_file(manifest)
    faults = [fault for file in signature if (fault := load_file(source, file, folder, progress, turn))]
    if not faults:
        completion.tell(manifest, folder, turn)
    return faults


def _extras(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Files and links that are neither the manifest's, nor the beginning of one, nor the marker."""
    wanted = {Path(file["path"]) for file in manifest["files"]}
    kept = (
        {completion.MARKER}
        | {str(path) for path in wanted}
        | {str(path.with_name(f".{path.name}.part")) for path in wanted}
    )
    return sorted(local_files.entries(folder) - kept)


def check(manifest: dict[str, Any], sha256: str, folder: Path, patience: float) -> list[Any]:
    """Wait until the base model is there, so many seconds at most; return what is wrong then."""
    start = time.monotonic()
    ref = f"base/{manifest['name']}/{manifest['version']}"
    while (reason := completion.not_complete(folder, manifest, sha256)) is not None:
        waited = time.monotonic() - start
        if waited >= patience:
            hint = "the load Job of this base model says why: kubectl get jobs, kubectl logs"
            return [base.FetchError(f"{ref}: {reason}; waited {waited:.0f} s; check: {hint}")]
        print(f"{ref}: {reason}; waiting, {waited:.0f} of {patience:.0f} s", flush=True)
        time.sleep(min(load_status.PROGRESS_SECONDS, patience - waited))
    try:
        signer = signed_model.signed_by(manifest, folder)
    except base.FetchError as error:
        return [error]
    print(f"{ref}: complete: marker and sizes are right{completion.by(signer)}", flush=True)
    return []


def _refuse_links(folder: Path) -> None:
    if any(place.is_symlink() for place in (folder, *folder.parents[:2])):
        raise base.FetchError(f"{folder}: is or lies below a link; rule: a folder of its own", base.BAD_INPUT)


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(description="load a base model onto a volume, or check that it is there")
    parser.add_argument("--manifest", type=Path, required=True, help="manifest.json: name, version, files, sums")
    parser.add_argument("--models", type=Path, required=True, help="mounted volume; files go to base/<name>/vN below")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--bucket", help="load from this bucket")
    what.add_argument("--from", dest="source", type=Path, help="load from this folder, which holds base/<name>/vN/")
    what.add_argument("--wait", type=float, metavar="SECONDS", help="load nothing: check, and wait so long for a load")
    parser.add_argument("--verify-all", action="store_true", help="hash every file again though the marker is right")
    parser.add_argument("--port", type=int, default=0, help="of /metrics while a load runs")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    faults: list[Any] = []
    try:
        manifest, sha256 = read_manifest(arguments.manifest)
        ref = f"{manifest['name']}/{manifest['version']}"
        folder = arguments.models / "base" / ref
        _refuse_links(folder)
        if arguments.wait is not None:
            faults = check(manifest, sha256, folder, arguments.wait)
        else:
            source = Source(ref, arguments.bucket, arguments.source)
            with one_load.turn(folder) as turn:
                rest = {**manifest, "files": signed_model.signed_files(manifest)}
                is_there = not completion.not_complete(folder, rest, sha256) and not _extras(folder, manifest)
                if arguments.verify_all or not is_there:
                    faults = load(manifest, sha256, source, folder, turn, port=arguments.port)
                else:
                    faults = load_signature(manifest, source, folder, turn)
    except one_load.OvertakenError as error:
        faults = [base.FetchError(str(error), base.NO_STORE)]
    except base.FetchError as error:
        faults = [error]
    except OSError as error:
        faults = [base.FetchError(f"--models {arguments.models}: {error.strerror}", base.BAD_INPUT)]
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    order = (base.WRONG_CONTENT, base.NO_STORE, base.BAD_INPUT).index
    return int(min((fault.code for fault in faults), key=order, default=0))


if __name__ == "__main__":
    sys.exit(main())
