"""Texts that are secrets whatever they are called: by their form, or by the command that they are given to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from policies.manifests.token_prefixes import has_token

_ACCESS = "an access token"
_HEADER = "a header that authorizes"
_CONNECTION = "a password in a connection string"
_GIVEN = r"(?![$<{%*])"
"""No variable, template or mask stands here."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of a secret; every text of it has one of `hints`, in lower case, so that most are passed over quickly."""

    name: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]


FORMS: tuple[Form, ...] = (
    Form(
        name="an AWS access key",
        hints=("akia", "asia"),
        pattern=re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])"),
    ),
    Form(
        name="a private key",
        hints=("private key",),
        pattern=re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ),
    Form(
        name="credentials of a registry",
        hints=('"auth"',),
        pattern=re.compile(r'"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"'),
    ),
    Form(
        name="a JSON web token",
        hints=("eyj",),
        pattern=re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ),
    Form(
        name=_ACCESS,
        hints=("gh", "hf_", "sk-"),
        pattern=re.compile(
            r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|hf_[A-Za-z]{30,}|sk-(?=[A-Za-z_-]{0,60}[0-9])[\w-]{20,})"
        ),
    ),
    Form(
        name="a password in an address",
        hints=("://",),
        pattern=re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"]*:(?![$<{])[^\s/@\"]+@"),
    ),
    Form(
        name="a token in an address",
        hints=("://",),
        pattern=re.compile(r"://(?=[A-Za-z_-]{0,60}[0-9])(?=[0-9_-]{0,60}[A-Za-z])[\w-]{20,200}@"),
    ),
    Form(
        name="a password in an address",
        hints=("oracle:",),
        pattern=re.compile(rf"jdbc:oracle:\w+:[^\s/:@]{{1,100}}/{_GIVEN}[^\s/@]{{2,200}}@"),
    ),
    Form(
        name="a password of a login",
        hints=("loginmodule",),
        pattern=re.compile(rf"LoginModule\s[^;]{{0,300}}?\bpassword\s{{0,9}}=\s{{0,9}}[\"']?{_GIVEN}[^\"'\s;]{{3,}}"),
    ),
    Form(
        name="a password among options of a mount",
        hints=("pass=", "password="),
        pattern=re.compile(
            rf"(?i)\buser(?:name)?=[^,\s]{{1,100}},(?:[\w.=/-]{{1,60}},){{0,9}}pass(?:word)?={_GIVEN}[^,\s]{{3,}}"
        ),
    ),
    Form(
        name="a password in a list of users",
        hints=(">", "insecure-password", "userpassword"),
        pattern=re.compile(
            rf"(?m)^user\s+\S{{1,100}}\s[^\n]{{0,200}}?(?<=\s)>{_GIVEN}[^\s]{{4,}}|\binsecure-password\s+{_GIVEN}\S{{3,}}"
            rf"|^userPassword::?\s+{_GIVEN}\S{{4,}}"
        ),
    ),
    Form(
        name="a key of JSON",
        hints=('"kty"',),
        pattern=re.compile(
            r'"kty"[^{}]{0,600}?"(?:k|d)"\s{0,9}:\s{0,9}"[\w-]{16}|"(?:k|d)"\s{0,9}:\s{0,9}"[\w-]{16}[^{}]{0,600}?"kty"'
        ),
    ),
    Form(
        name="a header that a proxy sets",
        hints=("proxy_set_header",),
        pattern=re.compile(
            r"(?i)\bproxy_set_header\s+(?:authorization|[\w-]{0,40}(?:key|token|secret))\s+"
            rf"[\"']?(?:\w+ )?{_GIVEN}[\w.~+/=-]{{8,}}"
        ),
    ),
    Form(
        name=_HEADER,
        hints=("bearer", "basic", "authorization", "api-key", "-token", "-key"),
        pattern=re.compile(
            r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token|apikey)\s+[\w.~+/=-]{8}"
            rf"|\b(?:bearer|basic)\s+{_GIVEN}(?=[\w.~+/=-]{{0,60}}[0-9])[\w.~+/=-]{{16,}}"
            rf"|\b(?:x-api-key|api-key|x-goog-api-key|ocp-apim-subscription-key|x-auth-token|private-token|x-vault-token)\s*:\s*{_GIVEN}[\w.~+/=-]{{8,}}"
        ),
    ),
    Form(
        name="a password that everybody knows",
        hints=("minioadmin",),
        pattern=re.compile(r"(?<![\w./-])minioadmin(?![\w./-])"),
    ),
    Form(
        name=_CONNECTION,
        hints=("password", "pwd", "key", "token", "sig"),
        pattern=re.compile(
            r"(?i)(?:^|[;?&])\s*(?:password|pwd|accountkey|sharedaccesskey|sharedsecretkey|accesskey|access_token"
            rf"|api[_-]?key|token|sig)\s*=\s*{_GIVEN}[^;&\s\"',)]{{4,}}"
        ),
    ),
    Form(
        name="a password among the settings of a connection",
        hints=("password=", "password ="),
        pattern=re.compile(
            r"(?i)\b(?:host|hostaddr|port|user|dbname) ?= ?[^\s,]{1,200} +(?:\w+ ?= ?[^\s,]{1,200} +){0,8}"
            rf"password ?= ?{_GIVEN}[^\s,]{{3,200}}"
            rf"|\bpassword={_GIVEN}[^\s,]{{3,200}} +(?:host|hostaddr|user|dbname)=[^\s,]"
        ),
    ),
    Form(
        name="credentials of a netrc file",
        hints=("login",),
        pattern=re.compile(rf"(?i)\b(?:machine\s+\S{{1,100}}|default)\s+login\s+\S{{1,100}}\s+password\s+{_GIVEN}\S"),
    ),
    Form(
        name="a password of a database's user",
        hints=("identified by", "password '", 'password "', "password n'", "password ="),
        pattern=re.compile(
            rf"(?i)\b(?:identified\s+(?:with\s+\w+\s+)?by|with\s+(?:encrypted\s+)?password|set\s+password(?:\s+for\s+\S+)?"
            rf"(?:\s*=)?|user\s+\S{{1,60}}\s+password)\s+[\"']{_GIVEN}[^\"'\s]{{3,}}"
            rf"|\b(?:alter|create)\s+(?:role|user|login)\s[^;]{{0,200}}?\bpassword\s{{0,9}}=?\s{{0,9}}N?'{_GIVEN}[^'\s]{{3,}}"
        ),
    ),
    Form(
        name="a password of a configuration",
        hints=("requirepass", "masterauth", "rootpw", "bindpw", "stats auth"),
        pattern=re.compile(
            rf"(?im)^\s{{0,20}}(?:(?:requirepass|masterauth|rootpw|bindpw)\s+[\"']?{_GIVEN}[^\s\"']{{3,}}"
            rf"|stats\s+auth\s+\S{{1,60}}?:{_GIVEN}\S{{2,}})"
        ),
    ),
    Form(
        name="a line of a password file",
        hints=(":$", ":{s"),
        pattern=re.compile(r"(?m)^[\w.@-]{1,60}:(?:\$(?:apr1|2[aby]|5|6|y)\$|\{SHA\}|\{SSHA\})[\w./$+=-]{8,}"),
    ),
    Form(
        name="a line of a password file",
        hints=(":",),
        pattern=re.compile(r"(?m)^[\w.*-]{1,60}:(?:[0-9]{2,5}|\*):[\w*-]{1,60}:[\w*-]{1,60}:[^\s:]{4,}$"),
    ),
)
"""No part of a pattern runs over a whole text, which may be long."""

_HEADER_PATTERN = next(entry.pattern for entry in FORMS if entry.name == _HEADER)
_PAIRS = re.compile(r"[;&?][^;&?=\s]{1,40}=|^[^;&?=\s]{1,40}=[^;&?]*[;&]")
"""What makes a text a connection string: several settings between `;` or `&`."""

_LINE = r"[^\n;|&]{0,300}?\s"
_NEAR = r"[^\n;|&]{0,60}?\s"
_ATTACHED = rf"[\"']?{_GIVEN}[^\s\"'$<{{-][^\s\"']{{2,}}"
_PAIR = rf"[\"']?[^\s:%\"'$<{{=/]{{1,100}}[:%](?!//){_GIVEN}[^\s\"']{{2,}}"
COMMANDS: Mapping[str, re.Pattern[str]] = {
    "user and password of a command": re.compile(
        rf"\b(?:curl|wget|skopeo|crane|oras|ab|hey|siege|aria2c|lftp|svn|influx|nats|etcdctl){_LINE}"
        rf"(?:-u|-U|--user|--proxy-user|--creds|--src-creds|--dest-creds)[ =]*{_PAIR}"
        rf"|\b(?:https?|xh|httpie)(?=\s){_LINE}(?:-a|--auth)[ =]*{_PAIR}|\bsmbclient{_LINE}(?:-U|--user)[ =]*{_PAIR}"
    ),
    "a password that a command is told": re.compile(
        rf"\b(?:echo|printf)\s+(?:-n\s+)?{_ATTACHED}[\"']?[^|\n]{{0,60}}\|[^|\n]{{0,200}}?(?:\bkinit\b|--password-stdin|\bsudo\s+-S)"
    ),
    "a password of a command": re.compile(
        rf"\b(?:mysql|mysqladmin|mysqldump|mysqlimport|mysqlcheck|mariadb|mariadb-admin|mariadb-dump){_LINE}-p{_ATTACHED}"
        rf"|\b(?:redis-cli|valkey-cli|keydb-cli){_LINE}(?:-a|--pass)[ =]*{_ATTACHED}"
        rf"|\b(?:sshpass|mongosh|mongo|mongodump|mongorestore|rabbitmqadmin|cqlsh|7z){_LINE}-p[ =]*{_ATTACHED}"
        rf"|\b(?:docker|podman|nerdctl|buildah|helm|oras|crane|skopeo){_NEAR}login{_NEAR}-p[ =]*{_ATTACHED}"
        rf"|\b(?:sqlcmd|bcp|unzip|zip){_LINE}-P[ =]*{_ATTACHED}"
        rf"|\b(?:ldapsearch|ldapadd|ldapmodify|ldapdelete|ldapwhoami){_LINE}-w[ =]*{_ATTACHED}"
        rf"|\bhtpasswd{_LINE}-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+(?:\S+\s+)?{_ATTACHED}"
        rf"|\bopenssl\b{_LINE}(?:-pass|-passin|-passout|-k)[ =]*(?:pass:)?{_ATTACHED}"
        rf"|\bkeytool\b{_LINE}-(?:storepass|keypass)[ =]*(?![\"']?changeit\b){_ATTACHED}"
        rf"|\bmc\b{_LINE}(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+{_ATTACHED}\s+{_ATTACHED}"
    ),
}
"""What programs take for a password by an option that is not called so."""

_PROGRAMS = re.compile(
    r"curl|wget|http|xh|skopeo|crane|oras|siege|aria2c|lftp|svn|smbclient|influx|mysql|mariadb|-cli|sshpass|mongo|rabbitmq"
    r"|cqlsh|7z|docker|podman|nerdctl|buildah|helm|sqlcmd|bcp|zip|ldap|htpasswd|openssl|keytool|etcdctl|kinit|stdin|sudo|\bmc\b|\bab\b|\bhey\b"
)
"""A part of each name of `COMMANDS`, to pass quickly over what starts none of them."""


def form(text: str) -> str | None:
    """What kind of secret a text holds by its form, or None."""
    lower = text.lower()
    for entry in FORMS:
        hinted = any(hint in lower for hint in entry.hints)
        if hinted and entry.pattern.search(text) and (entry.name != _CONNECTION or _PAIRS.search(text)):
            return entry.name
    return _ACCESS if has_token(text) else None


def given_to_a_command(text: str) -> str | None:
    """What kind of secret a command line gives to its program, or None."""
    if _PROGRAMS.search(text):
        joined = text.replace("\\\n", " ")
        for name, pattern in COMMANDS.items():
            if pattern.search(joined):
                return name
    return None


def header_or_command(text: str) -> str | None:
    """The same for the words of a list in a row: what stands in two words is found in no single one."""
    return _HEADER if _HEADER_PATTERN.search(text) else given_to_a_command(text)
