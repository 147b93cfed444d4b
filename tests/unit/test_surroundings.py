"""A test run is the same whoever starts it: from a hook of Git, from a pipeline, with a profile and behind a proxy."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.surroundings import forget


def test_what_the_caller_has_set_is_forgotten_and_what_builds_need_stays(tmp_path: Path) -> None:
    stays = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KITCHEN_CACHE_DIR": "/cache",
             "https_proxy": "http://proxy.example.com", "SSL_CERT_FILE": "/ca.crt", "CI": "true"}  # fmt: skip
    goes = {"GIT_DIR": "/x", "AWS_PROFILE": "mine", "GITHUB_TOKEN": "x", "PULUMI_BACKEND_URL": "s3://x", "COLUMNS": "9"}
    folder = tmp_path / "checkout of another"
    config = ("--global", "--add", "safe.directory", str(folder))
    subprocess.run(["git", "config", *config], env=stays, check=True)
    subprocess.run(["git", "config", "--global", "commit.gpgsign", "true"], env=stays, check=True)
    found = {**stays, **goes, "no_proxy": "example.com", "GIT_CONFIG_COUNT": "0"}
    forget(found)
    assert found.items() >= stays.items()
    assert not found.keys() & goes.keys()
    assert found["no_proxy"] == "example.com,127.0.0.1,127.0.0.2,localhost"

    def told(key: str) -> str:
        words = ["git", "config", "--get-all", key]
        return subprocess.run(words, env=found, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    assert told("safe.directory") == f"{folder}\n"
    assert told("commit.gpgsign") == ""
