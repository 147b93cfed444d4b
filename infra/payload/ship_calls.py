"""Ship the record of calls from the entry's pod into the bucket of the audit, where it is locked.

Runs beside Envoy, on Python 3.9+ with boto3, as a sidecar that ends after Envoy. Every line reaches the bucket at least
once: a file is deleted after the store has taken all of its lines, and before that it waits on disk, however often this
process, Envoy or the store is killed. An object's key tells its content, so that what is put again is the same object.
Lines go to `<prefix>/<tenant>/<year>/<month>/<day>/`, and with --contents encrypted prompts and answers, which another
sidecar has left in the same folder, to `contents/<tenant>/...`. While more waits than is allowed, /ready says no: the
pod takes no more calls, rather than calls that nobody records. Exit codes: 2 for bad arguments.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import record_status
from .adapter_status import log
from .call_files import CallFiles, batches
from .content_files import ContentFile
from .receiving import BAD_INPUT, FetchError
from .store_key import StoreKey

MIB = 1024 * 1024
LONGEST_PAUSE_SECONDS = 30.0
CONTENTS = "contents"
"""Prefix of encrypted prompts and answers."""

_THERE_ALREADY = ("PreconditionFailed", "412")


class Bucket:
    """Where batches go. The key is read anew when it has changed."""

    def __init__(self, name: str, endpoint: str, key: StoreKey) -> None:
        """Reach for nothing yet."""
        self._name, self._endpoint, self._key = name, endpoint, key
        self._client: Any = None
        self._once = {"IfNoneMatch": "*"}

    def put(self, key: str, body: bytes) -> None:
        """Put an object unless it is there; raise FetchError where the store does not take it."""
        if self._client is None or self._key.changed():
            self._client = self._made()
        try:
            self._put(key, body)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            if code == "NotImplemented" and self._once:
                self._once = {}
                self.put(key, body)
            elif code not in _THERE_ALREADY:
                raise FetchError(f"bucket {self._name}: the store refused: {code}") from None
        except BotoCoreError as error:
            raise FetchError(f"store {self._endpoint} out of reach ({type(error).__name__})") from None

    def _put(self, key: str, body: bytes) -> None:
        # A bucket with object lock wants a sum. What is there already is locked, and would get a second version.
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        kind = {"ContentType": "application/x-ndjson", "ContentEncoding": "gzip"}
        self._client.put_object(Bucket=self._name, Key=key, Body=body, ContentMD5=digest, **kind, **self._once)

    def _made(self) -> Any:
        config = Config(
            connect_timeout=3,
            read_timeout=30,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
        )
        region = os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        said: Any = {"endpoint_url": self._endpoint, "region_name": region, "config": config, **self._key.read()}
        try:
            return boto3.session.Session().client("s3", **said)
        except (BotoCoreError, ValueError) as error:
            raise FetchError(f"AWS_ENDPOINT_URL: {self._endpoint}: {type(error).__name__}") from None


class Shipper:
    """Takes files over and ships them; `source` names this pod in keys."""

    def __init__(self, files: CallFiles, bucket: Bucket, options: argparse.Namespace) -> None:
        """Start with what an earlier process has left."""
        self._files, self._bucket, self._options = files, bucket, options
        self._contents = ContentFile(options.folder) if options.contents else None
        self.status = record_status.Status()
        self._taken_at = time.monotonic()

    def step(self, *, ending: bool, ended: bool) -> bool:
        """Take over what is due and ship what is complete; return whether the store has taken all of it."""
        if ending or self._is_due():
            self._files.take()
            if self._contents is not None:
                self._contents.take()
            self._taken_at = time.monotonic()
        waiting = [(path, self._ship) for path in self._files.complete(ended=ended)]
        waiting += [(path, self._ship_contents) for path in self._complete_contents(ended)]
        shipped = True
        for path, ship in waiting:
            try:
                ship(path)
            except FetchError as error:
                self.status.count(failures=1)
                log("not-shipped", file=path.name, why=str(error))
                shipped = False
                break
        self._tell()
        return shipped

    def waiting_bytes(self) -> int:
        """Bytes of everything that is on the disk and not yet in the store."""
        return self._files.waiting_bytes() + (0 if self._contents is None else self._contents.waiting_bytes())

    def _is_due(self) -> bool:
        """By size always, so that no file grows beyond memory; by time where nothing waits."""
        is_old = time.monotonic() - self._taken_at >= self._options.seconds
        try:
            size = self._files.live.stat().st_size
        except FileNotFoundError:
            if self._files.taken():
                return True  # Envoy was not asked for a new file, or did not hear it
            size = 0
        contents = 0 if self._contents is None else self._contents.live_bytes()
        return max(size, contents) >= self._options.file_mib * MIB or (is_old and not self._files.taken())

    def _ship(self, path: Path) -> None:
        content = path.read_bytes()
        self._put(path, content, self._options.prefix)
        if self._files.delete(path, len(content)):
            self.status.shipped(time.time())

    def _complete_contents(self, ended: bool) -> list[Path]:
        return [] if self._contents is None else self._contents.complete(ended=ended)

    def _ship_contents(self, path: Path) -> None:
        if self._contents is not None:
            self._put(path, self._contents.kept(path), CONTENTS)
            path.unlink()

    def _put(self, path: Path, content: bytes, prefix: str) -> None:
        """Put a file's lines, by tenant and day."""
        stamp = path.stem.rpartition("-")[2]
        day = time.strftime("%Y-%m-%d", time.gmtime(int(stamp) / 1e9))
        for batch in batches(content, day):
            self._bucket.put(batch.key(prefix, f"{stamp}-{self._options.source}"), batch.body)
            self.status.count(lines=batch.lines, objects=1)

    def _tell(self) -> None:
        waiting = self.waiting_bytes()
        allowed = waiting < self._options.most_waiting_mib * MIB
        self.status.tell(waiting=waiting, oldest=self._files.oldest_seconds(time.time()), ready=allowed)


def run(shipper: Shipper, files: CallFiles, ending: threading.Event, every: float) -> None:
    """Ship until `ending` is set, Envoy has ended, and all that it wrote is in the bucket."""
    pause, refusals = every, 0
    while True:
        # An Envoy that is ending writes its last lines after its administration has closed: look twice.
        refusals = refusals + 1 if ending.is_set() and not files.reopen() else 0
        ended = refusals > 1
        shipped = shipper.step(ending=ending.is_set(), ended=ended)
        if ended and shipped and not shipper.waiting_bytes():
            return
        pause = every if shipped else min(2 * pause, LONGEST_PAUSE_SECONDS)
        if ending.is_set():
            time.sleep(min(pause, 1.0))
        else:
            ending.wait(pause)


def main(argv: list[str]) -> int:
    """Ship until the end of the pod."""
    options = _parser().parse_args(argv)
    try:
        files = CallFiles(options.folder, options.admin_port)
        shipper = Shipper(files, _bucket(options), options)
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):  # who sees that it is there may end it, and nothing is left
            signal.signal(number, lambda *_: ending.set())
        record_status.serve(shipper.status, options.host, options.port)
    except (FetchError, OSError) as error:
        print(f"ship_calls: {error}", file=sys.stderr)
        return BAD_INPUT
    log("shipping", bucket=options.bucket, waiting=shipper.waiting_bytes())
    run(shipper, files, ending, options.every)
    log("ended", waiting=shipper.waiting_bytes())
    return 0


def _bucket(options: argparse.Namespace) -> Bucket:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        raise FetchError("environment: AWS_ENDPOINT_URL not set; rule: the store's address", BAD_INPUT)
    key = StoreKey(options.key)
    key.read()
    return Bucket(options.bucket, endpoint, key)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ship_calls")
    parser.add_argument("--folder", type=Path, required=True, help="in which Envoy writes calls.jsonl")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--prefix", default="calls")
    parser.add_argument("--contents", action="store_true", help="ship encrypted prompts and answers of the folder too")
    parser.add_argument("--key", type=Path, required=True, help="folder of a Secret with the store's key")
    parser.add_argument("--source", required=True, help="name of this pod")
    parser.add_argument("--admin-port", type=int, required=True, help="of Envoy, on the loopback")
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - in a pod, behind its network rules
    parser.add_argument("--port", type=int, required=True, help="of /status, /metrics and /ready")
    parser.add_argument("--seconds", type=float, default=30.0, help="after which a file is taken over")
    parser.add_argument("--file-mib", type=float, default=8.0, help="at which a file is taken over")
    parser.add_argument("--most-waiting-mib", type=float, default=1024.0, help="beyond which /ready says no")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
