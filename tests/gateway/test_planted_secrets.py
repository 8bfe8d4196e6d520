"""Secrets of every kind are planted, the gateway and the admin are used, and then each is looked for everywhere."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client

from gateway.models import ClientKey
from providers.models import Provider
from tests.admin_pages import send_form, text_of
from tests.gateway.planting import Garden, everywhere
from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)

AT_LEAST = 40
MARK = "no-secret-and-so-to-be-found"
"""Planted as the secrets are, where it may be seen: a search that does not find it finds nothing."""
FILES = "/admin/gateway/configuration/"

FOREIGN = {
    "plexus": "providers: [{{name: a, apiKey: {}}}]",
    "plexus, in auth": "providers: [{{name: a, auth: {{apiKey: {}}}}}]",
    "plexus, as credential": "providers: [{{name: a, auth: {{credential: {}}}}}]",
    "plexus, under a key that nobody knows": "providers: []\nmodels: []\nmasterKey: {}",
    "plano": "llm_providers: [{{model: openai/gpt-4o, access_key: {}}}]",
    "litellm": "model_list: [{{model_name: a, litellm_params: {{model: openai/gpt-4o, api_key: {}}}}}]",
    "litellm, its master key": "model_list: []\ngeneral_settings: {{master_key: {}}}",
}


class Scene:
    """One gateway, one administrator, and all that they were told in answer."""

    def __init__(self, gateway: RunningGateway, garden: Garden) -> None:
        self.gateway = gateway
        self.garden = garden
        self.answers: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        """Answers that may hold one secret: the page that shows a new key, once."""
        self.password = garden.secret("the password of an administrator")
        User.objects.create_superuser("root", password=self.password)
        self.admin = Client()
        self.admin.login(username="root", password=self.password)
        garden.has("the session cookie of an administrator", self.admin.cookies["sessionid"].value)

    def keep(self, what: str, answer: Any) -> Any:  # Any: a response of either client
        text = answer.text if isinstance(answer, httpx.Response) else text_of(answer)
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        self.answers[f"{len(self.answers) + 1}: {what}"] = f"{headers}\n\n{text}"
        return answer


def plant_in_configuration(scene: Scene) -> None:
    """Credentials of each kind of authentication, typed, named and moved; keys made by each door."""
    gateway, garden = scene.gateway, scene.garden
    for auth in ("bearer", "x-api-key", "header"):
        secret = garden.secret(f"a provider's credential, sent as {auth}", "sk-")
        provider = gateway.provider(
            f"by-{auth}", auth=auth, auth_header="api-key" * (auth == "header"), credential=secret
        )
        gateway.alias(f"alias-{auth}", gateway.model(provider, "small"), description=MARK)
        gateway.alias(f"echo-{auth}", gateway.model(provider, "echo-key"))
        gateway.alias(f"down-{auth}", gateway.model(provider, "status-500"))
    plant_in_headers(scene)
    os.environ["PLANTED_KEY"] = garden.secret("the value of a variable that a credential names", "sk-")
    gateway.alias("by-name", gateway.model(gateway.provider("named", credential="$PLANTED_KEY"), "small"))
    page = f"/admin/providers/provider/{Provider.objects.get(name='by-bearer').pk}/change/"
    for what, more in (
        ("typed into a form", {}),
        ("typed into a form with a mistake", {"name": "not a name!"}),
        ("typed and to be removed at once", {"remove_credential": "on"}),
        ("typed while the provider is disabled", {"enabled": None}),
    ):
        scene.keep(what, send_form(scene.admin, page, credential=garden.secret(f"a credential {what}", "sk-"), **more))
    spaced = f"sk with spaces {garden.secret('a credential that is refused')}"
    scene.keep("a refused credential", send_form(scene.admin, page, credential=spaced))
    for name, address in (("userinfo", "https://user:{}@example.com/v1"), ("query", "https://example.com/v1?key={}")):
        typed = address.format(garden.secret(f"a credential inside a URL, as {name}"))
        scene.keep("a refused address", send_form(scene.admin, page, endpoints__0__base_url=typed))


def plant_in_headers(scene: Scene) -> None:
    """Values of extra headers: stored past the forms, typed, refused, sent over the API and in files, and repeated by an upstream."""
    gateway, garden, admin = scene.gateway, scene.garden, scene.admin
    headers = {"X-Team-Key": garden.secret("a header", "team-"), "Helicone-Auth": f"Bearer {garden.secret('a header')}"}
    provider = gateway.provider("with-headers", extra_headers={**headers, "X-Title": MARK})
    for model in ("small", "echo-team", "status-500"):
        gateway.alias(f"headed-{model}", gateway.model(provider, model))
        scene.keep(f"an answer of {model}", gateway.ask(f"headed-{model}"))
    os.environ["PLANTED_HEADER"] = garden.secret("the value of a variable that a header names")
    named = gateway.provider("named-header", extra_headers={"X-Team-Key": "$PLANTED_HEADER"})
    gateway.alias("headed-by-name", gateway.model(named, "echo-team"))
    scene.keep("an answer with a named header", gateway.ask("headed-by-name"))
    page = f"/admin/providers/provider/{provider.pk}/change/"
    for what, more in (
        ("typed into a form", {}),
        ("typed into a form with a mistake", {"name": "not a name!"}),
        ("typed while the provider is disabled", {"enabled": None}),
    ):
        typed = json.dumps({"X-Team-Key": "stored", "X-Typed": garden.secret(f"a header {what}")})
        scene.keep(what, send_form(admin, page, extra_headers=typed, **more))
    scene.keep(
        "headers that are no JSON",
        send_form(admin, page, extra_headers=f'{{"X": "{garden.secret("a header that is no JSON")}"'),
    )
    sent = {"extra_headers": {"X-Team-Key": "stored", "X-Sent": garden.secret("a header over the API")}}
    patched = admin.patch("/api/v1/providers/with-headers", sent, content_type="application/json")
    assert patched.status_code == 200, patched.content
    scene.keep("headers over the API", patched)
    for text in ("{}", "{{value: {}}}"):
        value = text.format(garden.secret("a header in a file"))
        document = f"providers: [{{name: with-headers, extraHeaders: {{X-Filed: {value}}}}}]\nmodels: []"
        scene.keep("a file with headers", admin.post(FILES, {"text": document}))
        dry = admin.put("/api/v1/config?dry_run=1", document, content_type="application/yaml")
        scene.keep("a document with headers", dry)


def plant_keys(scene: Scene) -> None:
    gateway, garden, admin = scene.gateway, scene.garden, scene.admin
    garden.has("a client key", gateway.key)
    made = send_form(admin, "/admin/gateway/clientkey/add/", name="made on a page")
    garden.has("a client key made on a page", made.context["secret"])
    first = gateway.new_key("replaced")
    garden.has("a client key that was replaced", first)
    replaced: Any = admin.post(f"/admin/gateway/clientkey/{ClientKey.objects.get(name='replaced').pk}/replace-secret/")
    garden.has("a client key that replaced another", replaced.context["secret"])
    garden.has("a disabled client key", gateway.new_key("off", enabled=False))
    garden.has("a limited client key", gateway.new_key("limited", allowed=[]))


def plant_in_the_api(scene: Scene) -> None:
    """Tokens, right and wrong, and secrets in bodies that are taken and refused."""
    garden, admin = scene.garden, scene.admin
    made = send_form(admin, "/admin/gateway/apitoken/add/", name="made on a page", scope="user")
    secret = garden.has("an API token made on a page", made.context["secret"])
    for what, token in (("right", secret), ("wrong", garden.secret("a wrong API token", "plx-api-"))):
        sent = {"authorization": f"Bearer {token}"}
        scene.keep(f"the API by a {what} token", Client(headers=sent).get("/api/v1/providers"))
        scene.keep(f"the gateway by a {what} token", scene.gateway.get("/v1/models", key=token))
    for name in ("taken", "not a name!"):
        body: dict[str, Any] = {
            "name": name,
            "auth": "bearer",
            "credential": garden.secret(f"a credential posted for {name}", "sk-"),
            "endpoints": [],
            "models": [],
        }
        scene.keep("a posted provider", admin.post("/api/v1/providers", body, content_type="application/json"))
    document = (
        f"{{providers: [{{name: x, apiKey: {garden.secret('a key in a document that is put', 'sk-')}}}], models: []}}"
    )
    scene.keep("a document", admin.put("/api/v1/config", document, content_type="application/yaml"))
    key: Any = admin.post("/api/v1/keys", {"name": "posted"}, content_type="application/json")
    garden.has("a client key that was posted", key.json()["secret"])


def plant_in_requests(scene: Scene) -> None:
    """What clients send, right and wrong, and what upstreams say."""
    gateway, garden = scene.gateway, scene.garden
    for auth in ("bearer", "x-api-key", "header"):
        for kind in ("alias", "echo", "down"):
            answer = gateway.ask(f"{kind}-{auth}", garden.secret(f"a prompt to {kind}-{auth}"))
            if not answer.is_success:  # the fake upstream answers with the prompt: that is the client's to see
                scene.keep(f"{kind}-{auth}", answer)
    scene.keep("by name", gateway.ask("by-name"))
    for header, value in (
        ("authorization", "Bearer {}"), ("x-api-key", "{}"), ("cookie", "sessionid={}"), ("x-goog-api-key", "{}"),
        ("openai-organization", "{}"), ("proxy-authorization", "Basic {}"),
    ):  # fmt: skip
        sent = {header: value.format(garden.secret(f"a client's header {header}"))}
        scene.keep(f"with {header}", gateway.get("/v1/models", key="", headers=sent))
        scene.keep(
            f"with {header}",
            gateway.get("/v1/models", headers=sent) if header != "authorization" else gateway.get("/livez"),
        )
    for key in garden.planted.copy().values():
        if key.startswith("sk-plx-"):
            scene.keep("a key", gateway.get("/v1/models", key=key))
    body = {
        "model": "alias-bearer",
        "messages": [{"role": "user", "content": garden.secret("a prompt in a stream")}],
        "stream": True,
    }
    gateway.post("/v1/chat/completions", json=body)
    scene.keep(
        "a broken body", gateway.post("/v1/chat/completions", content=f'{{"model": {garden.secret("a broken body")}')
    )
    scene.keep("metrics", gateway.get("/metrics"))
    scene.keep("ready", gateway.get("/readyz"))


def plant_in_files_and_logins(scene: Scene) -> None:
    garden, admin = scene.garden, scene.admin
    for name, text in FOREIGN.items():
        scene.keep(
            f"a file for {name}",
            admin.post(FILES, {"text": text.format(garden.secret(f"a key in a file for {name}", "sk-"))}),
        )
    stranger = Client()
    wrong = {"username": "root", "password": garden.secret("a wrong password")}
    scene.keep("a failed login", stranger.post("/admin/login/", wrong))
    own = {"username": garden.secret("a password typed as the name"), "password": "x"}
    stranger.post("/admin/login/", own)
    new = garden.secret("the password of a new user")
    send_form(admin, "/admin/auth/user/add/", username="newcomer", password1=new, password2=new, usable_password="true")
    for name, text in (
        ("SECRET_KEY", django_settings.SECRET_KEY),
        *(("an encryption key", key) for key in django_settings.PLEXUS_ENCRYPTION_KEYS),
    ):
        garden.has(name, text)


@pytest.fixture
def scene(gateway: RunningGateway, caplog: pytest.LogCaptureFixture) -> Iterator[Scene]:
    """Everything was planted, used and written down."""
    caplog.set_level("DEBUG")
    scene = Scene(gateway, Garden())
    plant_in_configuration(scene)
    plant_keys(scene)
    plant_in_the_api(scene)
    plant_in_requests(scene)
    plant_in_files_and_logins(scene)
    eventually(lambda: gateway.row(next(iter_answers(gateway))) is not None)
    yield scene
    os.environ.pop("PLANTED_KEY", None)
    os.environ.pop("PLANTED_HEADER", None)


def iter_answers(gateway: RunningGateway) -> Iterator[httpx.Response]:
    """A last request, whose row comes after all others."""
    yield gateway.ask("alias-bearer", MARK)


def test_forty_planted_secrets_are_nowhere_in_clear_where_a_mark_is_found(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    mark = Garden()
    mark.has("a mark", MARK)

    places = everywhere(scene.admin, caplog.text)

    assert len(scene.garden.planted) >= AT_LEAST
    assert "\n".join(scene.garden.found_in(scene.answers | places)) == ""
    marked = " ".join(mark.found_in(places))
    for place in ("page /admin/routing/alias/", f"page {FILES}export/", "page /admin/gateway/configrevision/", "command export_config",
                  "table routing_alias", "table gateway_configrevision", "file "):  # fmt: skip
        assert f"in {place}" in marked


@pytest.mark.parametrize("setting", ["DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"])
def test_a_password_in_a_setting_is_in_no_complaint_about_it(setting: str) -> None:
    password = Garden().secret("a password")
    scheme = "postgresql" if setting == "DATABASE_URL" else "redis"
    environ = {**os.environ, setting: f"{scheme}://plexus:{password}@127.0.0.1:1/0"}

    said = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--database", "default"],
        cwd=django_settings.BASE_DIR, env=environ, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert said.stdout + said.stderr
    assert password not in said.stdout + said.stderr
