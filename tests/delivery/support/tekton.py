"""Tekton's real webhook for a real API server, which calls it on loopback by configurations of this test's own.

Its own configurations name a Service, which no process outside of a cluster can be behind. It listens on all addresses,
behind TLS, as long as the test runs: it has no option.
"""

from __future__ import annotations

import base64
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.entry.counter.parts import Part
from tests.support.ports import free_ports
from tools.cluster import Cluster
from tools.toolchain import binary, data

NAMESPACE = "tekton-pipelines"
_PATHS = {"ValidatingWebhookConfiguration": "/resource-validation", "MutatingWebhookConfiguration": "/defaulting"}


class TektonWebhook:
    """Started within `stack`; from then on the API server asks it about every object of Tekton."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.kubectl, self._folder, self._cluster = Kubectl(cluster.kubeconfig), folder, cluster
        self._port, self._probes = free_ports(2)

    def start(self, stack: ExitStack) -> None:
        self._folder.mkdir(parents=True)
        self.kubectl("create", "namespace", NAMESPACE)
        self.kubectl("apply", "--server-side", "-f", "-", manifest=yaml.safe_dump_all(self._installed()))
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "KUBECONFIG": str(self._cluster.kubeconfig),
            "SYSTEM_NAMESPACE": NAMESPACE,
            "POD_NAME": "webhook",
            "KUBERNETES_MIN_VERSION": "v1.28.0",
            "CONFIG_LOGGING_NAME": "config-logging",
            "CONFIG_OBSERVABILITY_NAME": "config-observability",
            "CONFIG_LEADERELECTION_NAME": "config-leader-election-webhook",
            "CONFIG_FEATURE_FLAGS_NAME": "feature-flags",
            "METRICS_DOMAIN": "tekton.dev/pipeline",
            "WEBHOOK_PORT": str(self._port),
            "PROBES_PORT": str(self._probes),
            "WEBHOOK_SERVICE_NAME": "tekton-pipelines-webhook",
            "WEBHOOK_SECRET_NAME": "webhook-certs",
        }
        stack.enter_context(Part(self._folder, "webhook", [binary("tekton-webhook")], self._port, env))
        self.kubectl("apply", "--server-side", "-f", "-", manifest=yaml.safe_dump_all(self._asked()))

    def _installed(self) -> list[dict[str, Any]]:
        """Its ConfigMaps as its release has them, and a certificate for loopback of the cluster's own authority."""
        found = []
        for path in sorted((data("tekton") / "tekton").glob("config-*.yaml")):
            found += [one for one in yaml.safe_load_all(path.read_text()) if one and one["kind"] == "ConfigMap"]
        pki = self._cluster.directory / "pki"
        names = {"server-key.pem": "server.key", "server-cert.pem": "server.crt", "ca-cert.pem": "ca.crt"}
        held = {key: base64.b64encode((pki / name).read_bytes()).decode() for key, name in names.items()}
        metadata = {"name": "webhook-certs", "namespace": NAMESPACE}
        return [*found, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": held}]

    def _asked(self) -> list[dict[str, Any]]:
        authority = base64.b64encode((self._cluster.directory / "pki" / "ca.crt").read_bytes()).decode()
        rule = {"apiGroups": ["tekton.dev"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"]}
        return [
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": kind,
                "metadata": {"name": "tekton-on-loopback"},
                "webhooks": [
                    {
                        "name": "loopback.webhook.pipeline.tekton.dev",
                        "admissionReviewVersions": ["v1"],
                        "sideEffects": "None",
                        "failurePolicy": "Fail",
                        "clientConfig": {"url": f"https://127.0.0.1:{self._port}{path}", "caBundle": authority},
                        "rules": [{**rule, "resources": ["tasks", "pipelines", "taskruns", "pipelineruns"]}],
                    }
                ],
            }
            for kind, path in _PATHS.items()
        ]
