"""The registry of wire formats."""

from __future__ import annotations

from providers import wire


def test_every_format_has_a_path_of_its_own() -> None:
    paths = [format.path for format in wire.FORMATS.values()]

    assert len(set(paths)) == len(paths)
    assert all(path.startswith("/") for path in paths)


def test_choices_are_names_with_labels() -> None:
    assert ("chat", "Chat completions") in wire.choices()
    assert [name for name, _ in wire.choices()] == list(wire.FORMATS)
