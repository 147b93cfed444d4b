"""`make preview` and `make policy`: what would change and whether it may, without a cluster where none is needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

from infra.catalog import load_catalog
from infra.dashboard_files import DASHBOARDS, dashboard_files
from infra.load import settings_from_file
from infra.monitoring import OPERATIONS, platform_targets, routing, rule_groups, targets
from infra.monitoring_files import (
    ALERTMANAGER_FILE,
    RULES_FILE,
    SCRAPES_FILE,
    alertmanager_file,
    rules_file,
    scrapes_file,
)
from tools.engine import report
from tools.engine.checkpoints import WITHOUT
from tools.engine.words import table
from tools.local.errors import LocalError
from tools.local.logs import Log, shown
from tools.local.screen import Screen
from tools.local.workspace import REPOSITORY, Workspace
from tools.own_file import OPEN, remove, write
from tools.progress import say

STACKS = ("dev", "prod")
_NOWHERE = "https://127.0.0.1:1"

_READERS = {RULES_FILE: "Prometheus", SCRAPES_FILE: "Prometheus", ALERTMANAGER_FILE: "Alertmanager"}
_IN_PLAIN_TEXT = "a secret value in plaintext"


def offline_workspace(stack: str, folder: Path) -> Workspace:
    """A workspace whose state is empty and whose kubeconfig leads nowhere: everything is shown as to be created."""
    folder.mkdir(parents=True, exist_ok=True)
    kubeconfig = folder / "kubeconfig"
    write(kubeconfig, yaml.safe_dump(_kubeconfig()))
    return Workspace(folder, stack, kubeconfig)


def render(stack: str, directory: Path) -> None:
    """Write a stack's Kubernetes objects below `<directory>/rendered/<stack>/`; raise LocalError.

    The state is made anew, so that the folder holds what the settings say now and nothing older. Keys of the object
    store are placeholders: no secret is written. Without checkpoints: what a killed render leaves is of no use to
    anybody.
    """
    target = directory / "rendered" / stack
    remove(target)
    folder = directory / "render" / stack
    remove(folder)
    folder.mkdir(parents=True)
    workspace = Workspace(folder, stack, kubeconfig=None)
    workspace.prepare({"renderTo": str(target)})
    screen = Screen(log=Log(directory, f"render-{stack}"))
    fixed = ("--yes", "--skip-preview", "--suppress-outputs")
    with screen.passing(f"render of {stack}"):
        outcome = screen.engine(workspace, "up", *fixed, extra=WITHOUT)
    # The provider warns of keys in files: these are placeholders, as the settings of a workspace hold no secret.
    outcome.messages = [message for message in outcome.messages if _IN_PLAIN_TEXT not in message.text]
    for line in report.wrong(outcome, checked=True):
        say(line)
    if outcome.status == 0:
        files = sum(1 for _ in target.rglob("*.yaml"))
        say(f"render: {files} files below {shown(target)}; keys in Secrets are placeholders")
        for path in write_monitoring(REPOSITORY / f"Pulumi.{stack}.yaml", target.with_name(f"{stack}-monitoring")):
            reader = path.parent.name if path.parent.parent.name == DASHBOARDS else _READERS[path.name]
            say(f"render: {shown(path)}, for your own {reader.capitalize()}")
    else:
        raise LocalError(f"the render failed{screen.everything()}")


def write_monitoring(config: Path, folder: Path) -> list[Path]:
    """Write Alertmanager's routes, and rules, scrapes and dashboards where settings ask for files; beside the objects.

    What an earlier render left there is removed first. From phase 4 on; nothing is returned where nothing is asked for.
    """
    remove(folder)
    settings = settings_from_file(config, load_catalog())
    said, texts = settings.monitoring, dict[str, str]()
    if settings.phase >= OPERATIONS and (said.form == "files" or settings.platform.monitoring):
        texts[ALERTMANAGER_FILE] = alertmanager_file(routing(settings))
    if settings.phase >= OPERATIONS and said.form == "files":
        parts = platform_targets(settings)
        scrapes = scrapes_file(targets(settings), environment=settings.environment, parts=parts)
        texts |= {RULES_FILE: rules_file(rule_groups(settings)), SCRAPES_FILE: scrapes}
    if settings.phase >= OPERATIONS and said.dashboards == "files":
        texts |= dashboard_files(settings.environment, settings.prices.currency)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, text, OPEN)
    return [folder / name for name in texts]


def policy(directory: Path) -> int:
    """Run the pack over both stacks, print every violation and one line a stack; returns 1 when a stack is denied."""
    rows, status = [], 0
    for stack in STACKS:
        workspace = offline_workspace(stack, directory / "offline")
        workspace.prepare({})
        screen = Screen(log=Log(directory, f"policy-{stack}"))
        with screen.passing(f"policies over {stack}"):
            outcome = screen.engine(workspace, "preview", "--suppress-outputs")
        for line in report.wrong(outcome, checked=False):
            print(f"{stack}: {line}" if not line.startswith(" ") else line)
        failed = "DENIED" if outcome.denials() else "FAILED"
        levels = Counter(violation.level for violation in set(outcome.violations))
        rows.append(
            (
                stack,
                "passed" if outcome.status == 0 else failed,
                *(str(number) for number in (len(outcome.rules), len(outcome.object_changes()))),
                *(str(levels[level]) for level in ("mandatory", "advisory")),
                shown(screen.log.path) if screen.log else "",
            )
        )
        status |= outcome.status != 0
    print(table(("STACK", "POLICIES", "NUMBER", "OBJECTS", "DENIED", "TO CONSIDER", "ALL THAT WAS SAID"), rows))
    return int(status)


def checked_stack(stack: str) -> str:
    """Return the stack's name; raise LocalError when there is no settings file of that name."""
    known = sorted(path.name.split(".")[1] for path in REPOSITORY.glob("Pulumi.*.yaml"))
    if stack not in known:
        raise LocalError(
            f"STACK={stack}: there is no Pulumi.{stack}.yaml; known: {', '.join(known)}; example: STACK=dev"
        )
    return stack


def _kubeconfig() -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "nowhere",
        "clusters": [{"name": "nowhere", "cluster": {"server": _NOWHERE}}],
        # Without any credential the provider would ask for a user name on the terminal.
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
    }
