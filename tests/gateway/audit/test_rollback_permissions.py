"""A rollback that does nothing but rename takes the permission to change what it renames, through either door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Model
from django.urls import reverse

from gateway.audit.author import Author, Door
from gateway.audit.recording import recording
from gateway.audit.store import newest
from providers.models import Provider
from routing.models import CustomRoute, PatternAlias
from tests.admin_pages import a_member_of_staff
from tests.gateway.api.asking import somebody
from tests.gateways import saved
from tests.routing.rows import a_model, an_alias

pytestmark = pytest.mark.django_db
ANNA = Author(user_id=None, name="anna", door=Door.ADMIN, address="192.0.2.1")
MAY_ROLL_BACK = ("gateway.import_configuration", "gateway.view_configrevision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    make: Callable[[], Model]
    field: str = "name"
    old: str = "one"
    new: str = "two"
    permission: str


RENAMED: Mapping[str, Renamed] = {
    "alias": Renamed(make=lambda: an_alias("one", a_model("openai/gpt")), permission="routing.change_alias"),
    "provider": Renamed(
        make=lambda: Provider.objects.get(pk=a_model("one/gpt").provider_id), permission="providers.change_provider"
    ),
    "model": Renamed(make=lambda: a_model("openai/one"), permission="providers.change_providermodel"),
    "pattern": Renamed(
        make=lambda: saved(PatternAlias(pattern="one-*", to_alias=an_alias("fast", a_model()))),
        field="pattern",
        old="one-*",
        new="two-*",
        permission="routing.change_patternalias",
    ),
    "route": Renamed(
        make=lambda: saved(CustomRoute(path="/one", alias=an_alias("fast", a_model()))),
        field="path",
        old="/one",
        new="/two",
        permission="routing.change_customroute",
    ),
}


@pytest.fixture(params=RENAMED)
def renamed(request: pytest.FixtureRequest) -> Renamed:
    return RENAMED[request.param]


def rename(renamed: Renamed) -> Model:
    """A row that was recorded by its old name, and then by its new one."""
    with recording(ANNA):
        row = renamed.make()
    with recording(ANNA):
        setattr(row, renamed.field, renamed.new)
        saved(row)
    return row


def name_of(row: Model, renamed: Renamed) -> str:
    row.refresh_from_db()
    return str(getattr(row, renamed.field))


def rolled_back_over_the_api(*permissions: str) -> Any:  # Any: the test client's response
    return somebody("ira", *MAY_ROLL_BACK, *permissions).send("POST", "revisions/1/rollback")


def rolled_back_in_the_admin(*permissions: str) -> Any:  # Any: as above
    revision = newest()
    assert revision is not None
    first = type(revision).objects.get(number=1)
    address = reverse("admin:gateway_configrevision_roll_back", args=[first.pk])
    return a_member_of_staff(*MAY_ROLL_BACK, *permissions).post(address, {"seen": revision.number})


def test_over_the_api_nobody_renames_what_they_may_not_change(renamed: Renamed) -> None:
    row = rename(renamed)

    reply = rolled_back_over_the_api()

    assert reply.status_code == 403
    assert reply.json()["detail"] == f"It would change what you may not: that takes {renamed.permission}."
    assert name_of(row, renamed) == renamed.new


def test_over_the_api_that_permission_is_all_it_takes(renamed: Renamed) -> None:
    row = rename(renamed)

    reply = rolled_back_over_the_api(renamed.permission)

    assert reply.status_code == 200, reply.json()
    assert name_of(row, renamed) == renamed.old


def test_in_the_admin_nobody_renames_what_they_may_not_change(renamed: Renamed) -> None:
    row = rename(renamed)

    answer = rolled_back_in_the_admin()

    assert answer.status_code == 403
    assert name_of(row, renamed) == renamed.new


def test_in_the_admin_that_permission_is_all_it_takes(renamed: Renamed) -> None:
    row = rename(renamed)

    answer = rolled_back_in_the_admin(renamed.permission)

    assert answer.status_code == 302
    assert name_of(row, renamed) == renamed.old
