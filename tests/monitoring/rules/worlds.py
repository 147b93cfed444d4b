"""Facts that the cases are about: environments with everything in them, once with an entry and once without."""

from __future__ import annotations

from dataclasses import replace

from components.observability.facts import CHECKS, DeclaredAdapter, End, KitchenFacts, Objective, RuleFacts

_DAY = 86400
PROMISED = Objective(ttft_seconds=2.5, token_seconds=0.05, availability=0.995)

SUPPORT = KitchenFacts(
    name="support",
    tenant="helpdesk",
    namespace="helpdesk-dev",
    replicas=2,
    max_loras=2,
    adapters=(
        DeclaredAdapter(name="faq", version="v1"),
        DeclaredAdapter(name="faq", version="v2", canary=True),
    ),
    objective=PROMISED,
    gpu_hour_price=120,
)
CANARY = KitchenFacts(name="support-canary", tenant="helpdesk", namespace="helpdesk-dev", canary_of="support")
SUMMARY = KitchenFacts(
    name="summary",
    tenant="sales",
    namespace="sales-dev",
    max_loras=1,
    hot=True,
    adapters=(DeclaredAdapter(name="minutes", version="v1"),),
)
SLEEPING = KitchenFacts(name="sleeping", tenant="sales", namespace="sales-dev", replicas=0)

MAIN = RuleFacts(
    environment="dev",
    kitchens=(SUPPORT, CANARY, SUMMARY, SLEEPING),
    ends=(
        End(what="signer", name="board", timestamp=10 * _DAY),
        End(what="exemption", name="over", timestamp=60),
        End(what="grant", name="gone", timestamp=60),
        End(what="certificate", name="authority", timestamp=_DAY),
        End(what="certificate", name="authority-of-the-door", timestamp=3 * _DAY),
        End(what="licence", name="far", timestamp=15 * _DAY),
    ),
    entry=True,
    counter="shared",
    store=True,
    currency="JPY",
    keda=True,
    parts={"entry": "entry-dev", "record": "entry-dev", "counter": "entry-dev", "store": "object-store"},
    certificates=("entry-dev",),
    checks=CHECKS,
)

WORLDS = {
    "main": MAIN,
    # No entry: availability by the servers' own numbers. Nothing ends, nothing is expected.
    "alone": replace(MAIN, entry=False, counter="none", ends=MAIN.ends[-1:], parts={}, checks=(), certificates=()),
    "no-gpus": replace(MAIN, gpus=False, ends=()),
    "local": replace(MAIN, counter="local"),
    "many": replace(MAIN, kitchens=(replace(SUPPORT, max_loras=8), CANARY)),
}
