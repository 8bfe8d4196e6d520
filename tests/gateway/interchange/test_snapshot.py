import re
from decimal import Decimal

import pytest

from gateway.interchange.snapshot import ALIAS_FIELDS, MODEL_FIELDS, PROVIDER_FIELDS, TARGET_FIELDS
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Synonym, Target
from tests.gateway.interchange.importing import exported, import_text, refusals

pytestmark = pytest.mark.django_db


def everything() -> None:
    """A configuration in which no field has its default."""
    provider = Provider(
        name="odd",
        display_name="Odd: “one”",
        enabled=False,
        auth="header",
        auth_header="api-key",
        credential="${ODD_KEY}",
        extra_headers={"X-Title": "yes", "User-Agent": "1.5", "X-Team": "$TEAM"},
        asks_stream_usage=False,
        connect_timeout_seconds=1.5,
        first_byte_timeout_seconds=2,
        idle_timeout_seconds=3,
        semantic_idle_timeout_seconds=3.5,
        answer_timeout_seconds=4,
        max_in_flight=50,
        probe_every_seconds=90,
    )
    provider.save()
    Provider(name="kept", credential="sk-very-secret").save()
    Provider(name="open", auth="none").save()
    Endpoint(provider=provider, api_type="chat", base_url="https://odd.example/v1").save()
    model = ProviderModel(
        provider=provider,
        name="org/model:free@2026",
        enabled=False,
        api_types=["chat"],
        context_length=8192,
        input_usd_per_mtok=Decimal("0.000001"),
        output_usd_per_mtok=Decimal("123456.123456"),
        cached_input_usd_per_mtok=Decimal(0),
        max_in_flight=8,
    )
    model.save()
    other = ProviderModel(provider=provider, name="on")
    other.save()
    inner = Alias(name="1.5", selector="in_order")
    inner.save()
    alias = Alias(
        name="no",
        description="two\nlines: and # more",
        enabled=False,
        listed=False,
        selector="round_robin",
        weight_mode="percent",
        answer_model="requested",
        max_attempts=5,
        stream_mode="buffered",
        sticky="session",
        sticky_seconds=60,
        hedge_percentile=95,
        hedge_budget_percent=10,
    )
    alias.save()
    Synonym(alias=alias, name="null").save()
    Target(alias=alias, model=model, weight=60, position=9).save()
    Target(alias=alias, model=model, weight=40, position=2, endpoint="https://elsewhere.example/v1").save()
    Target(alias=alias, to_alias=inner, weight=100, tier=1, position=0, conditions=["timeout", "auth"]).save()
    waits = {f"{what}_timeout_seconds": 2.5 for what in ("connect", "first_byte", "idle", "answer")}
    Target(alias=alias, model=other, enabled=False, tier=1, position=0, **waits).save()


@pytest.mark.parametrize("prune", [False, True])
def test_the_import_of_an_export_changes_nothing(prune: bool) -> None:
    everything()

    difference = import_text(exported(), prune=prune)

    assert refusals(difference) == []
    assert difference.changes == ()


def test_an_export_makes_the_same_configuration_in_an_empty_database() -> None:
    everything()
    text = exported()
    import_text("providers: []\nmodels: []", prune=True)

    import_text(text)

    without_the_key = text.replace(
        "    auth:\n      type: bearer\n      credential: kept\n", "    auth:\n      type: bearer\n"
    )
    assert without_the_key != text
    assert exported() == without_the_key


def test_an_export_leaves_out_what_nobody_set() -> None:
    import_text("- alias: plain\n  targets: []")

    assert "alias: plain" in exported()
    assert not re.search("maxAttempts|streamMode|sticky|hedge|conditions|timeouts", exported())


def test_every_field_that_can_be_configured_is_carried() -> None:
    """A new field of a model must be taken into the file, or named here with its reason."""
    elsewhere = {"id", "name", "api_type", "base_url", "provider", "alias", "model", "to_alias", "endpoint"}
    ours = {"position", "created_at"}  # the order in the file; when the row was made
    carried = {*PROVIDER_FIELDS, *MODEL_FIELDS, *ALIAS_FIELDS, *TARGET_FIELDS}

    for model in (Provider, Endpoint, ProviderModel, Alias, Synonym, Target):
        fields = {field.name for field in model._meta.concrete_fields}
        assert fields - elsewhere - ours <= carried


def test_an_export_holds_no_key() -> None:
    everything()

    text = exported()

    assert "sk-very-secret" not in text
    assert Provider.objects.get(name="kept").credential not in text
    assert "apiKeyEnv: ODD_KEY" in text
    assert "credential: kept" in text


def test_what_changed_since_comes_back_with_prune() -> None:
    everything()
    text = exported()
    Target.objects.all().delete()
    Synonym.objects.all().delete()
    Provider.objects.filter(name="open").update(display_name="x", answer_timeout_seconds=9)
    import_text("- alias: another\n  targets: []")

    import_text(text, prune=True)

    assert exported() == text


def test_extra_headers_stand_in_one_order_however_they_were_entered() -> None:
    Provider(name="odd", auth="none", extra_headers={"X-Team": "one", "X-Title": "two", "X-A": "three"}).save()

    text = exported()

    assert text.index("X-A:") < text.index("X-Team:") < text.index("X-Title: two")
