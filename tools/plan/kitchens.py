"""What becomes of each kitchen: its pods, for how long it is away, its adapters and its other settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from components import naming, restarts
from components.gpu.sizing import startup_minutes
from infra.catalog import Adapter
from infra.policy_settings import ADAPTERS
from infra.runtime_settings import Runtime
from infra.settings import Kitchen
from ops.plan.report import Entry
from tools.engine.change import REPLACE
from tools.plan.compare import Difference
from tools.plan.facts import Facts, changed

_WEIGHTS = "adapter_model.safetensors"
_ANEW = "made anew, the old pods end first"
_NO_RESULT = "no result and no floor in the catalog"


def kitchens(before: Facts | None, after: Facts, found: Sequence[Difference]) -> list[Entry]:
    """An entry for each kitchen that changes, as the settings order them; those that go come last."""
    old = before.settings.kitchens if before else {}
    entries = []
    for name, kitchen in after.settings.kitchens.items():
        entry = _kitchen(before, after, old.get(name), kitchen, found)
        if entry is not None:
            entries.append(entry)
    if before is not None:
        gone = [kitchen for name, kitchen in old.items() if name not in after.settings.kitchens]
        entries += [_gone(before, after, kitchen) for kitchen in gone]
    return entries


def _kitchen(
    before: Facts | None, after: Facts, old: Kitchen | None, new: Kitchen, found: Sequence[Difference]
) -> Entry | None:
    namespace = naming.namespace(new.tenant, after.settings.environment)
    if old is None:
        entry = _entry(
            new, namespace, "added", "start", away=f"answers once its pods have loaded their model{_bound(after, new)}"
        )
        return {**entry, "adapters": _adapters(before, after, None, new), "settings": _said(new)}
    adapters = _adapters(before, after, old, new)
    settings = [*changed(_other(old), _other(new)), *_other_entry(before, after, old, new)]
    parts, manner = _pods(found, namespace, new.name)
    if not adapters and not settings and not parts:
        return None
    pods = "restart" if parts else "hot" if adapters and new.hot else "stay"
    away = _away(after, new, pods, manner)
    entry = _entry(new, namespace, "changed", pods, manner=f"{manner}: {', '.join(parts)}" if parts else "", away=away)
    return {**entry, "adapters": adapters, "settings": settings}


def _other_entry(before: Facts | None, after: Facts, old: Kitchen, new: Kitchen) -> Iterator[str]:
    """Say that a base model of the same name is another one."""
    had = before.catalog.base_models.get(old.base_model) if before else None
    if old.base_model == new.base_model and had != after.catalog.base_models.get(new.base_model):
        yield f"baseModel {new.base_model}: another entry in the catalog"


def _gone(before: Facts, after: Facts, old: Kitchen) -> Entry:
    namespace = naming.namespace(old.tenant, before.settings.environment)
    entry = _entry(old, namespace, "removed", "end", away="for good")
    gone = [_adapter(before, after, None, before.catalog.adapters[ref], old.served_name(ref)) for ref in old.adapters]
    return {**entry, "adapters": gone}


def _entry(kitchen: Kitchen, namespace: str, change: str, pods: str, *, manner: str = "", away: str) -> dict[str, Any]:
    return {
        "name": kitchen.name,
        "tenant": kitchen.tenant,
        "namespace": namespace,
        "change": change,
        "pods": pods,
        "manner": manner,
        "away": away,
        "adapters": [],
        "settings": [],
    }


def _other(kitchen: Kitchen) -> Kitchen:
    """Without what has a section of its own: adapters, who may call, weights."""
    return replace(kitchen, adapters=(), adapter_canaries=(), access=(), canary_weight=0)


def _said(kitchen: Kitchen) -> list[str]:
    """What a new kitchen says beside the defaults."""
    runtime = changed({"runtime": Runtime()}, {"runtime": kitchen.runtime})
    return [f"baseModel {kitchen.base_model}", f"pool {kitchen.pool}", f"replicas {kitchen.replicas}", *runtime]


def _pods(found: Sequence[Difference], namespace: str, name: str) -> tuple[list[str], str]:
    """Parts of the pods that change, and how the pods restart; no parts where none does."""
    for one in found:
        if one.resource.pods and (one.resource.namespace, one.resource.called) == (namespace, name):
            if one.operation == REPLACE:
                return list(one.fixed), _ANEW
            if one.restarts:
                return list(one.restarts), one.resource.manner
    return [], ""


def _away(after: Facts, kitchen: Kitchen, pods: str, manner: str) -> str:
    if pods == "stay":
        return "not away"
    if pods == "hot":
        return "not away: running pods take the list within about a minute"
    if manner == restarts.BESIDE:
        return "not away: the old pods answer until the new ones do"
    if manner == restarts.IN_TURN and kitchen.replicas > 1:
        return "not away, with one pod fewer meanwhile"
    return f"until the new pods have loaded their model{_bound(after, kitchen)}"


def _bound(after: Facts, kitchen: Kitchen) -> str:
    model = after.catalog.base_models.get(kitchen.base_model)
    most = "" if model is None else f", at most {startup_minutes(model.size_gib)} minutes"
    return f": how long is not known{most}"


def _adapters(before: Facts | None, after: Facts, old: Kitchen | None, new: Kitchen) -> list[Entry]:
    """Adapters that come, go, or are another version or have another entry in the catalog."""
    had = {} if old is None or before is None else _served(before, old)
    has = _served(after, new)
    return [
        _adapter(before, after, has.get(name), had.get(name), name)
        for name in {**has, **had}
        if has.get(name) != had.get(name)
    ]


def _served(side: Facts, kitchen: Kitchen) -> dict[str, Adapter]:
    """Adapters of a kitchen by the names that its servers know; another version of a canary is another one."""
    return {kitchen.served_name(ref): side.catalog.adapters[ref] for ref in kitchen.adapters}


def _adapter(before: Facts | None, after: Facts, new: Adapter | None, old: Adapter | None, name: str) -> Entry:
    adapter = new or old
    if adapter is None:
        raise ValueError(f"{name}: an adapter that neither side has")
    last = adapter.approvals[-1] if adapter.approvals else None
    weights = next((file.sha256 for file in adapter.files if file.path == _WEIGHTS), "")
    return {
        "change": "changed" if new and old else "added" if new else "removed",
        "name": name,
        "version": new.version if new else "",
        "before": old.version if old else "",
        "sum": f"sha256:{weights}" if weights else "",
        "signer": " or ".join(_signers(after)),
        "approver": last.by if last else "",
        "licence": adapter.licence,
        "evaluation": f"{last.evaluation}, {_NO_RESULT}" if last else f"none, {_NO_RESULT}",
        "state": adapter.state,
    }


def _signers(side: Facts) -> Iterator[str]:
    """Of whom one must have signed each adapter, as the pods check it; nobody where no signature is asked for."""
    return (signer.name for signer in side.settings.signers if ADAPTERS in signer.signs)
