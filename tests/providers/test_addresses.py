import string
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.addresses import (
    BASE_URL_LIMIT,
    ENDPOINT_PATHS,
    AllowedNetworks,
    endpoint_url,
    objection_to_address,
    objection_to_plain_http,
    objection_to_url,
    remark_on_url,
    split_url,
)
from providers.wire import FORMATS

NONE = AllowedNetworks()
LOOPBACK = AllowedNetworks.parse("127.0.0.0/8, ::1/128")
EVERYTHING = AllowedNetworks.parse("0.0.0.0/0, ::/0")
LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.1.",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "localhost",
    "LOCALHOST.",
    "api.localhost",
]


def test_networks_are_read_with_and_without_ports() -> None:
    allowed = AllowedNetworks.parse(" 127.0.0.0/8, ::1/128 ,10.0.0.0/8:11434,[fd00::/8]:8000,[fe00::/16], 192.168.1.7,")

    told = [(str(entry.network), entry.port) for entry in allowed.entries]
    assert told == [
        ("127.0.0.0/8", None),
        ("::1/128", None),
        ("10.0.0.0/8", 11434),
        ("fd00::/8", 8000),
        ("fe00::/16", None),
        ("192.168.1.7/32", None),
    ]


@pytest.mark.parametrize(
    "part",
    ["10.0.0.0/33", "10.0.0.1/8", "localhost", "10.0.0.0/8:0", "10.0.0.0/8:65536", "[::1]:x", "10.0.0.0/8:", "/"],
)
def test_a_wrong_network_is_named(part: str) -> None:
    with pytest.raises(ValueError, match="“" + part.replace("[", r"\[") + "”"):
        AllowedNetworks.parse(f"127.0.0.0/8, {part}")


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_a_public_address_is_called(address: str) -> None:
    assert objection_to_address(address, 443, NONE) is None


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "172.16.0.1",
        "192.0.2.1",
        "192.0.0.192",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::7f00:1",
        "64:ff9b:1::101:101",
        "100::1",
        "4000::1",
        "5f00::1",
        "3fff::1",
        "2001:db8::1",
        "2001::1",
        "2002:a00:1::",
        "fc00::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_is_refused_and_the_setting_named(address: str) -> None:
    assert "PLEXUS_PRIVATE_UPSTREAMS" in (objection_to_address(address, 443, NONE) or "")
    assert "PLEXUS_PRIVATE_UPSTREAMS" in (
        objection_to_address(address, 443, AllowedNetworks.parse("172.31.0.0/16")) or ""
    )


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
        "2002:a9fe:a9fe::",
        "::a9fe:a9fe",
        "fe80::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
def test_metadata_services_are_refused_whatever_is_listed(address: str) -> None:
    assert "never called" in (objection_to_address(address, 80, EVERYTHING) or "")


def test_a_listed_network_is_called_on_its_port_alone() -> None:
    allowed = AllowedNetworks.parse("10.0.0.0/8:11434")

    assert objection_to_address("10.0.0.5", 11434, allowed) is None
    assert objection_to_address("::ffff:10.0.0.5", 11434, allowed) is None
    assert objection_to_address("10.0.0.5", 11435, allowed)
    assert objection_to_address("11.0.0.5", 11434, allowed) is None


@given(st.integers(0, 2**32 - 1))
def test_what_the_advice_says_makes_the_address_callable(number: int) -> None:
    address = str(IPv4Address(number))
    objection = objection_to_address(address, 80, NONE)

    if objection is not None and "for example as " in objection:
        advice = objection.rpartition("for example as ")[2].removesuffix(".")
        assert objection_to_address(address, 80, AllowedNetworks.parse(advice)) is None


def test_plain_http_goes_only_to_listed_addresses() -> None:
    assert objection_to_plain_http("127.0.0.1", 80, LOOPBACK) is None
    assert objection_to_plain_http("1.1.1.1", 80, LOOPBACK)


@pytest.mark.parametrize("spelling", LOOPBACK_SPELLINGS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_spelling_of_loopback_is_recognised(spelling: str, scheme: str) -> None:
    url = f"{scheme}://{spelling}:8000/v1"

    refused = objection_to_url(url, NONE)

    assert refused is not None
    assert refused[0] == "private_base_url"
    assert objection_to_url(url, LOOPBACK) is None


@pytest.mark.parametrize("spelling", ["0", "0.0.0.0", "[::]", "0x0"])
def test_the_unspecified_address_is_not_loopback_to_us_though_it_leads_there(spelling: str) -> None:
    assert objection_to_url(f"http://{spelling}:8000/v1", LOOPBACK)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "https://api.openai.com",
        "https://api.openai.com:8443/v1/chat/completions",
        "HTTPS://API.OpenAI.com./v1/",
        "https://xn--bcher-kva.example/v1",
        "https://my_host.example/openai/deployments/gpt%204o",
        "https://1.1.1.1/v1",
        "https://[2606:4700::1111]:8443/v1",
    ],
)
def test_an_honest_url_is_fine(url: str) -> None:
    assert objection_to_url(url, NONE) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com/v1",
        "ftp://api.openai.com",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://user@api.openai.com/v1",
        "https://user:secret@api.openai.com/v1",
        "https://@api.openai.com/v1",
        "https://api.openai.com/v1?key=1",
        "https://api.openai.com/v1?",
        "https://api.openai.com/v1#part",
        "https://127.0.0.1\\@example.com/",
        "https://api.openai.com/v1\n",
        " https://api.openai.com/v1",
        "https://api.open\tai.com/v1",
        "https://api.openai.com:0/v1",
        "https://api.openai.com:99999/v1",
        "https://api.openai.com:x/v1",
        "https://bücher.example/v1",
        "https://a..b/v1",
        "https://api%2eopenai.com/v1",
        "https://127.0.0.1%00/v1",
        "https://1.2.3.4.5/v1",
        "https://example.08/v1",
        "https://256.256.256.256/v1",
        "https://[::1/v1",
        "https://[fe80::1%eth0]/v1",
        "https://[vF.x]/v1",
        "https://api.openai.com/" + "a" * 2000,
    ],
)
def test_a_misshapen_url_is_refused(url: str) -> None:
    refused = objection_to_url(url, EVERYTHING)

    assert refused is not None
    assert refused[0] == "invalid_base_url"


@pytest.mark.parametrize("url", ["http://api.openai.com/v1", "http://1.1.1.1/v1"])
def test_plain_http_is_refused_where_nothing_private_is_listed(url: str) -> None:
    refused = objection_to_url(url, NONE)

    assert refused is not None
    assert refused[0] == "insecure_base_url"
    assert "PLEXUS_PRIVATE_UPSTREAMS" in refused[1]


def test_plain_http_to_a_name_is_left_to_the_connection_where_something_is_listed() -> None:
    assert objection_to_url("http://ollama:11434", AllowedNetworks.parse("172.16.0.0/12")) is None


def test_plain_http_to_a_public_address_is_refused_even_then() -> None:
    refused = objection_to_url("http://1.1.1.1/v1", LOOPBACK)

    assert refused is not None
    assert refused[0] == "insecure_base_url"


@given(st.text(alphabet=string.printable + "①。．％\x00é\u202e", max_size=40))
def test_no_text_breaks_the_rule(text: str) -> None:
    for url in (text, f"https://{text}/v1", f"http://{text}"):
        refused = objection_to_url(url, LOOPBACK)

        if refused is None:
            assert split_url(split_url(url).text) == split_url(url)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.openai.com",
        "https://api.openai.com/",
        "https://api.openai.com/v1",
        "https://api.openai.com/v1/",
        "https://api.openai.com/v1//",
        "https://api.openai.com:443/v1/chat/completions",
        "https://API.openai.com/v1/chat/completions/",
        "https://api.openai.com/v1/embeddings",
    ],
)
@pytest.mark.parametrize("path", ENDPOINT_PATHS)
def test_a_root_and_a_full_endpoint_lead_to_the_same_place(base_url: str, path: str) -> None:
    assert endpoint_url(base_url, path) == f"https://api.openai.com/v1{path}"


def test_a_path_of_its_own_is_kept() -> None:
    url = endpoint_url("http://127.1:8000/openai/deployments/gpt%2D4", "/chat/completions")

    assert url == "http://127.0.0.1:8000/openai/deployments/gpt%2D4/chat/completions"


def test_a_base_url_leaves_room_for_the_path_of_an_endpoint() -> None:
    longest = "https://api.openai.com/".ljust(BASE_URL_LIMIT, "a")

    assert objection_to_url(longest, NONE) is None
    assert {split_url(endpoint_url(longest, path)).host for path in ENDPOINT_PATHS} == {"api.openai.com"}
    assert objection_to_url(longest + "a", NONE) == ("invalid_base_url", "The URL is longer than 1900 characters.")


def test_the_endpoint_of_every_wire_format_is_known() -> None:
    assert {format.path for format in FORMATS.values()} <= set(ENDPOINT_PATHS)


@pytest.mark.parametrize("host", ["api.openai.com", "API.OpenAI.com.", "internal.example.org", "api.openai.com:8080"])
def test_plain_http_to_a_public_name_is_remarked_on(host: str) -> None:
    assert "will be refused" in (remark_on_url(f"http://{host}/v1") or "")


@pytest.mark.parametrize(
    "url",
    [
        *("https://api.openai.com/v1", "http://ollama:11434/v1", "http://localhost:8000", "http://127.0.0.1:8000/v1"),
        *(
            "http://gpu.internal/v1",
            "http://vllm.ml.svc/v1",
            "http://vllm.ml.svc.cluster.local",
            "http://nas.home.arpa/v1",
        ),
        *("http://[::1]:8000/v1", "no URL"),
    ],
)
def test_an_address_that_may_well_be_called_is_not(url: str) -> None:
    assert remark_on_url(url) is None
