"""Cases of the alerts on GPUs, store, platform, governance and delivery."""

from __future__ import annotations

from collections.abc import Mapping

from tests.monitoring.rules.case import Case, Series, own, series

_GPU = {"Hostname": "node-1", "gpu": "0", "UUID": "GPU-1"}
_MODEL = {**_GPU, "modelName": "NVIDIA L40S"}
_DAY = 86400
_STEP, _LONG = 10, 6 * 26
"""Minutes between values of what lasts for more than a day, and how many there are."""

_OVERDUE_STEP = 30
_HELD = {"namespace": "helpdesk-dev", "pod": "support-predictor-7c9-x2z"}
_DEV = {"environment": "dev"}
_STORE = {"namespace": "object-store", "pod": "minio-0"}
_LOAD = {"tenant": "helpdesk", "namespace": "helpdesk-dev", "pod": "base-x-1"}
_MODEL_OF_LOAD = {"base_model": "tsuzumi", "version": "v1"}


_LEFT, _EXPIRES = (
    "envoy_server_days_until_first_cert_expiring",
    "certmanager_certificate_expiration_timestamp_seconds",
)


def _xid(code: int) -> Series:
    return {series("DCGM_FI_DEV_XID_ERRORS", **_MODEL, exported_namespace="helpdesk-dev"): f"{code}x10"}


def _busy(values: str, **labels: str) -> Series:
    return {series("DCGM_FI_DEV_GPU_UTIL", **_MODEL, **labels): values}


def _slice(values: str) -> Series:
    held = {"exported_namespace": "helpdesk-dev", "exported_pod": "support-0", "GPU_I_ID": "3"}
    return {series("DCGM_FI_PROF_GR_ENGINE_ACTIVE", **_MODEL, **held): values}


def _store(**values: str) -> Series:
    return {own(f"minio_{name}", "store", **_STORE): value for name, value in values.items()}


def _checked(check: str, values: str) -> Series:
    done = "completed" if check == "audit" else "checked"
    return {series(f"kitchen_{check}_{done}_timestamp_seconds", environment="dev"): values}


def _ran(check: str, numbers: Mapping[str, int], at: int = 0, instance: str = "10.0.0.1:9100", **labels: str) -> Series:
    """What a check's file tells: its numbers, and when it ran."""
    done = "completed" if check == "audit" else "checked"
    when = series(f"kitchen_{check}_{done}_timestamp_seconds", environment="dev", instance=instance)
    told = {
        series(name, environment="dev", instance=instance, **labels): f"{number}x10" for name, number in numbers.items()
    }
    return {when: f"{at}x10", **told}


def _load(done: str) -> Series:
    return {
        own("kitchen_load_done_bytes", "load", **_LOAD, **_MODEL_OF_LOAD): done,
        own("kitchen_load_whole_bytes", "load", **_LOAD, **_MODEL_OF_LOAD): "1000x60",
    }


CASES = {
    "KitchenGpuFault": Case(fires=_xid(79), silent=_xid(31), minutes=2, labels=[_MODEL]),
    "KitchenGpuXid": Case(fires=_xid(31), silent=_xid(79), also=(_xid(0),), minutes=2, labels=[_MODEL]),
    "KitchenGpuIdle": Case(
        fires={
            **_busy(f"4x{_LONG}", exported_namespace="helpdesk-dev", exported_pod="support-0"),
            **_busy(f"4x{_LONG}", namespace="strangers", pod="a"),
        },
        silent=_busy(f"5x{_LONG}", exported_namespace="helpdesk-dev", exported_pod="support-0"),
        # Since half a day only.
        also=(_busy(f"_x72 0x{_LONG - 72}", exported_namespace="helpdesk-dev", exported_pod="support-0"),),
        minutes=_STEP * (_LONG - 1),
        step=_STEP,
        labels=[{**_DEV, **_GPU, "namespace": "helpdesk-dev", "pod": "support-0"}],
    ),
    "KitchenGpuIdle with the pod's own labels": Case(
        fires=_busy(f"4x{_LONG}", namespace="helpdesk-dev", pod="support-0"),
        silent=_busy(f"5x{_LONG}", namespace="helpdesk-dev", pod="support-0"),
        minutes=_STEP * (_LONG - 1),
        step=_STEP,
        labels=[{**_DEV, **_GPU, "namespace": "helpdesk-dev", "pod": "support-0"}],
    ),
    "KitchenGpuIdle of a slice": Case(
        fires=_slice(f"0.04x{_LONG}"),
        silent=_slice(f"0.06x{_LONG}"),
        minutes=_STEP * (_LONG - 1),
        step=_STEP,
        labels=[{**_DEV, **_GPU, "GPU_I_ID": "3", "namespace": "helpdesk-dev", "pod": "support-0"}],
    ),
    "KitchenGpuUnseen": Case(
        fires={}, silent={series("DCGM_FI_DEV_FB_USED", **_MODEL): "0x30"}, minutes=20, labels=[{}]
    ),
    "KitchenGpuUnseen where no kitchen has one": Case(
        fires={}, silent={}, minutes=20, labels=[{}], silent_world="no-gpus"
    ),
    "KitchenStoreFull": Case(
        fires=_store(cluster_capacity_usable_free_bytes="14x60", cluster_capacity_usable_total_bytes="100x60"),
        silent=_store(cluster_capacity_usable_free_bytes="15x60", cluster_capacity_usable_total_bytes="100x60"),
        minutes=30,
        labels=[_DEV],
    ),
    "KitchenStoreErrors": Case(
        fires=_store(s3_requests_5xx_errors_total="0+6x60", s3_requests_total="0+100x60"),
        silent=_store(s3_requests_5xx_errors_total="0+5x60", s3_requests_total="0+100x60"),
        minutes=30,
        labels=[_DEV],
    ),
    "KitchenStoreDrives": Case(
        fires=_store(cluster_drive_offline_total="1x30"),
        silent=_store(cluster_drive_offline_total="0x30"),
        minutes=20,
        labels=[_DEV],
    ),
    "KitchenStoreMissing": Case(
        fires={own("up", "store", **_STORE): "0x30"},
        silent={own("up", "store", **_STORE): "0x30", own("up", "store", **{**_STORE, "pod": "minio-1"}): "1x30"},
        minutes=10,
        labels=[_DEV],
    ),
    "KitchenPodsPending": Case(
        fires={series("kube_pod_status_unschedulable", **_HELD): "1x60"},
        silent={
            series("kube_pod_status_unschedulable", **_HELD): "1x13",
            series("kube_pod_status_unschedulable", namespace="strangers", pod="a-predictor-b"): "1x60",
        },
        minutes=20,
        labels=[_HELD],
    ),
    "KitchenPartUnseen": Case(
        fires={own("up", "counter", pod="counter-0"): "0x30"},
        silent={own("up", "counter", pod="counter-0"): "0x30", own("up", "counter", pod="counter-1"): "1x30"},
        minutes=20,
        labels=[{**_DEV, "part": "counter", "namespace": "entry-dev"}],
    ),
    "KitchenScalerErrors": Case(
        fires={series("keda_scaler_detail_errors_total", exported_namespace="sales-dev", scaledObject="a"): "0+1x60"},
        silent={
            series("keda_scaler_detail_errors_total", exported_namespace="sales-dev", scaledObject="a"): "5x60",
            series("keda_scaler_detail_errors_total", exported_namespace="strangers", scaledObject="a"): "0+1x60",
        },
        minutes=30,
        labels=[{"exported_namespace": "sales-dev", "scaledObject": "a"}],
    ),
    "KitchenEndsSoon": Case(
        fires={},
        silent={},
        minutes=5,
        labels=[
            {**_DEV, "what": what, "name": name}
            for what, name in (
                ("signer", "board"),
                ("certificate", "authority"),
                ("certificate", "authority-of-the-door"),
            )
        ],
        silent_world="alone",
    ),
    "KitchenEnded": Case(
        fires={}, silent={}, minutes=5, labels=[{**_DEV, "what": "grant", "name": "gone"}], silent_world="alone"
    ),
    "KitchenExemptionEnded": Case(
        fires={}, silent={}, minutes=5, labels=[{**_DEV, "what": "exemption", "name": "over"}], silent_world="alone"
    ),
    "KitchenAuthorityUrgent": Case(
        fires={},
        silent={},
        minutes=5,
        labels=[{**_DEV, "what": "certificate", "name": "authority"}],
        silent_world="alone",
    ),
    "KitchenEntryCertificateUrgent": Case(
        fires={own(_LEFT, "entry", pod="entry-0"): "14 1x9", own(_LEFT, "entry", pod="entry-1"): "9x10"},
        silent={own(_LEFT, "entry", pod="entry-0"): "2x10", own(_LEFT, "entry", namespace="sales-dev"): "0x10"},
        minutes=3,
        labels=[_DEV],
    ),
    "KitchenCertificateUrgent": Case(
        fires={series(_EXPIRES, namespace="entry-dev", name="entry-tls"): f"{2 * _DAY}x10"},
        silent={series(_EXPIRES, namespace="entry-dev", name="entry-tls"): f"{2 * _DAY + 200}x10"},
        minutes=3,
        labels=[{"namespace": "entry-dev", "name": "entry-tls"}],
    ),
    "KitchenEntryCertificateEnds": Case(
        fires={own(_LEFT, "entry", pod="entry-0"): "13x10"},
        silent={own(_LEFT, "entry", pod="entry-0"): "14x10"},
        minutes=3,
        labels=[_DEV],
    ),
    "KitchenCertificateEnds": Case(
        fires={series(_EXPIRES, namespace="entry-dev", name="entry-tls"): (f"{13 * _DAY}x10")},
        silent={
            series(_EXPIRES, namespace="entry-dev", name="entry-tls"): (f"{15 * _DAY}x10"),
            series(_EXPIRES, namespace="strangers", name="a"): "9x10",
        },
        minutes=3,
        labels=[{"namespace": "entry-dev", "name": "entry-tls"}],
    ),
    "KitchenDriftFound": Case(
        fires=_ran("drift", {"kitchen_drift_changes": 2}, operation="update"),
        silent=_ran("drift", {"kitchen_drift_changes": 0}, operation="update"),
        minutes=3,
        labels=[_DEV],
    ),
    "KitchenPolicyViolations": Case(
        fires=_ran("policy", {"kitchen_policy_violations": 1}, rule="probes", level="mandatory"),
        silent={
            **_ran("policy", {"kitchen_policy_violations": 0}, rule="probes", level="mandatory"),
            **_ran("policy", {"kitchen_policy_violations": 1}, rule="probes", level="advisory"),
        },
        minutes=3,
        labels=[{**_DEV, "rule": "probes"}],
    ),
    "KitchenAuditDiffers": Case(
        fires=_ran("audit", {"kitchen_audit_lines": 1}, verdict="differs"),
        silent={
            **_ran("audit", {"kitchen_audit_lines": 0}, verdict="differs"),
            **_ran("audit", {"kitchen_audit_lines": 4}, verdict="not_proven"),
        },
        minutes=3,
        labels=[_DEV],
    ),
    **{
        # The file of the machine on which the check ran before is still there.
        f"{alert} on another machine": Case(
            fires={
                **_ran(check, {metric: 0}, 0, "old", **labels),
                **_ran(check, {metric: 1}, 60, "new", **labels),
            },
            silent={
                **_ran(check, {metric: 1}, 0, "old", **labels),
                **_ran(check, {metric: 0}, 60, "new", **labels),
            },
            minutes=3,
            labels=[{**_DEV, **kept}],
        )
        for alert, check, metric, labels, kept in (
            ("KitchenDriftFound", "drift", "kitchen_drift_changes", {"operation": "update"}, {}),
            ("KitchenAuditDiffers", "audit", "kitchen_audit_lines", {"verdict": "differs"}, {}),
            (
                *("KitchenPolicyViolations", "policy", "kitchen_policy_violations"),
                *({"rule": "probes", "level": "mandatory"}, {"rule": "probes"}),
            ),
        )
    },
    "KitchenCheckOverdue": Case(
        # Days of which each half hour is looked at: those whose check ran goes on telling when it did.
        fires={**_checked("audit", "0x100"), **_checked("drift", "0+1800x100"), **_checked("policy", "0+1800x100")},
        silent={**_checked("audit", "7200x100"), **_checked("drift", "0+1800x100"), **_checked("policy", "0+1800x100")},
        minutes=2940,
        step=_OVERDUE_STEP,
        labels=[{**_DEV, "check": "audit"}],
    ),
    "KitchenLoadFailed": Case(
        fires={series("kube_job_failed", namespace="helpdesk-dev", job_name="base-x-1", condition="true"): "1x10"},
        silent={
            series("kube_job_failed", namespace="helpdesk-dev", job_name="base-x-1", condition="false"): "1x10",
            series("kube_job_failed", namespace="helpdesk-dev", job_name="other", condition="true"): "1x10",
        },
        minutes=3,
        labels=[{"namespace": "helpdesk-dev", "job_name": "base-x-1"}],
    ),
    "KitchenLoadStalled": Case(
        fires=_load("500x60"),
        silent=_load("0+9x60"),
        also=(_load("1000x60"),),
        minutes=40,
        labels=[{**_DEV, **_LOAD, **_MODEL_OF_LOAD}],
    ),
}
