"""More samples of the rule on secrets: each form of a secret in each place, and what only looks like one.

Each secret here is made up, and put together so that no scanner takes it for one.
"""

from __future__ import annotations

import base64
from typing import Any

from tests.policy.samples.secrets import ACCESS_KEY, PEM, RANDOM_KEY, WEB_TOKEN
from tests.policy.support.objects import POD, POD_TYPE, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, changed, table

_MAP_TYPE = "kubernetes:core/v1:ConfigMap"
_MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sample", "namespace": "team"}}
_VALUE = "Tr0ub4dor-" + "sample"


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_CODE = (".py", ".js", ".lua", ".jinja")
_FORMS = {
    "an AWS access key": ACCESS_KEY,
    "a private key": PEM,
    "a private key of PGP": ("-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\nlQ\n"),
    "a JSON web token": WEB_TOKEN,
    "a random text of the form of a secret key": RANDOM_KEY,
    "a password in an address": "redis://:" + "sample@cache:6379",
    "a header that authorizes": "Authorization: Bearer " + "sample-value",
    **{
        f"an access token {number}": token
        for number, token in enumerate((
            *("ghp_" + "a1B2" * 10, "github_pat_" + "11ABCDEFG0" * 4, "glpat-" + "a1B2c3D4" * 4),
            *("hf_" + "AbCdEfGh" * 5, "AIza" + "SyA1b" * 7, "npm_" + "a1B2" * 9),
            *("xoxb-" + "1234567890-sample", "sk-proj-" + "a1B2c3D4" * 4),
            *("nvapi-" + "a1B2c3D4" * 5,),
        ))
    },
}  # fmt: skip


def _in_places(name: str, text: str) -> tuple[Sample, ...]:
    kind = name.rstrip(" 0123456789").removesuffix(" of PGP")
    args = "spec containers 0 args"
    whole = kind == "a random text of the form of a secret key"
    rows: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("variable", {"spec containers 0 env": [{"name": "WHO", "value": text}]}, f"env[0].value: looks like {kind}"),
        ("argument", {args: [f"--x={text}"]}, f"args[0]: looks like {kind}"),
        ("annotation", {"metadata annotations": {"note": text}}, f"annotations.note: looks like {kind}"),
        ("base64", {args: [_coded(text)]}, f"args[0]: looks like {kind} in base64"),
    )
    places = table(POD_TYPE, POD, *((f"{name}: {where}", changes, says) for where, changes, says in rows))
    files = table(
        _MAP_TYPE,
        _MAP,
        (f"{name}: in a file", {"data": {"a.txt": text if whole else f"one\n{text}\ntwo"}}, f"looks like {kind}"),
        (f"{name}: in a file in base64", {"binaryData": {"a.txt": _coded(text)}}, f"looks like {kind} in base64"),
    )
    return (*places, *files)


def _named(name: str, value: str, *, secret: bool) -> tuple[Sample, ...]:
    says = (f"the value of {name} in plain text",) if secret else ()
    lines = (f"holds a value for {name} (not shown)",) if secret else ()
    return (
        *table(POD_TYPE, POD, (f"{name}={value}", {"spec containers 0 env": [{"name": name, "value": value}]}, *says)),
        *table(_MAP_TYPE, _MAP, (f"{name}={value} in a file", {"data": {"a.env": f"A=1\n{name}={value}\n"}}, *lines)),
    )


_NAMES = (
    *("PGPASSWORD", "MYSQL_PWD", "DB_PASS", "PASS", "KEY_PASSPHRASE", "DB_PASSWD", "JWT_SECRET", "clientSecret"),
    *(
        "MINIO_SECRET_KEY",
        "SECRET_KEY_BASE",
        "ENCRYPTION_KEY",
        "SIGNING_KEY",
        "MASTER_KEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
    ),
    *("OPENAI_API_KEY", "apikey", "TOKEN1", "AUTH_TOKEN", "CREDENTIALS", "CREDENTIAL"),
)
_HARMLESS = (
    *(("TOKENIZERS_PARALLELISM", "false"), ("MAX_TOKENS", "4096"), ("TOKEN_URL", "https://sso/token")),
    *(("PASSWORD_FILE", "/run/secrets/p"), ("SECRET_NAME", "my-secret"), ("API_KEY_HEADER", "X-Api-Key")),
    *(("PUBLIC_KEY", "sample"), ("COMPASS", "north-west"), ("BYPASS", "nothing"), ("existingSecret", "my-secret")),
    *(
        ("imagePullSecret", "my-secret"),
        ("tlsSecret", "my-secret"),
        ("DB_PASSWORD", "$DB_SECRET"),
        ("USE_TOKEN", "true"),
    ),
    *(
        ("ALLOW_EMPTY_PASSWORD", "yes"),
        ("DB_PASSWORD", "${OTHER}"),
        ("DB_PASSWORD", "{{ .Values.p }}"),
        ("API_KEY", "env:API_KEY"),
        ("TOKEN", "$1"),
    ),
    *(("DB_PASSWORD", "ENC[AES256_GCM,data:x]"), ("PASSWORD", "<your-password>"), ("DB_PASSWORD", "!ref")),
)
_TEXTS = (
    *("0a51ea5b4ae2dc5d81890e5173f54203d2a3ae0c", "sha256:" + "ab12" * 16, "https://host:8443/x", "https://me@host/x"),
    *(
        "123e4567-e89b-12d3-a456-426614174000",
        "ThisIsAVeryLongCamelCaseIdentifierName12",
        _coded("plain words, no secret"),
    ),
    *("postgres://$(USER):$(PASSWORD)@db/x", "http://me:<password>@host/x", "Authorization: Bearer $(TOKEN)"),
    *(
        "minioadmin-console",
        "quay.io/x/minioadmin",
        "-----BEGIN PUBLIC KEY-----\nMIIB",
        "sk-this-is-no-key-but-words-in-a-row",
    ),
)
_SCRIPT = (
    'set -e\ntoken="$(cat /run/token)"\nexport MODE=fast PASSWORD="$1"\nrun --token "$token"\n'
    "python -c 'call(a, password=found)'"
)

_FILES = table(
    _MAP_TYPE,
    _MAP,
    ("JSON in one line", {"data": {"a.json": '{"db": {"user": "x", "password": "' + _VALUE + '"}}'}}, "for password"),
    ("an entry of a list", {"data": {"a.yaml": f"- password: '{_VALUE}'\n"}}, "for password"),
    (
        "dotted names",
        {"data": {"a.properties": f"spring.datasource.password={_VALUE}\n"}},
        "spring.datasource.password",
    ),
    ("an element of XML", {"data": {"a.xml": f"<user><password>{_VALUE}</password></user>"}}, "for password"),
    ("a script that sets it", {"data": {"run.sh": f"export DB_PASSWORD={_VALUE}\n"}}, "for DB_PASSWORD"),
    ("a script that reads it", {"data": {"run.sh": _SCRIPT}}),
    ("well-known and short", {"data": {"a.yaml": "password: admin\n"}}, "for password"),
    ("short", {"data": {"a.yaml": "password: ab12x\n"}}),
    ("a key by its form", {"data": {"a.yaml": f"one: two\nthree: {RANDOM_KEY}\n"}}, "for three"),
    ("a line of a certificate", {"data": {"ca.txt": f"-----BEGIN CERTIFICATE-----\n{RANDOM_KEY}\n"}}),
    ("a document of settings", {"data": {"credentials": '{"s3": {"accessKeyIDName": "AWS_ACCESS_KEY_ID"}}'}}),
    (
        "a document with a password",
        {"data": {"credentials": '{"password": "' + _VALUE + '"}'}},
        "holds a value for password",
    ),
    ("words of a program", {"data": {"run.txt": "call(a, password=found_it)\n"}}),
    ("a remark", {"data": {"a.yaml": "# password: sample-value\n"}}),
)
_ARGS = "spec containers 0 args"
_WORDS = table(
    POD_TYPE,
    POD,
    (
        "a flag in a shell",
        {_ARGS: ["sh", "-c", f"run --api-key {_VALUE} --port 1"]},
        "args[2]: gives --api-key a value",
    ),
    ("a variable in a shell", {_ARGS: ["sh", "-c", f"PASSWORD='{_VALUE}'; run"]}, "args[2]: gives PASSWORD a value"),
    ("a line of a script", {_ARGS: [f"set -e\nexport PASSWORD={_VALUE}\n"]}, "args[0]: gives PASSWORD a value"),
    *(
        (f"behind {word}", {_ARGS: [f"set -e\nrun {word} TOKEN={_VALUE}\n"]}, "args[0]: gives TOKEN a value")
        for word in ("export", "env", "-e", "--env", "local", "readonly")
    ),
    ("at the beginning of a line", {_ARGS: [f"set -e\nTOKEN={_VALUE} run\n"]}, "args[0]: gives TOKEN a value"),
    ("elsewhere in a line of a script", {_ARGS: ["set -e\nfind token=sample_value\n"]}),
    ("elsewhere in a line alone", {_ARGS: ["sh", "-c", f"run; TOKEN={_VALUE} run"]}, "args[2]: gives TOKEN a value"),
    ("a call in a line alone", {_ARGS: ["sh", "-c", "run -x 'f(password=found_it)'"]}),
    ("a script without secrets", {_ARGS: ["sh", "-c", _SCRIPT]}),
    ("a flag at the end", {_ARGS: ["sh", "-c", "run --password", "sample"]}),
    ("JSON", {_ARGS: ['{"password": "' + _VALUE + '"}']}, "args[0]: holds a value for password"),
    ("no JSON", {_ARGS: ["{password: sample-value"]}),
    (
        "a Secret as it was applied",
        {"metadata annotations": {"last-applied": '{"kind": "Secret", "data": {"password": "c2FtcGxl"}}'}},
        "annotations.last-applied: holds a value for password",
    ),
    (
        "the store's default",
        {_ARGS: ["mc alias set a http://b minio" + "admin x"]},
        "looks like a password that everybody",
    ),
    ("a list of JSON", {"metadata annotations": {"a": '["password"]'}}),
)
_EXTERNAL = manifest(
    "external-secrets.io/v1",
    "ExternalSecret",
    {"data": [{"secretKey": "db-password", "remoteRef": {"key": "team/db"}}]},
)
_OTHER_KINDS = (
    *table(
        "kubernetes:external-secrets.io/v1:ExternalSecret",
        _EXTERNAL,
        ("a key of a Secret made elsewhere", {}),
        ("beside a source", {"spec data 0": {"secretKey": "db", "sourceRef": {"storeRef": {"name": "a"}}}}),
        (
            "a password beside it",
            {"spec data 0 password": "sample-value"},
            "data[0].password: is named like a secret",
        ),
        ("a key itself", {"spec data 0": {"secretKey": "sample-value"}}, "secretKey: is named like a secret"),
    ),
    *table(
        "kubernetes:bitnami.com/v1alpha1:SealedSecret",
        manifest("bitnami.com/v1alpha1", "SealedSecret", {"encryptedData": {"password": "AgBy3i4OJSWK"}}),
        ("a sealed secret", {}),
        ("beside what is sealed", {"spec data": {"password": "AgBy3i4OJSWK"}}, "spec.data.password: is named like"),
    ),
)


def _listed(entry: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": [entry]}


_SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"key": "sample-value"}}
_GADGET = manifest("example.com/v1", "Gadget", {"text": '{"user": "x"}'})
_CODE_AND_WORDS = (
    *table(
        "kubernetes:example.com/v1:Gadget",
        _GADGET,
        ("settings in a text", {}),
        (
            "a password in a text",
            {"spec text": '{"password": "' + _VALUE + '"}'},
            "spec.text: holds a value for password",
        ),
    ),
    *table(
        _MAP_TYPE,
        _MAP,
        *((f"code: {end}", {"data": {f"a{end}": f"password = {_VALUE}\n"}}) for end in _CODE),
        *(
            (f"everybody knows {word}", {"data": {"a.yaml": f"password: {word}\n"}}, "holds a value for password")
            for word in ("minioadmin", "minio123", "changeme", "password", "admin", "secret", "test1234", "minio")
        ),
    ),
)
_LISTS = table(
    "kubernetes:core/v1:List",
    _listed(_SECRET),
    ("a Secret in a List", {}, "items[0].stringData.key: is a Secret's value within another object"),
    (
        "a Secret's data in a List",
        {"items 0": {**_SECRET, "stringData": {}, "data": {"key": "eA=="}}},
        "data.key: is a",
    ),
    (
        "a Secret in a List, not known",
        {"items 0 stringData": UNKNOWN_VALUE},
        "items[0].stringData: is a Secret's value",
    ),
    ("a value in a List, not known", {"items 0 stringData key": UNKNOWN_VALUE}, "stringData.key: is a Secret's value"),
    ("a parameter of a Template", {"items 0 stringData key": "${PASSWORD}"}),
    ("an empty Secret in a List", {"items 0 stringData": {}}),
    ("a number", {"items 0 stringData key": 1}),
    (
        "files in a List",
        {"items 0": changed(_MAP, {"data": {"a.yaml": f"password: {_VALUE}"}})},
        "items[0].data.a.yaml",
    ),
    (
        "files of another kind",
        {"items 0": changed(_MAP, {"kind": "Gadget", "data": {"a.yaml": f"password: {_VALUE}"}})},
    ),
    ("a Secret of another group", {"items 0": {**_SECRET, "apiVersion": "example.com/v1"}}),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "secrets-stay-secret": (
        *(sample for name, text in _FORMS.items() for sample in _in_places(name, text)),
        *(sample for name in _NAMES for sample in _named(name, _VALUE, secret=True)),
        *(sample for name, value in _HARMLESS for sample in _named(name, value, secret=False)),
        *(
            sample
            for text in _TEXTS
            for sample in table(
                POD_TYPE, POD, (f"harmless: {text[:40]}", {_ARGS: [text], "metadata annotations": {"a": text}})
            )
        ),
        *_FILES,
        *_WORDS,
        *_OTHER_KINDS,
        *_LISTS,
        *_CODE_AND_WORDS,
    ),
}
