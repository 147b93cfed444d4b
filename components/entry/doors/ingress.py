"""The door of a cluster with ingress-nginx: an Ingress that speaks TLS on both sides."""

from __future__ import annotations

from collections.abc import Sequence

from components.entry.doors.parts import BODY_ABOVE_KIB, PORT_NAME, SERVICE, SILENCE_SECONDS, Part, Way

_NGINX = "nginx.ingress.kubernetes.io"


def ingress(way: Way, class_name: str, sources: Sequence[str]) -> list[Part]:
    """An Ingress for callers of the networks `sources`, to the paths of the API alone.

    The entry's certificate is the controller's too: one Secret, whose renewal the controller sees. Its `ca.crt` is
    what the entry's certificate is checked by. Nothing of a call is written to the controller's disk. Raises
    ValueError without networks.
    """
    if not sources:
        raise ValueError("sources: missing; rule: an Ingress names the networks that may call; example: 10.0.0.0/8")
    backend = {"service": {"name": SERVICE, "port": {"name": PORT_NAME}}}
    paths = [{"path": path, "pathType": "Exact", "backend": backend} for path in way.paths]
    spec = {
        "ingressClassName": class_name,
        "tls": [{"hosts": [way.host], "secretName": way.tls_secret}],
        "rules": [{"host": way.host, "http": {"paths": paths}}],
    }
    return [
        Part(
            api_version="networking.k8s.io/v1",
            kind="Ingress",
            name=SERVICE,
            annotations=_annotations(way, sources),
            fields={"spec": spec},
        )
    ]


def _annotations(way: Way, sources: Sequence[str]) -> dict[str, str]:
    said = {
        "force-ssl-redirect": "true",
        "backend-protocol": "HTTPS",
        "proxy-ssl-verify": "on",
        "proxy-ssl-secret": f"{way.namespace}/{way.tls_secret}",
        "proxy-ssl-name": way.certified,
        "proxy-http-version": "1.1",
        "proxy-body-size": f"{way.body_kib + BODY_ABOVE_KIB}k",
        "proxy-read-timeout": str(SILENCE_SECONDS),
        "proxy-send-timeout": str(SILENCE_SECONDS),
        "proxy-buffering": "off",
        "proxy-request-buffering": "off",
        # A pod that is gone refuses connections until the controller knows it: another one is tried. A call that was
        # sent is not sent again, because it is a POST: a second try would be a second answer to pay for.
        "proxy-next-upstream": "error timeout",
        "proxy-next-upstream-tries": "3",
        "whitelist-source-range": ",".join(sources),
    }
    # Without pods of a controller it has no address, which is no fault of the Ingress.
    return {**{f"{_NGINX}/{name}": value for name, value in said.items()}, "pulumi.com/skipAwait": "true"}
