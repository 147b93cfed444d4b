"""Samples of the rules about whole stacks: a stack that passes all of them, and what each says about a change in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyCustomTimeouts, PolicyResource, PolicyResourceOptions, StackValidationArgs
from pulumi_policy.proxy import unknown_checking_proxy

from policies.judging.stack_rule import StackRule, stack_case_of
from policies.judging.world import World
from tests.policy.samples.stacks_addresses import ADDRESSES
from tests.policy.samples.stacks_budgets import BUDGETS
from tests.policy.samples.stacks_callers import CALLERS, DOORS
from tests.policy.support.objects import SERVICE, manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, WORLD, changed

_NOT_KNOWN = "not known before the update"


def _named(api_version: str, kind: str, name: str, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    entry = manifest(api_version, kind, spec or {})
    return {**entry, "metadata": {"name": name, "namespace": "team"}}


_PREDICTOR = "spec predictor"
STACK: dict[str, dict[str, Any]] = {
    "namespace": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}},
    "deny": _named(
        "networking.k8s.io/v1", "NetworkPolicy", "deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ),
    "quota": _named("v1", "ResourceQuota", "quota", {"hard": {"requests.cpu": "64", "limits.memory": "256Gi"}}),
    "runtime": _named("serving.kserve.io/v1alpha1", "ServingRuntime", "sample-vllm"),
    "account": _named("v1", "ServiceAccount", "sample-server"),
    "service": changed(
        SERVICE,
        {
            f"{_PREDICTOR} serviceAccountName": "sample-server",
            f"{_PREDICTOR} minReplicas": 2,
            f"{_PREDICTOR} maxReplicas": 2,
            f"{_PREDICTOR} deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        },
    ),
}
"""Passes every rule: 3 of 8 GPUs of the pool l40s while it is rolled out."""

_ROUTE = _named("gateway.networking.k8s.io/v1", "HTTPRoute", "entry")
_AUTHORITY = _named("security.istio.io/v1", "AuthorizationPolicy", "callers")
_CLUSTER_RUNTIME = {
    **_named("serving.kserve.io/v1alpha1", "ClusterServingRuntime", "x"),
    "metadata": {"name": "sample-vllm"},
}
_VISIBLE = {"networking.kserve.io/visibility": "exposed"}
_WORKER = _named(
    "apps/v1", "Deployment", "worker", {"template": {"spec": {"serviceAccountName": "gone", "containers": [{}]}}}
)
_GPU_WORKER = _named(
    "apps/v1",
    "Deployment",
    "worker",
    {
        "replicas": 4,
        "template": {
            "spec": {
                "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-L40S"},
                "containers": [{"resources": {"limits": {"nvidia.com/gpu": "1"}}}],
            }
        },
    },
)


@dataclass(frozen=True, kw_only=True)
class StackSample:
    """Changes of `STACK` (by `<object> <path>`; None takes an object out) and a fragment of each violation."""

    name: str
    changes: dict[str, Any]
    says: tuple[str, ...] = ()
    world: World = WORLD
    config: dict[str, Any] = dataclasses.field(default_factory=dict)

    def answers(self, rule: StackRule) -> list[str]:
        """Messages of the rule, through the SDK's proxies."""
        case = stack_case_of(StackValidationArgs([_resource(entry) for entry in self.objects()], self.config))
        return list(rule.messages(dataclasses.replace(case, world=self.world)))

    def objects(self) -> list[dict[str, Any]]:
        """The objects of the stack."""
        whole = {name: entry for name, entry in STACK.items() if self.changes.get(name, entry) is not None}
        return list(changed(whole, {path: value for path, value in self.changes.items() if value is not None}).values())


def _resource(entry: dict[str, Any]) -> PolicyResource:
    token = f"kubernetes:{entry['apiVersion']}:{entry['kind']}"
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    return PolicyResource(token, unknown_checking_proxy(entry), "urn:x", "x", options, None, None, [], {})


def _table(*rows: tuple[Any, ...], **more: Any) -> tuple[StackSample, ...]:
    return tuple(StackSample(name=name, changes=changes, says=tuple(says), **more) for name, changes, *says in rows)


STACK_SAMPLES: dict[str, tuple[StackSample, ...]] = {
    "namespaces-guarded": (
        *_table(
            ("a guarded namespace", {}),
            ("no default", {"deny": None}, "no NetworkPolicy denies Ingress", "denies Egress by default"),
            ("one direction", {"deny spec policyTypes": ["Ingress"]}, "Namespace team: no NetworkPolicy denies Egress"),
            (
                "two policies",
                {"deny spec policyTypes": ["Ingress"], "more": {**STACK["deny"], "spec": {"policyTypes": ["Egress"]}}},
            ),
            ("a policy of some pods", {"deny spec podSelector": {"matchLabels": {"a": "b"}}}, "Ingress", "Egress"),
            ("a policy that allows", {"deny spec ingress": [{}]}, "denies Ingress by default"),
            ("a policy elsewhere", {"deny metadata namespace": "other"}, "Ingress", "Egress"),
            ("no quota", {"quota": None}, "no ResourceQuota bounds it"),
            ("a quota of nothing", {"quota spec hard": {}}, "bounds its CPU", "bounds its memory"),
            ("a quota of pods", {"quota spec hard": {"pods": "10"}}, "bounds its CPU", "bounds its memory"),
            ("a quota of CPU", {"quota spec hard": {"limits.cpu": "4"}}, "no ResourceQuota bounds its memory"),
            ("a quota of some pods", {"quota spec scopes": ["BestEffort"]}, "bounds its CPU", "bounds its memory"),
            ("a quota that is none", {"quota spec hard requests.cpu": "many"}, "no ResourceQuota bounds its CPU"),
            ("a quota not known", {"quota spec hard": UNKNOWN_VALUE}, "bounds its CPU", "bounds its memory"),
            (
                "two quotas",
                {
                    "quota spec hard": {"cpu": "4"},
                    "more": _named("v1", "ResourceQuota", "b", {"hard": {"memory": "1Gi"}}),
                },
            ),
            ("a policy that is not known", {"deny spec": UNKNOWN_VALUE}, "Ingress", "Egress"),
            ("a name that is not known", {"namespace metadata name": UNKNOWN_VALUE}, f"metadata.name: is {_NOT_KNOWN}"),
        ),
        *_table(("a listed namespace", {"quota": None}), config={"withoutQuota": ["Namespace team"]}),
    ),
    "services-complete": _table(
        ("all there", {}),
        ("a runtime of the cluster", {"runtime": None, "other": _CLUSTER_RUNTIME}),
        ("no such runtime", {"runtime": None}, "model.runtime: no ServingRuntime 'sample-vllm' is declared in team"),
        ("a runtime elsewhere", {"runtime metadata namespace": "other"}, "no ServingRuntime 'sample-vllm'"),
        ("any runtime", {f"service {_PREDICTOR} model runtime": MISSING}, "KServe takes any runtime of the cluster"),
        ("no such account", {"account": None}, "serviceAccountName: no ServiceAccount 'sample-server' is declared"),
        ("the default account", {f"service {_PREDICTOR} serviceAccountName": MISSING}, "default account is taken"),
        ("a worker's account", {"worker": _WORKER}, "Deployment team/worker: spec.template.spec.serviceAccountName"),
        ("neither", {"runtime": None, "account": None}, "ServingRuntime", "ServiceAccount"),
        ("runtime not known", {f"service {_PREDICTOR} model runtime": UNKNOWN_VALUE}, f"runtime: is {_NOT_KNOWN}"),
        (
            "an account that is no text",
            {f"service {_PREDICTOR} serviceAccountName": [{"a": "b"}]},
            "serviceAccountName: no ServiceAccount [{'a': 'b'}] is",
        ),
        ("account not known", {f"service {_PREDICTOR} serviceAccountName": UNKNOWN_VALUE}, f"Name: is {_NOT_KNOWN}"),
        *ADDRESSES,
    ),
    "exposed-authorized": (
        *_table(
            ("not exposed", {}),
            (
                "an entry",
                {"entry": _ROUTE},
                "HTTPRoute team/entry: no AuthorizationPolicy that names callers is declared in",
            ),
            ("an entry with callers", {"entry": _ROUTE, "callers": _AUTHORITY}),
            *(
                (f"an entry, {name}", {"entry": _ROUTE, "callers": {**_AUTHORITY, "spec": spec}}, *says)
                for name, spec, *says in (
                    ("callers by namespace", {"rules": [{"from": [{"source": {"namespaces": ["a"]}}]}]}),
                    ("callers by account", {"rules": [{"from": [{"source": {"principals": ["a/b"]}}]}]}),
                    (
                        "callers by their service accounts",
                        {"rules": [{"from": [{"source": {"serviceAccounts": ["a"]}}]}]},
                    ),
                    ("callers by network", {"rules": [{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]}]}),
                    ("callers behind a proxy", {"rules": [{"from": [{"source": {"remoteIpBlocks": ["10.0.0.0/8"]}}]}]}),
                    ("callers with any token", {"rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]}),
                    (
                        "callers by a claim",
                        {"rules": [{"when": [{"key": "request.auth.claims[a]", "values": ["b"]}]}]},
                    ),
                    ("nobody", {"action": "ALLOW"}),
                    ("everybody", {"rules": [{}]}, "no Auth"),
                    ("everybody of the mesh", {"rules": [{"from": [{"source": {"principals": ["*"]}}]}]}, "no Auth"),
                    ("everybody by path", {"rules": [{"to": [{"operation": {"paths": ["/v1"]}}]}]}, "no Auth"),
                    ("everybody but some", {"rules": [{"from": [{"source": {"notNamespaces": ["a"]}}]}]}, "no Auth"),
                    (
                        "somebody or everybody",
                        {"rules": [{"from": [{"source": {"namespaces": ["a"]}}, {"source": {}}]}]},
                        "no Auth",
                    ),
                    ("somebody, and everybody", {"rules": [{"when": [{"key": "a"}]}, {}]}, "no Auth"),
                    ("some denied", {"action": "DENY", "rules": [{"when": [{"key": "a"}]}]}, "no Auth"),
                    ("callers not known", UNKNOWN_VALUE, "no Auth"),
                    ("rules not known", {"rules": UNKNOWN_VALUE}, "no Auth"),
                    ("action not known", {"action": UNKNOWN_VALUE}, "no Auth"),
                )
            ),
            *(
                (
                    f"an entry of kind {kind}",
                    {"entry": {**_ROUTE, "apiVersion": f"{group}/v1", "kind": kind}},
                    "no Auth",
                )
                for group, kind in (
                    *(("gateway.networking.k8s.io", "GRPCRoute"), ("gateway.networking.k8s.io", "TLSRoute")),
                    *(
                        ("networking.k8s.io", "Ingress"),
                        ("extensions", "Ingress"),
                        ("networking.istio.io", "VirtualService"),
                    ),
                )
            ),
            (
                "callers elsewhere",
                {"entry": _ROUTE, "callers": {**_AUTHORITY, "metadata": {"namespace": "x"}}},
                "no Auth",
            ),
            ("exposed", {"service metadata labels": _VISIBLE}, "visibility: is 'exposed'"),
            (
                "exposed and authenticated",
                {
                    "service metadata labels": _VISIBLE,
                    "service metadata annotations": {"security.opendatahub.io/enable-auth": "true"},
                },
            ),
            ("exposed, with callers", {"service metadata labels": _VISIBLE, "callers": _AUTHORITY}),
            (
                "exposed, of the LLM kind",
                {"service metadata labels": _VISIBLE, "service kind": "LLMInferenceService"},
                "visibility: is 'exposed'",
            ),
            ("exposed, of a kind that serves nothing", {"runtime metadata labels": _VISIBLE}),
            (
                "exposed, of another group",
                {"service metadata labels": _VISIBLE, "service apiVersion": "example.com/v1"},
            ),
            ("local", {"service metadata labels": {"networking.kserve.io/visibility": "cluster-local"}}),
            ("labels not known", {"service metadata labels": UNKNOWN_VALUE}, "visibility: is not known"),
        ),
        *_table(*CALLERS),
        *_table(*DOORS, world=dataclasses.replace(WORLD, settings={**WORLD.settings, "entry": {"host": "a"}})),
        *_table((f"{DOORS[0][0]}, where there is none", DOORS[0][1], "no AuthorizationPolicy that names callers")),
        *_table(("a listed entry", {"entry": _ROUTE}), config={"authorized": ["HTTPRoute team/*"]}),
    ),
    "gpu-pools-suffice": (
        *_table(
            ("within the pool", {}),
            ("exactly", {f"service {_PREDICTOR} maxReplicas": 7}),
            (
                "one too many",
                {f"service {_PREDICTOR} maxReplicas": 8},
                "pool l40s: 9 GPUs asked for (InferenceService team/sample 9 x 1), it has 8",
            ),
            (
                "one fewer without surge",
                {
                    f"service {_PREDICTOR} maxReplicas": 8,
                    f"service {_PREDICTOR} deploymentStrategy rollingUpdate maxSurge": 0,
                },
            ),
            ("two services", {"worker": _GPU_WORKER}),
            ("two services, one larger", {"worker": changed(_GPU_WORKER, {"spec replicas": 5})}, "10 GPUs asked for"),
            (
                "a share as surge",
                {"worker": changed(_GPU_WORKER, {"spec strategy": {"rollingUpdate": {"maxSurge": "50%"}}})},
                "9 GPUs",
            ),
            (
                "another pool",
                {
                    f"service {_PREDICTOR} nodeSelector": {"nvidia.com/gpu.product": "OTHER"},
                    f"service {_PREDICTOR} maxReplicas": 99,
                },
            ),
            (
                "replicas not known",
                {f"service {_PREDICTOR} maxReplicas": UNKNOWN_VALUE},
                "the number of pods is not known",
            ),
            (
                "need not known",
                {f"service {_PREDICTOR} model resources limits": UNKNOWN_VALUE},
                f"resources: is {_NOT_KNOWN}",
            ),
        ),
    ),
    "budgets-let-pods-go": _table(*BUDGETS),
}
