"""Programs of the platform that call addresses for a team: probers, alerts, data sources, loggers of servers.

Such a program reaches what the team itself does not. So it is sent to nothing outside, to no other tenant, and to no
path by which a server is administered.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import team_scrapes
from policies.manifests.addresses import outside_faults
from policies.manifests.endpoints import OF_SERVERS
from policies.manifests.entry_paths import administration
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, without_key
from policies.manifests.insides import host_of, leads_inside, of_another_tenant
from policies.manifests.network_peers import strange_fields
from policies.manifests.relabelings import relabelled
from policies.manifests.scaling import is_inside

_HTTP = (
    *("authorization", "basicAuth", "bearerTokenSecret", "followRedirects", "oauth2", "proxyUrl", "proxyURL"),
    *("tlsConfig", "noProxy", "proxyFromEnvironment", "enableHttp2", "proxyConnectHeader"),
)
_ALERTS = ("route", "receivers", "inhibitRules", "muteTimeIntervals", "timeIntervals")
_ASKED_OFTEN = ("", "/", "/metrics")


def probe(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a Probe: the prober asks what is inside, and nothing that a server's administration answers."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for kind in ("staticConfig", "ingress"):
        place, holder = f"spec.targets.{kind}", at(spec, "targets", kind)
        yield from relabelled(case, at(holder, "relabelingConfigs"), f"{place}.relabelingConfigs")
        for path, target in listed(at(holder, "static"), f"{place}.static"):
            yield from _administered(case, target, path)
    yield from outside_faults(case, at(spec, "oauth2"), "spec.oauth2")
    yield from team_scrapes.faults(case, spec)


def _administered(case: Case, address: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where an address is a path of a server's administration, which answers whoever asks."""
    if not isinstance(address, str):
        return
    found = urlsplit(address if "://" in address else f"//{address}").path
    reached = administration(case, {"exact": found}) if found not in _ASKED_OFTEN else None
    if reached:
        yield Fault(path=path, text=f"{without_key(address)!r}, which leads to {reached}")


def alerts(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of an AlertmanagerConfig: by which way alerts go, what they silence, and what servers are told by them."""
    yield from strange_fields(spec, _ALERTS, "spec")
    for path, rule in listed(at(spec, "inhibitRules"), "spec.inhibitRules"):
        if not any(_is_a_teams(matcher) for matcher in entries(at(rule, "targetMatch"))):
            yield Fault(path=f"{path}.targetMatch", text="names no one alert of the team: kitchens' may be silenced")
    for path, receiver in listed(UNKNOWN if spec is UNKNOWN else at(spec, "receivers"), "spec.receivers"):
        for name, configs in mapping(receiver).items():
            for where, config in listed(configs, f"{path}.{name}") if name.endswith("Configs") else ():
                yield from _administered(case, at(config, "url"), f"{where}.url")
                yield from _another_tenant(case, at(config, "url"), f"{where}.url")
                yield from _way(case, at(config, "httpConfig"), f"{where}.httpConfig")


def _is_a_teams(matcher: JsonValue) -> bool:
    """Whether a matcher takes one alert by its name, and none of the kitchens'."""
    name, value = at(matcher, "name"), at(matcher, "value")
    whole = at(matcher, "matchType") in (None, "", "=") and at(matcher, "regex") in (None, False)
    return name == "alertname" and whole and isinstance(value, str) and not value.startswith("Kitchen") and value != ""


def _way(case: Case, held: JsonValue, path: str) -> Iterator[Fault]:
    yield from strange_fields(held, _HTTP, path)
    for field, value in mapping(held).items():
        if field in ("proxyUrl", "proxyURL"):
            if value not in (None, "") and not leads_inside(case, value):
                yield Fault(path=f"{path}.{field}", text=f"{shown(value)}: alerts go by what is outside")
        else:
            yield from outside_faults(case, value, f"{path}.{field}")


def data_source(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a data source of Grafana: it passes every path on, so it leads to no server."""
    address = at(spec, "datasource", "url") if spec is not UNKNOWN else None
    if of_another_tenant(case, address) or host_of(address).partition(".")[0].endswith(OF_SERVERS):
        yield Fault(path="spec.datasource.url", text=f"{without_key(address)!r}: it leads to every path of a server")


def service(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of an InferenceService: what its scaling asks is inside, and its calls are shown to nobody else."""
    for part in ("predictor", "transformer", "explainer"):
        holder = at(spec, part) if spec is not UNKNOWN else None
        for path, entry in listed(at(holder, "autoScaling", "metrics"), f"spec.{part}.autoScaling.metrics"):
            address = at(entry, "external", "metric", "serverAddress")
            if address is not None and not is_inside(case, address):
                place = f"{path}.external.metric.serverAddress"
                yield Fault(path=place, text=f"{shown(address)}, which is nothing inside")
        address, path = at(holder, "logger", "url"), f"spec.{part}.logger.url"
        if holder is UNKNOWN or address is None:
            continue
        if not leads_inside(case, address):
            yield Fault(path=path, text=f"{shown(address)}: whole calls are sent to what is not inside")
        yield from _another_tenant(case, address, path)


def _another_tenant(case: Case, address: JsonValue, path: str) -> Iterator[Fault]:
    if of_another_tenant(case, address):
        yield Fault(path=path, text=f"{without_key(address)!r}, which is of another tenant")
