"""Keep a running vLLM's LoRA adapters equal to the declared list: fetch, verify, load, unload, report.

Runs as a sidecar beside the server, on Python 3.9+ with boto3. The manifest is read again in every pass; a broken one
changes nothing. The server's own list is the truth about what is loaded, so a server that was restarted gets everything
again. Each version lies in a folder of its own, named by its sums: another version has another path, which is what
vLLM's prefix cache goes by. vLLM reads an adapter's files again whenever it has left the server's memory, so files stay
as long as they are loaded, and for a while afterwards. Other signers hold for what is loaded already, too. The key of
the store is read from files before each fetch: another one holds for a sidecar that runs.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from .adapter_status import OTHER, RANK, REASONS, SERVER, Status, log, serve
from .fetch_adapters import fetch, not_signed, read_manifest
from .local_files import discard
from .receiving import BAD_INPUT, WRONG_CONTENT, FetchError
from .store_key import StoreKey
from .update_api import Server, ServerError
from .version_folders import folders, size

FIRST_RETRY, LAST_RETRY = 2.0, 60.0


class Fault(NamedTuple):
    """Why an adapter is not loaded: `why` is one of REASONS, the gravest first, `key` the folder of its version."""

    state: str
    why: str
    text: str
    key: str
    again: float
    pause: float


class Reconciler:
    """The declared list against the server's; `space` bounds what lies below `root`, in bytes."""

    def __init__(
        self, manifest: Path, root: Path, space: int, keep_seconds: float, *, server: Server, key: StoreKey
    ) -> None:
        """Start with nothing declared."""
        self._manifest, self._root, self._space, self._keep = manifest, root, space, keep_seconds
        self._server, self._key = server, key
        self._declared: list[dict[str, Any]] | None = None
        self._loaded: dict[str, str] = {}
        self._faults: dict[str, Fault] = {}
        self._verified: set[Path] = set()
        self._idle: dict[Path, float] = {}
        self._settled: set[str] | None = None
        self._bucket = self._dtype = ""
        self._signers: list[dict[str, str]] | None = None
        self._signed: set[str] = set()
        self._entries: dict[str, dict[str, Any]] = {}

    def run_once(self, status: Status) -> None:
        """One pass; its outcome goes to `status`, changes to the log. Never raises for what a pass can meet."""
        problems, reachable = self._read(), True
        declared = self._declared or []
        try:
            self._loaded = self._server.loaded()
            if self._declared is not None:
                for name in sorted(set(self._loaded) - {adapter["name"] for adapter in declared}):
                    self._unload(name)
                self._unload_unsigned()
        except ServerError as error:
            problems.append(str(error))
            reachable = False
        self._clean(0)
        if self._key.changed():
            log("key", text="another key of the store: what waits is tried at once")
            self._faults = {n: fault._replace(again=0.0, pause=FIRST_RETRY) for n, fault in self._faults.items()}
        for adapter in declared:
            try:
                self._bring(adapter, reachable)
            except ServerError as error:
                problems.append(str(error))
                reachable = False
            except OSError as error:
                self._refuse(adapter, f"cannot be written: {error.strerror}", "waiting")
        self._tell(status, declared, reachable, problems)

    def _read(self) -> list[str]:
        try:
            manifest = read_manifest(self._manifest)
        except FetchError as error:
            return [f"{error}; the last good list stays"] if self._declared is not None else [str(error)]
        self._bucket, self._declared = manifest["bucket"], manifest["adapters"]
        self._dtype = str(manifest.get("dtype") or "")
        if manifest.get("signers") != self._signers:
            self._signers = manifest.get("signers")
            self._signed.clear()
            self._verified.clear()
        kept = {path: entry for path, entry in self._entries.items() if path in self._loaded.values()}
        self._entries = kept | {str(self._path(adapter)): adapter for adapter in manifest["adapters"]}
        return []

    def _unload_unsigned(self) -> None:
        """Where signers are stated, take out what none of them signed: they may be others than when it was loaded."""
        for name, path in sorted(self._loaded.items() if self._signers is not None else ()):
            if path in self._signed:
                continue
            adapter = self._entries.get(path)
            if adapter is not None:
                fault = not_signed(adapter, Path(path), self._signers)
            else:
                fault = FetchError("loaded before this process began, and not declared any more")
            if fault is None:
                self._signed.add(path)
            else:
                log("fault", adapter=name, text=f"served without a valid signature: {fault}")
                self._unload(name)

    def _bring(self, adapter: dict[str, Any], reachable: bool) -> None:
        """Fetch, verify and load one adapter, unless it is loaded or must wait after a failure."""
        name, path = adapter["name"], self._path(adapter)
        if reachable and self._loaded.get(name) == str(path):
            self._faults.pop(name, None)
            return
        if self._waits(adapter) or not self._fetched(adapter, path) or not reachable:
            return
        # vLLM keeps `load_inplace` on every later request and then reads the files in every step, so: out and in.
        if name in self._loaded and not self._unload(name):
            return
        said = self._server.load(name, path)
        if said is not None:
            self._refuse(adapter, said, "refused", RANK if "rank" in said.lower() else SERVER)
            self._verified.discard(path)
            return
        self._loaded[name] = str(path)
        self._faults.pop(name, None)
        log("loaded", adapter=name, version=adapter["version"], sum=self._sum(adapter))

    def _fetched(self, adapter: dict[str, Any], path: Path) -> bool:
        """Whether the files are there and right. They are read once more after a restart of this process."""
        if path in self._verified and path.is_dir():
            return True
        needed = sum(file["sizeBytes"] for file in adapter["files"])
        if not path.is_dir() and not self._clean(needed):
            self._refuse(adapter, f"needs {needed} bytes more than the {self._space} of its volume", "waiting")
            return False
        told = io.StringIO()
        try:
            with contextlib.redirect_stdout(told):
                wanted = {"bucket": self._bucket, "adapters": [adapter], "signers": self._signers, "dtype": self._dtype}
                faults = fetch(wanted, path.parent, self._key.read())
        except FetchError as error:
            faults = [error]
        for line in told.getvalue().splitlines():
            log("fetch", adapter=adapter["name"], text=line)
        if faults:
            wrong = [fault.why for fault in faults if fault.code == WRONG_CONTENT]
            why = min(wrong, key=REASONS.index, default=OTHER)
            self._refuse(adapter, "; ".join(map(str, faults)), "refused" if wrong else "waiting", why)
            return False
        self._verified.add(path)
        return True

    def _unload(self, name: str) -> bool:
        said = self._server.unload(name)
        if said is not None:
            log("fault", adapter=name, text=said)
            return False
        log("unloaded", adapter=name, path=self._loaded.pop(name))
        return True

    def _clean(self, needed: int) -> bool:
        """Remove versions that nobody needs: after a while, or at once where room is needed. Whether there is room."""
        wanted = {str(self._path(adapter)) for adapter in self._declared or ()} | set(self._loaded.values())
        present = [version for adapter in folders(self._root) for version in folders(adapter)]
        idle = {p: self._idle.get(p, time.monotonic()) for p in present if str(p / p.parent.name) not in wanted}
        self._idle = idle if self._declared is not None else {}
        used = sum(size(path) for path in present)
        for path, since in sorted(self._idle.items(), key=lambda item: item[1]):
            if time.monotonic() - since >= self._keep or used + needed > self._space:
                used -= size(path)
                discard(path)
                self._idle.pop(path)
                self._verified.discard(path / path.parent.name)
                log("removed", path=str(path))
        return used + needed <= self._space

    def _refuse(self, adapter: dict[str, Any], text: str, state: str, why: str = OTHER) -> None:
        """Keep the reason; the next attempt comes after twice the last pause."""
        name, key = adapter["name"], str(self._path(adapter))
        last = self._faults.get(name)
        pause = min(2 * last.pause, LAST_RETRY) if last is not None and last.key == key else FIRST_RETRY
        self._faults[name] = Fault(state, why, text, key, time.monotonic() + pause, pause)
        log("fault", adapter=name, version=adapter["version"], state=state, text=text)

    def _waits(self, adapter: dict[str, Any]) -> bool:
        last = self._faults.get(adapter["name"])
        return last is not None and last.key == str(self._path(adapter)) and time.monotonic() < last.again

    def _tell(self, status: Status, declared: list[dict[str, Any]], reachable: bool, problems: list[str]) -> None:
        loaded = self._loaded if reachable else {}
        entries = [self._entry(adapter, loaded) for adapter in declared]
        state = {entry["name"]: entry["state"] for entry in entries}
        if self._settled is None:
            ready = self._declared is not None and not problems and "waiting" not in state.values()
        else:
            lost = {name for name in self._settled & set(state) if name not in loaded and state[name] != "refused"}
            ready = reachable and not lost
        if ready:
            self._settled = {name for name in state if name in loaded or name in (self._settled or ())}
        before = status.data()
        for text in problems:
            if text not in before.get("problems", []):
                log("fault", text=text)
        if ready != before["ready"]:
            log("ready" if ready else "not ready", loaded=sorted(loaded))
        status.set(
            ready=ready, lastPass=time.time(), adapters=entries, problems=problems, loaded=dict(sorted(loaded.items()))
        )
        status.count("passes")
        if problems or any(entry["state"] != "loaded" for entry in entries):
            status.count("failures")

    def _entry(self, adapter: dict[str, Any], loaded: dict[str, str]) -> dict[str, Any]:
        name, path = adapter["name"], str(self._path(adapter))
        fault = self._faults.get(name)
        state, why, reason = "waiting", "", ""
        if loaded.get(name) == path:
            state = "loaded"
        elif fault is not None and fault.key == path:
            state, why, reason = fault.state, fault.why, fault.text
        return {
            "name": name,
            "version": adapter["version"],
            "state": state,
            "why": why,
            "reason": reason,
            "serving": loaded.get(name),
            "sums": {file["path"]: file["sha256"] for file in adapter["files"]},
        }

    def _path(self, adapter: dict[str, Any]) -> Path:
        folder = f"{adapter['version']}-{self._sum(adapter)}"
        return self._root.joinpath(adapter["name"], folder, adapter["name"])

    @staticmethod
    def _sum(adapter: dict[str, Any]) -> str:
        files = sorted((file["path"], file["sha256"], file["sizeBytes"]) for file in adapter["files"])
        return hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]


def write_token(path: Path) -> str:
    """Write a new token for this process's life, readable by the pod's group, and return it."""
    token = secrets.token_urlsafe(32)
    part = path.with_name(f".{path.name}.part")
    discard(part)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as file:
        file.write(token)
    part.replace(path)
    return token


def main() -> int:
    """Reconcile until the process is ended."""
    parser = argparse.ArgumentParser(description="keep the server's LoRA adapters equal to the declared list")
    parser.add_argument("--manifest", type=Path, required=True, help="manifest.json: bucket, adapters, sums")
    parser.add_argument("--target", type=Path, required=True, help="folder that the server reads")
    parser.add_argument("--token", type=Path, required=True, help="file for the token, in memory")
    parser.add_argument("--store-key", type=Path, required=True, help="folder with the store's key, a mounted Secret")
    parser.add_argument("--space-mib", type=int, required=True, help="room for adapters")
    parser.add_argument("--server-port", type=int, required=True, help="port of the server on loopback")
    parser.add_argument("--port", type=int, required=True, help="port of /status, /metrics and /ready")
    parser.add_argument("--interval-seconds", type=float, default=3.0, help="pause between passes")
    parser.add_argument("--keep-seconds", type=float, default=300.0, help="how long files of an unloaded version stay")
    said = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    status = Status()
    try:
        server = Server(said.server_port, write_token(said.token))
        serve(status, "", said.port)
    except OSError as error:
        log("fault", text=f"--token {said.token} or --port {said.port}: {error.strerror}")
        return BAD_INPUT
    space, key = said.space_mib * 1024 * 1024, StoreKey(said.store_key)
    worker = Reconciler(said.manifest, said.target, space, said.keep_seconds, server=server, key=key)
    log("started", space_mib=said.space_mib)
    while True:
        worker.run_once(status)
        time.sleep(said.interval_seconds)


if __name__ == "__main__":
    sys.exit(main())
