"""Samples of the rule on secrets: files of many forms, scripts, lists of a custom kind.

Each secret here is made up, and put together so that no scanner takes it for one.
"""

from __future__ import annotations

import json

from tests.policy.samples.secret_kinds import ARGS, CODED, HEX, MAP, MAP_TYPE, WORD
from tests.policy.support.objects import POD, POD_TYPE, manifest
from tests.policy.support.sample import Sample, table

_TOKENIZER = json.dumps({"bos_token": "begin_of_text", "eos_token": "end_of_turn", "pad_token": {"content": "pad_it"}})
_FILES = table(
    MAP_TYPE,
    MAP,
    *(
        (f"netrc: {text[-30:]!r}", {"data": {".netrc": text}}, "data..netrc: looks like credentials of a netrc file")
        for text in (
            f"machine git.kitchen.example login bot password {WORD}\n",
            f"machine git.kitchen.example\n  login bot\n  password {WORD}\n",
            f"default login bot password {WORD}",
        )
    ),
    ("netrc of a variable", {"data": {".netrc": "machine git.kitchen.example login bot password $TOKEN"}}),
    *(
        (f"a password file: {text[:20]!r}", {"data": {"auth": text}}, "data.auth: looks like a line of a password file")
        for text in (
            "me:$apr1$abcdefgh$" + "0123456789abcdefghijkl",
            "# people\nme:{SHA}" + "W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
            f"db:5432:x:me:{WORD}",
        )
    ),
    *(
        (f"settings as {name}", {"data": {"a.txt": text}}, f"data.a.txt: {says}")
        for name, text, says in (
            ("pairs", f"env:\n- name: DB_PASSWORD\n  value: {WORD}\n", "holds a value for DB_PASSWORD"),
            ("attributes", f'<add key="DbPassword" value="{WORD}" />', "holds a value for DbPassword"),
            ("properties", f'<property name="hibernate.password" value="{WORD}"/>', "holds a value for hibernate"),
            ("PHP", f"define('DB_PASSWORD', '{WORD}');", "holds a value for DB_PASSWORD"),
            ("calls", f'props.setProperty("db.password", "{WORD}");', "holds a value for db.password"),
            ("SQL", f"CREATE USER me IDENTIFIED BY '{WORD}';", "looks like a password of a database's user"),
            (
                "SQL of PostgreSQL",
                f"ALTER ROLE me WITH ENCRYPTED PASSWORD '{WORD}';",
                "looks like a password of a data",
            ),
            ("redis", f"port 6379\nrequirepass {WORD}\n", "looks like a password of a configuration"),
            ("haproxy", f"listen x\n  stats auth me:{WORD}\n", "looks like a password of a configuration"),
            ("LDAP", f"base dc=x\nbindpw {WORD}\n", "looks like a password of a configuration"),
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
        {"data": {"special_tokens_map.json": json.dumps({"bos_token": "begin", "password": WORD})}},
        "holds a value for password",
    ),
    ("a gateway's settings", {"data": {"c.yaml": "- litellm_params:\n    api_key: os.environ/UPSTREAM_KEY\n"}}),
    (
        "a gateway's key",
        {"data": {"c.yaml": f"- litellm_params:\n    api_key: os-environ-{WORD}\n"}},
        "holds a value for api_key",
    ),
    (
        "targets of latency",
        {"data": {"slo.yaml": "time_to_first_token: 500ms\ninter_token: 20ms\ntpot_per_token: 0.05\n"}},
    ),
    ("a storage key in a file", {"data": {"a.env": f"AZURE_STORAGE_KEY={CODED}\n"}}, "for AZURE_STORAGE_KEY"),
    ("a German password in a file", {"data": {"a.env": "DB_PASSWORT=Sommer2026!\n"}}, "for DB_PASSWORT"),
    ("a slash in a file", {"data": {"a.env": "DB_PASSWORD=/s3cret-begins\n"}}, "for DB_PASSWORD"),
    ("templates in a file", {"data": {"a.env": "DB_PASSWORD={{ .Values.db }}\nTOKEN=<your own token>\nPW=${A:-}\n"}}),
    (
        "code that asks for it",
        {"data": {"a.txt": 'token = os.environ["TOKEN"]\npassword = read(path)\nsecret = get("x")\n'}},
    ),
    (
        "a script with a password",
        {"data": {"run.sh": f"set -e\ncurl -u me:{WORD} http://x\n"}},
        "user and password of",
    ),
    (
        "a script over two lines",
        {"data": {"run.sh": f"mysql -h db \\\n  -p{WORD}\n"}},
        "looks like a password of a command",
    ),
)
_SCRIPTS = table(
    POD_TYPE,
    POD,
    (
        "settings that a script writes",
        {ARGS: ["sh", "-c", f"cat > /tmp/c <<E\ndb:\n  password: {WORD}\nE\nrun\n"]},
        "args[2]: holds a value for password",
    ),
    ("a script that reads one", {ARGS: ["sh", "-c", "cat > /tmp/c <<E\npassword: ${DB_PASSWORD}\nE\nrun\n"]}),
    (
        "a program that reads one",
        {
            ARGS: [
                "#!/usr/bin/env python3\nclass A:\n  def f(self, private_key):\n    self._private_key = private_key\n"
            ]
        },
    ),
    ("a call in a script", {ARGS: ['set -e\ntoken = open(file_of_it, "r").read()\nsecret: get(a, b)[0],\n']}),
    ("a bracket in a script", {ARGS: ["set -e\ntoken: abc(def-ghi\n"]}, "args[0]: holds a value for token"),
    ("the default of a trust store", {ARGS: ["keytool -import -storepass changeit -file /etc/ca.crt"]}),
    ("the password of a store", {ARGS: [f"keytool -import -storepass {WORD} -file x"]}, "a password of a command"),
    ("SQL in an argument", {ARGS: ["psql", "-c", f"ALTER USER x WITH PASSWORD '{WORD}'"]}, "args[2]: looks like a"),
)
_LISTS = table(
    "kubernetes:example.com/v1:Widget",
    manifest("example.com/v1", "Widget", {"pairs": [{"key": "HOME", "value": "/"}], "headers": ["Accept: */*"]}),
    ("lists of a custom kind", {}),
    ("a pair of key and value", {"spec pairs": [{"key": "DB_PW", "value": WORD}]}, "pairs[0].value: is the value"),
    ("a token in a list", {"spec headers 1": f"Bearer {HEX}"}, "headers[1]: looks like a header that authorizes"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"secrets-stay-secret": (*_FILES, *_SCRIPTS, *_LISTS)}
