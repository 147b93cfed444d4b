"""Samples of keys out of stores, of Grafana's objects, and of jobs and tasks that run by what stands elsewhere."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import JOB, JOB_TYPE, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_TENANTS = dataclasses.replace(WORLD, settings={**WORLD.settings, "tenants": {"team": {}, "sales": {}}})
_SECRET = manifest(
    "external-secrets.io/v1",
    "ExternalSecret",
    {"secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"}, "data": [{"remoteRef": {"key": "kv/team/a"}}]},
)
_FIND, _KEY = "spec dataFrom", "spec data 0 remoteRef key"


def _made(kind: Any) -> dict[str, Any]:
    return {_FIND: [{"sourceRef": {"generatorRef": {"kind": kind, "name": "a"}}}]}


_KEYS = (
    *table(
        "kubernetes:external-secrets.io/v1:ExternalSecret",
        _SECRET,
        ("a key of its tenant", {}),
        ("a key of everybody", {_KEY: "kv/registry"}),
        ("a key for another, at its tenant", {_KEY: "kv/team/for/sales"}),
        ("a key for its tenant, at another", {_KEY: "kv/sales/for/team"}, "is 'kv/sales/for/team': it is the tenant"),
        (
            "a key out of its tenant's",
            {_KEY: "kv/team/../x/db"},
            "data[0].remoteRef.key: is 'kv/team/../x/db': it lead",
        ),
        ("what begins with its tenant", {_FIND: [{"find": {"path": "kv/team", "name": {"regexp": ".*"}}}]}),
        ("names that begin with its tenant", {_FIND: [{"find": {"name": {"regexp": "^team-.*"}}}]}),
        ("a password that is made", _made("Password")),
        ("a key of another tenant", {_KEY: "kv/sales/db"}, "data[0].remoteRef.key: is 'kv/sales/db': it is the tenant"),
        ("a key that begins so", {_KEY: "sales-db"}, "remoteRef.key: is 'sales-db': it is the tenant sales's"),
        ("a whole one of another", {_FIND: [{"extract": {"key": "kv/Sales"}}]}, "dataFrom[0].extract.key: is 'kv/Sale"),
        (
            "a path of another",
            {_FIND: [{"find": {"path": "sales"}}]},
            "dataFrom[0].find.path: is 'sales'",
            "dataFrom[0].find: looks through a store",
        ),
        ("a path of everybody", {_FIND: [{"find": {"path": "kv/all"}}]}, "dataFrom[0].find: looks through a store"),
        ("names of everybody", {_FIND: [{"find": {"name": {"regexp": "^db-.*"}}}]}, "dataFrom[0].find: looks through"),
        *(
            (f"what {kind} makes", _made(kind), f"generatorRef.kind: is {kind!r}: what it makes keys of is not judged")
            for kind in ("ClusterGenerator", "Webhook", "VaultDynamicSecret")
        ),
        ("what something makes", _made(UNKNOWN_VALUE), "generatorRef.kind: is not known"),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:external-secrets.io/v1:ExternalSecret",
        {**_SECRET, "metadata": {"name": "a", "namespace": "monitoring"}},
        ("a key for the platform", {_KEY: "kv/sales/db"}),
        world=_TENANTS,
    ),
)
_SOURCE = {"name": "a", "type": "prometheus", "url": "http://prometheus.team.svc:9090"}
_PERSES = {
    "display": {"name": "a"},
    "duration": "1h",
    "variables": [
        {
            "kind": "ListVariable",
            "spec": {"name": "v", "plugin": {"kind": "PrometheusLabelValuesVariable", "spec": {}}},
        },
        {"kind": "TextVariable", "spec": {"name": "t", "value": "dev"}},
    ],
    "panels": {
        "a": {
            "kind": "Panel",
            "spec": {
                "display": {"name": "a"},
                "plugin": {"kind": "StatChart", "spec": {}},
                "queries": [
                    {"kind": "TimeSeriesQuery", "spec": {"plugin": {"kind": "PrometheusTimeSeriesQuery", "spec": {}}}}
                ],
            },
        }
    },
    "layouts": [],
}


def _columns(**said: Any) -> dict[str, Any]:
    return {"kind": "Table", "spec": {"columnSettings": [{"name": "a", **said}]}}


_PANEL, _ASKED = "spec panels a spec", "spec panels a spec queries 0 spec plugin"
_PROMETHEUS = "PrometheusDatasource"
_CHOICE = "spec variables 0 spec plugin"
_DATASOURCE = manifest("grafana.integreatly.org/v1beta1", "GrafanaDatasource", {"datasource": _SOURCE})
_HOW = "spec datasource jsonData"
_FIGURES = (
    *table(
        "kubernetes:grafana.integreatly.org/v1beta1:GrafanaDatasource",
        _DATASOURCE,
        ("a source", {_HOW: {"timeInterval": "15s", "oauthPassThru": False, "httpHeaderName1": "Authorization"}}),
        (
            "a source of the platform that knows who asks",
            {"spec datasource url": "http://thanos.monitoring.svc:9090", _HOW: {"oauthPassThru": True}},
        ),
        *(
            (
                f"a source that is shown {name}",
                {_HOW: {name: value}},
                f"jsonData.{name}: is {value!r}, and 'http://prom",
            )
            for name, value in (("oauthPassThru", True), ("keepCookies", ["a"]), ("forwardGrafanaIdHeader", True))
        ),
        (
            "a source like one of the platform",
            {"spec datasource url": "http://a.monitoring.example.com", _HOW: {"oauthPassThru": True}},
            "jsonData.oauthPassThru",
        ),
        ("plugins of a source", {"spec plugins": [{"name": "a"}]}, "spec.plugins: what Grafana takes in"),
        ("a source of figures not known", {"spec datasource": UNKNOWN_VALUE}, "spec.datasource: is not known"),
    ),
    *table(
        "kubernetes:grafana.integreatly.org/v1beta1:GrafanaDashboard",
        manifest("grafana.integreatly.org/v1beta1", "GrafanaDashboard", {"json": "{}"}),
        ("a dashboard", {"spec folder": "a"}),
        ("a dashboard of the shop", {"spec grafanaCom": {"id": 1}}, "spec.grafanaCom: what Grafana takes in"),
        ("plugins of a dashboard", {"spec plugins": [{"name": "a", "version": "1"}]}, "spec.plugins: what"),
        *(
            (f"a dashboard by {name}", {f"spec {name}": value}, f"spec.{name}: what Grafana takes in")
            for name, value in (
                ("url", "http://a.team.svc/a.json"),
                ("configMapRef", {"name": "a", "key": "a"}),
                ("jsonnet", "{}"),
            )
        ),
        (
            "a page in a dashboard",
            {"spec json": '{"panels": [{"type": "text"}]}'},
            "spec.json: panels[0].type: a panel that is 'text'",
        ),
        ("a dashboard not known", {"spec json": UNKNOWN_VALUE}, "spec.json: is not known"),
        ("a dashboard that nobody reads", {"spec gzipJson": "H4sI"}, "spec.gzipJson: what"),
    ),
    *table(
        "kubernetes:perses.dev/v1alpha1:PersesDashboard",
        manifest("perses.dev/v1alpha1", "PersesDashboard", _PERSES),
        ("a dashboard of Perses", {}),
        ("panels of figures", {f"{_PANEL} plugin kind": "GaugeChart"}),
        (
            "a source of figures of its own",
            {"spec datasources": {"a": {"default": True, "plugin": {"kind": "PrometheusDatasource", "spec": {}}}}},
            "spec.datasources: what Perses shows or asks",
        ),
        ("a field that nobody knows", {"spec ttl": "1h"}, "spec.ttl: what Perses"),
        ("a table", {f"{_PANEL} plugin": _columns(header="A", format={"unit": "seconds"})}),
        (
            "a way out of a table",
            {f"{_PANEL} plugin": _columns(dataLink={"url": 'https://a.example/${__data.fields["a"]}'})},
            "plugin.spec.columnSettings[0].dataLink: what Perses",
        ),
        (
            "a page within a table",
            {f"{_PANEL} plugin": _columns(plugin={"kind": "Markdown", "spec": {"text": "a"}})},
            "plugin.spec.columnSettings[0].plugin: what Perses",
        ),
        ("a panel whose form is not known", {f"{_PANEL} plugin spec": UNKNOWN_VALUE}, "plugin.spec: is not known"),
        (
            "a question to an address",
            {f"{_ASKED} spec": {"query": "up", "datasource": {"kind": _PROMETHEUS, "directUrl": "https://a.example"}}},
            "spec.plugin.spec.datasource.directUrl: what Perses",
        ),
        (
            "a choice from an address",
            {f"{_CHOICE} spec": {"datasource": {"kind": _PROMETHEUS, "url": "https://a.example"}}},
            "variables[0].spec.plugin.spec.datasource.url: what Perses",
        ),
        ("a page of its own", {f"{_PANEL} plugin kind": "Markdown"}, "panels.a.spec.plugin.kind: is 'Markdown': what"),
        ("a panel that nobody knows", {f"{_PANEL} plugin kind": UNKNOWN_VALUE}, "plugin.kind: is not known"),
        ("no kind of panel", {f"{_PANEL} plugin kind": None}, "panels.a.spec.plugin.kind: "),
        ("a question to a log", {f"{_ASKED} kind": "LokiLogQuery"}, "queries[0].spec.plugin.kind: is 'LokiLogQuery'"),
        (
            "a question to another source",
            {f"{_ASKED} spec": {"query": "up", "datasource": {"kind": "LokiDatasource", "name": "a"}}},
            "spec.plugin.spec.datasource.kind: is 'LokiDatasource'",
        ),
        (
            "a question to a source of Prometheus",
            {f"{_ASKED} spec": {"query": "up", "datasource": {"kind": "PrometheusDatasource", "name": "a"}}},
        ),
        ("a part of a panel that nobody knows", {f"{_PANEL} actions": []}, "panels.a.spec.actions: what Perses"),
        (
            "ways out of a panel",
            {f"{_PANEL} links": [{"url": "https://a.example"}]},
            "panels.a.spec.links: what Perses",
        ),
        ("panels not known", {"spec panels": UNKNOWN_VALUE}, "spec.panels: is not known"),
        ("panels in a list", {"spec panels": [{"kind": "Panel"}]}, "spec.panels: is [{'kind': 'Panel'}]"),
        *(
            (f"{name} of another registry", {f"{place} metadata": {"registry": "a"}}, "plugin.metadata: is {'registry'")
            for name, place in {"a panel": f"{_PANEL} plugin", "a question": _ASKED, "a choice": _CHOICE}.items()
        ),
        ("all of it not known", {"spec": UNKNOWN_VALUE}, "spec: is not known"),
        ("a choice out of another source", {f"{_CHOICE} kind": "HTTPVariable"}, "variables[0].spec.plugin.kind: is"),
        (
            "a choice of a kind",
            {"spec variables 0 kind": "OtherVariable"},
            "spec.variables[0].kind: is 'OtherVariable'",
        ),
    ),
)
_ELSEWHERE = "what runs it, and where, cannot be seen"
_JOBS = (
    *table(
        JOB_TYPE,
        JOB,
        ("a job of the cluster's own controller", {"spec managedBy": "kubernetes.io/job-controller"}),
        ("a job of another cluster", {"spec managedBy": "kueue.x-k8s.io/multikueue"}, f"multikueue': {_ELSEWHERE}"),
        ("a job of whom nobody knows", {"spec managedBy": UNKNOWN_VALUE}, "spec.managedBy: is not known"),
    ),
    *table(
        "kubernetes:batch/v1:CronJob",
        manifest("batch/v1", "CronJob", {"jobTemplate": {"spec": {**JOB["spec"]}}}),
        (
            "jobs of another cluster at times",
            {"spec jobTemplate spec managedBy": "a.example/b"},
            "spec.jobTemplate.spec.managedBy: is 'a.example/b'",
        ),
    ),
    *table(
        "kubernetes:jobset.x-k8s.io/v1alpha2:JobSet",
        manifest("jobset.x-k8s.io/v1alpha2", "JobSet", {"replicatedJobs": [{"template": {"spec": {}}}]}),
        ("a set of jobs of another cluster", {"spec managedBy": "a.example/b"}, "spec.managedBy: is 'a.example/b'"),
        (
            "a job of a set, of another cluster",
            {"spec replicatedJobs 0 template spec managedBy": "a.example/b"},
            "replicatedJobs[0].template.spec.managedBy",
        ),
    ),
)


def _params(**said: Any) -> dict[str, Any]:
    params = [{"name": name, "value": value} for name, value in {"kind": "task", "name": "a", **said}.items()]
    return {"spec taskRef": {"resolver": "cluster", "params": params}}


_TASKS = table(
    "kubernetes:tekton.dev/v1:TaskRun",
    manifest("tekton.dev/v1", "TaskRun", {"taskRef": {"name": "a"}}),
    ("a task of its own namespace, by the cluster", _params(namespace="team")),
    ("a task of another namespace", _params(namespace="tekton-pipelines"), "taskRef: is a task of another namespace"),
    ("a task of no namespace", _params(), "taskRef: is a task of another namespace, 'a'"),
    ("a judged task of another namespace", _params(namespace="tekton-pipelines", name="judged-a")),
    ("a task of a namespace not known", _params(namespace=UNKNOWN_VALUE), "is a task of another namespace"),
    ("a pod's time zone", {"spec podTemplate": {"env": [{"name": "TZ", "value": "UTC"}]}}),
    (
        "a library in every container",
        {"spec podTemplate": {"env": [{"name": "LD_PRELOAD", "value": "/w/a.so"}]}},
        "spec.podTemplate.env[0]: sets LD_PRELOAD in every container",
    ),
    config={"templates": ["judged-*"]},
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"rendered-elsewhere": (*_KEYS, *_FIGURES, *_JOBS, *_TASKS)}
