"""Fetch LoRA adapters from an S3-compatible store and let only verified ones be seen.

Runs in a pod's init container before the model server, on Python 3.9+ with boto3. An adapter appears at
`<target>/<name>` (its `served`, where it has one) in one rename, after every file had the manifest's size and sha256
sum, its weights no value that spoils a server's answers, and one of the signers had signed them; what is there already
is checked again. A file that was cut off goes on where it ended. On a fault nothing of that adapter stays where servers
read, every fault is told, and the exit code is 1 (content is not what the manifest says, or not signed), 2 (bad
manifest, arguments or target) or 3 (store out of reach or access denied).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import signer_keys, verify_signature
from .adapter_file import Watch, scale_in
from .local_files import MIB, discard, entries, is_right, sync
from .receiving import (
    BAD_INPUT,
    MISSING,
    NO_STORE,
    SIGNATURE,
    SUM,
    VALUES,
    WRONG_CONTENT,
    FetchError,
    Opened,
    Source,
    received,
)
from .tensor_values import SERVED

STAGE = ".fetching"
PARALLEL = 4
ATTEMPTS = 3
NEEDED = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+|\*)")
_WORD = "[A-Za-z0-9][A-Za-z0-9._-]*"
NAME = (re.compile(_WORD), "letters, digits and . _ -, a letter or digit first")
FIELDS = {
    **dict.fromkeys(("bucket", "name", "served", "version"), NAME),
    "path": (re.compile(f"{_WORD}(/{_WORD})*"), "a relative path of plain names, no .. and no //"),
    "sha256": (re.compile("[0-9a-f]{64}"), "64 lower-case hexadecimal digits"),
    "sizeBytes": (re.compile("[0-9]+"), "a whole number of bytes"),
    "dtype": (re.compile("|".join(SERVED)), f"one of {', '.join(SERVED)}"),
}


class Store:
    """The bucket; after one failed connection nothing more is tried."""

    def __init__(self, bucket: str, key: dict[str, str] | None = None) -> None:
        """Make the client from the environment, or with a key by boto3's names; raise FetchError where one lacks."""
        missing = [name for name in (NEEDED if key is None else NEEDED[:1]) if not os.environ.get(name)]
        if missing:
            raise FetchError(f"environment: {', '.join(missing)} not set; rule: store and key", BAD_INPUT)
        self.bucket, self.endpoint = bucket, os.environ["AWS_ENDPOINT_URL"]
        self.broken = threading.Event()
        config = Config(
            connect_timeout=3,
            read_timeout=30,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": "path"},
        )
        region = os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        try:
            said: Any = {"endpoint_url": self.endpoint, "region_name": region, "config": config, **(key or {})}
            self._client = boto3.client("s3", **said)
        except (BotoCoreError, ValueError) as error:
            message = f"AWS_ENDPOINT_URL: {self.endpoint}: {type(error).__name__}; rule: http(s)://host[:port]"
            raise FetchError(message, BAD_INPUT) from None

    def source(self, key: str) -> Source:
        """The object as a file to be received; not tried once the store was out of reach."""
        return _Object(self, key)

    def _explain(self, key: str, error: Exception) -> FetchError:
        where, kind = f"{self.bucket}/{key}", type(error).__name__
        if isinstance(error, FetchError):
            return error
        if isinstance(error, ClientError):
            return _refusal(where, error.response)
        if kind == "FlexibleChecksumError":
            return FetchError(f"{where}: content does not match the store's own checksum", why=SUM)
        if kind in ("EndpointConnectionError", "ConnectTimeoutError", "SSLError"):
            self.broken.set()
        return FetchError(f"{where}: store {self.endpoint} out of reach ({kind})", NO_STORE)


def _refusal(where: str, answer: Any) -> FetchError:
    code, status = answer.get("Error", {}).get("Code", "?"), answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "InvalidRange":
        return FetchError(f"{where}: shorter than the manifest says", why=SUM)
    if code in ("NoSuchKey", "404"):
        return FetchError(f"{where}: missing in the store; expected an object", why=MISSING)
    if status in (429, *range(500, 600)):
        return FetchError(f"{where}: the store could not answer: {code}; the next run goes on", NO_STORE)
    return FetchError(f"{where}: the store refused: {code}; check the key's rights", NO_STORE)


class _Object(Source):
    def __init__(self, store: Store, key: str) -> None:
        self._store, self._key, self.where = store, key, f"{store.bucket}/{key}"

    def open(self, offset: int) -> Opened:
        if self._store.broken.is_set():
            raise FetchError(f"{self.where}: not tried, the store is out of reach", NO_STORE)
        # A range is given without a sum of the store's, which boto3 would compute beside ours.
        bucket = self._store.bucket
        answer = self._store._client.get_object(Bucket=bucket, Key=self._key, Range=f"bytes={offset}-")
        found = _RANGE.fullmatch(answer.get("ContentRange", ""))
        if found is None:  # all of it: something on the way knows no ranges
            return Opened(answer["Body"], 0, answer.get("ContentLength"))
        return Opened(answer["Body"], int(found[1]), None if found[2] == "*" else int(found[2]))

    def broken(self, error: Exception) -> bool:
        return isinstance(error, BotoCoreError) and not self._store.broken.is_set()

    def fault(self, error: Exception) -> FetchError:
        return self._store._explain(self._key, error)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest; raise FetchError with every fault in it, one a line."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_duplicates)
    except (OSError, ValueError) as error:
        raise FetchError(f"manifest {path}: {error}", BAD_INPUT) from None
    adapters = _field(data, "adapters")
    if not isinstance(adapters, list) or _wrong_fields("manifest", data, "bucket"):
        raise FetchError(f'manifest {path}: rule: {{"bucket": "...", "adapters": [...]}}', BAD_INPUT)
    faults = _twice("adapters", [_field(adapter, "served") or _field(adapter, "name") for adapter in adapters])
    for index, adapter in enumerate(adapters):
        where, files = f"adapters[{index}]", _field(adapter, "files")
        more = ("served",) if _field(adapter, "served") is not None else ()
        faults += _wrong_fields(where, adapter, "name", "version", *more)
        if not isinstance(files, list) or not files:
            faults.append(f"{where}.files: {json.dumps(files)}; rule: at least one file")
            continue
        faults += _twice(f"{where}.files", [_field(file, "path") for file in files])
        for number, file in enumerate(files):
            faults += _wrong_fields(f"{where}.files[{number}]", file, "path", "sha256", "sizeBytes")
    faults += _wrong_fields("manifest", data, *(("dtype",) if "dtype" in data else ()))
    if "signers" in data:
        faults += signer_keys.signers_faults(data["signers"])
    if faults:
        raise FetchError("\n".join(f"manifest: {fault}" for fault in faults), BAD_INPUT)
    return dict(data)


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _wrong_fields(where: str, value: Any, *names: str) -> list[str]:
    faults = []
    for name in names:
        found, (pattern, rule) = _field(value, name), FIELDS[name]
        if type(found) is not (int if name == "sizeBytes" else str) or not pattern.fullmatch(str(found)):
            faults.append(f"{where}.{name}: {json.dumps(found)}; rule: {rule}")
    return faults


def _twice(where: str, found: list[Any]) -> list[str]:
    """Faults of names that stand twice, or that are at once a file and a folder of another."""
    names = sorted(name for name in found if isinstance(name, str))
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if a == b or b.startswith(f"{a}/")]
    return [f"{where}: {a!r} and {b!r}; rule: each stands once and none is a folder of another" for a, b in pairs]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError(f"a key stands twice in {sorted(key for key, _ in pairs)}")
    return dict(pairs)


def not_signed(adapter: dict[str, Any], folder: Path, signers: Any) -> FetchError | None:
    """Why none of the signers, where any are stated, has signed the right files in `folder`; None if one has."""
    reason = None if signers is None else verify_signature.refusal(folder, adapter["files"], signers)
    return FetchError(f"{adapter['name']}/{adapter['version']}/{reason}", why=SIGNATURE) if reason else None


def prepare(adapter: dict[str, Any], target: Path, signers: Any, dtype: str) -> bool:
    """Whether the adapter is there and right; if not, take it out of sight and keep only files to look at."""
    served = adapter.get("served", adapter["name"])
    final, stage = target / served, target / STAGE / served
    files = {file["path"]: file for file in adapter["files"]}
    if not final.is_symlink() and entries(final) == set(files):
        watches = {path: Watch(path, dtype, scale_in(final)) for path in files}
        right = all(is_right(final / path, file, watches[path]) for path, file in files.items())
        if right and not any(watch.faults() for watch in watches.values()) and not not_signed(adapter, final, signers):
            print(f"{served}: already there and right", flush=True)
            return True
        discard(stage)
        stage.parent.mkdir(exist_ok=True)
        final.rename(stage)
    discard(final)
    if stage.is_symlink():
        discard(stage)
    begun = {Path(path).with_name(f".{Path(path).name}.part").as_posix() for path in files}
    for path in entries(stage) - set(files) - begun:
        discard(stage / path)
    return False


def fetch_file(
    store: Store, adapter: dict[str, Any], file: dict[str, Any], target: Path, dtype: str
) -> FetchError | None:
    """Put one verified file into the stage; return what is wrong, with key, expected and actual."""
    key = f"{adapter['name']}/{adapter['version']}/{file['path']}"
    stage = target / STAGE / adapter.get("served", adapter["name"])
    staged = stage / file["path"]
    start, mib = time.monotonic(), file["sizeBytes"] / MIB
    watch = Watch(file["path"], dtype, scale_in(stage))
    try:
        if is_right(staged, file, watch):
            print(f"{key}: {mib:.1f} MiB, already there", flush=True)
            return _values_fault(store, key, watch)
        staged.parent.mkdir(parents=True, exist_ok=True)
        part = staged.with_name(f".{staged.name}.part")
        received(store.source(key), part, file, watch)
        part.replace(staged)
        sync(staged.parent)
    except FetchError as error:
        return error
    except OSError as error:
        return FetchError(f"{store.bucket}/{key}: cannot be written to {target}: {error.strerror}", BAD_INPUT)
    print(f"{key}: {mib:.1f} MiB, {mib / max(time.monotonic() - start, 1e-3):.1f} MiB/s", flush=True)
    return _values_fault(store, key, watch)


def _values_fault(store: Store, key: str, watch: Watch) -> FetchError | None:
    if faults := watch.faults():
        return FetchError(f"{store.bucket}/{key}: {'; '.join(faults)}", why=VALUES)
    for line in watch.told():
        print(f"{key}: {line}", flush=True)
    return None


def fetch(manifest: dict[str, Any], target: Path, key: dict[str, str] | None = None) -> list[FetchError]:
    """Fetch all adapters; each appears whole or not at all. Returns what is wrong with those that do not."""
    store, faults, signers = Store(manifest["bucket"], key), [], manifest.get("signers")
    if target.is_symlink() or (target / STAGE).is_symlink():
        raise FetchError(f"--target {target}: is or holds a link; rule: a folder of its own", BAD_INPUT)
    target.mkdir(parents=True, exist_ok=True)
    dtype = str(manifest.get("dtype") or "")
    wanted = [adapter for adapter in manifest["adapters"] if not prepare(adapter, target, signers, dtype)]
    found: list[list[FetchError]] = [[] for _ in wanted]
    with ThreadPoolExecutor(PARALLEL) as pool:
        for weights in (False, True):  # the scale of the weights stands in another file
            jobs = [
                (number, pool.submit(fetch_file, store, adapter, file, target, dtype))
                for number, adapter in enumerate(wanted)
                for file in adapter["files"]
                if Watch.looks_at(file["path"]) is weights
            ]
            for number, job in jobs:
                fault = job.result()
                found[number] += [fault] if fault is not None else []
    for number, adapter in enumerate(wanted):
        served = adapter.get("served", adapter["name"])
        staged = target / STAGE / served
        wrong = found[number] or [fault for fault in [not_signed(adapter, staged, signers)] if fault]
        if not wrong:
            staged.rename(target / served)
        faults += wrong
    if not any(fault.code == NO_STORE for fault in faults):  # else the next run goes on with what is there
        discard(target / STAGE)
    sync(target)
    return faults


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(description="fetch LoRA adapters and verify them")
    parser.add_argument("--manifest", type=Path, required=True, help="manifest.json: bucket, adapters, sums")
    parser.add_argument("--target", type=Path, required=True, help="folder that the server reads")
    arguments = parser.parse_args()
    # A container's first process ignores SIGTERM unless it says otherwise.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    try:
        faults = fetch(read_manifest(arguments.manifest), arguments.target)
    except FetchError as error:
        faults = [error]
    except OSError as error:
        faults = [FetchError(f"--target {arguments.target}: {error.strerror}", BAD_INPUT)]
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return min((fault.code for fault in faults), key=(WRONG_CONTENT, NO_STORE, BAD_INPUT).index, default=0)


if __name__ == "__main__":
    sys.exit(main())
