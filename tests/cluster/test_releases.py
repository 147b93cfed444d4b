"""A commit of before, brought up by its own program, and then updated by today's: what people have stored stays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.load import read_stack_file
from ops.store import client as store_client
from tests.cluster.support.kubectl import Kubectl
from tests.engine.support.releases import PASSPHRASE, RELEASES, Release, brought_up, settings_of, tree_of, up
from tests.support.stacks import prepare
from tools.cluster import Cluster
from tools.local.workspace import REPOSITORY, Workspace
from tools.upgrade.errors import UpgradeError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.long

STORED = ("namespaces", "persistentvolumeclaims")


def client(cluster: Cluster) -> S3Client:
    keys = {
        "KITCHEN_OBJECT_STORE_ACCESS_KEY": cluster.minio_access_key,
        "KITCHEN_OBJECT_STORE_SECRET_KEY": cluster.minio_secret_key,
    }
    return store_client(cluster.minio_endpoint, "us-east-1", keys)


def identities(kubectl: Kubectl) -> set[tuple[str, str, str]]:
    """Kind, name and the server's own number of everything that holds data, and is dev's."""
    found = [item for kind in STORED for item in kubectl.get(kind, "--all-namespaces")["items"]]
    metadata = [(item["kind"], item["metadata"]) for item in found]
    return {
        (kind, said["name"], said["uid"])
        for kind, said in metadata
        if said.get("labels", {}).get("app.kubernetes.io/part-of") == "private-ai-kitchen"
    }


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_what_an_earlier_commit_has_brought_up_is_updated_in_place(release: Release, tmp_path: Path) -> None:
    try:
        tree = tree_of(release, tmp_path)
    except UpgradeError as error:
        pytest.skip(f"a shallow clone: {error}")
    with Cluster(tmp_path / "cluster") as cluster:
        try:
            settings = settings_of(tree, cluster)
            old = brought_up(tree, tmp_path / "local", cluster, settings)
            kubectl = Kubectl(cluster.kubeconfig)
            store = client(cluster)
            store.put_object(Bucket="dev-models", Key="kept", Body=b"what somebody has stored")
            before = identities(kubectl)

            new = Workspace(old.folder, "dev", cluster.kubeconfig, REPOSITORY)
            today = {key.removeprefix("kitchen:") for key in read_stack_file(REPOSITORY / "Pulumi.dev.yaml")}
            prepare(new, settings, without=today - set(settings))
            said = up(new, cluster)
            assert "errored" not in said
            assert identities(kubectl) == before, "the same objects, not others of the same name"
            assert store.get_object(Bucket="dev-models", Key="kept")["Body"].read() == b"what somebody has stored"
            assert new.passphrase.read_text() == PASSPHRASE
            again = up(new, cluster)
            assert "updated" not in again, again
        finally:
            cluster.destroy()
