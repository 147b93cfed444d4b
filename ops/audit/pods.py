"""The pods of a kitchen: their images by digest, what their containers do, and the list of adapters that they mount."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.catalog import Adapter
from infra.declared import POD_FIELDS, DeclaredKitchen
from infra.strict_json import parse
from ops.audit.cluster import Cluster, Object, UnseenError, name_of
from ops.audit.compare import differences
from ops.audit.verdicts import (
    NOTHING_TO_SEE,
    OUT_OF_REACH,
    Finding,
    Row,
    Verdict,
    combined,
    differs,
    not_proven,
    proven,
)

_ENDED = ("Succeeded", "Failed")
_NO_PODS = not_proven(NOTHING_TO_SEE, "no pod of it is there")
_HOST = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace")
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")


def of_kitchen(kitchen: DeclaredKitchen, pod: Object) -> bool:
    """Whether a pod carries the label of this kitchen's pods."""
    key, value = kitchen.pod_label
    return bool((pod["metadata"].get("labels") or {}).get(key) == value)


def all_containers(pod: Object) -> dict[str, Mapping[str, Any]]:
    """Every container of a pod by name, init containers and those that somebody added to debug it included."""
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return {entry["name"]: entry for kind in kinds for entry in pod["spec"].get(kind) or []}


def pod_rows(kitchen: DeclaredKitchen, cluster: Cluster) -> list[Row]:
    """Rows for images, containers and adapters as the kitchen's pods have them."""
    try:
        pods = [pod for pod in cluster.objects(kitchen.namespace, "Pod") if of_kitchen(kitchen, pod)]
        running = [pod for pod in pods if (pod.get("status") or {}).get("phase") not in _ENDED]
    except UnseenError as error:
        return _rows(kitchen, [], cluster, not_proven(OUT_OF_REACH, str(error)))
    return _rows(kitchen, running, cluster, _NO_PODS)


def _rows(kitchen: DeclaredKitchen, pods: Sequence[Object], cluster: Cluster, otherwise: Finding) -> list[Row]:
    def row(what: str, declared: str, findings: list[Finding]) -> Row:
        finding = combined(findings, otherwise)
        return Row(kitchen=kitchen.name, what=what, where="pods", declared=declared, finding=finding)

    images = {name: str(entry["image"]) for name, entry in kitchen.containers.items()}
    return [
        *(row(f"image of {name}", image, [_image(name, image, pod) for pod in pods]) for name, image in images.items()),
        row("containers", ", ".join(images), [_containers(kitchen, pod) for pod in pods]),
        *(
            row(f"adapter {adapter.ref}", _sums(adapter), [_adapter(kitchen, adapter, pod, cluster) for pod in pods])
            for adapter in kitchen.adapters
        ),
    ]


def _image(name: str, declared: str, pod: Object) -> Finding:
    container = all_containers(pod).get(name)
    if container is None:
        return differs(f"{name_of(pod)}: no such container")
    if container.get("image") != declared:
        return differs(f"{name_of(pod)}: {container.get('image')}")
    kinds = ("containerStatuses", "initContainerStatuses")
    statuses = [entry for kind in kinds for entry in (pod.get("status") or {}).get(kind) or []]
    told = next((str(entry.get("imageID", "")) for entry in statuses if entry["name"] == name), "")
    digest = _DIGEST.search(told)
    if digest is None:
        what = "an image ID without a digest" if told else "no image ID"
        return not_proven(NOTHING_TO_SEE, f"the node tells {what}", "asked for with this digest")
    running = digest[1]
    return proven(running) if declared.endswith(f"@{running}") else differs(f"{name_of(pod)}: runs {running}")


def _containers(kitchen: DeclaredKitchen, pod: Object) -> Finding:
    """What differs may be what somebody adds who is known: then it is not proven, and told."""
    finding = _compared(kitchen, pod)
    if finding.verdict is Verdict.DIFFERS and kitchen.added_by:
        detail = f"what {kitchen.added_by} adds is not known here"
        return not_proven(NOTHING_TO_SEE, detail, finding.found)
    return finding


def _compared(kitchen: DeclaredKitchen, pod: Object) -> Finding:
    found = all_containers(pod)
    more = [name for name in found if name not in kitchen.containers]
    if more:
        return differs(f"{name_of(pod)}: with {', '.join(more)}, not declared")
    for name, declared in kitchen.containers.items():
        if name not in found:
            return differs(f"{name_of(pod)}: without {name}")
        for difference in differences(_view(declared), _view(found[name]), live=True, path=name):
            return differs(f"{name_of(pod)}: {difference}")
    volumes = {entry["name"]: entry for entry in pod["spec"].get("volumes") or []}
    for difference in differences(kitchen.volumes, volumes, live=True, path="volumes"):
        return differs(f"{name_of(pod)}: {difference}")
    # An API server shows the account and the security context of every pod.
    said = {key: value for key, value in kitchen.pod.items() if key in pod["spec"]}
    shown = {key: value for key, value in pod["spec"].items() if key in POD_FIELDS}
    for difference in differences(said, shown, live=True):
        return differs(f"{name_of(pod)}: {difference}")
    host = [key for key in _HOST if pod["spec"].get(key)]
    return differs(f"{name_of(pod)}: {', '.join(host)}") if host else proven("as declared")


def _view(container: Mapping[str, Any]) -> dict[str, Any]:
    """A container without its image, which has a row of its own; what KServe puts in another order is in none."""
    rest = {key: value for key, value in container.items() if key != "image"}
    return {
        **rest,
        "env": _by(container.get("env"), "name"),
        "volumeMounts": _by(container.get("volumeMounts"), "mountPath"),
    }


def _by(entries: Sequence[Mapping[str, Any]] | None, key: str) -> dict[str, Any]:
    """Entries by a key of theirs; of two with the same key the second has a number behind it, and is not declared."""
    found: dict[str, Any] = {}
    for entry in entries or []:
        same = sum(known == entry[key] or known.startswith(f"{entry[key]} (") for known in found)
        found[f"{entry[key]} ({same + 1})" if same else entry[key]] = entry
    return found


def _sums(adapter: Adapter) -> str:
    return ", ".join(f"{file.path} {file.sha256[:12]}" for file in adapter.files)


def _adapter(kitchen: DeclaredKitchen, adapter: Adapter, pod: Object, cluster: Cluster) -> Finding:
    """The entry of an adapter in the list that a pod mounts, which is what its files are compared with there."""
    volumes = {entry["name"]: entry.get("configMap") or {} for entry in pod["spec"].get("volumes") or []}
    name = str(volumes.get(kitchen.list_volume, {}).get("name", ""))
    if not name:
        return differs(f"{name_of(pod)}: mounts no list of adapters")
    # The list's name changes with its content, and that is compared below; what is mounted where must be as declared.
    declared, found = (
        {key: value for key, value in of[kitchen.list_volume].items() if key != "name"}
        for of in ({name: entry.get("configMap") or {} for name, entry in kitchen.volumes.items()}, volumes)
    )
    for difference in differences(declared, found, live=True, path=kitchen.list_volume):
        return differs(f"{name_of(pod)}: {difference}")
    try:
        mounted = cluster.one(kitchen.namespace, "ConfigMap", name)
    except UnseenError as error:
        return not_proven(OUT_OF_REACH, str(error))
    if mounted is None:
        return differs(f"ConfigMap {name}: gone")
    for difference in _list_differences(kitchen, adapter, mounted):
        return differs(f"ConfigMap {name}: {difference}")
    return proven(f"ConfigMap {name}")


def _list_differences(kitchen: DeclaredKitchen, adapter: Adapter, mounted: Object) -> Iterator[str]:
    entries = adapters_in(mounted)
    found = None if entries is None else entries.get(adapter.ref)
    if found is None:
        yield "without it"
        return
    declared = {file.path: {"sha256": file.sha256, "sizeBytes": file.size_bytes} for file in adapter.files}
    yield from differences(declared, found, live=False)
    if kitchen.adapter_list is not None and signers_in(mounted) != signers_in(kitchen.adapter_list.content):
        yield "other signers than declared"


def signers_in(config_map: Object) -> Any:
    """Whose signatures a list asks for; None where it asks for none."""
    return parse(config_map["data"]["manifest.json"]).get("signers")


def adapters_in(config_map: Object) -> dict[str, dict[str, Any]] | None:
    """Files by path of every adapter that a list names; None where it is no list."""
    try:
        listed = parse(config_map["data"]["manifest.json"])["adapters"]
        return {
            f"{entry['name']}/{entry['version']}": {
                file["path"]: {key: value for key, value in file.items() if key != "path"} for file in entry["files"]
            }
            for entry in listed
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
