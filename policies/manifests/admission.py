"""Webhooks of the API server: where their requests go, and whether Secrets go there too."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, without_key

GROUP = "admissionregistration.k8s.io"
KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")

_CORE = ("", "*")
_SECRETS = ("*", "*/*", "secrets", "secrets/*")


def webhook_faults(webhooks: JsonValue) -> Iterator[Fault]:
    """A webhook is a Service of the cluster, and is not told of Secrets."""
    for path, hook in listed(webhooks, "webhooks"):
        url = at(hook, "clientConfig", "url")
        if hook is UNKNOWN or url is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
            continue
        if url is not None:
            text = f"is {without_key(url)!r}: every request that it asks for goes to an address, past the network rules"
            yield Fault(path=f"{path}.clientConfig.url", text=text)
        for where, rule in listed(at(hook, "rules"), f"{path}.rules"):
            groups = [value for _, value in listed(at(rule, "apiGroups"), where)]
            for place, resource in listed(at(rule, "resources"), f"{where}.resources"):
                if UNKNOWN in groups or resource is UNKNOWN:
                    yield Fault(path=place, text=NOT_KNOWN)
                elif resource in _SECRETS and any(group in _CORE for group in groups):
                    yield Fault(path=place, text=f"{shown(resource)}, so it reads every Secret that is written")
