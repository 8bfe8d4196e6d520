"""Where letters lie: the same promises held by files and by a real Redis."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import redis

from gateway.health.letters import Sheet, Shown, Word
from gateway.health.store import LEASE_SECONDS, Post, new_teller
from gateway.health.store import in_redis as in_redis_
from gateway.health.store.in_folder import FolderPost
from gateway.health.store.in_redis import TELLERS, RedisPost
from routing.health.news import Event, News
from tests.freezing import frozen, processes_of_valkey
from tests.routing.health.scenes import START, a_book, answer_well
from tests.throwaway_servers import Server

SECRET = "a secret that all processes have"
WORD = Word(news=[News(key="openai/gpt-4o", event=Event.OPENED, number=1, seconds=4.0)], in_flight={"openai/gpt-4o": 3})
IN_TIME_SECONDS = 15.0
"""An answer of a frozen Redis is waited for 0.2 s: for each of a hundred, that would be 20 s."""
USUAL_ANSWER_SECONDS = in_redis_.ANSWER_SECONDS


def a_sheet() -> Sheet:
    health = a_book().of("openai/gpt-4o")
    answer_well(health, START)
    return Sheet(upstreams=[Shown(told=health.as_told(START))])


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that is well may take its time: the machine may be busy."""
    monkeypatch.setattr(in_redis_, "ANSWER_SECONDS", 60.0)


@pytest.fixture
def in_redis(server: Server) -> Iterator["redis.Redis"]:
    client = redis.Redis.from_url(server.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(params=["files", "redis"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Post:
    if request.param == "files":
        return FolderPost(tmp_path / "health", key=SECRET)
    request.getfixturevalue("in_redis")
    return RedisPost(request.getfixturevalue("server").url, key=SECRET)


def test_what_one_lays_the_others_read_and_not_itself(post: Post) -> None:
    post.lay("one", WORD, a_sheet())

    assert post.words(but_of="two") == {"one": WORD}
    assert post.sheets(but_of="two") == {"one": a_sheet()}
    assert post.words(but_of="one") == {}
    assert post.sheets(but_of="one") == {}


def test_a_letter_replaces_the_one_before(post: Post) -> None:
    post.lay("one", WORD, a_sheet())
    post.lay("one", Word(in_flight={"a/b": 1}), Sheet())

    assert post.words(but_of="") == {"one": Word(in_flight={"a/b": 1})}
    assert post.sheets(but_of="") == {}


def test_a_sheet_stays_where_only_a_word_is_laid(post: Post) -> None:
    post.lay("one", WORD, a_sheet())
    post.lay("one", WORD, None)

    assert post.sheets(but_of="") == {"one": a_sheet()}


def test_whoever_ends_takes_everything_away(post: Post) -> None:
    post.lay("one", WORD, a_sheet())
    post.take_away("one")

    assert post.words(but_of="") == {}
    assert post.sheets(but_of="") == {}


def test_a_letter_is_gone_after_its_lease(post: Post) -> None:
    post.lay("one", WORD, a_sheet())

    time.sleep(LEASE_SECONDS + 0.2)

    assert post.words(but_of="") == {}
    assert post.sheets(but_of="") == {}


def test_who_claims_first_has_it_for_as_long(post: Post) -> None:
    assert post.claim("openai/gpt-4o", 100.0)
    assert not post.claim("openai/gpt-4o", 100.0)
    assert post.claim("openai/o1", 0.3)
    time.sleep(0.4)
    assert post.claim("openai/o1", 0.3)


def test_letters_of_another_installation_are_not_ours(tmp_path: Path, server: Server, in_redis: "redis.Redis") -> None:
    folder = tmp_path / "health"
    RedisPost(server.url, key="another secret").lay("stranger", WORD, a_sheet())
    FolderPost(folder, key="another secret").lay("stranger", WORD, a_sheet())

    for post in (RedisPost(server.url, key=SECRET), FolderPost(folder, key=SECRET)):
        assert post.words(but_of="") == {}
        assert post.sheets(but_of="") == {}


def test_the_dead_are_struck_off_the_list(server: Server, in_redis: "redis.Redis") -> None:
    in_redis.sadd(TELLERS, "long dead")

    RedisPost(server.url, key=SECRET).words(but_of="")

    assert in_redis.scard(TELLERS) == 0


def test_what_a_dead_process_left_in_the_folder_is_deleted(tmp_path: Path) -> None:
    post = FolderPost(tmp_path, key=SECRET)
    post.lay("dead", WORD, None)
    [left] = tmp_path.iterdir()
    os.utime(left, (time.time() - 120,) * 2)

    post.words(but_of="")

    assert list(tmp_path.iterdir()) == []


def test_ended_claims_and_drafts_of_killed_processes_are_deleted(tmp_path: Path) -> None:
    before, now = time.time() - 120, FolderPost(tmp_path, key=SECRET)
    assert now.claim("openai/ended", 1.0)
    [ended] = tmp_path.iterdir()
    os.utime(ended, (before,) * 2)
    draft = tmp_path / "killed.word.draft"
    draft.touch()
    os.utime(draft, (before,) * 2)
    now.claim("openai/gpt-4o", 100.0)

    now.words(but_of="")

    [left] = tmp_path.iterdir()
    assert left != ended
    assert not now.claim("openai/gpt-4o", 100.0)
    assert now.claim("openai/ended", 1.0)


def test_of_many_that_claim_what_has_just_ended_one_has_it(tmp_path: Path) -> None:
    """Threads do for processes here: each opens the files for itself, as a process does."""
    posts = [FolderPost(tmp_path, key=SECRET) for _ in range(8)]
    together = Barrier(len(posts))

    def wins(post: FolderPost) -> bool:
        together.wait()
        return post.claim("openai/gpt-4o", 100.0)

    with ThreadPoolExecutor(len(posts)) as pool:
        won = []
        for _ in range(300):
            won.append(sum(pool.map(wins, posts)))
            [file] = tmp_path.iterdir()
            os.utime(file, (time.time() - 1000,) * 2)

    assert won == [1] * 300


def test_letters_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    FolderPost(tmp_path / "health", key=SECRET).lay("one", WORD, None)

    [laid] = (tmp_path / "health").iterdir()
    assert laid.stat().st_mode & 0o077 == 0


def test_a_dead_redis_is_no_answer_and_no_error() -> None:
    post = RedisPost("redis://127.0.0.1:1/0", key=SECRET)

    post.lay("one", WORD, a_sheet())

    assert post.words(but_of="") is None
    assert not post.claim("openai/gpt-4o", 1.0)


def test_a_frozen_redis_costs_one_short_wait_and_is_then_left_alone(
    server: Server, in_redis: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_redis_, "ANSWER_SECONDS", USUAL_ANSWER_SECONDS)
    monkeypatch.setattr(in_redis_, "REST_SECONDS", 60.0)  # else it is asked again meanwhile, where each takes its time
    post = RedisPost(server.url, key=SECRET)
    post.lay("one", WORD, None)

    with frozen(processes_of_valkey(server)):
        began = time.monotonic()
        answers = [post.words(but_of="") for _ in range(100)]
        waited = time.monotonic() - began

    assert answers == [None] * 100
    assert waited < IN_TIME_SECONDS


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "health").write_text("a file")
    post = FolderPost(tmp_path / "health", key=SECRET)

    for _ in range(3):
        post.lay("one", WORD, a_sheet())

    assert len(caplog.messages) == 1


def test_no_two_tellers_have_the_same_name() -> None:
    assert new_teller() != new_teller()
