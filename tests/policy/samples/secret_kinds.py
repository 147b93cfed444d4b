"""Samples of the rule on secrets: names, connection strings, options of programs, headers; and what only looks so.

Each secret here is made up, and put together so that no scanner takes it for one.
"""

from __future__ import annotations

import json
from typing import Any

from tests.policy.support.objects import POD, POD_TYPE, manifest
from tests.policy.support.sample import Sample, table

_MAP_TYPE = "kubernetes:core/v1:ConfigMap"
_MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sample", "namespace": "team"}}
_WORD = "hunter2" + "hunter2"
_HEX = "9f8e7d6c5b4a3928" + "1706f5e4d3c2b1a0"
_CODED = "QmFzZTY0RW5jb2RlZEtleU9m" * 3 + "MTIzNA=="
_ARGS, _COMMAND, _ENV = "spec containers 0 args", "spec containers 0 command", "spec containers 0 env"


def _variable(name: str, value: str) -> dict[str, Any]:
    return {_ENV: [{"name": name, "value": value}]}


_NAMES = (
    *(("AZURE_STORAGE_KEY", _CODED), ("COSMOS_KEY", _CODED), ("SUBSCRIPTION_KEY", _HEX), ("accountKey", _CODED)),
    *(("FERNET_KEY", _CODED[:44]), ("DATADOG_APP_KEY", _HEX), ("MAPS_KEY", f"k-{_HEX}"), ("LICENSE_KEY", _HEX)),
    *(("DB_PW", "Summer2026!"), ("dbPw", "Summer2026!"), ("DATENBANK_PASSWORT", "Sommer2026!")),
    *(("LDAP_KENNWORT", "Sommer2026!"), ("KEYSTORE_PSWD", "Summer2026!"), ("DB_PASSCODE", "123456")),
    *(("DB_PASSWORD_VALUE", "Summer2026!"), ("API_TOKEN_PROD", "Summer2026!"), ("PASSWORD_B64", "U3VtbWVyMjAyNg")),
    *(("GITHUB_PAT", _HEX), ("SESSION_COOKIE", _HEX), ("REDIS_AUTH", _HEX), ("PASSWORD_SALT", _HEX)),
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
    *(("PARTITION_KEY", "tenant-0123456789abc"), ("PUBLIC_KEY", _CODED), ("CACHE_KEY", "v1-0123456789abcdef")),
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
            (f"db:\n  password: {_WORD}\n", "password"),
            (f"[db]\nuser = x\npassword = {_WORD}\n", "password"),
            (f"{{user: x, password: {_WORD}}}", "password"),
            (f"A=1\nDB_PASSWORD={_WORD}", "DB_PASSWORD"),
        )
    ),
    ("a file of settings without a secret", _variable("CFG", "db:\n  password: ${DB_PASSWORD}\n  token: !vault x\n")),
    (
        "flags in a variable",
        _variable("JAVA_OPTS", f"-Xmx1g -Ddb.password={_WORD}"),
        "env[0].value: gives -Ddb.password",
    ),
    ("flags without a secret", _variable("JAVA_OPTS", "-Xmx1g -Ddb.user=x -Ddb.password=$(P)")),
)

_CONNECTIONS = (
    f"Server=db;User Id=sa;Password={_WORD};",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={_CODED}",
    f"Endpoint=sb://a.servicebus/;SharedAccessKeyName=x;SharedAccessKey={_CODED}",
    f"jdbc:postgresql://db:5432/x?user=me&password={_WORD}",
    f"https://store.team.svc/x?sv=2024&sig={_WORD}%2Babc",
    f"https://api.team.svc/x?access_token={_WORD}",
    f"amqp://me:{_WORD}@queue:5672/x",
)
_NO_CONNECTIONS = (
    "Server=db;User Id=sa;Password=$(PASSWORD);",
    "jdbc:postgresql://db:5432/x?user=me&password=${PASSWORD}",
    "https://api.team.svc/x?page=2&sort=up",
    "host=db port=5432 user=me password=$(PASSWORD) dbname=x",
    "host=db port=5432 user=me sslmode=verify-full",
)
_PROGRAMS = (
    f"curl -u admin:{_WORD} https://minio.team.svc/x",
    f"curl -sS --user 'admin:{_WORD}' https://minio.team.svc/x",
    f"curl --proxy-user=me:{_WORD} http://x",
    f"wget -q --user me:{_WORD} http://x",
    f"http -a me:{_WORD} http://x",
    f"skopeo copy --src-creds me:{_WORD} docker://a docker://b",
    f"smbclient -U me%{_WORD} //host/share",
)
_OPTIONS = (
    f"mysql -h db -u root -p{_WORD} x",
    f"mysqldump -p'{_WORD}' x",
    f"redis-cli -h cache -a {_WORD} ping",
    f"sshpass -p {_WORD} ssh host",
    f"mongosh --host db -u me -p {_WORD}",
    f"docker login -u me -p {_WORD} registry.kitchen.example",
    f"ldapsearch -D cn=x -w {_WORD} -b dc=x",
    f"sqlcmd -S db -U sa -P {_WORD}",
    f"openssl rsa -passin pass:{_WORD} -in x",
    f"mc alias set local http://minio:9000 access {_WORD}",
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
_HEADERS = (f"Bearer {_HEX}", f"bearer {_WORD}xyz", f"X-Api-Key: {_WORD}", f"PRIVATE-TOKEN: {_HEX}", f"Basic {_CODED}")
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
        (f"Xy=1 host=db user=me password={_WORD}", "dbname=x user=me password=abc1"), "a password among the settings"
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
            (f"run --header Bearer {_HEX}", "a header that authorizes"),
        )
    ),
)
_TOKENIZER = json.dumps({"bos_token": "begin_of_text", "eos_token": "end_of_turn", "pad_token": {"content": "pad_it"}})
_FILES = table(
    _MAP_TYPE,
    _MAP,
    *(
        (f"netrc: {text[-30:]!r}", {"data": {".netrc": text}}, "data..netrc: looks like credentials of a netrc file")
        for text in (
            f"machine git.kitchen.example login bot password {_WORD}\n",
            f"machine git.kitchen.example\n  login bot\n  password {_WORD}\n",
            f"default login bot password {_WORD}",
        )
    ),
    ("netrc of a variable", {"data": {".netrc": "machine git.kitchen.example login bot password $TOKEN"}}),
    *(
        (f"a password file: {text[:20]!r}", {"data": {"auth": text}}, "data.auth: looks like a line of a password file")
        for text in (
            "me:$apr1$abcdefgh$" + "0123456789abcdefghijkl",
            "# people\nme:{SHA}" + "W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
            f"db:5432:x:me:{_WORD}",
        )
    ),
    *(
        (f"settings as {name}", {"data": {"a.txt": text}}, f"data.a.txt: {says}")
        for name, text, says in (
            ("pairs", f"env:\n- name: DB_PASSWORD\n  value: {_WORD}\n", "holds a value for DB_PASSWORD"),
            ("attributes", f'<add key="DbPassword" value="{_WORD}" />', "holds a value for DbPassword"),
            ("properties", f'<property name="hibernate.password" value="{_WORD}"/>', "holds a value for hibernate"),
            ("PHP", f"define('DB_PASSWORD', '{_WORD}');", "holds a value for DB_PASSWORD"),
            ("calls", f'props.setProperty("db.password", "{_WORD}");', "holds a value for db.password"),
            ("SQL", f"CREATE USER me IDENTIFIED BY '{_WORD}';", "looks like a password of a database's user"),
            (
                "SQL of PostgreSQL",
                f"ALTER ROLE me WITH ENCRYPTED PASSWORD '{_WORD}';",
                "looks like a password of a data",
            ),
            ("redis", f"port 6379\nrequirepass {_WORD}\n", "looks like a password of a configuration"),
            ("haproxy", f"listen x\n  stats auth me:{_WORD}\n", "looks like a password of a configuration"),
            ("LDAP", f"base dc=x\nbindpw {_WORD}\n", "looks like a password of a configuration"),
        )
    ),
    *(
        (f"no secret as {name}", {"data": {"a.txt": text}})
        for name, text in (
            ("pairs", "env:\n- name: DB_PASSWORD\n  value: $(FROM_SECRET)\n- name: MODE\n  value: fast\n"),
            ("attributes", '<add key="DbPassword" value="${DB_PASSWORD}" /><add key="Mode" value="fast"/>'),
            ("calls", "define('DB_PASSWORD', getenv('DB_PASSWORD'));"),
            ("SQL", "CREATE USER me IDENTIFIED BY '$PASSWORD'; GRANT ALL TO me;"),
            ("redis", "requirepass ${REDIS_PASSWORD}\n"),
        )
    ),
    ("a service behind a port", {"data": {"9000": "team/server:8080", "a": "db:5432:x"}}),
    ("special tokens of a tokenizer", {"data": {"special_tokens_map.json": _TOKENIZER}}),
    ("a vocabulary", {"data": {"vocab.json": json.dumps({"password": 128256, "secret": 3323, "token": 99})}}),
    (
        "a password beside special tokens",
        {"data": {"special_tokens_map.json": json.dumps({"bos_token": "begin", "password": _WORD})}},
        "holds a value for password",
    ),
    ("a gateway's settings", {"data": {"c.yaml": "- litellm_params:\n    api_key: os.environ/UPSTREAM_KEY\n"}}),
    (
        "a gateway's key",
        {"data": {"c.yaml": f"- litellm_params:\n    api_key: os-environ-{_WORD}\n"}},
        "holds a value for api_key",
    ),
    (
        "targets of latency",
        {"data": {"slo.yaml": "time_to_first_token: 500ms\ninter_token: 20ms\ntpot_per_token: 0.05\n"}},
    ),
    ("a storage key in a file", {"data": {"a.env": f"AZURE_STORAGE_KEY={_CODED}\n"}}, "for AZURE_STORAGE_KEY"),
    ("a German password in a file", {"data": {"a.env": "DB_PASSWORT=Sommer2026!\n"}}, "for DB_PASSWORT"),
    ("a slash in a file", {"data": {"a.env": "DB_PASSWORD=/s3cret-begins\n"}}, "for DB_PASSWORD"),
    ("templates in a file", {"data": {"a.env": "DB_PASSWORD={{ .Values.db }}\nTOKEN=<your own token>\nPW=${A:-}\n"}}),
    (
        "code that asks for it",
        {"data": {"a.txt": 'token = os.environ["TOKEN"]\npassword = read(path)\nsecret = get("x")\n'}},
    ),
    (
        "a script with a password",
        {"data": {"run.sh": f"set -e\ncurl -u me:{_WORD} http://x\n"}},
        "user and password of",
    ),
    (
        "a script over two lines",
        {"data": {"run.sh": f"mysql -h db \\\n  -p{_WORD}\n"}},
        "looks like a password of a command",
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
            *(("clientSecret", "gitea-admin-login"), ("secret", "Tr0ub4dor"), ("jwtSecret", _HEX)),
            *(("sharedSecret", "sample-value"), ("adminSecret", "hunter2hunter2x"), ("storageKey", _CODED)),
            *(
                ("password", "two\nlines"),
                ("password", "{a: b}"),
                ("adminPw", "Summer2026!"),
                ("dbPasswort", "Sommer2026!"),
            ),
        )
    ),
    ("what people are told", {"spec description": "settings:\npassword: the-password-of-the-store\n"}),
    ("values in a text", {"spec values": f"db:\n  password: {_WORD}\n"}, "spec.values: holds a value for password"),
)

_SCRIPTS = table(
    POD_TYPE,
    POD,
    (
        "settings that a script writes",
        {_ARGS: ["sh", "-c", f"cat > /tmp/c <<E\ndb:\n  password: {_WORD}\nE\nrun\n"]},
        "args[2]: holds a value for password",
    ),
    ("a script that reads one", {_ARGS: ["sh", "-c", "cat > /tmp/c <<E\npassword: ${DB_PASSWORD}\nE\nrun\n"]}),
    ("SQL in an argument", {_ARGS: ["psql", "-c", f"ALTER USER x WITH PASSWORD '{_WORD}'"]}, "args[2]: looks like a"),
)
_LISTS = table(
    "kubernetes:example.com/v1:Widget",
    manifest("example.com/v1", "Widget", {"pairs": [{"key": "HOME", "value": "/"}], "headers": ["Accept: */*"]}),
    ("lists of a custom kind", {}),
    ("a pair of key and value", {"spec pairs": [{"key": "DB_PW", "value": _WORD}]}, "pairs[0].value: is the value"),
    ("a token in a list", {"spec headers 1": f"Bearer {_HEX}"}, "headers[1]: looks like a header that authorizes"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "secrets-stay-secret": (*_VARIABLES, *_FORMS, *_FILES, *_FIELDS, *_SCRIPTS, *_LISTS),
}
