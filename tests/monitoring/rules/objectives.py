"""Cases of the objectives' burn rates: 5 percent of the calls may miss a latency, 0.5 percent may fail."""

from __future__ import annotations

from tests.monitoring.rules.case import HELPDESK, Case, Series, calls, histogram, server

_TTFT, _TOKENS = "vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds"
_EDGES = {_TTFT: ("2.5", "5.0"), _TOKENS: ("0.05", "0.075")}


_HOURS = 2
"""Minutes between values of what is looked at for hours: half the work of promtool, at the same rates."""


def _late(metric: str, share: float, each: float = 60, step: int = 1) -> Series:
    """A share of the calls from the first minute on comes later than promised; `each` are calls a minute."""
    promised, later = _EDGES[metric]
    return histogram(metric, {promised: 1 - share, later: 1}, each * step, 400 // step)


def _phases(*phases: tuple[int, float, float]) -> Series:
    """First tokens by phases of minutes, calls a minute and the share of them that are late; a value each 2 minutes."""
    calls_each = [(minutes // _HOURS, each * _HOURS) for minutes, each, _ in phases]
    held_each = [(minutes // _HOURS, each * _HOURS * (1 - late)) for minutes, each, late in phases]
    return {
        server(f"{_TTFT}_count"): _counted(calls_each),
        server(f"{_TTFT}_bucket", le="2.5"): _counted(held_each),
        server(f"{_TTFT}_bucket", le="+Inf"): _counted(calls_each),
    }


def _counted(phases: list[tuple[int, float]]) -> str:
    """A counter that grows by another number at each value of each phase."""
    told, at = ["0"], 0.0
    for values, grows in phases:
        told.append(f"{at + grows:g}+{grows:g}x{values - 1}")
        at += values * grows
    return " ".join(told)


def _was_late(metric: str, good_again: int) -> Series:
    """All calls came late for an hour, and none since."""
    promised, _ = _EDGES[metric]
    return {
        server(f"{metric}_count"): "0+60x400",
        server(f"{metric}_bucket", le=promised): f"0x60 60+60x{good_again}",
        server(f"{metric}_bucket", le="+Inf"): "0+60x400",
    }


def _busier(late: float) -> Series:
    """An hour of 17 calls a minute in time, and one of 200 a minute of which a share is late."""
    held = 200 * (1 - late)
    return {
        server(f"{_TTFT}_count"): "0+17x60 1220+200x60",
        server(f"{_TTFT}_bucket", le="2.5"): f"0+17x60 {1020 + held:g}+{held:g}x60",
        server(f"{_TTFT}_bucket", le="+Inf"): "0+17x60 1220+200x60",
    }


def _failed(share: float, each: float = 60, step: int = 1) -> Series:
    ok, failed = each * step * (1 - share), each * step * share
    others = {calls(outcome): "0+600x400" for outcome in ("refused", "cut", "limited")}
    return {calls("ok"): f"0+{ok:g}x400", calls("failed"): f"0+{failed:g}x400", **others}


def _server_failed(share: float, each: float = 60, step: int = 1) -> Series:
    ok, failed = each * step * (1 - share), each * step * share
    return {
        server("vllm:request_success_total", finished_reason="stop"): f"0+{ok:g}x400",
        server("vllm:request_success_total", finished_reason="error"): f"0+{failed:g}x400",
        server("vllm:request_success_total", finished_reason="abort"): "0+600x400",
    }


def _new(ok: str, failed: str) -> Series:
    """A kitchen that nobody has called before the tenth minute."""
    return {calls("ok"): f"_x10 {ok}", calls("failed"): f"_x10 {failed}"}


def _promise(kind: str) -> list[dict[str, str]]:
    return [{**HELPDESK, "objective": kind}]


CASES = {
    # 80 percent late burns 16 times as fast as it may, 40 percent 8 times: that is seen over 6 hours.
    "KitchenTtftBurnFast": Case(
        fires=_late(_TTFT, 0.8),
        silent=_late(_TTFT, 0.2),
        also=(_was_late(_TTFT, 40), _late(_TTFT, 1, each=0.05)),
        minutes=100,
        labels=_promise("ttft"),
    ),
    "KitchenTtftBurnFast in a busy hour after a quiet one": Case(
        # Of a thousand calls in the first hour none was late, of the next twelve thousand 35 percent were. By calls
        # that is 32 percent of both hours, 6.5 times what may be; by hours it would be 17 percent.
        fires=_busier(late=0.35),
        silent=_busier(late=0.25),
        minutes=115,
        labels=_promise("ttft"),
    ),
    "KitchenTtftBurnFast of the last hour": Case(
        # Five good hours, and one in which the budget burns 15.5 and 13 times as fast as it may.
        fires=_phases((300, 60, 0), (62, 60, 0.775)),
        silent=_phases((300, 60, 0), (62, 60, 0.65)),
        also=(_phases((300, 60, 0), (54, 60, 1), (8, 60, 0)),),  # it is over since 8 minutes
        minutes=362,
        step=_HOURS,
        labels=_promise("ttft"),
    ),
    "KitchenTtftBurnSlow of the last two hours": Case(
        # By the day 3.3 times as fast as it may, and 4 times now; over six hours it is less than it may.
        fires=_phases((180, 60, 0.6), (252, 120, 0), (126, 60, 0.2)),
        silent=_phases((180, 60, 0.6), (252, 120, 0), (126, 60, 0.1)),
        also=(
            _phases((180, 60, 0.8), (252, 120, 0), (126, 60, 0)),  # over since two hours
            _phases((180, 120, 0.2), (378, 60, 0)),  # a little too many of all calls, and none since six hours
        ),
        minutes=558,
        step=_HOURS,
        labels=_promise("ttft"),
    ),
    "KitchenTtftBurnSlow over three days": Case(
        # A day in which 8 percent are late, after an hour with as many calls or more, of which none was.
        fires=_phases((60, 180, 0), (1470, 60, 0.08)),
        silent=_phases((60, 1200, 0), (1470, 60, 0.08)),
        minutes=1530,
        step=_HOURS,
        labels=_promise("ttft"),
    ),
    "KitchenTtftBurnFast over six hours": Case(
        fires=_late(_TTFT, 0.32, step=_HOURS),
        silent=_late(_TTFT, 0.28, step=_HOURS),
        minutes=390,
        step=_HOURS,
        labels=_promise("ttft"),
    ),
    "KitchenTtftBurnSlow": Case(
        fires=_late(_TTFT, 0.056, step=_HOURS),
        silent=_late(_TTFT, 0.047, step=_HOURS),
        minutes=390,
        step=_HOURS,
        labels=_promise("ttft"),
    ),
    "KitchenTokensBurnFast": Case(
        fires=_late(_TOKENS, 0.8, 600), silent=_late(_TOKENS, 0.2, 600), minutes=100, labels=_promise("tokens")
    ),
    "KitchenTokensBurnSlow": Case(
        fires=_late(_TOKENS, 0.07, 600, step=_HOURS),
        silent=_late(_TOKENS, 0.04, 600, step=_HOURS),
        minutes=390,
        step=_HOURS,
        labels=_promise("tokens"),
    ),
    "KitchenAvailabilityBurnFast": Case(
        fires=_failed(0.08),
        silent=_failed(0.02),
        also=(_failed(1, each=0.05),),
        minutes=100,
        labels=_promise("availability"),
    ),
    "KitchenAvailabilityBurnSlow": Case(
        fires=_failed(0.0056, step=_HOURS),
        silent=_failed(0.0047, step=_HOURS),
        minutes=390,
        step=_HOURS,
        labels=_promise("availability"),
    ),
    "KitchenAvailabilityBurnFast in a kitchen's first minutes": Case(
        # Of three calls one failed: that is no pace. Of a hundred and more all failed.
        fires=_new("0x60", "0+30x60"),
        silent=_new("0 1 2 2x60", "0 0 1 1x60"),
        minutes=15,
        labels=_promise("availability"),
    ),
    "KitchenTtftBurnFast after a pause": Case(
        # A server that has just been woken: one late call of three.
        fires=histogram(_TTFT, {"2.5": 0, "5.0": 1}, 12),
        silent={
            server(f"{_TTFT}_count"): "0 1 2 3 3x60",
            server(f"{_TTFT}_bucket", le="2.5"): "0 0 1 2 2x60",
            server(f"{_TTFT}_bucket", le="+Inf"): "0 1 2 3 3x60",
        },
        minutes=7,
        labels=_promise("ttft"),
    ),
    "KitchenAvailabilityBurnFast without an entry": Case(
        fires=_server_failed(0.08),
        silent=_server_failed(0.02),
        minutes=100,
        labels=_promise("availability"),
        world="alone",
    ),
    "KitchenAvailabilityBurnSlow without an entry": Case(
        fires=_server_failed(0.0056, step=_HOURS),
        silent=_server_failed(0.0047, step=_HOURS),
        minutes=390,
        step=_HOURS,
        labels=_promise("availability"),
        world="alone",
    ),
}
