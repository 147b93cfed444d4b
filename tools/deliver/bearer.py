"""By which token a delivery calls models: one that is given, or one that an issuer gives when the calls begin.

What an issuer gives ends after minutes, an update may take longer, and the entry takes no token of more than a day: so
a pipeline has the secret of a client.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.entry_settings import Issuer
from infra.faults import HIDDEN, MISSING, Fault
from infra.settings import Settings
from ops.models_options import TOKEN
from ops.token.asking import Asker
from ops.token.chosen import chosen
from ops.token.errors import IssuerError
from ops.token.issuer import Client, by_credentials, discovered

CLIENT, SECRET = "KITCHEN_ACCEPTANCE_CLIENT_ID", "KITCHEN_ACCEPTANCE_CLIENT_SECRET"
ISSUER, SCOPE = "KITCHEN_ACCEPTANCE_ISSUER", "KITCHEN_ACCEPTANCE_SCOPE"
_LONGEST = {CLIENT: 256, SECRET: 4096}
_NAMED = {"--client-id": CLIENT, "--scope": SCOPE}
_SHORTEST = 30.0
"""Seconds that a token lasts at least: one that is refused sooner has not ended."""


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """A token, and the client that gets one; `issuer` is its name in the settings, None for the only one.

    The client is one of the entry's issuer: it is asked where the settings have an entry, and the token is taken else.
    """

    token: str = field(default="", repr=False)
    client: Client | None = None
    issuer: str | None = None
    scope: str = ""

    def __bool__(self) -> bool:
        """Whether there is one of them."""
        return bool(self.token) or self.client is not None

    def named(self, settings: Settings) -> str:
        """The variable by which people know whose the calls are."""
        return CLIENT if self.is_asked(settings) else TOKEN

    def check(self, settings: Settings) -> None:
        """Raise FaultsError where the client has no issuer in the settings."""
        if self._client(settings):
            self._issuer(settings)

    def given(self, settings: Settings, asker: Asker) -> str:
        """The token, asked for now where the client is; raise IssuerError, FaultsError."""
        if (client := self._client(settings)) is None:
            return self.token
        try:
            return by_credentials(discovered(self._issuer(settings).issuer, asker), client, self.scope, asker).value
        except IssuerError as error:  # it names the options of a person's command
            said = str(error)
            for option, name in _NAMED.items():
                said = said.replace(option, name)
            raise type(error)(said) from None

    def is_asked(self, settings: Settings) -> bool:
        """Whether an issuer gives the token, and gives another one when it has ended."""
        return self._client(settings) is not None

    def _client(self, settings: Settings) -> Client | None:
        return self.client if settings.entry is not None or not self.token else None

    def _issuer(self, settings: Settings) -> Issuer:
        return chosen(settings, self.issuer, command="deliver", path=ISSUER)


class Given:
    """The token of a delivery's calls: many of them, and the wait for adapters, may take longer than one lasts."""

    def __init__(self, whose: Bearer, settings: Settings, asker: Asker) -> None:
        """Ask for it; raise IssuerError, FaultsError."""
        self._whose, self._settings, self._asker = whose, settings, asker
        self._ask()

    def renewed(self) -> bool:
        """Whether there is another one in place of one that has been refused; raise IssuerError."""
        if not self._whose.is_asked(self._settings) or time.monotonic() - self._since < _SHORTEST:
            return False
        self._ask()
        return True

    def _ask(self) -> None:
        self._since = time.monotonic()
        self.token = self._whose.given(self._settings, self._asker)


def bearer(token: str, env: Mapping[str, str]) -> tuple[Bearer, list[Fault]]:
    """What the environment says of it beside `token`, and every fault."""
    said = {CLIENT: env.get(CLIENT, "").strip(), SECRET: env.get(SECRET, "").removesuffix("\n")}
    issuer, scope = env.get(ISSUER, "").strip() or None, env.get(SCOPE, "").strip()
    if not any(said.values()):
        return Bearer(token=token), []
    faults = [
        Fault(path=name, value=HIDDEN if text else MISSING, rule=f"must be one line of 1 to {_LONGEST[name]} plain "
              f"characters beside {CLIENT if name == SECRET else SECRET}", example=f"{name}=...")
        for name, text in said.items() if not _is_plain(text, _LONGEST[name])
    ]  # fmt: skip
    if scope and not _is_plain(scope, _LONGEST[CLIENT]):
        rule = f"must be one line of 1 to {_LONGEST[CLIENT]} plain characters, as the issuer knows it"
        faults.append(Fault(path=SCOPE, value=scope, rule=rule, example="api://kitchen/.default"))
    client = Client(id=said[CLIENT], secret=said[SECRET])
    return Bearer(token=token, client=client, issuer=issuer, scope=scope), faults


def _is_plain(text: str, most: int) -> bool:
    return bool(text.strip()) and len(text) <= most and text.isascii() and text.isprintable()
