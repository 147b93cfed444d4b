"""Serving: the vLLM runtime of a kitchen and its multi-LoRA InferenceService."""

from __future__ import annotations

from typing import Any

import pulumi

from components import naming
from components.gpu.sizing import startup_minutes
from components.kubernetes_object import KubernetesObject
from components.serving.adapters import MANIFEST
from components.serving.autoscaling import autoscaler_class
from components.serving.hot_lora import HotLora
from components.serving.predictor import MultiLoraServiceArgs, pods, predictor, pull_secrets
from components.serving.runtime_spec import VllmRuntimeArgs, runtime_spec


class VllmRuntime(pulumi.ComponentResource):
    """A KServe ServingRuntime that starts vLLM offline, non-root, on a read-only root file system."""

    TOKEN = "kitchen:serving:VllmRuntime"

    def __init__(self, name: str, args: VllmRuntimeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the ServingRuntime."""
        self.runtime_name = naming.runtime(args.kitchen)
        super().__init__(self.TOKEN, name, {"runtime": self.runtime_name}, opts)
        KubernetesObject(
            name,
            api_version="serving.kserve.io/v1alpha1",
            kind="ServingRuntime",
            metadata={
                "name": self.runtime_name,
                "namespace": args.namespace,
                "labels": dict(args.labels),
                "annotations": args.platform.runtime_annotations(),
            },
            spec=runtime_spec(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"runtime": self.runtime_name})


class MultiLoraService(pulumi.ComponentResource):
    """A KServe InferenceService (Standard mode) that serves a base model and its LoRA adapters.

    Two and more replicas are spread over nodes where that is possible, and a drain takes one of them at a time.

    Guaranteed: adapters reach the server only through an init container, or in hot mode a sidecar, that has compared
    every file with the catalog's sums; a change of the runtime, or of adapters in static mode, makes new pods; a first
    update ends when the service is Ready. A later one ends while the rollout goes on, because KServe calls a service
    Ready as long as old pods serve:
    `kubectl rollout status deployment/<kitchen>-predictor` tells its end.
    """

    TOKEN = "kitchen:serving:MultiLoraService"

    def __init__(self, name: str, args: MultiLoraServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare service account, adapters' manifest and InferenceService."""
        super().__init__(self.TOKEN, name, {"namespace": args.namespace, "kitchen": args.kitchen}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = KubernetesObject(
            f"{name}-server",
            api_version="v1",
            kind="ServiceAccount",
            metadata=_metadata(naming.service_account(args.kitchen), args),
            automountServiceAccountToken=False,
            opts=child,
            **pull_secrets(args),
        )
        needs: list[pulumi.Resource] = [account]
        if args.fetch is not None:
            # Immutable and named by its content: what runs keeps what it was started with.
            needs.append(
                KubernetesObject(
                    f"{name}-adapters",
                    api_version="v1",
                    kind="ConfigMap",
                    metadata=_metadata(args.fetch.config_map(args.kitchen), args),
                    immutable=True,
                    data=args.fetch.data(),
                    opts=child,
                )
            )
        if args.hot is not None:
            needs += hot_config_maps(name, args, args.hot, child)
        if args.most_replicas() > 1:
            KubernetesObject(
                f"{name}-disruptions",
                api_version="policy/v1",
                kind="PodDisruptionBudget",
                metadata=_metadata(naming.predictor(args.kitchen), args),
                spec={
                    "maxUnavailable": 1,
                    "selector": {"matchLabels": pods(args)},
                    # A pod that does not serve anyway must not hold up a drain.
                    "unhealthyPodEvictionPolicy": "AlwaysAllow",
                },
                opts=child,
            )
        minutes = startup_minutes(args.model_gib) + 5
        KubernetesObject(
            name,
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            metadata={
                "name": args.kitchen,
                "namespace": args.namespace,
                "labels": {**args.labels, **args.platform.service_labels()},
                "annotations": {**_annotations(args), **args.platform.service_annotations()},
            },
            spec={"predictor": predictor(args)},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=needs,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{minutes}m", update=f"{minutes}m"),
            ),
        )
        self.register_outputs({})


def hot_config_maps(
    name: str, args: MultiLoraServiceArgs, hot: HotLora, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The scripts, named by their content, and the declared list, which is the one thing that changes in hot mode."""
    scripts = KubernetesObject(
        f"{name}-hot-scripts",
        api_version="v1",
        kind="ConfigMap",
        metadata=_metadata(hot.scripts_config_map(args.kitchen), args),
        immutable=True,
        data=dict(hot.scripts),
        opts=opts,
    )
    declared = KubernetesObject(
        f"{name}-declared-adapters",
        api_version="v1",
        kind="ConfigMap",
        metadata=_metadata(naming.declared_adapters_config_map(args.kitchen), args),
        data={MANIFEST: hot.fetch.manifest()},
        opts=opts,
    )
    return [scripts, declared]


def _metadata(name: str, args: MultiLoraServiceArgs) -> Any:
    return {"name": name, "namespace": args.namespace, "labels": dict(args.labels)}


def _annotations(args: MultiLoraServiceArgs) -> dict[str, str]:
    return {
        "serving.kserve.io/deploymentMode": "Standard",
        "serving.kserve.io/autoscalerClass": autoscaler_class(args.autoscaling),
        "pulumi.com/waitFor": "condition=Ready",
    }
