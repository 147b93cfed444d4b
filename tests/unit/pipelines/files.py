"""The pipelines' files, and what the repository offers them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from tools.local.workspace import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yaml"))
GITLAB = REPOSITORY / ".gitlab-ci.yml"
TEKTON = sorted((REPOSITORY / "deploy" / "tekton").glob("*.yaml"))
IMAGE = REPOSITORY / "deploy" / "image"
SCHEMA = Path(__file__).parent / "data" / "gitlab-ci.json"
STACKS = ("dev", "prod")


@cache
def targets() -> frozenset[str]:
    """Every target of the Makefile."""
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    return frozenset(phony.split())


def workflow(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((REPOSITORY / ".github" / "workflows" / f"{name}.yaml").read_text())
    return content


def steps(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in content["jobs"].values() for step in job["steps"]]


def gitlab() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(GITLAB.read_text())
    return content


def gitlab_jobs(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: job for name, job in content.items() if isinstance(job, dict) and "script" in job}


def gitlab_faults(content: dict[str, Any]) -> list[str]:
    """What GitLab's schema finds."""
    schema = json.loads(SCHEMA.read_text())
    return [f"{error.json_path}: {error.message}" for error in jsonschema.Draft7Validator(schema).iter_errors(content)]


def tekton() -> Iterator[dict[str, Any]]:
    for path in TEKTON:
        yield from yaml.safe_load_all(path.read_text())
