"""`make up` and `make down`: the dev environment on the embedded cluster, from nothing and back to nothing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components import naming
from infra.catalog import load_catalog
from infra.load import read_stack_file, settings_from_file
from ops.store import client
from tools.cluster import Cluster
from tools.cluster.api import Api
from tools.damaged_error import DamagedError
from tools.engine import report
from tools.engine.checkpoints import WITHOUT, may_skip
from tools.engine.journal import Stack
from tools.engine.leftovers import Kubectl, clear_the_way, make_way, remove_leftovers
from tools.engine.outcome import Outcome
from tools.engine.recovery import recording, recovering, to_recover
from tools.engine.words import counted, wrapped
from tools.local import locks, removal
from tools.local.by_hand import ByHand
from tools.local.errors import LocalError
from tools.local.intact import explained, kitchen_damages, refuse, refuse_full_disk
from tools.local.killed import look_after
from tools.local.logs import Log, shown
from tools.local.places import places
from tools.local.previews import preview
from tools.local.readiness import WAIT_SECONDS, readiness, refuse_unready
from tools.local.reasons import reasons
from tools.local.screen import Screen
from tools.local.settled import is_settled, settle, unsettle
from tools.local.work import Work
from tools.local.workspace import FOLDER, REPOSITORY, Workspace
from tools.own_file import remove
from tools.progress import note, say
from tools.toolchain import CLUSTER, PREVIEW, make_plan, provide

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

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
        self._removed = False
        self.screen = Screen()

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
        self.screen = screen = Screen(5, Log(self.folder, "up"), self.work.tell)
        plan = make_plan([*PREVIEW, *CLUSTER])
        with screen.step(f"toolchain: {plan.headline}" if plan.headline else "toolchain") as step:
            provide(plan)
            step.result = "ready"
        settings = settings_from_file(REPOSITORY / f"Pulumi.{STACK}.yaml", load_catalog())
        with screen.step("embedded cluster") as step:
            self.cluster.start()
            step.result = "runs"
        self.workspace.prepare(self.changes())
        look = partial(ByHand, self.workspace, self.cluster, settings.environment, self._engine)
        by_hand = look()
        if self._recover(by_hand.spared):
            by_hand = look()
        by_hand.mend_store(take_back)
        with screen.step("buckets and artifacts") as step:
            step.result = self._publish()
        left = by_hand.mend(take_back)
        with screen.step("pulumi up") as step:
            with by_hand.watching(wait):
                planned, done = self._engine_up()
                by_hand.after(self._engine_up)
            self._after_kill(remove_leftovers)
            if self._removed:  # what was seen before is named no more
                by_hand = look()
            step.result, *more = report.changed(done, planned)
        for line in (*more, *report.warnings(planned), *by_hand.leftovers()):
            screen.lasting(line)
        with screen.step("readiness") as step:
            verdict = readiness(self.workspace, self.cluster.kubeconfig, settings.environment, wait)
            ready = len(verdict.states) - len(verdict.waiting)
            step.result = f"{ready} of {counted(len(verdict.states), 'kitchen')} Ready"
        print(f"\n{self._places(verdict.states)}", flush=True)
        refuse_unready(verdict, left)

    def down(self) -> None:
        """Remove everything that `up` made, whatever is damaged: the processes, the data and the state."""
        with self.work.begin("down", self.workspace.folder, clear=remove):
            screen = Screen(2, tell=self.work.tell)
            locks.refuse_living(self.workspace.folder)
            with screen.step("embedded cluster"):
                left = removal.cluster(self.cluster)
            with screen.step("state and artifacts"):
                left += removal.files(self.folder, self.workspace.folder)
            if left:
                raise LocalError("\n".join(left))
        with suppress(OSError):  # something of somebody else is in it
            self.folder.rmdir()

    def damages(self, *, deep: bool = False) -> list[DamagedError]:
        """Every damaged file of the environment; `deep` tries the passphrase as well, which takes half a second."""
        return kitchen_damages(self.folder, self.workspace, self.cluster, deep=deep)

    def preview(self, against: str = "against what is up on this machine", *, machine: bool = False) -> int:
        """Show what `up` would change, under a title that says `against` what. Returns the engine's exit status."""
        self.workspace.prepare(self.changes())
        return preview(self.workspace, self.folder, against, extra=self.credentials(), machine=machine).status or 0

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

    def _recover(self, spared: Sequence[str]) -> bool:
        """Go on after a killed update or `make recover`: let the state know what is really there.

        Every create of this program takes over what an interrupted create left (docs/adr/0006), so that a create
        whose end is not known may be forgotten. What may have been changed is applied again (docs/adr/0025).
        Returns whether the state was compared.
        """
        restored = self.workspace.was_restored()
        if (journal := to_recover(self.workspace, restored=restored)) is None:
            return False
        why = "`make recover` was run" if restored else "an earlier update was interrupted"
        note(f"stack {STACK}: {why}; the state is compared with what is there")
        Api(self.cluster.kubeconfig).await_schema()  # the cluster may have been started a moment ago
        options = ("--yes", "--skip-preview", "--suppress-outputs", "--clear-pending-creates", *spared)
        with recovering(journal, self.workspace, spared):
            # A refresh changes the state alone, and one that is cut is run again: it needs no checkpoints.
            done = self._engine("refresh", *options, variables=WITHOUT)
            if done.status != 0:
                raise self._explained("pulumi refresh failed; when mended, run `make up` again", done)
        self.workspace.set_restored(False)
        return True

    def _after_kill(self, look: Callable[[Stack, Kubectl], list[str]]) -> bool:
        """Say what became of what a killed update has left, if anything: in an orderly life, nothing."""
        found = look_after(self.workspace, self.workspace.environment() | self.credentials(), look, "`make up`")
        self._removed |= found
        return found

    def _engine(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> Outcome:
        return self.screen.engine(self.workspace, command, *options, extra={**self.credentials(), **(variables or {})})

    def _places(self, states: Mapping[tuple[str, str], str]) -> str:
        prefix = "" if self.folder == FOLDER else f"KITCHEN_DIRECTORY={shlex.quote(shown(self.folder))} "
        cluster = self.cluster
        return places(self.workspace.outputs(), states, cluster.kubeconfig, cluster.minio_endpoint, prefix)

    def _engine_up(self, *options: str) -> tuple[Outcome, Outcome]:
        """Preview, then update; a policy denies in the preview, before anything has changed."""
        keys = self.credentials()
        engine = partial(self.screen.engine, reasons=lambda: reasons(self.cluster))
        preview = partial(engine, self.workspace, "preview", "--suppress-outputs", *options, extra=keys)
        planned = preview()
        if self._after_kill(partial(make_way, planned=planned)):
            planned = preview()
        if planned.status != 0:
            raise self._explained("the preview failed or was denied; nothing was changed", planned)
        if not options:
            self._after_kill(partial(clear_the_way, planned=planned))
        if not options and is_settled(self.workspace, planned):
            say("update: left out, as it would do nothing that the last one has not done")
            return planned, planned
        verdict, number = may_skip(planned), len(planned.object_changes())
        say(f"checkpoints: {'skipped' if verdict.skip else 'written'}: {verdict.reason}")
        fixed = ("--yes", "--skip-preview", "--suppress-outputs")
        unsettle(self.workspace)
        with recording(planned, verdict, self.workspace):
            done = engine(self.workspace, "up", *fixed, *options, extra=keys | verdict.variables, expected=number)
        if done.status != 0:
            raise self._explained("pulumi up failed; when mended, `make up` goes on from there", done)
        if not options:
            settle(self.workspace)
        return planned, done

    def _explained(self, text: str, outcome: Outcome) -> LocalError:
        """Why it failed, what became of it, and where everything is."""
        seen = [line for reason in reasons(self.cluster)[:3] for line in wrapped(f"seen in the cluster: {reason}")]
        lines = [*report.failure(outcome), *seen, f"{text}{self.screen.everything()}"]
        return explained("\n".join(lines).removeprefix("error: "), self.folder, self.damages(deep=True))

    def _publish(self) -> str:
        """Make the buckets where they are missing, then bring the artifacts in: servers start with them there.

        Returns what it did in a few words.
        """
        # What makes and uploads artifacts takes a third of a second to import, and a preview needs none of it.
        from infra.kitchen import BUCKETS  # noqa: PLC0415
        from ops.publish import publish  # noqa: PLC0415
        from tools import fixtures  # noqa: PLC0415

        catalog = load_catalog()
        settings = settings_from_file(self.workspace.config_file, catalog)
        s3 = self.store_client(settings.object_store.region)
        prefix = settings.object_store.bucket_prefix
        bucket = naming.bucket(prefix, "lora")
        made = []
        # Asked of the state, not of the store: what an interrupted create left is not ours until it has its tag.
        if not {naming.bucket(prefix, name) for name in BUCKETS} <= self.workspace.recorded(":S3Bucket"):
            made.append(report.changed(self._engine_up(*BUCKETS_ONLY)[1])[0])
        source = self.folder / "fixtures"
        fixtures.write(source)
        refs = sorted({ref for kitchen in settings.kitchens.values() for ref in kitchen.adapters})
        published = publish(s3, bucket, catalog, refs, source / "lora")
        held = sorted({ref for tenant in settings.tenants for ref in settings.held(tenant)})
        models = naming.bucket(prefix, "models")
        brought = publish(s3, models, catalog, held, source / "base")
        say(f"base models: {len(brought.uploaded)} files to {models}, {len(brought.already_there)} there already")
        say(f"artifacts: {len(published.uploaded)} uploaded to {bucket}, {len(published.already_there)} there already")
        new = len(published.uploaded) + len(brought.uploaded)
        there = len(published.already_there) + len(brought.already_there)
        return "; ".join([*made, f"{new} files brought in, {there} there already"])
