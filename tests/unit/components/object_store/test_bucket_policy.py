"""What a bucket's policy holds: ours as we write it, others', and what only bears the name of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.object_store import bucket_settings
from components.object_store.bucket_policy import forged, statement

OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::dev-lora/*"}


@pytest.mark.parametrize(
    ("found", "names"),
    [
        ([statement("anonymous", "dev-lora")], []),
        ([{**statement("anonymous", "dev-lora"), "Principal": "*"}], []),
        ([{"Sid": "Other", **OPEN}, OPEN], []),
        ([{"Sid": "KitchenDenyWithoutKey", **OPEN}], ["KitchenDenyWithoutKey"]),
        ([statement("anonymous", "dev-lora"), {"Sid": "KitchenDenyAnonymous", **OPEN}], ["KitchenDenyAnonymous"]),
        ({"Sid": "KitchenDenyAnonymous", **OPEN}, ["KitchenDenyAnonymous"]),
    ],
)
def test_a_statement_with_a_guard_s_name_is_no_guard(found: Any, names: list[str]) -> None:
    assert [entry["Sid"] for entry in forged(json.dumps({"Statement": found}), "dev-lora")] == names
    assert forged("", "dev-lora") == []


class Store:
    """Answers the policy of its bucket, and knows nothing else."""

    def __init__(self, *statements: dict[str, Any]) -> None:
        self.policy = json.dumps({"Statement": statements})

    def get_bucket_policy(self, **_: str) -> dict[str, str]:
        return {"Policy": self.policy}


@pytest.mark.parametrize("closed", [True, False])
def test_a_bucket_that_is_opened_under_a_guard_s_name_differs(closed: bool) -> None:
    props = {"owner": "kitchen/dev", "abilities": ["bucketPolicy"], "closed": closed}
    store: Any = Store(statement("anonymous", "dev-lora"), {"Sid": "KitchenDenyWithoutKey", **OPEN})
    seen = bucket_settings.observe(store, "dev-lora", props)
    assert seen["guards"] == ["anonymous"]
    assert seen["unmanaged"] == ["bucket policy statement KitchenDenyWithoutKey, not as we write it"]
