"""Image references, right and wrong.

The pairs restate cases of distribution/reference (reference_test.go, regexp_test.go), opencontainers/go-digest
(digest_test.go) and open-policy-agent/gatekeeper-library (imagedigests), all Apache-2.0; the comments say where we
judge differently.
"""

from __future__ import annotations

import pytest

from policies.manifests.image_reference import parse, unpinned

HEX = "0123456789abcdef" * 4
SHA = f"sha256:{HEX}"

PINNED = [
    f"nginx@{SHA}",
    f"h:5000/repo@{SHA}",
    f"h:5000/repo:tag@{SHA}",
    f"localhost@{SHA}",
    f"localhost:8080@{SHA}",
    f"[2001:db8::1]:5000/repo:tag@{SHA}",
    f"[2001:db8::1]/repo@{SHA}",
    f"registry.kitchen.example/vllm/vllm-openai@{SHA}",
    f"Uppercase/lowercase@{SHA}",
    f"do__cker/x@{SHA}",
    f"x/some__sep@{SHA}",
    f"name.ver---sion@{SHA}",
    f"xn--n3h.com/x@{SHA}",
    f"192.168.1.1:5000/x@{SHA}",
    f"x@sha512:{HEX}{HEX}",
    "a/" * 127 + f"a@{SHA}",
]

TAGGED = [
    "nginx:latest",
    "nginx",
    "h:5000/app",
    "test.com:5000",
    "192.168.1.1:5000",
    "foo/foo_bar.com:8080",
    "lowercase:Uppercase",
    "Uppercase/lowercase:tag",
    "xn--n3h.com/x:xn--n3h.com",
    "a/" * 127 + "a:tag",
]

MALFORMED = [
    ("", "is empty"),
    (":justtag", "malformed name"),
    (f"@{SHA}", "malformed name"),
    ("repo@sha256:" + "f" * 34, "not 64 lower-case"),
    (f"x@invaliddigest:{HEX}", "algorithm"),
    (f"x@sha512:{HEX}", "not 128 lower-case"),
    (f"x@sha256:{HEX.upper()}", "not 64 lower-case"),
    (f"x@SHA256:{HEX}", "algorithm"),
    ("x@bad", "malformed digest"),
    ("x@", "malformed digest"),
    ("x@sha256", "malformed digest"),
    ("x@sha256:", "not 64 lower-case"),
    (f"x@{HEX}", "malformed digest"),
    # gatekeeper-library passes these two: neither algorithm is registered
    (f"x@multihash+base58:{HEX}", "algorithm"),
    (f"x@sha256+b64u:{HEX}", "algorithm"),
    (f"x@sha384:{HEX}" + "0" * 32, "algorithm"),
    ("Uppercase:tag", "malformed name"),
    ("h:5000/Upper/l:tag", "malformed name"),
    ("aa/asdf$$^/aa", "malformed name"),
    ("x:invalid~tag", "malformed tag"),
    ("x:" + "a" * 129, "malformed tag"),
    ("x:", "malformed tag"),
    ("bad_host.com:8080/x:t", "malformed name"),
    (f"h:http/x@{SHA}", "malformed name"),
    ("[2001:db8::1]", "malformed"),
    (f"[fe80::1%eth0]:5000/r@{SHA}", "malformed name"),
    (f"a//b@{SHA}", "malformed name"),
    (f"a/@{SHA}", "malformed name"),
    (f"-a/b@{SHA}", "malformed name"),
    (f"a-/b@{SHA}", "malformed name"),
    (f".a/b@{SHA}", "malformed name"),
    (f"a..b/c..d@{SHA}", "malformed name"),
    (f"_a/b@{SHA}", "malformed name"),
    (f"https://h/x@{SHA}", "malformed name"),
    ("a/" * 129 + f"a@{SHA}", "255 characters"),
    (f"x@{SHA}/y", "not 64 lower-case"),
    (f"x@{SHA}\n", "not 64 lower-case"),
    (f"x@{SHA} ", "not 64 lower-case"),
    (f" x@{SHA}", "malformed name"),
    (f"x\x00@{SHA}", "malformed name"),
    ("x@sha256:" + "0" * 64, "zeros only"),
    (f"x@{SHA}@{SHA}", "not 64 lower-case"),
    (f"x@{SHA}:tag", "not 64 lower-case"),
    ("x@sha256:" + "\uff11" * 64, "not 64 lower-case"),
    ("x@sha256:" + "\u0661" * 64, "not 64 lower-case"),
    (f"$(IMAGE)@{SHA}", "malformed name"),
    ("{{ .Values.image }}", "malformed name"),
]


@pytest.mark.parametrize("text", PINNED)
def test_a_digest_pins(text: str) -> None:
    assert unpinned(text) is None


@pytest.mark.parametrize("text", TAGGED)
def test_a_tag_or_nothing_does_not_pin(text: str) -> None:
    assert (unpinned(text) or "").startswith(("is named by the tag", "has neither tag nor digest"))


@pytest.mark.parametrize(("text", "why"), MALFORMED)
def test_a_malformed_reference_is_refused_with_its_reason(text: str, why: str) -> None:
    assert why in (unpinned(text) or "passed")


def test_the_parts_of_a_reference() -> None:
    reference = parse(f"h:5000/team/app:v1@{SHA}")
    assert (reference.domain, reference.path, reference.tag, reference.digest) == ("h:5000", "team/app", "v1", SHA)
