"""What holds for every foreign format, by way of the command."""

import io
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from gateway.interchange import IMPORTERS, NATIVE, format_of
from providers.models import Provider
from routing.models import Alias

WRONG = {
    "plexus-2": "providers:\n  openai: {api_base_url: 'https://api.openai.com/v1'}\nmodels:\n  fast: {targets: 5}",
    "plano": "llm_providers:\n  - {model: openai/a}\nmodel_aliases:\n  fast: {target: b}",
    "agentgateway": "llm:\n  models:\n    - {name: a, provider: openai}\n    - {name: b, provider: {reference: c}}",
    "litellm": "model_list:\n  - {model_name: a, litellm_params: {model: openai/a}}\n\n  - {model_name: b, litellm_params: 5}",
}
"""Right, but for line 4."""


def test_every_foreign_format_is_here() -> None:
    assert WRONG.keys() == IMPORTERS.keys() - {NATIVE}


@pytest.mark.django_db
@pytest.mark.parametrize("format", WRONG)
def test_a_wrong_file_changes_nothing_and_is_told_by_its_line(format: str, tmp_path: Path) -> None:
    file, errors = tmp_path / "config.yaml", io.StringIO()
    file.write_text(WRONG[format])

    with pytest.raises(CommandError, match="Refused for 1 reason; nothing was changed"):
        call_command("import_config", str(file), stderr=errors)

    assert format_of(WRONG[format]) == format
    assert "(line 4): " in errors.getvalue()
    assert not Provider.objects.exists()
    assert not Alias.objects.exists()


@pytest.mark.parametrize(
    "text", ["\n" * 200_000 + "[", "\t" * 200_000 + "[", "kubectl " + "<<a " * 50_000 + "!", "{{< " * 50_000]
)
def test_nobody_can_hold_up_the_import_by_what_a_file_begins_with(text: str) -> None:
    begin = time.process_time()

    IMPORTERS[format_of(text)].read(text)
    IMPORTERS["agentgateway"].read(text)

    # It takes milliseconds; what grows with the square of the length would take minutes.
    assert time.process_time() - begin < 5
