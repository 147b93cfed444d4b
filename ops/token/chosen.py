"""Which issuer of an environment gives the token."""

from __future__ import annotations

from infra.entry_settings import Issuer
from infra.faults import MISSING, Fault, FaultsError
from infra.settings import Settings


def chosen(settings: Settings, name: str | None, *, command: str = "token", path: str = "--issuer") -> Issuer:
    """The one that is named, or the only one; raise FaultsError. `path` is where it is named, by `command`."""
    if settings.entry is None:
        rule = "these settings have no entry, so nobody checks tokens"
        example = "entry: {host: ai.kitchen.example, tls: {...}, issuers: [...]}"
        raise FaultsError(command, [Fault(path="entry", value=MISSING, rule=rule, example=example)])
    clusters = {issuer.name: issuer for issuer in settings.entry.issuers if issuer.is_cluster}
    known = {issuer.name: issuer for issuer in settings.entry.issuers if not issuer.is_cluster}
    if name in clusters or not known:
        found = clusters[name] if name in clusters else next(iter(clusters.values()))
        rule = "a cluster gives tokens to pods, in a projected volume (docs/calling.md), and to administrators"
        example = f"kubectl create token NAME --namespace NAMESPACE --audience {found.audience}"
        raise FaultsError(command, [Fault(path=path, value=found.name, rule=rule, example=example)])
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None or name not in known:
        rule = f"must be one of {', '.join(known)}"
        value = MISSING if name is None else name
        raise FaultsError(command, [Fault(path=path, value=value, rule=rule, example=next(iter(known)))])
    return known[name]
