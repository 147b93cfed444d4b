"""Tokens that say by their beginning what they are: a maintained list, with where each line comes from.

A beginning counts with at least so many characters behind it, of which one is a digit. The numbers are lower than those
of the services, so that a new, shorter form is found as well. A line is added with its origin; nothing is taken out,
because old tokens stay valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GITLEAKS = "gitleaks b58d3f1, config/gitleaks.toml (MIT)"
_VENDOR = "the service's own documentation of its tokens"


@dataclass(frozen=True, kw_only=True)
class Beginnings:
    """Beginnings of one service's tokens; `least` is how many characters follow."""

    service: str
    beginnings: tuple[str, ...]
    least: int
    origin: str = _GITLEAKS


BEGINNINGS: tuple[Beginnings, ...] = (
    Beginnings(service="1Password", beginnings=("ops_eyJ",), least=40),
    Beginnings(service="Adobe", beginnings=("p8e-",), least=32),
    Beginnings(service="age", beginnings=("AGE-SECRET-KEY-1",), least=40),
    Beginnings(service="Alibaba Cloud", beginnings=("LTAI",), least=16),
    Beginnings(service="Anthropic", beginnings=("sk-ant-",), least=20),
    Beginnings(service="Artifactory", beginnings=("AKCp", "cmVmd"), least=50),
    Beginnings(service="Atlassian", beginnings=("ATATT3", "ATCTT3", "ATBB"), least=24),
    Beginnings(service="AWS", beginnings=("ABIA", "ACCA", "A3TX"), least=16),
    Beginnings(service="AWS Bedrock", beginnings=("ABSK", "bedrock-api-key-"), least=40),
    Beginnings(service="Buildkite", beginnings=("bkua_", "bkpt_"), least=20, origin=_VENDOR),
    Beginnings(service="CircleCI", beginnings=("CCIPAT_", "CCIPRJ_"), least=20, origin=_VENDOR),
    Beginnings(service="Cloudflare", beginnings=("v1.0-",), least=100),
    Beginnings(service="Contentful", beginnings=("CFPAT-",), least=30, origin=_VENDOR),
    Beginnings(service="Databricks", beginnings=("dapi", "dose", "dkea"), least=32),
    Beginnings(service="DigitalOcean", beginnings=("dop_v1_", "doo_v1_", "dor_v1_"), least=32),
    Beginnings(service="Docker Hub", beginnings=("dckr_pat_", "dckr_oat_"), least=20, origin=_VENDOR),
    Beginnings(
        service="Doppler", beginnings=("dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."), least=20
    ),
    Beginnings(service="Dynatrace", beginnings=("dt0c01.", "dt0s01.", "dt0s02.", "dt0s16."), least=24),
    Beginnings(service="Easypost", beginnings=("EZAK", "EZTK"), least=40),
    Beginnings(service="Figma", beginnings=("figd_", "figu_", "figo_"), least=20, origin=_VENDOR),
    Beginnings(service="Fly.io", beginnings=("fo1_", "fm1a_", "fm1r_", "fm2_"), least=40),
    Beginnings(service="GitHub", beginnings=("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"), least=22),
    Beginnings(
        service="GitLab",
        beginnings=(
            *("glpat-", "glcbt-", "gldt-", "glffct-", "glft-", "glimt-", "glagent-", "gloas-", "glptt-", "glrt-"),
            *("glsoat-", "GR1348941"),
        ),
        least=20,
    ),
    Beginnings(service="Google", beginnings=("AIza", "GOCSPX-", "ya29."), least=24),
    Beginnings(service="Grafana", beginnings=("glsa_", "glc_", "eyJrIjoi"), least=32),
    Beginnings(service="Groq", beginnings=("gsk_",), least=32, origin=_VENDOR),
    Beginnings(service="HashiCorp Terraform", beginnings=("atlasv1.",), least=40),
    Beginnings(service="HashiCorp Vault", beginnings=("hvs.", "hvb.", "hvr."), least=20),
    Beginnings(service="Heroku", beginnings=("HRKU-",), least=30),
    Beginnings(service="Hugging Face", beginnings=("api_org_",), least=30),
    Beginnings(service="Infracost", beginnings=("ico-",), least=32),
    Beginnings(service="Langfuse", beginnings=("sk-lf-",), least=20, origin=_VENDOR),
    Beginnings(service="LangSmith", beginnings=("lsv2_pt_", "lsv2_sk_"), least=32, origin=_VENDOR),
    Beginnings(service="Linear", beginnings=("lin_api_", "lin_oauth_"), least=32),
    Beginnings(service="Mailgun", beginnings=("key-",), least=32),
    Beginnings(service="Neon", beginnings=("napi_",), least=32, origin=_VENDOR),
    Beginnings(service="Netlify", beginnings=("nfp_",), least=32, origin=_VENDOR),
    Beginnings(service="New Relic", beginnings=("NRAK-", "NRAA-", "NRIQ-", "NRRA-", "NRII-", "NRJS-"), least=18),
    Beginnings(service="Notion", beginnings=("ntn_",), least=32),
    Beginnings(service="npm", beginnings=("npm_",), least=30),
    Beginnings(service="NVIDIA", beginnings=("nvapi-",), least=32, origin=_VENDOR),
    Beginnings(service="OpenShift", beginnings=("sha256~",), least=40),
    Beginnings(service="Perplexity", beginnings=("pplx-",), least=32),
    Beginnings(service="Pinecone", beginnings=("pcsk_",), least=32, origin=_VENDOR),
    Beginnings(service="PlanetScale", beginnings=("pscale_tkn_", "pscale_pw_", "pscale_oauth_"), least=30),
    Beginnings(service="Postman", beginnings=("PMAK-",), least=40),
    Beginnings(service="Prefect", beginnings=("pnu_",), least=30),
    Beginnings(service="Pulumi", beginnings=("pul-",), least=40),
    Beginnings(service="PyPI", beginnings=("pypi-AgEI",), least=40),
    Beginnings(service="ReadMe", beginnings=("rdme_",), least=40),
    Beginnings(service="Replicate", beginnings=("r8_",), least=32, origin=_VENDOR),
    Beginnings(service="RubyGems", beginnings=("rubygems_",), least=40),
    Beginnings(service="Scalingo", beginnings=("tk-us-",), least=40),
    Beginnings(service="SendGrid", beginnings=("SG.",), least=50),
    Beginnings(service="Sendinblue", beginnings=("xkeysib-", "xsmtpsib-"), least=40),
    Beginnings(service="Sentry", beginnings=("sntrys_", "sntryu_"), least=40),
    Beginnings(service="Shippo", beginnings=("shippo_live_", "shippo_test_"), least=32),
    Beginnings(service="Shopify", beginnings=("shpat_", "shpca_", "shppa_", "shpss_"), least=30),
    Beginnings(
        service="Slack", beginnings=("xapp-", "xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxp-", "xoxr-", "xoxs-"), least=10
    ),
    Beginnings(service="SonarQube", beginnings=("squ_", "sqp_", "sqa_"), least=32, origin=_VENDOR),
    Beginnings(service="Sourcegraph", beginnings=("sgp_",), least=40),
    Beginnings(service="Square", beginnings=("sq0atp-", "sq0csp-", "EAAA"), least=22),
    Beginnings(
        service="Stripe",
        beginnings=("sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_", "whsec_"),
        least=16,
    ),
    Beginnings(service="Supabase", beginnings=("sbp_", "sb_secret_"), least=20, origin=_VENDOR),
    Beginnings(service="Tailscale", beginnings=("tskey-",), least=20, origin=_VENDOR),
    Beginnings(service="Typeform", beginnings=("tfp_",), least=40),
    Beginnings(service="xAI", beginnings=("xai-",), least=32, origin=_VENDOR),
)

_OTHER_FORMS = {
    "SK": re.compile(r"(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    "NRAL": re.compile(r"(?<![A-Za-z0-9])[0-9a-zA-Z]{36}NRAL(?![A-Za-z0-9])"),
    "Q~": re.compile(r"(?<![\w~.])[\w~.]{3}[0-9]Q~[\w~.-]{31,34}"),
    ":AA": re.compile(r"(?<![0-9])[0-9]{8,10}:AA[\w-]{32,34}"),
    "hooks.slack.com": re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w+/]{20,}"),
}
"""Forms that are more than a beginning: Twilio, New Relic's licences, Azure's client secrets, bots of Telegram; each
with a part that every such text has."""

_REST = r"[\w.~+/=-]"
_STARTS = re.compile(rf"(?<![A-Za-z0-9_-])(?=([A-Za-z0-9]{_REST}{{13,160}}))")
"""Where a token may begin, with what stands there."""

_LEAST = {beginning: line.least for line in BEGINNINGS for beginning in line.beginnings}
_ALL = tuple(_LEAST)
_WITH_A_DIGIT = re.compile(rf"(?={_REST}{{0,80}}[0-9]){_REST}*")


def has_token(text: str) -> bool:
    """Whether a text holds a token that says what it is."""
    for part, pattern in _OTHER_FORMS.items():
        if part in text and pattern.search(text):
            return True
    return any(_is_token(match[1]) for match in _STARTS.finditer(text))


def _is_token(word: str) -> bool:
    if not word.startswith(_ALL):
        return False
    return any(
        word.startswith(beginning)
        and len(word) >= len(beginning) + least
        and _WITH_A_DIGIT.fullmatch(word, len(beginning)) is not None
        for beginning, least in _LEAST.items()
    )
