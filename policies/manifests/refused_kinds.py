"""The kinds that the pack knows well enough to refuse: groups, kinds, the rules that refuse them, and why.

`*` is every kind of a group that no other row names. The rows are no defence: a kind that stands neither here nor
among the understood ones is denied by `kinds-known`. They say what is wrong in better words, and a statement in the
settings does not open them: that takes an exemption from the rule.
"""

from __future__ import annotations

NETWORK, ENTRY, RENDERED = "network-closed", "entry-guarded", "rendered-elsewhere"
BASELINE, RBAC, STORAGE, ADAPTERS = "pod-security-baseline", "rbac-least", "hybrid-storage", "adapters-approved"

Row = tuple[str, str, tuple[str, ...], str]

_ROUTED = "its TLS, hosts and paths cannot be seen to be right"
_TUNNEL = "it leads out by a tunnel"
_BALANCED = "it configures a load balancer outside the cluster"
_BESIDE = "it leads around the network that network policies close"
_BEFORE = "its rules go before network policies, and are not judged"
_LEAVES = "it changes by which addresses and ways pods leave the cluster"
_RENDERS = "another program makes objects out of it that the pack does not see"
_OPERATOR = "images and rights of an operator come in by it unseen"
_BUILDS = "it builds images out of sources that nobody has approved"
_MUTATES = "objects are changed by it after they were judged"
_NODE = "it writes files and starts programs on nodes"
_GIVES = "it gives rights in a way that is not judged"
_SIGNS_IN = "it changes who may sign in"
_WEIGHTS = "weights come to a server by it that the catalog does not name"

_ENTRIES: tuple[Row, ...] = (
    ("traefik.io traefik.containo.us hub.traefik.io projectcontour.io contour.heptio.com", "*", (ENTRY,), _ROUTED),
    ("getambassador.io x.getambassador.io configuration.konghq.com k8s.nginx.org", "*", (ENTRY,), _ROUTED),
    ("gateway.nginx.org gateway.solo.io gloo.solo.io gateway.kgateway.dev zalando.org", "*", (ENTRY,), _ROUTED),
    ("apisix.apache.org cis.f5.com core.haproxy.org ingress.v1.haproxy.org", "*", (ENTRY,), _ROUTED),
    ("ingress.v3.haproxy.org gateway.kyma-project.io voyager.appscode.com", "*", (ENTRY,), _ROUTED),
    (
        "tailscale.com networking.cfargotunnel.com ngrok.k8s.ngrok.com",
        "*",
        (ENTRY, NETWORK),
        _TUNNEL,
    ),
    ("ingress.k8s.ngrok.com bindings.k8s.ngrok.com", "*", (ENTRY, NETWORK), _TUNNEL),
    ("serving.knative.dev networking.internal.knative.dev", "*", (ENTRY,), "Knative makes entries of its own of it"),
    ("gateway.networking.k8s.io gateway.networking.x-k8s.io", "*", (ENTRY,), _ROUTED),
    ("gateway.envoyproxy.io", "*", (ENTRY,), "it rewrites the configuration of a gateway, which cannot be judged"),
    ("networking.istio.io", "EnvoyFilter", (ENTRY, NETWORK), "it rewrites the proxies, which cannot be judged"),
    ("networking.istio.io telemetry.istio.io", "*", (NETWORK,), "it changes the mesh in a way that is not judged"),
    ("operator.openshift.io", "IngressController", (ENTRY,), "it makes a router with rules of its own"),
    ("networking.gke.io elbv2.k8s.aws cloud.google.com", "*", (ENTRY, NETWORK), _BALANCED),
)

_NETWORKS: tuple[Row, ...] = (
    ("k8s.cni.cncf.io sriovnetwork.openshift.io whereabouts.cni.cncf.io", "*", (NETWORK,), _BESIDE),
    ("nmstate.io submariner.io skupper.io multicluster.x-k8s.io", "*", (NETWORK,), _BESIDE),
    ("crd.antrea.io security.antrea.tanzu.vmware.com core.antrea.tanzu.vmware.com", "*", (NETWORK,), _BEFORE),
    ("policy.networking.k8s.io", "*", (NETWORK,), _BEFORE),
    ("k8s.ovn.org kubeovn.io cilium.io isovalent.com projectcalico.org", "*", (NETWORK,), _LEAVES),
    ("crd.projectcalico.org network.openshift.io", "*", (NETWORK,), _LEAVES),
    ("metallb.io purelb.io loadbalancer.harvesterhci.io", "*", (NETWORK,), "it announces addresses to the outside"),
    ("externaldns.k8s.io", "*", (NETWORK,), "it publishes names"),
    ("serving.kserve.io", "InferenceGraph", (NETWORK,), "its steps call addresses that are not judged"),
    ("linkerd.io policy.linkerd.io multicluster.linkerd.io consul.hashicorp.com", "*", (NETWORK,), _BEFORE),
    ("kuma.io access.smi-spec.io split.smi-spec.io specs.smi-spec.io", "*", (NETWORK,), _BEFORE),
)

_SOURCES: tuple[Row, ...] = (
    ("helm.sh helm.cattle.io helm.toolkit.fluxcd.io", "*", (RENDERED,), _RENDERS),
    ("fleet.cattle.io configsync.gke.io configmanagement.gke.io", "*", (RENDERED,), _RENDERS),
    ("pkg.crossplane.io apiextensions.crossplane.io helm.crossplane.io", "*", (RENDERED,), _RENDERS),
    ("kappctrl.k14s.io packaging.carvel.dev data.packaging.carvel.dev", "*", (RENDERED,), _RENDERS),
    ("pulumi.com auto.pulumi.com app.terraform.io infra.contrib.fluxcd.io", "*", (RENDERED,), _RENDERS),
    ("apps.open-cluster-management.io addons.cluster.x-k8s.io core.oam.dev", "*", (RENDERED,), _RENDERS),
    ("image.toolkit.fluxcd.io fluxcd.controlplane.io kargo.akuity.io", "*", (RENDERED,), _RENDERS),
    ("porch.kpt.dev config.porch.kpt.dev carto.run promoter.argoproj.io", "*", (RENDERED,), _RENDERS),
    ("operators.coreos.com olm.operatorframework.io", "*", (RENDERED,), _OPERATOR),
    ("build.openshift.io shipwright.io kpack.io", "*", (RENDERED,), _BUILDS),
)

_GATES: tuple[Row, ...] = (
    ("admissionregistration.k8s.io", "*", (RBAC, BASELINE), _MUTATES),
    ("policies.kyverno.io mutations.gatekeeper.sh apps.kruise.io settings.k8s.io", "*", (BASELINE,), _MUTATES),
    ("kyverno.io", "*", (BASELINE,), "it deletes objects, or takes them out of the cluster's own policies"),
    ("policies.kyverno.io", "PolicyException", (BASELINE,), "it takes objects out of the cluster's own policies"),
    ("machineconfiguration.openshift.io tuned.openshift.io performance.openshift.io", "*", (BASELINE,), _NODE),
    ("security.openshift.io", "*", (BASELINE,), "it opens what pods may ask of a node"),
    ("policy", "PodSecurityPolicy", (BASELINE,), "it opens what pods may ask of a node"),
    ("user.openshift.io oauth.openshift.io", "*", (RBAC,), _SIGNS_IN),
    ("config.openshift.io", "Authentication OAuth", (RBAC,), _SIGNS_IN),
    ("certificates.k8s.io", "*", (RBAC,), "a certificate can be that of an administrator"),
    (
        "rbac.authorization.k8s.io authorization.openshift.io",
        "*",
        (RBAC,),
        _GIVES,
    ),
)

_MODELS: tuple[Row, ...] = (
    ("serving.kserve.io", "LocalModelCache LocalModelNamespaceCache LocalModelNode", (STORAGE,), _WEIGHTS),
    ("serving.kserve.io", "LocalModelNodeGroup", (STORAGE,), _WEIGHTS),
    ("serving.kserve.io", "Predictor TrainedModel", (STORAGE, ADAPTERS), _WEIGHTS),
    ("model.aibrix.ai orchestration.aibrix.ai", "*", (ADAPTERS, STORAGE), _WEIGHTS),
    ("kubeai.org production-stack.vllm.ai kaito.sh ome.io", "*", (STORAGE, ADAPTERS), _WEIGHTS),
    ("llmaz.io inference.llmaz.io ollama.ayaka.io", "*", (STORAGE, ADAPTERS), _WEIGHTS),
    ("machinelearning.seldon.io mlops.seldon.io", "*", (STORAGE,), _WEIGHTS),
    ("apps.nvidia.com", "NIMBuild NIMCache NIMPipeline NIMService", (STORAGE, ADAPTERS), _WEIGHTS),
    ("nvidia.com", "DynamoComponentDeployment DynamoGraphDeployment DynamoModel", (STORAGE, ADAPTERS), _WEIGHTS),
)

REFUSED: tuple[Row, ...] = (*_ENTRIES, *_NETWORKS, *_SOURCES, *_GATES, *_MODELS)
