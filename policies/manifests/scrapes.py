"""What reads figures on behalf of a team: scrapes of Prometheus and triggers of KEDA, and where these reach."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.addresses import outside_faults
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.insides import leads_inside
from policies.manifests.namespace_places import is_platform

_ENDPOINTS = ("endpoints", "podMetricsEndpoints")
_ADDRESS = "__address__"
_HOSTS = ("url", "host", "address", "serveraddress", "bootstrapservers", "endpoint", "server", "hosts", "addresses")
"""Ends of the names of fields that hold addresses."""

_CLOUDS = ("awsSecretManager", "azureKeyVault", "gcpSecretManager")
_OF_PROGRAMS = ("$", "{")
"""Begins a value that Prometheus puts together of what it has found."""

_AUTHORITIES = ("/etc/prometheus/", "/etc/ssl/", "/etc/pki/", "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
"""Certificates of Prometheus' own pod by which it knows whom it asks."""


def monitor(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a ServiceMonitor or PodMonitor: a team's shows nobody Prometheus' token, and asks what is inside."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for field in _ENDPOINTS:
        for path, endpoint in listed(at(spec, field), f"spec.{field}"):
            yield from _endpoint(case, endpoint, path)


def _endpoint(case: Case, endpoint: JsonValue, path: str) -> Iterator[Fault]:
    if endpoint is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    token, proxy = at(endpoint, "bearerTokenFile"), at(endpoint, "proxyUrl")
    if token not in (None, "") and not is_platform(case.subject.namespace):
        yield Fault(path=f"{path}.bearerTokenFile", text=f"{shown(token)}: whoever is asked gets a token of Prometheus")
    if proxy not in (None, "") and not leads_inside(case, proxy):
        yield Fault(path=f"{path}.proxyUrl", text=f"{shown(proxy)}: scrapes go by what is outside")
    for name in ("certFile", "keyFile", "caFile"):
        held = at(endpoint, "tlsConfig", name)
        if held not in (None, "") and not (name == "caFile" and str(held).startswith(_AUTHORITIES)):
            yield Fault(path=f"{path}.tlsConfig.{name}", text=f"{shown(held)}: a file of Prometheus' own pod")
    if at(endpoint, "oauth2") is not None:
        yield from outside_faults(case, at(endpoint, "oauth2"), f"{path}.oauth2")
    for where, entry in listed(at(endpoint, "relabelings"), f"{path}.relabelings"):
        target, value = at(entry, "targetLabel"), at(entry, "replacement")
        if UNKNOWN in (entry, target) or (target == _ADDRESS and not _is_found_or_inside(case, value)):
            yield Fault(path=f"{where}.replacement", text=f"{shown(value)}: scrapes go to what is not inside")


def _is_found_or_inside(case: Case, value: JsonValue) -> bool:
    if value is None:
        return True
    return isinstance(value, str) and (value.startswith(_OF_PROGRAMS) or leads_inside(case, value))


def scaled(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a ScaledObject or ScaledJob: what its triggers ask is inside."""
    for path, trigger in listed(UNKNOWN if spec is UNKNOWN else at(spec, "triggers"), "spec.triggers"):
        metadata = UNKNOWN if trigger is UNKNOWN else at(trigger, "metadata")
        if metadata is UNKNOWN:
            yield Fault(path=f"{path}.metadata", text=NOT_KNOWN)
        for name, value in mapping(metadata).items():
            where = f"{path}.metadata.{name}"
            if value is UNKNOWN:
                yield Fault(path=where, text=NOT_KNOWN)
            elif name.lower().endswith(_HOSTS):
                if value not in (None, "") and not _inside(case, str(value)):
                    yield Fault(path=where, text=f"{shown(value)}, which is nothing inside")
            else:
                yield from outside_faults(case, value, where)


def authentication(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a TriggerAuthentication: where passwords are fetched is inside, for who is asked gets a token."""
    yield from outside_faults(case, spec, "spec")
    for name in _CLOUDS:
        if spec is UNKNOWN or at(spec, name) is not None:
            yield Fault(path=f"spec.{name}", text=NOT_KNOWN if spec is UNKNOWN else "asks a cloud outside")


def service(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of an InferenceService: what its scaling asks is inside."""
    for part in ("predictor", "transformer", "explainer"):
        place = f"spec.{part}.autoScaling.metrics"
        metrics = at(spec, part, "autoScaling", "metrics") if spec is not UNKNOWN else None
        for path, entry in listed(metrics, place):
            address = at(entry, "external", "metric", "serverAddress")
            if address is not None and (address is UNKNOWN or not _inside(case, str(address))):
                yield Fault(
                    path=f"{path}.external.metric.serverAddress", text=f"{shown(address)}, which is nothing inside"
                )


def _inside(case: Case, value: str) -> bool:
    return value in _stated(case) or all(leads_inside(case, part.strip()) for part in value.split(","))


def _stated(case: Case) -> Iterator[JsonValue]:
    """Addresses of Prometheus in the settings."""
    platform, kitchens = (case.world.settings.get(key) for key in ("platform", "kitchens"))
    yield at(platform, "prometheus")
    for kitchen in mapping(kitchens).values():
        yield at(kitchen, "autoscaling", "prometheus")
