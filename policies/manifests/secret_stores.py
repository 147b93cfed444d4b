"""Stores of External Secrets: which provider, at which address, and whose keys or account are shown to it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown
from policies.manifests.hosts import in_a_tenants, outside
from policies.manifests.understood_beside import is_stated

_OWN_ACCOUNT = ("serviceAccountRef", "secretRef")
_OWN_NAMESPACE = "external-secrets"
"""Where External Secrets runs: what a store for all namespaces shows a vault may lie there."""

_WAYS = ("kubernetes", "appRole", "tokenSecretRef", "userPass", "ldap", "jwt", "cert", "namespace")
"""Ways of signing in to a vault; those of clouds are not among them."""


def secret_store(case: Case) -> Iterator[Fault]:
    """A store of External Secrets: a provider that is understood, at an address inside."""
    spec = case.subject.inputs.get("spec")
    providers = at(spec, "provider")
    if spec is UNKNOWN or providers is UNKNOWN:
        yield Fault(path="spec.provider", text=NOT_KNOWN)
    for name, provider in mapping(providers).items():
        path = f"spec.provider.{name}"
        if name == "vault":
            server = at(provider, "server")
            if text := outside(case, server) or in_a_tenants(case, server):
                yield Fault(path=f"{path}.server", text=text)
            yield from _auth(case, at(provider, "auth"), f"{path}.auth")
        elif name == "kubernetes":
            yield from _other_namespace(case, provider, path)
        elif not is_stated(case.config, "address", name):
            text = "where secrets come from is not understood: name the provider in `understood` of this rule"
            yield Fault(path=path, text=text)


def _other_namespace(case: Case, provider: JsonValue, path: str) -> Iterator[Fault]:
    remote = at(provider, "remoteNamespace")
    if case.subject.namespace is None or remote not in (None, case.subject.namespace):
        yield Fault(path=f"{path}.remoteNamespace", text=f"{shown(remote)}: Secrets of another namespace come by it")
    if at(provider, "server", "url") not in (None, "", "kubernetes.default", "https://kubernetes.default.svc"):
        yield Fault(path=f"{path}.server.url", text=f"{shown(at(provider, 'server', 'url'))}: is another cluster")


def _auth(case: Case, auth: JsonValue, path: str) -> Iterator[Fault]:
    """How it signs in: by an account or a key of the store's own namespace, never by that of the program itself."""
    if not isinstance(auth, dict) or not auth:
        yield Fault(path=path, text=NOT_KNOWN if auth is UNKNOWN else "is missing: name an account or a Secret")
        return
    for way, said in auth.items():
        if way not in _WAYS:
            yield Fault(path=f"{path}.{way}", text="is a way of signing in that is not understood")
        if way == "kubernetes" and not any(isinstance(at(said, field), dict) for field in _OWN_ACCOUNT):
            text = "names no serviceAccountRef and no secretRef, so the program shows its own token"
            yield Fault(path=f"{path}.{way}", text=text)
        yield from _references(case, said, f"{path}.{way}")


def _references(case: Case, value: JsonValue, path: str) -> Iterator[Fault]:
    """Accounts and Secrets of other namespaces."""
    if value is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    for field, entry in mapping(value).items():
        if isinstance(entry, dict) or entry is UNKNOWN:
            yield from _references(case, entry, f"{path}.{field}")
    if not path.endswith("Ref"):
        return
    named, own = at(value, "namespace"), case.subject.namespace
    others = named not in (None, own or _OWN_NAMESPACE)
    if others and not is_stated(case.config, "identity", f"{named}/{at(value, 'name')}"):
        yield Fault(path=f"{path}.namespace", text=f"{shown(named)}: shows a vault what is another namespace's")
    if at(value, "audiences") not in (None, [], ["vault"]):
        yield Fault(path=f"{path}.audiences", text=f"{shown(at(value, 'audiences'))}: the token is good elsewhere too")
