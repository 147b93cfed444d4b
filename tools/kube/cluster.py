"""Objects of a cluster by kind, with the rights of whoever asks."""

from __future__ import annotations

import http
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from tools.kube.transport import KubeError, Transport

Object = Mapping[str, Any]
"""One object as the API server gives it."""

_BRIEF = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
_PAGE = 500
_THREADS = 8
_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Kind(NamedTuple):
    """A kind of objects in one version, as manifests name it."""

    api_version: str
    kind: str

    def __str__(self) -> str:
        """Return the kind's name."""
        return self.kind


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What was found, and of which kinds it is not known what is there: by kind the reason."""

    objects: Sequence[tuple[Kind, Object]] = ()
    unread: Mapping[Kind, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Resource:
    base: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.base}{inside}/{self.plural}" + (f"/{name}" if name else "")


class RefusedError(KubeError):
    """The server answered, and not with what was asked for."""


class ForbiddenError(RefusedError):
    """Whoever asks may not read it."""


class Kube:
    """One cluster. Of Secrets the metadata alone is asked for: their content never reaches this process."""

    def __init__(self, transport: Transport) -> None:
        """Ask through `transport`; nothing is asked yet."""
        self._transport = transport
        self._known: dict[str, dict[str, _Resource]] = {}

    def listing(
        self,
        kinds: Iterable[Kind],
        *,
        selector: Mapping[str, str] | None = None,
        namespaces: Sequence[str] = (),
        inside: str = "",
    ) -> Listing:
        """Every object of the kinds that has the labels; one request a kind, side by side.

        With `inside`, those of one namespace. Else who may not list a kind in the whole cluster is shown what is in
        `namespaces`. A kind that cannot be listed, or that the cluster does not serve, is in `unread`. Raises KubeError
        when there is no answer at all.
        """
        wanted = sorted(set(kinds))
        self._discover({kind.api_version for kind in wanted})
        query = {"labelSelector": ",".join(f"{key}={value}" for key, value in (selector or {}).items())}
        query = {key: value for key, value in query.items() if value}
        found: list[tuple[Kind, Object]] = []
        unread: dict[Kind, str] = {}
        for kind, answer in zip(
            wanted, self._each(lambda kind: self._all(kind, query, namespaces, inside), wanted), strict=True
        ):
            if isinstance(answer, str):
                unread[kind] = answer
            else:
                found += [(kind, item) for item in answer]
        return Listing(objects=found, unread=unread)

    def served(self) -> set[Kind]:
        """Kinds that the cluster serves, of the versions that were asked for so far."""
        return {Kind(version, kind) for version, kinds in self._known.items() for kind in kinds}

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """One object; None where there is none. Raises KubeError, ForbiddenError among them."""
        self._discover({kind.api_version})
        resource = self._known[kind.api_version].get(kind.kind)
        if resource is None:
            return None
        status, answer = self._ask("GET", resource.path(namespace, name), _accept(kind))
        if status == http.HTTPStatus.NOT_FOUND:
            return None
        return _checked(status, answer, f"{kind} {name}")

    def get_all(self, wanted: Sequence[tuple[Kind, str, str]]) -> Sequence[Object | KubeError | None]:
        """Many objects by kind, namespace and name, side by side: in each place the object, None, or why not."""
        self._discover({kind.api_version for kind, _, _ in wanted})

        def one(entry: tuple[Kind, str, str]) -> Object | KubeError | None:
            try:
                return self.get(*entry)
            except KubeError as error:
                return error

        return list(self._each(one, wanted))

    def kinds(self) -> tuple[dict[Kind, bool], list[str]]:
        """Every kind that can be listed, in the version that its group prefers, with whether it lies in namespaces.

        A kind that the preferred version lacks is there in the first other version that has it. Beside it a sentence
        on each version that gave no answer. Raises KubeError when there is no answer at all.
        """
        status, answer = self._ask("GET", "/apis", "application/json")
        groups = _checked(status, answer, "the API groups", "groups")["groups"] or []
        try:
            orders = [["v1"], *map(_preferred_first, groups)]
        except (KeyError, TypeError, AttributeError) as error:
            raise RefusedError("the API groups: the answer is no list of groups") from error
        versions = [version for order in orders for version in order]
        told = dict(zip(versions, self._each(self._listable, versions), strict=True))
        found: dict[Kind, bool] = {}
        for order in orders:
            names: set[str] = set()
            for version in order:
                of_version = told[version]
                if isinstance(of_version, str):
                    continue
                new = {kind: resource for kind, resource in of_version.items() if kind not in names}
                found |= {Kind(version, kind): resource.namespaced for kind, resource in new.items()}
                names |= set(new)
                self._known[version] = {**of_version, **self._known.get(version, {})}
        return found, [why for why in told.values() if isinstance(why, str)]

    def plurals(self, kinds: Mapping[Kind, bool]) -> list[tuple[Kind, str]]:
        """Of an answer of `kinds` those in namespaces, with what rules call each."""
        inside = sorted(kind for kind, namespaced in kinds.items() if namespaced)
        return [(kind, self._known[kind.api_version][kind.kind].plural) for kind in inside]

    def metadata(
        self, asked: Sequence[tuple[Kind, str]], selector: Mapping[str, str] | None = None
    ) -> Sequence[list[Object] | str]:
        """Of each kind and namespace (none: the whole cluster) the objects, or why they cannot be listed.

        Of every object its metadata alone, whatever kind it is: no content reaches this process.
        """
        query = {"labelSelector": ",".join(f"{key}={value}" for key, value in selector.items())} if selector else {}
        self._discover({kind.api_version for kind, _ in asked})

        def one(entry: tuple[Kind, str]) -> list[Object] | str:
            kind, namespace = entry
            resource = self._known[kind.api_version].get(kind.kind)
            if resource is None:
                return f"the cluster serves no {kind.kind} of {kind.api_version}"
            try:
                return self._pages(kind, resource.path(namespace), query, brief=True)
            except RefusedError as error:
                return str(error)

        return list(self._each(one, asked))

    def own_rights(self, namespace: str) -> Sequence[Mapping[str, Any]]:
        """Rules of what whoever asks may do in a namespace, and in the whole cluster. Raises KubeError.

        Also where the server knows not all of it, as with an authorizer that lists nothing: no rule is no answer.
        """
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        status, answer = self._ask("POST", path, "application/json", json.dumps(body).encode())
        told = _checked(status, answer, f"own rights in namespace {namespace}").get("status") or {}
        if told.get("incomplete"):
            why = told.get("evaluationError") or "the server's authorizer lists no rights"
            raise RefusedError(f"own rights in namespace {namespace} are not told whole: {why}")
        rules: Sequence[Mapping[str, Any]] = told.get("resourceRules") or []
        return rules

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Remove one object and what it owns, in the background; one that is gone is fine. Raises KubeError."""
        self._discover({kind.api_version})
        path = self._known[kind.api_version][kind.kind].path(namespace, name)
        status, answer = self._ask("DELETE", f"{path}?propagationPolicy=Background", "application/json")
        if status != http.HTTPStatus.NOT_FOUND:
            _checked(status, answer, f"removing {kind} {namespace}/{name}")

    def _all(self, kind: Kind, query: Mapping[str, str], namespaces: Sequence[str], inside: str) -> list[Object] | str:
        resource = self._known[kind.api_version].get(kind.kind)
        if resource is None:
            return f"the cluster serves no {kind.kind} of {kind.api_version}"
        try:
            return self._pages(kind, resource.path(inside), query)
        except ForbiddenError as error:
            if not resource.namespaced or inside or not namespaces:
                return str(error)
        except RefusedError as error:  # a conversion webhook that is down, for one
            return str(error)
        try:
            return [item for name in namespaces for item in self._pages(kind, resource.path(name), query)]
        except RefusedError as error:
            return str(error)

    def _pages(self, kind: Kind, path: str, query: Mapping[str, str], *, brief: bool = False) -> list[Object]:
        found: list[Object] = []
        after = ""
        while True:
            words = {**query, "limit": str(_PAGE), **({"continue": after} if after else {})}
            answer = self._ask("GET", f"{path}?{urlencode(words)}", _accept(kind, "List", brief=brief))
            content = _checked(*answer, f"listing {kind}", "items")
            items = content["items"] or []
            if not (isinstance(items, list) and all(map(_is_object, items))):
                raise RefusedError(f"listing {kind}: the answer is no list of objects")
            found += items
            before, after = after, (content.get("metadata") or {}).get("continue", "")
            if not after:
                return found
            if after == before:
                raise RefusedError(f"listing {kind}: the server sends the same page again and again")

    def _discover(self, versions: Iterable[str]) -> None:
        """Learn paths and scopes: one small request for each version of an API group, as every server answers it."""
        missing = sorted(set(versions) - set(self._known))
        for version, found in zip(missing, self._each(self._resources, missing), strict=True):
            self._known[version] = found

    def _listable(self, version: str) -> dict[str, _Resource] | str:
        try:
            return self._resources(version, "list")
        except RefusedError as error:  # a part of the API that another server answers, and that is away
            return str(error)

    def _resources(self, version: str, verb: str = "") -> dict[str, _Resource]:
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        status, answer = self._ask("GET", base, "application/json")
        if status == http.HTTPStatus.NOT_FOUND and not verb:
            return {}
        return {
            entry["kind"]: _Resource(base=base, plural=entry["name"], namespaced=entry["namespaced"])
            for entry in _checked(status, answer, f"the kinds of {version}").get("resources") or []
            if "/" not in entry["name"] and (not verb or verb in entry.get("verbs", []))
        }

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_THREADS)

    def _each(self, call: Callable[[_In], _Out], over: Sequence[_In]) -> Iterable[_Out]:
        return self._pool.map(call, over) if len(over) > 1 else map(call, over)

    def _ask(self, method: str, path: str, accept: str, body: bytes | None = None) -> tuple[int, bytes]:
        try:
            return self._transport.request(method, path, body, accept=accept)
        except KubeError:
            raise
        except Exception as error:
            raise KubeError(str(error)) from error


def _accept(kind: Kind, many: str = "", *, brief: bool = False) -> str:
    return _BRIEF.format(many) if brief or kind.kind == "Secret" else "application/json"


def _is_object(item: Any) -> bool:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def _preferred_first(group: Mapping[str, Any]) -> list[str]:
    versions = [group["preferredVersion"], *(group.get("versions") or [])]
    return list(dict.fromkeys(str(version["groupVersion"]) for version in versions))


def _checked(status: int, answer: bytes, what: str, key: str = "") -> dict[str, Any]:
    """The answer's content, with `key` in it: what is no list says nothing of what is there. Raises RefusedError."""
    try:
        content = json.loads(answer)
    except ValueError:
        content = None
    if status < http.HTTPStatus.BAD_REQUEST and isinstance(content, dict) and (not key or key in content):
        return content
    said = content.get("message") if isinstance(content, dict) else answer.decode(errors="replace")
    text = f"{what}: {status}: {str(said).strip()[:300]}"
    raise ForbiddenError(text) if status == http.HTTPStatus.FORBIDDEN else RefusedError(text)
