"""Settings with each kind of door, for tests."""

from __future__ import annotations

from typing import Any

from tests.unit.support.entry import with_entry

GATEWAY_API = {"gateway": "kitchen", "namespace": "kitchen-gateway", "domain": "models.kitchen.example"}
KINDS = ("route", "passthrough", "ingress", "gateway", "istio")


AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBnjCCAUWgAwIBAgIUMpybzR8FHd51dVSusi0hkFv4WS8wCgYIKoZIzj0EAwIw
JDEiMCAGA1UEAwwZa2l0Y2hlbi5leGFtcGxlIGF1dGhvcml0eTAgFw0yNjExMjkw
OTUxMjJaGA8yMTI2MTEwNTA5NTEyMlowJDEiMCAGA1UEAwwZa2l0Y2hlbi5leGFt
cGxlIGF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBg16siJtsuI
xXmEEuylneRb0S9l8aPeDmIoJu7PFdpqR1COe0/ShfyCxUi6TI3qHR2OHYNOjoD4
U1DLeUeqTsGjUzBRMB0GA1UdDgQWBBRsPpdkaSuBhI5qUEpTEIOJa1JSdDAfBgNV
HSMEGDAWgBRsPpdkaSuBhI5qUEpTEIOJa1JSdDAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0cAMEQCIFdPGK/VuAdCLA0SjMx9VZCRBfLgurebkG8k29FN77Fe
AiBLiLqrtcMSCO2zvoHEGwniDPdH3izEvVg2MXpaeN/upg==
-----END CERTIFICATE-----
"""
"""The certificate of an authority whose key nobody has, as PEM; it holds for a hundred years."""


def with_door(kind: str, **changes: Any) -> dict[str, Any]:
    """The settings of dev with a door of one of `KINDS`."""
    door: dict[str, Any] = {"kind": "route" if kind == "passthrough" else kind}
    if kind == "passthrough":
        door["termination"] = "passthrough"
    if kind in ("route", "gateway"):
        door["authority"] = AUTHORITY
    data = with_entry(door={**door, **changes})
    if door["kind"] == "route":
        data["platform"] = {"kind": "openshift"}
    if kind == "gateway":
        data["platform"] = {"kind": "kubernetes", "gatewayApi": GATEWAY_API}
    return data
