"""What writing a resource opens, by API group: every right that the pack understands, as data.

A row: groups, resources (`*` is every one that no other row names), verbs (`*` is every one that writes), from which
place on it is too much, and why. `Place.NOWHERE` says that it opens nothing. The rows of Kubernetes' own groups are all
that there is: what a later version adds is refused until somebody has thought it through. What `rights_table` says goes
before. Where a row comes from: the API reference of Kubernetes 1.34 and OpenShift 4.20, and the projects' own pages.
"""

from __future__ import annotations

from policies.manifests.namespace_places import Place

Row = tuple[str, str, str, Place, str]

TENANT, OTHER, ADDON, SYSTEM, CLUSTER, NOWHERE = (
    *(Place.TENANT, Place.OTHER, Place.ADDON),
    *(Place.SYSTEM, Place.CLUSTER, Place.NOWHERE),
)

BEFORE = "what is too much of it is refused before, by `rights_table`"
RUNS = "a pod of any namespace runs as any account there and mounts any Secret"
_SETTINGS = "programs with more rights take from it what they do and for whom"
_TRAFFIC = "it leads what is meant for others elsewhere, or lets in from outside"
_APART = "it is what keeps namespaces and callers apart"
_PLACED = "pods come by it to nodes that nobody chose for them"
_IDENTITY = "an account gets another identity by it, or is taken from its pods"
_BOUNDS = "the bounds of a namespace are lifted by it"
_DATA = "data of others is read or lost by it"
_STORAGE = "every volume of the cluster is made and mounted as it says"
_REMOVES = "what others run is taken away by it"
_GIVES = "it gives and takes rights in other namespaces"
_KINDS = "a conversion webhook reads and changes every object of a kind"
_LEADER = "whoever holds it stops the cluster's controllers or leads them"
_SIGNS = "a certificate of any name is made by it"
_SECRETS = "it makes or reads secrets of others"
_BACKUP = "a backup holds every Secret, and a restore makes every object"
_NODES = "it makes nodes, and what runs on them as root"
_ALL = "another program makes objects of it, with rights of its own"
_POLICY = "a policy of it changes, makes or lets in objects in every namespace"
_CONFIGURES = "it configures the cluster itself, or an operator of it"
_IMAGES = "it replaces images that others run"
_WEIGHTS = "weights come to a server by it that the catalog does not name"
_QUEUES = "it says who gets which nodes and GPUs"
_SIGN_IN = "who is who is decided by it"
_ALERTS = "alerts and figures of others are sent elsewhere or silenced by it"

_KUBERNETES: tuple[Row, ...] = (
    (" events.k8s.io", "events", "*", NOWHERE, ""),
    ("", "pods", "delete deletecollection", NOWHERE, ""),
    ("", "pods podtemplates replicationcontrollers", "*", OTHER, RUNS),
    ("", "pods/eviction", "create", NOWHERE, ""),
    ("", "pods/resize", "*", OTHER, RUNS),
    ("", "pods/status services/status", "*", OTHER, _TRAFFIC),
    ("", "bindings pods/binding", "*", TENANT, _PLACED),
    ("", "configmaps", "*", ADDON, _SETTINGS),
    ("", "services endpoints", "*", OTHER, _TRAFFIC),
    ("", "serviceaccounts", "*", OTHER, _IDENTITY),
    ("", "serviceaccounts/token", "create", NOWHERE, BEFORE),
    ("", "secrets", "*", OTHER, _SECRETS),
    ("", "persistentvolumeclaims", "*", ADDON, _DATA),
    ("", "persistentvolumes", "*", TENANT, _DATA),
    ("", "namespaces", "create", NOWHERE, ""),
    ("", "namespaces nodes", "*", TENANT, _REMOVES),
    ("", "limitranges resourcequotas", "*", TENANT, _BOUNDS),
    ("apps extensions", "daemonsets deployments replicasets statefulsets", "*", OTHER, RUNS),
    ("apps", "controllerrevisions", "*", OTHER, RUNS),
    ("extensions apps", "deployments/rollback", "*", OTHER, RUNS),
    ("batch", "cronjobs jobs", "*", OTHER, RUNS),
    ("autoscaling", "horizontalpodautoscalers", "*", NOWHERE, ""),
    ("autoscaling.k8s.io", "verticalpodautoscalers verticalpodautoscalercheckpoints", "*", NOWHERE, ""),
    ("policy", "poddisruptionbudgets", "*", NOWHERE, ""),
    ("policy extensions", "podsecuritypolicies", "*", TENANT, "it says what pods may do"),
    ("networking.k8s.io extensions", "networkpolicies", "*", OTHER, _APART),
    ("networking.k8s.io extensions", "ingresses", "*", OTHER, _TRAFFIC),
    ("networking.k8s.io", "ingressclasses ipaddresses servicecidrs", "*", TENANT, _TRAFFIC),
    ("discovery.k8s.io", "endpointslices endpointslices/restricted", "*", OTHER, _TRAFFIC),
    ("rbac.authorization.k8s.io authorization.openshift.io", "roles rolebindings", "*", OTHER, _GIVES),
    ("rbac.authorization.k8s.io authorization.openshift.io", "*", "*", TENANT, _GIVES),
    ("apiextensions.k8s.io", "*", "*", TENANT, _KINDS),
    ("coordination.k8s.io", "leases", "create", NOWHERE, ""),
    ("coordination.k8s.io", "leases", "*", SYSTEM, _LEADER),
    ("coordination.k8s.io", "leasecandidates", "*", TENANT, _LEADER),
    ("storage.k8s.io storagemigration.k8s.io", "*", "*", TENANT, _STORAGE),
    ("snapshot.storage.k8s.io groupsnapshot.storage.k8s.io", "volumesnapshots volumegroupsnapshots", "*", OTHER, _DATA),
    ("snapshot.storage.k8s.io groupsnapshot.storage.k8s.io", "*", "*", TENANT, _DATA),
    ("scheduling.k8s.io", "priorityclasses", "*", TENANT, _PLACED),
    ("node.k8s.io", "runtimeclasses", "*", TENANT, "it says how every pod is started"),
    ("authentication.k8s.io", "tokenreviews selfsubjectreviews", "*", NOWHERE, ""),
    ("authorization.k8s.io", "subjectaccessreviews localsubjectaccessreviews", "*", NOWHERE, ""),
    ("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "*", NOWHERE, ""),
    ("authorization.openshift.io", "subjectaccessreviews localsubjectaccessreviews", "create", NOWHERE, ""),
    ("authorization.openshift.io", "selfsubjectrulesreviews subjectrulesreviews", "create", NOWHERE, ""),
    ("certificates.k8s.io", "certificatesigningrequests", "create delete", NOWHERE, ""),
    ("certificates.k8s.io", "*", "*", TENANT, _SIGNS),
    ("flowcontrol.apiserver.k8s.io internal.apiserver.k8s.io", "*", "*", TENANT, _CONFIGURES),
    ("resource.k8s.io", "resourceclaims resourceclaimtemplates", "*", OTHER, _PLACED),
    ("resource.k8s.io", "*", "*", TENANT, _PLACED),
    ("gateway.networking.k8s.io gateway.networking.x-k8s.io", "*", "*", OTHER, _TRAFFIC),
    ("policy.networking.k8s.io", "*", "*", TENANT, _APART),
    ("admissionregistration.k8s.io apiregistration.k8s.io", "*", "*", NOWHERE, BEFORE),
    ("certificates.k8s.io", "clustertrustbundles", "*", NOWHERE, BEFORE),
    ("metrics.k8s.io custom.metrics.k8s.io external.metrics.k8s.io", "*", "*", TENANT, _ALERTS),
)

_OPENSHIFT: tuple[Row, ...] = (
    ("route.openshift.io", "routes routes/custom-host", "*", OTHER, _TRAFFIC),
    ("apps.openshift.io", "*", "*", OTHER, RUNS),
    ("build.openshift.io", "*", "*", OTHER, RUNS),
    ("image.openshift.io", "*", "*", OTHER, _IMAGES),
    ("image.openshift.io", "images imagesignatures", "*", TENANT, _IMAGES),
    ("template.openshift.io", "*", "*", OTHER, _ALL),
    ("project.openshift.io", "projects projectrequests", "*", TENANT, "whoever makes a project administrates it"),
    ("user.openshift.io oauth.openshift.io", "*", "*", TENANT, _SIGN_IN),
    (
        "security.openshift.io",
        "podsecuritypolicysubjectreviews podsecuritypolicyselfsubjectreviews podsecuritypolicyreviews",
        *("create", NOWHERE, ""),
    ),
    ("security.openshift.io security.internal.openshift.io", "*", "*", TENANT, "it says what pods may do"),
    ("k8s.ovn.org network.openshift.io network.operator.openshift.io", "*", "*", TENANT, _APART),
    ("*.openshift.io", "*", "*", TENANT, _CONFIGURES),
)

_SERVING: tuple[Row, ...] = (
    ("serving.kserve.io", "inferenceservices servingruntimes inferencegraphs", "*", OTHER, RUNS),
    ("serving.kserve.io", "llminferenceservices llminferenceserviceconfigs", "*", OTHER, RUNS),
    ("serving.kserve.io", "clusterservingruntimes clusterstoragecontainers", "*", TENANT, RUNS),
    ("serving.kserve.io", "*", "*", TENANT, _WEIGHTS),
    ("inference.networking.k8s.io inference.networking.x-k8s.io", "*", "*", OTHER, _TRAFFIC),
    ("leaderworkerset.x-k8s.io disaggregatedset.x-k8s.io jobset.x-k8s.io", "*", "*", OTHER, RUNS),
    ("kueue.x-k8s.io", "localqueues workloads", "*", OTHER, _QUEUES),
    ("kueue.x-k8s.io visibility.kueue.x-k8s.io", "*", "*", TENANT, _QUEUES),
    ("model.aibrix.ai orchestration.aibrix.ai autoscaling.aibrix.ai kubeai.org", "*", "*", OTHER, RUNS),
    ("production-stack.vllm.ai kaito.sh ome.io llmaz.io inference.llmaz.io ollama.ayaka.io", "*", "*", OTHER, RUNS),
    ("machinelearning.seldon.io mlops.seldon.io apps.nvidia.com nvidia.com", "*", "*", OTHER, RUNS),
    ("nvidia.com", "clusterpolicies nvidiadrivers", "*", TENANT, _NODES),
    (
        "kubeflow.org trainer.kubeflow.org pipelines.kubeflow.org dscinitialization.opendatahub.io",
        "*",
        "*",
        OTHER,
        RUNS,
    ),
    ("*.kubeflow.org *.opendatahub.io", "*", "*", OTHER, RUNS),
    ("trustyai.opendatahub.io llamastack.io codeflare.dev workload.codeflare.dev", "*", "*", OTHER, RUNS),
    ("ray.io sparkoperator.k8s.io spark.apache.org flink.apache.org batch.volcano.sh", "*", "*", OTHER, RUNS),
    ("scheduling.volcano.sh nfd.k8s-sigs.io nfd.openshift.io", "*", "*", TENANT, _QUEUES),
)

_NETWORK: tuple[Row, ...] = (
    ("networking.istio.io security.istio.io telemetry.istio.io extensions.istio.io", "*", "*", OTHER, _APART),
    ("*.istio.io sailoperator.io", "*", "*", TENANT, _CONFIGURES),
    ("cilium.io isovalent.com projectcalico.org crd.projectcalico.org operator.tigera.io", "*", "*", TENANT, _APART),
    ("cilium.io", "ciliumnetworkpolicies ciliumenvoyconfigs", "*", OTHER, _APART),
    ("projectcalico.org crd.projectcalico.org", "networkpolicies networksets", "*", OTHER, _APART),
    ("k8s.cni.cncf.io whereabouts.cni.cncf.io sriovnetwork.openshift.io nmstate.io", "*", "*", OTHER, _APART),
    ("metallb.io purelb.io submariner.io skupper.io multicluster.x-k8s.io", "*", "*", OTHER, _TRAFFIC),
    ("kubeovn.io crd.antrea.io linkerd.io policy.linkerd.io consul.hashicorp.com kuma.io", "*", "*", OTHER, _APART),
    ("externaldns.k8s.io traefik.io traefik.containo.us projectcontour.io", "*", "*", OTHER, _TRAFFIC),
    ("gateway.envoyproxy.io kuadrant.io *.kuadrant.io configuration.konghq.com", "*", "*", OTHER, _TRAFFIC),
    ("apisix.apache.org k8s.nginx.org getambassador.io", "*", "*", OTHER, _TRAFFIC),
    ("networking.gke.io elbv2.k8s.aws cloud.google.com tailscale.com", "*", "*", OTHER, _TRAFFIC),
)

_PROGRAMS: tuple[Row, ...] = (
    ("argoproj.io", "workflows workflowtemplates cronworkflows rollouts experiments", "*", OTHER, RUNS),
    ("argoproj.io", "analysisruns analysistemplates", "*", OTHER, RUNS),
    ("argoproj.io", "clusterworkflowtemplates clusteranalysistemplates", "*", CLUSTER, RUNS),
    ("argoproj.io", "*", "*", TENANT, _ALL),
    ("tekton.dev triggers.tekton.dev pipelinesascode.tekton.dev", "*", "*", OTHER, RUNS),
    ("*.tekton.dev", "*", "*", TENANT, _CONFIGURES),
    ("serving.knative.dev eventing.knative.dev sources.knative.dev messaging.knative.dev", "*", "*", OTHER, RUNS),
    ("flows.knative.dev sinks.knative.dev networking.internal.knative.dev", "*", "*", OTHER, RUNS),
    ("autoscaling.internal.knative.dev caching.internal.knative.dev", "*", "*", OTHER, RUNS),
    ("*.knative.dev", "*", "*", TENANT, _CONFIGURES),
    ("kubevirt.io cdi.kubevirt.io clone.kubevirt.io snapshot.kubevirt.io export.kubevirt.io", "*", "*", OTHER, RUNS),
    ("*.kubevirt.io", "*", "*", TENANT, "a way into running machines"),
    ("postgresql.cnpg.io acid.zalan.do mysql.oracle.com k8s.mariadb.com mariadb.mmontes.io", "*", "*", OTHER, RUNS),
    ("pxc.percona.com psmdb.percona.com pgv2.percona.com mongodbcommunity.mongodb.com", "*", "*", OTHER, RUNS),
    ("kafka.strimzi.io core.strimzi.io rabbitmq.com minio.min.io redis.redis.opstreelabs.in", "*", "*", OTHER, RUNS),
    ("elasticsearch.k8s.elastic.co kibana.k8s.elastic.co logstash.k8s.elastic.co", "*", "*", OTHER, RUNS),
    (
        "k8s.keycloak.org grafana.integreatly.org opentelemetry.io jaegertracing.io tempo.grafana.com",
        "*",
        "*",
        OTHER,
        RUNS,
    ),
    ("loki.grafana.com monitoring.grafana.com fluentd.fluent.io fluentbit.fluent.io", "*", "*", OTHER, RUNS),
    ("logging.banzaicloud.io milvus.io qdrant.io weaviate.io apps.kruise.io actions.github.com", "*", "*", OTHER, RUNS),
    ("actions.summerwind.dev devfile.io workspace.devfile.io *.eclipse.che", "*", "*", OTHER, RUNS),
    ("platform.stackrox.io autoscaling.x-k8s.io postgres-operator.crunchydata.com", "*", "*", OTHER, RUNS),
    ("perses.dev", "*", "*", OTHER, RUNS),
    ("chaos-mesh.org litmuschaos.io", "*", "*", TENANT, RUNS),
    ("monitoring.coreos.com", "prometheuses prometheusagents alertmanagers thanosrulers", "*", OTHER, RUNS),
    ("monitoring.coreos.com", "servicemonitors podmonitors prometheusrules", "*", NOWHERE, ""),
    ("monitoring.coreos.com monitoring.rhobs", "*", "*", OTHER, _ALERTS),
    ("keda.sh", "scaledjobs", "*", OTHER, RUNS),
    ("keda.sh", "scaledobjects triggerauthentications", "*", OTHER, _SECRETS),
    ("keda.sh eventing.keda.sh", "*", "*", TENANT, _SECRETS),
    ("cert-manager.io", "certificates certificaterequests issuers", "*", OTHER, _SIGNS),
    ("acme.cert-manager.io", "*", "*", OTHER, _SIGNS),
    ("cert-manager.io *.cert-manager.io", "*", "*", TENANT, _SIGNS),
    ("external-secrets.io", "externalsecrets secretstores pushsecrets", "*", OTHER, _SECRETS),
    ("generators.external-secrets.io bitnami.com secrets-store.csi.x-k8s.io", "*", "*", OTHER, _SECRETS),
    ("secrets.hashicorp.com redhatcop.redhat.io", "*", "*", OTHER, _SECRETS),
    ("external-secrets.io *.external-secrets.io vault.banzaicloud.com", "*", "*", TENANT, _SECRETS),
    ("velero.io oadp.openshift.io k8up.io stash.appscode.com kanister.io cr.kanister.io", "*", "*", TENANT, _BACKUP),
    ("karpenter.sh karpenter.k8s.aws karpenter.azure.com metal3.io machine.sapcloud.io", "*", "*", TENANT, _NODES),
    (
        "cluster.x-k8s.io *.cluster.x-k8s.io hypershift.openshift.io agent-install.openshift.io",
        "*",
        "*",
        TENANT,
        _NODES,
    ),
    ("kyverno.io", "policyreports clusterpolicyreports admissionreports clusteradmissionreports", "*", NOWHERE, ""),
    ("kyverno.io", "backgroundscanreports clusterbackgroundscanreports", "*", NOWHERE, ""),
    ("wgpolicyk8s.io reports.kyverno.io openreports.io aquasecurity.github.io", "*", "*", NOWHERE, ""),
    ("kyverno.io *.kyverno.io gatekeeper.sh *.gatekeeper.sh policy.sigstore.dev", "*", "*", TENANT, _POLICY),
    ("policies.kubewarden.io jspolicy.com", "*", "*", TENANT, _POLICY),
    ("crossplane.io *.crossplane.io upbound.io *.upbound.io kro.run core.oam.dev", "*", "*", TENANT, _ALL),
    ("operators.coreos.com packages.operators.coreos.com *.operatorframework.io", "*", "*", TENANT, _ALL),
    ("*.toolkit.fluxcd.io fluxcd.controlplane.io infra.contrib.fluxcd.io", "*", "*", TENANT, _ALL),
    ("*.cattle.io", "*", "*", TENANT, _ALL),
    ("open-cluster-management.io *.open-cluster-management.io", "*", "*", TENANT, _ALL),
    ("configsync.gke.io configmanagement.gke.io kappctrl.k14s.io packaging.carvel.dev", "*", "*", TENANT, _ALL),
    ("kargo.akuity.io pulumi.com auto.pulumi.com app.terraform.io shipwright.io kpack.io", "*", "*", TENANT, _ALL),
    ("hnc.x-k8s.io capsule.clastix.io tenancy.kiosk.sh management.loft.sh", "*", "*", TENANT, _GIVES),
    ("*.services.k8s.aws *.cnrm.cloud.google.com *.azure.com iam.aws.crossplane.io", "*", "*", TENANT, _ALL),
    ("rook.io ceph.rook.io objectbucket.io longhorn.io openebs.io topolvm.io csi.ceph.io", "*", "*", TENANT, _STORAGE),
    ("app.k8s.io", "applications", "*", NOWHERE, ""),
)

NATIVE = frozenset(group for row in _KUBERNETES for group in row[0].split(" "))
"""Kubernetes' own groups: the names of their resources mean these in whatever role."""

ROWS: tuple[Row, ...] = (*_KUBERNETES, *_OPENSHIFT, *_SERVING, *_NETWORK, *_PROGRAMS)

HARMLESS_STATUS = frozenset(
    {
        *("", "apps", "batch", "autoscaling", "policy", "extensions", "networking.k8s.io", "gateway.networking.k8s.io"),
        *(
            "autoscaling.k8s.io",
            "resource.k8s.io",
            "snapshot.storage.k8s.io",
            "route.openshift.io",
            "serving.kserve.io",
        ),
        *("inference.networking.k8s.io", "inference.networking.x-k8s.io", "networking.istio.io", "security.istio.io"),
        *("kueue.x-k8s.io", "jobset.x-k8s.io", "leaderworkerset.x-k8s.io", "ray.io", "kubeflow.org", "keda.sh"),
        *("monitoring.coreos.com", "serving.knative.dev", "opentelemetry.io", "postgresql.cnpg.io", "kafka.strimzi.io"),
    }
)
"""Groups in which what stands in a status is only told, apart from the rows above."""
