"""Random edits through random doors: table, export and audit say the same, and each of them can be rolled back exactly.

`RANDOM_EDITS=1000 pytest tests/gateway/audit/test_random_edits.py` makes a thousand; the suite makes few.
"""

import os
import re
from collections import Counter
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gateway.audit import store
from gateway.audit.author import Author, Door
from gateway.audit.models import ConfigRevision
from gateway.audit.recording import record_what_was_changed_outside
from gateway.audit.rollback import roll_back
from gateway.interchange import plexus, snapshot
from gateway.interchange.store import apply
from gateway.models import ClientKey
from routing.models import Alias, Target
from routing.store import compile_table
from tests.admin_pages import an_administrator
from tests.gateway.audit.doors import DOORS, Refused
from tests.gateway.audit.edits import EDITS, add_alias, add_model, add_provider

RANDOM_EDITS = int(os.environ.get("RANDOM_EDITS", "60"))
EDITS_AT_ONCE = 20
ANNA = Author(user_id=None, name="anna", door=Door.ADMIN, address="192.0.2.1")
counts: Counter[str] = Counter()


def text_now() -> str:
    return plexus.write(snapshot.current())


def without_stored_keys(text: str) -> str:
    """Whether a key is stored, or the value of a header, is no business of a rollback."""
    text = re.sub(r"\n +[^\n]+:\n +value: kept", "", text)
    return "\n".join(line for line in text.splitlines() if "credential: kept" not in line)


def text_of(revision: ConfigRevision) -> str:
    return plexus.write(store.contents_of_revision(revision).document)


class Editing(RuleBasedStateMachine):
    """Each run is a transaction that is taken back."""

    def __init__(self) -> None:
        super().__init__()
        self._outer = transaction.atomic()
        self._outer.__enter__()
        self.browser = an_administrator("anna")

    def teardown(self) -> None:
        try:
            self.roll_back_each()
        finally:
            transaction.set_rollback(True)
            self._outer.__exit__(None, None, None)

    @initialize(data=st.data())
    def begin_with_something(self, data: Any) -> None:
        for edit in (add_provider, add_model, add_alias):
            edit(data.draw)

    @rule(data=st.data(), edit=st.sampled_from(EDITS), door=st.sampled_from(DOORS))
    def edit(self, data: Any, edit: Any, door: Any) -> None:
        record_what_was_changed_outside()
        before, number = self._all_of_it(), self._number()
        name = "nobody"
        try:
            with transaction.atomic():
                name = door(edit, data.draw, self.browser)
        except (ValidationError, ProtectedError, Refused):
            assert self._all_of_it() == before
            counts["refused"] += 1
        else:
            counts[name] += 1
        record_what_was_changed_outside()
        self._audit_says_what_is_there(number, name, has_changed=self._all_of_it() != before)
        self._table_says_what_is_there()
        self._export_is_a_fixed_point()

    def roll_back_each(self) -> None:
        for revision in ConfigRevision.objects.order_by("-number"):
            difference = roll_back(revision, ANNA)
            assert not difference.is_refused, difference.findings
            assert without_stored_keys(text_now()) == without_stored_keys(text_of(revision))
            counts["rolled back"] += 1

    def _all_of_it(self) -> tuple[str, list[Any]]:
        keys = ClientKey.objects.order_by("pk").values_list("name", "digest", "access", "allowed_aliases")
        return text_now(), sorted(map(str, keys))

    def _number(self) -> int:
        newest = store.newest()
        return newest.number if newest else 0

    def _audit_says_what_is_there(self, number: int, door: str, *, has_changed: bool) -> None:
        newest = store.newest()
        assert newest is not None
        assert text_of(newest) == text_now()
        if has_changed:
            assert newest.number == number + 1
            assert newest.door == door
            assert newest.changes.exists()

    def _table_says_what_is_there(self) -> None:
        table = compile_table(0)
        enabled = Alias.objects.filter(enabled=True)
        assert sorted(table.routes) == sorted(enabled.values_list("name", flat=True))
        for alias in enabled:
            route = table.routes[alias.name]
            in_table = sum(map(len, route.tiers)) + len(route.left_out)
            assert in_table == Target.objects.filter(alias=alias).count()
            assert (route.description, route.selector) == (alias.description, alias.selector)

    def _export_is_a_fixed_point(self) -> None:
        text = text_now()
        difference = apply(plexus.read(text).document, prune=True, dry_run=True, environment={})
        assert not difference.is_refused, difference.findings
        assert difference.changes == ()
        assert plexus.write(plexus.read(text).document) == text


@pytest.mark.django_db
def test_table_export_and_audit_agree_after_random_edits_and_each_is_rolled_back_exactly() -> None:
    some = settings(
        max_examples=max(1, RANDOM_EDITS // EDITS_AT_ONCE),
        stateful_step_count=EDITS_AT_ONCE,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(Editing, settings=some)

    print(dict(counts))  # noqa: T201  shown with -s
    assert counts["rolled back"] > 0
