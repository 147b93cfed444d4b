"""Labels and annotations that are understood, as data: of pods, of what makes pods, and of namespaces.

Injectors, runtimes and updaters take their orders from labels and annotations: another container, a device of the node,
a newer image. So a name stands here when it has been thought through what reads it, and that this opens nothing. Names
without a domain and those of the project's own domain are not listed: no program looks for them, but for a few.
Domains of meshes and network plugins are closed in `policies.manifests.marks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.manifests.ownership import DOMAIN

EVERY = "*"
"""In place of a name: every name of the domain."""

_ANY = r"(?s).*"
_FIGURE = r"[0-9.]*[a-zA-Z%]{0,2}"
_SWITCH = r"true|false"
_OFF = r"false|disabled|no|off"
_BIN = r"(?:/(?:usr/)?s?bin/)?"
_FROZEN = (
    rf"{_BIN}sync|\[ *\"{_BIN}sync\" *\]"
    rf"|\[ *\"{_BIN}fsfreeze\" *, *\"(?:--freeze|--unfreeze|-f|-u)\" *, *\"/[\w./-]+\" *\]"
)
"""Commands that bring a file system to rest; any other one is a way into the pod that no rule reads."""

_Row = tuple[str, str, str]

_TOOLS: tuple[_Row, ...] = (
    (DOMAIN, EVERY, _ANY),
    ("app.kubernetes.io", EVERY, _ANY),
    ("checksum hash", EVERY, _ANY),
    ("helm.sh", "chart hook hook-weight hook-delete-policy hook-output-log-policy resource-policy", _ANY),
    ("meta.helm.sh", "release-name release-namespace", _ANY),
    (
        "argocd.argoproj.io",
        "instance sync-wave sync-options hook hook-delete-policy compare-options tracking-id refresh "
        "manifest-generate-paths ignore-resource-updates ignore-healthcheck installation-id",
        _ANY,
    ),
    ("link.argocd.argoproj.io", EVERY, r"https://.*"),
    ("kustomize.toolkit.fluxcd.io", EVERY, _ANY),
    ("helm.toolkit.fluxcd.io", "name namespace driftDetection", _ANY),
    ("reconcile.fluxcd.io", "requestedAt", _ANY),
    ("pulumi.com kapp.k14s.io skaffold.dev kustomize.config.k8s.io", EVERY, _ANY),
    ("config.kubernetes.io internal.config.kubernetes.io", "index path origin local-config depends-on", _ANY),
    ("config.k8s.io", "id owning-inventory", _ANY),
    ("backstage.io a8r.io app.gitlab.com app.quarkus.io app.dekorate.io moniker.spinnaker.io", EVERY, _ANY),
    ("ignore-check.kube-linter.io kube-score polaris.fairwinds.com checkov.io", EVERY, _ANY),
    ("cattle.io", "timestamp creator", _ANY),
    ("field.cattle.io", "description ports publicEndpoints", _ANY),
    ("workload.user.cattle.io", "workloadselector", _ANY),
    ("cluster.x-k8s.io", "provider", _ANY),
    ("toolkit.fluxcd.io", "tenant", _ANY),
    ("operator.min.io operator.prometheus.io grafana.com", EVERY, _ANY),
    ("gatekeeper.sh", "operation system", _ANY),
    ("pipeline.tekton.dev operator.tekton.dev", "release", _ANY),
    ("eks.amazonaws.com", "component", _ANY),
    ("operators.coreos.com", EVERY, _ANY),
)
"""What tools write down for people or for themselves."""

_KUBERNETES: tuple[_Row, ...] = (
    (
        "kubernetes.io",
        "change-cause description os arch cluster-service limit-ranger psp metadata.name created-by "
        "ingress-bandwidth egress-bandwidth name",
        _ANY,
    ),
    ("kubectl.kubernetes.io", "restartedAt default-container default-logs-container last-applied-configuration", _ANY),
    ("deployment.kubernetes.io", "revision revision-history desired-replicas max-replicas", _ANY),
    ("controller.kubernetes.io", "pod-deletion-cost", _ANY),
    ("batch.kubernetes.io", EVERY, _ANY),
    ("statefulset.kubernetes.io", "pod-name", _ANY),
    ("apps.kubernetes.io", "pod-index", _ANY),
    ("addonmanager.kubernetes.io", "mode", _ANY),
    ("topology.kubernetes.io", "zone region", _ANY),
    ("failure-domain.beta.kubernetes.io", "zone region", _ANY),
    ("scheduler.alpha.kubernetes.io", "critical-pod", _ANY),
    ("cluster-autoscaler.kubernetes.io", "safe-to-evict safe-to-evict-local-volumes enable-ds-eviction", _ANY),
    ("descheduler.alpha.kubernetes.io", "evict prefer-no-eviction", _ANY),
    ("karpenter.sh", "do-not-disrupt do-not-evict do-not-consolidate", _SWITCH),
    ("seccomp.security.alpha.kubernetes.io", "pod", r"runtime/default|docker/default|localhost/.+"),
    ("container.seccomp.security.alpha.kubernetes.io", EVERY, r"runtime/default|docker/default|localhost/.+"),
    # What the values open is told by the rule on the baseline standard.
    ("container.apparmor.security.beta.kubernetes.io", EVERY, _ANY),
    ("pod-security.kubernetes.io", EVERY, _ANY),
    (
        "leaderworkerset.sigs.k8s.io",
        "name size worker-index group-index group-key template-revision-hash leader-name exclusive-topology "
        "subgroup-size subgroup-index subgroup-key subgroup-exclusive-topology replicas",
        _ANY,
    ),
    ("jobset.sigs.k8s.io alpha.jobset.sigs.k8s.io kueue.x-k8s.io", EVERY, _ANY),
    ("scheduling.x-k8s.io pod-group.scheduling.sigs.k8s.io", EVERY, _ANY),
    ("scheduling.volcano.sh scheduling.k8s.io", "queue-name group-name", _ANY),
    ("volcano.sh", "queue-name preemptable task-spec job-name job-type", _ANY),
    ("elbv2.k8s.aws", "pod-readiness-gate-inject", _ANY),
)

_OPENSHIFT: tuple[_Row, ...] = (
    ("app.openshift.io", EVERY, _ANY),
    (
        "openshift.io",
        "display-name description documentation-url support-url provider-display-name generated-by "
        "deployment-config.name deployment-config.latest-version deployment.name build.name "
        "deployer-pod-for.name",
        _ANY,
    ),
    # The constraints that come with every cluster and give no more than the restricted standard.
    ("openshift.io", "required-scc scc", r"(?:restricted|nonroot)(?:-v[23])?"),
    # Its images are told by the rules on images.
    ("image.openshift.io", "triggers", _ANY),
    ("target.workload.openshift.io", "management", r"\{\"effect\": *\"PreferredDuringScheduling\"\}"),
    (
        "opendatahub.io",
        "kserve-runtime apiProtocol dashboard accelerator-name template-name template-display-name runtime-version "
        "recommended-accelerators serving-runtime-scope disable-gpu model-type genai-asset generated-namespace",
        _ANY,
    ),
    ("app.opendatahub.io platform.opendatahub.io component.opendatahub.io modelregistry.opendatahub.io", EVERY, _ANY),
    ("haproxy.router.openshift.io", "timeout", _FIGURE),
    # Who may call is told by the rules on entries.
    ("security.opendatahub.io", "enable-auth", _ANY),
    ("networking.kserve.io networking.knative.dev", "visibility", _ANY),
)

_SERVING: tuple[_Row, ...] = (
    (
        "serving.kserve.io",
        "inferenceservice servingruntime deploymentMode autoscalerClass metric targetUtilizationPercentage "
        "min-scale max-scale targetconcurrency enable-prometheus-scraping enable-metric-aggregation "
        "disable-istio-virtual-host canary-traffic-percent enable-tag-routing rollout-strategy stop "
        "force-stop-runtime",
        _ANY,
    ),
    ("kserve.io", "component", _ANY),
    ("prometheus.kserve.io", "port path scrape", r"[\w/.-]*"),
    ("llm-d.ai", EVERY, _ANY),
    ("autoscaling.knative.dev", EVERY, _ANY),
    (
        "serving.knative.dev",
        "creator lastModifier service serviceUID configuration configurationUID configurationGeneration revision "
        "revisionUID rollout-duration rolloutDuration routingState progress-deadline",
        _ANY,
    ),
    (
        "queue.sidecar.serving.knative.dev",
        "resource-percentage resourcePercentage cpu-resource-request cpu-resource-limit memory-resource-request "
        "memory-resource-limit ephemeral-storage-resource-request ephemeral-storage-resource-limit",
        _FIGURE,
    ),
    ("client.knative.dev", "updateTimestamp user-image", _ANY),
    ("bindings.knative.dev", "exclude", _SWITCH),
    (
        "ray.io",
        "cluster node-type group is-ray-node identifier cluster-dashboard originated-from-cr-name "
        "originated-from-crd rayjob serve",
        _ANY,
    ),
    ("training.kubeflow.org", "job-name job-role operator-name replica-index replica-type", _ANY),
    ("autoscaling.keda.sh", "paused paused-replicas paused-scale-in transfer-hpa-ownership", _ANY),
    ("scaledjob.keda.sh", "name", _ANY),
)

_OPERATIONS: tuple[_Row, ...] = (
    (
        "prometheus.io",
        "scrape scrape-slow scrape_slow scrape-interval scrape_interval scrape-timeout scrape_timeout port path scheme "
        "job label probe component",
        _ANY,
    ),
    ("k8s.grafana.com", "scrape job instance metrics.path metrics.portName metrics.portNumber metrics.scheme", _ANY),
    ("fluentbit.io", EVERY, _ANY),
    ("co.elastic.logs", "enabled", _SWITCH),
    ("tags.datadoghq.com", "env service version", _ANY),
    ("reloader.stakater.com", "auto search match rollout-strategy ignore", _ANY),
    ("configmap.reloader.stakater.com secret.reloader.stakater.com", "reload auto match exclude", _ANY),
    ("backup.velero.io", "backup-volumes backup-volumes-excludes", _ANY),
    ("pre.hook.backup.velero.io post.hook.backup.velero.io", "container on-error timeout", _ANY),
    ("pre.hook.backup.velero.io post.hook.backup.velero.io", "command", _FROZEN),
    ("velero.io", "exclude-from-backup", _SWITCH),
    ("k8s.velero.io", "exclude-from-backup", _SWITCH),
    ("goldilocks.fairwinds.com", "enabled vpa-update-mode", r"true|false|off|Off"),
    # Not the commands that end a container (`kill-cmd-*`), nor templates and outputs that the executor believes.
    (
        "workflows.argoproj.io",
        "workflow workflow-template cluster-workflow-template cron-workflow completed phase controller-instanceid "
        "node-id node-name node-type node-message title description creator creator-email creator-name "
        "creator-preferred-username actor actor-email action resubmitted-from-workflow previous-workflow-name "
        "pod-name-format archive-strategy workflow-archiving-status workflow-id workflow-uid progress "
        "scheduled-time estimated-duration version",
        _ANY,
    ),
    # Of an ExecutorPlugin the controller runs the container.
    ("workflows.argoproj.io", "configmap-type", "Parameter|Cache"),
    ("rollout.argoproj.io", "revision desired-replicas workload-generation", _ANY),
    # Not `git-*` and `docker-*`, which say who is shown a password.
    (
        "tekton.dev",
        "pipeline pipelineRun pipelineRunUID pipelineTask task taskRun taskRunUID clusterTask customRun memberOf "
        "version tags displayName platforms categories icon deprecated pipelines.minVersion description source "
        "original-pr-name rerun-of",
        _ANY,
    ),
    ("triggers.tekton.dev", "eventlistener trigger triggers-eventid old-escape-quotes", _ANY),
    ("strimzi.io", "cluster name kind controller controller-name component-type pool-name node-pools kraft", _ANY),
    ("cnpg.io", "cluster instanceName instanceRole podRole reload hibernation", _ANY),
    ("nvidia.com", "gpu-driver-upgrade-drain.skip", _SWITCH),
)

_OF_SECRETS: tuple[_Row, ...] = (
    # What a token opens is told by the rule on tokens.
    ("kubernetes.io", "service-account.name service-account.uid legacy-token-last-used", _ANY),
    ("config.openshift.io", "inject-trusted-cabundle", _SWITCH),
    ("service.beta.openshift.io service.alpha.openshift.io", "inject-cabundle", _SWITCH),
    ("reconcile.external-secrets.io", "data-hash managed created-by force-sync", _ANY),
    ("sealedsecrets.bitnami.com", "managed patch namespace-wide cluster-wide skip-set-owner-references", _SWITCH),
    (
        "cert-manager.io",
        "certificate-name issuer-name issuer-kind issuer-group common-name alt-names ip-sans uri-sans",
        _ANY,
    ),
    ("controller.cert-manager.io", "fao", _SWITCH),
    ("serving.kserve.io", "s3-usehttps s3-verifyssl", "1"),
    ("serving.kserve.io", "s3-region", _ANY),
)
"""Of Secrets, ConfigMaps and accounts."""

_REFUSING: tuple[_Row, ...] = (
    ("vault.hashicorp.com", "agent-inject", _OFF),
    ("dapr.io", "enabled", _OFF),
    ("admission.datadoghq.com", "enabled", _OFF),
    ("sidecar.opentelemetry.io sidecar.jaegertracing.io", "inject", _OFF),
    (
        "dynatrace.com oneagent.dynatrace.com data-ingest.dynatrace.com metadata-enrichment.dynatrace.com",
        "inject",
        _OFF,
    ),
    *(
        ("instrumentation.opentelemetry.io", f"inject-{language}", _OFF)
        for language in ("java", "python", "nodejs", "dotnet", "go", "nginx", "apache-httpd", "sdk")
    ),
)
"""What keeps an injector away from a pod."""

READ_WITHOUT_DOMAIN = (
    *("aadpodidbinding", "gpu-fraction", "gpu-fraction-num-devices", "gpu-memory"),
    *("grafana_datasource", "grafana_datasources", "grafana_notifier", "grafana_alert", "grafana_plugin"),
)
"""Names without a domain by which programs give a pod an identity of a cloud, or a part of a GPU, and by which Grafana
takes in where it asks and whom it tells."""

WITH_POINTS = (
    *("olm.owner", "olm.owner.kind", "olm.owner.namespace", "olm.managed", "olm.operatorGroup"),
    *("olm.operatorNamespace", "olm.targetNamespaces", "kompose.cmd", "kompose.version", "kompose.service"),
    *("io.kompose.service", "io.kompose.network", "deprecated.daemonset.template.generation"),
)
"""Annotations without a domain whose names have points, as runtimes' orders have (`io.kubernetes.cri-o.Devices`)."""


def _table(*rows: _Row) -> Iterator[tuple[str, dict[str, str]]]:
    found: dict[str, dict[str, str]] = {}
    for domains, names, values in rows:
        for domain in domains.split():
            found.setdefault(domain, {}).update(dict.fromkeys(names.split(), values))
    yield from found.items()


MARKS: Mapping[str, Mapping[str, str]] = dict(
    _table(*_TOOLS, *_KUBERNETES, *_OPENSHIFT, *_SERVING, *_OPERATIONS, *_OF_SECRETS, *_REFUSING)
)
"""Names by domain, and the form of their values."""
