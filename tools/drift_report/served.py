"""The servers: what they say that they serve, beside what is declared, as `kitchen audit` asks them."""

from __future__ import annotations

from collections.abc import Mapping

from infra.catalog import load_catalog
from infra.declared import Declared, declared
from infra.settings import Settings
from ops.audit.models import models_row
from ops.audit.verdicts import Verdict
from tools.drift_report.findings import Change, Finding, Place, Seen, What


def kitchens(settings: Settings) -> Declared:
    """What Git declares of the kitchens."""
    return declared(settings, load_catalog())


def of_servers(said: Declared, urls: Mapping[str, str], bearer: str) -> Seen:
    """Ask each kitchen that has an address in `urls`; the others are named as not asked."""
    seen = Seen()
    for kitchen in said.kitchens:
        row = models_row(kitchen, urls.get(kitchen.name), bearer)
        if kitchen.name not in urls:
            seen.unasked.append(f"adapters that {kitchen.name} serves: --models {kitchen.name}=URL")
        elif row.finding.verdict is Verdict.NOT_PROVEN:
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
    return seen
