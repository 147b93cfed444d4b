"""What scaling asks for figures: triggers of KEDA, closed over their types, and where they take passwords from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.addresses import outside_faults
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown
from policies.manifests.insides import is_of_a_tenant, leads_inside, namespace_of, of_another_tenant
from policies.manifests.network_peers import strange_fields
from policies.manifests.statements import names

_DSN = ("connection", "connectionstring")
"""Fields that hold an address among other words."""

_ADDRESSED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("cpu", "memory", "cron", "kubernetes-workload"), ()),
    **dict.fromkeys(("prometheus", "loki", "graphite"), ("serveraddress",)),
    **dict.fromkeys(("kafka", "apache-kafka"), ("bootstrapservers",)),
    **{
        f"redis{form}{what}": ("address", "addresses", "host", "hosts")
        for form in ("", "-cluster", "-sentinel")
        for what in ("", "-streams")
    },
    **dict.fromkeys(("rabbitmq", "solr", "ibmmq"), ("host",)),
    **dict.fromkeys(("postgresql", "mysql", "mssql", "mongodb", "couchdb"), ("host", *_DSN)),
    **dict.fromkeys(("metrics-api", "selenium-grid"), ("url",)),
    **dict.fromkeys(("external", "external-push"), ("scaleraddress",)),
    "elasticsearch": ("addresses",),
    "influxdb": ("serverurl",),
    **dict.fromkeys(("nats-jetstream", "stan"), ("natsservermonitoringendpoint",)),
    **dict.fromkeys(("activemq", "artemis-queue"), ("managementendpoint",)),
    **dict.fromkeys(("etcd", "arangodb"), ("endpoints",)),
    "cassandra": ("clusteripaddress",),
    "pulsar": ("adminurl",),
    "liiklus": ("address",),
    "temporal": ("endpoint",),
    "beanstalkd": ("server",),
}
"""Types of triggers that are understood, and their fields that hold addresses, in small letters."""

_CLOUDS = ("cloudid",)
_HOSTS = re.compile(r"(?:^|[\s;])(?:hostaddr|host|server|data source|addr|address)\s*=\s*'?([^\s;']+)")
_BRACKETS = re.compile(r"@?\w*\(([^)]*)\)")
_AUTHENTICATION = ("secretTargetRef", "configMapTargetRef", "env", "hashiCorpVault", "podIdentity")
_VAULT = ("address", "authentication", "role", "mount", "namespace", "credential", "secrets")


def scaled(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a ScaledObject or ScaledJob: its triggers are understood, and what they ask is inside."""
    for path, trigger in listed(UNKNOWN if spec is UNKNOWN else at(spec, "triggers"), "spec.triggers"):
        metadata = UNKNOWN if trigger is UNKNOWN else at(trigger, "metadata")
        if metadata is UNKNOWN:
            yield Fault(path=f"{path}.metadata", text=NOT_KNOWN)
            continue
        stated, remark = names(case.config.get("triggers"))
        kind = at(trigger, "type")
        if str(kind) not in _ADDRESSED and kind not in stated:
            text = f"{missing(kind)}, and what such a trigger asks is not understood{remark}"
            yield Fault(path=f"{path}.type", text=text)
        yield from _metadata(case, mapping(metadata), _ADDRESSED.get(str(kind), ()), f"{path}.metadata")


def _metadata(case: Case, found: Mapping[str, JsonValue], known: tuple[str, ...], path: str) -> Iterator[Fault]:
    for name, value in found.items():
        where, field = f"{path}.{name}", name.lower()
        if value is UNKNOWN:
            yield Fault(path=where, text=NOT_KNOWN)
        elif field in _CLOUDS:
            yield Fault(path=where, text="names a cloud outside")
        elif field in known and value not in (None, ""):
            if not _all_inside(case, hosts_of(str(value)) if field in _DSN else _split(str(value))):
                yield Fault(path=where, text=f"{_without_words(field, value)}, which is nothing inside")
        else:
            yield from outside_faults(case, value, where)


def _without_words(field: str, value: JsonValue) -> str:
    """What is said of an address; of one among other words, which may be a password, nothing is repeated."""
    return "names a host" if field in _DSN else shown(value)


def hosts_of(text: str) -> list[str]:
    """Addresses in words by which a client of a database is told where to go; empty where none can be seen."""
    if "://" in text:
        return _split(text.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2])
    bracketed = _BRACKETS.findall(text)
    words = _HOSTS.findall(text.lower())
    found = [*bracketed, *(word.removeprefix("tcp:") for word in words)]
    return [part for entry in found for part in re.split(r",(?!\d+$)", entry)]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _all_inside(case: Case, found: list[str]) -> bool:
    known = [*_stated(case)]
    return bool(found) and all(
        text in known or (leads_inside(case, part := re.sub(r",(\d+)$", r":\1", text)) and _is_allowed(case, part))
        for text in found
    )


def _is_allowed(case: Case, address: str) -> bool:
    return not of_another_tenant(case, address)


def is_inside(case: Case, value: JsonValue) -> bool:
    """Whether an address, or each of a list with commas, is one of the settings' Prometheus or leads inside."""
    return isinstance(value, str) and _all_inside(case, [value] if value in [*_stated(case)] else _split(value))


def authentication(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a TriggerAuthentication: where passwords are fetched is inside, for who is asked gets a token.

    One for the whole cluster takes Secrets of KEDA's own namespace, which every team's triggers could send anywhere.
    """
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    yield from outside_faults(case, spec, "spec")
    yield from strange_fields(spec, _AUTHENTICATION, "spec")
    everywhere = case.subject.namespace is None or case.subject.kind.startswith("Cluster")
    stated, remark = names(case.config.get("sharedSecrets"))
    if everywhere and at(spec, "secretTargetRef") not in (None, []) and case.subject.object_name not in stated:
        text = f"shows Secrets of KEDA's namespace to the triggers of every team, and nobody has stated that{remark}"
        yield Fault(path="spec.secretTargetRef", text=text)
    if at(spec, "podIdentity", "provider") not in (None, "", "none"):
        yield Fault(
            path="spec.podIdentity.provider", text=f"{shown(at(spec, 'podIdentity', 'provider'))}: asks a cloud"
        )
    vault = at(spec, "hashiCorpVault")
    if vault is not None:
        yield from _vault(case, vault, everywhere=everywhere)


def _vault(case: Case, vault: JsonValue, *, everywhere: bool) -> Iterator[Fault]:
    path, credential = "spec.hashiCorpVault", at(vault, "credential")
    yield from strange_fields(vault, _VAULT, path)
    if UNKNOWN in (vault, credential, at(vault, "address")):
        yield Fault(path=path, text=NOT_KNOWN)
        return
    yield from strange_fields(credential, ("serviceAccountName", "token"), f"{path}.credential")
    if at(vault, "authentication") == "kubernetes" and not at(credential, "serviceAccountName"):
        text = "is missing, so whoever is asked gets the token of KEDA itself"
        yield Fault(path=f"{path}.credential.serviceAccountName", text=text)
    host = re.sub(r"^\w+://", "", str(at(vault, "address"))).partition("/")[0].partition(":")[0]
    if everywhere and is_of_a_tenant(case, namespace_of(case, host.lower())):
        yield Fault(path=f"{path}.address", text=f"{shown(at(vault, 'address'))}: a tenant's pod gets tokens of KEDA")


def _stated(case: Case) -> Iterator[JsonValue]:
    """Addresses of Prometheus in the settings."""
    platform, kitchens = (case.world.settings.get(key) for key in ("platform", "kitchens"))
    yield at(platform, "prometheus")
    for kitchen in mapping(kitchens).values():
        yield at(kitchen, "autoscaling", "prometheus")
