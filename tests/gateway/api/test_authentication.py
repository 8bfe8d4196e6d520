"""Who may ask: sessions of the admin, and API tokens. Nothing else opens the API, and API tokens open nothing else."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from gateway.api.models import ApiToken
from gateway.models import ClientKey
from tests.gateway.api.asking import Asking, a_token, a_user, an_administrator, openai, somebody
from tests.gateway.doors import routes
from tests.gateways import RunningGateway, saved

pytestmark = pytest.mark.django_db
RESOURCE = re.compile(r"api/v1/(?!openapi)[^<]*[^</]")
"""Of those that have one address."""


def test_without_anybody_the_answer_says_how_to_ask() -> None:
    reply = Client().get("/api/v1/aliases")

    assert reply.status_code == 401
    assert reply["WWW-Authenticate"] == 'Bearer realm="Plexus"'
    assert reply["Content-Type"] == "application/problem+json"
    assert reply.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("change", ["disabled", "expired", "inactive", "unknown"])
def test_a_token_that_is_no_longer_good_opens_nothing(change: str) -> None:
    user = a_user("anna", is_superuser=True)
    secret = a_token(user)
    if change == "disabled":
        ApiToken.objects.update(enabled=False)
    elif change == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif change == "inactive":
        User.objects.update(is_active=False)
    else:
        secret += "x"

    reply = Asking(secret, user).get("aliases")

    assert reply.status_code == 401
    assert secret not in reply.content.decode()


def test_a_token_for_reading_changes_nothing() -> None:
    user = a_user("anna", is_superuser=True)
    reader = Asking(a_token(user, "read"), user)

    assert reader.get("aliases").status_code == 200
    assert reader.send("POST", "aliases", {"name": "fast"}).status_code == 403


def test_a_token_may_not_do_what_its_user_may_not() -> None:
    assert somebody("anna", "routing.view_alias").send("POST", "aliases", {"name": "fast"}).status_code == 403
    assert somebody("ben").get("aliases").status_code == 403


def an_administrator_of_the_admin() -> User:
    return saved(User(username="anna", password="!", is_staff=True, is_superuser=True))


def test_a_session_needs_the_admins_csrf_token_to_change_anything() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(an_administrator_of_the_admin())

    read = browser.get("/api/v1/aliases")
    forged = browser.post("/api/v1/aliases", {"name": "fast"}, content_type="application/json")
    browser.get("/admin/routing/alias/add/")  # a page with a form
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    honest = browser.post("/api/v1/aliases", {"name": "fast"}, content_type="application/json", headers=token)

    assert read.status_code == 200
    assert forged.status_code == 403
    assert honest.status_code == 201


def test_a_client_key_of_the_gateway_opens_nothing_here() -> None:
    key = ClientKey(name="a client")
    secret = key.make()
    saved(key)

    assert Asking(secret, a_user("anna")).get("aliases").status_code == 401


def test_only_a_hash_of_a_token_is_kept() -> None:
    secret = a_token(a_user("anna"))

    (row,) = ApiToken.objects.values()
    assert secret not in str(row)
    assert row["prefix"] == secret[:14]


def test_a_token_knows_when_it_was_used() -> None:
    an_administrator().get("aliases")

    assert ApiToken.objects.get().last_used_at is not None


def test_a_command_makes_a_token_for_reading() -> None:
    a_user("anna", is_superuser=True)
    out = StringIO()

    call_command("create_api_token", "anna", "pipeline", "--expires-days", "30", stdout=out)

    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert not token.may_write
    assert Asking(out.getvalue().splitlines()[-1], token.user).get("aliases").status_code == 200


def test_a_command_makes_a_token_that_may_write() -> None:
    a_user("anna", is_superuser=True)

    call_command("create_api_token", "anna", "pipeline", "--write", stdout=StringIO())

    assert ApiToken.objects.get().may_write


def test_a_command_names_a_user_that_there_is_not() -> None:
    with pytest.raises(CommandError, match="no user “nobody”; no token was made"):
        call_command("create_api_token", "nobody", "pipeline")


def test_the_admin_shows_a_token_once_and_makes_it_for_whoever_asks() -> None:
    browser = Client()
    anna = saved(User(username="anna", password="!", is_staff=True))
    browser.force_login(anna)

    page = browser.post(
        "/admin/gateway/apitoken/add/", {"name": "mine", "scope": "user", "expires_at_0": "", "expires_at_1": ""}
    )

    token = ApiToken.objects.get()
    secret = page.context["secret"]
    assert token.user == anna
    assert secret.startswith("plx-api-")
    assert secret not in browser.get(f"/admin/gateway/apitoken/{token.pk}/change/").content.decode()


def test_nobody_sees_anothers_tokens_in_the_admin() -> None:
    a_token(a_user("ben"))
    browser = Client()
    browser.force_login(saved(User(username="anna", password="!", is_staff=True)))

    page = browser.get("/admin/gateway/apitoken/")
    other = browser.get(f"/admin/gateway/apitoken/{ApiToken.objects.get().pk}/change/")

    assert "a test" not in page.content.decode()
    assert other.status_code == 302


def test_nothing_below_the_api_is_a_page() -> None:
    reply = Client().get("/api/v1/nonsense")

    assert reply.status_code == 404
    assert reply["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"name": "a", "name": "b"}', "twice"),
        ('{"name": NaN}', "NaN"),
        ('{"max_attempts": 1e400}', "too large"),
        ("[" * 5000 + "]" * 5000, "too deeply"),
        ('{"name": "a\\u0000b"}', "NUL"),
        ('{"name": "\\ud800"}', "half a character"),
        ("{", "no JSON"),
        (b"\xff", "not UTF-8"),
        ("1" * 5000, "too many digits"),
    ],
)
def test_a_body_means_one_thing_only(body: str | bytes, says: str) -> None:
    reply = an_administrator().send("POST", "aliases", body)

    assert reply.status_code == 400
    assert says in reply.json()["detail"]


@pytest.mark.django_db(transaction=True)
def test_an_api_token_opens_nothing_of_the_gateway(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o"))
    secret = a_token(a_user("anna", is_superuser=True))

    assert gateway.ask("fast", key=secret).status_code == 401
    assert gateway.get("/v1/models", key=secret).status_code == 401


@pytest.mark.parametrize("path", sorted(one for one in routes("plexus_site.urls") if RESOURCE.fullmatch(one)))
def test_every_address_says_what_it_is_for(path: str) -> None:
    api = an_administrator()

    reply = api.send("OPTIONS", path.removeprefix("api/v1/"))

    assert reply.status_code == 200
    assert reply.json()["description"]
    assert "OPTIONS" in reply.json()["methods"]


@pytest.mark.parametrize("path", ["aliases/%00", "patterns/%00", "routes/x%00", "models/openai/%00", "providers/%00"])
def test_a_name_that_no_database_looks_for_is_not_found(path: str) -> None:
    assert an_administrator().get(path).status_code == 404


def test_nobody_elses_cache_keeps_an_answer() -> None:
    api = an_administrator()

    assert {api.get(path)["Cache-Control"] for path in ("config", "keys", "keys/1")} == {"private, no-cache"}


def test_an_unknown_method_is_told_so() -> None:
    openai()

    reply = an_administrator().send("POST", "providers/openai", {})

    assert reply.status_code == 405
    assert "GET" in reply["Allow"]


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_a_form_is_not_read_as_a_body(kind: str) -> None:
    reply = an_administrator().send("POST", "aliases", "name=fast", Content_Type=kind)

    assert reply.status_code in (400, 415)


def test_an_unknown_method_is_told_so_whatever_its_parameters() -> None:
    assert an_administrator().send("POST", "explain?model=fast", {}).status_code == 405
    assert Client().post("/api/v1/openapi.json").status_code == 405
