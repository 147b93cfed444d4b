"""One kitchen: how fast it answers, what it is busy with, and where it is short of room."""

from __future__ import annotations

from collections.abc import Mapping

from components.observability.dashboards.boards import canaries, common
from components.observability.dashboards.boards.common import TOKENS, BoardArgs
from components.observability.dashboards.expressions import (
    CHOSEN_KITCHEN,
    KITCHEN,
    KITCHEN_CALLS,
    NAMESPACE,
    grown,
    leading,
    named,
    or_none,
    others,
    quantile,
    rate,
    series,
    share,
)
from components.observability.dashboards.model import Colour, Dashboard, Lines, Panel, Query, Row, Step, Tile

_QUANTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
_ENDS: Mapping[str, Colour | None] = {'finished_reason!="error"': None, 'finished_reason="error"': "bad"}
_SERVER = f'{KITCHEN},part="server"'


def board(args: BoardArgs) -> Dashboard:
    """For whoever looks after one kitchen: the tenant's owner, or who is on duty after an alert."""
    return Dashboard(
        uid=args.uid("kitchen"),
        title=args.title("one kitchen"),
        reader="who looks after one kitchen",
        variables=(common.TENANT_CHOICE, common.KITCHEN_CHOICE),
        rows=(
            Row(title="Is it well?", panels=_well(), height=4),
            Row(title="How fast it answers", panels=_speed(), height=8),
            Row(
                title="Its canary beside it",
                panels=(canaries.kitchens(width=10), *canaries.over_time(width=7)),
                height=7,
            ),
            Row(title="What it is busy with", panels=_work(), height=8),
            Row(title="Where it is short of room", panels=_room(), height=8),
            Row(title="Adapters and servers", panels=_parts(), height=8),
        ),
    )


def _well() -> tuple[Panel, ...]:
    wanted = series(common.WANTED, KITCHEN)
    behind = f"max(kitchen:ttft_seconds:p95_5m{{{KITCHEN}}}) / max(kitchen:objective_ttft_seconds{{{KITCHEN}}})"
    waiting = f"sum({series('vllm:num_requests_waiting', KITCHEN)})"
    full = f"max({series('vllm:kv_cache_usage_perc', KITCHEN)})"
    return (
        common.verdict(CHOSEN_KITCHEN, width=5, of="the kitchen"),
        Tile(
            title="Servers",
            unit="words",
            shows="Whether all servers that Prometheus knows of answer it.",
            empty=common.NO_SERVER,
            queries=(Query(expression=f"min(up{{{_SERVER}}}) or 0 * max({wanted} > 0) - 1 or 0 * max({wanted}) + 2"),),
            width=4,
            steps=(
                Step(at=-1, colour="bad", word="no server"),
                Step(at=0, colour="watch", word="one is down"),
                Step(at=1, colour="good", word="all answer"),
                Step(at=2, colour="quiet", word="scaled to none"),
            ),
        ),
        Tile(
            title="First token",
            unit="words",
            shows="p95 of the time to the first token in 5 minutes, against the kitchen's objective.",
            empty="no call was answered in 5 minutes, or the kitchen has no objective (monitoring.objectives).",
            queries=(Query(expression=behind),),
            width=5,
            steps=(
                Step(at=0, colour="good", word="within the objective"),
                Step(at=1, colour="watch", word="later than agreed"),
                Step(at=2, colour="bad", word="twice as late"),
            ),
        ),
        Tile(
            title="Calls that wait",
            unit="count",
            shows="Calls that the servers have taken and not yet begun. Some at a peak are no fault.",
            empty=common.NO_SERVER,
            queries=(Query(expression=waiting),),
            width=3,
            steps=(Step(at=0, colour="good"), Step(at=10, colour="watch"), Step(at=50, colour="bad")),
        ),
        Tile(
            title="KV cache",
            unit="words",
            shows="How full the KV cache of the fullest server is. Full means that calls wait or are preempted.",
            empty=common.NO_SERVER,
            queries=(Query(expression=full),),
            width=3,
            steps=(
                Step(at=0, colour="good", word="has room"),
                Step(at=0.8, colour="watch", word="over 80 %"),
                Step(at=0.95, colour="watch", word="full"),
            ),
        ),
        Tile(
            title="Output",
            unit="tokens/s",
            shows="Tokens that all its servers write in a second.",
            empty=common.NO_SERVER,
            queries=(Query(expression=rate("vllm:generation_tokens_total", KITCHEN)),),
            width=4,
        ),
    )


def _latency(*, title: str, histogram: str, shows: str) -> Lines:
    return Lines(
        title=title,
        unit="seconds",
        shows=shows,
        empty="no call was answered in this time: a quantile of nothing is nothing, and not zero.",
        queries=tuple(
            Query(expression=quantile(part, histogram, KITCHEN), legend=legend) for part, legend in _QUANTILES
        ),
        width=8,
    )


def _speed() -> tuple[Panel, ...]:
    first = _latency(
        title="Time to the first token",
        histogram="vllm:time_to_first_token_seconds",
        shows="From the server's taking of a call to the first token; the limit line is the kitchen's objective.",
    )
    objective = Query(
        expression=f"max(kitchen:objective_ttft_seconds{{{KITCHEN}}})", legend="objective", colour="watch"
    )
    return (
        Lines(
            title=first.title,
            unit=first.unit,
            shows=first.shows,
            empty=first.empty,
            queries=(*first.queries, objective),
            width=first.width,
        ),
        _latency(
            title="Time between tokens",
            histogram="vllm:inter_token_latency_seconds",
            shows="What a reader of a stream sees: the pause from one token to the next.",
        ),
        _latency(
            title="Whole answers",
            histogram="vllm:e2e_request_latency_seconds",
            shows="From the server's taking of a call to its last token; long answers take long.",
        ),
    )


def _work() -> tuple[Panel, ...]:
    return (
        Lines(
            title="Tokens",
            unit="tokens/s",
            shows="Tokens read (prompts) and written (answers) by all servers.",
            empty=common.NO_SERVER,
            queries=(
                Query(expression=rate("vllm:prompt_tokens_total", KITCHEN), legend="prompts"),
                Query(expression=rate("vllm:generation_tokens_total", KITCHEN), legend="answers"),
            ),
            width=8,
        ),
        Lines(
            title="Calls in the batch, and waiting by reason",
            unit="count",
            shows="capacity: no room in the batch or the KV cache; deferred: for the LoRA budget among others"
            " (more maxLoras).",
            empty=common.NO_SERVER,
            queries=(
                Query(expression=f"sum({series('vllm:num_requests_running', KITCHEN)})", legend="in the batch"),
                Query(
                    expression=f"sum by (reason) ({series('vllm:num_requests_waiting_by_reason', KITCHEN)})",
                    legend="waiting: {{reason}}",
                ),
            ),
            width=8,
        ),
        Lines(
            title="How answers ended",
            unit="calls/s",
            shows="stop: the model ended; length: the limit of tokens; abort: the caller went; error: the server.",
            empty=common.NO_SERVER,
            queries=tuple(
                Query(
                    expression=rate("vllm:request_success_total", KITCHEN, which, by="finished_reason"),
                    legend="{{finished_reason}}",
                    colour=colour,
                )
                for which, colour in _ENDS.items()
            ),
            width=8,
            stack=True,
        ),
    )


def _room() -> tuple[Panel, ...]:
    hits = share(rate("vllm:prefix_cache_hits_total", KITCHEN), rate("vllm:prefix_cache_queries_total", KITCHEN))
    return (
        Lines(
            title="KV cache in use",
            unit="share",
            shows="The six fullest servers. At 100 % calls wait, and some are preempted.",
            empty=common.NO_SERVER,
            queries=(Query(expression=leading(series("vllm:kv_cache_usage_perc", KITCHEN)), legend="{{pod}}"),),
            width=10,
            top=1,
            many=True,
        ),
        Lines(
            title="Preemptions",
            unit="per second",
            shows="Calls thrown out of the batch for want of KV cache: their work is done again.",
            empty=common.NO_SERVER,
            queries=(Query(expression=rate("vllm:num_preemptions_total", KITCHEN), legend="preemptions"),),
            width=7,
        ),
        Lines(
            title="Prefix cache hits",
            unit="share",
            shows="The part of the prompts' tokens that was already computed for a call before.",
            empty="no prompt was read in this time, or the prefix cache is off.",
            queries=(Query(expression=hits, legend="hits"),),
            width=7,
            top=1,
        ),
    )


def _parts() -> tuple[Panel, ...]:
    by_adapter = rate(TOKENS, KITCHEN_CALLS, by="adapter")
    loaded = f"min(sum by (pod) ({series(common.LOADED, KITCHEN)}))"
    refused = f"sum by (pod) ({series(common.REFUSED, KITCHEN)})"
    # Another kitchen's name may begin as this one's does: that of a canary most often.
    pods = f'{NAMESPACE},pod=~"$kitchen-(predictor|kserve)-.+"'
    return (
        Lines(
            title="Tokens by adapter",
            unit="tokens/s",
            shows="The six adapters with most tokens, as the entry counts them, and the base model.",
            empty=common.NO_CALLS,
            queries=(
                Query(
                    expression=named(leading(by_adapter), "adapter", "base model"),
                    legend="{{adapter}}",
                ),
                Query(expression=others(by_adapter), legend="all others"),
            ),
            width=10,
            stack=True,
            many=True,
        ),
        Lines(
            title="Adapters: declared, loaded, refused",
            unit="count",
            shows="Adapters of Git, those of the server that has fewest, and those that a sidecar refuses.",
            empty=common.NO_SIDECAR,
            queries=(
                Query(expression=f"count({series(common.DECLARED, KITCHEN)})", legend="declared"),
                Query(expression=loaded, legend="loaded"),
                Query(expression=or_none(f"max({refused})", loaded), legend="refused", colour="bad"),
            ),
            width=6,
        ),
        Lines(
            title="Restarts of its pods",
            unit="count",
            shows="Restarts within an hour of the six pods that restart most.",
            empty=common.NO_KUBE,
            queries=(
                Query(
                    expression=leading(grown("kube_pod_container_status_restarts_total", pods, by="pod", window="1h")),
                    legend="{{pod}}",
                ),
            ),
            width=8,
            many=True,
        ),
    )
