"""Images between registries and OCI layouts by `skopeo`, which must be on PATH. Digests never change on the way."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from ops.bundle.errors import ToolError
from ops.bundle.images import Held

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_POLICIES = (Path.home() / ".config" / "containers" / "policy.json", Path("/etc/containers/policy.json"))
_SIGNED = re.compile(r"sha256-[0-9a-f]{64}\.(sig|att|sbom)")
_SUFFIXES = ("sig", "att", "sbom")
NEEDED = (
    "images are copied by skopeo, which is not on PATH; install it, or bring OCI layouts: images/<name>/ below --from"
)


@cache
def version() -> str | None:
    """Return skopeo's version, or None where it is not on PATH."""
    if shutil.which("skopeo") is None:
        return None
    return _run("--version").decode().split()[-1]


def fetch(upstream: str, digest: str, layout: Path, say: Callable[[str], None]) -> None:
    """Copy an image with all platforms and what cosign keeps beside it by tag; raise ToolError.

    May be called again after an interruption: blobs that are there are not copied again.
    """
    if version() is None:
        raise ToolError(f"image {upstream}: {NEEDED}")
    tls = [f"--src-tls-verify={_tls(upstream)}"]
    say(f"skopeo: {upstream}@{digest}")
    target = f"oci:{layout}:{digest.replace(':', '-')}"
    _copy(*tls, f"docker://{upstream}@{digest}", target)
    for suffix in _SUFFIXES:
        tag = f"{digest.replace(':', '-')}.{suffix}"
        if _there(upstream, tag):
            say(f"skopeo: {upstream}:{tag}")
            _copy(*tls, f"docker://{upstream}:{tag}", f"oci:{layout}:{tag}")


def push(layout: Path, held: Held, target: str, *, alone: bool) -> str:
    """Copy one entry of a layout into a repository and return its reference by digest; raise ToolError.

    The tag is made from the digest, so that no other image is ever replaced. `alone`: the layout's index has one entry,
    which then needs no name.
    """
    if version() is None:
        raise ToolError(f"image {target}: {NEEDED}")
    if held.name is None and not alone:
        rule = "with several entries each needs a name in the index (org.opencontainers.image.ref.name)"
        raise ToolError(f"image {target}: {held.digest}: {rule}")
    source = f"oci:{layout}" if held.name is None else f"oci:{layout}:{held.name}"
    signed = held.name is not None and _SIGNED.fullmatch(held.name)
    tag = held.name if signed else f"kitchen-{held.digest.removeprefix('sha256:')[:12]}"
    tls = f"--dest-tls-verify={_tls(target)}"
    _copy(tls, source, f"docker://{target}:{tag}")
    raw = _run("inspect", f"--tls-verify={_tls(target)}", "--raw", f"docker://{target}@{held.digest}")
    found = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    if found != held.digest:
        raise ToolError(f"image {target}: the registry answers {found}; rule: must be {held.digest}")
    return f"{target}@{held.digest}"


def _copy(*words: str) -> None:
    _run("copy", "--quiet", "--all", "--preserve-digests", *words)


def _there(repository: str, tag: str) -> bool:
    words = ["inspect", f"--tls-verify={_tls(repository)}", "--raw", f"docker://{repository}:{tag}"]
    done = subprocess.run(["skopeo", *_policy(), *words], capture_output=True, check=False)
    if done.returncode == 0:
        return True
    text = done.stderr.decode(errors="replace").lower()
    if any(sign in text for sign in ("manifest unknown", "not found", "status 404")):
        return False
    raise ToolError(f"skopeo inspect {repository}:{tag}: {_last_line(text)}; check: the registry, `skopeo login`")


def _run(*words: str) -> bytes:
    try:
        done = subprocess.run(["skopeo", *_policy(), *words], capture_output=True, check=False)
    except OSError as error:
        raise ToolError(f"skopeo cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        text = _last_line(done.stderr.decode(errors="replace"))
        raise ToolError(f"skopeo {words[0]} {words[-1]}: {text}; check: the registry, `skopeo login`, its certificate")
    return done.stdout


def _policy() -> list[str]:
    """Without a policy of the machine's own skopeo refuses everything; what is trusted here is the digest."""
    return [] if any(path.exists() for path in _POLICIES) else ["--insecure-policy"]


def _tls(reference: str) -> str:
    """Plain HTTP is for a registry on this machine only."""
    return "false" if urlsplit(f"//{reference}").hostname in _LOOPBACK else "true"


def _last_line(text: str) -> str:
    lines = text.strip().splitlines() or ["no message"]
    return re.sub(r"://[^@/\s]*@", "://", lines[-1])[-400:]
