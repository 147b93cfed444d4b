"""Names: pure functions whose results Kubernetes and S3 accept, for whatever settings the schema admits."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from components import naming
from components.serving import AdapterFetch, AdapterFile, AdapterSource
from infra.validate import schema

NAME = schema("settings")["properties"]["kitchens"]["propertyNames"]["pattern"]
BASE_MODEL = schema("catalog")["properties"]["baseModels"]["propertyNames"]["pattern"]
names = st.from_regex(NAME, fullmatch=True).filter(lambda name: "\n" not in name)
base_models = st.from_regex(BASE_MODEL, fullmatch=True).filter(lambda ref: "\n" not in ref)


@given(kitchen=names, tenant=names, environment=st.sampled_from(["dev", "prod"]))
def test_every_name_is_a_label_when_the_longest_one_is(kitchen: str, tenant: str, environment: str) -> None:
    if not naming.is_label(naming.predictor_host(kitchen, tenant, environment)):
        return
    composed = [
        naming.namespace(tenant, environment),
        naming.runtime(kitchen),
        naming.reader_secret(kitchen),
        naming.service_account(kitchen),
        naming.predictor(kitchen),
        fetch("x").config_map(kitchen),
    ]
    assert [name for name in composed if not naming.is_label(name)] == []


@given(ref=base_models)
def test_a_claim_is_a_label_or_is_refused_for_its_length_alone(ref: str) -> None:
    claim = naming.base_model_claim(ref)
    assert naming.is_label(claim) or len(claim) > naming.MAX_LABEL


@given(
    prefix=st.from_regex(r"([a-z0-9][a-z0-9-]{0,30})?", fullmatch=True),
    bucket=st.sampled_from(["models", "lora"]),
)
def test_a_bucket_name_is_one_that_s3_accepts(prefix: str, bucket: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", naming.bucket(prefix.strip(), bucket))


def fetch(script: str) -> AdapterFetch:
    files = [AdapterFile(path="adapter_config.json", sha256="0" * 64, size_bytes=1)]
    return AdapterFetch(
        image="registry.kitchen.example/fetch",
        scripts={"fetch_adapters.py": script},
        bucket="lora",
        endpoint="https://minio.kitchen.example",
        region="us-east-1",
        secret="reader",
        ca_bundle=None,
        adapters=[AdapterSource(name="faq", version="v2026-01-01", files=files)],
    )


def test_the_manifest_s_name_changes_with_its_content() -> None:
    assert fetch("x").config_map("support") == fetch("x").config_map("support")
    assert fetch("x").config_map("support") != fetch("y").config_map("support")
