"""Drift as one issue an environment: opened when something differs, kept up to date, closed when nothing does."""

from __future__ import annotations

from collections.abc import Sequence

from ops.forge.settings import no_token, place
from ops.forge.things import FAILURE, SUCCESS, Forge, Issue, Status
from ops.plan.style import Markdown
from ops.tell.body import marked

_WHOLE = "all of it: the artifact of this run, or `kitchen drift --stack {environment}`"


def mark_of(environment: str) -> str:
    """The mark by which the issue is found again."""
    return f"kitchen drift {environment}"


def tell_drift(environment: str, found: int, unseen: Sequence[str], text: str) -> str:
    """Say at the forge that the environment names how far things differ; what was done, in a line.

    `found` counts what differs, `unseen` says what could not be looked at: then an issue stays open, and none is
    opened for that alone. `text` is Markdown. Without a token nothing is told. Raise FaultsError, ForgeError.
    """
    where = place()
    if where is None:
        return no_token()
    forge = where.forge()
    said = put(forge, environment, found, unseen, text)
    if where.commit:
        forge.set_status(where.commit, _status(environment, found, unseen))
    return said


def put(forge: Forge, environment: str, found: int, unseen: Sequence[str], text: str) -> str:
    """Have the issue open or closed as it must be; of several of ours the oldest stays. Raise ForgeError."""
    mark = mark_of(environment)
    mine = sorted(_ours(forge, mark), key=lambda one: one.number)
    body = marked(mark, _text(environment, found, unseen, text), forge.longest,
                  _WHOLE.format(environment=environment))  # fmt: skip
    for one in mine[1:]:
        forge.close_issue(one.number, f"<!-- {mark} -->\nThe issue is #{mine[0].number}.\n")
    if found:
        if not mine:
            return f"issue {forge.open_issue(f'Drift in {environment}', body)} opened"
        if mine[0].body.replace("\r\n", "\n").rstrip() == body.rstrip():
            return f"issue {mine[0].number} is up to date"
        forge.edit_issue(mine[0].number, body)
        return f"issue {mine[0].number} edited"
    if not mine:
        return f"no drift{' in what could be looked at' * bool(unseen)}, and no issue is open"
    if unseen:
        return f"issue {mine[0].number} stays open: not everything could be looked at"
    forge.close_issue(mine[0].number, body)
    return f"issue {mine[0].number} closed"


def _ours(forge: Forge, mark: str) -> list[Issue]:
    own = forge.account
    return [one for one in forge.issues() if one.author == own and one.body.startswith(f"<!-- {mark} -->")]


def _text(environment: str, found: int, unseen: Sequence[str], text: str) -> str:
    count = "Nothing differs" if not found else f"{found} {'object differs' if found == 1 else 'objects differ'}"
    style = Markdown()
    lines = [f"**{count} in {environment}** from what was delivered.", ""]
    if unseen:
        lines += ["Not looked at:", *(f"- {style.text(one)}" for one in unseen), ""]
    return "\n".join([*lines, text]).rstrip() + "\n"


def _status(environment: str, found: int, unseen: Sequence[str]) -> Status:
    state = FAILURE if found or unseen else SUCCESS
    said = f"{found} differ" if found else "not everything could be looked at" if unseen else "no drift"
    return Status(context=f"kitchen/drift ({environment})", state=state, description=said)
