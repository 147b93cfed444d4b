"""Samples of labels and annotations of pods, of what makes them and of namespaces."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.pods_elsewhere import WORKFLOW
from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    JOB,
    JOB_TYPE,
    POD,
    POD_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE,
    SERVICE_TYPE,
    manifest,
    pod_spec,
)
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_NOTES, _LABELS = "metadata annotations", "metadata labels"
_TEMPLATE = "spec template metadata annotations"
_NOBODY = "and nobody has stated what reads"
_STATED = {"understood": [{"name": "vault.hashicorp.com/*", "reason": "the agent's image comes out of the registry"}]}

_OF_PODS = (
    ("an injector of secrets", {"vault.hashicorp.com/agent-image": "docker.io/a/b:latest"}),
    ("a switch of it", {"vault.hashicorp.com/agent-inject": "true"}),
    ("another injector of secrets", {"secrets-consumer.cloud.example.com/inject": "yes"}),
    ("a sidecar of an application platform", {"dapr.io/sidecar-image": "docker.io/a/daprd:1"}),
    ("a library of a monitor", {"admission.datadoghq.com/java-lib.custom-image": "docker.io/a/lib:1"}),
    ("checks of a monitor", {"ad.datadoghq.com/main.instances": '[{"url": "https://a.example"}]'}),
    ("an instrumentation", {"instrumentation.opentelemetry.io/inject-python": "true"}),
    ("a collector", {"sidecar.opentelemetry.io/inject": "a"}),
    ("devices of CRI-O", {"io.kubernetes.cri-o.Devices": "/dev/sda:/dev/sda:rwm"}),
    ("a runtime's hooks", {"io.kubernetes.cri-o.TrySkipVolumeSELinuxLabel": "true"}),
    ("a kernel of one's own", {"io.katacontainers.config.hypervisor.kernel": "/a"}),
    ("a handler of crun", {"run.oci.handler": "wasm"}),
    ("devices by CDI", {"cdi.k8s.io/a": "nvidia.com/gpu=all"}),
    ("an identity of a cloud", {"iam.amazonaws.com/role": "arn:aws:iam::1:role/admin"}),
    ("a file system of a cloud", {"gke-gcsfuse/volumes": "true"}),
    ("an image of a restore", {"init.hook.restore.velero.io/container-image": "docker.io/a/b:1"}),
    ("what KServe tells its own webhook", {"internal.serving.kserve.io/storage-initializer-sourceuri": "s3://a/b"}),
    ("images of a stream", {"alpha.image.policy.openshift.io/resolve-names": "*"}),
    ("privileges of OpenShift", {"openshift.io/required-scc": "privileged"}),
    ("a part of a GPU", {"gpu-fraction": "0.5"}),
    ("a command before a backup", {"pre.hook.backup.velero.io/command": '["python3", "-c", "print(1)"]'}),
    ("a shell after a backup", {"post.hook.backup.velero.io/command": '["/bin/sh", "-c", "sync"]'}),
    ("a command that ends a container", {"workflows.argoproj.io/kill-cmd-main": '["sh"]'}),
    ("a template that the executor runs", {"workflows.argoproj.io/template": "{}"}),
    ("whom a password is shown", {"tekton.dev/git-0": "https://git.example"}),
)
_GOOD = (
    ("nothing", {}),
    (
        "what every day brings",
        {
            **{"prometheus.io/scrape": "true", "kubectl.kubernetes.io/default-container": "a", "checksum/config": "a1"},
            **{"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "rollme": "x1", "backstage.io/owner": "a"},
            **{
                "reloader.stakater.com/auto": "true",
                "kitchen.example.com/note": "a",
                "argocd.argoproj.io/sync-wave": "1",
            },
            **{"container.apparmor.security.beta.kubernetes.io/app": "runtime/default", "helm.sh/hook": "pre-install"},
            **{"kueue.x-k8s.io/queue-name": "a", "pulumi.com/skipAwait": "true", "fluentbit.io/parser": "json"},
        },
    ),
    ("no injector", {"vault.hashicorp.com/agent-inject": "false", "sidecar.opentelemetry.io/inject": "false"}),
    ("a backup's commands", {"pre.hook.backup.velero.io/command": '["sync"]'}),
    (
        "a file system at rest for a backup",
        {"post.hook.backup.velero.io/command": '["/sbin/fsfreeze", "--unfreeze", "/var/lib/data"]'},
    ),
    ("a pod of a workflow", {"workflows.argoproj.io/node-id": "a-1", "tekton.dev/taskRun": "a"}),
    ("constraints that give nothing", {"openshift.io/required-scc": "restricted-v2"}),
)
_PODS = table(
    POD_TYPE,
    POD,
    *((name, {_NOTES: notes}) for name, notes in _GOOD),
    *((name, {_NOTES: notes}, "metadata.annotations.") for name, notes in _OF_PODS),
    ("a name with points, as a label", {_LABELS: {"com.example.team": "a", "team": "b"}}),
    ("a label of a cloud", {_LABELS: {"azure.workload.identity/use": "true"}}, f"is 'true', {_NOBODY} azure."),
    ("an identity without a domain", {_LABELS: {"aadpodidbinding": "admin"}}, f"is 'admin', {_NOBODY} aadpod"),
    ("annotations not known", {_NOTES: UNKNOWN_VALUE}, "metadata.annotations: is not known before the update"),
    ("labels not known", {_LABELS: UNKNOWN_VALUE}, "metadata.labels: is not known before the update"),
    ("a checksum that is not known", {_NOTES: {"checksum/config": UNKNOWN_VALUE}}),
    ("a switch that is not known", {_NOTES: {"vault.hashicorp.com/agent-inject": UNKNOWN_VALUE}}, "is not known"),
    ("what the mesh's own rule tells", {_NOTES: {"traffic.sidecar.istio.io/excludeInboundPorts": "80"}}),
)
_WORKLOADS = (
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("a workload", {_NOTES: {"kubernetes.io/change-cause": "b", "deployment.kubernetes.io/revision": "1"}}),
        (
            "the newest image",
            {_NOTES: {"keel.sh/policy": "force"}},
            f"metadata.annotations.keel.sh/policy: is 'force', {_NOBODY}",
        ),
        ("the newest image, by Flux", {_NOTES: {"fluxcd.io/automated": "true"}}, "fluxcd.io/automated: is 'true'"),
        ("the newest image, by a label", {_LABELS: {"keel.sh/policy": "major"}}, "metadata.labels.keel.sh/policy"),
        (
            "of a pod alone",
            {_TEMPLATE: {"dapr.io/enabled": "true"}},
            "spec.template.metadata.annotations.dapr.io/enabled",
        ),
        (
            "of both, each once",
            {_NOTES: {"keel.sh/policy": "all"}, _TEMPLATE: {"keel.sh/policy": "all"}},
            "Deployment team/sample: metadata.annotations.keel.sh/policy",
            "spec.template.metadata.annotations.keel.sh/policy",
        ),
    ),
    *table(
        JOB_TYPE, JOB, ("a job", {_TEMPLATE: {"odigos.io/inject": "a"}}, "spec.template.metadata.annotations.odigos.io")
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        (
            "a server",
            {_NOTES: {"serving.kserve.io/deploymentMode": "Standard", "autoscaling.knative.dev/max-scale": "3"}},
        ),
        (
            "a server with an injector",
            {_NOTES: {"dapr.io/enabled": "true"}},
            "metadata.annotations.dapr.io/enabled: is 'true', and its",
        ),
        (
            "a part of a server",
            {"spec predictor annotations": {"cdi.k8s.io/a": "b"}},
            "spec.predictor.annotations.cdi.k8s.io/a",
        ),
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime", {"spec annotations": {"prometheus.kserve.io/port": "8080"}}),
        ("pods of a runtime", {"spec annotations": {"cdi.k8s.io/a": "b"}}, "spec.annotations.cdi.k8s.io/a: is 'b'"),
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:Workflow",
        WORKFLOW,
        (
            "pods of a workflow",
            {"spec podMetadata": {"annotations": {"dapr.io/app-id": "a"}}},
            "spec.podMetadata.annotations.dapr.io/app-id",
        ),
        (
            "one template of it",
            {"spec templates 0 metadata": {"labels": {"keel.sh/a": "b"}}},
            "spec.templates[0].metadata.labels.keel.sh/a",
        ),
    ),
    *table(
        "kubernetes:example.com/v1:Gadget",
        manifest("example.com/v1", "Gadget", {"podAnnotations": {}, "template": {"spec": pod_spec()}}),
        (
            "annotations that a stranger gives to pods",
            {"spec podAnnotations": {"cdi.k8s.io/a": "b"}},
            "spec.podAnnotations.cdi.k8s.io/a",
        ),
    ),
    *table(
        "kubernetes:core/v1:List",
        {"apiVersion": "v1", "kind": "List", "items": [DEPLOYMENT]},
        (
            "a workload of a list",
            {"items 0 metadata annotations": {"keel.sh/policy": "all"}},
            "Deployment team/sample: metadata.annotations.keel",
        ),
    ),
    *table(
        "kubernetes:core/v1:ConfigMap",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}},
        ("what no pod gets", {_NOTES: {"note": "a"}}),
    ),
)
_STATEMENTS = (
    *table(POD_TYPE, POD, ("stated", {_NOTES: {"vault.hashicorp.com/role": "a"}}), config=_STATED),
    *table(
        POD_TYPE,
        POD,
        ("another than stated", {_NOTES: {"vault.example.com/role": "a"}}, _NOBODY),
        config=_STATED,
    ),
    *(
        sample
        for wrong in (
            {"name": "*", "reason": "a"},
            {"name": "vault.hashicorp.com/*"},
            "vault.hashicorp.com/*",
            {"name": "*/*", "reason": "b"},
        )
        for sample in table(
            POD_TYPE,
            POD,
            (f"stated as {wrong}", {_NOTES: {"vault.hashicorp.com/role": "a"}}, "(1 of its statements cannot be read"),
            config={"understood": [wrong]},
        )
    ),
)
_NAMESPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}
_NAMESPACES = table(
    "kubernetes:core/v1:Namespace",
    _NAMESPACE,
    (
        "a namespace",
        {_LABELS: {"kubernetes.io/metadata.name": "a", "pod-security.kubernetes.io/enforce": "restricted"}},
    ),
    ("what the rule on networks tells", {_LABELS: {"istio.io/dataplane-mode": "none"}}),
    ("injection into all pods", {_LABELS: {"vault.hashicorp.com/agent-webhook": "enabled"}}, f"{_NOBODY} vault."),
    (
        "instrumentation of all",
        {_NOTES: {"instrumentation.opentelemetry.io/inject-java": "true"}},
        "is 'true', and its values",
    ),
    (
        "monitors in all pods",
        {_LABELS: {"monitor.example.com/inject": "true"}},
        f"{_NOBODY} monitor.example.com/inject",
    ),
    (
        "rights of an Argo CD",
        {_LABELS: {"argocd.argoproj.io/managed-by": "gitops"}},
        f"{_NOBODY} argocd.argoproj.io/managed-by",
    ),
    ("rights of a project", {_NOTES: {"field.cattle.io/projectId": "c-1:p-2"}}, f"{_NOBODY} field.cattle.io/projectId"),
)

_META = {"name": "a", "namespace": "team"}
_HELD = (
    *table(
        "kubernetes:core/v1:ConfigMap",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _META, "data": {}},
        ("settings", {_LABELS: {"grafana_dashboard": "1", "config.openshift.io/inject-trusted-cabundle": "true"}}),
        (
            "settings of every day",
            {_NOTES: {"kustomize.config.k8s.io/needs-hash": "true", "helm.sh/hook": "pre-install"}},
        ),
        ("parameters of workflows", {_LABELS: {"workflows.argoproj.io/configmap-type": "Parameter"}}),
        (
            "a plugin of workflows, whose container would be run",
            {_LABELS: {"workflows.argoproj.io/configmap-type": "ExecutorPlugin"}},
            "configmap-type: is 'ExecutorPlugin', and its values are Parameter|Cache",
        ),
        (
            "where Grafana asks, beside its own objects",
            {_LABELS: {"grafana_datasource": "1"}},
            f"metadata.labels.grafana_datasource: is '1', {_NOBODY}",
        ),
        (
            "settings that go elsewhere",
            {_NOTES: {"replicator.example.com/replicate-to": "*"}},
            f"{_NOBODY} replicator.",
        ),
    ),
    *table(
        "kubernetes:core/v1:Secret",
        {"apiVersion": "v1", "kind": "Secret", "metadata": _META, "type": "Opaque"},
        ("a Secret", {_LABELS: {"team": "a"}, _NOTES: {"reconcile.external-secrets.io/data-hash": "a"}}),
        (
            "a cluster of Argo CD",
            {_LABELS: {"argocd.argoproj.io/secret-type": "cluster"}},
            f"metadata.labels.argocd.argoproj.io/secret-type: has a value (not shown), {_NOBODY}",
        ),
        (
            "a Secret for all namespaces",
            {_NOTES: {"reflector.example.com/reflection-allowed": "true"}},
            f"{_NOBODY} reflector",
        ),
        (
            "a Secret of another store",
            {_NOTES: {"serving.kserve.io/s3-endpoint": "a.example"}},
            f"{_NOBODY} serving.kserve.io/s3",
        ),
        ("what nobody may see", {_NOTES: {"a.example.com/key": "canary-in-secret"}}, f"{_NOBODY} a.example.com/key"),
    ),
    *table(
        "kubernetes:core/v1:ServiceAccount",
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _META},
        ("an account", {_LABELS: {"app.kubernetes.io/name": "a"}}),
        ("an account of a cloud", {_NOTES: {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}}, f"{_NOBODY} eks."),
        ("an account of another", {_NOTES: {"azure.workload.identity/client-id": "a"}}, f"{_NOBODY} azure."),
        (
            "an account that signs people in",
            {_NOTES: {"serviceaccounts.openshift.io/oauth-redirecturi.a": "https://a.example"}},
            f"{_NOBODY} serviceaccounts.openshift.io",
        ),
    ),
    *table(
        "kubernetes:bitnami.com/v1alpha1:SealedSecret",
        manifest("bitnami.com/v1alpha1", "SealedSecret", {"template": {"metadata": {"labels": {"team": "a"}}}}),
        ("a sealed Secret", {_NOTES: {"sealedsecrets.bitnami.com/managed": "true"}}),
        (
            "a sealed repository",
            {"spec template metadata labels": {"argocd.argoproj.io/secret-type": "repository"}},
            "spec.template.metadata.labels.argocd.argoproj.io/secret-type",
        ),
    ),
    *table(
        "kubernetes:cert-manager.io/v1:ClusterIssuer",
        manifest("cert-manager.io/v1", "ClusterIssuer", {"acme": {"solvers": [{"http01": {"ingress": {}}}]}}),
        ("an issuer that asks for its entries", {_NOTES: {"example.com/a": "b"}}),
        (
            "an issuer whose entries have annotations",
            {
                "spec acme solvers 0 http01 ingress ingressTemplate": {
                    "metadata": {"annotations": {"nginx.a.io/b": "c"}}
                }
            },
            "http01.ingress.ingressTemplate.metadata.annotations.nginx.a.io/b: is 'c'",
        ),
        (
            "an issuer whose pods have labels",
            {"spec acme solvers 0 http01 ingress podTemplate": {"metadata": {"labels": {"keel.sh/policy": "all"}}}},
            "podTemplate.metadata.labels.keel.sh/policy",
        ),
    ),
    *table(
        "kubernetes:external-secrets.io/v1:ExternalSecret",
        manifest(
            "external-secrets.io/v1", "ExternalSecret", {"target": {"template": {"metadata": {"annotations": {}}}}}
        ),
        ("a Secret from elsewhere", {"spec target template metadata labels": {"team": "a"}}),
        (
            "repositories from elsewhere",
            {"spec target template metadata labels": {"argocd.argoproj.io/secret-type": "repo-creds"}},
            "spec.target.template.metadata.labels.argocd.argoproj.io/secret-type",
        ),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"marks-known": (*_PODS, *_WORKLOADS, *_STATEMENTS, *_NAMESPACES, *_HELD)}
