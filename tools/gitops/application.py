"""Argo CD's AppProject and Application of an environment: the least rights that its objects need, derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.labels import Ownership
from infra.documents import DocumentError
from infra.faults import Fault, FaultsError
from infra.strict_yaml import YamlError, parse
from tools.gitops.branch import FOLDER
from tools.gitops.manifests import SOURCE, Rendered

_HEAD = """\
# Written by `make gitops-project STACK={stack}`: what Argo CD may make, out of what the commit renders. Three words
# are yours and are kept: the repository's address, the cluster's, and Argo CD's namespace.
"""
_RETRY = {"limit": 2, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "1m"}}


@dataclass(frozen=True, kw_only=True)
class Place:
    """What an organisation says itself: the repository, the cluster, and the namespace of Argo CD."""

    repository: str = "https://git.kitchen.example/platform/kitchen.git"
    server: str = "https://kubernetes.default.svc"
    namespace: str = "argocd"


def place_of(path: Path) -> Place:
    """What the file says already, the defaults where there is no file; raise FaultsError where it cannot be read."""
    try:
        documents = [parse(part.encode()) for part in path.read_text().split("\n---\n")]
        (application,) = (one for one in documents if one["kind"] == "Application")
        spec = application["spec"]
        return Place(
            repository=str(spec["source"]["repoURL"]),
            server=str(spec["destination"]["server"]),
            namespace=str(application["metadata"]["namespace"]),
        )
    except FileNotFoundError:
        return Place()
    except (OSError, UnicodeDecodeError, DocumentError, YamlError, KeyError, TypeError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        rule = f"an AppProject and an Application, in two documents ({said})"
        raise FaultsError(SOURCE, [Fault(path=path.name, value=str(path), rule=rule, example="git restore")]) from None


def text(stack: str, branch: str, rendered: Rendered, place: Place) -> str:
    """The file `deploy/argocd/STACK.yaml`."""
    namespaces = sorted({one.namespace for one in rendered.manifests if one.namespace})
    documents = (_project(stack, namespaces, rendered, place), _application(stack, branch, namespaces, place))
    return _HEAD.format(stack=stack) + yaml.safe_dump_all(documents, sort_keys=False, width=120)


def _project(stack: str, namespaces: Sequence[str], rendered: Rendered, place: Place) -> dict[str, Any]:
    inside = [one for one in rendered.manifests if one.namespace]
    outside = [one for one in rendered.manifests if not one.namespace]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": _metadata(stack, place),
        "spec": {
            "description": f"Private AI Kitchen, environment {stack}",
            "sourceRepos": [place.repository],
            "destinations": [{"server": place.server, "namespace": name} for name in namespaces],
            "clusterResourceWhitelist": _kinds((one.group, one.kind) for one in outside),
            "namespaceResourceWhitelist": _kinds((one.group, one.kind) for one in inside),
        },
    }


def _metadata(stack: str, place: Place) -> dict[str, Any]:
    """Name, place and the labels of what all tenants share, as the policy pack asks for them."""
    shared = Ownership(environment=stack, tenant="shared", owner="platform", cost_centre="shared").labels(stack)
    del shared["app.kubernetes.io/managed-by"]  # an administrator's hand
    return {"name": f"kitchen-{stack}", "namespace": place.namespace, "labels": shared}


def _kinds(kinds: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"group": group, "kind": kind} for group, kind in sorted(set(kinds))]


def _application(stack: str, branch: str, namespaces: Sequence[str], place: Place) -> dict[str, Any]:
    # Argo CD asks that the project permits this namespace; each object of the branch says its own.
    namespace = {"namespace": namespaces[0]} if namespaces else {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": _metadata(stack, place),
        "spec": {
            "project": f"kitchen-{stack}",
            "source": {
                "repoURL": place.repository,
                "targetRevision": branch,
                "path": FOLDER,
                "directory": {"recurse": True},
            },
            "destination": {"server": place.server, **namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["ServerSideApply=true", "ApplyOutOfSyncOnly=true", "PruneLast=true"],
                "retry": _RETRY,
            },
        },
    }
