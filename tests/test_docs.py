"""The documents name what there is: every setting, error code, selector, endpoint and API word."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from gateway.errors import GatewayError
from gateway.interchange import IMPORTERS
from gateway.management.history_worker import WORKER_NEEDED
from gateway.urls import urlpatterns
from providers.errors import UpstreamError
from providers.wire import FORMATS
from routing import conditions
from routing.models import Alias
from routing.selection import SELECTORS

ROOT = Path(__file__).parent.parent
DOCS = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
SETTINGS_PY = (ROOT / "plexus_site" / "settings.py").read_text()
SETTINGS = sorted({*re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', SETTINGS_PY), "PLEXUS_ENV_FILE"})
MALFORMED_CODES = sorted(
    set(
        re.findall(
            r'Malformed(?:Call)?\(\s*"(\w+)"',
            "".join(path.read_text() for path in (ROOT / "providers" / "wire").glob("*.py")),
        )
    )
)


def kinds_of(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds_of(kind)


def codes() -> list[str]:
    gateway = {kind.code for kind in kinds_of(GatewayError) if "code" in vars(kind)}  # type: ignore[attr-defined]
    upstream = {kind.code for kind in kinds_of(UpstreamError)}  # type: ignore[attr-defined]
    return sorted((gateway | upstream) - {"forbidden"})  # nobody raises Forbidden itself


def test_there_is_something_to_hold() -> None:
    assert len(SETTINGS) > 15
    assert len(codes()) > 20
    assert len(MALFORMED_CODES) >= 5


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_documented(setting: str) -> None:
    assert f"`{setting}`" in DOCS["settings.md"]


@pytest.mark.parametrize("setting", [name for name in SETTINGS if name != "PLEXUS_ENV_FILE"])
def test_every_setting_stands_in_the_example(setting: str) -> None:
    assert re.search(rf"^#?{setting}=", (ROOT / ".env.example").read_text(), re.MULTILINE)


@pytest.mark.parametrize("setting", re.findall(r"^\| `([A-Z_]+)`", DOCS["settings.md"], re.MULTILINE))
def test_every_documented_setting_exists(setting: str) -> None:
    elsewhere = (ROOT / "docker-compose.yml").read_text()

    assert setting in SETTINGS or setting in elsewhere


@pytest.mark.parametrize("code", codes() + MALFORMED_CODES)
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in DOCS["api.md"]


@pytest.mark.parametrize("code", re.findall(r"`((?:upstream|key|model|request|invalid|json)_\w+)`", DOCS["api.md"]))
def test_every_documented_error_code_exists(code: str) -> None:
    assert code in codes() + MALFORMED_CODES


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_is_documented(name: str) -> None:
    assert f"| `{name}` |" in DOCS["routing.md"]


@pytest.mark.parametrize("name", conditions.LABELS)
def test_every_condition_is_documented(name: str) -> None:
    assert f"| `{name}` |" in DOCS["routing.md"]


@pytest.mark.parametrize("pattern", urlpatterns, ids=str)
def test_every_endpoint_is_documented(pattern: object) -> None:
    path = str(pattern.pattern).replace("^/?(?:v1/)?", "/v1/").removesuffix("/?$")  # type: ignore[attr-defined]
    path = re.sub(r"\(\?P<(\w+)>.*?\)", r"{\1}", path)

    assert (path if path.startswith("/") else f"/{path}") in DOCS["api.md"]


@pytest.mark.parametrize("registry", [SELECTORS, FORMATS, IMPORTERS], ids=["SELECTORS", "FORMATS", "IMPORTERS"])
def test_every_registry_is_explained(registry: object) -> None:
    names = {id(SELECTORS): "SELECTORS", id(FORMATS): "FORMATS", id(IMPORTERS): "IMPORTERS"}

    assert names[id(registry)] in DOCS["extending.md"]


@pytest.mark.parametrize("held_by", re.findall(r"`(tests/[\w/.]+::\w+)`", DOCS["routing.md"]))
def test_every_test_that_the_documents_name_exists(held_by: str) -> None:
    file, _, name = held_by.partition("::")

    assert f"def {name}(" in (ROOT / file).read_text()


def test_the_worker_beside_serve_also_forgets_what_is_old() -> None:
    assert "`celery -A plexus_site worker -B`" in (ROOT / "README.md").read_text()
    assert "celery -A plexus_site worker -B" in WORKER_NEEDED


@pytest.mark.parametrize("name", sorted(DOCS))
def test_no_link_between_documents_is_dead(name: str) -> None:
    for target in re.findall(r"\]\(([\w./-]+)", DOCS[name]):
        assert (ROOT / "docs" / target).exists(), f"{name} points at {target}"


@pytest.mark.django_db
def test_the_documented_file_is_imported_as_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DOCS["configuration.md"].split("```yaml\n")[1].split("```")[0]
    file = tmp_path / "plexus.yaml"
    file.write_text(text)

    call_command("import_config", str(file))

    said = capsys.readouterr().out
    assert "ignored" not in said
    assert Alias.objects.get(name="smart").targets.count() == 3
