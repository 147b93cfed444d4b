"""Public cases of what containers ask for, see `tests.policy.support.public`.

The policies on limits and requests hold each figure against a bound of their own; here a request is held against the
limit, so the sizes that they compare stand there. Where a policy enforces nothing its cases are not here.
"""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import container
from tests.policy.support.public import BAD, GOOD, IN_CRON_JOB, IN_DEPLOYMENT, IN_POD, cases
from tests.policy.support.sample import MISSING, changed

_CPU, _MEMORY, _LIMIT = "requests.cpu: is missing", "requests.memory: is missing", "limits.memory: is missing"
_ALL = (_CPU, _MEMORY, _LIMIT)
_NO_QUANTITY = "which is no quantity"


def _figures(requests: dict[str, Any] | None = None, limits: dict[str, Any] | None = None) -> dict[str, Any]:
    parts = {"requests": requests, "limits": limits}
    return {name: found for name, found in parts.items() if found is not None}


def _sized(*resources: Any, group: str = "containers") -> dict[str, Any]:
    """The containers of a list, by resources."""
    plain = [container(f"{group.lower()}-{index}") for index in range(len(resources))]
    return {
        group: [changed(entry, {"resources": found}) for entry, found in zip(plain, resources, strict=True)],
    }


_SMALL = _figures({"cpu": "100m", "memory": "50Mi"}, {"memory": "100Mi"})
_EVEN = _figures({"cpu": "0.5", "memory": "256Mi"}, {"memory": "256Mi"})
_ASKED = _figures({"cpu": "0.5", "memory": "256Mi"})

_REQUESTS_LIMITS = "kyverno require-pod-requests-limits"
_STATED = (
    *cases(
        _REQUESTS_LIMITS,
        IN_POD,
        (GOOD, "one container", _sized(_SMALL)),
        (GOOD, "two containers", _sized(_SMALL, _SMALL)),
        (GOOD, "two of other sizes", _sized(_SMALL, _EVEN)),
        (GOOD, "nothing for debugging", {**_sized(_EVEN), **_sized({}, group="ephemeralContainers")}),
        (BAD, "nothing", {"containers 0 resources": MISSING}, *_ALL),
        (BAD, "no limit", _sized(_ASKED), _LIMIT),
        (BAD, "nothing in the first", {**_sized({}, _EVEN), "containers 0 resources": MISSING}, *_ALL),
        (BAD, "nothing in the second", {**_sized(_EVEN, {}), "containers 1 resources": MISSING}, *_ALL),
    ),
    *cases(_REQUESTS_LIMITS, IN_DEPLOYMENT, (GOOD, "a deployment", _sized(_SMALL, _SMALL))),
    *cases(_REQUESTS_LIMITS, IN_CRON_JOB, (GOOD, "a cron job", _sized(_SMALL, _SMALL))),
)


def _memory(*pairs: tuple[str, str]) -> dict[str, Any]:
    return _sized(*(_figures({"cpu": "1", "memory": asked}, {"memory": allowed}) for asked, allowed in pairs))


_EQUAL = "kyverno memory-requests-equal-limits"
_EQUAL_MEMORY = (
    *cases(
        _EQUAL,
        IN_POD,
        (GOOD, "nothing", {"containers 0 resources": MISSING}, *_ALL),
        (GOOD, "equal", _memory(("100Mi", "100Mi"))),
        (BAD, "less asked for", _memory(("100Mi", "200Mi"))),
        (BAD, "less asked for twice", _memory(("10Mi", "140Mi"), ("100Mi", "150Mi"))),
        (BAD, "less asked for by the second", _memory(("120Mi", "120Mi"), ("100Mi", "150Mi"))),
        (BAD, "less asked for by the first", _memory(("100Mi", "200Mi"), ("100Mi", "100Mi"))),
    ),
    *cases(_EQUAL, IN_DEPLOYMENT, (BAD, "a deployment", _memory(("10Mi", "140Mi"), ("100Mi", "150Mi")))),
    *cases(_EQUAL, IN_CRON_JOB, (BAD, "a cron job", _memory(("10Mi", "140Mi"), ("100Mi", "150Mi")))),
)

_LITTLE = {"cpu": "1m", "memory": "1"}
_SIZES = (
    *(("1", "1m"), ("1k", "1"), ("1M", "1k"), ("1G", "1M"), ("1T", "1G"), ("1P", "1T"), ("1E", "1P")),
    *(("1Ki", "1"), ("1Mi", "1Ki"), ("1Gi", "1Mi"), ("1Gi", "1.5Mi"), ("1Ti", "1Gi"), ("1Pi", "1Ti"), ("1Ei", "1Pi")),
)
"""Pairs of which the first is the larger."""


def _limited(**limits: Any) -> dict[str, Any]:
    return _sized(_figures(_LITTLE, limits))


_LIMITS = cases(
    "gatekeeper containerlimits",
    IN_POD,
    (GOOD, "numbers", _limited(memory=10, cpu=20)),
    (GOOD, "texts", _limited(memory="10", cpu="20")),
    (GOOD, "thousandths of a processor", _limited(memory="1", cpu="2m")),
    (GOOD, "less by its suffix", _sized(_figures(_LITTLE, {"memory": "1k"}))),
    (GOOD, "memory alone, where CPU is not looked at", _limited(memory="1Gi")),
    (
        GOOD,
        "CPU that cannot be read, where it is not looked at",
        _limited(memory="1", cpu="212asdf"),
        f"limits.cpu: is '212asdf', {_NO_QUANTITY}",
    ),
    (BAD, "CPU that cannot be read", _limited(memory="1", cpu="212asdf"), _NO_QUANTITY),
    (BAD, "memory that cannot be read", _limited(memory="1asdf", cpu="2"), _NO_QUANTITY),
    (BAD, "no limit of memory", _limited(cpu=1), _LIMIT),
    (BAD, "no limit of CPU", _limited(memory=1)),
    (BAD, "no limits", _sized({}), *_ALL),
    (BAD, "no resources", {"containers 0 resources": MISSING}, *_ALL),
    (BAD, "init containers too", _sized(_figures(_LITTLE), _figures(_LITTLE), group="initContainers"), _LIMIT, _LIMIT),
    (BAD, "more than the most", _limited(memory="1Ei", cpu="10000")),
    *((BAD, f"{large} above {small}", _memory((large, small)), f"'{large}', above its") for large, small in _SIZES),
)


def _asking(**requests: Any) -> dict[str, Any]:
    return _sized(_figures(requests, {"memory": "2Gi"}))


_REQUESTS = cases(
    "gatekeeper containerrequests",
    IN_POD,
    (GOOD, "numbers", _asking(memory=10, cpu=20)),
    (GOOD, "texts", _asking(memory="10", cpu="20")),
    (GOOD, "thousandths of a processor", _asking(memory="1", cpu="2m")),
    (BAD, "CPU that cannot be read", _asking(memory="1", cpu="212asdf"), f"requests.cpu: is '212asdf', {_NO_QUANTITY}"),
    (BAD, "memory that cannot be read", _asking(memory="1asdf", cpu="2"), _NO_QUANTITY),
    (BAD, "no memory asked for", _asking(cpu=1), _MEMORY),
    (BAD, "no CPU asked for", _asking(memory=1), _CPU),
    (BAD, "nothing asked for", _asking(), _CPU, _MEMORY),
    (BAD, "no resources", {"containers 0 resources": MISSING}, *_ALL),
    (BAD, "init containers too", _sized({}, _SMALL, group="initContainers"), *_ALL),
    (BAD, "more CPU than the most", _asking(memory="1", cpu="10000")),
)

_BOTH = {"cpu": 1, "memory": 1}
_FULL = _figures(_BOTH, _BOTH)
_NAMED = cases(
    "gatekeeper containerresources",
    IN_POD,
    (GOOD, "all of them", _sized(_FULL)),
    (GOOD, "all but a limit of CPU, which is not demanded", _sized(_figures(_BOTH, {"memory": 1}))),
    (GOOD, "three containers with all", _sized(_FULL, _FULL, _FULL)),
    (BAD, "requests alone", _sized(_figures(_BOTH)), _LIMIT),
    (BAD, "a request of CPU alone", _sized(_figures({"cpu": 1})), _MEMORY, _LIMIT),
    (BAD, "a request of memory alone", _sized(_figures({"memory": 1})), _CPU, _LIMIT),
    (BAD, "a request of CPU, a limit of memory", _sized(_figures({"cpu": 1}, {"memory": 1})), _MEMORY),
    (BAD, "limits alone", _sized(_figures(None, _BOTH)), _CPU, _MEMORY),
    (BAD, "a limit of CPU alone", _sized(_figures(None, {"cpu": 1})), *_ALL),
    (BAD, "a limit of memory alone", _sized(_figures(None, {"memory": 1})), _CPU, _MEMORY),
    (BAD, "nothing", _sized({}), *_ALL),
    (BAD, "three containers with nothing", _sized({}, {}, {}), *_ALL, *_ALL, *_ALL),
    (
        BAD,
        "all sorts, and init containers",
        {
            **_sized({}, _figures(None, {"memory": 1}), _figures(None, _BOTH)),
            **_sized(_figures({"cpu": 1}), _FULL, _figures(None, {"cpu": 1}), group="initContainers"),
        },
        *(f"initContainers[0].resources.{text}" for text in (_MEMORY, _LIMIT)),
        *(f"initContainers[2].resources.{text}" for text in _ALL),
        *(f"containers[0].resources.{text}" for text in _ALL),
        *(f"containers[{index}].resources.{text}" for index in (1, 2) for text in (_CPU, _MEMORY)),
    ),
)

SAMPLES = {"pods-state-resources": (*_STATED, *_EQUAL_MEMORY, *_LIMITS, *_REQUESTS, *_NAMED)}
