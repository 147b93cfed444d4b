"""Names in a bundle: relative, plain, and different from each other on every file system."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from infra.faults import Fault

MANIFEST = "bundle.json"
SIGNATURE = "bundle.sig"
SIGNATURES = (SIGNATURE, "bundle.2.sig", "bundle.3.sig", "bundle.4.sig")
"""Of several signers each has a file."""

EXAMPLE = "lora/helpdesk-faq/v2026-02-01/adapter_config.json"

_LONGEST = 1024


def rule_broken(name: str) -> str | None:
    """Return the rule that a name breaks, or None for a safe one."""
    parts = name.split("/")
    rules = (
        (not name or len(name.encode(errors="replace")) > _LONGEST, f"a name has 1 to {_LONGEST} bytes"),
        (name.startswith("/"), "a name must be relative: no leading /"),
        (any(part == ".." for part in parts), "a name must stay in the bundle: no .."),
        ("\\" in name, "no backslash in a name: folders are parted by /"),
        (any(unicodedata.category(sign).startswith("C") for sign in name), "no control characters in a name"),
        (any(part in ("", ".") for part in parts), "no empty or . part in a name"),
        (any(part[-1:] in (" ", ".") for part in parts), "no part of a name ends in a dot or space"),
        (any(":" in part for part in parts), "no colon in a name"),
    )
    return next((rule for broken, rule in rules if broken), None)


def name_faults(names: Iterable[str], where: str) -> list[Fault]:
    """Return a fault for every unsafe name and for every two that differ in case or Unicode form only."""
    faults = []
    seen: dict[str, str] = {}
    for name in names:
        rule = rule_broken(name)
        if rule is not None:
            faults.append(Fault(path=where, value=name, rule=rule, example=EXAMPLE))
        other = seen.setdefault(folded(name), name)
        if other != name:
            rule = f"names must differ in more than case: there is {other} already"
            faults.append(Fault(path=where, value=name, rule=rule, example=EXAMPLE))
    return faults


def folded(name: str) -> str:
    """Return what a file system that knows no case and one Unicode form makes of a name."""
    return unicodedata.normalize("NFC", name).casefold()
