"""manage.py on a machine with Python and nothing else: run for real, on a project of two small packages and no index."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from plexus_site import bootstrap, installer

BARE_PYTHON = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"

PROJECT = """
[project]
name = "tiny"
version = "1"
dependencies = []
[project.optional-dependencies]
dev = ["tiny-dev"]
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

NEWER = PROJECT + "# Any change makes an environment stale."

BACKEND = '''
"""Builds a wheel that holds a stand-in for Django; it needs neither setuptools nor an index."""
import zipfile

FILES = {
    "django/__init__.py": "",
    "django/core/__init__.py": "",
    "django/core/exceptions.py": "class ImproperlyConfigured(Exception): pass",
    "django/core/management.py": "import sys\\ndef execute_from_command_line(argv): print(sys.prefix, *argv[1:])",
    "tiny-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\nProvides-Extra: dev",
    "tiny-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any",
}

def build_editable(directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{directory}/tiny-1-py3-none-any.whl", "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text + "\\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "".join(f"{name},,\\n" for name in FILES))
    return "tiny-1-py3-none-any.whl"
'''


class Tree:
    """A folder with our manage.py and a project that pip installs in a second."""

    def __init__(self, folder: Path, *, backend: str = BACKEND, project: str = PROJECT) -> None:
        self.folder = folder
        shutil.copytree(bootstrap.ROOT / "plexus_site", folder / "plexus_site")
        shutil.copy(bootstrap.ROOT / "manage.py", folder)
        (folder / "pyproject.toml").write_text(project)
        (folder / "backend.py").write_text(backend)

    def start(self, *words: str, python: Path = BARE_PYTHON, venv: Path | None = None) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PLEXUS_", "DJANGO_"))}
        if venv:
            environ["PLEXUS_VENV"] = str(venv)
        return subprocess.Popen(
            [python, "manage.py", *words], cwd=self.folder, env={**environ, "PIP_NO_INDEX": "1"}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def run(self, *words: str, python: Path = BARE_PYTHON, venv: Path | None = None) -> tuple[int, str, str]:
        """Exit code, what it printed, and what it said on stderr."""
        return ended(self.start(*words, python=python, venv=venv))


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    printed, said = process.communicate(timeout=300)
    return process.returncode, printed.strip(), said


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """One whose environment was made by two processes that started at the same moment."""
    knows_django = subprocess.run([BARE_PYTHON, "-c", "import django"], capture_output=True, check=False)
    if knows_django.returncode == 0:
        pytest.skip(f"{BARE_PYTHON} has Django of its own, so manage.py makes no environment for it")
    tree = Tree(tmp_path_factory.mktemp("tree") / "project")

    both = [tree.start("hello"), tree.start("hello")]
    for exit_code, printed, said in map(ended, both):
        assert (exit_code, printed) == (0, f"{tree.folder / '.venv'} hello"), said
    return tree


def test_two_first_starts_at_once_make_one_environment_between_them(tree: Tree) -> None:
    # What the fixture asserts; here, that nothing else was left behind.
    assert {path.name for path in tree.folder.glob(".*")} == {".venv"}


def test_a_second_start_installs_nothing(tree: Tree) -> None:
    exit_code, printed, said = tree.run("hello", "again")

    assert (exit_code, printed, said) == (0, f"{tree.folder / '.venv'} hello again", "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_what_is_said(tmp_path: Path) -> None:
    read_only = Tree(tmp_path / "project")
    read_only.folder.chmod(0o555)

    exit_code, _, said = read_only.run("hello")

    assert exit_code == 1
    assert f"{read_only.folder} is no folder that this user may write to" in said
    assert "python3-venv" not in said


def test_an_environment_that_has_no_place_is_said_in_a_sentence(tree: Tree) -> None:
    no_folder = tree.folder / "pyproject.toml"

    exit_code, _, said = tree.run("hello", venv=no_folder / "venv")

    assert exit_code == 1
    assert f"{no_folder} is no folder that this user may write to" in said
    assert said.count("\n") == 1


def test_an_installation_that_was_killed_is_made_again(tree: Tree) -> None:
    (tree.folder / ".venv" / ".plexus-installed").write_text(bootstrap.UNFINISHED)
    shutil.rmtree(tree.folder / ".venv" / "lib")

    exit_code, printed, said = tree.run("hello")

    assert (exit_code, printed) == (0, f"{tree.folder / '.venv'} hello")
    assert "Making the environment .venv" in said
    assert "Installed in" in said


def test_an_installer_error_is_shown_in_full_with_the_cure(tree: Tree, tmp_path: Path) -> None:
    broken = Tree(tmp_path / "project", backend="raise RuntimeError('the moon is in the wrong house')", project=NEWER)

    exit_code, _, said = broken.run("hello", venv=tree.folder / ".venv")

    assert exit_code == 1
    assert "the moon is in the wrong house" in said
    assert said.strip().endswith("See to what the installer says above, then run the same command again.")
    assert tree.run("hello")[0] == 0, "the environment is as it was"


def test_ctrl_c_while_it_installs_prints_no_traceback(tree: Tree, tmp_path: Path) -> None:
    endless = Tree(tmp_path / "project", backend="import time; time.sleep(60)", project=NEWER)

    process = endless.start("hello", venv=tree.folder / ".venv")
    assert process.stderr is not None
    heading = process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    exit_code, _, said = ended(process)

    assert heading.startswith("Installing Plexus")
    assert exit_code == 130
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "project", "missing", "cure"),
    [
        (["hello"], PROJECT.replace("[]", '["celery>=5.7,<6"]', 1), "has Django but not celery.", "-e '.'"),
        (["test"], PROJECT, "has Django but not tiny-dev.", "-e '.[dev]'"),
    ],
)
def test_somebody_elses_environment_is_told_what_it_lacks(
    tree: Tree, tmp_path: Path, words: Sequence[str], project: str, missing: str, cure: str
) -> None:
    other = Tree(tmp_path / "project", project=project)

    exit_code, _, said = other.run(*words, python=tree.folder / ".venv/bin/python")

    assert exit_code == 1
    assert missing in said
    assert f"pip install {cure}" in said
    assert not (other.folder / ".venv").exists()


def test_somebody_elses_environment_that_has_all_is_used_as_it_is(tree: Tree, tmp_path: Path) -> None:
    other = Tree(tmp_path / "project")

    exit_code, printed, said = other.run("hello", python=tree.folder / ".venv/bin/python")

    assert (exit_code, printed, said) == (0, f"{tree.folder / '.venv'} hello", "")


def test_an_older_python_is_told_so_in_a_sentence() -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); runpy.run_path('manage.py', run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", pretend], cwd=bootstrap.ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Plexus needs Python 3.11 or newer")
    assert done.stderr.count("\n") == 1


def test_a_wrong_setting_stops_the_start_with_a_sentence_that_names_it() -> None:
    environ = {**os.environ, "PLEXUS_LOG_LEVEL": "loud"}

    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=bootstrap.ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("Plexus cannot start: PLEXUS_LOG_LEVEL")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("argv", "extras"), [(["manage.py", "test", "-x"], ("dev",)), (["manage.py"], ())])
def test_only_the_test_command_needs_the_development_extras(argv: Sequence[str], extras: tuple[str, ...]) -> None:
    assert bootstrap.extras_for(argv) == extras


def test_the_stamp_changes_with_the_project_the_python_and_the_extras() -> None:
    stamps = {
        bootstrap.stamp_for(extras, pyproject=pyproject, version=version)
        for extras in ((), ("dev",))
        for pyproject in (b"one", b"two")
        for version in ("3.11", "3.13")
    }

    assert len(stamps) == 8


def test_nothing_is_missing_where_the_suite_runs() -> None:
    assert bootstrap.missing_requirements(bootstrap.PYPROJECT.read_bytes(), ("dev",)) == []


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("ERROR: [Errno 28] No space left on device", "Free some disk space"),
        ("Failed to establish a new connection: Temporary failure in name resolution", "The package index could not"),
        ("error: subprocess-exited-with-error", "See to what the installer says above"),
    ],
)
def test_each_installer_error_has_its_cure(said: str, cure: str) -> None:
    assert installer.cure_for(said).startswith(cure)
