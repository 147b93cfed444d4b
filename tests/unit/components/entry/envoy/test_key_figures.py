"""How long a changed key is not known: what Envoy is told is what the runbook says."""

from __future__ import annotations

import json

from components.entry.envoy import bootstrap
from components.entry.plan import KEYS_SECONDS, EntryPlan, Issuer
from tools.local.workspace import REPOSITORY

_BEFORE_ITS_END = 5
"""Envoy asks so many seconds before the end of its time (RefetchBeforeExpiredSec, jwt_authn/jwks_async_fetcher.cc)."""


def test_the_runbook_has_the_figures_of_the_configuration() -> None:
    issuer = Issuer(name="idp", issuer="https://idp.example", audience="kitchen", jwks_url="https://idp.example/keys")
    text = json.dumps(bootstrap(EntryPlan(environment="dev", issuers=[issuer], grants=[])))
    assert f'"cache_duration": "{KEYS_SECONDS}s", "async_fetch": {{"fast_listener": true}}' in text
    assert '"cluster": "issuer-idp", "timeout": "5s"' in text
    said = (REPOSITORY / "docs" / "runbook.md").read_text()
    assert f"Envoy asks for the keys every {KEYS_SECONDS - _BEFORE_ITS_END} seconds." in said
    assert "slower than 5 seconds" in said
