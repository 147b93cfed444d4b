"""Samples of pods whose names lead elsewhere, and of containers that see each other's processes."""

from __future__ import annotations

from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    LLM,
    LLM_TYPE,
    POD,
    POD_TYPE,
    SERVICE,
    SERVICE_TYPE,
)
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_ALIAS = [{"ip": "10.1.2.3", "hostnames": ["minio.storage.svc"]}]
_SHARED = "shareProcessNamespace: is True: each container reads"
_STATED = {"understood": [{"name": "Deployment team/*", "reason": "reads its own processes"}]}

_PODS = table(
    POD_TYPE,
    POD,
    ("a pod", {}),
    (
        "as it is by itself",
        {"spec shareProcessNamespace": False, "spec hostAliases": [], "spec dnsPolicy": "ClusterFirst"},
    ),
    (
        "with options of its resolver",
        {"spec dnsConfig": {"options": [{"name": "ndots", "value": "2"}], "searches": ["a"]}},
    ),
    ("shared processes", {"spec shareProcessNamespace": True}, f"spec.{_SHARED}"),
    (
        "the store's name elsewhere",
        {"spec hostAliases": _ALIAS},
        "spec.hostAliases[0]: leads ['minio.storage.svc'] to '10.1.2.3'",
    ),
    (
        "the API in the pod itself",
        {"spec hostAliases": [{"ip": "127.0.0.1", "hostnames": ["kubernetes"]}]},
        "leads ['kubernetes']",
    ),
    (
        "another resolver",
        {"spec dnsPolicy": "None", "spec dnsConfig": {"nameservers": ["192.0.2.1"]}},
        "spec.dnsConfig.nameservers: is ['192.0.2.1']: they answer for every name",
    ),
    ("a resolver beside", {"spec dnsConfig": {"nameservers": ["192.0.2.1"]}}, "dnsConfig.nameservers"),
    ("names not known", {"spec hostAliases": UNKNOWN_VALUE}, "spec.hostAliases: is not known before the update"),
    ("a resolver not known", {"spec dnsConfig": UNKNOWN_VALUE}, "dnsConfig.nameservers: is not known before"),
    ("sharing not known", {"spec shareProcessNamespace": UNKNOWN_VALUE}, "shareProcessNamespace: is not known"),
)
_TEMPLATES = (
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("of a template", {"spec template spec shareProcessNamespace": True}, f"spec.template.spec.{_SHARED}"),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("of a server", {"spec predictor hostAliases": _ALIAS}, "spec.predictor.hostAliases[0]: leads"),
    ),
    *table(
        LLM_TYPE, LLM, ("of another server", {"spec template shareProcessNamespace": True}, f"spec.template.{_SHARED}")
    ),
    *table(DEPLOYMENT_TYPE, DEPLOYMENT, ("stated", {"spec template spec shareProcessNamespace": True}), config=_STATED),
    *table(
        POD_TYPE,
        POD,
        ("another than stated", {"spec shareProcessNamespace": True}, _SHARED),
        config=_STATED,
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"pods-apart": (*_PODS, *_TEMPLATES)}
