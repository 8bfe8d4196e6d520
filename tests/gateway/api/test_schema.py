"""The description of the API, and the API held to it by a tool that thinks of requests itself."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from plexus_site.wsgi import application
from tests.gateway.api.asking import a_token, a_user, an_alias, openai

EXAMPLES = int(os.environ.get("PLEXUS_TEST_SCHEMA_EXAMPLES", "2"))
"""Requests per operation, good and bad ones. A few are enough for each run; more for a night."""


load_all_checks()
# A description says what a name may look like, and not which aliases, models and users there are.
NOT_HERE: list[Any] = [CHECKS.get_one("positive_data_acceptance")]  # Any: of three kinds of checks
DESCRIPTION = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
OPERATIONS = {found.ok().label: found.ok() for found in DESCRIPTION.get_all_operations() if isinstance(found, Ok)}


@pytest.fixture
def token(db: None) -> Iterator[str]:
    """Of somebody who may do everything, where there is something to do it to."""
    openai("gpt-4o")
    an_alias("fast", "gpt-4o", synonyms=("quick",))
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # as Django's own test client does: the test's transaction is in it
    yield a_token(a_user("schemathesis", is_superuser=True))
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.halves("real")  # PostgreSQL refuses more than SQLite
@pytest.mark.parametrize("mode", GenerationMode, ids=str)
@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_sent_is_answered_as_the_description_says(name: str, mode: GenerationMode, token: str) -> None:
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def ask(case: Case[Any]) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=NOT_HERE)

    ask()


def test_the_description_is_whole_and_valid(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yaml"))

    assert (tmp_path / "openapi.yaml").read_text().startswith("openapi: 3.1.1")


def test_every_operation_says_how_it_fails_with_an_example() -> None:
    description = Client().get("/api/v1/openapi.json").json()

    for address, operations in description["paths"].items():
        for method, operation in operations.items():
            failures = {status: one for status, one in operation["responses"].items() if status >= "400"}
            assert {"400", "401", "403"} <= failures.keys(), (method, address)
            for one in failures.values():
                assert one["content"]["application/problem+json"]["examples"], (method, address)


def test_every_body_has_an_example_or_names_its_fields() -> None:
    description = Client().get("/api/v1/openapi.json").json()
    posted = {
        address: operations["post"] for address, operations in description["paths"].items() if "post" in operations
    }

    for address in ("providers", "models", "aliases", "patterns", "routes", "keys"):
        content = posted[f"/api/v1/{address}"]["requestBody"]["content"]["application/json"]
        assert content["examples"], address


@pytest.mark.django_db
def test_the_page_that_shows_the_description_asks_no_other_host() -> None:
    page = Client().get("/api/docs/").content.decode()

    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert addresses
    assert all(address.startswith("/") for address in addresses)
    assert "swagger-ui-bundle.js" in page
