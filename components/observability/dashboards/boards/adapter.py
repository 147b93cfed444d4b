"""One adapter: who calls it, whether it answers, what stands beside it, and which version runs where."""

from __future__ import annotations

from components.observability.dashboards.boards import canaries, common
from components.observability.dashboards.boards.common import ANSWERED, LOADED, TOKENS, BoardArgs
from components.observability.dashboards.expressions import (
    ADAPTER,
    ADAPTER_CALLS,
    CHOSEN_ADAPTER,
    KITCHEN,
    grown,
    rate,
    series,
    share,
)
from components.observability.dashboards.model import (
    Column,
    Dashboard,
    Lines,
    Panel,
    Query,
    Row,
    Step,
    Table,
    Tile,
    Variable,
)
from components.observability.names import CALLS

_CHOICE = Variable(name="adapter", label="Adapter", series=series(common.DECLARED, KITCHEN), value_of="adapter")


_MINE = series(LOADED, ADAPTER)


def board(args: BoardArgs) -> Dashboard:
    """For the owner of a use case."""
    return Dashboard(
        uid=args.uid("adapter"),
        title=args.title("one adapter"),
        reader="the owner of a use case",
        variables=(common.TENANT_CHOICE, common.KITCHEN_CHOICE, _CHOICE),
        rows=(
            Row(title="Is it well?", panels=_well(), height=4),
            Row(title="Calls", panels=_calls(), height=8),
            Row(
                title="The canary beside it",
                panels=(canaries.versions(width=11), canaries.kitchens(width=13)),
                height=4,
            ),
            Row(title="Who calls, and how versions answer", panels=_beside(), height=8),
            Row(title="Versions", panels=_versions(), height=8),
        ),
    )


def _well() -> tuple[Panel, ...]:
    answered = rate(CALLS, ADAPTER_CALLS, ANSWERED, window="1h")
    failed = share(rate(CALLS, ADAPTER_CALLS, 'outcome="failed"', window="1h"), answered)
    return (
        common.verdict(CHOSEN_ADAPTER, width=6, of="the adapter"),
        Tile(
            title="Loaded",
            unit="words",
            shows="Whether the servers of its kitchen have loaded it.",
            empty=common.NO_SIDECAR,
            queries=(Query(expression=f"max({_MINE}) + min(max by (pod) ({_MINE}))"),),
            width=5,
            steps=(
                Step(at=0, colour="bad", word="in no server"),
                Step(at=1, colour="watch", word="not in all servers"),
                Step(at=2, colour="good", word="in all servers"),
            ),
        ),
        Tile(
            title="Calls that fail",
            unit="words",
            shows="The part of an hour's calls that ended with a fault of the server.",
            empty=common.NO_CALLS,
            queries=(Query(expression=failed),),
            width=5,
            steps=(
                Step(at=0, colour="good", word="under 1 %"),
                Step(at=0.01, colour="watch", word="over 1 %"),
                Step(at=0.05, colour="bad", word="over 5 %"),
            ),
        ),
        Tile(
            title="Calls of a day",
            unit="count",
            shows="Calls in 24 hours, whatever became of them.",
            empty=common.NO_CALLS,
            queries=(Query(expression=grown(CALLS, ADAPTER_CALLS)),),
            width=4,
        ),
        Tile(
            title="Tokens of a day",
            unit="tokens",
            shows="Tokens read and written in 24 hours.",
            empty=common.NO_CALLS,
            queries=(Query(expression=grown(TOKENS, ADAPTER_CALLS)),),
            width=4,
        ),
    )


def _calls() -> tuple[Panel, ...]:
    return (
        common.outcomes(ADAPTER_CALLS, width=12),
        Lines(
            title="Tokens",
            unit="tokens/s",
            shows="Tokens of prompts and of completions, as the entry counts them.",
            empty=common.NO_CALLS,
            queries=(Query(expression=rate(TOKENS, ADAPTER_CALLS, by="kind"), legend="{{kind}}"),),
            width=12,
        ),
    )


def _beside() -> tuple[Panel, ...]:
    by = "version"
    errors = share(rate(CALLS, ADAPTER_CALLS, 'outcome="failed"', by=by), rate(CALLS, ADAPTER_CALLS, ANSWERED, by=by))
    written = rate(TOKENS, ADAPTER_CALLS, 'kind="completion"', by=by)
    length = share(written, rate(CALLS, ADAPTER_CALLS, 'outcome=~"ok|cut"', by=by))
    calls, tokens = (grown(name, ADAPTER_CALLS, by="group") for name in (CALLS, TOKENS))
    return (
        Table(
            title="Callers of a day",
            unit="count",
            shows="The twenty groups with most calls in 24 hours, and their tokens.",
            empty=common.NO_CALLS,
            queries=(
                Query(expression=f"topk(20, {calls})"),
                Query(expression=f"{tokens} and topk(20, {calls})"),
            ),
            width=8,
            columns=(
                Column(key="group", heading="Group"),
                Column(key="A", heading="Calls"),
                Column(key="B", heading="Tokens", unit="tokens"),
            ),
            order="A",
        ),
        Lines(
            title="Calls that fail, by version",
            unit="share",
            shows="The canary's line beside that of the version it may replace.",
            empty="no call, or none failed in this time: a version without faults has no line.",
            queries=(Query(expression=errors, legend="{{version}}"),),
            width=8,
        ),
        Lines(
            title="Tokens of an answer, by version",
            unit="tokens",
            shows="The mean length of answers: a canary that answers much shorter or longer is another model.",
            empty=common.NO_CALLS,
            queries=(Query(expression=length, legend="{{version}}"),),
            width=8,
        ),
    )


def _versions() -> tuple[Panel, ...]:
    return (
        Lines(
            title="Servers that have a version",
            unit="count",
            shows="How many servers have loaded which version: a rollout is one line falling and another rising.",
            empty=common.NO_SIDECAR,
            queries=(Query(expression=f"sum by (version) ({series(LOADED, ADAPTER)})", legend="{{version}}"),),
            width=12,
        ),
        Lines(
            title="Calls by version",
            unit="calls/s",
            shows="Which versions really answer.",
            empty=common.NO_CALLS,
            queries=(Query(expression=rate(CALLS, ADAPTER_CALLS, by="version"), legend="{{version}}"),),
            width=12,
            stack=True,
        ),
    )
