"""Who signs the tokens by which callers are known: whoever does lets in whom it likes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing


def request_authentication(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Istio's RequestAuthentication."""
    for path, rule in listed(at(spec, "jwtRules"), "spec.jwtRules"):
        yield from _issuer(case, at(rule, "issuer"), f"{path}.issuer")


def auth_policy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Kuadrant's AuthPolicy."""
    for where in ("", "defaults.", "overrides."):
        holder = at(spec, where.rstrip(".")) if where else spec
        methods = at(holder, "rules", "authentication")
        if methods is UNKNOWN:
            yield Fault(path=f"spec.{where}rules.authentication", text=NOT_KNOWN)
        for name, method in mapping(methods).items():
            if at(method, "jwt") is not None:
                path = f"spec.{where}rules.authentication.{name}.jwt.issuerUrl"
                yield from _issuer(case, at(method, "jwt", "issuerUrl"), path)


def security_policy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Envoy Gateway's SecurityPolicy."""
    for path, provider in listed(at(spec, "jwt", "providers"), "spec.jwt.providers"):
        yield from _issuer(case, at(provider, "issuer"), f"{path}.issuer")
    if at(spec, "oidc") is not None:
        yield from _issuer(case, at(spec, "oidc", "provider", "issuer"), "spec.oidc.provider.issuer")


def _issuer(case: Case, issuer: JsonValue, path: str) -> Iterator[Fault]:
    if issuer not in entries(case.config.get("issuers")):
        text = missing(issuer)
        yield Fault(path=path, text=f"{text}, and the configuration of this rule lists no such issuer of tokens")
