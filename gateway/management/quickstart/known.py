"""Providers that whoever has a key for them in the environment can add with one word. The key itself is never stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from providers.models import Endpoint, Provider, ProviderModel


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProvider:
    name: str
    display_name: str
    variable: str
    """The environment variable with the key."""
    base_url: str
    models: Mapping[str, Sequence[str]]
    """API type -> the names of models that do it."""


KNOWN = (
    KnownProvider(
        name="openai",
        display_name="OpenAI",
        variable="OPENAI_API_KEY",
        base_url="https://api.openai.com/v1",
        models={
            "chat": ("gpt-4o", "gpt-4o-mini"),
            "completions": ("gpt-3.5-turbo-instruct",),
            "embeddings": ("text-embedding-3-small",),
        },
    ),
    KnownProvider(
        name="anthropic",
        display_name="Anthropic",
        variable="ANTHROPIC_API_KEY",
        # Its OpenAI-compatible door: https://platform.claude.com/docs/en/api/openai-sdk
        base_url="https://api.anthropic.com/v1/chat/completions",
        models={"chat": ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")},
    ),
)


def on_offer(environment: Mapping[str, str], offered_before: Sequence[str]) -> list[KnownProvider]:
    """Those with a key in the environment that are not there yet, and were not declined or deleted since."""
    there = set(Provider.objects.values_list("name", flat=True))
    return [
        known
        for known in KNOWN
        if environment.get(known.variable, "").strip() and known.name not in {*there, *offered_before}
    ]


def add(known: KnownProvider) -> None:
    """Raises ValidationError."""
    provider = Provider(name=known.name, display_name=known.display_name, credential=f"${known.variable}")
    provider.full_clean()
    provider.save()
    for api_type, names in known.models.items():
        endpoint = Endpoint(provider=provider, api_type=api_type, base_url=known.base_url)
        endpoint.full_clean()
        endpoint.save()
        for name in names:
            model = ProviderModel(provider=provider, name=name, api_types=[api_type])
            model.full_clean()
            model.save()
