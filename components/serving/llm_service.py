"""A kitchen as KServe's LLMInferenceService, whose controller makes the Deployment and, with a Gateway, the route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from components import naming
from components.gpu.sizing import startup_minutes
from components.kubernetes_object import KubernetesObject
from components.labels import PART_OF, pod_labels
from components.ports import LLM_PORT
from components.serving.predictor import MultiLoraServiceArgs, pods, predictor, pull_secrets
from components.serving.runtime_spec import VllmRuntimeArgs, runtime_spec
from components.tenancy.network import server_ingress

_POD_FIELDS = (
    "serviceAccountName",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "terminationGracePeriodSeconds",
    "nodeSelector",
    "tolerations",
    "securityContext",
    "priorityClassName",
    "topologySpreadConstraints",
    "initContainers",
)


@dataclass(frozen=True, kw_only=True)
class LlmServiceArgs:
    """The same service and runtime as for an InferenceService; `gateway` is namespace and name of a Gateway."""

    service: MultiLoraServiceArgs
    runtime: VllmRuntimeArgs
    gateway: tuple[str, str] | None


class LlmService(pulumi.ComponentResource):
    """A KServe LLMInferenceService that serves a base model and its LoRA adapters.

    Guaranteed as for MultiLoraService: adapters reach the server only through the verified fetch, and a change of
    adapters or options makes new pods. The server's arguments hold `--lora-modules`, so that the controller adds no
    adapters of its own; the template says all that KServe's preset would otherwise fill in. It speaks plain HTTP:
    the controller's own TLS must be off. A first update ends when the service is Ready.
    """

    TOKEN = "kitchen:llm_service:LlmService"

    def __init__(self, name: str, args: LlmServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare service account, manifest, network rule, disruption budget and LLMInferenceService."""
        service = args.service
        super().__init__(self.TOKEN, name, {"namespace": service.namespace, "kitchen": service.kitchen}, opts)
        needs = [self._object(name, service, **fields) for fields in _surroundings(service)]
        minutes = startup_minutes(service.model_gib) + 5
        self._object(
            name,
            service,
            short="",
            api_version="serving.kserve.io/v1alpha2",
            kind="LLMInferenceService",
            named=service.kitchen,
            spec=llm_spec(args),
            annotations={"pulumi.com/waitFor": "condition=Ready"},
            options=pulumi.ResourceOptions(
                depends_on=needs,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{minutes}m", update=f"{minutes}m"),
                # Other labels of the pods are another selector, which the controller's Deployment refuses for ever.
                replace_on_changes=["spec.labels"],
                delete_before_replace=True,
            ),
        )
        self.register_outputs({})

    def _object(
        self,
        name: str,
        service: MultiLoraServiceArgs,
        *,
        short: str,
        named: str,
        annotations: dict[str, str] | None = None,
        options: pulumi.ResourceOptions | None = None,
        **fields: Any,
    ) -> pulumi.Resource:
        metadata = {"name": named, "namespace": service.namespace, "labels": dict(service.labels)}
        return KubernetesObject(
            f"{name}-{short}" if short else name,
            metadata={**metadata, "annotations": annotations} if annotations else metadata,
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), options),
            **fields,
        )


def _surroundings(args: MultiLoraServiceArgs) -> list[dict[str, Any]]:
    """What the pods need beside them."""
    account = {"kind": "ServiceAccount", "named": naming.service_account(args.kitchen), **pull_secrets(args)}
    ingress = server_ingress({"matchLabels": pods(args)}, args.platform, LLM_PORT, args.entry_namespace)
    found: list[dict[str, Any]] = [
        {"short": "server", "api_version": "v1", "automountServiceAccountToken": False, **account},
        {
            "short": "ingress",
            "api_version": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "named": f"{args.kitchen}-allow-gateway",
            "spec": ingress,
        },
    ]
    if args.fetch is not None:
        manifest = {"kind": "ConfigMap", "named": args.fetch.config_map(args.kitchen), "data": args.fetch.data()}
        found.append({"short": "adapters", "api_version": "v1", "immutable": True, **manifest})
    if args.replicas > 1:
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": pods(args)}}
        found.append(
            {
                "short": "disruptions",
                "api_version": "policy/v1",
                "kind": "PodDisruptionBudget",
                "named": naming.predictor(args.kitchen),
                "spec": {**budget, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
            }
        )
    return found


def llm_spec(args: LlmServiceArgs) -> dict[str, Any]:
    """`spec` of the LLMInferenceService."""
    service = args.service
    like = predictor(service)
    spec: dict[str, Any] = {
        "model": {"uri": service.storage_uri, "name": args.runtime.options.served_model_name},
        "replicas": service.replicas,
        "labels": _pod_labels(service),
        "annotations": like["annotations"],
        "template": _template(args, like),
    }
    if args.gateway is not None:
        namespace, name = args.gateway
        spec["router"] = {"route": {}, "gateway": {"refs": [{"name": name, "namespace": namespace}]}}
    return spec


def _pod_labels(args: MultiLoraServiceArgs) -> dict[str, str]:
    """Labels of the pods; the tenant's network rules and budgets know them by the last one.

    KServe 0.20 has a value of its own for part-of, which the selector of its Service asks for, and puts all of these
    into the Deployment's selector, which cannot change (llmisvc/workload.go, workload_single_node.go).
    """
    kept = {key: value for key, value in pod_labels(args.labels).items() if key != PART_OF}
    return {**kept, **pods(args)}


def _template(args: LlmServiceArgs, like: dict[str, Any]) -> dict[str, Any]:
    runtime, model = runtime_spec(args.runtime), like["model"]
    pod = {key: like[key] for key in _POD_FIELDS if key in like}
    (server, *_) = runtime["containers"]
    flags = [f"--port={LLM_PORT}" if flag.startswith("--port=") else flag for flag in server["args"]]
    main = {
        **server,
        "name": "main",
        "args": [*flags, *model.get("args", [])],
        "ports": [{"name": "http", "containerPort": LLM_PORT, "protocol": "TCP"}],
        "resources": model["resources"],
        "volumeMounts": [*server["volumeMounts"], *model.get("volumeMounts", [])],
    }
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        # The scheme is said because the preset's would stay.
        main[probe] = {**server[probe], "httpGet": {"path": "/health", "port": LLM_PORT, "scheme": "HTTP"}}
    return {**pod, "containers": [main], "volumes": [*runtime["volumes"], *like.get("volumes", [])]}
