"""Cases of the entry's and the record's alerts."""

from __future__ import annotations

from tests.monitoring.rules.case import HELPDESK, Case, Series, calls, own

_ENTRY = {"environment": "dev", "namespace": "entry-dev"}
_POD = {**_ENTRY, "pod": "entry-0"}
_RECORD = {"namespace": "entry-dev", "pod": "entry-0"}
_NEAR = "ratelimit_service_rate_limit_near_limit"
_NEAR_LOCAL = "envoy_kitchen_entry_near_limit_total"


def _up(first: str, second: str) -> Series:
    return {own("up", "entry", namespace="entry-dev", pod=f"entry-{n}"): v for n, v in enumerate((first, second))}


def _refused(reason: str, values: str, **labels: str) -> Series:
    kitchen = {"tenant": "sales", "kitchen": "support"} | labels
    return {own("envoy_kitchen_entry_refusals_total", "entry", **kitchen, reason=reason): values}


def _record(metric: str, values: str) -> Series:
    return {own(metric, "record", **_RECORD): values}


_GRANT = {"key1": "grant_support/access-0/support/sales", "key2": "counted_requests-minute"}
_UP, _UPTIME = own("up", "entry"), own("envoy_server_uptime", "entry")
_SOME = {_UP: "1x90", calls("ok"): "0+60x90", calls("failed"): "0x90", calls("refused"): "0+30x90"}
_SERVED_BEFORE = {_UP: "1x90", calls("ok"): "0+60x20 1200x70"}
_HELD = {"environment": "dev", **_RECORD}

CASES = {
    "KitchenEntryMissing": Case(
        fires=_up("0x20", "1x5 0x15"),
        silent=_up("0x20", "1x20"),
        minutes=10,
        labels=[{"environment": "dev"}],
    ),
    "KitchenEntryDown": Case(fires=_up("0x20", "1x20"), silent=_up("1x8 0x4", "1x20"), minutes=11, labels=[_POD]),
    "KitchenEntryErrors": Case(
        fires={calls("ok"): "0+90x60", calls("failed"): "0+6x60"},
        silent={calls("ok"): "0+96x60", calls("failed"): "0+4x60"},
        # Those that hang up, and three calls of which one fails, are no page.
        also=(
            {calls("ok"): "0+90x60", calls("failed"): "0x60", calls("cut"): "0+30x60"},
            {calls("ok"): "0x10 2x50", calls("failed"): "0x10 1x50"},
        ),
        minutes=20,
        labels=[HELPDESK],
    ),
    "KitchenEntryLimited": Case(
        fires={calls("ok"): "0+90x60", calls("limited"): "0+6x60"},
        silent={calls("ok"): "0+96x60", calls("limited"): "0+4x60"},
        minutes=40,
        labels=[HELPDESK],
    ),
    "KitchenEntryRefusals": Case(
        fires={**_SOME, **_refused("out_of_bounds", "0+30x90")},
        silent={**_SOME, **_refused("out_of_bounds", "0+15x90"), **_refused("no_server", "0+30x90")},
        also=(
            {**_SOME, **_refused("rate_limit", "0+30x90")},
            {**_SOME, **_refused("out_of_bounds", "0+30x90", kitchen="")},
            # After a gap in the scrapes everything looks new.
            {**_SOME, _UP: "1x10 _x15 1x90", **_refused("out_of_bounds", "5000x10 _x15 5000x90")},
        ),
        minutes=60,
        labels=[{**HELPDESK, "reason": "out_of_bounds"}],
    ),
    "KitchenEntryStrangers": Case(
        fires={**_SOME, **_refused("token", "0+30x90", kitchen="")},
        silent={**_SOME, **_refused("token", "0+15x90", kitchen="")},
        also=(
            {**_SOME, **_refused("token", "0+30x90")},
            {**_SOME, **_refused("no_server", "0+30x90", kitchen="")},
        ),
        minutes=60,
        labels=[{"environment": "dev", "reason": "token"}],
    ),
    "KitchenEntryTokensRefused": Case(
        # The last call that was let in was twenty minutes ago; then the issuer has another key.
        fires={**_SERVED_BEFORE, **_refused("token", "0x20 0+4x70", kitchen="")},
        # One caller still comes in.
        silent={_UP: "1x90", calls("ok"): "0+1x90", **_refused("token", "0+60x90", kitchen="")},
        also=(
            {**_SERVED_BEFORE, **_refused("token", "0x20 0+2x70", kitchen="")},
            {**_SERVED_BEFORE, **_refused("token_expired", "0x20 0+60x70", kitchen="")},
            {**_SERVED_BEFORE, **_refused("token", "0x57 0+60x30", kitchen="")},
            # Told in another tenant's namespace.
            {**_SERVED_BEFORE, **_refused("token", "0x20 0+60x70", kitchen="", namespace="sales-dev")},
            # Somebody tries tokens where nobody has called.
            {_UP: "1x90", **_refused("token", "0+60x90", kitchen="")},
        ),
        minutes=60,
        labels=[{"environment": "dev"}],
    ),
    "KitchenEntryTokensRefused at night": Case(
        # The last call was let in five hours before; then all of the day's callers have an old key.
        fires={_UP: "1x500", calls("ok"): "0+60x180 10800x320", **_refused("token", "0x430 0+4x70", kitchen="")},
        # It was seven hours before: somebody tries tokens at night.
        silent={_UP: "1x500", calls("ok"): "0+60x60 3600x440", **_refused("token", "0x430 0+60x70", kitchen="")},
        minutes=480,
        labels=[{"environment": "dev"}],
    ),
    "KitchenEntryPartAway": Case(
        # The series appears with its first hits, at once 3: no rate sees them.
        fires={**_SOME, **_refused("counter_unavailable", "_x10 3x90")},
        silent={**_SOME, **_refused("counter_unavailable", "_x10 2x90"), **_refused("token", "0+60x90")},
        minutes=13,
        labels=[{"environment": "dev", "reason": "counter_unavailable"}],
    ),
    "KitchenEntryPartAway of a new pod": Case(
        fires={**_refused("counter_unavailable", "_x26 3x60"), _UP: "_x26 1x60", _UPTIME: "_x26 5+60x60"},
        # Prometheus was away for a quarter of an hour: what has been counted for weeks is not of these minutes.
        silent={
            **_refused("counter_unavailable", "500x10 _x15 500x60"),
            _UP: "1x10 _x15 1x60",
            _UPTIME: "900000+60x10 _x15 901500+60x60",
        },
        also=(
            # The same, of a pod that did not answer its scrapes meanwhile.
            {
                **_refused("counter_unavailable", "500x10 stale _x14 500x60"),
                _UP: "1x10 0x14 1x60",
                _UPTIME: "900000+60x10 _x15 901500+60x60",
            },
        ),
        minutes=29,
        labels=[{"environment": "dev", "reason": "counter_unavailable"}],
    ),
    "KitchenLimitsNear": Case(
        fires={own(_NEAR, "counter", pod="counter-0", domain="kitchen", **_GRANT): "0+1x90"},
        silent={own(_NEAR, "counter", pod="counter-0", domain="kitchen", **_GRANT): "0+1x20 20x70"},
        minutes=60,
        labels=[{**HELPDESK, **_GRANT}],
    ),
    "KitchenLimitsNear in each pod": Case(
        fires={own(_NEAR_LOCAL, "entry", tenant="sales", kitchen="support", group="callers"): "0+1x90"},
        silent={own(_NEAR_LOCAL, "entry", tenant="sales", kitchen="support", group="callers"): "0+1x20 20x70"},
        minutes=60,
        labels=[{**HELPDESK, "group": "callers"}],
        world="local",
    ),
    "KitchenRecordNotShipped": Case(
        fires=_record("kitchen_record_oldest_waiting_seconds", "901x10"),
        silent=_record("kitchen_record_oldest_waiting_seconds", "900x10"),
        minutes=2,
        labels=[_HELD],
    ),
    "KitchenRecordNotReady": Case(
        fires=_record("kitchen_record_ready", "0x10"),
        silent=_record("kitchen_record_ready", "1x10"),
        minutes=3,
        labels=[_HELD],
    ),
    "KitchenRecordFailing": Case(
        fires=_record("kitchen_record_failures_total", "0+1x60"),
        silent=_record("kitchen_record_failures_total", "0+1x10 10x50"),
        minutes=40,
        labels=[_HELD],
    ),
    "KitchenRecordUnseen": Case(
        fires=_record("kitchen_record_ready", "1x10"),
        silent=_record("kitchen_record_oldest_waiting_seconds", "0x10"),
        minutes=8,
        labels=[{"environment": "dev", "part": "record", "namespace": "entry-dev"}],
    ),
}
