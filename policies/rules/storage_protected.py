"""Rule: volumes say their class and size, and what holds data in prod cannot be deleted by a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown
from policies.manifests.objects import each_object, is_a, told
from policies.manifests.pod_finder import pods
from policies.manifests.quantities import quantity
from policies.manifests.statements import names, names_schema
from policies.manifests.volume_options import mount_options

BUCKET = ":S3Bucket"
_GIB = 1024**3
_MADE = re.compile(r"pvc-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Names of volumes that a class makes: each is its claim's own."""

_MIN, _MAX = 1, 4096
_SOURCES = ("VolumeSnapshot.snapshot.storage.k8s.io", "PersistentVolumeClaim")
_DRIVERS = ("secrets-store.csi.k8s.io", "csi.cert-manager.io", "csi.spiffe.io")
"""Drivers that bring secrets and certificates, which their own kinds name."""

_DEMAND = "volumes have an allowed class and a size within bounds; what holds data in prod is protected"
_EXAMPLE = "storageClassName: shared-rwx, resources: {requests: {storage: 20Gi}}, and kitchen:protect: true"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each volume of unknown kind or size, and for what a mistake could delete."""
    if case.subject.is_kubernetes:
        yield from _objects(case)
    elif case.subject.resource_type.endswith(BUCKET):
        yield from told(case, _faults(case), _DEMAND, _EXAMPLE)


@each_object
def _objects(case: Case) -> Iterator[str]:
    return told(case, _faults(case), _DEMAND, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    inputs = case.subject.inputs
    prod = case.world.environment == "prod"
    if prod and _holds_data(case) and not case.protect:
        yield Fault(path="protect", text="is off, so that a mistaken update deletes it and what is in it")
    if is_a(case, "", "PersistentVolumeClaim"):
        yield from _claim(case, inputs.get("spec"), "spec")
    elif is_a(case, "apps", "StatefulSet"):
        yield from _stateful_set(case, inputs.get("spec"))
    elif is_a(case, "", "PersistentVolume"):
        yield from _volume(case, inputs.get("spec"))
    elif is_a(case, "storage.k8s.io", "StorageClass"):
        yield from mount_options(inputs.get("mountOptions"), "mountOptions")
        policy = inputs.get("reclaimPolicy")
        if prod and policy != "Retain":
            text = "is missing, which means Delete" if policy is None else shown(policy)
            yield Fault(path="reclaimPolicy", text=text)
    # A claim has no pods, but its specification, while unknown, could be one's.
    for pod in () if is_a(case, "", "PersistentVolumeClaim", "PersistentVolume") else pods(case.subject):
        for path, volume in listed(at(pod.spec, "volumes"), f"{pod.path}.volumes"):
            if volume is not UNKNOWN:
                yield from _drivers(case, path, volume)
            template = at(volume, "ephemeral", "volumeClaimTemplate")
            if template is not None:
                yield from _claim(case, at(template, "spec"), f"{path}.ephemeral.volumeClaimTemplate.spec")


def _volume(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """A volume that lies there already may be anybody's, whatever its claim is called: so somebody states whose."""
    policy = at(spec, "persistentVolumeReclaimPolicy")
    if case.world.environment == "prod" and policy not in (None, "Retain"):
        yield Fault(path="spec.persistentVolumeReclaimPolicy", text=shown(policy))
    yield from mount_options(at(spec, "mountOptions"), "spec.mountOptions")
    if not _is_stated(case, case.subject.object_name):
        text = "is storage that lies there already, and nobody has stated whose it is: a claim of a class gets its own"
        yield Fault(path="metadata.name", text=text)


def _is_stated(case: Case, volume: JsonValue) -> bool:
    stated, _ = names(case.config.get("volumes"))
    return isinstance(volume, str) and any(fnmatchcase(volume, name) for name in stated)


def _holds_data(case: Case) -> bool:
    # The claims of a StatefulSet outlive it: it is the namespace that would take them along. A patch deletes nothing.
    if case.subject.resource_type.endswith("Patch"):
        return False
    return is_a(case, "", "Namespace", "PersistentVolumeClaim") or case.subject.resource_type.endswith(BUCKET)


def _stateful_set(case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, claim in listed(at(spec, "volumeClaimTemplates"), "spec.volumeClaimTemplates"):
        yield from _claim(case, at(claim, "spec"), f"{path}.spec")
    for moment in ("whenDeleted", "whenScaled"):
        kept = at(spec, "persistentVolumeClaimRetentionPolicy", moment)
        if kept not in (None, "Retain"):
            yield Fault(path=f"spec.persistentVolumeClaimRetentionPolicy.{moment}", text=shown(kept))


def _claim(case: Case, spec: JsonValue, path: str) -> Iterator[Fault]:
    if spec is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    name, allowed = at(spec, "storageClassName"), _classes(case)
    if not name:
        yield Fault(path=f"{path}.storageClassName", text="is missing, so the cluster's default would be taken")
    elif name is UNKNOWN or name not in allowed:
        text = NOT_KNOWN if name is UNKNOWN else f"is {name!r}, allowed are {', '.join(allowed) or 'none'}"
        yield Fault(path=f"{path}.storageClassName", text=text)
    yield from _filled(case, spec, path)
    volume = at(spec, "volumeName")
    if volume not in (None, "") and not _MADE.fullmatch(str(volume)) and not _is_stated(case, volume):
        text = f"{shown(volume)}: it is storage that lies there already, and nobody has stated whose it is"
        yield Fault(path=f"{path}.volumeName", text=NOT_KNOWN if volume is UNKNOWN else text)
    size = at(spec, "resources", "requests", "storage")
    found = quantity(size)
    lowest, highest = (int(case.config.get(key) or default) for key, default in (("minGiB", _MIN), ("maxGiB", _MAX)))
    if found is None:
        yield Fault(path=f"{path}.resources.requests.storage", text=missing(size))
    elif not lowest * _GIB <= found <= highest * _GIB:
        text = f"is {size!r}, allowed are {lowest}Gi to {highest}Gi"
        yield Fault(path=f"{path}.resources.requests.storage", text=text)


def _filled(case: Case, spec: JsonValue, path: str) -> Iterator[Fault]:
    """What a claim is filled with: a snapshot or another claim of its own namespace, which are judged there."""
    stated, _ = names(case.config.get("dataSources"))
    for field in ("dataSource", "dataSourceRef"):
        source = at(spec, field)
        if source is None:
            continue
        group, kind, place = (at(source, key) for key in ("apiGroup", "kind", "namespace"))
        what = f"{kind}.{group}" if group else str(kind)
        if UNKNOWN in (source, group, kind, place):
            yield Fault(path=f"{path}.{field}", text=NOT_KNOWN)
        elif place not in (None, "", case.subject.namespace):
            yield Fault(path=f"{path}.{field}.namespace", text=f"{shown(place)}: it is filled out of another namespace")
        elif what not in (*_SOURCES, *stated):
            yield Fault(
                path=f"{path}.{field}.kind", text=f"{shown(what)}: another program fills it, which is not judged"
            )


def _drivers(case: Case, path: str, volume: JsonValue) -> Iterator[Fault]:
    """Drivers that make a volume as a pod starts: what they put into it is said by its attributes alone."""
    driver = at(volume, "csi", "driver")
    stated, _ = names(case.config.get("drivers"))
    if driver is not None and (not isinstance(driver, str) or driver not in (*_DRIVERS, *stated)):
        yield Fault(path=f"{path}.csi.driver", text=f"{shown(driver)}, and nobody has stated what it brings into a pod")


def _classes(case: Case) -> list[str]:
    """Classes of the rule's configuration and of the settings: of base models, and of a store in the cluster."""
    storage, store = (case.world.settings.get(key) for key in ("storage", "objectStore"))
    deploy = store.get("deploy") if isinstance(store, Mapping) else None
    said = [
        storage.get("className") if isinstance(storage, Mapping) else None,
        deploy.get("storageClass") if isinstance(deploy, Mapping) else None,
        *entries(case.config.get("storageClasses")),
    ]
    return list(dict.fromkeys(name for name in said if isinstance(name, str)))


RULE = Rule(
    id="storage-protected",
    title="Volumes say their class, size and filling; what holds data in prod is protected against deletion.",
    severity=Severity.HIGH,
    reason="The cluster's default class may be slow, unencrypted or gone with its node, and a deleted base model stops "
    "every kitchen on it.",
    remedy="Name the class of kitchen:storage and a size, and set kitchen:protect: true in prod.",
    reference="https://www.pulumi.com/docs/iac/concepts/options/protect/",
    judge=judge,
    config_schema={
        "storageClasses": {
            **{"type": "array", "items": {"type": "string"}, "default": []},
            "description": "storage classes that are allowed beside those of the settings",
        },
        "dataSources": names_schema("Kinds that may fill claims, as `<kind>.<group>`"),
        "volumes": names_schema("PersistentVolumes that hold what their claims may have, by name; `*` is any text"),
        "drivers": names_schema("Drivers that may make volumes as pods start"),
        "minGiB": {"type": "integer", "default": _MIN, "description": "smallest volume, in GiB"},
        "maxGiB": {"type": "integer", "default": _MAX, "description": "largest volume, in GiB"},
    },
)
