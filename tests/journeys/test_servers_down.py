"""PostgreSQL and Valkey frozen, then killed: requests go on, and a process that starts meanwhile serves what was known."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from django.conf import settings as django_settings

from tests import freezing, throwaway_servers
from tests.faulty_upstream import FaultyUpstream, an_unused_port
from tests.gateways import eventually

CONFIGURE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from gateway.models import ClientKey
from providers.models import *
from routing.models import *
import os
provider = Provider(name="openai", credential="sk-very-secret"); provider.save()
Endpoint(provider=provider, api_type="chat", base_url=os.environ["UPSTREAM"]).save()
model = ProviderModel(provider=provider, name="small"); model.save()
alias = Alias(name="fast"); alias.save()
Target(alias=alias, model=model).save()
key = ClientKey(name="a test"); secret = key.make(); key.save()
print(secret)
"""
START_SECONDS = 120.0
PAUSE_SECONDS = 0.02


@dataclass(slots=True)
class Servers:
    """What a gateway stands on, and where it keeps what it knows."""

    environ: dict[str, str]
    postgres: throwaway_servers.Server
    valkey: throwaway_servers.Server
    folder: Path
    key: str = ""

    @property
    def processes(self) -> list[int]:
        return freezing.processes_of_postgres(self.postgres) + freezing.processes_of_valkey(self.valkey)


@dataclass(slots=True)
class Gateway:
    """A gateway in a process of its own."""

    url: str
    key: str
    log: Path

    def ask(self) -> int:
        """The status of one request."""
        body = {"model": "fast", "messages": [{"role": "user", "content": "Hello!"}]}
        headers = {"authorization": f"Bearer {self.key}"}
        return httpx.post(f"{self.url}/v1/chat/completions", json=body, headers=headers, timeout=60).status_code

    @property
    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=10).is_success
        except httpx.TransportError:
            return False


@dataclass(slots=True)
class Traffic:
    """Requests one after the other, from a thread."""

    gateway: Gateway
    statuses: list[int] = field(default_factory=list)
    slowest_seconds: float = 0.0
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.is_over.wait(PAUSE_SECONDS):
            began = time.monotonic()
            try:
                self.statuses.append(self.gateway.ask())
            except httpx.TransportError:
                self.statuses.append(0)
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)


@contextmanager
def traffic(gateway: Gateway) -> Iterator[Traffic]:
    running = Traffic(gateway)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.is_over.set()
        thread.join(90)


@contextmanager
def a_gateway(servers: Servers) -> Iterator[Gateway]:
    """`manage.py serve`, from its start until it answers; ended with the block."""
    port, log = an_unused_port(), servers.folder / f"log-{time.monotonic_ns()}"
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=django_settings.BASE_DIR, env=servers.environ, stdout=output, stderr=output
        )
    gateway = Gateway(url=f"http://127.0.0.1:{port}", key=servers.key, log=log)
    try:
        eventually(lambda: process.poll() is not None or gateway.is_up, seconds=START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield gateway
    finally:
        process.kill()
        process.wait(60)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """A PostgreSQL and a Valkey of this test's own, with an alias and a key."""
    try:
        postgres, valkey = throwaway_servers.postgres(), throwaway_servers.valkey()
    except throwaway_servers.NoServer as reason:
        pytest.skip(f"Needs servers of its own: {reason}")
    with FaultyUpstream() as upstream:
        environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "plexus_site.settings",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "PLEXUS_DATA_DIR": str(tmp_path),
            "PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8",
            "UPSTREAM": upstream.url,
        }
        running = Servers(environ=environ, postgres=postgres, valkey=valkey, folder=tmp_path)
        command = [sys.executable, "-c", CONFIGURE]
        said = subprocess.run(
            command, cwd=django_settings.BASE_DIR, env=environ, capture_output=True, text=True, check=True, timeout=240
        )
        running.key = said.stdout.split()[-1]
        yield running


def test_requests_go_on_and_new_processes_start_while_all_servers_are_frozen_or_dead(servers: Servers) -> None:
    with a_gateway(servers) as first, traffic(first) as seen:
        time.sleep(1.5)  # by now the gateway has its connections, which are frozen too
        processes = servers.processes
        with freezing.frozen(processes):
            # Longer than the follower waits until it hangs up; a second process starts meanwhile.
            with a_gateway(servers) as second:
                assert second.ask() == 200
                assert "last known routing_table from the disk" in second.log.read_text()
            time.sleep(6)
        eventually(lambda: "kept up to date again" in first.log.read_text())

        freezing.send(signal.SIGKILL, processes)
        with a_gateway(servers) as third:
            assert third.ask() == 200
        time.sleep(1)

    assert len(seen.statuses) > 100
    assert set(seen.statuses) == {200}
    assert seen.slowest_seconds < 1, "who waited for a frozen server would have waited for all that time"
    kept = servers.folder / "routing_table.last_known_good"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert b"sk-very-secret" not in kept.read_bytes()
