"""Mistakes and attacks by way of the configuration. Most are held where the rule is; this file has the rest, and says where.

one name for an alias and a synonym, also at once       tests/routing/test_names.py, test_guards.py, test_two_administrators.py
names that only look equal                              tests/routing/test_names.py; case counts: docs/configuration.md
weights of nothing, below it, or none at all            tests/routing/test_targets.py, test_guards.py
nobody behind an alias                                  tests/journeys/test_names.py, test_models_list.py
addresses: private, of metadata services, misspelled    tests/providers/test_addresses.py, client/test_exchange.py
a key that follows its provider to another host         tests/gateway/interchange/test_provider_keys.py
secrets anywhere in clear                               tests/gateway/test_planted_secrets.py
prompts and answers kept                                tests/journeys/test_history.py
rights that one does not have, given to others          tests/gateway/test_admin_accounts.py
what belongs to somebody else                           tests/gateway/access/test_visibility.py
guessed passwords                                       tests/gateway/access/test_login.py
tags and code in YAML                                   tests/gateway/interchange/test_yaml_nodes.py
patterns that take forever                              tests/routing/test_wildcards.py
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from gateway.models import ClientKey
from providers.models import Provider, ProviderModel
from routing.models import Alias
from tests.admin_pages import an_administrator, send_form, text_of
from tests.gateways import RunningGateway, eventually, saved
from tests.routing.rows import a_model, an_alias

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "'\"><svg onload=alert(1)>",
    "{{ settings.SECRET_KEY }}", "{% debug %}", "${7*7}", "</textarea><script>alert(1)</script>",
]  # fmt: skip


def test_every_file_that_this_one_names_is_there() -> None:
    named = re.findall(r"[\w/]*test_\w+\.py", __doc__ or "")

    found = {path.name for path in (ROOT / "tests").rglob("test_*.py")}

    assert len(named) > 12
    assert {name.rpartition("/")[2] for name in named} <= found


# What happens while requests are under way


def in_threads(count: int, do: Callable[[], Any]) -> list[Any]:
    """What each of so many at once came to."""
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(do())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return found


def streamed(gateway: RunningGateway, model: str) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello!"}], "stream": True}
    headers = {"authorization": f"Bearer {gateway.key}"}
    with httpx.stream(
        "POST", f"{gateway.url}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=120
    ) as answer:
        return "".join(answer.iter_text())


def test_streams_end_well_when_their_provider_is_disabled_and_new_requests_stop(gateway: RunningGateway) -> None:
    provider = gateway.provider("acme")
    gateway.alias("slow", gateway.model(provider, "slow-4"))
    answers: list[Any] = []
    running = threading.Thread(target=lambda: answers.extend(in_threads(20, lambda: streamed(gateway, "slow"))))
    running.start()
    eventually(lambda: len(gateway.upstream.seen) == 20)

    provider.enabled = False
    saved(provider)
    refused = gateway.ask("slow")
    running.join(180)

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "no_enabled_targets")
    assert len(answers) == 20
    assert all(answer.rstrip().endswith("data: [DONE]") for answer in answers)


def test_what_is_deleted_while_it_serves_keeps_its_name_in_the_history(gateway: RunningGateway) -> None:
    alias = gateway.alias("slow", gateway.model("acme", "slow-4"))
    replies: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: replies.append(gateway.ask("slow")))
    asking.start()
    eventually(lambda: gateway.upstream.seen)

    alias.delete()
    Provider.objects.get(name="acme").delete()
    asking.join(120)
    row = gateway.row(replies[0])

    assert (row.status, row.alias, row.provider, row.model) == (200, "slow", "acme", "slow-4")


# The admin


def test_markup_in_any_text_is_shown_as_text() -> None:
    provider = saved(Provider(name="acme", display_name=MARKUP[0], auth="none"))
    for number, markup in enumerate(MARKUP):
        model = saved(ProviderModel(provider=provider, name=f"m{number}-{markup.replace(' ', '')}"))
        an_alias(f"a{number}", model).save()
        Alias.objects.filter(name=f"a{number}").update(description=markup)
    saved_key = ClientKey(name=MARKUP[1])
    saved_key.make()
    saved(saved_key)
    admin = an_administrator()
    page_of_one = f"/admin/routing/alias/{Alias.objects.get(name='a0').pk}"

    pages = ["/admin/routing/alias/", "/admin/providers/provider/", "/admin/providers/providermodel/", "/admin/gateway/clientkey/",
             f"{page_of_one}/change/", f"{page_of_one}/delete/", f"{page_of_one}/test-route/", "/admin/gateway/configchange/",
             "/admin/gateway/configrevision/", "/admin/search/?s=a&extended=1"]  # fmt: skip
    texts = {page: text_of(admin.get(page, follow=True)) for page in pages}

    assert "&lt;script&gt;alert(1)" in texts["/admin/routing/alias/"]
    for page, text in texts.items():
        for raw in ("<script>alert(1)", "<img src=x", "<svg onload", "<imgsrc=x", 'href="javascript:'):
            assert raw not in text, page
        assert settings.SECRET_KEY not in text


def test_a_page_of_another_site_changes_nothing() -> None:
    alias = an_alias("fast")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.create_superuser("root"))

    answers = [
        browser.post(
            f"/admin/routing/alias/{alias.pk}/{what}",
            {"post": "yes", "name": "stolen"},
            headers={"origin": "https://evil.example"},
        )
        for what in ("change/", "delete/", "test-route/")
    ] + [browser.post("/admin/gateway/configuration/", {"text": "providers: []\nmodels: []", "prune": "on"})]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert Alias.objects.get().name == "fast"


def test_the_cookie_of_a_session_is_not_for_scripts_nor_for_other_sites() -> None:
    User.objects.create_superuser("root", password="correct horse")
    browser = Client()

    browser.post("/admin/login/", {"username": "root", "password": "correct horse"})

    assert browser.cookies["sessionid"]["httponly"]
    assert browser.cookies["sessionid"]["samesite"] == "Lax"


@pytest.mark.parametrize("how", ["demoted", "made inactive", "deleted", "no operator any more"])
def test_a_session_ends_with_the_rights_of_its_user(how: str) -> None:
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    browser = Client()
    browser.force_login(user)
    before = browser.get("/admin/routing/alias/").status_code

    match how:
        case "demoted":
            User.objects.filter(pk=user.pk).update(is_staff=False)
        case "made inactive":
            User.objects.filter(pk=user.pk).update(is_active=False)
        case "deleted":
            user.delete()
        case _:
            user.groups.clear()
    after = browser.get("/admin/routing/alias/").status_code

    assert (before, after) == (200, 403 if how == "no operator any more" else 302)


def test_a_form_takes_no_field_that_it_does_not_show() -> None:
    key = ClientKey(name="billing")
    key.make()
    saved(key)
    page = f"/admin/gateway/clientkey/{key.pk}/change/"

    send_form(
        an_administrator(), page, digest="0" * 64, prefix="sk-mine", created_at="2000-01-01", id="99", name="renamed"
    )

    stored = ClientKey.objects.get()
    assert (stored.pk, stored.name, stored.digest, stored.prefix) == (key.pk, "renamed", key.digest, key.prefix)
    assert stored.created_at == key.created_at


@pytest.mark.parametrize("query", ["q=" + "%25" * 400 + "_" * 400, "q=" + "a" * 10_000, "o=__x", "o=99.-1"])
def test_no_search_and_no_order_upsets_a_list(query: str) -> None:
    an_alias("fast")
    began = time.process_time()

    answer = an_administrator().get(f"/admin/routing/alias/?{query}", follow=True)

    assert answer.status_code == 200
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "lookup", ["credential__startswith", "models__provider__credential__startswith", "password__startswith"]
)
def test_no_filter_reads_a_secret_letter_by_letter(lookup: str) -> None:
    answer = an_administrator().get(f"/admin/providers/provider/?{lookup}=s", follow=True)

    assert answer.status_code == 400 or "e=1" in answer.request["QUERY_STRING"]


# What ships


def test_there_is_no_debugging_and_nothing_turns_it_on() -> None:
    source = (ROOT / "plexus_site" / "settings.py").read_text()

    assert re.findall(r"^DEBUG = (.*)$", source, re.MULTILINE) == ["False"]
    assert not settings.DEBUG


def test_a_page_that_fails_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = an_administrator()
    browser.raise_request_exception = False
    a_model("acme/m")
    monkeypatch.setattr(Provider, "__str__", lambda provider: 1 / 0)

    page = browser.get(f"/admin/providers/provider/{Provider.objects.get().pk}/change/")

    assert page.status_code == 500
    assert not [word for word in ("Traceback", "ZeroDivision", "SECRET", "DATABASE") if word in text_of(page)]


def test_no_key_and_no_password_is_shipped() -> None:
    files = [
        path
        for room in ("plexus_site", "gateway", "routing", "providers", "history")
        for path in (ROOT / room).rglob("*.py")
    ]
    shipped = "\n".join(path.read_text() for path in [*files, ROOT / ".env.example", ROOT / "docker-compose.yml"])

    assert not re.findall(r"sk-1234|django-insecure", shipped)
    assert not re.findall(r"^(?:SECRET_KEY|PLEXUS_ENCRYPTION_KEYS|POSTGRES_PASSWORD)=\S+", shipped, re.MULTILINE)
