"""Export, import, export: the same bytes, whatever the configuration."""

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.interchange.findings import Kind
from providers.models import Provider
from routing.models import Alias
from tests.gateway.interchange.configurations import AWKWARD, Written, configurations
from tests.gateway.interchange.importing import BASE, exported, import_text, refusals

pytestmark = pytest.mark.django_db
OFTEN = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a whole configuration takes minutes
)


def emptied() -> None:
    import_text("{providers: [], models: []}", prune=True)


@OFTEN
@given(written=configurations())
def test_an_export_makes_the_same_configuration_again(written: Written) -> None:
    with transaction.atomic():
        difference = import_text(yaml.safe_dump(written, allow_unicode=True), prune=True)
        first = exported()
        emptied()
        import_text(first, prune=True)
        second = exported()
        again = import_text(second, prune=True)
        transaction.set_rollback(True)

    assert refusals(difference) == []
    assert second == first
    assert again.changes == ()


@OFTEN
@given(text=st.sampled_from(AWKWARD) | st.text(max_size=60))
def test_every_text_that_the_admin_takes_comes_back(text: str) -> None:
    with transaction.atomic():
        import_text(BASE)
        alias, provider = Alias.objects.get(name="fast"), Provider.objects.get(name="openai")
        alias.description = provider.display_name = text
        try:
            alias.full_clean()
            provider.full_clean()
        except ValidationError:
            transaction.set_rollback(True)
            return
        alias.save()
        provider.save()
        first = exported()
        again = import_text(first, prune=True)
        transaction.set_rollback(True)

    assert refusals(again) == []
    assert again.changes == ()


def test_what_a_tired_author_writes_is_put_into_order() -> None:
    import_text("{models: [{alias: b, targets: []}, {alias: a, targets: []}], providers: []}", prune=True)
    first = exported()
    import_text("{providers: [], models: [{targets: [], alias: a}, {targets: [], alias: b}]}", prune=True)

    assert exported() == first
    assert first.index("alias: a") < first.index("alias: b")


def test_an_export_holds_nothing_that_changes_by_itself() -> None:
    import_text(BASE)
    first = exported()
    for row in [*Alias.objects.all(), *Provider.objects.all()]:
        row.save()

    assert exported() == first
    assert Kind.REFUSED not in {finding.kind for finding in import_text(first).findings}
