"""Which upstream addresses may be called, and how a base URL becomes the URL of an endpoint.

Only administrators set URLs, and model servers often stand on private addresses (Ollama, vLLM): so public addresses
may always be called, private ones if PLEXUS_PRIVATE_UPSTREAMS lists them, the cloud's metadata services never. A URL is
judged twice: its spelling when it is saved (objection_to_url), the address itself when a connection is opened
(objection_to_address), since a name may resolve to anything, and to something else tomorrow.
"""

from __future__ import annotations

import re
import socket
import unicodedata
from dataclasses import dataclass, replace
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SETTING = "PLEXUS_PRIVATE_UPSTREAMS"
URL_LIMIT = 2000
BASE_URL_LIMIT = 1900
"""An endpoint's path comes behind it."""
DEFAULT_PORTS = {"http": 80, "https": 443}
ENDPOINT_PATHS = ("/chat/completions", "/completions", "/embeddings", "/messages", "/responses")
"""Longer ones before their own endings."""

NEVER_CALLED: tuple[Network, ...] = (
    ip_network("169.254.0.0/16"),  # link-local; metadata on AWS, Azure, Google, Oracle and others
    ip_network("fe80::/10"),  # link-local
    ip_network("fd00:ec2::254/128"),  # metadata on AWS
    ip_network("fd20:ce::254/128"),  # metadata on Google
    ip_network("100.100.100.200/32"),  # metadata on Alibaba
    ip_network("168.63.129.16/32"),  # the host agent on Azure: a public address that only a guest reaches
)
NOT_PUBLIC: tuple[Network, ...] = (
    ip_network("0.0.0.0/8"),
    ip_network("10.0.0.0/8"),
    ip_network("100.64.0.0/10"),  # behind a carrier's NAT
    ip_network("127.0.0.0/8"),
    ip_network("169.254.0.0/16"),
    ip_network("172.16.0.0/12"),
    ip_network("192.0.0.0/24"),
    ip_network("192.0.2.0/24"),  # documentation, as 198.51.100.0/24 and 203.0.113.0/24
    ip_network("192.88.99.0/24"),  # the relays of 6to4
    ip_network("192.168.0.0/16"),
    ip_network("198.18.0.0/15"),  # benchmarks
    ip_network("198.51.100.0/24"),
    ip_network("203.0.113.0/24"),
    ip_network("224.0.0.0/3"),  # multicast, reserved, broadcast
    ip_network("2001::/23"),  # protocol assignments, Teredo among them
    ip_network("2001:db8::/32"),  # documentation, as 3fff::/20
    ip_network("2002::/16"),
    ip_network("3fff::/20"),
)
"""What the registries call special. Ours, since `is_global` says one thing on Python 3.11.7 and another on 3.11.9.

Source: https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
"""
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that was ever given to anybody to be reached at; unique local, link-local and multicast lie outside."""
NAT64 = IPv6Network("64:ff9b::/96")
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
V4_COMPATIBLE = IPv6Network("::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedNetwork:
    """One private network that may be called."""

    network: Network
    port: int | None
    """None is any port."""

    def covers(self, address: Address, port: int) -> bool:
        return self.port in (None, port) and address in self.network


@dataclass(frozen=True, slots=True)
class AllowedNetworks:
    """The private networks that may be called: what PLEXUS_PRIVATE_UPSTREAMS says."""

    entries: tuple[AllowedNetwork, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "127.0.0.0/8, 10.0.0.0/8:11434, [fd00::/8]:8000". Raises ValueError that names the wrong part."""
        parts = (part.strip() for part in text.split(","))
        return cls(tuple(parse_network(part) for part in parts if part))

    def covers(self, address: Address, port: int) -> bool:
        return any(entry.covers(address, port) for entry in self.entries)

    def __bool__(self) -> bool:
        return bool(self.entries)


def parse_network(part: str) -> AllowedNetwork:
    """One entry of the setting. Raises ValueError with a sentence that names it."""
    # A bare IPv6 network has colons too; only [network]:port and an IPv4 network end in a port.
    found = re.fullmatch(r"\[(?P<v6>[^\]]+)\](?::(?P<port6>\d+))?|(?P<v4>[^:]+):(?P<port4>\d+)", part)
    network, port = part, None
    if found:
        network = found["v6"] or found["v4"]
        port = found["port6"] or found["port4"]
    if port is not None and not 1 <= int(port[:6]) <= 65535:
        raise ValueError(f"“{part}” has a port that does not exist: {port}.")
    try:
        return AllowedNetwork(network=ip_network(network), port=int(port) if port else None)
    except ValueError as exc:
        raise ValueError(
            f"“{part}” is not a network. Write it like 10.0.0.0/8, 10.0.0.0/8:11434 or [fd00::/8]:8000 ({exc})."
        ) from exc


def objection_to_address(address: Address | str, port: int, allowed: AllowedNetworks) -> str | None:
    """Why this address may not be called, in a sentence; None if it may.

    Raises ValueError if a text is no address.
    """
    given = ip_address(address) if isinstance(address, str) else address
    ip = unwrapped(given)
    if any(reading in network for network in NEVER_CALLED for reading in (ip, *behind_local_nat64(ip))):
        return f"The address {given} is link-local or a cloud metadata service; these are never called."
    if is_public(ip) or allowed.covers(ip, port):
        return None
    prefix = 32 if ip.version == 4 else 128
    return (
        f"The address {given} (port {port}) is not public. If this upstream is meant, "
        f"add it to {SETTING}, for example as {ip}/{prefix}."
    )


def objection_to_plain_http(address: Address | str, port: int, allowed: AllowedNetworks) -> str | None:
    """Why a connection without TLS may not go to this address; None if it may.

    A credential must not cross the public network in clear.
    """
    ip = unwrapped(ip_address(address) if isinstance(address, str) else address)
    if allowed.covers(ip, port):
        return None
    return f"Plain http goes only to addresses that {SETTING} lists, and {ip} (port {port}) is not. Use https."


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one: v4-mapped, v4-compatible, NAT64 and 6to4 lead there; else the address.

    Python calls NAT64 and 6to4 forms of private addresses global.
    """
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64 or (address in V4_COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def behind_local_nat64(address: Address) -> list[Address]:
    """The IPv4 addresses that a translator of this network may read out of an address for it. Its prefix may be of any
    length from 48 to 96 bits, and the address says which one to nobody else, so it is never taken for a public one.

    Bits 64 to 71 are left out. Source: RFC 6052, section 2.2; RFC 8215.
    """
    if not (isinstance(address, IPv6Address) and address in LOCAL_NAT64):
        return []
    number = int(address)
    without_gap = number >> 64 << 56 | number & (1 << 56) - 1
    readings = [number, *(without_gap >> 120 - 32 - length for length in (48, 56, 64))]
    return [IPv4Address(reading & 0xFFFFFFFF) for reading in readings]


def is_public(address: Address) -> bool:
    is_unicast = isinstance(address, IPv4Address) or address in GLOBAL_UNICAST
    return is_unicast and not any(address in network for network in NOT_PUBLIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitURL:
    """A URL that may be called, in parts. The client connects by these parts and by no other reading."""

    scheme: str
    host: str
    """In lower case; a literal address in its usual spelling, IPv6 without brackets."""
    port: int
    path: str
    literal: Address | None
    """The address, if the host is one."""

    @property
    def authority(self) -> str:
        """The Host header: host, and the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def split_url(url: str) -> SplitURL:
    """Read a URL strictly. Raises ValueError with a sentence for the administrator."""
    if len(url) > URL_LIMIT:
        raise ValueError(f"The URL is longer than {URL_LIMIT} characters.")
    if re.search(r"[\x00-\x20\x7f-\xa0\\]", url):
        raise ValueError("The URL contains a space, a backslash or a control character.")
    if "?" in url or "#" in url:
        raise ValueError("The URL must end with its path: leave out everything from “?” or “#” on.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as exc:
        raise ValueError(f"The URL cannot be read: {exc}.") from exc
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("The URL must begin with https:// or http://.")
    if "@" in parts.netloc:
        raise ValueError("The URL must not contain a user name or password. Store the key as the credential.")
    if not parts.path.isascii():
        raise ValueError("The path of the URL must be percent-encoded.")
    if port == 0:
        raise ValueError("The URL has a port that does not exist: 0.")
    host, literal = read_host(host, in_brackets="[" in parts.netloc)
    return SplitURL(
        scheme=parts.scheme,
        host=host,
        port=port or DEFAULT_PORTS[parts.scheme],
        path=parts.path,
        literal=literal,
    )


def read_host(host: str, *, in_brackets: bool) -> tuple[str, Address | None]:
    """The host in its usual spelling, and its address if it is one. Raises ValueError."""
    if in_brackets:
        return read_ipv6(host)
    # Full-width and circled digits reach the same place as plain ones.
    host = unicodedata.normalize("NFKC", host).lower()
    if not host:
        raise ValueError("The URL has no host.")
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host):
        raise ValueError(f"“{host}” is not a host name. Write an international name in its xn-- form.")
    last_label = host.rstrip(".").rpartition(".")[2]
    if not re.fullmatch(r"\d+|0x[0-9a-f]*", last_label):
        return host, None
    # A host whose last label is a number is an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
    # inet_aton reads what the system's resolver reads: 127.1, 0, 2130706433, 0x7f000001, 0177.0.0.1.
    try:
        address = IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError as exc:
        raise ValueError(f"“{host}” is neither a host name nor an address.") from exc
    return str(address), address


def read_ipv6(host: str) -> tuple[str, Address | None]:
    try:
        address = IPv6Address(host)
    except ValueError as exc:
        raise ValueError(f"“[{host}]” is not an IPv6 address.") from exc
    if address.scope_id is not None:
        raise ValueError(f"“[{host}]” names a network interface; leave out everything from “%” on.")
    return str(address), address


def objection_to_url(url: str, allowed: AllowedNetworks) -> tuple[str, str] | None:
    """(code, sentence) against a base URL that an administrator typed; None if it is fine.

    Codes: invalid_base_url, private_base_url, insecure_base_url. Other host names than localhost are judged when a
    connection is opened.
    """
    if len(url) > BASE_URL_LIMIT:
        return "invalid_base_url", f"The URL is longer than {BASE_URL_LIMIT} characters."
    try:
        split = split_url(url)
    except ValueError as exc:
        return "invalid_base_url", str(exc)
    address = IPv4Address("127.0.0.1") if is_localhost(split.host) else split.literal
    if address is None:
        return objection_to_named_host(split, allowed)
    if objection := objection_to_address(address, split.port, allowed):
        # On this machine localhost may be either of the two.
        if not (is_localhost(split.host) and allowed.covers(IPv6Address("::1"), split.port)):
            return "private_base_url", objection
        return None
    if split.scheme == "http" and (objection := objection_to_plain_http(address, split.port, allowed)):
        return "insecure_base_url", objection
    return None


def objection_to_named_host(split: SplitURL, allowed: AllowedNetworks) -> tuple[str, str] | None:
    if split.scheme == "https" or allowed:
        return None
    return (
        "insecure_base_url",
        f"Plain http goes only to private addresses, and {SETTING} lists none. Use https, or list its network there.",
    )


PRIVATE_ENDINGS = ("corp", "home", "internal", "intranet", "lan", "local", "localdomain", "private", "svc", "test")
"""What names of private networks end with. Sources: RFC 6762 appendix G, RFC 6761, ICANN's resolution 2024.07.29.06 on .internal,
Kubernetes' short names of services."""


def remark_on_url(url: str) -> str | None:
    """What there is to say of an address that may stand, but that will most likely not be called; None where there is nothing.

    Whether a name leads to a listed address is known when it is called: no name is looked up here, and it may lead elsewhere then.
    """
    try:
        split = split_url(url)
    except ValueError:
        return None
    if split.scheme == "https" or split.literal or not _looks_public(split.host):
        return None
    return (
        f"Plain http goes only to addresses that {SETTING} lists, and “{split.host}” looks like a public name: "
        "unless it leads to a listed address, every request there will be refused. Use https."
    )


def _looks_public(host: str) -> bool:
    """Whether it has a domain, and none that is kept for private networks."""
    name = host.rstrip(".").lower()
    if "." not in name or is_localhost(name) or name.endswith(".home.arpa"):
        return False
    return name.rpartition(".")[2] not in PRIVATE_ENDINGS


def is_localhost(host: str) -> bool:
    name = host.rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def endpoint_url(base_url: str, path: str) -> str:
    """The URL to call for an API's path ("/chat/completions"), from an API root or from any full endpoint URL under it.

    A URL without a path gets /v1, where every OpenAI-compatible API stands: `https://api.example.com` becomes
    `https://api.example.com/v1/chat/completions`. Raises ValueError as split_url does.
    """
    split = split_url(base_url)
    root = split.path.rstrip("/")
    ending = next((ending for ending in ENDPOINT_PATHS if root.endswith(ending)), "")
    root = root.removesuffix(ending)
    if not ending and not root:
        root = "/v1"
    return replace(split, path=root + path).text
