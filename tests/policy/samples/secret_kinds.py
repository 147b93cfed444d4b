"""Samples of the rule on secrets: names, connection strings, options of programs, headers; and what only looks so.

Each secret here is made up, and put together so that no scanner takes it for one.
"""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import POD, POD_TYPE, manifest
from tests.policy.support.sample import Sample, table

MAP_TYPE = "kubernetes:core/v1:ConfigMap"
MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sample", "namespace": "team"}}
WORD = "hunter2" + "hunter2"
HEX = "9f8e7d6c5b4a3928" + "1706f5e4d3c2b1a0"
CODED = "QmFzZTY0RW5jb2RlZEtleU9m" * 3 + "MTIzNA=="
ARGS, _COMMAND, _ENV = "spec containers 0 args", "spec containers 0 command", "spec containers 0 env"


def _variable(name: str, value: str) -> dict[str, Any]:
    return {_ENV: [{"name": name, "value": value}]}


_NAMES = (
    *(("AZURE_STORAGE_KEY", CODED), ("COSMOS_KEY", CODED), ("SUBSCRIPTION_KEY", HEX), ("accountKey", CODED)),
    *(("FERNET_KEY", CODED[:44]), ("DATADOG_APP_KEY", HEX), ("MAPS_KEY", f"k-{HEX}"), ("LICENSE_KEY", HEX)),
    *(("DB_PW", "Summer2026!"), ("dbPw", "Summer2026!"), ("DATENBANK_PASSWORT", "Sommer2026!")),
    *(("LDAP_KENNWORT", "Sommer2026!"), ("KEYSTORE_PSWD", "Summer2026!"), ("DB_PASSCODE", "123456")),
    *(("DB_PASSWORD_VALUE", "Summer2026!"), ("API_TOKEN_PROD", "Summer2026!"), ("PASSWORD_B64", "U3VtbWVyMjAyNg")),
    *(("GITHUB_PAT", HEX), ("SESSION_COOKIE", HEX), ("REDIS_AUTH", HEX), ("PASSWORD_SALT", HEX)),
    *(("DB_PASSWORD", "/s3cret-begins-with-slash"), ("DB_PASSWORD", "<s3cret"), ("DB_PASSWORD", "file:s3cret")),
    *(("DB_PASSWORD", "abc(def"), ("DB_PASSWORD", "(s3cret)"), ("DB_PASSWORD", "$(A)s3cret"), ("DB_PASSWORD", "ab{{c")),
    *(("DB_PASSWORD", "trueblue"), ("DB_PASSWORD", "/x/y"), ("DB_PASSWORD", "env:s3-cret"), ("DB_PASSWORD", "nullify")),
    *(("DB_PASSWORD", "vault:s3cret"), ("DB_PASSWORD", "os.environ s3cret"), ("DB_PASSWORD", "$1s3cret")),
)
_HARMLESS = (
    *(("TIME_TO_FIRST_TOKEN", "0.5"), ("timeToFirstToken", "500ms"), ("TIME_PER_OUTPUT_TOKEN", "20ms")),
    *(("PAD_TOKEN", "<pad>"), ("eos_token", "end_of_turn"), ("BOS_TOKEN", "begin_of_text"), ("image_token", "<image>")),
    *(("COST_PER_TOKEN", "0.0001"), ("stop_token", "</s>"), ("unkToken", "unk"), ("max_token", "4096")),
    *(("think_start_token", "<think>"), ("reasoning_end_token", "x-end"), ("mask_token_id", "103")),
    *(("PARTITION_KEY", "tenant-0123456789abc"), ("PUBLIC_KEY", CODED), ("CACHE_KEY", "v1-0123456789abcdef")),
    *(("GPU_LABEL_KEY", "nvidia.com/gpu.count1"), ("TOPOLOGY_KEY", "topology.kubernetes.io/zone1")),
    *(("SORT_KEY", "created-at-20260101"), ("API_KEY", "os.environ/UPSTREAM_KEY"), ("TOKEN", "vault:secret/data/a#b")),
    *(("TOKEN", "op://vault/item/field"), ("PASSWORD", "ref+vault://secret/a#b"), ("PASSWORD", "********")),
    *(("DB_PASSWORD", "$(DB_PASS)"), ("DB_PASSWORD", "${DB_PASS:-}"), ("DB_PASSWORD", "/run/secrets/db")),
    *(("DB_PASSWORD", "file:///etc/db/password"), ("PASSWORD", "REDACTED"), ("TOKEN", "%(token)s"), ("TOKEN", "~")),
    *(("DB_PASSWORD", "<path:secret/data/db#password>"), ("LICENSE_KEY", "enterprise"), ("APP_KEY", "support")),
    *(("HOST_KEY", "host-0123456789abcdef"), ("COOKIE", "session"), ("AUTH", "oidc"), ("WEB_AUTH", "proxy.team.svc1")),
)
_VARIABLES = table(
    POD_TYPE,
    POD,
    *(
        (f"a secret {name}={value}", _variable(name, value), f"the value of {name} in plain text")
        for name, value in _NAMES
    ),
    *((f"no secret {name}={value}", _variable(name, value)) for name, value in _HARMLESS),
    *(
        (f"a file of settings, {text[:16]!r}", _variable("CFG", text), f"env[0].value: holds a value for {name}")
        for text, name in (
            (f"db:\n  password: {WORD}\n", "password"),
            (f"[db]\nuser = x\npassword = {WORD}\n", "password"),
            (f"{{user: x, password: {WORD}}}", "password"),
            (f"A=1\nDB_PASSWORD={WORD}", "DB_PASSWORD"),
        )
    ),
    ("a file of settings without a secret", _variable("CFG", "db:\n  password: ${DB_PASSWORD}\n  token: !vault x\n")),
    (
        "flags in a variable",
        _variable("JAVA_OPTS", f"-Xmx1g -Ddb.password={WORD}"),
        "env[0].value: gives -Ddb.password",
    ),
    ("flags without a secret", _variable("JAVA_OPTS", "-Xmx1g -Ddb.user=x -Ddb.password=$(P)")),
)

_CONNECTIONS = (
    f"Server=db;User Id=sa;Password={WORD};",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CODED}",
    f"Endpoint=sb://a.servicebus/;SharedAccessKeyName=x;SharedAccessKey={CODED}",
    f"jdbc:postgresql://db:5432/x?user=me&password={WORD}",
    f"https://store.team.svc/x?sv=2024&sig={WORD}%2Babc",
    f"https://api.team.svc/x?access_token={WORD}",
    f"amqp://me:{WORD}@queue:5672/x",
)
_NO_CONNECTIONS = (
    "Server=db;User Id=sa;Password=$(PASSWORD);",
    "jdbc:postgresql://db:5432/x?user=me&password=${PASSWORD}",
    "https://api.team.svc/x?page=2&sort=up",
    "host=db port=5432 user=me password=$(PASSWORD) dbname=x",
    "host=db port=5432 user=me sslmode=verify-full",
)
_PROGRAMS = (
    f"curl -u admin:{WORD} https://minio.team.svc/x",
    f"curl -sS --user 'admin:{WORD}' https://minio.team.svc/x",
    f"curl --proxy-user=me:{WORD} http://x",
    f"wget -q --user me:{WORD} http://x",
    f"http -a me:{WORD} http://x",
    f"skopeo copy --src-creds me:{WORD} docker://a docker://b",
    f"smbclient -U me%{WORD} //host/share",
)
_OPTIONS = (
    f"mysql -h db -u root -p{WORD} x",
    f"mysqldump -p'{WORD}' x",
    f"redis-cli -h cache -a {WORD} ping",
    f"sshpass -p {WORD} ssh host",
    f"mongosh --host db -u me -p {WORD}",
    f"docker login -u me -p {WORD} registry.kitchen.example",
    f"ldapsearch -D cn=x -w {WORD} -b dc=x",
    f"sqlcmd -S db -U sa -P {WORD}",
    f"openssl rsa -passin pass:{WORD} -in x",
    f"mc alias set local http://minio:9000 access {WORD}",
)
_NO_PROGRAMS = (
    "curl -sS https://minio.team.svc/x",
    "curl -u $(USER):$(PASSWORD) https://minio.team.svc/x",
    'curl -u "$USER:$PASSWORD" https://minio.team.svc/x',
    "mysql -h db -u root -p$(PASSWORD) x",
    "mysql -h db -p x -P 3306",
    "docker run -u 1000:1000 -p 8080:80 x",
    "redis-cli -h cache ping",
    "mc alias set local http://minio:9000 $(KEY) $(SECRET)",
    "openssl x509 -in /etc/x.crt -noout",
    "mkdir -p /srv/mysql",
)
_HEADERS = (f"Bearer {HEX}", f"bearer {WORD}xyz", f"X-Api-Key: {WORD}", f"PRIVATE-TOKEN: {HEX}", f"Basic {CODED}")
_NO_HEADERS = (
    *("Bearer $(TOKEN)", "Bearer <token>", "Bearer authentication is required here", "X-Api-Key: ${KEY}"),
    *("basic understanding of documents", "Bearer {{ .token }}"),
)


def _rows(texts: tuple[str, ...], says: str) -> tuple[tuple[Any, ...], ...]:
    return tuple(
        row
        for text in texts
        for row in (
            (f"variable: {text[:50]}", _variable("WHAT", text), f"env[0].value: looks like {says}"),
            (f"shell: {text[:50]}", {_COMMAND: ["sh", "-c", text]}, f"command[2]: looks like {says}"),
            (f"annotation: {text[:50]}", {"metadata annotations": {"note": text}}, f"note: looks like {says}"),
        )
    )


def _whole(texts: tuple[str, ...]) -> tuple[tuple[Any, ...], ...]:
    return tuple(
        (f"harmless: {text[:50]}", {_COMMAND: ["sh", "-c", text], **_variable("WHAT", text)}) for text in texts
    )


_FORMS = table(
    POD_TYPE,
    POD,
    *_rows(_CONNECTIONS[:-1], "a password in a connection string"),
    *_rows(_CONNECTIONS[-1:], "a password in an address"),
    *_rows(
        (f"Xy=1 host=db user=me password={WORD}", "dbname=x user=me password=abc1"), "a password among the settings"
    )[::3],
    *_rows(_PROGRAMS, "user and password of a command"),
    *_rows(_OPTIONS, "a password of a command"),
    *_rows(_HEADERS, "a header that authorizes"),
    *_whole((*_NO_CONNECTIONS, *_NO_PROGRAMS, *_NO_HEADERS)),
    *(
        (
            f"in words of a list: {text[:40]}",
            {_COMMAND: text.replace("'", "").split(" ")},
            f"command: looks like {says}",
        )
        for text, says in (
            (_PROGRAMS[0], "user and password of a command"),
            (_PROGRAMS[3], "user and password of a command"),
            (_OPTIONS[2], "a password of a command"),
            (_OPTIONS[3], "a password of a command"),
            (f"run --header Bearer {HEX}", "a header that authorizes"),
        )
    ),
)
_FIELDS = table(
    "kubernetes:example.com/v1:Gadget",
    manifest("example.com/v1", "Gadget", {"secrets": {"giteaAdminSecret": "gitea-admin-login"}}),
    ("the name of a Secret", {}),
    *(
        (f"the name of a Secret, {name}", {f"spec auth {name}": value})
        for name, value in (
            *(("lfsJwtSecret", "lfs-signing"), ("secret", "perses-creds"), ("basicAuthSecret", "team.users-2")),
            *(("clientSecretRef", "x1"), ("jwtSecret", "signing")),
        )
    ),
    *(
        (
            f"a secret itself, {name} {value[:5]!r}",
            {f"spec auth {name}": value},
            f"spec.auth.{name}: is named like a secret",
        )
        for name, value in (
            *(("clientSecret", "gitea-admin-login"), ("secret", "Tr0ub4dor"), ("jwtSecret", HEX)),
            *(("sharedSecret", "sample-value"), ("adminSecret", "hunter2hunter2x"), ("storageKey", CODED)),
            *(
                ("password", "two\nlines"),
                ("password", "{a: b}"),
                ("adminPw", "Summer2026!"),
                ("dbPasswort", "Sommer2026!"),
            ),
        )
    ),
    ("what people are told", {"spec description": "settings:\npassword: the-password-of-the-store\n"}),
    ("values in a text", {"spec values": f"db:\n  password: {WORD}\n"}, "spec.values: holds a value for password"),
)

_NGINX = "metadata annotations nginx.ingress.kubernetes.io/"
_DOORS = table(
    "kubernetes:networking.k8s.io/v1:Ingress",
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "door", "namespace": "team", "annotations": {}},
        "spec": {"rules": [{"host": "a.kitchen.example"}]},
    },
    ("a Secret that nginx trusts, by name", {f"{_NGINX}proxy-ssl-secret": "team/entry-tls"}),
    ("a Secret of users, by name", {f"{_NGINX}auth-secret": "basic-users"}),
    ("another annotation of that kind", {f"{_NGINX}my-secret": "Summer2026!"}, "my-secret: is named like a secret"),
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"secrets-stay-secret": (*_VARIABLES, *_FORMS, *_FIELDS, *_DOORS)}
