"""Each way of tampering with what is in a cluster: one thing of the kitchen `support` changed by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.unit.support.audited import Items, as_declared, one, pod_of


def container(pod: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in pod["spec"]["containers"] if entry["name"] == name)
    return found


def pod(items: Items) -> dict[str, Any]:
    return one(items, "Pod", "support-1")


def edit_list(items: Items, change: Callable[[dict[str, Any]], None], name: str = "support-adapters-") -> None:
    data = one(items, "ConfigMap", name)["data"]
    listed = json.loads(data["manifest.json"])
    change(listed)
    data["manifest.json"] = json.dumps(listed, indent=1) + "\n"


def image(items: Items) -> None:
    container(pod(items), "kserve-container")["image"] = "registry.kitchen.example/vllm/vllm-openai:latest"


def other_digest(items: Items) -> None:
    pod(items)["status"]["containerStatuses"][-1]["imageID"] = f"docker-pullable://x/y@sha256:{'0' * 64}"


def argument(items: Items) -> None:
    container(pod(items), "kserve-container")["args"].append("--trust-remote-code")


def variable(items: Items) -> None:
    container(pod(items), "kserve-container")["env"][0]["value"] = "0"


def volume(items: Items) -> None:
    volume = next(entry for entry in pod(items)["spec"]["volumes"] if entry["name"] == "adapters")
    volume["hostPath"] = {"path": "/srv"}


def other_file(items: Items) -> None:
    volume = next(entry for entry in pod(items)["spec"]["volumes"] if entry["name"] == "adapters-manifest")
    volume["configMap"]["items"][0]["key"] = "other.py"


def other_list(items: Items) -> None:
    volume = next(entry for entry in pod(items)["spec"]["volumes"] if entry["name"] == "adapters-manifest")
    listed = next(entry for entry in volume["configMap"]["items"] if entry["path"] == "manifest.json")
    listed["key"] = "fetch_adapters.py"


def debugger(items: Items) -> None:
    pod(items)["spec"]["ephemeralContainers"] = [{"name": "debugger", "image": "busybox"}]


def host(items: Items) -> None:
    pod(items)["spec"]["hostNetwork"] = True


def account(items: Items) -> None:
    pod(items)["spec"]["serviceAccountName"] = "default"


def other_user(items: Items) -> None:
    pod(items)["spec"]["securityContext"]["runAsUser"] = 0


def names_lead_elsewhere(items: Items) -> None:
    """To another object store, for one."""
    pod(items)["spec"]["hostAliases"] = [{"ip": "192.0.2.1", "hostnames": ["minio.object-store.svc"]}]


def other_name_servers(items: Items) -> None:
    pod(items)["spec"]["dnsConfig"] = {"nameservers": ["192.0.2.1"]}


def root(items: Items) -> None:
    """A user's number is let pass where it is one that OpenShift gives."""
    container(pod(items), "kserve-container")["securityContext"] |= {"runAsUser": 0}


def other_label(items: Items) -> None:
    container(pod(items), "kserve-container")["securityContext"]["seLinuxOptions"] = {"type": "spc_t"}


def variable_twice(items: Items) -> None:
    """Before the declared one, so that reading by name alone does not see it."""
    env = container(pod(items), "kserve-container")["env"]
    env.insert(0, {**env[0], "value": "0"})


def last_words(items: Items) -> None:
    container(pod(items), "kserve-container")["terminationMessagePath"] = "/adapters/list.json"


def other_scheduler(items: Items) -> None:
    one(items, "InferenceService", "support")["spec"]["predictor"]["schedulerName"] = "mine"


def more_files(items: Items) -> None:
    """No volume mounts it today; whoever can add it can change the volume's items next."""
    one(items, "ConfigMap", "support-adapters-")["binaryData"] = {"boto3.py": "cGFzcw=="}


def other_sum(items: Items) -> None:
    edit_list(items, lambda listed: listed["adapters"][0]["files"][1].update(sha256="0" * 64))


def other_signers(items: Items) -> None:
    edit_list(items, lambda listed: listed.update(signers=[{"name": "somebody", "publicKey": "a key"}]))


def more_adapters(items: Items) -> None:
    edit_list(items, lambda listed: listed["adapters"].append({"name": "x", "version": "v1", "files": []}))


def script(items: Items) -> None:
    one(items, "ConfigMap", "support-adapters-")["data"]["fetch_adapters.py"] += "# and more\n"


def service(items: Items) -> None:
    one(items, "InferenceService", "support")["spec"]["predictor"]["model"]["storageUri"] = "pvc://other/model"


def more_in_service(items: Items) -> None:
    one(items, "InferenceService", "support")["spec"]["predictor"]["hostNetwork"] = True


def runtime(items: Items) -> None:
    one(items, "ServingRuntime", "support")["spec"]["containers"][0]["args"].remove("--dtype=auto")


def failed(items: Items) -> None:
    one(items, "Job", "base-")["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}


def gone(items: Items) -> None:
    items.remove(one(items, "InferenceService", "support"))


def stranger(items: Items) -> None:
    items.append({"kind": "InferenceService", "metadata": {"name": "mine", "namespace": "helpdesk-dev"}, "spec": {}})


def pod_of_nobody(items: Items) -> None:
    other = pod_of(as_declared().kitchens[0])
    other["metadata"] |= {"name": "shell", "labels": {}}
    items.append(other)


def pod_of_another_job(items: Items) -> None:
    pod_of_nobody(items)
    items[-1]["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "base-something"}]


WITHIN_WHAT_IS_FILLED_IN = (root, other_label, variable_twice, last_words)
"""What an API server or OpenShift fills in as well, and these values are not theirs."""
