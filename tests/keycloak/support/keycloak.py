"""A running Keycloak with the realm, on loopback, with a folder and a database of its own."""

from __future__ import annotations

import html
import http.cookiejar
import json
import os
import re
import secrets
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from tests.keycloak.support.realm import PASSWORD, REALM, realm
from tests.support.ports import free_ports
from tools.demo.processes import Processes

HOME = "KITCHEN_KEYCLOAK"
"""Environment variable: where `make test-keycloak` has installed it."""

START_SECONDS = 240


class Keycloak:
    """`issuer` is what its tokens say; `start` waits until it is ready."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.port, self._management = free_ports(2)
        self.host = f"http://127.0.0.1:{self.port}"
        self.issuer, self.jwks = self.issuer_of(REALM), self.jwks_of(REALM)
        self._folder, self._processes = folder, processes
        self._admin_password = secrets.token_hex(16)

    def issuer_of(self, name: str) -> str:
        """What tokens of a realm say."""
        return f"{self.host}/realms/{name}"

    def jwks_of(self, name: str) -> str:
        """Where a realm's keys are."""
        return f"{self.issuer_of(name)}/protocol/openid-connect/certs"

    def start(self, *realms: dict[str, Any]) -> None:
        """An installation of its own, whose libraries are those that are shared, with the realm and further ones."""
        installed = Path(os.environ[HOME])
        shutil.copytree(installed / "bin", self._folder / "bin")
        for name in ("lib", "conf", "providers", "themes"):
            (self._folder / name).symlink_to(installed / name)
        (self._folder / "data" / "import").mkdir(parents=True)
        for one in (realm(), *realms):
            (self._folder / "data" / "import" / f"{one['realm']}.json").write_text(json.dumps(one))
        options = [
            "--optimized",
            "--import-realm",
            "--http-enabled=true",
            "--http-host=127.0.0.1",
            f"--http-port={self.port}",
            f"--http-management-port={self._management}",
            f"--hostname={self.host}",
            "--cache=local",
        ]
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": self._admin_password,
        }
        words = ["bash", str(self._folder / "bin" / "kc.sh"), "start", *options]
        self._processes.start("keycloak", words, env, self._folder)
        self._processes.ready("keycloak", self._management, "/health/ready", START_SECONDS)

    def by_password(self, name: str, password: str | None = None) -> tuple[int, dict[str, Any]]:
        """The answer to a person's name and password; the right one, unless another is given."""
        form = {"grant_type": "password", "client_id": "kitchen-cli", "username": name}
        return self.ask(REALM, {**form, "password": PASSWORD.format(name=name) if password is None else password})

    def ask(self, realm_name: str, form: dict[str, str], what: str = "token") -> tuple[int, dict[str, Any]]:
        """The answer of a realm's endpoint to a form."""
        return self._post(f"{self.issuer_of(realm_name)}/protocol/openid-connect/{what}", form)

    def token(self, name: str) -> str:
        """A person's token."""
        status, said = self.by_password(name)
        assert status == 200, said
        return str(said["access_token"])

    def rotate(self, realm_name: str = REALM) -> str:
        """Sign with a new key from now on; the old one is still published. Return what the new one is called."""
        key = {"priority": [str(time.time_ns() // 10**9)], "enabled": ["true"], "active": ["true"]}
        said = {
            "name": f"rsa-{time.time_ns()}",
            "providerId": "rsa-generated",
            "config": {**key, "algorithm": ["RS256"]},
        }
        ident = self.admin("GET", "", realm_name=realm_name)["id"]
        whole = {**said, "providerType": "org.keycloak.keys.KeyProvider", "parentId": ident}
        self.admin("POST", "/components", whole, realm_name)
        return str(said["name"])

    def change_key(self, name: str, realm_name: str, **config: str) -> None:
        """Change a key, such as `active="false"`; without a change it is removed."""
        found = self.admin("GET", f"/components?name={name}", realm_name=realm_name)[0]
        path = f"/components/{found['id']}"
        if not config:
            self.admin("DELETE", path, realm_name=realm_name)
            return
        said = {key: [value] for key, value in config.items()}
        self.admin("PUT", path, {**found, "config": {**found["config"], **said}}, realm_name)

    def browser(self, address: str, code: str, name: str, *, agrees: bool) -> str:
        """Enter a code and sign in as a person does; return the last page."""
        # As browsers do, it takes loopback for a safe place: secure cookies go there without TLS.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "http"))
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)
        opener.addheaders = [("Accept", "text/html")]  # by which Keycloak tells a browser from a program
        fields = {"username": name, "password": PASSWORD.format(name=name), "device_user_code": code}
        url, form = address, None
        for _ in range(6):
            with opener.open(urllib.request.Request(url, form), timeout=30) as answer:  # noqa: S310 - loopback
                url, page = answer.url, answer.read().decode()
            found = re.search(r'<form[^>]*action="([^"]*)"(.*?)</form>', page, re.DOTALL)
            if found is None:
                return str(page)
            url = urljoin(url, html.unescape(found[1]))
            form = urlencode(_filled(found[2], fields, agrees=agrees)).encode()
        raise AssertionError(f"a form after the last one: {page}")

    def admin(self, method: str, path: str, body: object = None, realm_name: str = REALM) -> Any:
        """What Keycloak's administration answers about a realm."""
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin"}
        _, said = self.ask("master", {**form, "password": self._admin_password})
        headers = {"Authorization": f"Bearer {said['access_token']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.host}/admin/realms/{realm_name}{path}"
        status, answer = self._ask(urllib.request.Request(url, data, headers, method=method))  # noqa: S310 - loopback
        assert status < 300, (status, answer)
        return answer

    def _post(self, url: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        return self._ask(urllib.request.Request(url, urlencode(form).encode()))  # noqa: S310 - loopback

    def _ask(self, request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")


def _filled(form: str, fields: dict[str, str], *, agrees: bool) -> dict[str, str]:
    """What a person sends: hidden values, what is asked for, and one of the two buttons of a question."""
    sent = {}
    for tag in re.findall(r"<(?:input|button)[^>]*>", form):
        said = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        name, value = said.get("name"), html.unescape(said.get("value", ""))
        if name in ("accept", "cancel"):
            if (name == "accept") == agrees:
                sent[name] = value
        elif name and said.get("type") != "checkbox":
            sent[name] = fields.get(name, value)
    return sent
