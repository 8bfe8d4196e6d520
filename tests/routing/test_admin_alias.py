"""The form and the list of aliases."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client

from gateway.models import ClientKey
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, ClaimedName, Synonym, Target
from routing.store import TABLE
from tests.admin_pages import a_member_of_staff, an_administrator, errors_of, send_form, text_of
from tests.gateways import saved

pytestmark = pytest.mark.django_db

ADD = "/admin/routing/alias/add/"
LIST = "/admin/routing/alias/"


@pytest.fixture
def admin() -> Client:
    return an_administrator()


@pytest.fixture
def models() -> list[ProviderModel]:
    provider = saved(Provider(name="openai", credential="$OPENAI_API_KEY"))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.openai.com/v1"))
    return [saved(ProviderModel(provider=provider, name=name)) for name in ("large", "medium", "small")]


def page_of(alias: Alias) -> str:
    return f"/admin/routing/alias/{alias.pk}/change/"


def target(model: ProviderModel | None = None, **fields: Any) -> tuple[str, dict[str, Any]]:
    return "targets", {"model": model.pk if model else "", "tier": 0, "enabled": "on", "position": 0, **fields}


def synonym(name: str) -> tuple[str, dict[str, Any]]:
    return "synonyms", {"name": name}


def an_alias(name: str, *models: ProviderModel, weights: tuple[int, ...] = (), **fields: Any) -> Alias:
    alias = Alias(name=name, **fields)
    alias.save()
    for position, model in enumerate(models):
        weight = weights[position] if weights else None
        Target(alias=alias, model=model, weight=weight, position=position).save()
    return alias


def saved_key(name: str) -> ClientKey:
    """A key that may use what it lists."""
    key = ClientKey(name=name, access=ClientKey.Access.LISTED)
    key.make()
    return saved(key)


def test_an_alias_is_made_with_its_targets_and_synonyms_in_one_go(admin: Client, models: list[ProviderModel]) -> None:
    rows = [target(models[0], weight=70), target(models[1], weight=30), synonym("gpt-4"), synonym("quick")]

    answer = send_form(admin, ADD, rows, name="fast", weight_mode="percent")

    assert answer.status_code == 302
    alias = Alias.objects.get(name="fast")
    assert [(str(t), t.weight, t.position) for t in alias.targets.all()] == [
        ("openai/large", 70, 0),
        ("openai/medium", 30, 1),
    ]
    assert [s.name for s in alias.synonyms.all()] == ["gpt-4", "quick"]


def test_two_weights_of_a_percent_alias_change_together(admin: Client, models: list[ProviderModel]) -> None:
    alias = an_alias("fast", *models[:2], weights=(70, 30), weight_mode="percent")

    answer = send_form(admin, page_of(alias), targets__0__weight="60", targets__1__weight="40")

    assert answer.status_code == 302
    assert [t.weight for t in alias.targets.all()] == [60, 40]


def test_weights_that_miss_100_are_said_beside_a_weight_of_their_tier(
    admin: Client, models: list[ProviderModel]
) -> None:
    alias = an_alias("fast", *models[:2], weights=(70, 30), weight_mode="percent")

    answer = send_form(admin, page_of(alias), targets__0__weight="60")

    assert list(errors_of(answer)) == ["targets-1-weight"]
    assert "sum to 90, not 100" in errors_of(answer)["targets-1-weight"][0]
    assert [t.weight for t in alias.targets.all()] == [70, 30]


@pytest.mark.parametrize("weight", ["-5", "0"])
def test_a_weight_below_1_is_told_the_rule(weight: str, admin: Client, models: list[ProviderModel]) -> None:
    answer = send_form(admin, page_of(an_alias("fast", models[0])), targets__0__weight=weight)

    assert errors_of(answer)["targets-0-weight"] == ["A weight is at least 1. Disable the target to give it nothing."]


def test_a_target_that_leaves_no_longer_counts(admin: Client, models: list[ProviderModel]) -> None:
    alias = an_alias("fast", *models[:2], weights=(70, 30), weight_mode="percent")

    answer = send_form(admin, page_of(alias), targets__0__DELETE="on", targets__1__weight="100")

    assert answer.status_code == 302
    assert [t.weight for t in alias.targets.all()] == [100]


def test_the_same_model_twice_is_said_beside_the_second(admin: Client, models: list[ProviderModel]) -> None:
    answer = send_form(admin, ADD, [target(models[0]), target(models[0])], name="fast")

    assert "stands here twice" in errors_of(answer)["targets-2-model"][0]
    assert not Alias.objects.exists()


def test_two_targets_trade_their_models_and_keep_their_ids(admin: Client, models: list[ProviderModel]) -> None:
    alias = an_alias("fast", *models[:2])
    first, second = alias.targets.all()

    answer = send_form(admin, page_of(alias), targets__0__model=models[1].pk, targets__1__model=models[0].pk)

    assert answer.status_code == 302
    assert Target.objects.get(pk=first.pk).model == models[1]
    assert Target.objects.get(pk=second.pk).model == models[0]


def test_a_new_target_comes_last(admin: Client, models: list[ProviderModel]) -> None:
    alias = an_alias("fast", *models[:2])

    send_form(admin, page_of(alias), [target(models[2])])

    assert [str(t) for t in alias.targets.all()] == ["openai/large", "openai/medium", "openai/small"]


def test_dragged_targets_stay_in_their_new_order(admin: Client, models: list[ProviderModel]) -> None:
    alias = an_alias("fast", *models)

    send_form(admin, page_of(alias), targets__0__position=1, targets__1__position=2, targets__2__position=0)

    assert [str(t) for t in alias.targets.all()] == ["openai/small", "openai/large", "openai/medium"]


def test_an_alias_that_would_reach_itself_is_said_beside_the_target(admin: Client, models: list[ProviderModel]) -> None:
    first, second = an_alias("first", models[0]), an_alias("second")
    saved(Target(alias=second, to_alias=first))

    answer = send_form(admin, page_of(first), [target(to_alias=second.pk)])

    assert "“first” → “second” → “first”" in errors_of(answer)["targets-1-to_alias"][0]


@pytest.fixture
def alias_editor() -> Client:
    """Somebody who may change aliases and their targets, and no provider."""
    return a_member_of_staff(
        *("routing.view_alias", "routing.change_alias", "routing.view_target", "routing.change_target"),
        *("routing.add_target", "providers.view_providermodel"),
    )


def test_whoever_may_not_change_providers_cannot_lead_their_keys_elsewhere(
    alias_editor: Client, models: list[ProviderModel]
) -> None:
    alias = an_alias("fast", models[0])
    elsewhere = "https://evil.example.com/v1"

    send_form(alias_editor, page_of(alias), [target(models[1], endpoint=elsewhere)], targets__0__endpoint=elsewhere)

    assert [(str(one), one.endpoint) for one in alias.targets.all()] == [("openai/large", ""), ("openai/medium", "")]


def test_an_address_that_was_chosen_for_one_model_gets_no_other_ones_key(
    alias_editor: Client, models: list[ProviderModel]
) -> None:
    alias = an_alias("fast")
    Target(alias=alias, model=models[0], endpoint="https://house.example.com/v1").save()

    refused = send_form(alias_editor, page_of(alias), targets__0__model=models[1].pk)
    taken = send_form(alias_editor, page_of(alias), targets__0__weight=7)

    assert "allowed to change providers" in errors_of(refused)["targets-0-model"][0]
    assert taken.status_code == 302
    assert [(one.weight, one.endpoint) for one in alias.targets.all()] == [(7, "https://house.example.com/v1")]


def test_whoever_may_change_providers_gives_a_target_an_address_of_its_own(
    admin: Client, models: list[ProviderModel]
) -> None:
    alias = an_alias("fast", models[0])

    send_form(admin, page_of(alias), targets__0__endpoint="https://eu.example.com/v1")

    assert [one.endpoint for one in alias.targets.all()] == ["https://eu.example.com/v1"]


def test_a_new_alias_above_too_many_others_is_said_beside_the_target(admin: Client) -> None:
    aliases = [an_alias(f"a{number}") for number in range(11)]
    for alias, following in pairwise(aliases):
        saved(Target(alias=alias, to_alias=following))

    answer = send_form(admin, ADD, [target(to_alias=aliases[0].pk)], name="top")

    assert "more than 10 aliases" in errors_of(answer)["targets-1-to_alias"][0]


def test_a_target_without_a_model_is_said_beside_the_model(admin: Client) -> None:
    answer = send_form(admin, ADD, [target(weight=5)], name="fast")

    assert errors_of(answer)["targets-1-model"] == ["Choose a model, or another alias."]


def test_a_name_that_is_a_synonym_elsewhere_is_refused(admin: Client) -> None:
    saved(Synonym(alias=an_alias("fast"), name="quick"))

    answer = send_form(admin, ADD, name="quick")

    assert errors_of(answer)["name"] == ["“quick” is already a synonym of “fast”. Choose another name."]


def test_a_synonym_cannot_be_the_name_of_its_new_alias(admin: Client) -> None:
    answer = send_form(admin, ADD, [synonym("fast")], name="fast")

    assert errors_of(answer)["synonyms-0-name"] == ["This is the name of the alias itself."]


def test_an_alias_and_its_synonym_cannot_trade_names_in_one_go(admin: Client) -> None:
    alias = an_alias("fast")
    saved(Synonym(alias=alias, name="quick"))

    answer = send_form(admin, page_of(alias), name="quick", synonyms__0__name="fast")

    assert {"name", "synonyms-0-name"} <= errors_of(answer).keys()


def test_the_same_synonym_twice_is_refused(admin: Client) -> None:
    answer = send_form(admin, ADD, [synonym("quick"), synonym("quick")], name="fast")

    assert answer.status_code == 200
    assert not Alias.objects.exists()


def test_a_renamed_alias_claims_its_new_name_only(admin: Client) -> None:
    alias = an_alias("fast")

    send_form(admin, page_of(alias), name="quick")

    assert [claim.name for claim in ClaimedName.objects.all()] == ["quick"]


def test_an_alias_in_use_says_who_stands_in_the_way(admin: Client) -> None:
    used = an_alias("fast")
    saved(Target(alias=an_alias("smart"), to_alias=used))

    answer = admin.post(f"/admin/routing/alias/{used.pk}/delete/", {"post": "yes"})

    assert "Target of the alias smart: fast" in text_of(answer)
    assert Alias.objects.filter(name="fast").exists()


def test_deleting_names_what_goes_and_no_bookkeeping(admin: Client) -> None:
    alias = an_alias("fast")
    saved(Synonym(alias=alias, name="quick"))

    page = admin.get(f"/admin/routing/alias/{alias.pk}/delete/")

    assert "quick" in text_of(page)
    assert "laimed name" not in text_of(page)


def test_deleting_an_alias_names_the_keys_that_may_use_nothing_then(admin: Client) -> None:
    alias, other = an_alias("fast"), an_alias("smart")
    left, better_off = (saved_key(name) for name in ("billing", "night job"))
    left.allowed_aliases.set([alias])
    better_off.allowed_aliases.set([alias, other])

    page = text_of(admin.get(f"/admin/routing/alias/{alias.pk}/delete/"))

    assert "could use nothing any more: billing." in page
    assert "object (" not in page
    assert "relationship" not in page


@pytest.mark.django_db(transaction=True)
def test_a_selection_is_deleted_row_by_row_so_that_the_table_changes(admin: Client) -> None:
    doomed = [an_alias("fast"), an_alias("smart")]
    before = TABLE.current.version

    admin.post(LIST, {"action": "delete_selected", "_selected_action": [alias.pk for alias in doomed], "post": "yes"})

    assert not Alias.objects.exists()
    assert TABLE.current.version > before
    assert not TABLE.current.routes


def test_a_selection_in_use_says_what_to_change_first_and_leads_back(admin: Client) -> None:
    alias = an_alias("fast")
    saved(Target(alias=an_alias("smart"), to_alias=alias))

    answer = admin.post(LIST, {"action": "delete_selected", "_selected_action": [alias.pk]})

    assert "in use, so none was deleted" in text_of(answer)
    assert "Target of the alias smart: fast" in text_of(answer)
    assert f'href="{LIST}"' in answer.content.decode()
    assert Alias.objects.filter(pk=alias.pk).exists()


def test_a_selection_is_switched_off_and_noted(admin: Client) -> None:
    alias = an_alias("fast")

    admin.post(LIST, {"action": "disable", "_selected_action": [alias.pk], "_disable": "yes"})

    assert not Alias.objects.get(name="fast").enabled
    assert LogEntry.objects.get().object_repr == "fast"


def test_whoever_may_only_look_has_no_switches(models: list[ProviderModel]) -> None:
    alias = an_alias("fast", models[0])
    reader = a_member_of_staff("routing.view_alias")

    page = reader.get(LIST)
    reader.post(LIST, {"action": "disable", "_selected_action": [alias.pk]})

    assert "form-0-enabled" not in text_of(page)
    assert Alias.objects.get(name="fast").enabled


def test_a_stored_percentage_that_went_wrong_is_said_and_no_crash(admin: Client, models: list[ProviderModel]) -> None:
    alias = an_alias("fast", models[0], weights=(70,), weight_mode="percent")

    answer = admin.post(
        LIST,
        {
            "form-TOTAL_FORMS": 1,
            "form-INITIAL_FORMS": 1,
            "form-0-id": alias.pk,
            "_save": "Save",
            "form-0-enabled": "",
        },
    )

    assert answer.status_code == 200
    assert "sum to 70, not 100" in text_of(answer)


@pytest.mark.parametrize("term", ["fast", "quick", "large"])
def test_the_list_is_searched_by_name_synonym_and_target(admin: Client, models: list[ProviderModel], term: str) -> None:
    saved(Synonym(alias=an_alias("fast", models[0]), name="quick"))
    an_alias("other")

    page = admin.get(LIST, {"q": term})

    assert [str(alias) for alias in page.context["cl"].result_list] == ["fast"]


def test_the_list_warns_of_an_alias_with_nobody_to_serve_it(admin: Client, models: list[ProviderModel]) -> None:
    provider = Provider.objects.get()
    provider.enabled = False
    provider.save()
    an_alias("fast", models[0])

    page = admin.get(LIST)

    assert "only disabled providers" in text_of(page)


def test_the_list_warns_of_an_alias_whose_credential_cannot_be_had(admin: Client, models: list[ProviderModel]) -> None:
    provider = Provider.objects.get()
    provider.auth, provider.credential = "bearer", "$NOBODY_SET_THIS"
    provider.save()
    an_alias("fast", models[0])

    page = admin.get(LIST)

    assert "nobody to serve it" in text_of(page)


def test_the_list_warns_of_an_alias_whose_providers_lack_the_key_they_need(
    admin: Client, models: list[ProviderModel]
) -> None:
    saved(Target(alias=saved(Alias(name="fast")), model=models[0]))
    Provider.objects.update(auth="bearer", credential="")

    page = text_of(admin.get(LIST))

    assert "no credential" in page


def test_the_list_asks_the_database_as_often_for_many_aliases_as_for_few(
    admin: Client, models: list[ProviderModel], django_assert_max_num_queries: Any
) -> None:
    for place in range(20):
        an_alias(f"alias-{place}", *models)

    with django_assert_max_num_queries(20):
        page = admin.get(LIST)

    assert "alias-19" in text_of(page)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_want_one_name_at_once_get_an_alias_and_an_error(models: list[ProviderModel]) -> None:
    browsers = [an_administrator("one"), an_administrator("two")]
    start = Barrier(len(browsers))

    def save(browser: Client) -> int:
        try:
            start.wait(60)
            status: int = send_form(browser, ADD, [target(models[0])], name="fast").status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        statuses = sorted(threads.map(save, browsers))

    assert statuses == [200, 302]
    assert Alias.objects.count() == 1
