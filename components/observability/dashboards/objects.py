"""Dashboards as objects of the cluster: ConfigMaps for Grafana's sidecar, or what Perses' operator takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from components.kubernetes_object import KubernetesObject
from components.observability.dashboards import perses
from components.observability.dashboards.boards import BoardArgs, all_dashboards

GRAFANA_LABEL = "grafana_dashboard"
"""Label by which Grafana's sidecar finds ConfigMaps with dashboards; its value is `1`."""

PERSES_VERSION = "perses.dev/v1alpha1"

Form = Literal["grafana", "perses"]


@dataclass(frozen=True, kw_only=True)
class DashboardsArgs:
    """`labels` are those of ownership; the namespace must be there."""

    namespace: str
    environment: str
    labels: Mapping[str, str]
    form: Form
    currency: str | None = None


class Dashboards(pulumi.ComponentResource):
    """One object a dashboard. No pod reads them: a change of a panel changes nothing else."""

    TOKEN = "kitchen:dashboards:Dashboards"

    def __init__(self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare everything."""
        super().__init__(self.TOKEN, name, {"form": args.form}, opts)
        made = _config_maps(args) if args.form == "grafana" else _perses_objects(args)
        for called, content in made:
            KubernetesObject(f"{name}-{called}", opts=pulumi.ResourceOptions(parent=self), **content)
        self.register_outputs({})


def _config_maps(args: DashboardsArgs) -> Iterator[tuple[str, dict[str, Any]]]:
    # Environments without Grafana do not wait for the library.
    from components.observability.dashboards.grafana import rendered  # noqa: PLC0415

    for board in all_dashboards(BoardArgs(environment=args.environment, currency=args.currency)):
        metadata = {
            "name": f"dashboard-{board.uid}",
            "namespace": args.namespace,
            "labels": {**args.labels, GRAFANA_LABEL: "1"},
        }
        data = {f"{board.uid}.json": rendered(board, args.environment)}
        yield board.uid, {"api_version": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _perses_objects(args: DashboardsArgs) -> Iterator[tuple[str, dict[str, Any]]]:
    for board in all_dashboards(BoardArgs(environment=args.environment, currency=args.currency)):
        metadata = {"name": board.uid, "namespace": args.namespace, "labels": dict(args.labels)}
        spec = perses.spec(board, args.environment)
        yield board.uid, {"api_version": PERSES_VERSION, "kind": "PersesDashboard", "metadata": metadata, "spec": spec}
