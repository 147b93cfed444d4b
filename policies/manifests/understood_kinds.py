"""The kinds that the pack understands, as data: group, kinds, and what is looked at in them.

In every object of whatever kind the rules look for images, pods, manifests of other objects and what looks like a
secret. A row names what is looked at beside that, and what a kind is made of. A kind stands here when somebody has
thought through what it can open, and a rule looks there; a kind of which nobody knows it stands nowhere.
"""

from __future__ import annotations

PODS, IMAGES, RIGHTS, ENTRIES, NETWORK = "pods", "images", "rights", "entries", "network"
STORAGE, SECRETS, MODELS, MANIFESTS, SOURCES = "storage", "secrets", "models", "nested manifests", "sources"
LOOKS = (PODS, IMAGES, RIGHTS, ENTRIES, NETWORK, STORAGE, SECRETS, MODELS, MANIFESTS, SOURCES)
"""What is looked at, as docs/policies.md names it."""

WORKFLOW = (PODS, IMAGES, MANIFESTS, SOURCES, NETWORK)
Row = tuple[str, str, tuple[str, ...]]

_KUBERNETES: tuple[Row, ...] = (
    ("", "Pod PodTemplate ReplicationController", (PODS, IMAGES)),
    ("", "ConfigMap", (MODELS, SECRETS, MANIFESTS, IMAGES, RIGHTS)),
    ("", "Secret", (SECRETS, RIGHTS, MANIFESTS)),
    ("", "Service", (NETWORK, ENTRIES)),
    ("", "Endpoints", (NETWORK,)),
    ("", "Namespace", (PODS, NETWORK, RIGHTS)),
    ("", "PersistentVolume PersistentVolumeClaim", (STORAGE, PODS, NETWORK)),
    ("", "ServiceAccount", (SECRETS, RIGHTS)),
    ("", "LimitRange ResourceQuota", ()),
    ("", "List", (MANIFESTS,)),
    ("apps", "DaemonSet Deployment ReplicaSet StatefulSet", (PODS, IMAGES, STORAGE)),
    ("apps", "ControllerRevision", (PODS, MANIFESTS)),
    ("batch", "CronJob Job", (PODS, IMAGES)),
    ("autoscaling", "HorizontalPodAutoscaler", ()),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler", ()),
    ("policy", "PodDisruptionBudget", ()),
    ("networking.k8s.io", "NetworkPolicy", (NETWORK,)),
    ("networking.k8s.io", "Ingress IngressClass", (ENTRIES, NETWORK)),
    ("extensions", "Ingress", (ENTRIES,)),
    ("discovery.k8s.io", "EndpointSlice", (NETWORK,)),
    ("rbac.authorization.k8s.io", "ClusterRole ClusterRoleBinding Role RoleBinding", (RIGHTS,)),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration ValidatingWebhookConfiguration", (RIGHTS,)),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding", ()),
    ("apiextensions.k8s.io", "CustomResourceDefinition", (RIGHTS,)),
    ("apiregistration.k8s.io", "APIService", (NETWORK, RIGHTS)),
    ("storage.k8s.io", "StorageClass", (STORAGE, SECRETS)),
    ("snapshot.storage.k8s.io", "VolumeSnapshot", (STORAGE,)),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass", (STORAGE, SECRETS)),
    ("groupsnapshot.storage.k8s.io", "VolumeGroupSnapshot", (STORAGE,)),
    ("storage.k8s.io", "CSIDriver VolumeAttributesClass", (STORAGE, SECRETS)),
    ("node.k8s.io", "RuntimeClass", (PODS,)),
    ("scheduling.k8s.io", "PriorityClass", ()),
    ("coordination.k8s.io", "Lease", ()),
)

_OPENSHIFT: tuple[Row, ...] = (
    ("route.openshift.io", "Route", (ENTRIES,)),
    ("apps.openshift.io", "DeploymentConfig", (PODS, IMAGES)),
    ("image.openshift.io", "ImageStream ImageStreamTag", (IMAGES,)),
    ("template.openshift.io", "Template", (MANIFESTS,)),
    ("security.openshift.io", "SecurityContextConstraints", (PODS, RIGHTS)),
    ("authorization.openshift.io", "ClusterRole ClusterRoleBinding Role RoleBinding", (RIGHTS,)),
    ("user.openshift.io", "Group", (RIGHTS,)),
    ("network.openshift.io", "EgressNetworkPolicy", (NETWORK,)),
    ("k8s.ovn.org", "EgressFirewall", (NETWORK,)),
    ("project.openshift.io", "Project", (PODS, NETWORK)),
    ("quota.openshift.io", "ClusterResourceQuota", ()),
    ("console.openshift.io", "ConsoleLink ConsoleNotification", (NETWORK,)),
)

_SERVING: tuple[Row, ...] = (
    ("serving.kserve.io", "InferenceService", (PODS, IMAGES, MODELS, ENTRIES, NETWORK, STORAGE)),
    ("serving.kserve.io", "LLMInferenceService LLMInferenceServiceConfig", (PODS, IMAGES, MODELS, ENTRIES)),
    ("serving.kserve.io", "ClusterServingRuntime ServingRuntime", (PODS, IMAGES, MODELS)),
    ("serving.kserve.io", "ClusterStorageContainer", (PODS, IMAGES, MODELS)),
    ("inference.networking.k8s.io", "InferencePool", (NETWORK,)),
    ("inference.networking.x-k8s.io", "InferenceModel InferenceObjective InferencePool", (NETWORK,)),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet", (PODS, IMAGES)),
    ("jobset.x-k8s.io", "JobSet", (PODS, IMAGES)),
    ("kueue.x-k8s.io", "ClusterQueue Cohort LocalQueue ResourceFlavor Topology WorkloadPriorityClass", ()),
)

_ENTRIES_AND_MESH: tuple[Row, ...] = (
    ("gateway.networking.k8s.io", "GRPCRoute Gateway GatewayClass HTTPRoute TLSRoute", (ENTRIES, NETWORK)),
    ("gateway.networking.k8s.io", "ReferenceGrant BackendTLSPolicy", (ENTRIES,)),
    ("networking.istio.io", "DestinationRule ServiceEntry Sidecar WorkloadEntry", (NETWORK,)),
    ("networking.istio.io", "Gateway VirtualService", (ENTRIES,)),
    ("security.istio.io", "AuthorizationPolicy PeerAuthentication RequestAuthentication", (ENTRIES,)),
    ("extensions.istio.io", "WasmPlugin", (IMAGES, ENTRIES)),
    ("kuadrant.io", "AuthPolicy RateLimitPolicy TokenRateLimitPolicy", (ENTRIES,)),
    ("gateway.envoyproxy.io", "SecurityPolicy", (ENTRIES,)),
    ("cilium.io", "CiliumClusterwideNetworkPolicy CiliumNetworkPolicy CiliumCIDRGroup", (NETWORK,)),
    ("policy.networking.k8s.io", "AdminNetworkPolicy BaselineAdminNetworkPolicy ClusterNetworkPolicy", (NETWORK,)),
    ("projectcalico.org", "GlobalNetworkPolicy GlobalNetworkSet NetworkPolicy NetworkSet", (NETWORK,)),
    ("crd.projectcalico.org", "GlobalNetworkPolicy GlobalNetworkSet NetworkPolicy NetworkSet", (NETWORK,)),
    ("serving.knative.dev", "Service", (PODS, IMAGES, ENTRIES)),
)

_OTHERS: tuple[Row, ...] = (
    ("argoproj.io", "AppProject", (SOURCES, RIGHTS)),
    ("argoproj.io", "Application ApplicationSet", (SOURCES,)),
    ("argoproj.io", "ClusterWorkflowTemplate CronWorkflow Workflow WorkflowTemplate", WORKFLOW),
    ("argoproj.io", "Rollout", (PODS, IMAGES, SOURCES)),
    ("tekton.dev", "Pipeline PipelineRun Task TaskRun", (PODS, IMAGES, SOURCES)),
    ("triggers.tekton.dev", "TriggerTemplate", (MANIFESTS, PODS)),
    ("source.toolkit.fluxcd.io", "Bucket ExternalArtifact GitRepository HelmChart HelmRepository", (SOURCES,)),
    ("source.toolkit.fluxcd.io", "OCIRepository", (SOURCES,)),
    ("fleet.cattle.io", "GitRepo", (SOURCES,)),
    ("configsync.gke.io", "RepoSync RootSync", (SOURCES,)),
    ("kustomize.toolkit.fluxcd.io", "Kustomization", (SOURCES, PODS)),
    ("kustomize.config.k8s.io", "Component Kustomization", (SOURCES, IMAGES, PODS)),
    ("cert-manager.io", "Certificate CertificateRequest", (SECRETS, RIGHTS)),
    ("cert-manager.io", "ClusterIssuer Issuer", (SECRETS, NETWORK)),
    ("external-secrets.io", "ExternalSecret", (SECRETS, RIGHTS)),
    ("external-secrets.io", "ClusterSecretStore SecretStore", (SECRETS, NETWORK)),
    ("bitnami.com", "SealedSecret", (SECRETS, RIGHTS)),
    ("monitoring.coreos.com", "PodMonitor PrometheusRule ServiceMonitor", (SECRETS, NETWORK)),
    ("keda.sh", "ClusterTriggerAuthentication TriggerAuthentication", (SECRETS, NETWORK)),
    ("keda.sh", "ScaledObject", (SECRETS, NETWORK)),
    ("keda.sh", "ScaledJob", (PODS, IMAGES, NETWORK)),
    ("monitoring.coreos.com", "AlertmanagerConfig Probe ScrapeConfig", (SECRETS, NETWORK)),
    ("perses.dev", "PersesDashboard", (SECRETS, SOURCES)),
    ("grafana.integreatly.org", "GrafanaDashboard GrafanaDatasource GrafanaFolder", (SECRETS, NETWORK)),
    ("wgpolicyk8s.io", "ClusterPolicyReport PolicyReport", ()),
    ("loki.grafana.com", "AlertingRule RecordingRule", ()),
    ("trust.cert-manager.io", "Bundle", (SECRETS,)),
    ("generators.external-secrets.io", "Password UUID", ()),
    ("secrets-store.csi.x-k8s.io", "SecretProviderClass", (SECRETS, NETWORK)),
    ("velero.io", "Backup BackupStorageLocation Schedule", (SECRETS, NETWORK)),
    ("nfd.k8s-sigs.io", "NodeFeatureRule", (PODS,)),
    ("kafka.strimzi.io", "KafkaTopic", ()),
    ("kubeflow.org", "MPIJob PyTorchJob TFJob", (PODS, IMAGES)),
    ("policies.kyverno.io", "ImageValidatingPolicy ValidatingPolicy", (NETWORK,)),
    ("kyverno.io", "ClusterPolicy Policy", (PODS, MANIFESTS, NETWORK)),
    ("templates.gatekeeper.sh", "ConstraintTemplate", (NETWORK,)),
    ("constraints.gatekeeper.sh", "*", (RIGHTS,)),
    ("app.k8s.io", "Application", ()),
    ("operators.coreos.com", "OperatorGroup Subscription", (SOURCES,)),
)

_FILES: tuple[Row, ...] = (
    ("", "Config", (SECRETS,)),
    ("client.authentication.k8s.io", "ExecCredential", (SECRETS,)),
    ("kubeproxy.config.k8s.io", "KubeProxyConfiguration", ()),
    ("kubescheduler.config.k8s.io", "KubeSchedulerConfiguration", ()),
    ("controller-runtime.sigs.k8s.io", "ControllerManagerConfig", ()),
    ("config.kueue.x-k8s.io", "Configuration", ()),
    ("config.jobset.x-k8s.io", "Configuration", ()),
    ("resource.nvidia.com", "DevicePluginConfig", ()),
    ("inference.networking.x-k8s.io", "EndpointPickerConfig", ()),
    ("kubelet.config.k8s.io", "CredentialProviderConfig KubeletConfiguration", ()),
    ("kubeadm.k8s.io", "ClusterConfiguration InitConfiguration JoinConfiguration", ()),
    ("audit.k8s.io", "Policy", ()),
    ("dashboard.grafana.app", "Dashboard", ()),
)
"""What programs read from a file that looks like an object; the API server takes none of them."""

_PROGRAM: tuple[Row, ...] = (
    ("", "ConfigFile ConfigGroup", (MANIFESTS,)),
    ("yaml", "ConfigFile ConfigGroup", (MANIFESTS,)),
    ("", "Directory", (MANIFESTS,)),
    ("kustomize", "Directory", (MANIFESTS,)),
    ("helm.sh", "Chart", (MANIFESTS,)),
)
"""Components of the Kubernetes provider, whose objects come as resources of their own."""

UNDERSTOOD = (*_KUBERNETES, *_OPENSHIFT, *_SERVING, *_ENTRIES_AND_MESH, *_OTHERS, *_PROGRAM)
FILES = _FILES
