"""What is told where the engine's own word does not say what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.local.errors import LocalError
from tools.pipeline.backend import Backend


@pytest.mark.parametrize(("said", "told"), [
    ("error: no stack named 'dev' found", "is PULUMI_BACKEND_URL right? A new stack: make init STACK=dev"),
    ("tls: failed to verify certificate: x509: certificate signed by unknown authority",
     "with s3:// its PEM file is named by AWS_CA_BUNDLE; example: AWS_CA_BUNDLE=/etc/kitchen/ca.crt"),
    ("get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found",
     "the backend has a key of its own: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("api error InvalidAccessKeyId: does not exist", "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the backend "
     "has a key of its own"),
    ("api error SignatureDoesNotMatch: x", "check AWS_SECRET_ACCESS_KEY: the backend has a key of its own"),
    ("NoSuchBucket: The specified bucket does not exist", "(docs/runbook.md, The state in the store's own bucket)"),
    ("error: passphrase must be set", "failed: error: passphrase must be set"),
])  # fmt: skip
def test_a_backend_that_cannot_be_read_is_told_with_a_way(
    said: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backend, "environment", staticmethod(dict))
    done = subprocess.CompletedProcess([], 255, "", said)
    monkeypatch.setattr("tools.pipeline.backend.subprocess.run", lambda *_, **__: done)
    with pytest.raises(LocalError) as raised:
        Backend("dev", tmp_path, tmp_path).exported()
    assert str(raised.value).endswith(told)
