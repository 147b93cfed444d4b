"""What the program renders is what KServe takes, holds no secret, and passes the pack."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.gitops import application
from tools.gitops.manifests import read_folder
from tools.local.workspace import REPOSITORY
from tools.toolchain import data, ensure
from tools.upgrade.schemas import validators

CANARY = "canary-7f3a-not-to-be-seen"
KITCHENS = {"dev": 3, "prod": 4}
SECRETS = {"dev": 5, "prod": 9}
"""Keys of the store: of each base model, of each kitchen with adapters, and of the record of calls."""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both environments as YAML files, by the command that a person types."""
    folder = tmp_path_factory.mktemp("rendered")
    keys = dict.fromkeys(("KITCHEN_OBJECT_STORE_ACCESS_KEY", "KITCHEN_OBJECT_STORE_SECRET_KEY"), CANARY)
    for stack in KITCHENS:
        done = subprocess.run(
            [sys.executable, "-m", "tools.local", "render", "--stack", stack, "--directory", str(folder)],
            cwd=REPOSITORY,
            env=os.environ | keys | {"KUBECONFIG": str(folder / "none")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert CANARY not in done.stdout + done.stderr
    return {stack: folder / "rendered" / stack for stack in KITCHENS}


def documents(folder: Path) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text()) for path in sorted(folder.rglob("*.yaml"))]


@pytest.mark.parametrize("stack", KITCHENS)
def test_every_custom_resource_fits_its_real_schema(stack: str, rendered: dict[str, Path]) -> None:
    ensure(["crds"])
    schemas = validators(data("crds") / "crds")
    seen: Counter[str] = Counter()
    for document in documents(rendered[stack]):
        validator = schemas.get(document["apiVersion"], document["kind"])
        if validator is not None:
            seen[document["kind"]] += 1
            faults = [f"{document['metadata']['name']}: {error.json_path}: {error.message}"
                      for error in validator.iter_errors(document)]  # fmt: skip
            assert faults == []
    entry = {"Certificate": 1} if stack == "prod" else {}
    assert seen == {"ServingRuntime": KITCHENS[stack], "InferenceService": KITCHENS[stack], **entry}


def test_the_schema_check_sees_a_wrong_field(rendered: dict[str, Path]) -> None:
    ensure(["crds"])
    schemas = validators(data("crds") / "crds")
    (service, *_) = (entry for entry in documents(rendered["dev"]) if entry["kind"] == "InferenceService")
    service["spec"]["predictor"]["model"]["storageURI"] = "pvc://x"
    service["spec"]["predictor"]["minReplicas"] = "one"
    validator = schemas.get(service["apiVersion"], service["kind"])
    assert validator
    messages = [error.message for error in validator.iter_errors(service)]
    assert len(messages) == 2
    assert any("storageURI" in message for message in messages)


@pytest.mark.parametrize("stack", KITCHENS)
def test_no_rendered_file_holds_a_secret(stack: str, rendered: dict[str, Path]) -> None:
    state = rendered[stack].parents[1] / "render" / stack / "state"
    texts = [path.read_text(errors="replace") for folder in (rendered[stack], state)
             for path in folder.rglob("*") if path.is_file()]  # fmt: skip
    assert len(texts) > 20
    assert not [text for text in texts if CANARY in text]
    secrets = [document for document in documents(rendered[stack]) if document["kind"] == "Secret"]
    assert len(secrets) == SECRETS[stack]
    for document in secrets:
        assert {base64.b64decode(value) for value in document["data"].values()} == {b"render-only"}


@pytest.mark.parametrize("stack", KITCHENS)
def test_what_argo_cd_may_make_is_derived_from_what_is_rendered(stack: str, rendered: dict[str, Path]) -> None:
    path = REPOSITORY / "deploy" / "argocd" / f"{stack}.yaml"
    found = read_folder(rendered[stack])
    derived = application.text(stack, f"rendered/{stack}", found, application.place_of(path))
    assert path.read_text() == derived, f"run `make gitops-project STACK={stack}`"
    assert len(found.secrets) == SECRETS[stack]


@pytest.mark.parametrize("stack", KITCHENS)
def test_every_object_says_who_answers_for_it(stack: str, rendered: dict[str, Path]) -> None:
    for document in documents(rendered[stack]):
        labels = document["metadata"].get("labels", {})
        where = f"{document['kind']} {document['metadata']['name']}"
        assert labels.get("kitchen.example.com/owner"), where
        assert labels.get("kitchen.example.com/tenant"), where
