"""What the rule on the entry knows by heart is what the program makes."""

from __future__ import annotations

from typing import Any

import pytest

from components.entry.envoy import bootstrap
from components.entry.plan import EntryPlan, Issuer
from policies.manifests.envoy_record import FIELDS

_OIDC = Issuer(name="idp", issuer="https://sso.kitchen.example", audience="kitchen", jwks="{}")
_PLAN = EntryPlan(environment="prod", issuers=[_OIDC], grants=[])


@pytest.fixture(scope="module")
def manager() -> dict[str, Any]:
    listener = bootstrap(_PLAN)["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def test_the_fields_of_the_record(manager: dict[str, Any]) -> None:
    made = dict(manager["access_log"][0]["typed_config"]["log_format"]["json_format"])
    assert made.pop("environment") == "prod"
    assert made.pop("groups") == "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:groups)%"
    assert made == FIELDS
