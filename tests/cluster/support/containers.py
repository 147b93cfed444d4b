"""What a container of a declared pod does, done here: no kubelet of the embedded cluster runs anything."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.support.kubectl import Kubectl
from tests.support.pod_package import lay_out


@dataclass(frozen=True, kw_only=True)
class ContainerProcess:
    """Words, working directory and environment of a container, with folders of this machine for its volumes."""

    words: list[str]
    place: Path
    env: dict[str, str]

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.words, cwd=self.place, env=self.env, capture_output=True, text=True, check=False)


def key_in(kube: Kubectl, namespace: str, name: str) -> dict[str, str]:
    """What a Secret holds."""
    secret = kube.get("-n", namespace, "secret", name)["data"]
    return {key: base64.b64decode(value).decode() for key, value in secret.items()}


def process_of(
    kube: Kubectl, namespace: str, pod: Mapping[str, Any], container: Mapping[str, Any], folders: Mapping[str, Path]
) -> ContainerProcess:
    """The container's very scripts, manifest, arguments, environment and key.

    `folders` stands for its volumes by name; a ConfigMap's files are laid into its own.
    """
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    place = None
    words = [*container["command"], *container["args"]]
    for mount in container["volumeMounts"]:
        folder = folders.get(mount["name"])
        if folder is None:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        if config := volumes[mount["name"]].get("configMap"):
            lay_out(kube.get("-n", namespace, "configmap", config["name"]), volumes[mount["name"]], folder)
        if mount["mountPath"] == container["workingDir"]:
            place = folder
        words = [word.replace(mount["mountPath"], str(folder)) for word in words]
    env = {"PATH": os.environ["PATH"]}
    for entry in container.get("env", []):
        reference = entry.get("valueFrom", {}).get("secretKeyRef")
        found = key_in(kube, namespace, reference["name"])[reference["key"]] if reference else entry["value"]
        env[entry["name"]] = found
    assert words[0] == "python3"
    assert place is not None
    return ContainerProcess(words=[sys.executable, *words[1:]], place=place, env=env)
