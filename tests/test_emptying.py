"""After a test that committed, the database holds what it held when it was new, whatever the test did to it."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from providers.models import Provider, ProviderModel
from routing.models import ConfigurationVersion
from tests.gateways import saved

pytestmark = pytest.mark.django_db(transaction=True)


def what_was_there() -> list[object]:
    """Whole rows, their numbers included: nothing was made anew."""
    return [*Permission.objects.order_by("pk").values(), *Group.permissions.through.objects.order_by("pk").values()]


def emptied() -> None:
    """As Django does it after each such test."""
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def test_what_a_test_wrote_is_gone_and_what_was_there_before_it_is_untouched() -> None:
    before = what_was_there()
    saved(ProviderModel(provider=saved(Provider(name="openai", credential="sk-x")), name="small"))
    User.objects.create_user("reader").user_permissions.set(Permission.objects.all()[:3])

    emptied()

    assert [*Provider.objects.all(), *ProviderModel.objects.all(), *User.objects.all()] == []
    assert before
    assert what_was_there() == before


def test_versions_that_emptying_itself_raised_are_gone_too() -> None:
    saved(Provider(name="openai", credential="sk-x"))

    emptied()

    assert not ConfigurationVersion.objects.exists()


def test_what_a_test_took_away_or_changed_is_put_back() -> None:
    def by_name() -> set[tuple[str, str]]:
        return {*Permission.objects.values_list("codename", "name"), *((name, "") for name in groups())}

    def groups() -> list[str]:
        return [*Group.objects.values_list("name", flat=True)]

    before = by_name()
    Permission.objects.filter(codename="view_provider").delete()
    Permission.objects.filter(codename="add_provider").update(name="changed")
    Group.objects.create(name="of a test")
    Group.objects.filter(name="auditor").delete()

    emptied()

    assert by_name() == before
