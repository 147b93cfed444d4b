"""The volume that holds a base model, and the Job that brings the model there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import naming, pod_package
from components.content import sha256_of
from components.facts import LOAD_LABEL
from components.gpu.sizing import LOAD_CPU, LOAD_MEMORY_GIB, load_minutes
from components.kubernetes_object import KubernetesObject
from components.labels import pod_labels
from components.model_store.check import CONFIG_PATH, MANIFEST, MODELS_PATH, MODULE, BaseModelContent
from components.object_store.buckets import BucketAccess, BucketAccessArgs
from components.platform import Platform
from components.ports import STATUS_PORT
from components.tenancy.network import StoreAddress, scrapers_ingress, store_egress
from components.tenancy.provisions import image_pull_secrets

_CA_PATH = "/etc/kitchen/ca"
_BRING_IN_PATH = "/bring-in"


@dataclass(frozen=True, kw_only=True)
class BaseModelVolumeArgs:
    """`base_model` is `<name>/vN`; `size_gib` the size of the volume; `protect` refuses its deletion."""

    namespace: str
    base_model: str
    size_gib: int
    storage_class: str
    access_mode: str
    labels: Mapping[str, str]
    protect: bool


class BaseModelVolume(pulumi.ComponentResource):
    """A PersistentVolumeClaim for one version of a base model.

    `storage_uri` is what KServe mounts read-only at /mnt/models: `pvc://<claim>/base/<name>/vN`. The claim is not
    waited for: a class that binds with its first pod would never come to an end, and the server waits anyway.
    """

    TOKEN = "kitchen:model_store:BaseModelVolume"

    def __init__(self, name: str, args: BaseModelVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the claim."""
        claim = naming.base_model_claim(args.base_model)
        self.storage_uri = naming.base_model_uri(args.base_model)
        super().__init__(self.TOKEN, name, {"storageUri": self.storage_uri}, opts)
        KubernetesObject(
            name,
            api_version="v1",
            kind="PersistentVolumeClaim",
            metadata={
                "name": claim,
                "namespace": args.namespace,
                "labels": dict(args.labels),
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "accessModes": [args.access_mode],
                "storageClassName": args.storage_class,
                "resources": {"requests": {"storage": f"{args.size_gib}Gi"}},
            },
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.register_outputs({"storageUri": self.storage_uri})


@dataclass(frozen=True, kw_only=True)
class BaseModelLoadArgs:
    """`access` reads the bucket; where it is None the files come from `source_claim`, a claim of the namespace.

    `ca_bundle` names a ConfigMap with ca.crt; `model_gib` sets how long the load may take.
    """

    namespace: str
    content: BaseModelContent
    model_gib: int
    labels: Mapping[str, str]
    platform: Platform
    store: StoreAddress
    access: BucketAccessArgs | None
    source_claim: str | None = None
    ca_bundle: str | None = None
    pull_secrets: Sequence[str] = ()


class BaseModelLoad(pulumi.ComponentResource):
    """A Job that copies a base model to its claim and compares every file with the catalog's sums.

    Guaranteed: the component is done when the completion marker of this very manifest is on the volume. Wrong content
    or a bad manifest fails the Job at once, a store out of reach is tried again; a changed manifest is a new Job. The
    pod tolerates no taint, so it takes no GPU node. While it runs, Prometheus sees how far it is.
    """

    TOKEN = "kitchen:model_store:BaseModelLoad"

    def __init__(self, name: str, args: BaseModelLoadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare manifest, key, network rule, account and Job."""
        super().__init__(self.TOKEN, name, {"baseModel": args.content.base_model}, opts)
        child = pulumi.ResourceOptions(parent=self)
        needs: list[pulumi.Resource] = []
        if args.access is not None:
            needs.append(BucketAccess(name, args.access, child))
        loader = naming.loader(args.content.base_model)
        account = {"automountServiceAccountToken": False, **image_pull_secrets(args.pull_secrets)}
        needs += [
            KubernetesObject(
                f"{name}-{short}",
                api_version=version,
                kind=kind,
                metadata=_metadata(called, args),
                opts=child,
                **fields,
            )
            for short, version, kind, called, fields in (
                ("manifest", "v1", "ConfigMap", args.content.config_map,
                 {"immutable": True, "data": args.content.data()}),
                ("loader", "v1", "ServiceAccount", loader, account),
                ("loader", "networking.k8s.io/v1", "NetworkPolicy", loader, {"spec": _network_policy(args)}),
            )
        ]  # fmt: skip
        job, spec = load_job(args)
        minutes = load_minutes(args.model_gib)
        KubernetesObject(
            name,
            api_version="batch/v1",
            kind="Job",
            metadata=_metadata(job, args),
            spec=spec,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=needs,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{minutes + 5}m", update=f"{minutes + 5}m"),
            ),
        )
        self.register_outputs({})


def load_job(args: BaseModelLoadArgs) -> tuple[str, dict[str, Any]]:
    """Name and `spec` of the Job; the name carries the sum of what it loads and of how."""
    secret = None if args.access is None else args.access.existing_secret or args.access.secret_name
    spec = _job(args, secret)
    return naming.with_sum(_claim(args), sha256_of([args.content.data(), spec])), spec


def _claim(args: BaseModelLoadArgs) -> str:
    return naming.base_model_claim(args.content.base_model)


def _metadata(name: str, args: BaseModelLoadArgs) -> dict[str, Any]:
    return {"name": name, "namespace": args.namespace, "labels": dict(args.labels)}


def _network_policy(args: BaseModelLoadArgs) -> dict[str, Any]:
    pods = {"matchLabels": {LOAD_LABEL: _claim(args)}}
    out = {"podSelector": pods} if args.access is None else store_egress(pods, args.store)
    scraped = scrapers_ingress(pods, args.platform, STATUS_PORT)
    return {**out, **scraped, "policyTypes": ["Egress", "Ingress"]}


def _job(args: BaseModelLoadArgs, secret: str | None) -> dict[str, Any]:
    fails = {"containerName": "load", "operator": "In", "values": [1, 2]}
    return {
        "backoffLimit": 4,
        "activeDeadlineSeconds": load_minutes(args.model_gib) * 60,
        "podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": fails}]},
        "template": {
            "metadata": args.platform.pod_metadata({**pod_labels(args.labels), LOAD_LABEL: _claim(args)}),
            "spec": {
                "restartPolicy": "Never",
                "serviceAccountName": naming.loader(args.content.base_model),
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "securityContext": args.platform.pod_security_context(),
                "containers": [_container(args, secret)],
                "volumes": [{"name": name, **source} for name, (_, source, _) in _mounted(args).items()],
            },
        },
    }


def _mounted(args: BaseModelLoadArgs) -> dict[str, tuple[str, dict[str, Any], bool]]:
    """Mount path, source and read-only of each volume."""
    found: dict[str, tuple[str, dict[str, Any], bool]] = {
        "models": (MODELS_PATH, {"persistentVolumeClaim": {"claimName": _claim(args)}}, False),
        "manifest": (CONFIG_PATH, args.content.volume(), True),
        "scratch": ("/tmp", {"emptyDir": {"sizeLimit": "64Mi"}}, False),
    }
    if args.source_claim is not None:
        claim = {"claimName": args.source_claim, "readOnly": True}
        found["bring-in"] = (_BRING_IN_PATH, {"persistentVolumeClaim": claim}, True)
    elif args.ca_bundle is not None:
        found["object-store-ca"] = (_CA_PATH, {"configMap": {"name": args.ca_bundle}}, True)
    return found


def _container(args: BaseModelLoadArgs, secret: str | None) -> dict[str, Any]:
    source = ["--from", _BRING_IN_PATH] if args.access is None else ["--bucket", args.access.bucket]
    return {
        "name": "load",
        "image": args.content.image,
        "command": pod_package.command(MODULE),
        "workingDir": CONFIG_PATH,
        "args": ["--manifest", f"{CONFIG_PATH}/{MANIFEST}", "--models", MODELS_PATH, *source, f"--port={STATUS_PORT}"],
        "ports": [{"name": "status", "containerPort": STATUS_PORT, "protocol": "TCP"}],
        "env": _environment(args, secret),
        "resources": {
            "requests": {"cpu": str(LOAD_CPU), "memory": f"{LOAD_MEMORY_GIB}Gi"},
            "limits": {"memory": f"{LOAD_MEMORY_GIB}Gi"},
        },
        "securityContext": args.platform.container_security_context(),
        "volumeMounts": [
            {"name": name, "mountPath": path, **({"readOnly": True} if read_only else {})}
            for name, (path, _, read_only) in _mounted(args).items()
        ],
    }


def _environment(args: BaseModelLoadArgs, secret: str | None) -> list[dict[str, Any]]:
    plain = {"HOME": "/tmp"}
    if args.access is None:
        return [{"name": "HOME", "value": "/tmp"}]
    plain |= {"AWS_ENDPOINT_URL": args.access.endpoint, "AWS_DEFAULT_REGION": args.access.region}
    if args.ca_bundle is not None:
        plain["AWS_CA_BUNDLE"] = f"{_CA_PATH}/ca.crt"
    keys = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    ]
    return [*({"name": key, "value": value} for key, value in plain.items()), *keys]
