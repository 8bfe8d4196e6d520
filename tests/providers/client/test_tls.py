"""Secure connections: the certificate must hold for the name in the URL."""

import datetime
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from providers import errors
from providers.client import UpstreamTransport
from providers.timeouts import Timeouts
from tests.faulty_upstream import FaultyUpstream
from tests.providers.client.calls import LOOPBACK, Names, a_request, ask, cancel_at_random, none_open


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for api.example.com, signed by itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def secure_upstream(certificate: Path) -> Iterator[FaultyUpstream]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with FaultyUpstream(tls=context) as upstream:
        yield upstream


def a_transport(trusted: Path | None) -> UpstreamTransport:
    names = Names(api_example_com=["127.0.0.1"], other_example_com=["127.0.0.1"])
    context = ssl.create_default_context(cafile=trusted) if trusted else None
    return UpstreamTransport(allowed=LOOPBACK, ssl_context=context, resolver=names)


async def test_name_and_host_header_are_those_of_the_url(secure_upstream: FaultyUpstream, certificate: Path) -> None:
    transport = a_transport(certificate)

    answer = await ask(transport, a_request(f"https://api.example.com:{secure_upstream.port}/v1", "m"))

    assert b"one two three" in answer
    assert secure_upstream.last.header("host") == f"api.example.com:{secure_upstream.port}"
    await transport.aclose()


async def test_a_certificate_for_another_name_is_refused(secure_upstream: FaultyUpstream, certificate: Path) -> None:
    transport = a_transport(certificate)

    with pytest.raises(errors.TLSFailed):
        await ask(transport, a_request(f"https://other.example.com:{secure_upstream.port}/v1", "m"))

    assert secure_upstream.seen == []
    await transport.aclose()


async def test_an_unknown_authority_is_refused(secure_upstream: FaultyUpstream) -> None:
    transport = a_transport(None)

    with pytest.raises(errors.TLSFailed):
        await ask(transport, a_request(f"https://api.example.com:{secure_upstream.port}/v1", "m"))

    assert secure_upstream.seen == []
    await transport.aclose()


async def test_an_upstream_without_tls_is_no_secure_connection(upstream: FaultyUpstream, certificate: Path) -> None:
    transport = a_transport(certificate)

    with pytest.raises(errors.NotReached):
        await ask(
            transport,
            a_request(f"https://api.example.com:{upstream.port}/v1", "m", timeouts=Timeouts(connect_seconds=0.2)),
        )

    await transport.aclose()


@pytest.mark.parametrize("model", ["silence", "stall-after-3"])
async def test_cancelled_calls_leave_no_secure_connection(
    secure_upstream: FaultyUpstream, certificate: Path, model: str
) -> None:
    transport = a_transport(certificate)
    url = f"https://api.example.com:{secure_upstream.port}/v1/chat/completions"

    await cancel_at_random(300, lambda: ask(transport, a_request(url, model, streams=True)))

    assert await none_open(secure_upstream)
    assert b"one two three" in await ask(transport, a_request(url, "m"))
    await transport.aclose()
