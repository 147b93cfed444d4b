"""The entry and what is recorded of the calls: does it let in who may come, and is each call on record?"""

from __future__ import annotations

from collections.abc import Mapping

from components.observability.dashboards.boards import common
from components.observability.dashboards.boards.common import BoardArgs
from components.observability.dashboards.expressions import ENVIRONMENT, appeared, grown, or_none, rate, series, share
from components.observability.dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Lines,
    Panel,
    Query,
    Row,
    Step,
    Table,
    Tile,
)
from components.observability.names import CALLS, REFUSALS

_ENTRY = series("up", ENVIRONMENT, 'part="entry"')
_VERDICTS: Mapping[str, Colour] = {
    'verdict="proven"': "good",
    'verdict="not_proven"': "watch",
    'verdict="differs"': "bad",
}
_RECORD = "no shipper of the record is scraped: there is none without the setting entry."


def board(args: BoardArgs) -> Dashboard:
    """For who answers for access and for the record."""
    return Dashboard(
        uid=args.uid("entry"),
        title=args.title("entry and audit"),
        reader="who answers for access, and the auditor",
        rows=(
            Row(title="Is it well?", panels=_well(), height=4),
            Row(title="Calls", panels=_calls(), height=8),
            Row(title="Who is refused and limited", panels=_refused(), height=8),
            Row(title="The record, and what ends", panels=_record(), height=8),
            Row(title="What audit and policies found", panels=_found(), height=8),
        ),
    )


def _well() -> tuple[Panel, ...]:
    every = rate(CALLS, ENVIRONMENT)
    oldest = f"max({series('kitchen_record_oldest_waiting_seconds', ENVIRONMENT)})"
    ends = f"min({series('kitchen:ends_timestamp_seconds', ENVIRONMENT)}) - time()"
    return (
        common.verdict('subject=~"entry|record|governance"', width=5, of="the entry and the record"),
        Tile(
            title="Entry",
            unit="words",
            shows="Whether all pods of the entry answer Prometheus.",
            empty="no pod of the entry is scraped: there is none without the setting entry.",
            queries=(Query(expression=f"min({_ENTRY})"),),
            width=4,
            steps=(Step(at=0, colour="bad", word="one is down"), Step(at=1, colour="good", word="all answer")),
        ),
        Tile(
            title="Calls refused",
            unit="share",
            shows="Calls that were not allowed or not well formed, of all calls. Look for the caller of a jump.",
            empty=common.NO_CALLS,
            queries=(
                Query(
                    expression=or_none(share(rate(CALLS, ENVIRONMENT, 'outcome="refused"'), every), f"({every}) > 0")
                ),
            ),
            width=3,
            steps=(Step(at=0, colour="good"), Step(at=0.1, colour="watch"), Step(at=0.5, colour="bad")),
        ),
        Tile(
            title="Calls limited",
            unit="share",
            shows="Calls over a limit of tokens or calls, of all calls.",
            empty=common.NO_CALLS,
            queries=(
                Query(
                    expression=or_none(share(rate(CALLS, ENVIRONMENT, 'outcome="limited"'), every), f"({every}) > 0")
                ),
            ),
            width=3,
            steps=(Step(at=0, colour="good"), Step(at=0.05, colour="watch"), Step(at=0.3, colour="bad")),
        ),
        Tile(
            title="Record of calls",
            unit="words",
            shows="How long the oldest line waits for the store. When the disk is full, calls are refused.",
            empty=_RECORD,
            queries=(Query(expression=oldest),),
            width=5,
            steps=(
                Step(at=0, colour="good", word="is stored"),
                Step(at=900, colour="watch", word="waits over 15 min"),
                Step(at=3600, colour="bad", word="waits over an hour"),
            ),
        ),
        Tile(
            title="What ends next",
            unit="words",
            shows="The next end of a signer, an exemption, a licence or a grant of Git.",
            empty="nothing that ends stands in Git, or the rules are not loaded.",
            queries=(Query(expression=ends),),
            width=4,
            steps=(
                Step(at=-1e9, colour="bad", word="something ended"),
                Step(at=0, colour="bad", word="within 3 days"),
                Step(at=259200, colour="watch", word="within 14 days"),
                Step(at=1209600, colour="good", word="later than 14 days"),
            ),
        ),
    )


def _calls() -> tuple[Panel, ...]:
    return (
        common.outcomes(ENVIRONMENT, width=8),
        Lines(
            title="Refusals of 5 minutes by reason",
            unit="count",
            shows="Each reason that occurred; docs/calling.md says what a caller reads for each.",
            empty="nothing was refused in this time, or the entry is not scraped: the tile above tells which.",
            queries=(Query(expression=f"{appeared(REFUSALS, ENVIRONMENT, by='reason')} > 0", legend="{{reason}}"),),
            width=8,
            stack=True,
        ),
        Lines(
            title="Calls under way",
            unit="count",
            shows="Calls that the entry holds open now, answers that are streamed among them.",
            empty="no pod of the entry is scraped.",
            queries=(
                Query(
                    expression=f"sum by (pod) ({series('envoy_http_downstream_rq_active', ENVIRONMENT)})",
                    legend="{{pod}}",
                ),
            ),
            width=8,
        ),
    )


def _refused() -> tuple[Panel, ...]:
    by = "tenant, kitchen, group"
    columns = (
        Column(key="tenant", heading="Tenant"),
        Column(key="kitchen", heading="Kitchen"),
        Column(key="group", heading="Group"),
        Column(key="A", heading="Calls"),
    )
    return tuple(
        Table(
            title=title,
            unit="count",
            shows=shows,
            empty="there was none in 24 hours, or the entry is not scraped: the tile 'Entry' tells which.",
            queries=(Query(expression=f"topk(20, {grown(CALLS, ENVIRONMENT, outcome, by=by)} > 0)"),),
            width=12,
            columns=columns,
            order="A",
        )
        for title, shows, outcome in (
            ("Refused in a day", "The twenty groups with most refused calls in 24 hours.", 'outcome="refused"'),
            ("Limited in a day", "The twenty groups that met a limit most often in 24 hours.", 'outcome="limited"'),
        )
    )


def _record() -> tuple[Panel, ...]:
    return (
        Lines(
            title="Lines of the record",
            unit="per second",
            shows="Lines that are in the store for good, and tries that failed: those are tried again.",
            empty=_RECORD,
            queries=(
                Query(expression=rate("kitchen_record_lines_total", ENVIRONMENT), legend="stored"),
                Query(
                    expression=rate("kitchen_record_failures_total", ENVIRONMENT), legend="failed tries", colour="bad"
                ),
            ),
            width=8,
        ),
        Lines(
            title="What waits for the store",
            unit="bytes",
            shows="Bytes of the record that wait on the entry's disks. It falls to zero after each shipping.",
            empty=_RECORD,
            queries=(
                Query(expression=f"sum({series('kitchen_record_waiting_bytes', ENVIRONMENT)})", legend="waiting"),
            ),
            width=8,
        ),
        Table(
            title="What ends next",
            unit="days",
            shows="Days until signers, exemptions, licences, grants and acceptances of Git end; the twenty nearest.",
            empty="nothing that ends stands in Git, or the rules are not loaded.",
            queries=(
                Query(
                    expression="bottomk(20, min by (what, name)"
                    f" ({series('kitchen:ends_timestamp_seconds', ENVIRONMENT)}) - time()) / 86400"
                ),
            ),
            width=8,
            columns=(
                Column(key="what", heading="What"),
                Column(key="name", heading="Name"),
                Column(key="A", heading="Days", unit="days"),
            ),
            order="-A",
        ),
    )


def _found() -> tuple[Panel, ...]:
    violations = series("kitchen_policy_violations", ENVIRONMENT)
    return (
        Lines(
            title="Lines of the audit by verdict",
            unit="count",
            shows="What the last `kitchen audit` proved, could not prove, and found to differ from Git.",
            empty="no audit wrote its figures (kitchen audit --metrics) where this Prometheus reads them.",
            queries=tuple(
                Query(
                    expression=f"sum by (verdict) ({series('kitchen_audit_lines', ENVIRONMENT, said)})",
                    legend="{{verdict}}",
                    colour=colour,
                )
                for said, colour in _VERDICTS.items()
            ),
            width=8,
        ),
        Table(
            title="Hours since the last look",
            unit="hours",
            shows="How long ago audit, policies and drift were last looked at.",
            empty="none of them wrote its figures where this Prometheus reads them.",
            queries=(Query(expression=_looks()),),
            width=8,
            columns=(Column(key="look", heading="Look"), Column(key="A", heading="Hours", unit="hours")),
            order="A",
        ),
        Table(
            title="Violations in the state",
            unit="count",
            shows="Rules of the policy pack that what runs breaks; the twenty with most violations.",
            empty="nothing is broken, or the pack wrote no figures: the table beside it tells which.",
            queries=(Query(expression=f"topk(20, sum by (rule, level) ({violations}) > 0)"),),
            width=8,
            columns=(
                Column(key="rule", heading="Rule"),
                Column(key="level", heading="Level"),
                Column(key="A", heading="Violations"),
            ),
            order="A",
        ),
    )


def _looks() -> str:
    ages = (
        (name, f"(time() - max({series(f'{metric}_timestamp_seconds', ENVIRONMENT)})) / 3600")
        for name, metric in (
            ("audit", "kitchen_audit_completed"),
            ("policies", "kitchen_policy_checked"),
            ("drift", "kitchen_drift_checked"),
        )
    )
    return " or ".join(f'label_replace({age}, "look", "{name}", "", "")' for name, age in ages)
