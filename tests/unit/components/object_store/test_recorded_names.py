"""States of earlier releases find their providers, whatever has moved since."""

from __future__ import annotations

import ast
import pickle
from base64 import b64decode

import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

from components.object_store.minio.quota import MinioQuotaProvider
from components.object_store.minio.users import MinioUserProvider
from components.object_store.s3_provider import BucketProvider
from tests.unit.support.imports import sources
from tools.local.workspace import REPOSITORY

RECORDED: dict[type[ResourceProvider], str] = {
    BucketProvider: "gASVMAAAAAAAAACMFmNvbXBvbmVudHMuczNfcHJvdmlkZXKUjA5CdWNrZXRQcm92aWRlcpSTlCmBlC4=",
    MinioUserProvider: "gASVMwAAAAAAAACMFmNvbXBvbmVudHMubWluaW9fdXNlcnOUjBFNaW5pb1VzZXJQcm92aWRlcpSTlCmBlC4=",
    MinioQuotaProvider: "gASVNAAAAAAAAACMFmNvbXBvbmVudHMubWluaW9fcXVvdGGUjBJNaW5pb1F1b3RhUHJvdmlkZXKUk5QpgZQu",
}
"""What release 0.1.0 wrote into `__provider` of each resource."""


@pytest.mark.parametrize("provider", RECORDED)
def test_a_state_says_of_a_provider_what_it_always_said(provider: type[ResourceProvider]) -> None:
    assert serialize_provider(provider()) == RECORDED[provider]


@pytest.mark.parametrize("provider", RECORDED)
def test_what_a_state_says_leads_to_the_class_of_today(provider: type[ResourceProvider]) -> None:
    assert type(pickle.loads(b64decode(RECORDED[provider]))) is provider  # noqa: S301 - our own text, above


def test_every_provider_has_a_recorded_name() -> None:
    """Read from the source, so that a provider in a file that nothing imports yet is seen too."""
    classes = [
        node
        for path in sources("components")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Provider") for base in node.bases)
    ]
    found = {node.name: said(node) for node in classes}
    assert found.pop("QuietProvider") == [], "the base of the others is in no state"
    assert found == {provider.__name__: [repr(provider.__module__)] for provider in RECORDED}
    files = {f"components.{path.stem}" for path in (REPOSITORY / "components" / "recorded_names").glob("*.py")}
    assert files - {"components.__init__"} == {provider.__module__ for provider in RECORDED}


def said(node: ast.ClassDef) -> list[str]:
    """What a class assigns to `__module__`."""
    texts = [ast.unparse(entry).replace('"', "'") for entry in node.body if isinstance(entry, ast.Assign)]
    return [text.partition(" = ")[2] for text in texts if text.startswith("__module__ = ")]
