"""An image with everything that may be signed or said about it, and the lists of a registry without referrers' API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support import image_forms as forms
from tests.support.image_registry import ImageRegistry


def signed(layout: forms.Layout, **more: Any) -> tuple[str, dict[str, str]]:
    """An index with signatures by tag, of the index and of one platform, and referrers, one of them signed in turn.

    Returns its digest, and those of what is attached by their tags or by what they are. `more` is of its platforms.
    """
    platforms = forms.both(layout, **more)
    root = forms.index(layout, *platforms)
    digest = layout.add(root, "v1")
    tags = {}
    for subject, suffix in ((root, "sig"), (root, "att"), (platforms[1], "sig")):
        made, tag = forms.tag_signature(layout, subject["digest"], suffix)
        tags[tag] = layout.add(made, tag)
    signature = forms.artifact(layout, forms.SIGSTORE, b'{"of": "index"}', root)
    inventory = forms.artifact(layout, "application/spdx+json", b'{"of": "arm64"}', platforms[1])
    of_inventory = forms.artifact(layout, forms.SIGSTORE, b'{"of": "inventory"}', inventory)
    for name, referrer in (("signature", signature), ("inventory", inventory), ("of inventory", of_inventory)):
        tags[name] = layout.add(referrer)
    return digest, tags


def put_referrers(registry: ImageRegistry, layout: Path, repository: str) -> None:
    """As clients do where a registry has no API of referrers: a list by a tag for each subject."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for entry in json.loads((layout / "index.json").read_text())["manifests"]:
        content = json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_text())
        if "subject" in content:
            lists.setdefault(content["subject"]["digest"], []).append(entry | {"artifactType": content["artifactType"]})
    for subject, entries in lists.items():
        content = json.dumps({"schemaVersion": 2, "mediaType": forms.OCI_INDEX, "manifests": entries}).encode()
        registry.put_manifest(repository, subject.replace(":", "-"), forms.OCI_INDEX, content)
