"""Previews as the other parts measure them: seconds, and how many resources they would create."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import yaml

from tests.bench.settings import generated
from tests.support.programs import RUNTIME
from tools.local.offline import offline_workspace
from tools.local.workspace import REPOSITORY, Workspace

EMPTY = '"""Nothing."""\n'
ONE_OF_EACH = """\
import pulumi
import pulumi_random as random
from components.kubernetes_object import KubernetesObject
from components.object_store import Bucket, BucketArgs

KubernetesObject("map", api_version="v1", kind="ConfigMap", metadata={"name": "map", "namespace": "bench"},
                 opts=pulumi.ResourceOptions())
Bucket("bucket", BucketArgs(endpoint="https://minio.kitchen.example", region="us-east-1", bucket="bench"))
random.RandomPassword("password", length=40)
"""
CONFIG_MAPS = """\
import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

for number in range(pulumi.Config().require_int("count")):
    ConfigMap(f"map-{number}", metadata={"name": f"map-{number}", "namespace": "bench"}, data={"key": "value"})
"""
_NO_RULES = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

nothing = ResourceValidationPolicy(name="nothing", description="Nothing.", validate=lambda args, report: None)
PolicyPack(name="no-rules", enforcement_level=EnforcementLevel.MANDATORY, policies=[nothing])
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


def kitchens(folder: Path, size: int) -> Workspace:
    """The program with generated settings of at least so many resources, offline."""
    project = folder / f"kitchen-{size}"
    project.mkdir(parents=True)
    content = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
    content["main"] = str(REPOSITORY / "infra")
    content["runtime"] = RUNTIME
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(content))
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": generated(size)}))
    state = offline_workspace("dev", project / "state")
    return Workspace(state.folder, "dev", state.kubeconfig, project)


def pack_of_no_rules(folder: Path) -> Path:
    """A policy pack of one rule that judges nothing."""
    folder.mkdir(parents=True)
    (folder / "PulumiPolicy.yaml").write_text(f"runtime: {json.dumps(RUNTIME)}\n")
    (folder / "__main__.py").write_text(_NO_RULES)
    return folder
