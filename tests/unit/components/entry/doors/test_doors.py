"""What each door is made of: its ways in, its TLS on both sides, and how long it bears silence."""

from __future__ import annotations

from typing import Any

import pytest

from components.entry.doors.gateway import gateway
from components.entry.doors.ingress import ingress
from components.entry.doors.istio import Guarded, Mesh, guards_of_counter, guards_of_entry, guards_of_tenant, istio
from components.entry.doors.parts import SILENCE_SECONDS, Part, Way
from components.entry.doors.route import route
from components.entry.envoy.routes import LONGEST_SILENCE
from components.entry.plan import EntryPlan
from components.entry.pods import DRAIN_SECONDS, template
from components.entry.shipper import Shipping
from components.platform import Platform

PATHS = ("/v1/chat/completions", "/v1/models")
WAY = Way(
    namespace="entry-dev",
    host="ai.kitchen.example",
    tls_secret="entry-tls",
    certified="entry.entry-dev.svc",
    body_kib=1024,
    paths=PATHS,
)
MESH = Mesh(
    selector={"istio": "ingressgateway"},
    namespace="istio-system",
    service_account="istio-ingressgateway-service-account",
    control_namespace="istio-system",
    trust_domain="cluster.local",
)
SILENCE = int(LONGEST_SILENCE.rstrip("s"))
"""Seconds after which the entry itself ends a call that says nothing."""


def only(parts: list[Part], kind: str) -> Part:
    (found,) = [part for part in parts if part.kind == kind]
    return found


def spec(parts: list[Part], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = only(parts, kind).fields["spec"]
    return found


def test_a_route_begins_tls_anew_and_checks_the_entry_by_its_authority() -> None:
    made = route(WAY, ["10.20.0.0/16", "10.30.0.0/16"], "PEM")
    tls = spec(made, "Route")["tls"]
    assert tls == {
        "termination": "reencrypt",
        "insecureEdgeTerminationPolicy": "None",
        "destinationCACertificate": "PEM",
    }
    annotations = only(made, "Route").annotations
    assert annotations["haproxy.router.openshift.io/ip_allowlist"] == "10.20.0.0/16 10.30.0.0/16"
    assert annotations["haproxy.router.openshift.io/set-forwarded-headers"] == "append"


def test_a_route_without_an_authority_leads_tls_through() -> None:
    made = route(WAY, ["10.20.0.0/16"], None)
    assert spec(made, "Route")["tls"]["termination"] == "passthrough"
    assert "haproxy.router.openshift.io/set-forwarded-headers" not in only(made, "Route").annotations


def test_doors_are_silent_longer_than_the_entry() -> None:
    annotations = only(route(WAY, ["10.0.0.0/8"], "PEM"), "Route").annotations
    for name in ("timeout", "timeout-tunnel"):
        assert int(annotations[f"haproxy.router.openshift.io/{name}"].rstrip("s")) > SILENCE
    annotations = only(ingress(WAY, "nginx", ["10.0.0.0/8"]), "Ingress").annotations
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        assert int(annotations[f"nginx.ingress.kubernetes.io/{name}"]) > SILENCE
    (rule,) = spec(gateway(WAY, "kitchen", "gateways", "PEM"), "HTTPRoute")["rules"]
    assert rule["timeouts"] == {"request": "0s", "backendRequest": "0s"}
    # Istio leads TLS through: its bound for such a connection is an hour of silence, and there is no other one.
    led = spec(istio(WAY, MESH), "VirtualService")
    assert set(led) == {"hosts", "gateways", "tls"}
    assert all(set(each) == {"match", "route"} for each in led["tls"])


def test_an_answer_of_ten_minutes_is_within_every_bound() -> None:
    """Also one that says nothing until its end, and in a pod that is told to end when it has begun."""
    pod = template(
        EntryPlan(environment="dev", issuers=[], grants=[]),
        config_map="entry",
        images={"envoy": "envoy", "check": "check"},
        tls_secret="entry-tls",
        platform=Platform(kind="kubernetes"),
        shipping=Shipping(image="check", bucket="b", endpoint="e", region="r", secret="s", scripts_config_map="c"),
    )
    assert 600 < SILENCE < SILENCE_SECONDS < DRAIN_SECONDS < pod["terminationGracePeriodSeconds"]
    assert f"--drain-seconds={DRAIN_SECONDS}" in pod["containers"][0]["args"]


@pytest.mark.parametrize("make", [lambda: route(WAY, [], "PEM"), lambda: ingress(WAY, "nginx", [])])
def test_a_list_of_no_networks_would_let_everybody_in(make: Any) -> None:
    with pytest.raises(ValueError, match="sources: missing"):
        make()


def test_an_ingress_speaks_tls_on_both_sides_by_one_secret() -> None:
    made = ingress(WAY, "internal", ["10.20.0.0/16"])
    assert spec(made, "Ingress")["ingressClassName"] == "internal"
    assert spec(made, "Ingress")["tls"] == [{"hosts": ["ai.kitchen.example"], "secretName": "entry-tls"}]
    annotations = {name.partition("/")[2]: value for name, value in only(made, "Ingress").annotations.items()}
    assert annotations["backend-protocol"] == "HTTPS"
    assert annotations["proxy-ssl-verify"] == "on"
    assert annotations["proxy-ssl-secret"] == "entry-dev/entry-tls"
    assert annotations["proxy-ssl-name"] == "entry.entry-dev.svc"
    assert annotations["proxy-request-buffering"] == annotations["proxy-buffering"] == "off"


def test_an_ingress_tries_another_pod_where_one_is_gone() -> None:
    """nginx tries again what it has not sent, and no POST that it has."""
    annotations = only(ingress(WAY, "nginx", ["10.0.0.0/8"]), "Ingress").annotations
    assert annotations["nginx.ingress.kubernetes.io/proxy-next-upstream"] == "error timeout"
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-next-upstream-tries"]) > 1


def test_an_ingress_leaves_the_refusal_of_large_bodies_to_the_entry() -> None:
    annotations = only(ingress(WAY, "nginx", ["10.0.0.0/8"]), "Ingress").annotations
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-body-size"].rstrip("k")) > WAY.body_kib


def test_what_routes_by_path_leads_to_the_paths_of_the_api_alone() -> None:
    (rule,) = spec(ingress(WAY, "nginx", ["10.0.0.0/8"]), "Ingress")["rules"]
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [(path, "Exact") for path in PATHS]
    (rule,) = spec(gateway(WAY, "kitchen", "gateways", "PEM"), "HTTPRoute")["rules"]
    assert [match["path"] for match in rule["matches"]] == [{"type": "Exact", "value": path} for path in PATHS]


def test_a_gateway_checks_the_entry_before_its_route_is_there() -> None:
    made = gateway(WAY, "kitchen", "gateways", "PEM")
    assert [part.kind for part in made] == ["ConfigMap", "BackendTLSPolicy", "HTTPRoute"]
    authority, policy = only(made, "ConfigMap"), spec(made, "BackendTLSPolicy")
    assert authority.fields["data"] == {"ca.crt": "PEM"}
    assert policy["validation"]["hostname"] == "entry.entry-dev.svc"
    assert [ref["name"] for ref in policy["validation"]["caCertificateRefs"]] == [authority.name]
    (backend,) = spec(made, "HTTPRoute")["rules"][0]["backendRefs"]
    (target,) = policy["targetRefs"]
    assert target["name"] == backend["name"]


def test_istio_leads_tls_through_by_the_host_name() -> None:
    made = istio(WAY, MESH)
    (server,) = spec(made, "Gateway")["servers"]
    assert (server["tls"], server["hosts"]) == ({"mode": "PASSTHROUGH"}, ["./ai.kitchen.example"])
    (led,) = spec(made, "VirtualService")["tls"]
    assert led["match"][0]["sniHosts"] == ["ai.kitchen.example"]
    assert led["route"][0]["destination"]["host"] == "entry.entry-dev.svc.cluster.local"


def allowed(parts: list[Part]) -> dict[str, tuple[list[str], list[str]]]:
    """Principals and ports by the name of each policy that allows something."""
    found = {}
    for part in parts:
        rules = part.fields["spec"].get("rules", []) if part.kind == "AuthorizationPolicy" else []
        for rule in rules:
            (source,), (target,) = rule["from"], rule["to"]
            found[part.name] = (source["source"]["principals"], target["operation"]["ports"])
    return found


def test_the_mesh_lets_the_ingress_gateway_alone_call_the_entry() -> None:
    made = guards_of_entry(MESH, 8443)
    door = "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
    assert allowed(made) == {"allow-door": ([door], ["8443"])}
    assert spec(made, "PeerAuthentication") == {"mtls": {"mode": "STRICT"}}


def test_the_mesh_lets_the_entry_alone_ask_the_counter_and_the_counter_alone_reach_its_numbers() -> None:
    made = guards_of_counter(MESH, "entry-dev")
    assert allowed(made) == {
        "allow-counter": (["cluster.local/ns/entry-dev/sa/entry"], ["8081"]),
        "allow-counter-valkey": (["cluster.local/ns/entry-dev/sa/counter"], ["6379"]),
    }
    policies = [part for part in made if part.kind == "AuthorizationPolicy"]
    assert {part.name: part.fields["spec"]["selector"]["matchLabels"] for part in policies} == {
        f"allow-{name}": {"app.kubernetes.io/name": name} for name in ("counter", "counter-valkey")
    }


def test_the_mesh_lets_the_entry_alone_call_servers() -> None:
    made = guards_of_tenant(MESH, "entry-dev", Guarded(namespace="helpdesk-dev", ports=[8000, 8080]))
    assert allowed(made) == {"allow-entry": (["cluster.local/ns/entry-dev/sa/entry"], ["8000", "8080"])}
    assert spec(made, "PeerAuthentication") == {"mtls": {"mode": "STRICT"}}


def test_headless_services_are_called_by_mtls_even_before_a_pod_is_known() -> None:
    tenant = Guarded(namespace="helpdesk-dev", services=["support-pods", "digest-pods"])
    made = [*guards_of_tenant(MESH, "entry-dev", tenant), *guards_of_counter(MESH, "entry-dev")]
    rules = {part.name: part.fields["spec"] for part in made if part.kind == "DestinationRule"}
    assert {name: rule["host"] for name, rule in rules.items()} == {
        "support-pods": "support-pods.helpdesk-dev.svc.cluster.local",
        "digest-pods": "digest-pods.helpdesk-dev.svc.cluster.local",
        "counter": "counter.entry-dev.svc.cluster.local",
    }
    assert all(rule["trafficPolicy"] == {"tls": {"mode": "ISTIO_MUTUAL"}} for rule in rules.values())


BARE = guards_of_tenant(MESH, "entry-dev", Guarded(namespace="helpdesk-dev"))


@pytest.mark.parametrize("made", [guards_of_entry(MESH, 8443), BARE])
def test_what_no_policy_allows_is_refused(made: list[Part]) -> None:
    (nothing,) = [part for part in made if part.name == "allow-nothing"]
    assert nothing.fields["spec"] == {}, "no selector: every pod; no rule: no caller"


def test_a_tenant_without_servers_lets_nobody_call() -> None:
    assert allowed(guards_of_tenant(MESH, "entry-dev", Guarded(namespace="helpdesk-dev"))) == {}


def test_sidecars_reach_their_control_plane_and_nothing_else() -> None:
    (rule,) = spec(guards_of_entry(MESH, 8443), "NetworkPolicy")["egress"]
    assert rule["ports"] == [{"port": 15012, "protocol": "TCP"}]
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "istio-system"}}}]


def test_a_revision_takes_the_place_of_the_usual_label() -> None:
    other = Mesh(
        selector=MESH.selector,
        namespace=MESH.namespace,
        service_account=MESH.service_account,
        control_namespace=MESH.control_namespace,
        trust_domain=MESH.trust_domain,
        revision="stable",
    )
    assert MESH.namespace_labels() == {"istio-injection": "enabled"}
    assert other.namespace_labels() == {"istio.io/rev": "stable"}
