"""Public cases of probes, tokens, secrets and network policies, see `tests.policy.support.public`.

Those of probes are pods there; here they are pods of a Deployment, because the rule is about servers. The bad case of a
network policy is restated after the text of its Kyverno policy.
"""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import container, manifest
from tests.policy.support.public import BAD, GOOD, IN_CRON_JOB, IN_DEPLOYMENT, IN_POD, Place, cases
from tests.policy.support.sample import MISSING, changed

_TCP = {"tcpSocket": {"port": 8080}, "periodSeconds": 10}
_CAT = {"exec": {"command": ["cat", "/tmp/healthy"]}, "periodSeconds": 10}  # noqa: S108 - nothing is written
_GET = {"httpGet": {"path": "/health", "port": 8080}}
_READY, _LIVE, _START = "readinessProbe", "livenessProbe", "startupProbe"
_NOT_READY, _NOT_LIVE = f"{_READY}: is missing", f"{_LIVE}: is missing"


def _probed(*probes: dict[str, Any]) -> dict[str, Any]:
    """Containers of a pod, by their probes."""
    plain = [changed(container(f"c{index}"), {_READY: MISSING, _LIVE: MISSING}) for index in range(len(probes))]
    return {"containers": [{**entry, **found} for entry, found in zip(plain, probes, strict=True)]}


_ANY_PROBE = (
    *cases(
        "kyverno require-probes",
        IN_DEPLOYMENT,
        (GOOD, "alive alone", _probed({_LIVE: _TCP}), _NOT_READY),
        (GOOD, "alive the first, ready the second", _probed({_LIVE: _TCP}, {_READY: _TCP}), f"rs[0].{_NOT_READY}"),
        (GOOD, "started alone, by gRPC", _probed({_START: {"grpc": {"port": 8888}}}), _NOT_READY),
        (BAD, "nothing", _probed({}), _NOT_READY, _NOT_LIVE),
        (BAD, "nothing in the second", _probed({_LIVE: _TCP}, {}), f"rs[0].{_NOT_READY}", f"rs[1].{_NOT_READY}"),
        (BAD, "ready the first, nothing in the second", _probed({_READY: _TCP}, {}), _NOT_LIVE, f"rs[1].{_NOT_READY}"),
    ),
    *cases("kyverno require-probes", IN_POD, (BAD, "a pod alone", _probed({}))),
)
_DIFFERENT_PROBES = cases(
    "kyverno ensure-probes-different",
    IN_DEPLOYMENT,
    (GOOD, "others in one container", _probed({_LIVE: _CAT, _READY: _TCP}, {_LIVE: _CAT, _READY: _TCP})),
    (GOOD, "one alone", _probed({_READY: _CAT}, {_LIVE: _CAT}), f"rs[0].{_NOT_LIVE}", f"rs[1].{_NOT_READY}"),
    (BAD, "the same command in the second", _probed({_LIVE: _CAT, _READY: _TCP}, {_LIVE: _CAT, _READY: _CAT})),
    (BAD, "the same port in the first", _probed({_LIVE: _TCP, _READY: _TCP}, {_LIVE: _CAT, _READY: _TCP})),
    (BAD, "the same address", _probed({_LIVE: _GET, _READY: _GET})),
)
_STATES: dict[str, dict[str, Any]] = {
    "both": {_READY: _TCP, _LIVE: _TCP},
    "not ready": {_LIVE: _TCP},
    "not alive": {_READY: _TCP},
    "neither": {},
    "an empty ready": {_READY: {}, _LIVE: _TCP},
    "an empty alive": {_READY: _TCP, _LIVE: {}},
    "both empty": {_READY: {}, _LIVE: {}},
}


def _lacks(state: str, first: bool) -> list[str]:
    """What the rule says: of the second container, a sidecar, it asks no liveness."""
    found = _STATES[state]
    ready = [] if found.get(_READY) else [_NOT_READY]
    return ready if found.get(_LIVE) or not first else [*ready, _NOT_LIVE]


_BOTH_PROBES = cases(
    "gatekeeper requiredprobes",
    IN_DEPLOYMENT,
    *((state == "both", state, _probed(_STATES[state]), *_lacks(state, True)) for state in _STATES),
    *(
        (
            first == second == "both",
            f"{first}, then {second}",
            _probed(_STATES[first], _STATES[second]),
            *_lacks(first, True),
            *_lacks(second, False),
        )
        for first in _STATES
        for second in _STATES
    ),
    (BAD, "a null for alive", _probed({_LIVE: None}, {_READY: _TCP}), _NOT_READY, _NOT_LIVE),
    (BAD, "a null for ready", _probed({_READY: None, _LIVE: _TCP}, {_READY: _TCP}), _NOT_READY),
)

_TOKEN = "automountServiceAccountToken"
_IS_MISSING, _IS_TRUE = f"{_TOKEN}: is missing", f"{_TOKEN}: is True"
_AUTOMOUNT = "kyverno restrict-automount-sa-token"
_MOUNTED = {"volumeMounts": [{"name": "t", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]}
_ACCOUNT = Place(
    resource_type="kubernetes:core/v1:ServiceAccount",
    manifest={"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sample", "namespace": "team"}},
)
_TOKENS = (
    *cases(
        _AUTOMOUNT,
        IN_POD,
        (GOOD, "off", {_TOKEN: False}),
        (BAD, "on", {_TOKEN: True}, _IS_TRUE),
        (BAD, "nothing said", {_TOKEN: MISSING}, _IS_MISSING),
    ),
    *cases(
        _AUTOMOUNT,
        IN_POD,
        (GOOD, "nothing said by one that is left out", {_TOKEN: MISSING}),
        config={"needToken": ["Pod team/sample"]},
    ),
    *cases(
        _AUTOMOUNT,
        IN_POD,
        (BAD, "nothing said by one of another name", {_TOKEN: MISSING}, _IS_MISSING),
        config={"needToken": ["Pod team/samples"]},
    ),
    *cases(
        _AUTOMOUNT,
        IN_DEPLOYMENT,
        (GOOD, "a deployment, off", {_TOKEN: False}),
        (BAD, "a deployment, on", {_TOKEN: True}, f"spec.template.spec.{_IS_TRUE}"),
    ),
    *cases(
        _AUTOMOUNT,
        IN_CRON_JOB,
        (BAD, "a cron job that says nothing", {_TOKEN: MISSING}, f"jobTemplate.spec.template.spec.{_IS_MISSING}"),
    ),
    *cases(
        _AUTOMOUNT,
        IN_CRON_JOB,
        (GOOD, "a cron job that is left out", {_TOKEN: MISSING}),
        config={"needToken": ["CronJob team/*"]},
    ),
    *cases(
        "gatekeeper automount-serviceaccount-token",
        IN_POD,
        (GOOD, "off", {_TOKEN: False}),
        (BAD, "on", {_TOKEN: True}, _IS_TRUE),
        (BAD, "mounted, and nothing said", {_TOKEN: MISSING, "containers 0": {**container(), **_MOUNTED}}, _IS_MISSING),
    ),
    *cases(
        "kyverno restrict-sa-automount-sa-token",
        _ACCOUNT,
        (GOOD, "an account, off", {_TOKEN: False}),
        (BAD, "an account, on", {_TOKEN: True}),
    ),
)

_PLAIN_NAME = {"env": [{"name": "foo", "value": "bar"}]}
_BY_KEY = {"env": [{"name": "SECRET_BAD", "valueFrom": {"secretKeyRef": {"name": "foo", "key": "pass"}}}]}
_WHOLE = {"envFrom": [{"secretRef": {"name": "foo"}}]}
_NODE = {"env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]}
_SETTINGS = {"envFrom": [{"configMapRef": {"name": "foo-bar"}}]}


def _with(*parts: dict[str, Any], group: str = "containers") -> dict[str, Any]:
    return {group: [{**container(f"c{index}"), **part} for index, part in enumerate(parts)]}


def _key(name: str) -> dict[str, Any]:
    return {"env": [{"name": name, "value": "sample-value"}]}


_FROM_SECRETS = "kyverno disallow-secrets-from-env-vars"
_VARIABLES = (
    *cases(
        _FROM_SECRETS,
        IN_POD,
        (GOOD, "a field", _with(_NODE, {})),
        (GOOD, "none", _with({}, {})),
        (GOOD, "settings", _with(_SETTINGS, {})),
        (BAD, "a key", _with(_BY_KEY, {})),
        (BAD, "all keys, in the second", _with({}, _WHOLE)),
        (BAD, "all keys and a key", _with(_WHOLE, _BY_KEY)),
    ),
    *(
        case
        for name, place in {"a deployment": IN_DEPLOYMENT, "a cron job": IN_CRON_JOB}.items()
        for case in cases(
            _FROM_SECRETS,
            place,
            (GOOD, f"{name}, a field", _with(_NODE, {})),
            (GOOD, f"{name}, settings", _with(_SETTINGS, {})),
            (BAD, f"{name}, a key", _with(_BY_KEY, _PLAIN_NAME)),
            (BAD, f"{name}, all keys", _with(_WHOLE, {})),
        )
    ),
    *cases(
        "gatekeeper airequiredcontrols",
        IN_POD,
        (GOOD, "a key out of a Secret", _with({"env": [{**_BY_KEY["env"][0], "name": "MODEL_API_KEY"}]})),
        (BAD, "a key in plain text", _with(_key("OPENAI_API_KEY")), "containers[0].env[0].value: is the value of"),
        (
            BAD,
            "an init container's key in plain text",
            _with(_key("STORAGE_API_KEY"), group="initContainers"),
            "initContainers[0].env[0].value: is the value of STORAGE_API_KEY",
        ),
        (
            BAD,
            "a secret in plain text for debugging",
            _with(_key("ADMIN_SECRET"), group="ephemeralContainers"),
            "ephemeralContainers[0].env[0].value: is the value of ADMIN_SECRET",
        ),
    ),
)

_NETWORK_POLICY = Place(
    resource_type="kubernetes:networking.k8s.io/v1:NetworkPolicy",
    manifest=manifest("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "policyTypes": ["Ingress"]}),
    path="spec",
)
_SELECTED = {"podSelector": {"matchLabels": {"foo": "bar", "app": "sample"}}, "policyTypes": ["Egress"]}
_NETWORK = cases(
    "kyverno restrict-networkpolicy-empty-podselector",
    _NETWORK_POLICY,
    (GOOD, "every pod, nothing let in", {}),
    (GOOD, "chosen pods, nothing let out", _SELECTED),
    (BAD, "every pod, chosen pods let in", {"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "a"}}}]}]}),
)
_HOST_NETWORK = cases(
    "gatekeeper ainetworkegress",
    IN_POD,
    (GOOD, "a network of its own", {}),
    (BAD, "the node's network", {"hostNetwork": True}, "hostNetwork"),
)

SAMPLES = {
    "pods-have-probes": (*_ANY_PROBE, *_DIFFERENT_PROBES, *_BOTH_PROBES),
    "service-account-tokens": _TOKENS,
    "secrets-stay-secret": _VARIABLES,
    "network-closed": _NETWORK,
    "pod-security-baseline": _HOST_NETWORK,
}
