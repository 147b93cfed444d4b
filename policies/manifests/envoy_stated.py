"""What the settings say that an entry's Envoy must decide by: its issuers, tenants, their groups, and kitchens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from policies.judging.subject import entries, mapping
from policies.judging.values import JsonValue
from policies.manifests.fields import at

_GROUPS = "groups"


@dataclass(frozen=True, kw_only=True)
class Stated:
    """Settings of one environment; `approved` are tenants of whose calls prompts and answers may be recorded."""

    environment: str
    issuers: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    tenants: Mapping[str, JsonValue] = field(default_factory=dict)
    kitchens: Mapping[str, JsonValue] = field(default_factory=dict)
    approved: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)

    def members(self) -> frozenset[str]:
        """Groups and accounts that some tenant has among its callers, or some kitchen in its `access`."""
        named = {member for tenant in self.tenants for member in self._callers(tenant)}
        for kitchen in self.kitchens.values():
            for entry in entries(at(kitchen, "access")):
                named |= {str(member) for member in entries(at(entry, _GROUPS))}
        return frozenset(named)

    def tenant_of(self, member: str, kitchen: str) -> str | None:
        """Whose caller a member is at a kitchen: of the one tenant that has it, and else of the kitchen's own."""
        holders = [tenant for tenant in self.tenants if member in self._callers(tenant)]
        if len(holders) == 1:
            return holders[0]
        own = at(self.kitchens.get(kitchen), "tenant")
        return own if isinstance(own, str) else None

    def claims(self) -> Mapping[str, str]:
        """By issuer the claim that the record has as a caller's groups: the path of it, joined by colons."""
        return dict(self._claims())

    def _claims(self) -> Iterator[tuple[str, str]]:
        for name, issuer in self.issuers.items():
            if issuer.get("kind") == "kubernetes":
                yield name, "kubernetes.io:namespace"
            else:
                yield name, ":".join(str(issuer.get("groupsClaim") or "groups").split("."))

    def _callers(self, tenant: str) -> list[str]:
        return [str(member) for member in entries(at(self.tenants.get(tenant), _GROUPS, "caller"))]


def stated(
    environment: str, settings: Mapping[str, JsonValue], approved: Mapping[str, Mapping[str, JsonValue]]
) -> Stated:
    """Read the settings; what is missing is stated nowhere, and so nothing may go by it."""
    issuers = [mapping(one) for one in entries(at(settings.get("entry"), "issuers"))]
    return Stated(
        environment=environment,
        issuers={str(one.get("name")): one for one in issuers},
        tenants=mapping(settings.get("tenants")),
        kitchens=mapping(settings.get("kitchens")),
        approved=approved,
    )
