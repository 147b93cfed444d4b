"""Makes the engine apply objects again whose recorded content may be older than what the cluster has.

A refresh is not enough: the Kubernetes provider reads only the fields that the state has already (pruneLiveState), so
that a field which an unrecorded update has added would stay, unseen, when the settings go back. An object is applied
whole when the provider sees a difference in it. So one is written into what the state says about the cluster: the
object's field manager. Nothing in the cluster changes by it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tools.engine.places import is_object

ANNOTATION = "pulumi.com/patchFieldManager"
UNKNOWN = "not known: an update was interrupted"


def distrust(deployment: dict[str, Any], urns: Collection[str]) -> int:
    """Change the objects of these URNs in a deployment, as a part of what `pulumi stack export` gives, in place.

    Returns how many objects the next update applies again.
    """
    count = 0
    for entry in deployment.get("resources") or ():
        if not is_object(str(entry["type"])) or entry["urn"] not in urns:
            continue
        metadata = (entry.get("outputs") or {}).get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        if isinstance(annotations, dict) and ANNOTATION in annotations:
            annotations[ANNOTATION] = UNKNOWN
            count += 1
    return count
