"""Samples of the rule on secrets. Each secret here is made up, and put together so that no scanner takes it for one."""

from __future__ import annotations

import dataclasses
from typing import Any

from policies.judging.secrecy import SecretText
from tests.policy.support.objects import POD, POD_TYPE, SERVICE, SERVICE_TYPE, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_NOT_KNOWN = "not known before the update"
_MARKED = dataclasses.replace(WORLD)
"""The same world: the engine's own mark of a secret is tested by a program of its own."""

ACCESS_KEY = "AKIA" + "EXAMPLE7" * 2
RANDOM_KEY = "wJalrXUtnFEMIK7MDENGbPxRfi" + "CYEXAMPLEKEYz3"
PEM = "-----BEGIN " + "EC PRIVATE KEY-----\nMHcCAQEE\n"
WEB_TOKEN = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJzYW1wbGUifQ", "c2lnbmF0dXJlLXNhbXBsZQ"))
DOCKER = '{"auths":{"registry.kitchen.example":{"auth":"' + "c2FtcGxlOnNhbXBsZQ==" + '"}}}'

_ENV = "spec containers 0 env"
_ARGS = "spec containers 0 args"


def _variable(name: str, value: Any) -> dict[str, Any]:
    return {_ENV: [{"name": "HOME", "value": "/home/app"}, {"name": name, "value": value}]}


_PODS = table(
    POD_TYPE,
    POD,
    ("no secret", {}),
    ("a reference", {_ENV: [{"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "token"}}}]}),
    ("another variable", _variable("API_TOKEN", "$(FROM_SECRET)")),
    ("a path", _variable("API_TOKEN", "/var/run/token")),
    ("a path by name", _variable("API_TOKEN_FILE", "token.txt")),
    ("a name of something", _variable("TOKEN_COUNT", "4096")),
    ("a number of tokens", {_ARGS: ["--max-num-batched-tokens=8192", "--enable-auto-tool-choice"]}),
    ("a sum", _variable("MODEL_SHA", "0a51ea5b4ae2dc5d81890e5173f54203d2a3ae0c")),
    ("a password", _variable("DB_PASSWORD", "sample-value"), "env[1].value: is the value of DB_PASSWORD in plain text"),
    ("a token", _variable("HF_TOKEN", "sample-value"), "env[1].value: is the value of HF_TOKEN in plain text"),
    ("a secret key", _variable("AWS_SECRET_ACCESS_KEY", "sample-value"), "AWS_SECRET_ACCESS_KEY in plain text"),
    ("camel case", _variable("clientSecret", "sample-value"), "is the value of clientSecret in plain text"),
    ("an access key by its form", _variable("WHO", ACCESS_KEY), "env[1].value: looks like an AWS access key"),
    ("a secret key by its form", _variable("WHAT", RANDOM_KEY), "looks like a random text of the form of a secret key"),
    ("a web token by its form", _variable("WHAT", WEB_TOKEN), "looks like a JSON web token"),
    ("a password in an address", _variable("DB", "postgres://me:sample@db:5432/x"), "a password in an address"),
    ("token not known", _variable("API_TOKEN", UNKNOWN_VALUE), f"env[1].value: is {_NOT_KNOWN}"),
    ("variables not known", {_ENV: UNKNOWN_VALUE}, f"env: is {_NOT_KNOWN}"),
    ("any variable not known", _variable("WHO", UNKNOWN_VALUE), f"env[1].value: is {_NOT_KNOWN}"),
    ("a reference not known", {_ENV: [{"name": "API_TOKEN", "valueFrom": UNKNOWN_VALUE}]}),
    ("its name not known", {_ENV: [{"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": UNKNOWN_VALUE}}}]}),
    ("arguments not known", {_ARGS: UNKNOWN_VALUE}, f"args: is {_NOT_KNOWN}"),
    ("an argument not known", {_ARGS: ["--port", UNKNOWN_VALUE]}, f"args[1]: is {_NOT_KNOWN}"),
    ("command not known", {"spec containers 0 command": UNKNOWN_VALUE}, f"command: is {_NOT_KNOWN}"),
    ("an argument", {_ARGS: ["--api-key=sample-value"]}, "args[0]: gives --api-key a value in plain text"),
    ("two words", {_ARGS: ["--port", "1", "--hf-token", "sample-value"]}, "args[2]: gives --hf-token a value"),
    ("a variable as argument", {_ARGS: ["--api-key=$(API_KEY)"]}),
    ("a switch", {_ARGS: ["--token", "--other"]}),
    ("a word", {_ARGS: ["count", "token", "words"]}),
    ("a variable of a command", {_ARGS: ["env", "DB_PASSWORD=sample-value"]}, "args[1]: gives DB_PASSWORD a value"),
    ("a variable without value", {_ENV: [{"name": "WHO", "value": None}]}),
    (
        "three places",
        {**_variable("A_TOKEN", "sample-value"), "metadata annotations": {"a": PEM}, _ARGS: [f"--x={ACCESS_KEY}"]},
        "metadata.annotations.a: looks like a private key",
        "env[1].value",
        "args[0]: looks like an AWS access key",
    ),
    ("an annotation", {"metadata annotations": {"example.com/password": "sample"}}, "is named like a secret"),
    ("a label", {"metadata labels": {"token": "sample"}}, "metadata.labels.token: is named like a secret"),
    ("annotations not known", {"metadata annotations": UNKNOWN_VALUE}, f"metadata.annotations: is {_NOT_KNOWN}"),
    ("an annotation not known", {"metadata annotations note": UNKNOWN_VALUE}, f"annotations.note: is {_NOT_KNOWN}"),
    ("labels not known", {"metadata labels": UNKNOWN_VALUE}, f"metadata.labels: is {_NOT_KNOWN}"),
    ("a label not known", {"metadata labels app": UNKNOWN_VALUE}, f"metadata.labels.app: is {_NOT_KNOWN}"),
)

_MAP = {**manifest("v1", "ConfigMap", {}), "data": {"app.yaml": "replicas: 2\ntokenFile: /var/run/token\n"}}
del _MAP["spec"]
_MAPS = table(
    "kubernetes:core/v1:ConfigMap",
    _MAP,
    ("settings", {}),
    ("a script that reads a token", {"data run.py": 'token = os.environ["TOKEN"]\npassword = read(path)\n'}),
    ("a certificate", {"data ca.crt": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}),
    ("a password in a file", {"data app.yaml": "user: me\npassword: sample-value\n"}, "holds a value for password"),
    (
        "two in a file",
        {"data app.env": "API_TOKEN=sample-value\nDB_PASSWORD=sample-value"},
        "holds a value for API_TOKEN",
    ),
    ("a private key", {"data key.pem": PEM}, "data.key.pem: looks like a private key"),
    ("credentials of a registry", {"data config.json": DOCKER}, "looks like credentials of a registry"),
    ("a password as a key", {"data password": "sample-value"}, "data.password: is named like a secret"),
    ("coded", {"binaryData": {"app.yaml": "cGFzc3dvcmQ6IHNhbXBsZS12YWx1ZQo="}}, "holds a value for password"),
    ("an empty entry", {"data app.yaml": None}),
    ("content not known", {"data app.yaml": UNKNOWN_VALUE}, f"data.app.yaml: is {_NOT_KNOWN}"),
    ("data not known", {"data": UNKNOWN_VALUE}, f"data: is {_NOT_KNOWN}"),
)
_LISTED = table(
    "kubernetes:core/v1:ConfigMap",
    _MAP,
    ("only looks like one", {"data app.yaml": "password: sample-value\n"}),
    config={"notSecret": ["ConfigMap team/sample"]},
)
_OTHER_PLACES = (
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service", {}),
        (
            "a service's key",
            {"spec predictor model secretKey": "sample-value"},
            "model.secretKey: is named like a secret",
        ),
    ),
    *table(
        "kubernetes:example.com/v1:Gadget",
        manifest("example.com/v1", "Gadget", {"auth": {"passwordSecretRef": {"name": "a"}}}),
        ("a custom resource", {}),
        ("its password", {"spec auth password": "sample-value"}, "spec.auth.password: is named like a secret"),
        ("a variable as its password", {"spec auth password": "$(FROM_SECRET)"}),
        ("where its password is", {"spec auth password": {"secretKeyRef": {"name": "a", "key": "b"}}}),
        ("its flags", {"spec flags": ["--api-key=sample-value"]}, "spec.flags[0]: gives --api-key a value"),
        ("its files", {"data": {"app.yaml": "password: sample-value\n"}}, "data.app.yaml: holds a value for password"),
    ),
)

_SECRET = {
    **{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "reader", "namespace": "team"}},
    "stringData": {"key": SecretText("sample-value")},
}
_SECRETS = (
    *table(
        "kubernetes:core/v1:Secret",
        _SECRET,
        ("a Secret that is secret", {}),
        ("a Secret that is not known", {"stringData key": SecretText(UNKNOWN_VALUE)}),
        ("a Secret in clear", {"stringData key": "sample-value"}, "stringData.key: is not secret in the state"),
        ("in clear, as data", {"data": {"key": "c2FtcGxl"}}, "data.key: is not secret in the state"),
        (
            "one of two in clear, neither known",
            {"stringData": {"a": SecretText(UNKNOWN_VALUE), "b": UNKNOWN_VALUE}},
            "stringData.b: is not secret in the state",
        ),
        ("a key without a value", {"stringData key": None}),
        ("all secret and not known", {"stringData": SecretText(UNKNOWN_VALUE)}),
        ("all not known", {"stringData": UNKNOWN_VALUE}, f"stringData: is {_NOT_KNOWN}"),
        ("known to everybody", {"stringData key": SecretText("minioadmin")}, "a password that everybody knows"),
        ("known to everybody, coded", {"data": {"key": SecretText("bWluaW9hZG1pbg==")}}, "data.key: is a password"),
        ("beside the data", {"metadata annotations": {"a": ACCESS_KEY}}, "annotations.a: looks like an AWS access key"),
        world=_MARKED,
    ),
    *table(
        POD_TYPE,
        POD,
        ("shown to all", _variable("WHAT", SecretText("x")), "env[1].value: is secret in the program"),
        ("shown, not known", {_ARGS: [SecretText(UNKNOWN_VALUE)]}, "args[0]: is secret in the program"),
        world=_MARKED,
    ),
    *table(
        "pulumi:providers:kubernetes",
        {"kubeconfig": SecretText("sample-value")},
        ("a provider's own secret", {}),
        world=_MARKED,
    ),
    *table(
        "pulumi-python:dynamic/kitchen:MinioUser",
        {"user": "reader", "secretKey": SecretText("sample-value")},
        ("a user", {}),
        ("a user's key in clear", {"secretKey": "sample-value"}, "MinioUser test: secretKey: is not secret"),
        world=_MARKED,
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "secrets-stay-secret": (*_PODS, *_MAPS, *_LISTED, *_OTHER_PLACES, *_SECRETS),
}
