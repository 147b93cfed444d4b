"""A token for a person (RFC 8628): this machine shows a code, a browser anywhere confirms it, and we wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

from ops.token.asking import Asker, safe
from ops.token.errors import AwayError, IssuerError
from ops.token.issuer import Client, Endpoints, Token, code_of, number, refused, taken

GRANT = "urn:ietf:params:oauth:grant-type:device_code"

_USUAL_SECONDS, _SLOWER_SECONDS, _SLOWEST_SECONDS = 5, 5, 60
_CODE_SECONDS = 600
_LONGEST = 4096


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a person needs: an address, the code to enter there, and the seconds that it is valid."""

    address: str
    code: str
    seconds: int


def by_device(
    endpoints: Endpoints,
    client: Client,
    scope: str,
    asker: Asker,
    *,
    show: Callable[[Code], None],
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Token:
    """Show the code and ask until it is confirmed, denied or ended; raise IssuerError.

    An issuer that says slow_down, and one that does not answer for now, is asked less often from then on.
    """
    if endpoints.device is None:
        raise IssuerError(
            f"{endpoints.issuer}: offers no sign-in by a code (device_authorization_endpoint); its owner can switch it "
            "on, and a program uses --client-credentials"
        )
    fields, headers = endpoints.form(client)
    form = {"client_id": client.id, **fields, **({"scope": scope} if scope else {})}
    answer = asker.post(endpoints.device, form, headers)
    if answer.status != 200:
        raise refused(endpoints.device, answer)
    data = answer.data
    secret, shown, address = (data.get(key) for key in ("device_code", "user_code", "verification_uri"))
    if not (_plain(secret) and _plain(shown) and _plain(address) and safe(address)):
        raise IssuerError(f"{endpoints.device}: the answer holds no code and https address for a person")
    lasts = number(data, "expires_in", _CODE_SECONDS)
    show(Code(address=address, code=shown, seconds=lasts))
    asked = {"grant_type": GRANT, "device_code": secret, "client_id": client.id, **fields}
    interval, end = number(data, "interval", _USUAL_SECONDS), now() + lasts
    while now() + interval < end:
        sleep(interval)
        try:
            answer = asker.post(endpoints.token, asked, headers)
            code = code_of(answer)
            if code == "authorization_pending":
                continue
            if code != "slow_down" and not (code is None and answer.status == 429):
                return taken(endpoints.token, answer)
            interval += _SLOWER_SECONDS
        except AwayError:
            interval = min(2 * interval, _SLOWEST_SECONDS)
    raise IssuerError(f"{endpoints.token}: the code has ended before anybody entered it: run the command again")


def _plain(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isascii() and value.isprintable()
