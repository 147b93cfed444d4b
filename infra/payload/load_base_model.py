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
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import completion, load_status, local_files, one_load, receiving, signed_model
from . import fetch_adapters as base

PARALLEL = 4


class Source:
    """Where the files come from: a bucket, or a folder of the same layout."""

    def __init__(self, ref: str, bucket: str | None, folder: Path | None) -> None:
        """Raise FetchError when the environment does not say how to reach the bucket."""
        self._prefix, self._folder = f"base/{ref}", folder
        self._store = base.Store(bucket or "") if folder is None else None

    def of(self, path: str) -> receiving.Source:
        """One of the files."""
        if self._store is not None:
            return self._store.source(f"{self._prefix}/{path}")
        return _Local(Path(str(self._folder), self._prefix, path))


class _Local(receiving.Source):
    def __init__(self, path: Path) -> None:
        self._path, self.where = path, str(path)

    def open(self, offset: int) -> receiving.Opened:
        stream = os.fdopen(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        stream.seek(offset)
        return receiving.Opened(stream, offset, os.fstat(stream.fileno()).st_size)

    def broken(self, error: Exception) -> bool:
        return False

    def fault(self, error: Exception) -> receiving.FetchError:
        if not isinstance(error, OSError):
            raise error
        return receiving.FetchError(f"{self.where}: cannot be read: {error.strerror}; expected a file")


def read_manifest(path: Path) -> tuple[dict[str, Any], str]:
    """Return the manifest and its sha256 sum; raise FetchError with every fault in it."""
    try:
        content = path.read_bytes()
        data = json.loads(content, object_pairs_hook=base._no_duplicates)
    except (OSError, ValueError) as error:
        raise receiving.FetchError(f"manifest {path}: {error}", receiving.BAD_INPUT) from None
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
        raise receiving.FetchError("\n".join(f"manifest: {fault}" for fault in faults), receiving.BAD_INPUT)
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
        receiving.received(
            source.of(file["path"]), part, file, local_files.Sum(), lambda count, read: progress.add(count, read=read)
        )
        turn.check()
        part.replace(final)
        local_files.sync(final.parent)
    except receiving.FetchError as error:
        return error
    except OSError as error:
        return receiving.FetchError(f"{final}: cannot be written: {error.strerror}", receiving.BAD_INPUT)
    return None


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
            return [receiving.FetchError(f"{ref}: {reason}; waited {waited:.0f} s; check: {hint}")]
        print(f"{ref}: {reason}; waiting, {waited:.0f} of {patience:.0f} s", flush=True)
        time.sleep(min(load_status.PROGRESS_SECONDS, patience - waited))
    try:
        signer = signed_model.signed_by(manifest, folder)
    except receiving.FetchError as error:
        return [error]
    print(f"{ref}: complete: marker and sizes are right{completion.by(signer)}", flush=True)
    return []


def _refuse_links(folder: Path) -> None:
    if any(place.is_symlink() for place in (folder, *folder.parents[:2])):
        raise receiving.FetchError(f"{folder}: is or lies below a link; rule: a folder of its own", receiving.BAD_INPUT)


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
        faults = [receiving.FetchError(str(error), receiving.NO_STORE)]
    except receiving.FetchError as error:
        faults = [error]
    except OSError as error:
        faults = [receiving.FetchError(f"--models {arguments.models}: {error.strerror}", receiving.BAD_INPUT)]
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    order = (receiving.WRONG_CONTENT, receiving.NO_STORE, receiving.BAD_INPUT).index
    return int(min((fault.code for fault in faults), key=order, default=0))


if __name__ == "__main__":
    sys.exit(main())
