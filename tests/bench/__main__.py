"""`make bench`: the preview of dev against an empty program's, and what a resource costs beside bare ConfigMaps."""

from __future__ import annotations

import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.bench import bundle
from tests.bench.settings import generated
from tests.support.programs import RUNTIME, program
from tools.local.offline import offline_workspace
from tools.local.steps import say, table
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace
from tools.toolchain import PREVIEW, ensure

RUNS = 7
SMALL, MEDIUM, LARGE = 100, 500, 1000
REPORT = REPOSITORY / "docs" / "benchmarks.md"
_EMPTY = '"""Nothing."""\n'
_ONE_OF_EACH = """\
import pulumi
import pulumi_random as random
from components.kubernetes_object import KubernetesObject
from components.object_store import Bucket, BucketArgs

KubernetesObject("map", api_version="v1", kind="ConfigMap", metadata={"name": "map", "namespace": "bench"},
                 opts=pulumi.ResourceOptions())
Bucket("bucket", BucketArgs(endpoint="https://minio.kitchen.example", region="us-east-1", bucket="bench"))
random.RandomPassword("password", length=40)
"""
_NO_RULES = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

nothing = ResourceValidationPolicy(name="nothing", description="Nothing.", validate=lambda args, report: None)
PolicyPack(name="no-rules", enforcement_level=EnforcementLevel.MANDATORY, policies=[nothing])
"""
_CONFIG_MAPS = """\
import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

for number in range(pulumi.Config().require_int("count")):
    ConfigMap(f"map-{number}", metadata={"name": f"map-{number}", "namespace": "bench"}, data={"key": "value"})
"""


def measure(workspace: Workspace, *options: str) -> tuple[float, int]:
    """Seconds of one preview and the number of resources that it would create."""
    command = ["pulumi", "preview", "--non-interactive", "--stack", workspace.stack, "--suppress-outputs"]
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "--config-file", str(workspace.config_file), *options],
        cwd=workspace.project,
        env=workspace.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"bench: a preview failed:\n{done.stdout}{done.stderr}")
    count = re.search(r"\+ (\d+) to create", done.stdout)
    return seconds, int(count.group(1)) if count else 0


def startup(folder: Path) -> list[str]:
    """Compare the preview of dev with that of an empty program and of one that only starts the same providers.

    Runs alternate, so that all meet the same machine.
    """
    compared = {
        "empty program": program(folder / "empty", _EMPTY, {}),
        "one resource of each provider": program(folder / "one", _ONE_OF_EACH, {}),
        "dev": offline_workspace("dev", folder / "dev"),
    }
    times: dict[str, list[float]] = {name: [] for name in compared}
    for workspace in compared.values():
        workspace.prepare({})
        measure(workspace)
    for run in range(RUNS):
        for name, workspace in compared.items():
            times[name].append(measure(workspace)[0])
        say(f"bench: start-up, run {run + 1}/{RUNS}")
    medians = {name: statistics.median(values) for name, values in times.items()}
    rows = [(name, f"{medians[name]:.2f} s", f"{min(times[name]):.2f} s") for name in times]
    rows += [(f"ratio dev / {name}", f"{medians['dev'] / medians[name]:.2f}", "") for name in compared if name != "dev"]
    return ["Preview, offline", table(("what", "median", "fastest"), rows)]


def a_resource(folder: Path) -> list[str]:
    """What one more resource costs between about 100 and 1,000, beside bare ConfigMaps."""
    rows = []
    for name in ("kitchen", "bare ConfigMaps"):
        points = []
        for size in (SMALL, LARGE):
            workspace = _kitchens(folder, size) if name == "kitchen" else _config_maps(folder, size)
            workspace.prepare({})
            runs = [measure(workspace) for _ in range(3)]
            points.append((statistics.median(seconds for seconds, _ in runs), runs[0][1]))
            say(f"bench: {name}, {points[-1][1]} resources: {points[-1][0]:.2f} s")
        (short, few), (long, many) = points
        cost = 1000 * (long - short) / (many - few)
        rows.append((name, f"{few} in {short:.2f} s", f"{many} in {long:.2f} s", f"{cost:.1f} ms"))
    return ["Cost of a resource", table(("what", "small", "large", "each more"), rows)]


def policies(folder: Path) -> list[str]:
    """What the pack adds to a preview of 500 resources, beside a pack of one empty rule, and what it takes for YAML."""
    workspace = _kitchens(folder, MEDIUM)
    workspace.prepare({})
    empty = folder / "no-rules"
    empty.mkdir()
    (empty / "PulumiPolicy.yaml").write_text(f"runtime: {json.dumps(RUNTIME)}\n")
    (empty / "__main__.py").write_text(_NO_RULES)
    ways: dict[str, tuple[str, ...]] = {
        "without a pack": (),
        "with a pack of one empty rule": ("--policy-pack", str(empty)),
        "with the pack": ("--policy-pack", str(POLICY_PACK)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    count = 0
    for run in range(RUNS):
        for name, options in ways.items():
            seconds, count = measure(workspace, *options)
            times[name].append(seconds)
        say(f"bench: policies, run {run + 1}/{RUNS}")
    medians = {name: statistics.median(values) for name, values in times.items()}
    added = medians["with the pack"] - medians["without a pack"]
    rows = [(f"preview of {count} resources {name}", f"{seconds:.2f} s") for name, seconds in medians.items()]
    rows += [("the pack adds", f"{added:.2f} s"), *_manifests(folder / "manifests")]
    return ["The policy pack", table(("what", "median"), rows)]


def _manifests(folder: Path) -> list[tuple[str, str]]:
    """Time `kitchen policy check` over 1,000 manifests: this environment's own, again and again."""
    rendered = folder / "rendered"
    words = [sys.executable, "-m", "tools.local", "render", "--stack", "prod", "--directory", str(folder)]
    subprocess.run(words, cwd=REPOSITORY, check=True, capture_output=True)
    sources = sorted(rendered.rglob("*.yaml"))
    many = folder / "many"
    many.mkdir()
    for number in range(LARGE):
        (many / f"{number}.yaml").write_text(sources[number % len(sources)].read_text())
    command = [sys.executable, "-m", "ops", "policy", "check", str(many), "--settings", "Pulumi.prod.yaml"]
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
        runs.append(time.perf_counter() - start)
    return [(f"kitchen policy check, {LARGE} manifests", f"{statistics.median(runs):.2f} s")]


def _kitchens(folder: Path, size: int) -> Workspace:
    project = folder / f"kitchen-{size}"
    project.mkdir()
    content = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
    content["main"] = str(REPOSITORY / "infra")
    content["runtime"] = RUNTIME
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(content))
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": generated(size)}))
    state = offline_workspace("dev", project / "state")
    return Workspace(state.folder, "dev", state.kubeconfig, project)


def _config_maps(folder: Path, size: int) -> Workspace:
    return program(folder / f"maps-{size}", _CONFIG_MAPS, {"sample:count": size})


def main() -> None:
    """Measure, print the tables and write them to docs/benchmarks.md."""
    ensure(PREVIEW)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        parts = [*startup(folder), *a_resource(folder), *policies(folder), *bundle.rows(folder)]
    text = "\n\n".join(parts)
    print(text)
    head = f"# Benchmarks\n\nWritten by `make bench` on {platform.machine()} with Python {platform.python_version()}."
    REPORT.write_text(f"{head}\nCompare rows with each other, not with another machine's.\n\n```\n{text}\n```\n")


if __name__ == "__main__":
    main()
