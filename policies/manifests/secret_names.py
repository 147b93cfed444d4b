"""Names that say that a value is a secret, and values that are none whatever their name."""

from __future__ import annotations

import re
from functools import lru_cache

_NAMES = re.compile(
    r"(?:password|passwort|passwd|passwrd|pswd|passphrase|passcode|kennwort|requirepass|masterauth|"
    r"(?:redis|valkey|keydb)cli[_-]?auth|"
    r"(?:^|[^a-z])(?:pass|pwd|pw|psw|secret|secret[_-]?access[_-]?key|access[_-]?key|api[_-]?key"
    r"|(?:secret|private|encryption|signing|master|account|shared|storage|client)[_.-]?key|secret[_-]?key[_-]?base"
    r"|(?:auth|access|bearer)[_-]?token|token|credentials?))[_-]?[0-9]*"
    r"(?:[_-](?:value|plain|plaintext|clear|cleartext|raw|b64|base64|prod|production|dev|default|old|new|current))?$"
)
_MAY_BE = re.compile(
    r"[a-z0-9][_-]?(?:key|keys|pat|jwt|cookie|auth|salt|pepper|sas|licen[cs]e|psk|otp|hmac|creds)[_-]?[0-9]*$"
)
"""Names under which a value may be a secret: there it must look like one."""

_OTHER_KEYS = re.compile(
    r"(?:public|partition|sort|primary|foreign|routing|cache|topology|label|annotation|taint|toleration|row|index|group"
    r"|map|object|file|column|field|hash|lookup|search|metric|context|session|message|event|config|ssh[_-]?host|host"
    r"|bucket|dedup|shard|translation|i18n|env|json|yaml|meta|hot|tls|cert|redis|kv|registry)[_-]?keys?[_-]?[0-9]*$"
)
"""Keys that open nothing."""

_WORDS_OF_TEXT = re.compile(
    r"(?:^|[_.-])(?:bos|eos|pad|padding|unk|unknown|sep|cls|mask|image|video|audio|speech|first|per|max|min|special|stop"
    r"|think|thinking|reasoning|tool|output|input|prompt|completion|generated|draft|decoder|language|boundary|delimiter"
    r"|eot|eom|bot|bom|sot|begin|begin_of_text|end_of_text|nospeech|word|sub|next_output|inter|each|im_start|im_end)"
    r"(?:_(?:start|end|begin|id|str))*[_-]?token[_-]?[0-9]*$"
)
"""Tokens that are pieces of text: of tokenizers, and as units of time and cost."""

_NAMES_AN_OBJECT = re.compile(
    r"(?:existing|pull|password|tls|ca|cert|certificate|credentials?|creds|token|key|auth)[_-]?secret$"
)
"""Fields that hold the name of a Secret, as charts and operators call them."""

_SECRETS_THEMSELVES = re.compile(r"(?:client|shared|consumer|app|application|api|cookie|webhook|hmac)[_-]?secret$")
_OBJECT = re.compile(r"[a-z](?:[a-z]*|[a-z]*[0-9]{1,2})(?:[-.](?:[a-z]+[0-9]{0,2}|[0-9]{1,3}|v[0-9]+))*")
"""A name that people give to an object: words, with small numbers."""

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MADE = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/=_.~!@#%^&*-]{12,}")
"""What a generator makes: letters and digits without a blank."""

_PLACES = (
    r"(?:app|bin|certs?|config|data|dev|etc|home|keys?|lib|local|media|mnt|opt|pki|private|proc|projected|root|run|secrets?"
    r"|srv|ssl|sys|tls|tmp|tokens?|usr|var|vault|volumes?|workspace)"
)
_PATH = rf"/{_PLACES}(?:/[^\s/]+)*/?"
_REFERENCE = re.compile(
    r"\$\([^()]*\)|\$\{[^{}]*\}|\$\{\{.*\}\}|\$[a-z_][\w.:-]*|\$[0-9@*]|\{\{.*\}\}|<[^<>]*>|%[\w.]+%|%\([\w.]+\)s"
    r"|\[[\w ]+\]|!(?:ref|vault|secret|env|sub|getatt)\b.*|ENC\[.*|os\.environ/\w+"
    rf"|file:(?://)?{_PATH}|env:[a-z_]\w*|(?:vault|k8s|secret|ref\+\w+|op|sm|awssm|gcpsm|azkv|awsssm):(?://)?[\w.-]+[/#:][\w./#:-]+"
    rf"|arn:aws[\w-]*:[\w:/.-]+|projects/[\w-]+/secrets/[\w/.-]+"
    rf"|true|false|yes|no|null|none|nil|on|off|~|undefined|{_PATH}|\*+|x{{3,}}|\.{{3}}|-+|redacted"
    r"|empty|dummy|unused|not[ _-]?(?:needed|used|required)|\$__(?:file|env|vault)\{[^{}]*\}",
    re.IGNORECASE | re.DOTALL,
)
"""Whole values that are no secret: variables, templates, placeholders, tags of YAML, what SOPS has encrypted, where the
value lies, switches, paths below the usual places, masks."""

_DEFAULT = re.compile(
    r"\$\{(?!(?:env|file|vault|secrets?|sys|directory|configmap|k8s|kubernetes|op|ssm|aws|gcp|azure|config)[:.])"
    r"[\w.-]+?(?::[-=]?|[-=])(?P<default>(?![?+])[^{}]+)\}",
    re.IGNORECASE,
)
"""A reference with what stands in its place where there is no such variable: of shells, and of Spring."""

_OPENED = re.compile(
    r"(?:\$__(?:file|env|vault)\{[^{}]*\}|\$\((?:[^()]|\([^()]*\))*\)|\$\{[^{}]*\}|\{\{.*?\}\}|<[^<>]*>|!(?:ref|vault|secret|env|sub|getatt)\b|ENC\[|\$[a-z_]\w*)"
    r"(?=[\s\"';,)&|:/.-]|$|(?<=\[))",
    re.IGNORECASE,
)
"""What begins as one and may go on behind a blank."""

_CODE_CALL = re.compile(r"[a-z_][\w.]*(?:\((?:[\w., =*\[\]-]*\))?|\[[^\]]*\]?)[).,:]*", re.IGNORECASE)
_CODE_LINE = re.compile(
    r"[a-z_][\w.]*[(\[][^\n]{0,300}[)\]](?:\.\w{1,60}(?:\([^()]{0,100}\))?|\[[^\[\]]{0,60}\]|[),;: ]){0,9}",
    re.IGNORECASE,
)
"""Calls and elements of programs, as a value that a line cuts short and as the whole rest of the line."""


def _said(name: str) -> str:
    return _HUMPS.sub("_", name.strip("-")).lower()


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a field, variable or flag of this name holds a secret itself, not a reference to one."""
    said = _said(name)
    if _NAMES.search(said) is None or _NAMES_AN_OBJECT.search(said) is not None:
        return False
    return _WORDS_OF_TEXT.search(said) is None


@lru_cache(maxsize=4096)
def _may_name_a_secret(name: str) -> bool:
    said = _said(name)
    return _MAY_BE.search(said) is not None and _OTHER_KEYS.search(said) is None


def is_secret(name: str, value: str) -> bool:
    """Whether a value under a name is a secret, as far as both say it."""
    if _PAIR.fullmatch(value) and _said(name).endswith(("basic_auth", "neo4j_auth", "http_auth", "proxy_auth")):
        return True
    value = value.removeprefix("base64:")
    if names_a_secret(name):
        return not is_reference(value)
    return len(value) >= _LEAST and _may_name_a_secret(name) and looks_made(value)


_LEAST = 16
_PAIR = re.compile(r"[^\s:/]+:(?![$<{%*])[^\s:/]{4,}")
"""A user and a password."""


def looks_made(value: str) -> bool:
    """Whether a value has the form of what generators make, and is no path, address or name."""
    return _MADE.fullmatch(value) is not None and "://" not in value and not is_reference(value) and not _is_name(value)


def _is_name(value: str) -> bool:
    """A word in lower case with dots and slashes, such as a label's key or a host."""
    return value.islower() and ("." in value or "/" in value) and not re.search(r"[0-9a-f]{16}", value)


def is_reference(text: str) -> bool:
    """Whether a value under such a name is no secret: empty, a switch, a variable, a path; the whole value counts."""
    said = text.strip()
    found = _DEFAULT.fullmatch(said) if said.startswith("${") else None
    return is_reference(found["default"]) if found else not text or _REFERENCE.fullmatch(said) is not None


def is_reference_in_a_line(value: str, rest: str) -> bool:
    """The same for a value in a file's line: `rest` is the line from there on, where the value may end too early."""
    call = ("(" in value or "[" in value) and _CODE_CALL.fullmatch(value) is not None
    found = _DEFAULT.match(rest.lstrip("\"'"))
    if found:
        return is_reference(found["default"])
    if is_reference(value) or call:
        return True
    if ("(" in value or "[" in value) and _CODE_LINE.fullmatch(rest.strip()):
        return True
    return _OPENED.match(rest.lstrip("\"'")) is not None


def names_an_object(name: str, value: str) -> bool:
    """Whether a field of an object holds the name of a Secret: `giteaAdminSecret: gitea-admin-login`."""
    said = _said(name)
    return said.endswith("secret") and _SECRETS_THEMSELVES.search(said) is None and _OBJECT.fullmatch(value) is not None
