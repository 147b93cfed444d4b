"""Builds a family from its pinned Go modules, with the ordinary `go` client and its checksum checks."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tools.toolchain.cache import cache_root, no_space
from tools.toolchain.errors import ToolchainError
from tools.toolchain.families import DataSource, Family

_LOG_TAIL_LINES = 12


def build(family: Family, stage: Path) -> None:
    """Fill `stage` with the family's binaries and data; raise ToolchainError with the end of go's output."""
    if shutil.which("go") is None:
        raise ToolchainError(
            f"{family.name}: the Go toolchain is not on PATH; rule: Go 1.26 or newer builds what no archive "
            "provides; example: install Go, or name an archive in the mirror file"
        )
    for source in family.data:
        _copy_data(family, source, stage)
    if not family.binaries:
        return
    work = stage / ".work"
    shutil.copytree(family.sources, work)
    try:
        if family.prepare:
            _PREPARE[family.prepare](family, work, stage)
        for binary in family.binaries:
            _go(
                family,
                [
                    *("build", "-trimpath", "-ldflags", f"-s -w {binary.ldflags}".strip()),
                    *("-o", str(stage / binary.name), binary.package),
                ],
                work,
            )
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _go(family: Family, args: list[str], cwd: Path) -> str:
    env = os.environ | {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    log = cache_root() / "toolchain" / "logs" / f"{family.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as errors:
        process = subprocess.run(
            ["go", *args], cwd=cwd, env=env, text=True, check=False, stdout=subprocess.PIPE, stderr=errors
        )
    if process.returncode == 0:
        return process.stdout
    text = log.read_text()
    if os.strerror(errno.ENOSPC).lower() in text.lower():
        raise no_space(stage_root(), family.needed_gib)
    tail = "\n  ".join((text + process.stdout).strip().splitlines()[-_LOG_TAIL_LINES:])
    raise ToolchainError(
        f"{family.name}: `go {args[0]}` failed; rule: its modules must be reachable through GOPROXY "
        f"({_goproxy()}) and match their checksums; log: {log}\n  {tail}"
    )


def stage_root() -> Path:
    """The folder that holds all families."""
    return cache_root() / "toolchain"


def _goproxy() -> str:
    try:
        return (
            subprocess.run(["go", "env", "GOPROXY"], text=True, capture_output=True, check=False).stdout.strip()
            or "unset"
        )
    except OSError:
        return "unknown"


def _module_dir(family: Family, path: str, version: str, checksum: str = "") -> Path:
    """Download a module into Go's module cache and return its folder; the pinned sum must match."""
    output = _go(family, ["mod", "download", "-json", f"{path}@{version}"], stage_root())
    info: dict[str, Any] = json.loads(output)
    if checksum and info.get("Sum") != checksum:
        raise ToolchainError(
            f"{family.name}: module {path}@{version} has sum {info.get('Sum')}; rule: it must be {checksum}"
        )
    return Path(str(info["Dir"]))


def _copy_data(family: Family, source: DataSource, stage: Path) -> None:
    module = source.module
    root = _module_dir(family, module.path, module.version, module.sum)
    for files in source.files:
        found = sorted(root.glob(files.glob))
        if not found:
            raise ToolchainError(f"{family.name}: {module.path}@{module.version} has no file {files.glob}")
        target = stage / files.target
        target.mkdir(parents=True, exist_ok=True)
        for path in (*found, *root.glob("LICENSE*")):
            if path.is_file() and path.name != "kustomization.yaml":
                shutil.copyfile(path, target / path.name)


def _sdk_dir(family: Family, work: Path, module: str) -> Path:
    _go(family, ["mod", "download", module], work)
    return Path(_go(family, ["list", "-m", "-f", "{{.Dir}}", module], work).strip())


def _prepare_language_python(family: Family, work: Path, stage: Path) -> None:
    """Lay the SDK's two scripts beside the host: it runs programs and dynamic providers through them."""
    sdk = _sdk_dir(family, work, "github.com/pulumi/pulumi/sdk/v3")
    for script in ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"):
        target = stage / Path(script).name
        shutil.copyfile(sdk / script, target)
        target.chmod(0o755)


def _prepare_kubernetes_provider(family: Family, work: Path, _stage: Path) -> None:
    """Put the two JSON files that the plugin embeds beside its main, at the SDK's version."""
    module = _sdk_dir(family, work, "github.com/pulumi/pulumi-kubernetes/provider/v4")
    folder = module / "cmd" / "pulumi-resource-kubernetes"
    schema = json.loads((folder / "schema.json").read_text())
    schema["version"] = family.version
    (work / "schema.json").write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True))
    shutil.copyfile(folder / "terraform-mapping.json", work / "terraform-mapping.json")


def _prepare_random_provider(family: Family, work: Path, _stage: Path) -> None:
    """Generate the schema that the plugin embeds."""
    _go(family, ["build", "-trimpath", "-tags", "tfgen", "-o", str(work / "tfgen-random"), "."], work)
    made = subprocess.run(
        [str(work / "tfgen-random"), "schema", "--out", "."],
        cwd=work,
        text=True,
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        raise ToolchainError(f"{family.name}: schema generation failed\n  {made.stderr.strip()[-1000:]}")


_PREPARE = {
    "language_python": _prepare_language_python,
    "kubernetes_provider": _prepare_kubernetes_provider,
    "random_provider": _prepare_random_provider,
}
