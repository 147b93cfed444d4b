"""`make up` and `make down`: the dev environment on the embedded cluster, from nothing and back to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components import naming
from infra.catalog import load_catalog
from infra.load import read_stack_file, settings_from_file
from ops.store import client
from tools.cluster import Cluster
from tools.cluster.api import Api
from tools.damaged_error import DamagedError
from tools.engine.checkpoints import may_skip
from tools.local import locks, removal
from tools.local.by_hand import ByHand
from tools.local.errors import LocalError
from tools.local.intact import explained, kitchen_damages, refuse, refuse_full_disk
from tools.local.overview import overview
from tools.local.readiness import WAIT_SECONDS, readiness, refuse_unready
from tools.local.steps import Steps, say
from tools.local.work import Work
from tools.local.workspace import REPOSITORY, Workspace
from tools.own_file import remove
from tools.toolchain import CLUSTER, PREVIEW, make_plan, provide

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FOLDER = REPOSITORY / ".kitchen"
STACK = "dev"
BUCKETS_ONLY = ("--target", "**kitchen:object_store:Bucket::**", "--target", "**kitchen:object_store:Bucket$**")


class LocalKitchen:
    """The dev environment of one folder: cluster, state, artifacts."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Keep everything below `folder`."""
        self.folder = folder
        self.cluster = Cluster(folder / "cluster")
        self.work = Work(folder)
        self.workspace = Workspace(folder / "local", STACK, self.cluster.kubeconfig, work=self.work)

    def up(self, *, take_back: str = "", wait: float = WAIT_SECONDS) -> None:
        """Bring the environment up; a second run changes nothing, one after a kill goes on where it was.

        `take_back` names objects whose fields somebody has changed by hand, or is `yes` for all of them. Raises
        LocalError before anything is changed when another command works here or a file of ours is damaged; and in the
        end when a kitchen is not Ready after `wait` seconds, or something is left to a person.
        """
        with self.work.begin("up", self.workspace.folder):
            self._up(take_back, wait)

    def _up(self, take_back: str, wait: float) -> None:
        refuse(self.damages(deep=True))
        refuse_full_disk(self.folder)
        self.workspace.free_stale_lock()
        steps = Steps(5, self.work.tell)
        plan = make_plan([*PREVIEW, *CLUSTER])
        with steps.step(f"toolchain: {plan.headline}" if plan.headline else "toolchain"):
            provide(plan)
        settings = settings_from_file(REPOSITORY / f"Pulumi.{STACK}.yaml", load_catalog())
        with steps.step("embedded cluster"):
            self.cluster.start()
        self.workspace.prepare(self.changes())
        by_hand = ByHand(self.workspace, self.cluster, settings.environment, self.credentials())
        self._recover(by_hand.spared)
        by_hand.mend_store(take_back)
        with steps.step("buckets and artifacts"):
            self._publish()
        left = by_hand.mend(take_back)
        with steps.step("pulumi up"), by_hand.watching(wait):
            self._engine_up()
            by_hand.after(self._engine_up)
        with steps.step("what is where"):
            verdict = readiness(self.workspace, self.cluster.kubeconfig, settings.environment, wait)
            places = overview(self.workspace.outputs(), self.cluster, verdict.states)
        print(places, flush=True)
        for line in by_hand.leftovers():
            say(line)
        refuse_unready(verdict, left)

    def down(self) -> None:
        """Remove everything that `up` made, whatever is damaged: the processes, the data and the state."""
        with self.work.begin("down", self.workspace.folder, clear=remove):
            steps = Steps(2, self.work.tell)
            locks.refuse_living(self.workspace.folder)
            with steps.step("embedded cluster"):
                left = removal.cluster(self.cluster)
            with steps.step("state and artifacts"):
                left += removal.files(self.folder, self.workspace.folder)
            if left:
                raise LocalError("\n".join(left))
        with suppress(OSError):  # something of somebody else is in it
            self.folder.rmdir()

    def damages(self, *, deep: bool = False) -> list[DamagedError]:
        """Every damaged file of the environment; `deep` tries the passphrase as well, which takes half a second."""
        return kitchen_damages(self.folder, self.workspace, self.cluster, deep=deep)

    def preview(self) -> int:
        """Show what `up` would change; the cluster must be running."""
        self.workspace.prepare(self.changes())
        return self.workspace.engine("preview", extra=self.credentials())

    def credentials(self) -> dict[str, str]:
        """Administrator's key of the object store, as the program's provider reads it."""
        return {
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": self.cluster.minio_access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": self.cluster.minio_secret_key,
        }

    def store_client(self, region: str = "us-east-1") -> S3Client:
        """The administrator's S3 client of the embedded object store."""
        return client(self.cluster.minio_endpoint, region, self.credentials())

    def changes(self) -> dict[str, Any]:
        """What the embedded cluster changes in the dev settings: the object store's address, without TLS."""
        said = read_stack_file(REPOSITORY / f"Pulumi.{STACK}.yaml").get("objectStore")
        if not isinstance(said, dict):
            return {}  # the program says what is wrong with it
        store = {key: value for key, value in said.items() if key != "tls"}
        return {"objectStore": {**store, "endpoint": self.cluster.minio_endpoint}}

    def _recover(self, spared: Sequence[str]) -> None:
        """Go on after a killed update or `make recover`: let the state know what is really there.

        Every create of this program takes over what an interrupted create left (docs/adr/0006), so that a create
        whose end is not known may be forgotten.
        """
        interrupted, restored = self.workspace.was_interrupted(), self.workspace.was_restored()
        if interrupted or restored:
            why = "an earlier update was interrupted" if interrupted else "`make recover` was run"
            say(f"stack {STACK}: {why}; the state is compared with what is there")
            Api(self.cluster.kubeconfig).await_schema()  # the cluster may have been started a moment ago
            options = ("--yes", "--skip-preview", "--suppress-outputs", "--clear-pending-creates", *spared)
            if self.workspace.engine("refresh", *options, extra=self.credentials()) != 0:
                raise self._explained("pulumi refresh failed: its messages are above; when mended, run `make up` again")
            self.workspace.set_restored(False)

    def _engine_up(self, *options: str) -> None:
        # With its preview: there a policy denies before anything has changed, in the update it denies half-way.
        planned = self.workspace.run("preview", "--suppress-outputs", *options, extra=self.credentials())
        if planned.status != 0:
            raise self._explained("the preview failed or a policy denied: its messages are above; nothing was changed")
        verdict = may_skip(planned)
        fixed = ("--yes", "--skip-preview", "--suppress-outputs")
        done = self.workspace.run("up", *fixed, *options, extra=self.credentials() | verdict.variables)
        if done.status != 0:
            raise self._explained("pulumi up failed: its messages are above; when mended, `make up` goes on from there")

    def _explained(self, text: str) -> LocalError:
        return explained(text, self.folder, self.damages(deep=True))

    def _publish(self) -> None:
        """Make the buckets where they are missing, then bring the artifacts in: servers start with them there."""
        # What makes and uploads artifacts takes a third of a second to import, and a preview needs none of it.
        from infra.kitchen import BUCKETS  # noqa: PLC0415
        from ops.publish import publish  # noqa: PLC0415
        from tools import fixtures  # noqa: PLC0415

        catalog = load_catalog()
        settings = settings_from_file(self.workspace.config_file, catalog)
        s3 = self.store_client(settings.object_store.region)
        prefix = settings.object_store.bucket_prefix
        bucket = naming.bucket(prefix, "lora")
        # Asked of the state, not of the store: what an interrupted create left is not ours until it has its tag.
        if not {naming.bucket(prefix, name) for name in BUCKETS} <= self.workspace.recorded(":S3Bucket"):
            self._engine_up(*BUCKETS_ONLY)
        source = self.folder / "fixtures"
        fixtures.write(source)
        refs = sorted({ref for kitchen in settings.kitchens.values() for ref in kitchen.adapters})
        report = publish(s3, bucket, catalog, refs, source / "lora")
        held = sorted({ref for tenant in settings.tenants for ref in settings.held(tenant)})
        models = naming.bucket(prefix, "models")
        brought = publish(s3, models, catalog, held, source / "base")
        say(f"base models: {len(brought.uploaded)} files to {models}, {len(brought.already_there)} there already")
        say(f"artifacts: {len(report.uploaded)} uploaded to {bucket}, {len(report.already_there)} there already")
