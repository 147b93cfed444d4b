"""Rules about metrics and objectives: what can never be told is a fault at preview, not a silence at night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from components.observability.buckets import TOKEN_SECONDS, TTFT_SECONDS, edge_of, nearest
from components.observability.routing import receivers
from infra.catalog import Catalog
from infra.days import day_rule
from infra.faults import Fault
from infra.monitoring_settings import ObjectiveSettings
from infra.rules.common import known
from infra.rules.monitoring_places import place_faults, port_faults
from infra.settings import Settings

_EDGE = "Prometheus has counts at the edges of vLLM's buckets alone, and a rule between two never says anything"


def monitoring_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Objectives of kitchens that there are, at edges of vLLM's histograms; parts that this platform lets scrape."""
    said = settings.monitoring
    kitchens = {name: one for name, one in settings.kitchens.items() if one.canary_of is None}
    for name, objective in said.objectives.items():
        yield from known("monitoring.objectives", name, kitchens, "a kitchen, and no canary")
        generates = name not in kitchens or kitchens[name].task == "generate"
        yield from _objective_faults(f"monitoring.objectives.{name}", objective, generates)
    yield from place_faults(settings)
    ticket, page = said.thresholds.ends_within_days, said.thresholds.page_within_days
    if page > ticket:
        rule = f"the page comes before the ticket, which comes {ticket} days (endsWithinDays) before the end"
        yield Fault(path="monitoring.thresholds.pageWithinDays", value=page, rule=rule, example="pageWithinDays: 2")
    if said.form == "files" and settings.platform.monitoring:
        rule = "platform.monitoring makes objects for Prometheus' operator, and form: files none: state one of both"
        yield Fault(path="monitoring.form", value=said.form, rule=rule, example="form: operator")
    if said.dashboards in ("grafana", "perses") and not settings.platform.monitoring:
        rule = "objects of dashboards lie in the namespace that comes with platform.monitoring, and it is off"
        example = "dashboards: files, or platform: {monitoring: true}"
        yield Fault(path="monitoring.dashboards", value=said.dashboards, rule=rule, example=example)
    if settings.platform.kind == "openshift":
        for part in said.scrapes:
            rule = "OpenShift's own monitoring scrapes it, and user-workload monitoring reaches no other namespace"
            yield Fault(path=f"monitoring.scrapes.{part}", value=part, rule=rule, example="scrapes: (not stated)")
    if settings.entry is not None and settings.entry.door.kind == "istio" and said.form == "files":
        rule = "scrapes of metrics are plain HTTP, which a mesh with mTLS alone does not take: choose one of them"
        yield Fault(path="monitoring.form", value=said.form, rule=rule, example="another door than istio")


def receiver_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Mail goes to receivers that there are."""
    email = settings.monitoring.alertmanager.email
    if email is not None:
        yield from port_faults("monitoring.alertmanager.email.smarthost", email.smarthost, "mail.kitchen.example:587")
    there = dict.fromkeys(receivers(tuple(settings.tenants)))
    for name in () if email is None else email.to:
        yield from known("monitoring.alertmanager.email.to", name, there, "a receiver")


def _objective_faults(path: str, said: ObjectiveSettings, generates: bool) -> Iterator[Fault]:
    stated = [value for value in (said.ttft_seconds, said.tps_per_user) if value is not None]
    if not stated and said.share is not None:
        rule = "is the share of calls that hold ttftSeconds and tpsPerUser, and neither is stated"
        example = "ttftSeconds: 2.5" if generates else "availability: 0.995 (and no share)"
        yield Fault(path=f"{path}.share", value=said.share, rule=rule, example=example)
    for key, value in (("ttftSeconds", said.ttft_seconds), ("tpsPerUser", said.tps_per_user)):
        if value is not None and not generates:
            rule = "is about tokens, and the kitchen generates none: state availability alone"
            yield Fault(path=f"{path}.{key}", value=value, rule=rule, example="availability: 0.995")
    if not generates:
        return
    seconds, tps = said.ttft_seconds, said.tps_per_user
    if seconds is not None and edge_of(seconds, TTFT_SECONDS) is None:
        yield _edge_fault(f"{path}.ttftSeconds", seconds, nearest(seconds, TTFT_SECONDS), "seconds")
    if tps is not None and edge_of(1 / tps, TOKEN_SECONDS) is None:
        # Of the edges in seconds: the nearest ones first, as tokens a second.
        near = sorted(float(f"{1 / edge:.4g}") for edge in nearest(1 / tps, TOKEN_SECONDS))
        yield _edge_fault(f"{path}.tpsPerUser", tps, near, "tokens a second")


def _edge_fault(path: str, value: float, near: Sequence[float], unit: str) -> Fault:
    named = " and ".join(f"{edge:g}" for edge in near)
    key = path.rpartition(".")[2]
    return Fault(path=path, value=value, rule=f"{_EDGE}; nearest: {named} {unit}", example=f"{key}: {near[0]:g}")


def ends_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Days of the calendar, each end once, and the last day of a signer."""
    seen = Counter((end.what, end.name) for end in settings.monitoring.ends)
    for index, end in enumerate(settings.monitoring.ends):
        yield from _day_faults(f"monitoring.ends.{index}.until", end.until)
        if seen[end.what, end.name] > 1:
            rule = "each thing ends once"
            yield Fault(path=f"monitoring.ends.{index}", value=f"{end.what} {end.name}", rule=rule, example="one entry")
    for index, signer in enumerate(settings.signers):
        if signer.expires is not None:
            yield from _day_faults(f"signers.{index}.expires", signer.expires)


def _day_faults(path: str, text: str) -> Iterator[Fault]:
    if broken := day_rule(text):
        yield Fault(path=path, value=text, rule=broken, example="'2027-12-31'")
