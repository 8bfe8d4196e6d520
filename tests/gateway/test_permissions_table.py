"""Who gets what at each URL: route × verb × role, written down. A URL that is not in the table fails."""

import re
from collections.abc import Iterator
from copy import deepcopy

import django
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client

from gateway.models import ClientKey
from history.models import RequestLog
from routing.models import Alias
from tests.gateway.doors import (
    ROLES,
    a_reading_client,
    browsers,
    furnish,
    letter_of,
    letter_of_status,
    routes,
    somebody_elses,
)
from tests.gateway.interchange.importing import exported
from tests.gateways import RunningGateway

# Who may do what stands on no database, and its thousands of requests take half as long on SQLite.
pytestmark = [pytest.mark.django_db, pytest.mark.halves("embedded")]

# One letter per role, in this order: nobody · a client key · key owner · auditor · operator · administrator.
#
#   +  answered        >  sent on to another page     L  to log in          -  403 not allowed
#   0  404 not there   x  405 not by this verb        ?  400, 415 misunderstood    K  401 without a client key
#
# The rows asked for are somebody else's: to a key owner they are not there, which the admin says on another page (>).
# A POST is sent empty: + is then a form that comes back, or a question that is asked.
TABLE = r"""
admin/search/                                                   LL++++  LL++++
admin/                                                          LL++++  LL++++
admin/login/                                                    ++>>>>  ++++++
admin/logout/                                                   >>xxxx  >>++++
admin/password_change/                                          LL++++  LL++++
admin/password_change/done/                                     LL++++  LLxxxx
admin/autocomplete/                                             LL----  LLxxxx
admin/jsi18n/                                                   LL++++  LLxxxx
admin/r/<path:content_type_id>/<path:object_id>/                LL0000  LL0000
admin/providers/providermodel/                                  LL-+++  LL-+++
admin/providers/providermodel/add/                              LL--++  LL--++
admin/providers/providermodel/<path:object_id>/history/         LL->>>  LL->>>
admin/providers/providermodel/<path:object_id>/delete/          LL--++  LL--++
admin/providers/providermodel/<path:object_id>/change/          LL-+++  LL--++
admin/providers/providermodel/<path:object_id>/                 LL>>>>  LL>>>>
admin/auth/user/<id>/password/                                  LL---+  LL---+
admin/auth/user/                                                LL-+++  LL-+++
admin/auth/user/add/                                            LL---+  LL---+
admin/auth/user/<path:object_id>/history/                       LL-+++  LL-+++
admin/auth/user/<path:object_id>/delete/                        LL---+  LL---+
admin/auth/user/<path:object_id>/change/                        LL-+++  LL---+
admin/auth/user/<path:object_id>/                               LL>>>>  LL>>>>
admin/auth/group/                                               LL-+-+  LL-+-+
admin/auth/group/add/                                           LL---+  LL---+
admin/auth/group/<path:object_id>/history/                      LL-+-+  LL-+-+
admin/auth/group/<path:object_id>/delete/                       LL---+  LL---+
admin/auth/group/<path:object_id>/change/                       LL-+-+  LL---+
admin/auth/group/<path:object_id>/                              LL>>>>  LL>>>>
admin/routing/alias/<path:object_id>/test-route/                LL-+++  LL--++
admin/routing/alias/                                            LL-+++  LL-+++
admin/routing/alias/add/                                        LL--++  LL--++
admin/routing/alias/<path:object_id>/history/                   LL->>>  LL->>>
admin/routing/alias/<path:object_id>/delete/                    LL--++  LL--++
admin/routing/alias/<path:object_id>/change/                    LL-+++  LL--++
admin/routing/alias/<path:object_id>/                           LL>>>>  LL>>>>
admin/routing/patternalias/<path:object_id>/test-name/          LL-+++  LL-+++
admin/routing/customroute/<path:object_id>/test-name/           LL-+++  LL-+++
admin/routing/patternalias/                                     LL-+++  LL-+++
admin/routing/patternalias/add/                                 LL--++  LL--++
admin/routing/patternalias/<path:object_id>/history/            LL->>>  LL->>>
admin/routing/patternalias/<path:object_id>/delete/             LL--++  LL--++
admin/routing/patternalias/<path:object_id>/change/             LL-+++  LL--++
admin/routing/patternalias/<path:object_id>/                    LL>>>>  LL>>>>
admin/routing/customroute/                                      LL-+++  LL-+++
admin/routing/customroute/add/                                  LL--++  LL--++
admin/routing/customroute/<path:object_id>/history/             LL->>>  LL->>>
admin/routing/customroute/<path:object_id>/delete/              LL--++  LL--++
admin/routing/customroute/<path:object_id>/change/              LL-+++  LL--++
admin/routing/customroute/<path:object_id>/                     LL>>>>  LL>>>>
admin/routing/provideralias/                                    LL-+++  LL-+++
admin/routing/provideralias/add/                                LL--++  LL--++
admin/routing/provideralias/<path:object_id>/history/           LL->>>  LL->>>
admin/routing/provideralias/<path:object_id>/delete/            LL--++  LL--++
admin/routing/provideralias/<path:object_id>/change/            LL-+++  LL--++
admin/routing/provideralias/<path:object_id>/                   LL>>>>  LL>>>>
admin/gateway/configchange/                                     LL-+++  LL-+++
admin/gateway/configchange/add/                                 LL----  LL----
admin/gateway/configchange/<path:object_id>/history/            LL-+++  LL-+++
admin/gateway/configchange/<path:object_id>/delete/             LL----  LL----
admin/gateway/configchange/<path:object_id>/change/             LL-+++  LL----
admin/gateway/configchange/<path:object_id>/                    LL>>>>  LL>>>>
admin/gateway/auditevent/                                       LL-+++  LL-+++
admin/gateway/auditevent/add/                                   LL----  LL----
admin/gateway/auditevent/<path:object_id>/history/              LL-+++  LL-+++
admin/gateway/auditevent/<path:object_id>/delete/               LL----  LL----
admin/gateway/auditevent/<path:object_id>/change/               LL-+++  LL----
admin/gateway/auditevent/<path:object_id>/                      LL>>>>  LL>>>>
admin/gateway/configrevision/compare/                           LL-000  LL-000
admin/gateway/configrevision/<int:pk>/document/                 LL-+++  LL-+++
admin/gateway/configrevision/<int:pk>/roll-back/                LL--++  LL--++
admin/gateway/configrevision/                                   LL-+++  LL-+++
admin/gateway/configrevision/add/                               LL----  LL----
admin/gateway/configrevision/<path:object_id>/history/          LL-+++  LL-+++
admin/gateway/configrevision/<path:object_id>/delete/           LL----  LL----
admin/gateway/configrevision/<path:object_id>/change/           LL-+++  LL-+++
admin/gateway/configrevision/<path:object_id>/                  LL>>>>  LL>>>>
admin/gateway/clientkey/<path:object_id>/replace-secret/        LL--++  LL--++
admin/gateway/clientkey/                                        LL++++  LL++++
admin/gateway/clientkey/add/                                    LL--++  LL--++
admin/gateway/clientkey/<path:object_id>/history/               LL>>>>  LL>>>>
admin/gateway/clientkey/<path:object_id>/delete/                LL--++  LL--++
admin/gateway/clientkey/<path:object_id>/change/                LL>+++  LL--++
admin/gateway/clientkey/<path:object_id>/                       LL>>>>  LL>>>>
admin/gateway/apitoken/                                         LL++++  LL++++
admin/gateway/apitoken/add/                                     LL++++  LL++++
admin/gateway/apitoken/<path:object_id>/history/                LL>+++  LL>+++
admin/gateway/apitoken/<path:object_id>/delete/                 LL>--+  LL>--+
admin/gateway/apitoken/<path:object_id>/change/                 LL>+++  LL>-->
admin/gateway/apitoken/<path:object_id>/                        LL>>>>  LL>>>>
admin/gateway/configuration/                                    LL-+++  LL--++
admin/gateway/configuration/export/                             LL-+++  LLxxxx
admin/gateway/upstreamhealth/                                   LL-+++  LL-+++
admin/gateway/upstreamhealth/table/                             LL-+++  LL-+++
admin/gateway/upstreamhealth/clear/                             LLxxxx  LL-->>
admin/history/quarantinedrecord/                                LL-+++  LL-+++
admin/history/quarantinedrecord/add/                            LL----  LL----
admin/history/quarantinedrecord/<path:object_id>/history/       LL-+++  LL-+++
admin/history/quarantinedrecord/<path:object_id>/delete/        LL----  LL----
admin/history/quarantinedrecord/<path:object_id>/change/        LL-+++  LL----
admin/history/quarantinedrecord/<path:object_id>/               LL>>>>  LL>>>>
admin/history/requestlog/                                       LL++++  LL++++
admin/history/requestlog/add/                                   LL----  LL----
admin/history/requestlog/<path:object_id>/history/              LL>+++  LL>+++
admin/history/requestlog/<path:object_id>/delete/               LL----  LL----
admin/history/requestlog/<path:object_id>/change/               LL>+++  LL>+++
admin/history/requestlog/<path:object_id>/                      LL>>>>  LL>>>>
admin/providers/provider/<path:object_id>/health/               LL->>>  LL->>>
admin/providers/provider/                                       LL-+++  LL-+++
admin/providers/provider/add/                                   LL--++  LL--++
admin/providers/provider/<path:object_id>/history/              LL->>>  LL->>>
admin/providers/provider/<path:object_id>/delete/               LL--++  LL--++
admin/providers/provider/<path:object_id>/change/               LL-+++  LL--++
admin/providers/provider/<path:object_id>/                      LL>>>>  LL>>>>
admin/^(?P<app_label>providers|auth|routing|gateway|history)/$  LL0+++  LL0+++
admin/(?P<url>.*)$                                              LL0000  LL0000
(start)                                                         >>>>>>  >>>>>>
"""


POST_SINCE_DJANGO_6 = {"admin/gateway/clientkey/<path:object_id>/change/": "LL>-++"}
"""It looks for the row before it asks who may change it: to a key owner somebody else's is not there."""


def table() -> Iterator[tuple[str, str, str]]:
    """Route, GET, POST."""
    for line in TABLE.strip().splitlines():
        route, get, post = line.rsplit(maxsplit=2)
        if django.VERSION >= (6,):
            post = POST_SINCE_DJANGO_6.get(route, post)
        yield "" if route == "(start)" else route, get, post


def address(route: str) -> str:
    """A URL of this route, with the id of a row that is somebody else's."""
    path = route.replace(r"^(?P<app_label>providers|auth|routing|gateway|history)/$", "routing/")
    path = path.replace("(?P<url>.*)$", "no-such-page/")
    if "<path:content_type_id>" in path:
        alias = Alias.objects.get(name="fast")
        kind = ContentType.objects.get_for_model(Alias).pk
        path = path.replace("<path:content_type_id>", str(kind)).replace("<path:object_id>", str(alias.pk))
    if match := re.match(r"admin/(\w+)/(\w+)/.*<", path):
        row = somebody_elses(apps.get_model(match[1], match[2]))
        path = re.sub(r"<.*?>", str(row.pk), path)
    return f"/{path}"


def asked(client: Client, verb: str, url: str, body: str = "") -> str:
    """The letter of the answer. Whatever it did is taken back."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        letter = letter_of(client.generic(verb, url, body, "application/json" if body else "application/octet-stream"))
        transaction.set_rollback(True)
    client.cookies = cookies
    return letter


def test_every_url_is_in_the_table() -> None:
    written = {route for route, *_ in [*table(), *api_table()]}

    missing = set(routes("plexus_site.urls")) - written

    assert not missing


def test_every_row_of_the_table_is_a_url() -> None:
    assert {route for route, *_ in [*table(), *api_table()]} <= set(routes("plexus_site.urls"))


def test_everybody_gets_at_each_url_what_the_table_says() -> None:
    furnish()
    people = browsers()

    found = [
        (route, *("".join(asked(people[role], verb, url) for role in ROLES) for verb in ("GET", "POST")))
        for route, url in [(route, address(route)) for route, _, _ in table()]
    ]

    assert found == list(table())


def test_a_url_that_nobody_wrote_down_is_found() -> None:
    known = {route for route, *_ in [*table(), *api_table()]}

    found = set(routes("tests.gateway.urls_with_one_more"))

    assert found - known == {"admin/nobody-thought-of-this/"}


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_no_other_verb_changes_anything_in_the_admin(verb: str) -> None:
    furnish()
    everything = Client()
    everything.force_login(User.objects.create_superuser("root"))
    before = exported(), ClientKey.objects.count(), User.objects.count(), RequestLog.objects.count()

    for route, _, _ in table():
        everything.generic(verb, address(route), "post=yes", content_type="application/x-www-form-urlencoded")

    assert (exported(), ClientKey.objects.count(), User.objects.count(), RequestLog.objects.count()) == before


# The REST API, for GET, POST, PUT, PATCH and DELETE. A seventh letter: an API token for reading only, of an administrator.
#
#   K  401 not known   ?  400, 415, 422 misunderstood   =  409 in use
#
# A body is an empty object. A client key is nobody here.
API = r"""
api/v1/openapi.json                             +++++++  xxxxxxx  xxxxxxx  xxxxxxx  xxxxxxx
api/docs/                                       +++++++  xxxxxxx  xxxxxxx  xxxxxxx  xxxxxxx
api/v1/providers                                KK-++++  KK--??-  KK--xx-  KK--xx-  KK--xx-
api/v1/providers/<str:name>                     KK-++++  KK--xx-  KK--??-  KK--++-  KK--==-
api/v1/models                                   KK-++++  KK--??-  KK--xx-  KK--xx-  KK--xx-
api/v1/models/<str:provider>/<path:name>        KK-++++  KK--xx-  KK--??-  KK--++-  KK--==-
api/v1/aliases                                  KK-++++  KK--??-  KK--xx-  KK--xx-  KK--xx-
api/v1/aliases/<str:name>                       KK-++++  KK--xx-  KK--??-  KK--++-  KK--==-
api/v1/patterns                                 KK-++++  KK--??-  KK--xx-  KK--xx-  KK--xx-
api/v1/patterns/<path:pattern>                  KK-++++  KK--xx-  KK--??-  KK--++-  KK--++-
api/v1/routes                                   KK-++++  KK--??-  KK--xx-  KK--xx-  KK--xx-
api/v1/routes/<path:path>                       KK-++++  KK--xx-  KK--??-  KK--++-  KK--++-
api/v1/keys                                     KK+++++  KK--??-  KK--xx-  KK--xx-  KK--xx-
api/v1/keys/<int:pk>                            KK0++++  KK--xx-  KK--??-  KK--++-  KK--++-
api/v1/keys/<int:pk>/revoke                     KKxxxxx  KK--++-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/keys/<int:pk>/secret                     KKxxxxx  KK0-++-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/requests                                 KK+++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/requests.csv                             KK+++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/requests.jsonl                           KK+++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/requests/<uuid:pk>                       KK0++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/statistics                               KK-++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/usage                                    KK+++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/health                                   KK-++++  KK--xx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/health/clear                             KKxxxxx  KK--++-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/explain                                  KK-????  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/config                                   KK-++++  KKxxxx-  KK--??-  KKxxxx-  KKxxxx-
api/v1/revisions                                KK-++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/revisions/compare                        KK-????  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/revisions/<int:number>                   KK-++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/revisions/<int:number>/document          KK-++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/revisions/<int:number>/rollback          KKxxxxx  KK--++-  KKxxxx-  KKxxxx-  KKxxxx-
api/v1/events                                   KK-++++  KKxxxx-  KKxxxx-  KKxxxx-  KKxxxx-
api/                                            0000000  0000000  0000000  0000000  0000000
"""
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def api_table() -> Iterator[tuple[str, ...]]:
    """Route, and the letters of each verb."""
    for line in API.strip().splitlines():
        yield tuple(line.rsplit(maxsplit=len(VERBS)))


def api_address(route: str) -> str:
    """A URL of this route: of a key and a request that are somebody else's."""
    if route == "api/":
        return "/api/nowhere"
    for part, name in (
        ("providers/<str:name>", "providers/openai"),
        ("aliases/<str:name>", "aliases/fast"),
        ("<str:provider>/<path:name>", "openai/gpt-4o"),
        ("<path:pattern>", "gpt-*"),
        ("<path:path>", "openai"),
        ("<int:number>", "1"),
        ("<uuid:pk>", str(somebody_elses(RequestLog).pk)),
        ("<int:pk>", str(somebody_elses(ClientKey).pk)),
    ):
        route = route.replace(part, name)
    return f"/{route}"


def test_everybody_gets_of_the_api_what_the_table_says() -> None:
    furnish()
    people = [*browsers().values(), a_reading_client()]

    found = [
        (route, *("".join(asked(client, verb, url, "{}") for client in people) for verb in VERBS))
        for route, url in [(route, api_address(route)) for route, *_ in api_table()]
    ]

    assert found == list(api_table())


# The gateway's own paths: a client key opens them, and nothing else does. Sessions are not even looked at.
GATEWAY = r"""
^/?(?:v1/)?chat/completions/?$       Kx  K?
^/?(?:v1/)?completions/?$            Kx  K?
^/?(?:v1/)?embeddings/?$             Kx  K?
^/?(?:v1/)?models/?$                 K+  Kx
^/?(?:v1/)?models/(?P<name>.+?)/?$   K0  Kx
livez                                ++  ++
readyz                               ++  ++
metrics                              ++  ++
(start)                              ++  --
"""
"""Nobody · a client key, for GET, then for POST. Nobody stands for whoever has an account too; / is the gateway's for HEAD."""


def gateway_table() -> Iterator[tuple[str, str, str]]:
    for line in GATEWAY.strip().splitlines():
        route, get, post = line.rsplit(maxsplit=2)
        yield "" if route == "(start)" else route, get, post


def test_every_path_of_the_gateway_is_in_its_table() -> None:
    assert {route for route, _, _ in gateway_table()} == set(routes("gateway.urls"))


@pytest.mark.django_db(transaction=True)
def test_a_client_key_opens_the_gateway_and_a_session_does_not(gateway: RunningGateway) -> None:
    session = Client()
    session.force_login(User.objects.create_superuser("root"))
    cookie = {"cookie": f"sessionid={session.cookies['sessionid'].value}"}

    people = {"nobody": {}, "an administrator": cookie, "client key": {"authorization": f"Bearer {gateway.key}"}}

    def letters(verb: str, route: str) -> str:
        path = "/" + route.replace("^/?(?:v1/)?", "v1/").replace("(?P<name>.+?)", "nobody").removesuffix("/?$")
        verb = "HEAD" if (verb, path) == ("GET", "/") else verb
        answers = [gateway.client.request(verb, path, headers=headers) for headers in people.values()]
        return "".join(letter_of_status(answer.status_code) for answer in answers)

    found = [(route, letters("GET", route), letters("POST", route)) for route, _, _ in gateway_table()]

    assert found == [(route, get[0] + get, post[0] + post) for route, get, post in gateway_table()]
