"""Rules about the registry's credentials and the authorities' certificates; none of them shows what it looks at."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import HIDDEN, Fault
from infra.settings import Settings
from infra.strict_json import JsonError, TwiceError, parse

_CREDENTIALS = "registryCredentials"
_CERTIFICATES = "objectStore.tls.certificates"
_BLOCK = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_MOST_CHARACTERS = 1_000_000
"""A ConfigMap holds 1 MiB."""


def credentials_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """The text is docker's config JSON and has an entry for the registry."""
    if settings.registry_credentials is None:
        return
    if settings.pull_secret is None:
        rule = "pullSecret names the Secret that holds them"
        yield Fault(path=_CREDENTIALS, value=HIDDEN, rule=rule, example="pullSecret: registry-pull")
    text = settings.registry_credentials.value
    if text is None:
        return
    host = settings.registry.split("/", maxsplit=1)[0]
    example = f'{{"auths": {{"{host}": {{"auth": "<base64 of user:password>"}}}}}}'
    broken = _docker_config_rule(text, host)
    if broken is not None:
        yield Fault(path=_CREDENTIALS, value=HIDDEN, rule=broken, example=example)


def certificates_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """The text is one certificate or more, and nothing secret."""
    text = settings.object_store.certificates
    if text is not None:
        example = "certificates: |, then the lines from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
        yield from pem_faults(_CERTIFICATES, text, example)


def pem_faults(path: str, text: str, example: str) -> Iterator[Fault]:
    """A setting is whole certificates as PEM, one or more, that fit a ConfigMap; a private key is not shown."""
    shown = f"({len(text)} characters)"
    if "PRIVATE KEY" in text:
        rule = "holds a private key, which is not for a bundle: change that key, it is in the history now"
        yield Fault(path=path, value=HIDDEN, rule=rule, example=example)
        return
    if len(text) > _MOST_CHARACTERS:
        rule = f"has more than {_MOST_CHARACTERS} characters, which no ConfigMap holds"
        yield Fault(path=path, value=shown, rule=rule, example="the authorities that the store needs")
        return
    blocks = _BLOCK.findall(text)
    if not blocks or len(blocks) != text.count("-----BEGIN "):
        yield Fault(path=path, value=shown, rule="must be certificates as PEM, whole ones", example=example)
        return
    for index, block in enumerate(blocks, start=1):
        if not _is_certificate(block):
            rule = f"certificate {index} of {len(blocks)} cannot be read"
            yield Fault(path=path, value=shown, rule=rule, example=example)


def _docker_config_rule(text: str, host: str) -> str | None:
    """The rule that the text breaks, in words that say nothing of it."""
    try:
        content = parse(text)
    except TwiceError:
        return "holds an object with one name twice: which of the two counts, is for each reader to choose"
    except JsonError:
        return "must be JSON"
    auths = content.get("auths") if isinstance(content, dict) else None
    if not isinstance(auths, dict):
        return "must be docker's config JSON with `auths`"
    entries = [entry for address, entry in auths.items() if _host(address) == host]
    if not entries:
        return f"`auths` has no entry for the registry {host}"
    if not all(isinstance(entry, dict) and _is_complete(entry) for entry in entries):
        return f"the entry for {host} must have `auth`, or `username` and `password`"
    return None


def _host(address: str) -> str:
    return address.removeprefix("https://").split("/", maxsplit=1)[0]


def _is_complete(entry: dict[str, object]) -> bool:
    if "auth" not in entry:
        return all(isinstance(entry.get(key), str) and entry[key] for key in ("username", "password"))
    try:
        return b":" in base64.b64decode(str(entry["auth"]), validate=True)
    except (binascii.Error, ValueError):
        return False


def _is_certificate(block: str) -> bool:
    import ssl  # noqa: PLC0415 - few environments state certificates, and every preview would pay for the import

    try:
        der = ssl.PEM_cert_to_DER_cert(block)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ValueError, ssl.SSLError):
        return False
    return True
