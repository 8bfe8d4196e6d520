"""What Django gives to a response in the `__init__` that ours skip, on the Django that is installed."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from gateway.views.ready import ReadyResponse, ready


def test_a_ready_response_has_all_that_django_gives_to_a_response() -> None:
    djangos, ours = HttpResponseBase(content_type="text/plain"), ready(b"", content_type="text/plain")

    expected = {name: value for name, value in vars(djangos).items() if name != "headers"}

    assert expected
    assert {name: getattr(ours, name) for name in expected} == expected


def test_its_headers_are_found_as_django_finds_them() -> None:
    response = ready(b"{}", headers={"x-a": "é"})

    assert response["Content-Type"] == "application/json"
    assert dict(response.items()) == {"content-type": "application/json", "content-length": "2", "x-a": "é"}
    assert response.serialize_headers() == b"content-type: application/json\r\ncontent-length: 2\r\nx-a: \xe9"


def test_a_header_that_is_set_as_django_sets_one_is_sent() -> None:
    response = ReadyResponse(200, [(b"x-a", b"1")])

    response["X-B"] = "2"

    assert response.pairs() == [(b"x-a", b"1"), (b"X-B", b"2")]


def test_a_response_that_nobody_looks_into_sends_the_very_pairs_that_it_was_given() -> None:
    pairs = [(b"x-a", b"1")]

    assert ReadyResponse(200, pairs).pairs() is pairs


def test_its_status_has_djangos_words() -> None:
    assert ready(b"", status=404).reason_phrase == HttpResponse(status=404).reason_phrase


def test_one_response_shares_nothing_with_another() -> None:
    one, another = ready(b""), ready(b"")

    one.set_cookie("a", "1")
    one._resource_closers.append(print)

    assert not another.cookies
    assert another._resource_closers == []


def test_a_content_type_that_no_header_can_carry_breaks_nothing() -> None:
    assert ready(b"", content_type="text/€").pairs()[0] == (b"content-type", b"text/?")
