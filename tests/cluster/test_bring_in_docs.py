"""docs/bring-in.md: its commands are run as they stand, against a real MinIO, and its lists are valid."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.catalog import FOLDER, load_catalog
from ops.bundle.bring_in import from_list
from tests.cluster.support.bring_in_text import LISTS, SCRIPTS, SECOND_KEY
from tests.support import bundle_tools as tools
from tests.support.minio_server import MinioServer


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder as the text supposes it: the list, the artifacts, the settings and the catalog."""
    source = tools.artifacts(tmp_path)
    (source / "lora" / tools.FAQ).rename(source / "lora" / "helpdesk-faq" / "v2026-09-01")
    (tmp_path / "bring-in.yaml").write_text(LISTS[0])
    shutil.copyfile(tools.PROD, tmp_path / "Pulumi.prod.yaml")
    shutil.copytree(FOLDER, tmp_path / "infra" / "catalog", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return tmp_path


def test_the_commands_do_what_the_text_says(desk: Path) -> None:
    with MinioServer(desk / "minio") as store:
        for name in ("prod-lora", "prod-models"):
            store.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        script = "\n".join([SECOND_KEY, *SCRIPTS])
        script = re.sub(r"^export .*$", "", script, flags=re.MULTILINE)
        script = script.replace("--settings", f"--endpoint {store.endpoint} --settings")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=desk,
            env=os.environ | store.environment() | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        store.client().head_object(Bucket="prod-lora", Key="helpdesk-faq/v2026-09-01/adapter_model.safetensors")
    assert load_catalog(desk / "infra" / "catalog").adapters["helpdesk-faq/v2026-09-01"].state == "candidate"


def test_every_list_in_the_text_is_valid(tmp_path: Path) -> None:
    assert len(LISTS) == 2
    for block in LISTS:
        (tmp_path / "list.yaml").write_text(block)
        assert from_list(tmp_path / "list.yaml").wanted
