"""Since when a kitchen has an adapter's version: the time of the commit that brought it to the branch, as Git says it.

Only the first parents of the checked out branch count, so a merge has the time at which it was merged, and not that of
the work on it. What stands there without a break until today is dated; before a gap it was another rollout.
"""

from __future__ import annotations

from pathlib import Path

from infra.adapter_refs import refs_in
from ops.rollback.block import LayoutError, kitchens_in
from ops.rollback.git import Commit, Repository

MOST = 2000
"""Commits of the settings file that are looked at."""

Served = tuple[str, str]
"""A kitchen and the reference of an adapter, such as `faq/v1`."""


def merged(settings: Path) -> dict[Served, int | None]:
    """Seconds since 1970 by what the committed settings declare; None where this clone's history does not say.

    Raise FaultsError where the file lies in no repository, GitError where Git fails.
    """
    repository = Repository(settings, "merged")
    commits, is_whole = repository.first_parents(MOST)
    found: dict[Served, int | None] = {}
    open_ones: dict[Served, int] = {}
    for number, commit in enumerate(commits):
        there = _declared(repository, commit, settings)
        if there is None:
            continue  # what nobody could read then has changed nothing
        if not number:
            open_ones = dict.fromkeys(there, commit.seconds)
        for one in list(open_ones):
            if one in there:
                open_ones[one] = commit.seconds
            else:
                found[one] = open_ones.pop(one)
        if not open_ones:
            break
    return {**found, **{one: seconds if is_whole else None for one, seconds in open_ones.items()}}


def _declared(repository: Repository, commit: Commit, settings: Path) -> set[Served] | None:
    text = repository.text_at(commit, settings)
    if text is None:
        return set()
    try:
        kitchens = kitchens_in(text)
    except LayoutError:
        return None
    return {
        (name, ref)
        for name, kitchen in kitchens.items()
        if isinstance(kitchen, dict) and isinstance(kitchen.get("adapters"), list)
        for entry in kitchen["adapters"]
        for ref in refs_in(entry)
        if "/" in ref
    }
