"""What the demo serves: dev's kitchen `support` with an entry, and the program's own plan of it on loopback."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.entry.plan import EntryPlan, Ports
from infra.catalog import Catalog, load_catalog
from infra.declared import DeclaredKitchen, declared
from infra.kitchen.entry_plan import plan, table
from infra.load import load_settings, read_stack_file
from infra.settings import Settings
from tools.demo.errors import DemoError
from tools.demo.tokens import LocalIssuer
from tools.local.workspace import REPOSITORY

KITCHEN, STACK = "support", "Pulumi.dev.yaml"
MINE, OTHERS = "helpdesk-callers", "helpdesk-reviewers"
CALLS_A_MINUTE = 30
ISSUER, AUDIENCE = "https://issuer.demo.example", "kitchen"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The settings, and names of the models: one that the caller's group may call, the base model, and a closed one."""

    settings: Settings
    catalog: Catalog
    open: str
    base: str
    closed: str

    def kitchen(self) -> DeclaredKitchen:
        """The kitchen's pods, as the program declares them."""
        return declared(self.settings, self.catalog).kitchens[0]

    def table(self) -> dict[str, Any]:
        """The table of the check of bodies."""
        return table(self.settings)

    def entry_plan(self, ports: Ports, server_port: int, folder: Path) -> EntryPlan:
        """The program's plan of the entry, with loopback in place of the servers' names, and this machine's paths."""
        made = plan(self.settings, self.catalog)
        grants = [
            replace(grant, servers=[replace(one, host="127.0.0.1", port=server_port) for one in grant.servers])
            for grant in made.grants
        ]
        here = replace(made, tls_folder=str(folder / "tls"), record_path=str(folder / "calls.jsonl"))
        return replace(here, grants=grants, ports=ports, listen="127.0.0.1")


def demo(issuer: LocalIssuer) -> Demo:
    """Dev's kitchen with an entry that believes `issuer`; raise DemoError or FaultsError when dev has none to show."""
    data = read_stack_file(REPOSITORY / STACK)
    said = data.get("kitchens", {}).get(KITCHEN, {})
    names = [str(ref).split("/")[0] for ref in said.get("adapters", [])]
    if len(names) < 2:
        raise DemoError(f"{STACK}: kitchens.{KITCHEN}.adapters: {len(names)}; rule: the demo shows two adapters")
    access = [
        {"groups": [MINE], "models": [names[0], "base"], "requestsPerMinute": CALLS_A_MINUTE},
        {"groups": [OTHERS], "models": names[1:]},
    ]
    data["kitchens"] = {KITCHEN: {**said, "access": access}}
    data["entry"] = {
        "host": "localhost.kitchen.example",
        "tls": {"secret": "entry-tls"},
        "counter": "local",
        "issuers": [
            {"name": "local", "issuer": issuer.issuer, "audience": issuer.audience, "jwks": {"keys": issuer.jwks()}}
        ],
    }
    catalog = load_catalog()
    return Demo(
        settings=load_settings(data, catalog, STACK), catalog=catalog, open=names[0], base=KITCHEN, closed=names[1]
    )
