"""Samples of the rule on what other programs render: Kustomize, Fleet, Config Sync, operators, projects, tasks."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.refused import refused_kinds
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_GIT = "https://git.kitchen.example/platform/kitchen.git"
_CONFIG = {"gitRepositories": [_GIT]}
_STRANGER = "https://git.example.com/x.git"
_FILE: dict[str, Any] = {
    "apiVersion": "kustomize.config.k8s.io/v1beta1",
    "kind": "Kustomization",
    "resources": ["a.yaml"],
}
_REMOTE = "which is no file or folder beside it"
_UNSEEN = "makes or changes objects in a way that cannot be seen here"

_FILES = table(
    "kubernetes:kustomize.config.k8s.io/v1beta1:Kustomization",
    _FILE,
    ("files beside it", {"resources": ["a.yaml", "../base", "b/c.d.yaml", ".", "./e/", "deploy"]}),
    *(
        (f"from {text}", {"resources": [text]}, f"resources[0]: is {text!r}, {_REMOTE}")
        for text in (
            *("https://github.com/a/b//deploy?ref=main", "github.com/a/b", "git@github.com:a/b", "git::https://a/b"),
            *(
                "ssh://git@a.example/b",
                "a.example/b/c",
                "a?ref=main",
                "a//b",
                "https://a.example/b.yaml",
                "file:///etc",
            ),
            *("gh:a/b", "/etc/manifests", "a/b.git//c", ""),
        )
    ),
    *(
        (f"{field} from elsewhere", {field: ["https://a.example/b"]}, f"{field}[0]: is")
        for field in ("bases", "components", "crds", "configurations")
    ),
    *(
        (f"{field} of a program", {field: ["a.yaml"]}, f"{field}: {_UNSEEN}")
        for field in ("transformers", "generators", "validators", "helmCharts", "openapi", "novelties")
    ),
    ("resources not known", {"resources": UNKNOWN_VALUE}, "resources: is not known"),
)
_FLUX = manifest(
    "kustomize.toolkit.fluxcd.io/v1", "Kustomization", {"path": "./a", "sourceRef": {"kind": "GitRepository"}}
)
_FLUXES = table(
    "kubernetes:kustomize.toolkit.fluxcd.io/v1:Kustomization",
    _FLUX,
    ("a path of Flux", {}),
    ("values of Flux", {"spec postBuild": {"substitute": {"a": "b"}}}, f"spec.postBuild: {_UNSEEN}"),
    ("another cluster", {"spec kubeConfig": {"secretRef": {"name": "a"}}}, f"spec.kubeConfig: {_UNSEEN}"),
    ("components of Flux from elsewhere", {"spec components": ["https://a.example/b"]}, "spec.components[0]: is"),
)
_REPOSITORIES = (
    *table(
        "kubernetes:fleet.cattle.io/v1alpha1:GitRepo",
        manifest("fleet.cattle.io/v1alpha1", "GitRepo", {"repo": _GIT, "paths": ["a"]}),
        ("a repository of Fleet", {}),
        (
            "another repository of Fleet",
            {"spec repo": _STRANGER},
            "spec.repo: 'https://git.example.com/x.git' is no repo",
        ),
        ("a repository of Fleet, not known", {"spec repo": UNKNOWN_VALUE}, "spec.repo: is not known"),
        config=_CONFIG,
    ),
    *(
        sample
        for kind in ("RootSync", "RepoSync")
        for sample in table(
            f"kubernetes:configsync.gke.io/v1beta1:{kind}",
            manifest("configsync.gke.io/v1beta1", kind, {"git": {"repo": _GIT}}),
            (f"{kind} of a repository", {}),
            (f"{kind} of another one", {"spec git repo": _STRANGER}, "spec.git.repo: 'https://git.example.com/x.git'"),
            (f"{kind} of a chart", {"spec helm": {"chart": "a"}}, "the chart 'a' is rendered on the cluster"),
            (f"{kind} of an image", {"spec oci": {"image": "a"}}, "spec.oci: 'oci:' is rendered on the cluster"),
            config=_CONFIG,
        )
    ),
)
_ARGO = manifest("argoproj.io/v1alpha1", "Application", {"source": {"repoURL": _GIT, "path": "a"}})
_CHANGED = table(
    "kubernetes:argoproj.io/v1alpha1:Application",
    _ARGO,
    ("files as they are", {"spec source directory": {"recurse": True}}),
    ("values of a chart", {"spec source helm": {"values": "a: b"}}, "spec.source: helm changes what its files say"),
    ("a plugin of Argo", {"spec source plugin": {"name": "a"}}, "spec.source: plugin changes what its files say"),
    ("patches of Argo", {"spec source kustomize": {"patches": [{"patch": "a"}]}}, "kustomize.patches changes what"),
    ("a program of Argo", {"spec source directory": {"jsonnet": {"tlas": [{}]}}}, "directory.jsonnet changes what its"),
    config=_CONFIG,
)
_PROJECT = manifest(
    "argoproj.io/v1alpha1",
    "AppProject",
    {
        "sourceRepos": [_GIT],
        "destinations": [{"server": "https://kubernetes.default.svc", "namespace": "team"}],
        "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
    },
)
_PROJECTS = table(
    "kubernetes:argoproj.io/v1alpha1:AppProject",
    _PROJECT,
    ("a project", {}),
    ("every repository", {"spec sourceRepos": ["*"]}, "spec.sourceRepos[0]: '*' is no repository that is named"),
    ("repositories by a pattern", {"spec sourceRepos": [f"{_GIT[:-4]}*"]}, "is no repository that is named"),
    ("every namespace", {"spec destinations 0 namespace": "*"}, "destinations[0].namespace: is '*'"),
    ("every cluster", {"spec destinations 0 server": "*"}, "destinations[0].server: is '*'"),
    (
        "every kind",
        {"spec clusterResourceWhitelist 0": {"group": "*", "kind": "*"}},
        "clusterResourceWhitelist[0]: allows",
    ),
    ("applications of every namespace", {"spec sourceNamespaces": ["*"]}, "sourceNamespaces[0]: is '*'"),
    ("a project not known", {"spec": UNKNOWN_VALUE}, "spec: is not known"),
    config=_CONFIG,
)
_OPERATOR = manifest("operators.coreos.com/v1alpha1", "Subscription", {"name": "gpu-operator", "source": "certified"})
_OPERATORS = (
    *table(
        "kubernetes:operators.coreos.com/v1alpha1:Subscription",
        _OPERATOR,
        ("an operator", {}, "spec.name: is 'gpu-operator' out of the catalog 'certified'"),
    ),
    *table(
        "kubernetes:operators.coreos.com/v1alpha1:Subscription",
        _OPERATOR,
        ("an operator that is listed", {}),
        config={"operators": ["Subscription team/sample"]},
    ),
)
_TASKS = (
    *table(
        "kubernetes:tekton.dev/v1:TaskRun",
        manifest("tekton.dev/v1", "TaskRun", {"taskRef": {"name": "a"}}),
        (
            "a task of the cluster",
            {"spec taskRef": {"resolver": "cluster", "params": [{"name": "namespace", "value": "team"}]}},
        ),
        *(
            (f"a task by {name}", {"spec taskRef": {"resolver": name}}, f"spec.taskRef.resolver: is {name!r}: what it")
            for name in ("git", "hub", "http", "bundles", "novelty")
        ),
        ("a task that is not known", {"spec taskRef": {"resolver": UNKNOWN_VALUE}}, "resolver: is not known"),
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:Workflow",
        manifest("argoproj.io/v1alpha1", "Workflow", {"templates": [{"name": "a"}]}),
        (
            "a manifest of an artifact",
            {"spec templates 0 resource": {"manifestFrom": {"artifact": {"name": "a"}}}},
            "templates[0].resource.manifestFrom: is {'artifact'",
        ),
        ("a plugin of a workflow", {"spec templates 0 plugin": {"a": {}}}, "templates[0].plugin: is {'a': {}}"),
    ),
)
_REFUSED = refused_kinds(
    *(("helm.cattle.io", "HelmChart"), ("helm.toolkit.fluxcd.io", "HelmRelease"), ("fleet.cattle.io", "Bundle")),
    *(("operators.coreos.com", "CatalogSource"), ("operators.coreos.com", "InstallPlan")),
    *(("olm.operatorframework.io", "ClusterExtension"), ("pkg.crossplane.io", "Provider"), ("pulumi.com", "Stack")),
    *(("kappctrl.k14s.io", "App"), ("apps.open-cluster-management.io", "Channel"), ("kargo.akuity.io", "Stage")),
    *(("addons.cluster.x-k8s.io", "ClusterResourceSet"), ("app.terraform.io", "Workspace")),
    *(("build.openshift.io", "BuildConfig"), ("shipwright.io", "Build"), ("core.oam.dev", "Application")),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rendered-elsewhere": (
        *(*_FILES, *_FLUXES, *_REPOSITORIES, *_CHANGED, *_PROJECTS, *_OPERATORS, *_TASKS, *_REFUSED),
    ),
}
