"""A change of configuration is used by the very next request here, and within a second elsewhere."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.utils import timezone

from gateway.models import ClientKey
from routing.models import CustomRoute
from tests.faulty_upstream import an_unused_port
from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_saved_change_is_used_by_the_next_request(gateway: RunningGateway) -> None:
    small, large = gateway.model("openai", "small"), gateway.model("openai", "large")
    alias = gateway.alias("fast", small)
    target = alias.targets.get()

    served = []
    for model in (small, large, small):
        target.model = model
        target.save()
        served.append(gateway.ask("fast").headers["x-plexus-model"])

    assert served == ["small", "large", "small"]


def test_each_kind_of_configuration_is_used_by_the_next_request(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "small")
    alias = gateway.alias("fast", model, synonyms=("quick",))
    statuses = {"at first": gateway.ask("quick").status_code}

    model.enabled = False
    model.save()
    statuses["model disabled"] = gateway.ask("quick").status_code
    model.enabled = True
    model.save()
    model.provider.enabled = False
    model.provider.save()
    statuses["provider disabled"] = gateway.ask("quick").status_code
    model.provider.enabled = True
    model.provider.save()
    statuses["all enabled again"] = gateway.ask("quick").status_code
    alias.synonyms.get().delete()
    statuses["synonym deleted"] = gateway.ask("quick").status_code
    alias.targets.get().delete()
    statuses["target deleted"] = gateway.ask("fast").status_code
    alias.delete()
    statuses["alias deleted"] = gateway.ask("fast").status_code

    assert statuses == {
        "at first": 200,
        "model disabled": 503,
        "provider disabled": 503,
        "all enabled again": 200,
        "synonym deleted": 404,
        "target deleted": 503,
        "alias deleted": 404,
    }


def test_a_change_that_was_rolled_back_is_never_used(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "small"))

    with transaction.atomic():
        gateway.alias("slow", gateway.model("openai", "large"))
        transaction.set_rollback(True)

    assert gateway.ask("slow").status_code == 404
    assert gateway.ask("fast").status_code == 200


def test_a_key_is_refused_at_once_when_it_is_disabled_expired_or_deleted(gateway: RunningGateway) -> None:
    secret = gateway.new_key("soon gone")
    key = ClientKey.objects.get(name="soon gone")

    def told() -> tuple[int, str]:
        reply = gateway.get("/v1/models", key=secret)
        return reply.status_code, reply.json().get("error", {}).get("code", "")

    seen = [told()]
    key.enabled = False
    key.save()
    seen.append(told())
    key.enabled, key.expires_at = True, timezone.now() - timedelta(seconds=1)
    key.save()
    seen.append(told())
    key.expires_at = timezone.now() + timedelta(hours=1)
    key.save()
    seen.append(told())
    key.delete()
    seen.append(told())

    assert seen == [(200, ""), (403, "key_disabled"), (403, "key_expired"), (200, ""), (401, "invalid_api_key")]


def test_a_renamed_alias_stays_allowed_under_its_new_name(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("openai", "small"))
    key = gateway.new_key("narrow", allowed=[alias])

    alias.name = "faster"
    alias.save()

    assert gateway.ask("faster", key=key).status_code == 200


@pytest.fixture
def elsewhere(gateway: RunningGateway, test_database_url: str) -> Iterator[httpx.Client]:
    """A client of a second gateway: another process on the same database."""
    port = an_unused_port()
    command = [sys.executable, "-m", "uvicorn", "plexus_site.asgi:application", "--port", str(port)]
    environ = {**os.environ, "DATABASE_URL": test_database_url, "PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8"}
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=django_settings.BASE_DIR, env=environ)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            eventually(lambda: process.poll() is not None or is_up(client), seconds=180)
            yield client
    finally:
        process.terminate()
        process.wait(60)


def is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    eventually(holds)
    return time.monotonic() - began


def test_another_process_uses_a_change_within_a_second(gateway: RunningGateway, elsewhere: httpx.Client) -> None:
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hello!"}]}

    def status() -> int:
        headers = {"authorization": f"Bearer {gateway.key}"}
        return elsewhere.post("/v1/chat/completions", json=body, headers=headers).status_code

    assert status() == 404
    gateway.alias("fast", gateway.model("openai", "small"))
    assert seconds_until(lambda: status() == 200) < 1
    ClientKey.objects.get(name="a test").delete()
    assert seconds_until(lambda: status() == 401) < 1


def test_another_process_answers_at_a_new_path_within_a_second(
    gateway: RunningGateway, elsewhere: httpx.Client
) -> None:
    model = gateway.model("openai", "small")
    body = {"model": "small", "messages": [{"role": "user", "content": "Hello!"}]}

    def status() -> int:
        headers = {"authorization": f"Bearer {gateway.key}"}
        return elsewhere.post("/openai/v1/chat/completions", json=body, headers=headers).status_code

    assert status() == 404
    route = CustomRoute(path="/openai", provider=model.provider)
    route.save()
    assert seconds_until(lambda: status() == 200) < 1
    route.delete()
    assert seconds_until(lambda: status() == 404) < 1
