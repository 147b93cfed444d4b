"""States of earlier releases find their providers, whatever has moved since."""

from __future__ import annotations

import pickle
from base64 import b64decode

import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

from components.object_store.minio.quota import MinioQuotaProvider
from components.object_store.minio.users import MinioUserProvider
from components.object_store.provider import QuietProvider
from components.object_store.s3_provider import BucketProvider

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
    assert set(QuietProvider.__subclasses__()) == set(RECORDED)
