"""Samples of the rule on who fills the adapters' folder: the verified fetch, its code and its list."""

from __future__ import annotations

from typing import Any

from policies.manifests.payload_code import code
from tests.policy.samples.models import MODELS
from tests.policy.support.objects import DEPLOYMENT_TYPE, container
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table
from tests.policy.support.served import FIRST, SERVER

_POD = "spec template spec"
_ADAPTERS_AT = {
    f"{FIRST} args": ["--enable-lora", "--lora-modules", "faq=/mnt/adapters/faq"],
    f"{FIRST} volumeMounts": [{"name": "a", "mountPath": "/mnt/adapters", "readOnly": True}],
}
_PACKAGE = [
    {"key": "fetch_adapters.py", "path": "payload/fetch_adapters.py"},
    {"key": "manifest.json", "path": "manifest.json"},
]
_HOME = "/etc/kitchen/adapters"
_FETCHED = {
    **container("fetch"),
    "command": ["python3", "-m", "payload.fetch_adapters"],
    "args": ["--manifest", f"{_HOME}/manifest.json", "--target", "/mnt/adapters"],
    "workingDir": _HOME,
    "env": [{"name": "AWS_ENDPOINT_URL", "value": "http://store"}, {"name": "HOME", "value": "/home/app"}],
    "volumeMounts": [{"name": "a", "mountPath": "/mnt/adapters"}, {"name": "c", "mountPath": _HOME, "readOnly": True}],
}


def _fetched(items: Any = _PACKAGE, **more: Any) -> dict[str, Any]:
    return {
        **_ADAPTERS_AT,
        f"{_POD} volumes": [{"name": "a", "emptyDir": {}}, {"name": "c", "configMap": {"name": "c", "items": items}}],
        f"{_POD} initContainers 0": {**_FETCHED, **more},
    }


def _also(*mounts: dict[str, Any]) -> list[dict[str, Any]]:
    return [*_FETCHED["volumeMounts"], *mounts]


_BESIDE = "container 'fetch' may write the volume 'a' beside the fetch: it "
_ADAPTERS = (
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        ("the verified fetch as the program writes it", _fetched()),
        *(
            (f"the fetch with {name}", _fetched(**more), f"{_BESIDE}{says}")
            for name, more, says in (
                (
                    "another image",
                    {"image": "registry.kitchen.example/x@sha256:" + "7" * 64},
                    "runs in an image that is",
                ),
                ("an image by its tag", {"image": "registry.kitchen.example/app:1"}, "runs in an image that is not"),
                (
                    "code by a variable",
                    {"env": [{"name": "PYTHONPATH", "value": "/x"}]},
                    "gets the variable PYTHONPATH",
                ),
                (
                    "code by a variable of the loader",
                    {"env": [{"name": "LD_PRELOAD", "value": "/x"}]},
                    "gets the variable",
                ),
                (
                    "a variable that nobody knows",
                    {"env": [{"name": "AWS_CONFIG_FILE", "value": "/x"}]},
                    "gets the variable",
                ),
                ("a home that is a volume", {"env": [{"name": "HOME", "value": _HOME}]}, "gets the variable HOME"),
                ("variables that are not seen", {"envFrom": [{"configMapRef": {"name": "x"}}]}, "gets variables that"),
                ("another folder", {"workingDir": "/srv"}, "starts in a folder that is not the package's"),
                (
                    "a folder that is not known",
                    {"workingDir": UNKNOWN_VALUE},
                    "starts in a folder that is not the package",
                ),
                ("a further option", {"args": ["--manifest-url=x"]}, "gets an option that is not understood"),
                ("a shortened option", {"args": ["--man", "/x"]}, "gets an option that is not understood"),
                ("an option twice", {"args": ["--target=/a", "--target=/b"]}, "gets an option that is not understood"),
                ("a word that is not known", {"args": [UNKNOWN_VALUE]}, "gets a word that is not known"),
                ("another list", {"args": ["--manifest=/mnt/adapters/manifest.json"]}, "is told the file"),
                ("a list of another name", {"args": [f"--manifest={_HOME}/mine.json"]}, "is told the file"),
                ("a list on no volume", {"args": ["--manifest=/x/manifest.json"]}, "is told the file"),
                (
                    "a list out of another key",
                    {"items": [*_PACKAGE[:1], {"key": "mine", "path": "manifest.json"}]},
                    "starts where other code may lie: workingDir is '/etc/kitchen/adapters', where the key 'mine'",
                ),
                (
                    "code out of another key",
                    {"items": [{"key": "evil", "path": "payload/fetch_adapters.py"}]},
                    "starts where other code may lie",
                ),
                (
                    "a module beside the package",
                    {"items": [*_PACKAGE, {"key": "boto3.py", "path": "boto3.py"}]},
                    "starts",
                ),
                ("every key", {"items": []}, "starts where other code may lie: workingDir is"),
                (
                    "a volume over its code",
                    {"volumeMounts": _also({"name": "c", "mountPath": "/usr/local/lib/python3.12/site-packages/x"})},
                    "has a volume where its image has its code",
                ),
                (
                    "a volume in its package",
                    {"volumeMounts": _also({"name": "c", "mountPath": f"{_HOME}/payload"})},
                    "starts where other code may lie",
                ),
                (
                    "a hook",
                    {"lifecycle": {"postStart": {"exec": {"command": ["cp", "/x", "/mnt/adapters/faq"]}}}},
                    "starts the program 'cp'",
                ),
            )
        ),
        *(
            (f"adapters on {name}", {**_ADAPTERS_AT, f"{_POD} volumes": volumes}, says)
            for name, volumes, says in (
                ("a volume of no pod, such as a claim template's", [], "the volume 'a' is none of the pod's"),
                ("a volume that is not known", UNKNOWN_VALUE, "the volume that holds it is not known"),
            )
        ),
        (
            "adapters on no volume",
            {f"{FIRST} args": _ADAPTERS_AT[f"{FIRST} args"]},
            "--lora-modules 'faq=/mnt/adapters/faq': no volume of the pod holds it",
        ),
        *(
            (
                f"a mount whose name is {odd!r}",
                {**_ADAPTERS_AT, f"{FIRST} volumeMounts": [{"name": odd, "mountPath": "/mnt/adapters"}]},
                "the volume that holds it is not known",
            )
            for odd in ({"a": "b"}, ["a"], 7, None)
        ),
        world=MODELS,
    ),
    *table(
        "kubernetes:core/v1:ConfigMap",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "team"}, "data": {"a": "b"}},
        ("the package's own text", {"data fetch_adapters.py": code()["fetch_adapters.py"]}),
        (
            "another text of the package",
            {"data fetch_adapters.py": "print()"},
            "data.fetch_adapters.py: is another text than infra/payload/fetch_adapters.py",
        ),
        (
            "another package beside it",
            {"data guard_updates.py": code()["guard_updates.py"], "data __init__.py": "import os"},
            "data.__init__.py: is another text than infra/payload/__init__.py",
        ),
        (
            "a text that is not known",
            {"data verify_signature.py": UNKNOWN_VALUE},
            "data.verify_signature.py: is not known",
        ),
        ("another package", {"data __init__.py": "import os"}),
        world=MODELS,
    ),
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"adapters-approved": _ADAPTERS}
