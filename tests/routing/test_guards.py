"""What the database itself holds, also against those who ask nobody: bulk inserts, updates, raw SQL."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, ProtectedError

from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, ClaimedName, Synonym, Target
from tests.routing.rows import a_model, a_provider, a_target, an_alias, target_of

pytestmark = pytest.mark.django_db


def refuses(write: Callable[[], object]) -> bool:
    """Whether the database raises IntegrityError, at once or at the end of the transaction."""
    try:
        with transaction.atomic():
            write()
            connection.check_constraints()
    except IntegrityError:
        return True
    return False


def insert(row: Model) -> Callable[[], object]:
    """Insert the row as it is, past `save()`, `clean()` and the signals."""
    return lambda: type(row)._default_manager.bulk_create([row])


def test_no_alias_and_synonym_share_a_name() -> None:
    fast = an_alias("fast", synonyms=("quick",))

    assert refuses(Alias(name="quick").save)
    assert refuses(Synonym(alias=fast, name="fast").save)


def test_no_rename_ends_on_a_name_that_is_taken() -> None:
    fast = an_alias("fast", synonyms=("quick",))
    synonym = fast.synonyms.get()
    fast.name, synonym.name = "quick", "fast"

    assert refuses(fast.save)
    assert refuses(synonym.save)


def test_two_aliases_or_two_synonyms_share_no_name_even_in_bulk() -> None:
    fast = an_alias("fast", synonyms=("quick",))

    assert refuses(insert(Alias(name="fast")))
    assert refuses(insert(Synonym(alias=fast, name="quick")))


def test_a_name_is_claimed_once_and_by_one_owner() -> None:
    fast = an_alias("fast", synonyms=("quick",))
    bare = Alias.objects.bulk_create([Alias(name="bare")])[0]

    assert refuses(insert(ClaimedName(name="quick", alias=bare)))
    assert refuses(insert(ClaimedName(name="nobodys")))
    assert refuses(insert(ClaimedName(name="boths", alias=bare, synonym=fast.synonyms.get())))


def test_every_alias_and_synonym_has_claimed_its_name() -> None:
    fast = an_alias("fast", synonyms=("quick", "cheap"))
    fast.name = "faster"
    fast.save()

    assert [str(claimed) for claimed in ClaimedName.objects.all()] == ["cheap", "faster", "quick"]


def test_a_target_is_a_model_or_an_alias() -> None:
    fast, smart, model = an_alias("fast"), an_alias("smart"), a_model()

    assert refuses(insert(Target(alias=fast)))
    assert refuses(insert(Target(alias=fast, model=model, to_alias=smart)))


def test_a_target_is_not_its_own_alias() -> None:
    fast = an_alias("fast")

    assert refuses(insert(target_of(fast, fast)))


@pytest.mark.parametrize("weight", [0, -1, 1_000_001])
def test_a_weight_is_in_its_range(weight: int) -> None:
    target = a_target(an_alias("fast"), a_model(), weight=5)

    assert refuses(lambda: Target.objects.filter(pk=target.pk).update(weight=weight))


def test_a_model_stands_behind_an_alias_once_per_address() -> None:
    model, smart = a_model(), an_alias("smart")
    fast = an_alias("fast", model, smart)

    assert refuses(insert(target_of(fast, model)))
    assert refuses(insert(target_of(fast, smart)))
    assert not refuses(insert(target_of(fast, model, endpoint="https://a.example.com")))


def test_a_target_points_at_what_exists() -> None:
    fast = an_alias("fast")

    assert refuses(insert(Target(alias=fast, model_id=999_999)))
    assert refuses(insert(Target(alias=fast, to_alias_id=999_999)))


def test_providers_addresses_and_models_are_there_once() -> None:
    model = a_model("openai/gpt-4o")
    provider = model.provider

    assert refuses(insert(Provider(name="openai")))
    assert refuses(insert(ProviderModel(provider=provider, name="gpt-4o")))
    assert refuses(insert(Endpoint(provider=provider, api_type="chat", base_url="https://a.example.com")))


def test_a_model_that_serves_an_alias_cannot_be_deleted_nor_its_provider() -> None:
    model = a_model()
    an_alias("fast", model)

    with pytest.raises(ProtectedError):
        model.delete()
    with pytest.raises(ProtectedError):
        a_provider("openai").delete()


def test_an_alias_that_serves_another_cannot_be_deleted() -> None:
    smart = an_alias("smart")
    an_alias("fast", smart)

    with pytest.raises(ProtectedError):
        smart.delete()
