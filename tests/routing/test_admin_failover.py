"""What the form of an alias says about failures: conditions and deadlines of its targets, attempts, streams, sessions."""

import re
from typing import Any

import pytest
from django.test import Client

from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Target
from tests.admin_pages import a_reader, an_administrator, errors_of, send_form, text_of
from tests.gateways import saved

pytestmark = pytest.mark.django_db

ADD = "/admin/routing/alias/add/"


@pytest.fixture
def admin() -> Client:
    return an_administrator()


@pytest.fixture
def alias() -> Alias:
    """`fast`, with two models behind it."""
    provider = saved(Provider(name="openai", auth="none"))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.openai.com/v1"))
    alias = saved(Alias(name="fast"))
    for position, name in enumerate(("large", "small")):
        model = saved(ProviderModel(provider=provider, name=name))
        saved(Target(alias=alias, model=model, position=position))
    return alias


def page_of(alias: Alias) -> str:
    return f"/admin/routing/alias/{alias.pk}/change/"


def is_folded(page: Any, name: str) -> bool:
    """Whether the fieldset of this name is. Any: the test client's response."""
    (fieldset,) = [fieldset for fieldset in page.context["adminform"] if fieldset.name == name]
    return "collapse" in fieldset.classes


def test_conditions_are_chosen_and_stay_chosen(admin: Client, alias: Alias) -> None:
    answer = send_form(admin, page_of(alias), targets__1__conditions=["timeout", "quota_exceeded"])
    again = send_form(admin, page_of(alias), description="changed")

    assert (answer.status_code, again.status_code) == (302, 302)
    assert [target.conditions for target in alias.targets.all()] == [[], ["timeout", "quota_exceeded"]]


def test_conditions_are_taken_off_again(admin: Client, alias: Alias) -> None:
    send_form(admin, page_of(alias), targets__1__conditions=["timeout"])

    send_form(admin, page_of(alias), targets__1__conditions=[])

    assert [target.conditions for target in alias.targets.all()] == [[], []]


def test_somebody_must_be_asked_first(admin: Client, alias: Alias) -> None:
    answer = send_form(admin, page_of(alias), targets__0__conditions=["timeout"], targets__1__conditions=["timeout"])

    assert errors_of(answer)["targets-0-conditions"] == [
        "Every target waits for another one to fail. Take the conditions off the one to be asked first."
    ]
    assert not any(target.conditions for target in alias.targets.all())


def test_deadlines_are_kept_each_as_its_own(admin: Client, alias: Alias) -> None:
    send_form(admin, page_of(alias), targets__0__time_limits_1="2.5", targets__0__time_limits_3="60")

    first, second = alias.targets.all()
    assert (first.first_byte_timeout_seconds, first.answer_timeout_seconds) == (2.5, 60)
    assert (first.connect_timeout_seconds, first.idle_timeout_seconds) == (None, None)
    assert second.answer_timeout_seconds is None


def test_a_deadline_is_taken_off_again(admin: Client, alias: Alias) -> None:
    send_form(admin, page_of(alias), targets__0__time_limits_1="2.5")

    send_form(admin, page_of(alias), targets__0__time_limits_1="")

    assert [target.first_byte_timeout_seconds for target in alias.targets.all()] == [None, None]


@pytest.mark.parametrize(
    ("typed", "said"), [("0", "At least 0.1 seconds."), ("31", "At most 30 seconds."), ("soon", "Enter a number.")]
)
def test_a_deadline_that_cannot_be_is_said_beside_it(typed: str, said: str, admin: Client, alias: Alias) -> None:
    answer = send_form(admin, page_of(alias), targets__0__time_limits_0=typed)

    assert errors_of(answer)["targets-0-time_limits"] == [said]


def test_an_alias_among_the_targets_has_no_deadlines(admin: Client, alias: Alias) -> None:
    other = saved(Alias(name="other"))
    row = {"model": "", "to_alias": other.pk, "tier": 0, "position": 2, "time_limits_0": "1", "time_limits_2": "1"}

    answer = send_form(admin, page_of(alias), [("targets", row)])

    (said,) = [errors for field, errors in errors_of(answer).items() if field.endswith("time_limits")]
    assert said == ["An alias's own targets have time limits; this one has none."]


def test_what_nobody_uses_is_folded(admin: Client, alias: Alias) -> None:
    page = admin.get(page_of(alias))

    assert is_folded(page, "Failover")
    assert is_folded(page, "Streams")
    assert is_folded(admin.get(ADD), "Failover")


def test_what_is_used_is_not(admin: Client, alias: Alias) -> None:
    send_form(admin, page_of(alias), max_attempts="5")

    page = admin.get(page_of(alias))

    assert not is_folded(page, "Failover")
    assert is_folded(page, "Streams")


def test_a_mistake_is_never_folded_away(admin: Client, alias: Alias) -> None:
    answer = send_form(admin, page_of(alias), max_attempts="11")

    assert errors_of(answer)["max_attempts"] == ["At most 10: whoever asks waits for all of them."]
    assert not is_folded(answer, "Failover")


def test_whoever_may_only_look_sees_conditions_and_deadlines(alias: Alias) -> None:
    Target.objects.filter(position=1).update(conditions=["timeout", "auth"], idle_timeout_seconds=5)

    page = text_of(a_reader().get(page_of(alias)))

    assert re.search(r"idle 5 s", page)
    assert "too late, " in page  # all of them, in words


def test_the_list_says_what_a_fallback_waits_for(admin: Client, alias: Alias) -> None:
    Target.objects.filter(position=1).update(conditions=["timeout", "auth"])

    page = text_of(admin.get("/admin/routing/alias/"))

    assert 'title="Only after: too late, credential refused"' in page
