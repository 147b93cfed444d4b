"""The pinned sources of CRDs and of other data files that are copied out of Go modules."""

from __future__ import annotations

from tools.toolchain.family import DataSource, Module, ModuleFile


def _crd(path: str, version: str, checksum: str, source: str, *globs: str) -> DataSource:
    return DataSource(
        module=Module(path=path, version=version, sum=checksum),
        files=tuple(ModuleFile(source=source, glob=glob, target=f"crds/{source}") for glob in globs),
    )


CRDS = (
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
        "github.com/perses/perses-operator",
        "v0.2.0",
        "h1:gIhKUWca8ncaxyvOk2USaGfQ32eNcXzjDN97UlQAP0M=",
        "perses",
        "config/crd/bases/perses.dev_persesdashboards.yaml",
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
