"""The system checks of aliases."""

from itertools import product
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from providers.models import Provider, ProviderModel
from routing.checks import check_aliases, leads_to_no_credential, why_unserved
from routing.models import Alias, Target
from tests.gateways import saved

pytestmark = pytest.mark.django_db


def an_alias(name: str = "fast", *, left_out: str = "") -> Alias:
    """An alias with one target, of which the provider, the model or the target itself is disabled."""
    provider = saved(Provider(name=f"of-{name}", enabled=left_out != "provider", auth="none"))
    model = saved(ProviderModel(provider=provider, name="m", enabled=left_out != "model"))
    alias = saved(Alias(name=name))
    saved(Target(alias=alias, model=model, enabled=left_out != "target"))
    return alias


def test_an_alias_that_can_be_served_is_fine() -> None:
    an_alias()

    assert check_aliases(None) == []


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [
        ("provider", "has only disabled providers"),
        ("target", "has no enabled target"),
        ("model", "has nobody to serve it: the model “of-fast/m” is disabled"),
    ],
)
def test_an_alias_that_nobody_can_serve_is_warned_of(left_out: str, reason: str) -> None:
    an_alias(left_out=left_out)

    (warning,) = check_aliases(None)

    assert warning.id == "routing.W001"
    assert f"“fast” {reason}" in warning.msg


def test_a_credential_that_cannot_be_had_serves_nobody() -> None:
    an_alias()
    provider = Provider.objects.get()
    provider.auth, provider.credential = "bearer", "$NOBODY_SET_THIS"
    provider.save()

    (warning,) = check_aliases(None)

    assert "the provider “of-fast” cannot be called: The environment variable NOBODY_SET_THIS is not set" in warning.msg


def test_the_reason_is_found_behind_another_alias() -> None:
    behind = an_alias("behind", left_out="provider")
    front = saved(Alias(name="front"))
    saved(Target(alias=front, to_alias=behind))

    assert why_unserved(front) == "has nobody to serve it: the alias “behind” has only disabled providers"


@pytest.mark.parametrize(("auth", "lacks"), [("bearer", True), ("x-api-key", True), ("none", False)])
def test_who_leads_only_to_providers_without_the_key_they_need_is_found(auth: str, lacks: bool) -> None:
    behind = an_alias("behind")
    front = saved(Alias(name="front"))
    saved(Target(alias=front, to_alias=behind))
    Provider.objects.update(auth=auth)

    front = Alias.objects.get(name="front")

    assert leads_to_no_credential(front) is lacks
    assert why_unserved(front) is None  # the requests go out all the same


def test_one_provider_that_has_what_it_needs_is_enough() -> None:
    fast = an_alias()
    other = saved(ProviderModel(provider=saved(Provider(name="keyless")), name="m"))
    saved(Target(alias=fast, model=other))

    assert not leads_to_no_credential(fast)


def test_an_alias_to_which_many_ways_lead_is_looked_at_once(django_assert_max_num_queries: Any) -> None:
    below = [an_alias("left-0"), an_alias("right-0")]
    for layer in range(1, 9):
        above = [saved(Alias(name=f"{side}-{layer}")) for side in ("left", "right")]
        for alias, behind in product(above, below):
            saved(Target(alias=alias, to_alias=behind))
        below = above

    with django_assert_max_num_queries(100):
        assert why_unserved(below[0]) is None
    assert not leads_to_no_credential(below[0])


def test_a_circle_that_was_written_past_its_rules_ends() -> None:
    first, second = saved(Alias(name="first")), saved(Alias(name="second"))
    Target.objects.bulk_create([Target(alias=first, to_alias=second), Target(alias=second, to_alias=first)])

    assert "“first” leads back to itself" in (why_unserved(first) or "")


def test_a_disabled_alias_needs_nobody() -> None:
    saved(Alias(name="paused", enabled=False))

    assert check_aliases(None) == []


def test_the_checks_run_with_deploy_only(capsys: pytest.CaptureFixture[str]) -> None:
    saved(Alias(name="empty"))

    call_command("check", "--deploy", "--tag", "routing")

    assert "“empty” has no target" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_before_the_first_migrate_the_checks_keep_quiet() -> None:
    with connection.schema_editor() as editor:
        editor.alter_db_table(Alias, "routing_alias", "routing_alias_away")
    try:
        assert check_aliases(None) == []
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Alias, "routing_alias_away", "routing_alias")
