"""The pinned tool families: what each one is, its version and how it is built."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

GO_SOURCES = Path(__file__).resolve().parent.parent / "go"

PULUMI_VERSION = "3.259.0"
KUBERNETES_PROVIDER_VERSION = "4.25.0"
RANDOM_PROVIDER_VERSION = "4.21.4"
KUBERNETES_VERSION = "1.34.2"
ETCD_VERSION = "3.6.5"

_K8S_LDFLAGS = " ".join(
    f"-X k8s.io/component-base/version.{key}={value}"
    for key, value in (("gitVersion", f"v{KUBERNETES_VERSION}"), ("gitMajor", "1"), ("gitMinor", "34"))
)


@dataclass(frozen=True, kw_only=True)
class Binary:
    """One executable: its file name and the Go package that it is built from."""

    name: str
    package: str = "."
    ldflags: str = ""


@dataclass(frozen=True, kw_only=True)
class ModuleFile:
    """Files copied out of a module into the cache: `glob` is relative to the module's root."""

    source: str
    glob: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Module:
    """A Go module used as a source of data files, pinned by version and by its `h1:` sum."""

    path: str
    version: str
    sum: str = ""


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """A pinned module and the files of it that are needed."""

    module: Module
    files: tuple[ModuleFile, ...]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Tools that share a Go module and are installed together."""

    name: str
    version: str
    binaries: tuple[Binary, ...] = ()
    data: tuple[DataSource, ...] = ()
    prepare: str | None = None
    plugin: str | None = None
    needed_gib: float = 2.0

    @property
    def sources(self) -> Path:
        """The folder of the family's go.mod, go.sum and sources."""
        return GO_SOURCES / self.name

    def key(self) -> str:
        """A digest over everything that decides what a build yields; 12 hexadecimal digits."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode())
        if self.sources.is_dir():
            for path in sorted(p for p in self.sources.rglob("*") if p.is_file()):
                digest.update(str(path.relative_to(self.sources)).encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:12]


def _crd(path: str, version: str, checksum: str, source: str, *globs: str) -> DataSource:
    return DataSource(
        module=Module(path=path, version=version, sum=checksum),
        files=tuple(ModuleFile(source=source, glob=glob, target=f"crds/{source}") for glob in globs),
    )


_CRDS = (
    _crd(
        "istio.io/api",
        "v1.31.4",
        "h1:AcnncYrlDj1PJkym7h88Gggkef4MAra8QpGaXRMsr+E=",
        "istio",
        "kubernetes/customresourcedefinitions.gen.yaml",
    ),
    _crd(
        "sigs.k8s.io/gateway-api",
        "v1.4.1",
        "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=",
        "gateway-api",
        "config/crd/standard/gateway*.yaml",
    ),
    _crd(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.76.2",
        "h1:B+UcRc7py+zpow2H+q2V8sPF3jmsQNreJujBt36wZ+Q=",
        "prometheus-operator",
        "example/prometheus-operator-crd-full/*_podmonitors.yaml",
        "example/prometheus-operator-crd-full/*_servicemonitors.yaml",
        "example/prometheus-operator-crd-full/*_prometheusrules.yaml",
    ),
    _crd(
        "github.com/tektoncd/pipeline",
        "v1.6.0",
        "h1:A+D+jzOVl2QNl/yiNT7csVgBUy2wpz6K6+/D4q5lfss=",
        "tekton",
        "config/300-crds/*.yaml",
    ),
    _crd(
        "github.com/argoproj/argo-cd/v3",
        "v3.2.0",
        "h1:m2eGAV+nXQGgzZbH5SyJD5laaPW27mzWXBrgisUHY/0=",
        "argo-cd",
        "manifests/crds/*-crd.yaml",
    ),
    _crd(
        "github.com/openshift/api",
        "v0.0.0-20251013165757-fe48e8fd548b",
        "h1:X18aj8dcvmGC9T7xiHHz3B9YRT4b5KiX/snG27cj9mc=",
        "openshift",
        "route/v1/zz_generated.crd-manifests/*.yaml",
        "security/v1/zz_generated.crd-manifests/*.yaml",
    ),
    _crd(
        "github.com/kedacore/keda/v2",
        "v2.18.0",
        "h1:ttR223fii/4QJ0YvtrhcWHaEoezByb/t5CeFopjl6EI=",
        "keda",
        "config/crd/bases/*.yaml",
    ),
    _crd(
        "github.com/cert-manager/cert-manager",
        "v1.19.1",
        "h1:Txh8L/nLWTDcb7ZnXuXbTe15BxQnLbLirXmbNk0fGgY=",
        "cert-manager",
        "deploy/crds/*.yaml",
    ),
    DataSource(
        module=Module(
            path="github.com/kserve/kserve",
            version="v0.20.0",
            sum="h1:Bs7HxmGV4KFqqptDcWseKv+mwD4YOYHJWcuVgPG2Gug=",
        ),
        files=(
            ModuleFile(source="kserve", glob="config/crd/full/**/serving.kserve.io_*.yaml", target="crds/kserve"),
            ModuleFile(source="kserve", glob="config/webhook/manifests.yaml", target="kserve"),
            ModuleFile(source="kserve", glob="config/configmap/inferenceservice.yaml", target="kserve"),
            ModuleFile(source="kserve", glob="config/storagecontainers/default.yaml", target="kserve"),
        ),
    ),
    DataSource(
        module=Module(
            path="sigs.k8s.io/kwok",
            version="v0.7.0",
            sum="h1:+eGsNOIPapjsSzeZlOEcwbpyEVa2Vqlcafa0qIjaKV4=",
        ),
        files=(
            ModuleFile(source="kwok", glob="kustomize/stage/node/fast/*.yaml", target="kwok-stages/node-fast"),
            ModuleFile(
                source="kwok",
                glob="kustomize/stage/node/heartbeat-with-lease/*.yaml",
                target="kwok-stages/node-heartbeat-with-lease",
            ),
            ModuleFile(source="kwok", glob="kustomize/stage/pod/fast/*.yaml", target="kwok-stages/pod-fast"),
        ),
    ),
)

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
    Family(name="crds", version="1", data=_CRDS, needed_gib=1.0),
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
)

FAMILIES: dict[str, Family] = {family.name: family for family in _FAMILIES}

PREVIEW = ("pulumi", "language-python", "kubernetes-provider", "random-provider")
"""What `pulumi preview` needs."""

CLUSTER = ("minio", "kubernetes", "kserve", "kwok", "crds")
"""What the embedded cluster needs."""

APART = ("istio",)
"""What nothing needs but tests of their own: it is provided when it is asked for by name."""
ENTRY = ("ratelimit",)
"""What the tests of the entry's shared counter need beside Python packages."""
