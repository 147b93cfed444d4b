"""Samples of secrets that no single line of a file says, and of ways round a secret's name."""

from __future__ import annotations

import base64
from typing import Any

from tests.policy.support.objects import POD, POD_TYPE, manifest
from tests.policy.support.sample import Sample, table

_VALUE = "Tr0ub4dor-" + "sample"
_MAP = {k: v for k, v in manifest("v1", "ConfigMap", {}).items() if k != "spec"}
_FILES = {
    "a block of YAML": ("a.yaml", f"db:\n  password: >-\n    {_VALUE}\n"),
    "the next line of YAML": ("a.yaml", f"db:\n  password:\n    {_VALUE}\n"),
    "the next line of JSON": ("a.json", f'{{"password":\n "{_VALUE}"}}'),
    "a name with escapes": ("a.json", f'{{"pass\\u0077ord": "{_VALUE}"}}'),
    "properties with a blank": ("a.properties", f"db.user app\ndb.password {_VALUE}\n"),
    "properties over two lines": ("a.properties", f"db.password=\\\n  {_VALUE}\n"),
    "TOML of many lines": ("a.toml", f'[db]\npassword = """\n{_VALUE}"""\n'),
    "an attribute of XML": ("users.xml", f'<users>\n <user name="a" password="{_VALUE}"/>\n</users>'),
    "elements of XML": ("a.xml", f"<c><property><name>fs.secret.key</name><value>{_VALUE}</value></property></c>"),
    "a property of XML": ("a.xml", f'<c><property name="db.password">{_VALUE}</property></c>'),
    "a program's settings": ("settings.py", f"DATABASES = {{'default': {{'PASSWORD': '{_VALUE}'}}}}\n"),
    "a script of a database": ("init.js", f"db.createUser({{user: 'app', pwd: '{_VALUE}'}})"),
    "settings called like a certificate": ("a.pem", f"password: {_VALUE}\n"),
    "a default of the shell": ("a.env", f"DB_PASSWORD=${{OTHER:-{_VALUE}}}\n"),
    "a default of Spring": ("a.properties", f"db.password=${{DB_PASSWORD:{_VALUE}}}\n"),
}
_FORMS = (
    f'login.Module required LoginModule required user="a" password="{_VALUE}";',
    f"user app on >{_VALUE} ~* +@all",
    f"userlist u\n  user admin insecure-password {_VALUE}",
    f"ALTER ROLE app PASSWORD '{_VALUE}';",
    f"location / {{ proxy_set_header X-Api-Key {_VALUE}; }}",
    '{"keys":[{"kty":"oct","k":"c29tbWVyc29tbWVyc29tbWVy"}]}',
    "nats://9f8e7d6c5b4a39281706f5e4@nats.team.svc:4222",
    f"jdbc:oracle:thin:app/{_VALUE}@db:1521/A",
    "userPassword:: U29tbWVyMjAyNiE=",
)
_FOUND = table(
    "kubernetes:core/v1:ConfigMap",
    _MAP,
    *((name, {"data": {file: text}}, "holds a value for") for name, (file, text) in _FILES.items()),
    *((f"a file with {text[:24]}", {"data": {"a.conf": text}}, "(not shown)") for text in _FORMS),
    *(
        (name, {"binaryData": {"a": base64.b64encode(data).decode()}}, "is a private key, or a store of keys")
        for name, data in (
            ("a key as DER", b"\x30\x82\x04\xbe\x02\x01\x00\x30"),
            ("a store of keys", b"\x30\x82\x09\xe1\x02\x01\x03\x30"),
            ("a store of Java's", b"\xfe\xed\xfe\xed\x00\x00\x00\x02"),
        )
    ),
    ("a certificate as DER", {"binaryData": {"a": base64.b64encode(b"\x30\x82\x04\xbe\x30\x82\x03").decode()}}),
    ("names of fields of a store's secrets", {"data": {"a.yaml": '- objectName: "db"\n  secretKey: "dbpassword"\n'}}),
    ("a value out of a file", {"data": {"grafana.ini": "admin_password = $__file{/etc/secrets/password}\n"}}),
    ("a program's name of a file", {"data": {"a.py": 'FILES = {"SECRET_ACCESS_KEY": "secret-key"}\n'}}),
    ("a default that is empty", {"data": {"a.env": "DB_PASSWORD=${DB_PASSWORD:-}\n"}}),
    ("a message in place of a default", {"data": {"a.env": "DB_PASSWORD=${DB_PASSWORD:?missing-variable}\n"}}),
    ("a reference with a scheme", {"data": {"a.yaml": "password: ${env:DB_PASSWORD}\n"}}),
    ("a block of YAML that is a path", {"data": {"a.yaml": "password: >-\n  /etc/secrets/password\n"}}),
)
_PROBE = "spec containers 0 readinessProbe httpGet httpHeaders"
_ENV, _ARGS = "spec containers 0 env", "spec containers 0 args"


def _variables(*entries: dict[str, Any]) -> dict[str, Any]:
    return {_ENV: list(entries)}


_PLAIN = "is the value of"
_ROUND = table(
    POD_TYPE,
    POD,
    (
        "a variable out of another one",
        _variables({"name": "PART", "value": _VALUE}, {"name": "DB_PASSWORD", "value": "$(PART)"}),
        "env[1].value: takes DB_PASSWORD out of a variable in plain text",
    ),
    (
        "a variable out of a Secret's",
        _variables(
            {"name": "PART", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
            {"name": "DB_PASSWORD", "value": "$(PART)"},
        ),
    ),
    (
        "a variable out of a ConfigMap",
        _variables({"name": "DB_PASSWORD", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "c1"}}}),
        "takes DB_PASSWORD out of a ConfigMap",
    ),
    (
        "a file out of a ConfigMap",
        {"spec volumes": [{"name": "a", "configMap": {"name": "a", "items": [{"key": "c1", "path": "db-password"}]}}]},
        "items[0].path: is a file that is named like a secret",
    ),
    *(
        (f"a variable {name} with {value[:8]}", _variables({"name": name, "value": value}), f"{_PLAIN} {name}")
        for name, value in (
            ("REDISCLI_AUTH", _VALUE),
            ("FLOWER_BASIC_AUTH", f"admin:{_VALUE}"),
            ("APP_KEY", "base64:c29tbWVyc29tbWVyc29tbWVyMTIzNDU2Nzg="),
            ("DB_PASSWORD", f"${{OTHER:-{_VALUE}}}"),
        )
    ),
    ("a key that nobody needs", _variables({"name": "OPENAI_API_KEY", "value": "EMPTY"})),
    ("a store's password", {_ARGS: ["--requirepass", _VALUE]}, "gives --requirepass a value"),
    (
        "a user of etcd behind the command",
        {"spec containers 0 command": ["etcdctl"], _ARGS: ["--user", f"root:{_VALUE}", "snapshot"]},
        "args: looks like user and password of a command",
    ),
    (
        "a password that is told",
        {"spec containers 0 command": ["sh", "-c", f'echo "{_VALUE}" | kinit app@EXAMPLE']},
        "looks like a password that a command is told",
    ),
    (
        "a header of a probe",
        {
            "spec containers 0 readinessProbe httpGet httpHeaders": [
                {"name": "Authorization", "value": f"Token {_VALUE}"}
            ]
        },
        f"{_PLAIN} Authorization",
    ),
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"secrets-stay-secret": (*_FOUND, *_ROUND)}
