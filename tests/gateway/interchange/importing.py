"""Short ways to import a text and to look at what came of it."""

from collections.abc import Mapping

from gateway.interchange import plexus
from gateway.interchange.difference import Difference
from gateway.interchange.findings import Kind
from gateway.interchange.snapshot import current
from gateway.interchange.store import apply
from tests.gateway.interchange.understanding import Understanding

BASE = """
providers:
  - name: openai
    baseUrls: {chat: "https://api.openai.com/v1"}
    auth: {type: bearer, apiKeyEnv: OPENAI_API_KEY}
    models: [gpt-4o, gpt-4o-mini]
models:
  - alias: fast
    additionalAliases: [quick]
    targets:
      - {provider: openai, model: gpt-4o-mini}
  - alias: smart
    targets:
      - {provider: openai, model: gpt-4o, weight: 70}
      - {alias: fast, weight: 30}
"""


def import_text(
    text: str, *, prune: bool = False, dry_run: bool = False, environment: Mapping[str, str] | None = None
) -> Difference:
    document = Understanding(plexus.read).document(text)
    environment = {"OPENAI_API_KEY": "sk"} if environment is None else environment
    return apply(document, prune=prune, dry_run=dry_run, environment=environment)


def refusals(difference: Difference) -> list[str]:
    return [str(finding) for finding in difference.findings if finding.kind is Kind.REFUSED]


def warnings(difference: Difference) -> list[str]:
    return [str(finding) for finding in difference.findings if finding.kind is Kind.WARNING]


def exported() -> str:
    return plexus.write(current())
