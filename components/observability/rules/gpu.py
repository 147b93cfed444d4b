"""Alerts on GPUs, by NVIDIA's DCGM exporter: faults of the hardware, and GPUs that are paid for and idle.

The exporter's series tell the pod that has the GPU by `namespace` and `pod`, or, where the scrape does not honour its
labels, by `exported_namespace` and `exported_pod`: both are read. GPUs are the cluster's: a fault is told in every
environment of it, for a GPU that has failed often belongs to no pod any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts, among, select

HARDWARE_XIDS = (48, 62, 63, 64, 74, 79, 92, 94, 95, 110, 119, 120, 140, 143)
"""XIDs that speak of the GPU, its memory, its links or its firmware: the catalogue of NVIDIA's "XID Errors", where
the action is a reset or a repair. Others, such as 13, 31, 43 and 45, come of what runs on it."""

_GPU = ("Hostname", "gpu", "UUID", "modelName")


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """How busy the GPUs of the kitchens' pods are, in percent."""
    if not (facts.kitchens and facts.gpus):
        return ()
    spaces = sorted({kitchen.namespace for kitchen in facts.kitchens})
    by = "namespace, pod, Hostname, gpu, GPU_I_ID, UUID"
    honoured = _busy('exported_namespace=""', among("namespace", spaces))
    exported = _busy(*facts.outside(among("exported_namespace", spaces)))
    renamed = f'label_replace({exported}, "namespace", "$1", "exported_namespace", "(.+)")'
    renamed = f'label_replace({renamed}, "pod", "$1", "exported_pod", "(.+)")'
    return (
        Record(
            name="kitchen:gpu_busy_percent",
            expression=f"max by ({by}) ({honoured} or {renamed})",
            labels={"environment": facts.environment},
        ),
    )


def _busy(*matchers: str) -> str:
    """Percent of the time: a slice of a GPU (MIG) has the second number alone."""
    return (
        f"({select('DCGM_FI_DEV_GPU_UTIL', *matchers)} or 100 * {select('DCGM_FI_PROF_GR_ENGINE_ACTIVE', *matchers)})"
    )


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject; none where no kitchen asks for a GPU that NVIDIA's exporter tells of."""
    return tuple(_alerts(facts)) if facts.kitchens and facts.gpus else ()


def _alerts(facts: RuleFacts) -> Iterator[Alert]:
    xid = f"max by ({', '.join(_GPU)}) (DCGM_FI_DEV_XID_ERRORS)"
    hardware = " or ".join(f"{xid} == {code}" for code in HARDWARE_XIDS)
    where = "GPU {{ $labels.gpu }} of node {{ $labels.Hostname }}"
    yield Alert(
        id="KitchenGpuFault",
        subject="gpu",
        expression=hardware,
        severity="page",
        owner="platform",
        summary=f"{where} reports XID {{{{ $value }}}}, a fault of the hardware",
        impact="Servers on it fail or give wrong answers: drain the node.",
        keeps=_GPU,
    )
    yield Alert(
        id="KitchenGpuXid",
        subject="gpu",
        expression=f"{xid} > 0 unless ({hardware})",
        severity="ticket",
        owner="platform",
        summary=f"{where} reports XID {{{{ $value }}}}",
        impact="What ran on it was most likely ended. The exporter tells the last one until it starts anew.",
        keeps=_GPU,
    )
    busy = facts.of("kitchen:gpu_busy_percent")
    yield Alert(
        id="KitchenGpuIdle",
        subject="gpu",
        expression=f"avg_over_time({busy}[1d]) < {facts.thresholds.gpu_idle_percent} and {busy} offset 23h",
        hold="1h",
        severity="note",
        owner="tenant",
        summary=f"{where} of pod {{{{ $labels.pod }}}} was busy for {{{{ $value | humanize }}}} percent of a day",
        impact="The GPU is paid for and does nothing: scale the kitchen to fewer replicas, or share its pool.",
        keeps=("environment", "namespace", "pod", "Hostname", "gpu", "GPU_I_ID", "UUID"),
    )
    yield Alert(
        id="KitchenGpuUnseen",
        subject="gpu",
        expression="absent(DCGM_FI_DEV_FB_USED)",
        hold="15m",
        severity="note",
        owner="platform",
        summary="No GPU is scraped",
        impact="Faults of GPUs and idle ones are not told. The GPU operator's exporter brings these numbers.",
    )
