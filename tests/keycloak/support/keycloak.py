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
from tools.demo.processes import Processes, free_ports

HOME = "KITCHEN_KEYCLOAK"
"""Environment variable: where `make test-keycloak` has installed it."""

START_SECONDS = 240


class Keycloak:
    """`issuer` is what its tokens say; `start` waits until it is ready."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.port, self._management = free_ports(2)
        self.host = f"http://127.0.0.1:{self.port}"
        self.issuer = f"{self.host}/realms/{REALM}"
        self.jwks = f"{self.issuer}/protocol/openid-connect/certs"
        self._folder, self._processes = folder, processes
        self._admin_password = secrets.token_hex(16)

    def start(self) -> None:
        """An installation of its own, whose libraries are those that are shared."""
        installed = Path(os.environ[HOME])
        shutil.copytree(installed / "bin", self._folder / "bin")
        for name in ("lib", "conf", "providers", "themes"):
            (self._folder / name).symlink_to(installed / name)
        (self._folder / "data" / "import").mkdir(parents=True)
        (self._folder / "data" / "import" / "realm.json").write_text(json.dumps(realm()))
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
        return self._post(
            f"{self.issuer}/protocol/openid-connect/token",
            {**form, "password": PASSWORD.format(name=name) if password is None else password},
        )

    def token(self, name: str) -> str:
        """A person's token."""
        status, said = self.by_password(name)
        assert status == 200, said
        return str(said["access_token"])

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is still published."""
        key = {"priority": ["900"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
        said = {"name": f"rsa-{time.time_ns()}", "providerId": "rsa-generated", "config": key}
        ident = self._admin("GET", "")["id"]
        self._admin("POST", "/components", {**said, "providerType": "org.keycloak.keys.KeyProvider", "parentId": ident})

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

    def _admin(self, method: str, path: str, body: object = None) -> Any:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin"}
        token = f"{self.host}/realms/master/protocol/openid-connect/token"
        _, said = self._post(token, {**form, "password": self._admin_password})
        headers = {"Authorization": f"Bearer {said['access_token']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.host}/admin/realms/{REALM}{path}"
        return self._ask(urllib.request.Request(url, data, headers, method=method))[1]  # noqa: S310 - loopback

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
