"""The servers: what they say that they serve, beside what is declared, as `kitchen audit` asks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.catalog import load_catalog
from infra.settings import Settings
from ops.audit.models import models_row
from ops.audit.verdicts import Verdict
from tools.drift_report.findings import Change, Finding, Place, Seen, What

if TYPE_CHECKING:
    from infra.declared import Declared


def of_servers(settings: Settings, urls: Mapping[str, str], bearer: str) -> Seen:
    """Ask each kitchen of the settings that has an address in `urls`; the others are named as not asked."""
    others = [name for name in settings.kitchens if name not in urls]
    seen = Seen(unasked=[f"adapters that {name} serves: --models {name}=URL" for name in others])
    if urls:
        from infra.declared import declared  # noqa: PLC0415 - it takes a second to import

        asked(declared(settings, load_catalog()), urls, bearer, seen)
    return seen


def asked(said: Declared, urls: Mapping[str, str], bearer: str, seen: Seen) -> None:
    """Ask each kitchen that has an address in `urls`."""
    for kitchen in said.kitchens:
        row = models_row(kitchen, urls.get(kitchen.name), bearer)
        if kitchen.name not in urls:
            continue
        if row.finding.verdict is Verdict.NOT_PROVEN:
            seen.unread.append(f"adapters that {kitchen.name} serves: {row.finding.why}")
        elif row.finding.verdict is Verdict.DIFFERS:
            seen.findings.append(
                Finding(
                    place=Place.SERVER,
                    what=What.CHANGED,
                    kind="served models",
                    namespace=kitchen.namespace,
                    name=kitchen.name,
                    changes=(Change(path="/v1/models", declared=row.declared, live=row.finding.found),),
                    way=f"kitchen audit --settings FILE --models {kitchen.name}=URL, then restart its pods",
                )
            )
