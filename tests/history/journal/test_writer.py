import resource
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from history.journal.homes import abandoned_homes, tidy
from history.journal.writer import Writer


def lines_of(root: Path) -> list[bytes]:
    files = sorted(root.glob("*/*.journal"))
    return [line for path in files for line in path.read_bytes().splitlines()]


def test_what_is_written_can_be_read_at_once_and_by_its_owner_only(tmp_path: Path) -> None:
    writer = Writer(tmp_path)

    writer.begin("a", b"one\n")
    writer.end("a", b"two\n")

    (file,) = tmp_path.glob("*/*.journal")
    assert file.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_large_segment_is_followed_by_another(tmp_path: Path) -> None:
    writer = Writer(tmp_path, segment_bytes=40)

    for number in range(10):
        writer.end(str(number), b"%09d\n" % number)

    assert [(extent.number, extent.size, extent.is_closed) for extent in writer.extents()] == [
        (1, 40, True),
        (2, 40, True),
        (3, 20, False),
    ]
    assert [extent.ended for extent in writer.extents()] == [4, 4, 2]
    assert lines_of(tmp_path) == [b"%09d" % number for number in range(10)]


def test_what_has_only_begun_is_not_counted_as_ended(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.begin("a", b"one\n")
    writer.note("a", b"two\n")
    writer.end("a", b"three\n")
    writer.close_segment()
    writer.begin("b", b"four\n")

    assert [extent.ended for extent in writer.extents()] == [1, 0]


def test_an_old_segment_is_followed_by_another(tmp_path: Path) -> None:
    writer = Writer(tmp_path, segment_seconds=0.0)

    writer.end("a", b"one\n")
    writer.sync()
    writer.end("b", b"two\n")
    writer.sync()

    assert len(writer.extents()) == 2


def test_threads_never_tear_each_others_lines(tmp_path: Path) -> None:
    writer = Writer(tmp_path, segment_bytes=5_000)

    def write(letter: bytes) -> None:
        for _ in range(500):
            writer.end("x", letter * 30 + b"\n")

    threads = [threading.Thread(target=write, args=[letter]) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = lines_of(tmp_path)
    assert len(lines) == 2_000
    assert set(lines) == {letter * 30 for letter in (b"a", b"b", b"c", b"d")}


def test_a_segment_knows_which_requests_wait_for_their_end(tmp_path: Path) -> None:
    writer = Writer(tmp_path, segment_bytes=1)

    writer.begin("a", b"begin\n")
    writer.note("a", b"attempt\n")
    assert [extent.unfinished for extent in writer.extents()] == [1, 1]

    writer.end("a", b"end\n")
    assert [extent.unfinished for extent in writer.extents()] == [0, 0, 0]


def test_a_request_that_lasts_is_told_again_so_that_its_segment_can_go(tmp_path: Path) -> None:
    writer = Writer(tmp_path, segment_bytes=1)
    writer.begin("a", b"begin a\n")
    writer.begin("b", b"begin b\n")
    writer.end("b", b"end b\n")

    writer.carry("a", [b"begin a\n"], 1)
    writer.carry("b", [b"begin b\n"], 2)

    assert lines_of(tmp_path)[-1] == b"begin a"
    assert [extent.unfinished for extent in writer.extents()] == [0, 0, 0, 1]


def test_a_full_journal_lets_end_what_has_begun_and_begins_nothing(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.begin("a", b"begin a\n")
    writer.is_full = True

    with pytest.raises(OSError, match="PLEXUS_JOURNAL_MAX_BYTES"):
        writer.begin("b", b"begin b\n")
    with pytest.raises(OSError, match="PLEXUS_JOURNAL_MAX_BYTES"):
        writer.end("b", b"end b\n")
    writer.end("a", b"end a\n")

    assert lines_of(tmp_path) == [b"begin a", b"end a"]


FILES_OF_100_BYTES = """
import resource, sys
from pathlib import Path
from history.journal.writer import Writer
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
writer, failed = Writer(Path(sys.argv[1])), 0
for number in range(20):
    try:
        writer.end(str(number), b"%029d\\n" % number)
    except OSError:
        failed += 1
print(failed)
"""


def test_a_file_that_takes_half_a_line_is_cut_back_and_left(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILES_OF_100_BYTES, str(tmp_path)], capture_output=True, text=True, check=True
    )

    lines = lines_of(tmp_path)
    assert len(lines) == 20 - int(done.stdout)
    assert len(lines) >= 15
    assert all(len(line) == 29 for line in lines)
    assert max(path.stat().st_size for path in tmp_path.glob("*/*.journal")) == 90
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100


def test_a_journal_is_taken_over_once_its_process_has_closed_it_and_not_before(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.end("a", b"one\n")

    assert list(abandoned_homes(tmp_path)) == []
    writer.close()
    first, second = list(abandoned_homes(tmp_path)), list(abandoned_homes(tmp_path))

    assert len(first) == 1
    assert second == [], "the first one holds it"
    first[0].leave()


def test_after_its_close_nothing_is_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.close()

    with pytest.raises(OSError, match="closed"):
        writer.end("a", b"one\n")


def test_what_is_done_goes_when_it_is_old_or_room_is_wanted_and_the_rest_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for number, suffix in enumerate(("done", "done", "done", "journal")):
        (home / f"{number}.{suffix}").write_bytes(b"x" * 100)
    now = (home / "0.done").stat().st_mtime + 5

    assert tidy(tmp_path, keep_seconds=60, max_bytes=1_000, now=now) == 400
    assert tidy(tmp_path, keep_seconds=60, max_bytes=250, now=now) == 200
    assert tidy(tmp_path, keep_seconds=1, max_bytes=250, now=now + 60) == 100
    assert [path.name for path in home.iterdir()] == ["3.journal"]
