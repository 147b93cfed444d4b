"""What somebody has removed by hand: every kind of object, settings of buckets, buckets, users, a namespace."""

from __future__ import annotations

from tests.cluster.support.days.day import Act, Day, Group
from tests.cluster.support.days.scene import Identity, Scene

HELPDESK, SALES = "helpdesk-dev", "sales-dev"


def removed(kind: str, namespace: str, name: str = "", *, ends: str = "") -> Day:
    """An object that is removed; `ends` finds a name that carries a sum by the end of its URN."""

    def harm(scene: Scene) -> None:
        scene.delete(namespace, kind.lower(), name or scene.named(ends).rpartition("/")[2])

    where = f"{namespace}/{name}" if namespace else name
    return Day(
        case=f"{kind} removed",
        harm=harm,
        says=[rf"was removed by hand: {kind} {where}\S*; it is made again"],
    )


def bucket(what: str, harm: Act, says: str) -> Day:
    """A bucket's setting that is taken away."""
    return Day(case=f"bucket: {what}", harm=harm, says=[f"was changed by hand: bucket {says}; it is set again"])


def untagged(scene: Scene) -> None:
    tags = [{"Key": "kitchen.example.com/owner", "Value": "kitchen/dev"}, {"Key": "added", "Value": "by-hand"}]
    scene.s3.put_bucket_tagging(Bucket="dev-audit", Tagging={"TagSet": tags})


def unversioned(scene: Scene) -> None:
    scene.s3.put_bucket_versioning(Bucket="dev-models", VersioningConfiguration={"Status": "Suspended"})


def user_gone(scene: Scene) -> None:
    scene.admin.user_remove(scene.named("MinioUser::support"))


def policy_gone(scene: Scene) -> None:
    scene.admin.policy_unset("sales-dev-summary-lora", user=scene.named("MinioUser::summary"))
    scene.admin.policy_remove("sales-dev-summary-lora")


def bucket_gone(scene: Scene) -> None:
    scene.s3.delete_bucket(Bucket="dev-evaluations")


SINGLE = Group(
    name="single objects, settings of buckets, users",
    days=[
        removed("InferenceService", SALES, "summary"),
        removed("ServingRuntime", SALES, "summary-vllm"),
        removed("Secret", HELPDESK, "support-lora-reader"),
        removed("ConfigMap", HELPDESK, ends="ConfigMap::support-adapters"),
        removed("ServiceAccount", HELPDESK, "support-server"),
        removed("RoleBinding", HELPDESK, "kitchen-owner"),
        removed("Role", HELPDESK, "kitchen-auditor"),
        removed("NetworkPolicy", HELPDESK, "default-deny"),
        removed("ResourceQuota", HELPDESK, "quota"),
        removed("LimitRange", HELPDESK, ends="LimitRange::helpdesk-limits"),
        removed("PriorityClass", "", "kitchen-dev"),
        removed("Job", HELPDESK, ends="Job::helpdesk-base-tsuzumi-7b-instruct-v1"),
        bucket("versioning suspended", unversioned, "dev-models: versioning"),
        bucket("policy removed", lambda scene: scene.s3.delete_bucket_policy(Bucket="dev-lora"), "dev-lora: guards"),
        bucket(
            "lifecycle removed",
            lambda scene: scene.s3.delete_bucket_lifecycle(Bucket="dev-pulumi-state"),
            "dev-pulumi-state: expireNoncurrentDays",
        ),
        bucket("a tag added", untagged, "dev-audit: tags"),
        Day(
            case="empty bucket removed",
            harm=bucket_gone,
            says=["was removed by hand: bucket dev-evaluations; it is made again"],
        ),
        Day(
            case="user of the store removed",
            harm=user_gone,
            says=["was removed by hand: user of the store helpdesk-de"],
        ),
        Day(
            case="policy of a user removed",
            harm=policy_gone,
            says=["was changed by hand: user of the store sales-dev-s.*: policy.*; it is set again"],
        ),
    ],
)


def hold(scene: Scene) -> None:
    """A ConfigMap that keeps the namespace from going until somebody lets it."""
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "held", "finalizers": ["example.com/hold"]},
    }
    scene.kubectl("-n", SALES, "create", "-f", "-", manifest=str(manifest).replace("'", '"'))
    scene.kubectl("delete", "namespace", SALES, "--wait=false")


def let_go(scene: Scene) -> None:
    scene.patch(SALES, "configmap", "held", {"metadata": {"finalizers": None}})


def all_of(namespace: str) -> Act:
    def found(scene: Scene) -> frozenset[Identity]:
        inside = {key for key in scene.told() if namespace in key}
        return frozenset(inside)

    return found


NAMESPACES = Group(
    name="namespaces",
    days=[
        Day(
            case="a tenant's namespace removed, with its volumes",
            harm=lambda scene: scene.delete("", "namespace", HELPDESK),
            says=[rf"was removed by hand: Namespace {HELPDESK} with \d+ recorded objects and its volumes; it is made"],
        ),
        Day(
            case="a namespace that a finalizer holds",
            harm=hold,
            says=[
                rf"is being removed by hand: Namespace {SALES} with",
                rf"waiting until Namespace {SALES} is gone, at most 120 s",
            ],
            renews=all_of(SALES),  # type: ignore[arg-type]
        ),
    ],
    heard="waiting until",
    meanwhile=let_go,
)


def delete_claim(scene: Scene) -> None:
    scene.kubectl("-n", SALES, "delete", "pvc", "base-tsuzumi-7b-instruct-v1", "--wait=false")


def end_pods(scene: Scene) -> None:
    scene.kubectl("-n", SALES, "delete", "pods", *scene.pods(SALES, "summary"))


def claim_and_job(scene: Scene) -> frozenset[Identity]:
    return frozenset(key for key in scene.told() if key[0] in ("PersistentVolumeClaim", "Job") and key[1] == SALES)


CLAIM = Group(
    name="a volume that pods hold",
    fails=True,
    days=[
        Day(
            case="volume of a base model removed while servers run",
            harm=delete_claim,
            says=[
                rf"PersistentVolumeClaim {SALES}/base-.*when the pods that mount it are gone; way out: kubectl delete"
            ],
            mend=end_pods,
            renews=claim_and_job,
        ),
    ],
)
