"""The pinned tool families: what each one is, its version and how it is built."""

from __future__ import annotations

from tools.toolchain.crds import CRDS
from tools.toolchain.family import Binary, DataSource, Family, Module, ModuleFile

PULUMI_VERSION = "3.259.0"
KUBERNETES_PROVIDER_VERSION = "4.25.0"
RANDOM_PROVIDER_VERSION = "4.21.4"
KUBERNETES_VERSION = "1.34.2"
ETCD_VERSION = "3.6.5"
PROMETHEUS_VERSION = "3.16.0"
ALERTMANAGER_VERSION = "0.31.1"
"""The newest whose module holds its web pages; later ones are built with Node first."""
KUBE_STATE_METRICS_VERSION = "2.18.0"
COPIER_VERSION = "1.0.0"
"""Of the copier of images, whose main is our own; the library that it stands on is oras-go 2.7.0."""
REGISTRY_VERSION = "3.1.2"
ACTIONLINT_VERSION = "1.7.12"
ARGOCD_VERSION = "3.2.0"
TEKTON_VERSION = "1.6.0"
SEAWEEDFS_VERSION = "4.53.0"
"""Releases are no Go versions: its module is pinned by commit, and says this number of itself."""
GITEA_VERSION = "1.26.0"

_K8S_LDFLAGS = " ".join(
    f"-X k8s.io/component-base/version.{key}={value}"
    for key, value in (("gitVersion", f"v{KUBERNETES_VERSION}"), ("gitMajor", "1"), ("gitMinor", "34"))
)

_PROMETHEUS_COMMON = "-X github.com/prometheus/common/version.Version"

_FAMILIES = (
    Family(
        name="pulumi",
        version=PULUMI_VERSION,
        binaries=(
            Binary(
                name="pulumi",
                package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
                ldflags=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}",
            ),
        ),
        needed_gib=3.0,
    ),
    Family(
        name="language-python",
        version=PULUMI_VERSION,
        binaries=(
            Binary(
                name="pulumi-language-python",
                ldflags=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}",
            ),
        ),
        prepare="language_python",
        needed_gib=1.0,
    ),
    Family(
        name="kubernetes-provider",
        version=KUBERNETES_PROVIDER_VERSION,
        binaries=(
            Binary(
                name="pulumi-resource-kubernetes",
                ldflags="-X github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version="
                + KUBERNETES_PROVIDER_VERSION,
            ),
        ),
        prepare="kubernetes_provider",
        plugin="kubernetes",
        needed_gib=4.0,
    ),
    Family(
        name="random-provider",
        version=RANDOM_PROVIDER_VERSION,
        binaries=(Binary(name="pulumi-resource-random"),),
        prepare="random_provider",
        plugin="random",
        needed_gib=3.0,
    ),
    Family(
        name="kubernetes",
        version=KUBERNETES_VERSION,
        binaries=(
            *(
                Binary(name=name, package=f"k8s.io/kubernetes/cmd/{name}", ldflags=_K8S_LDFLAGS)
                for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
            ),
            Binary(name="etcd", package="go.etcd.io/etcd/server/v3"),
        ),
        needed_gib=4.0,
    ),
    Family(name="kwok", version="0.7.0", binaries=(Binary(name="kwok", package="sigs.k8s.io/kwok/cmd/kwok"),)),
    Family(
        name="kserve",
        version="0.20.0",
        binaries=(Binary(name="kserve-manager", package="github.com/kserve/kserve/cmd/manager"),),
        needed_gib=3.0,
    ),
    Family(
        name="minio",
        version="2026-02-12",
        binaries=(Binary(name="minio", package="github.com/minio/minio"),),
    ),
    Family(name="crds", version="1", data=CRDS, needed_gib=1.0),
    Family(
        name="istio",
        version="2026-08-27",
        binaries=(
            Binary(name="istioctl", package="istio.io/istio/istioctl/cmd/istioctl"),
            *(
                Binary(name=name, package=f"istio.io/istio/pilot/cmd/{name}")
                for name in ("pilot-discovery", "pilot-agent")
            ),
        ),
        needed_gib=4.0,
    ),
    Family(
        name="ratelimit",
        version="2026-01-22",
        binaries=(Binary(name="ratelimit", package="github.com/envoyproxy/ratelimit/src/service_cmd"),),
        needed_gib=1.0,
    ),
    Family(
        name="copier",
        version=COPIER_VERSION,
        binaries=(Binary(name="kitchen-copier", ldflags=f"-X main.version={COPIER_VERSION}"),),
        needed_gib=1.0,
    ),
    Family(
        name="registry",
        version=REGISTRY_VERSION,
        binaries=(Binary(name="registry"), Binary(name="registry-with-referrers", package="./referrers")),
    ),
    Family(
        name="prometheus",
        version=PROMETHEUS_VERSION,
        binaries=tuple(
            Binary(
                name=name,
                package=f"github.com/prometheus/prometheus/cmd/{name}",
                ldflags=f"{_PROMETHEUS_COMMON}={PROMETHEUS_VERSION}",
            )
            for name in ("prometheus", "promtool")
        ),
        tags="remove_all_sd",
        needed_gib=3.0,
    ),
    Family(
        name="alertmanager",
        version=ALERTMANAGER_VERSION,
        binaries=tuple(
            Binary(
                name=name,
                package=f"github.com/prometheus/alertmanager/cmd/{name}",
                ldflags=f"{_PROMETHEUS_COMMON}={ALERTMANAGER_VERSION}",
            )
            for name in ("alertmanager", "amtool")
        ),
    ),
    Family(
        name="kube-state-metrics",
        version=KUBE_STATE_METRICS_VERSION,
        binaries=(
            Binary(
                name="kube-state-metrics",
                package="k8s.io/kube-state-metrics/v2",
                ldflags=f"{_PROMETHEUS_COMMON}={KUBE_STATE_METRICS_VERSION}",
            ),
        ),
    ),
    Family(
        name="seaweedfs",
        version=SEAWEEDFS_VERSION,
        binaries=(Binary(name="weed", package="github.com/seaweedfs/seaweedfs/weed"),),
        needed_gib=4.0,
    ),
    Family(
        name="actionlint",
        version=ACTIONLINT_VERSION,
        binaries=(
            Binary(
                name="actionlint",
                package="github.com/rhysd/actionlint/cmd/actionlint",
                ldflags=f"-X github.com/rhysd/actionlint.version={ACTIONLINT_VERSION}",
            ),
        ),
        needed_gib=1.0,
    ),
    Family(
        name="argocd",
        version=ARGOCD_VERSION,
        binaries=(
            Binary(
                name="argocd-parts",
                ldflags=f"-X github.com/argoproj/argo-cd/v3/common.version={ARGOCD_VERSION}",
            ),
        ),
        needed_gib=4.0,
    ),
    Family(
        name="tekton",
        version=TEKTON_VERSION,
        binaries=(
            Binary(name="tekton-webhook", package="github.com/tektoncd/pipeline/cmd/webhook"),
            Binary(name="tekton-controller", package="github.com/tektoncd/pipeline/cmd/controller"),
        ),
        data=(
            DataSource(
                module=Module(
                    path="github.com/tektoncd/pipeline",
                    version=f"v{TEKTON_VERSION}",
                    sum="h1:A+D+jzOVl2QNl/yiNT7csVgBUy2wpz6K6+/D4q5lfss=",
                ),
                files=(
                    ModuleFile(source="tekton", glob="config/500-webhooks.yaml", target="tekton"),
                    ModuleFile(source="tekton", glob="config/config-*.yaml", target="tekton"),
                ),
            ),
        ),
        needed_gib=3.0,
    ),
    Family(
        name="gitea",
        version=GITEA_VERSION,
        binaries=(Binary(name="gitea", package="code.gitea.io/gitea", ldflags=f"-X main.Version={GITEA_VERSION}"),),
        prepare="gitea",
        tags="sqlite,sqlite_unlock_notify",
        needed_gib=4.0,
    ),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _FAMILIES}

PREVIEW = ("pulumi", "language-python", "kubernetes-provider", "random-provider")
"""What `pulumi preview` needs."""

CLUSTER = ("minio", "kubernetes", "kserve", "kwok", "crds")
"""What the embedded cluster needs."""

DELIVERY = ("actionlint", "argocd", "tekton")
"""What `make test-delivery` needs beside the other groups."""

APART = ("istio", "kube-state-metrics", *DELIVERY, "gitea")
"""What nothing needs but tests of their own: it is provided when it is asked for by name."""

ENTRY = ("ratelimit",)
"""What the tests of the entry's shared counter need beside Python packages."""

BUNDLES = ("copier", "registry")
"""What copies images into bundles and out of them, and the registries that its tests need."""

STORES = ("seaweedfs",)
"""What the tests of stores need beside MinIO."""

MONITORING = ("prometheus", "alertmanager")
"""What the tests of rules, and those with a real Prometheus, need beside the other groups."""
