"""Builds a family from its pinned Go modules, with the ordinary `go` client and its checksum checks."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

from tools.toolchain.cache import cache_root
from tools.toolchain.errors import Stopped, ToolchainError
from tools.toolchain.family import DataSource, Family
from tools.toolchain.go import Go, finish


def build(family: Family, stage: Path, stop: threading.Event | None = None) -> None:
    """Fill `stage` with the family's binaries and data.

    Raises ToolchainError with the end of go's output, and Stopped when `stop` is set meanwhile.
    """
    if shutil.which("go") is None:
        raise ToolchainError(
            f"{family.name}: the Go toolchain is not on PATH; rule: Go 1.26 or newer builds what no archive "
            "provides; example: install Go, or name an archive in the mirror file"
        )
    go = Go(family, stop)
    for source in family.data:
        _copy_data(go, source, stage)
    if not family.binaries:
        return
    work = stage / ".work"
    shutil.copytree(family.sources, work)
    try:
        if family.prepare:
            _PREPARE[family.prepare](go, work, stage)
        for binary in family.binaries:
            go.run(
                [
                    *("build", "-trimpath", "-tags", family.tags, "-ldflags", f"-s -w {binary.ldflags}".strip()),
                    *("-o", str(stage / binary.name), binary.package),
                ],
                work,
            )
    finally:
        shutil.rmtree(work, ignore_errors=True)


def fetch_modules(family: Family, stop: threading.Event) -> None:
    """Bring the modules of a later build into Go's module cache; what fails here is told by the build itself."""
    if not family.binaries or shutil.which("go") is None:
        return
    log = cache_root() / "toolchain" / "logs" / f"{family.name}-modules.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    packages = [binary.package for binary in family.binaries]
    with log.open("w") as errors:
        try:
            finish(
                ["go", "list", "-e", "-deps", "-tags", family.tags, *packages], family.sources, errors.fileno(), stop
            )
        except (OSError, Stopped):
            return


def _module_dir(go: Go, path: str, version: str, checksum: str) -> Path:
    """Download a module into Go's module cache and return its folder; the pinned sum must match."""
    output = go.run(["mod", "download", "-json", f"{path}@{version}"], cache_root() / "toolchain")
    info: dict[str, Any] = json.loads(output)
    if checksum and info.get("Sum") != checksum:
        raise ToolchainError(
            f"{go.family.name}: module {path}@{version} has sum {info.get('Sum')}; rule: it must be {checksum}"
        )
    return Path(str(info["Dir"]))


def _copy_data(go: Go, source: DataSource, stage: Path) -> None:
    module = source.module
    root = _module_dir(go, module.path, module.version, module.sum)
    for files in source.files:
        found = sorted(root.glob(files.glob))
        if not found:
            raise ToolchainError(f"{go.family.name}: {module.path}@{module.version} has no file {files.glob}")
        target = stage / files.target
        target.mkdir(parents=True, exist_ok=True)
        for path in (*found, *root.glob("LICENSE*")):
            if path.is_file() and path.name != "kustomization.yaml":
                shutil.copyfile(path, target / path.name)


def _sdk_dir(go: Go, work: Path, module: str) -> Path:
    go.run(["mod", "download", module], work)
    return Path(go.run(["list", "-m", "-f", "{{.Dir}}", module], work).strip())


def _prepare_language_python(go: Go, work: Path, stage: Path) -> None:
    """Lay the SDK's two scripts beside the host: it runs programs and dynamic providers through them."""
    sdk = _sdk_dir(go, work, "github.com/pulumi/pulumi/sdk/v3")
    for script in ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"):
        target = stage / Path(script).name
        shutil.copyfile(sdk / script, target)
        target.chmod(0o755)


def _prepare_kubernetes_provider(go: Go, work: Path, _stage: Path) -> None:
    """Put the two JSON files that the plugin embeds beside its main, at the SDK's version."""
    module = _sdk_dir(go, work, "github.com/pulumi/pulumi-kubernetes/provider/v4")
    folder = module / "cmd" / "pulumi-resource-kubernetes"
    schema = json.loads((folder / "schema.json").read_text())
    schema["version"] = go.family.version
    (work / "schema.json").write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True))
    shutil.copyfile(folder / "terraform-mapping.json", work / "terraform-mapping.json")


def _prepare_random_provider(go: Go, work: Path, _stage: Path) -> None:
    """Generate the schema that the plugin embeds."""
    go.run(["build", "-trimpath", "-tags", "tfgen", "-o", str(work / "tfgen-random"), "."], work)
    made = subprocess.run(
        [str(work / "tfgen-random"), "schema", "--out", "."],
        cwd=work,
        text=True,
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        raise ToolchainError(f"{go.family.name}: schema generation failed\n  {made.stderr.strip()[-1000:]}")


def _prepare_gitea(go: Go, work: Path, stage: Path) -> None:
    """Lay templates, translations and static files beside the server: it reads them from a folder."""
    module = _sdk_dir(go, work, "code.gitea.io/gitea")
    for path in (path for name in ("templates", "options", "public") for path in (module / name).rglob("*")):
        if path.is_file():  # folders of the module cache are read-only: they are made anew
            target = stage / path.relative_to(module)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


_PREPARE = {
    "gitea": _prepare_gitea,
    "language_python": _prepare_language_python,
    "kubernetes_provider": _prepare_kubernetes_provider,
    "random_provider": _prepare_random_provider,
}
