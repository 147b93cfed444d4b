"""Arguments and run of `kitchen gitops`: an environment's objects, rendered to the branch that Argo CD follows."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

from infra.faults import Fault, FaultsError
from ops.screen import told_to
from tools.gitops import application
from tools.gitops.branch import SECRETS_FILE, files
from tools.gitops.manifests import SOURCE, Rendered, read_folder
from tools.gitops.repository import RENDERED_FROM, GitError, Repository
from tools.local.errors import LocalError
from tools.local.offline import checked_stack, render
from tools.local.workspace import REPOSITORY
from tools.toolchain import PREVIEW, ToolchainError, ensure

_SECRET_VARIABLES = re.compile(r"(?:KITCHEN_|PULUMI_|AWS_).*(?:KEY|TOKEN|PASSPHRASE|PASSWORD|SECRET)")
_BRANCH = re.compile(r"[A-Za-z0-9][\w-]*(?:[/.][\w-]+)*")
_SHOWN = 12


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--stack", required=True, metavar="STACK", help="the environment")
    parser.add_argument("--branch", metavar="NAME", help="the branch that Argo CD follows (rendered/STACK)")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--push", action="store_true", help="push the commit to origin")
    chosen.add_argument(
        "--check", action="store_true", help="write nothing: 1 unless the branch and deploy/argocd are what is rendered"
    )
    chosen.add_argument(
        "--project", action="store_true", help="write deploy/argocd/STACK.yaml, what Argo CD may do, and no branch"
    )


def run(options: argparse.Namespace) -> int:
    """Commit, check or write; 0, 1 where the check finds a difference or git refuses, 2 for bad input."""
    try:
        return _run(options)
    except FaultsError as error:
        print(told_to(options, error), file=sys.stderr)
        return 2
    except (LocalError, ToolchainError, GitError) as error:
        print(f"{SOURCE}: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    stack = _stack(options.stack)
    branch = options.branch or f"rendered/{stack}"
    if not _BRANCH.fullmatch(branch) or branch in ("main", "master", "HEAD"):
        rule = "a branch of its own, which holds nothing but what is rendered"
        raise FaultsError(SOURCE, [Fault(path="--branch", value=branch, rule=rule, example=f"rendered/{stack}")])
    repository = Repository(REPOSITORY)
    source = None if options.project else repository.source()
    rendered = _rendered(stack)
    place = application.place_of(_project_file(stack))
    project = application.text(stack, branch, rendered, place)
    if source is None:
        return _write_project(stack, project)
    texts = files(rendered, _secrets())
    if options.check:
        return _check(repository, stack, branch, texts, project)
    return _commit(repository, stack, branch, texts, source, push=options.push)


def _stack(name: str) -> str:
    try:
        return checked_stack(name)
    except LocalError as error:
        raise FaultsError(SOURCE, [Fault(path="--stack", value=name, rule=str(error), example="dev")]) from None


def _rendered(stack: str) -> Rendered:
    """Render in a folder of its own, so that nothing older and nothing of another command can be in it."""
    ensure(PREVIEW)
    with tempfile.TemporaryDirectory(prefix="kitchen-gitops-") as folder:
        render(stack, Path(folder))
        return read_folder(Path(folder) / "rendered" / stack)


def _secrets() -> dict[str, str]:
    """Secrets that this process was given, by variable: none of them may be in a file."""
    return {
        key: value.strip()
        for key, value in os.environ.items()
        if _SECRET_VARIABLES.fullmatch(key) and len(value.strip()) >= 8
    }


def _project_file(stack: str) -> Path:
    return REPOSITORY / "deploy" / "argocd" / f"{stack}.yaml"


def _write_project(stack: str, text: str) -> int:
    path = _project_file(stack)
    before = path.read_text() if path.is_file() else ""
    if before != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{path.relative_to(REPOSITORY)}: {'unchanged' if before == text else 'written'}")
    return 0


def _check(repository: Repository, stack: str, branch: str, texts: dict[str, str], project: str) -> int:
    found = []
    path = _project_file(stack)
    if not path.is_file() or path.read_text() != project:
        found.append(
            f"{path.relative_to(REPOSITORY)}: is not what the commit renders; run: make gitops-project STACK={stack}"
        )
    tip = repository.tip(branch)
    if not tip:
        found.append(f"branch {branch}: is not there; run: make gitops STACK={stack} PUSH=yes")
    elif difference := repository.difference(repository.tree_of(tip), repository.tree(texts)):
        found.append(f"branch {branch}: differs from what the commit renders in {len(difference)} files:")
        found += [f"  {line}" for line in _some(difference)]
        found.append(f"run: make gitops STACK={stack} PUSH=yes")
    for line in found:
        print(line)
    if not found:
        print(
            f"branch {branch}: {len(texts)} files, as the commit renders them; deploy/argocd/{stack}.yaml: as derived"
        )
    return 1 if found else 0


def _commit(
    repository: Repository, stack: str, branch: str, texts: dict[str, str], source: tuple[str, str], *, push: bool
) -> int:
    commit, subject = source
    tip = repository.tip(branch) if push else repository.own_tip(branch)
    former = repository.rendered_from(tip) if tip else ""
    if tip and not former:
        rule = "a branch of its own, and this one holds something else: all of it would be removed"
        raise FaultsError(
            SOURCE, [Fault(path="--branch", value=branch, rule=rule, example=f"rendered/{stack}-objects")]
        )
    tree = repository.tree(texts)
    before = repository.tree_of(tip) if tip else ""
    if before == tree:
        print(f"branch {branch}: unchanged, {len(texts)} files")
        return 0
    if repository.is_older(commit, former):
        raise GitError(
            f"branch {branch}: was rendered from {former[:12]}, which is newer than {commit[:12]}: this would take it "
            "back, and nothing was changed; to go back, revert on the branch that is delivered"
        )
    message = f"{stack}: {subject}\n\n{RENDERED_FROM}: {commit}\n"
    made = repository.commit(branch, tree, tip, message)
    changes = repository.difference(before, tree) if before else [f"A\t{path}" for path in sorted(texts)]
    counts = ", ".join(f"{sum(line.startswith(sign) for line in changes)} {word}" for sign, word in
                       (("A", "new"), ("M", "changed"), ("D", "removed")))  # fmt: skip
    if push:
        repository.push(made, branch)
    where = "pushed to origin" if push else "not pushed"
    print(f"branch {branch}: {made[:12]} from {commit[:12]}, {counts} of {len(texts)} files; {where}")
    for line in _some(changes):
        print(f"  {line}")
    print(f"not in it: Secrets ({SECRETS_FILE} names them), buckets and users of the store: docs/pipelines.md")
    return 0


def _some(lines: list[str]) -> list[str]:
    left = len(lines) - _SHOWN
    return [line.replace("\t", " ") for line in lines[:_SHOWN]] + ([f"and {left} more"] if left > 0 else [])
