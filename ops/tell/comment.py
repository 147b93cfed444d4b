"""One comment on a pull request, edited in place."""

from __future__ import annotations

from collections.abc import Sequence

from ops.forge.errors import BusyError
from ops.forge.things import Comment, Forge
from ops.tell.body import marked

MARK = "kitchen plan"
_WHOLE = "the whole report is in reports/plan of this run"


def put(forge: Forge, number: int, text: str, mark: str = MARK) -> str:
    """Have one comment of our own with this text; what was done, in a few words. Raise ForgeError.

    A comment is ours if it begins with the mark and the token's own account has written it. Of several the newest
    stays. A comment whose making got no answer may be there all the same: it is looked for before it is made again.
    """
    body = marked(mark, text, forge.longest, _WHOLE)
    try:
        return _put(forge, number, body, mark)
    except BusyError:
        if not ours(forge, number, mark):
            raise
        return _put(forge, number, body, mark)


def ours(forge: Forge, number: int, mark: str = MARK) -> Sequence[Comment]:
    """Our own comments with the mark, the newest first. Raise ForgeError."""
    own = forge.account
    found = [one for one in forge.comments(number) if one.author == own and one.body.startswith(f"<!-- {mark} -->")]
    return sorted(found, key=lambda one: -one.id)


def _put(forge: Forge, number: int, body: str, mark: str) -> str:
    found = ours(forge, number, mark)
    if not found:
        forge.comment(number, body)
        done = "made"
    elif found[0].body.replace("\r\n", "\n").rstrip() == body.rstrip():
        done = "up to date"
    else:
        forge.edit_comment(number, found[0].id, body)
        done = "edited"
    for old in found[1:]:
        forge.delete_comment(number, old.id)
    more = len(found) - 1
    return f"comment {done}" + (f", {more} older removed" if more > 0 else "")
