"""Who reaches our buckets at a MinIO: users, groups, keys and policies held against what is declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tools.drift_report.findings import Finding, Place, Seen, Unjudged, What, sum_of

if TYPE_CHECKING:
    from components.object_store.minio.accounts import Accounts

_ADMIN = "admin:"
_ARN = "arn:aws:s3:::"
_VARIABLE = re.compile(r"\$\{[^}]*\}")
"""What a pattern takes from whoever asks: an account may be called as a bucket is."""
_BUILT_IN = frozenset({"consoleAdmin", "diagnostics", "readonly", "readwrite", "writeonly"})
"""Policies that every MinIO has; they are told where somebody has them, and not where they lie about."""
_SIGNING_IN = "sign-in of people by OpenID"

OWN_POLICIES, OTHERS, OWN_ACCOUNT, TEMPORARY = "built-in-policy", "of-others", "own-account", "temporary-key"
DEPLOYER = "deployer"
"""As in the cluster."""
RULES = {
    OWN_POLICIES: "every MinIO has it, and nobody has it attached",
    OTHERS: "it is of another program of the store, and reaches none of our buckets",
    OWN_ACCOUNT: "it is the account by which this command looks",
    TEMPORARY: "it ends by itself within days, and its user, who is no user of ours, may do no less",
}


class Ours:
    """What of a store is declared: names of buckets, access keys of users, names of policies, owners; our own key."""

    def __init__(
        self,
        *,
        buckets: Iterable[str],
        users: Iterable[str],
        policies: Iterable[str],
        owners: Iterable[Any],
        own: str,
        accounts: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """`accounts` are those of `kitchen identity`, by name with what each may do."""
        self.buckets, self.users, self.policies = frozenset(buckets), frozenset(users), frozenset(policies)
        self.owners, self.own = frozenset(owners) - {None, ""}, own
        self.accounts = {name: _same(document) for name, document in accounts.items()}

    def reached(self, document: Mapping[str, Any]) -> str:
        """What a policy allows on our buckets, in words; empty where it reaches none of them.

        What it denies is not looked at: a denial may be passed over by another policy's condition.
        """
        statements = document.get("Statement") or []
        for statement in statements if isinstance(statements, list) else [statements]:
            if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
                continue
            actions = _list(statement.get("Action"))
            if any(map(_administers, actions)):
                return "administers the store"
            if "NotResource" in statement or "NotAction" in statement:
                return "allows all but some"
            for pattern in _list(statement.get("Resource")):
                # MinIO's patterns know `*` and `?` alone.
                # A `*` reaches beyond the next `/`, into what any bucket holds.
                head, star, _ = _VARIABLE.sub("*", pattern.removeprefix(_ARN)).partition("/")[0].partition("*")
                name = head.replace("[", "[[]") + star
                if hit := sorted(bucket for bucket in self.buckets if fnmatchcase(bucket, name)):
                    return f"reaches {hit[0]}" + (f" and {len(hit) - 1} more of ours" if len(hit) > 1 else "")
        return ""


def _administers(action: str) -> bool:
    """Whether an action is one of administration, or a pattern that one may match: `ad*` is one too."""
    plain, wild, _ = re.split(r"([*?])", f"{action}*", maxsplit=1)
    return plain.startswith(_ADMIN) or (_ADMIN.startswith(plain) and bool(wild) and plain != action)


class People:
    """Who is known to a store, held against what is declared."""

    def __init__(self, found: Accounts, ours: Ours, seen: Seen) -> None:
        """What is found goes to `seen`."""
        self._found, self._ours, self._seen = found, ours, seen
        self._reach = {name: ours.reached(document) for name, document in found.policies.items()}
        self._groups = {group: self._first(policies) for group, policies in found.groups.items()}

    def tell(self) -> None:
        """Users, further keys, policies and groups that are not declared and reach what is ours."""
        for name in self._found.users:
            self._user(name)
        for name, user in self._found.keys.items():
            self._key(name, user)
        for name, document in self._found.policies.items():
            self._policy(name, document)
        for name, why in self._groups.items():
            self._told("group of the store", name, why, "remove it, or narrow its policies")
        for name, user in self._found.temporary.items():
            self._temporary(name, user)
        for site in self._found.sites:
            self._unjudged("replication of the store", site, "that store holds a copy of everything", site, told=True)
        self._signing_in()

    def _user(self, name: str) -> None:
        if name in self._ours.users:
            for group in self._found.members.get(name, ()):
                text = f"member of group {group}, which is not declared"
                self._told("membership of user", name, text, f"take it out of group {group}")
        elif name == self._ours.own:
            self._seen.known[OWN_ACCOUNT] += 1
        elif self._is_of_identity(name):
            self._seen.known[DEPLOYER] += 1
        else:
            self._told("user of the store", name, self._reached(name), "remove it, or narrow its policies")

    def _is_of_identity(self, user: str) -> bool:
        """Whether a user is an account of `kitchen identity`, and may do what its way may and no more."""
        wanted = self._ours.accounts.get(user)
        documents = [self._found.policies.get(name) for name in self._found.users.get(user, ())]
        is_alone = not self._found.members.get(user)
        return wanted is not None and is_alone and all(_same(document) == wanted for document in documents)

    def _key(self, name: str, user: str) -> None:
        of_ours = user in self._ours.users
        # Whom the store does not list among its users, and who has keys, is its root account, or one of a directory.
        is_root = user == self._ours.own or (user not in self._found.users and "=" not in user)
        why = "administers the store" if is_root else self._reached(user)
        if name == self._ours.own:
            self._seen.known[OWN_ACCOUNT] += 1
        else:
            text = f"a further key of {user}{'' if of_ours else f', which {why}'}"
            self._told("access key", name, text if of_ours or why else "", "remove it")

    def _temporary(self, name: str, user: str) -> None:
        """Servers sign in with the key that they have been given: nobody makes another for them."""
        if user in self._ours.users:
            self._told("temporary key", name, f"made by or for {user}", f"rotate the key of {user}")
        else:
            self._seen.known[TEMPORARY] += 1

    def _signing_in(self) -> None:
        """Who signs in by OpenID has what a role says, or the token: then the store cannot say who may do what."""
        if self._found.providers is None:
            why = "the store tells its settings to who may change them alone (admin:ConfigUpdate)"
            self._seen.unasked.append(f"by whom people sign in with OpenID: {why}")
        for one in self._found.providers or ():
            if why := self._first(one.policies):
                self._unjudged(_SIGNING_IN, one.name, f"{why}, for everybody whom it knows", one.policies, told=True)
            elif not one.policies:
                why = "each token says which policies its bearer has; the store does not know whom it will let in"
                self._unjudged(_SIGNING_IN, one.name, why, one.name)
        for person, keys in self._found.signed_in.items():
            why = f"{keys} access keys of somebody who has signed in by OpenID, with what the token said"
            if keys:
                self._unjudged("keys of a person", person, why, keys)

    def _unjudged(self, kind: str, name: str, why: str, content: Any, *, told: bool = False) -> None:
        self._seen.unjudged.append(
            Unjudged(
                place=Place.STORE,
                kind=kind,
                name=name,
                why=why,
                sum=sum_of(content),
                is_told=told,
                way="take it off the store",
            )
        )

    def _policy(self, name: str, document: Mapping[str, Any]) -> None:
        attached = (*self._found.users.values(), *self._found.groups.values())
        if name in self._ours.policies:
            return
        if name in _BUILT_IN:  # where somebody has it attached, that one is told
            self._seen.known[OWN_POLICIES] += not any(name in policies for policies in attached)
            return
        if _same(document) in self._ours.accounts.values():  # whoever has it is told, or known
            self._seen.known[DEPLOYER] += 1
            return
        why = self._reach[name] or ("has our name as its owner" if document.get("ID") in self._ours.owners else "")
        self._told("policy of the store", name, why, "remove it, or narrow it")

    def _reached(self, user: str) -> str:
        """Why an account is told: what it reaches by its own policies or by those of its groups."""
        groups = [(group, self._groups.get(group)) for group in self._found.members.get(user, ())]
        by_group = next((f"{why}, by group {group}" for group, why in groups if why), "")
        return self._first(self._found.users.get(user, ())) or by_group

    def _first(self, policies: Sequence[str]) -> str:
        return next((f"{why}, by policy {name}" for name in policies if (why := self._reach.get(name))), "")

    def _told(self, kind: str, name: str, why: str, way: str) -> None:
        """What has no reason to be told is of others."""
        if why:
            self._seen.findings.append(undeclared(kind, name, why, way))
        else:
            self._seen.known[OTHERS] += 1


def undeclared(kind: str, name: str, more: str, way: str) -> Finding:
    """A finding of something that stands at the store and that nobody declares."""
    return Finding(place=Place.STORE, what=What.UNDECLARED, kind=kind, name=name, more=more, way=way)


def _same(document: Any) -> Any:
    """A policy in one spelling."""
    from components.object_store.bucket_policy import canonical  # noqa: PLC0415 - the engine's SDK comes with it

    return canonical(document)


def _list(value: Any) -> Iterator[str]:
    yield from map(str, value if isinstance(value, list) else [value] if value else [])
