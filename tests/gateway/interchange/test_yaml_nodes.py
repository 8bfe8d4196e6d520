from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.interchange import IMPORTERS
from gateway.interchange.yaml_nodes import Items, Keys, MalformedYAML, Node, Scalar, nodes_of


def plain(node: Node | None) -> object:
    """What a node stands for, without its lines."""
    match node:
        case Scalar(value=value):
            return value
        case Items(nodes=nodes):
            return [plain(item) for item in nodes]
        case Keys(nodes=by_key):
            return {key: plain(value) for key, value in by_key.items()}
    return None


def refusal(text: str) -> MalformedYAML:
    with pytest.raises(MalformedYAML) as caught:
        nodes_of(text)
    return caught.value


def test_scalars_lists_and_mappings_come_out_with_their_types() -> None:
    node = nodes_of("a: [1, 2.5, true, ~, 'x']\nb: {c: d}\n")

    assert plain(node) == {"a": [1, 2.5, True, None, "x"], "b": {"c": "d"}}


def test_every_key_knows_its_line() -> None:
    node = nodes_of("a: 1\nb:\n  - 2\n")

    assert isinstance(node, Keys)
    assert node.lines == {"a": 1, "b": 2}


def test_a_date_is_text_since_models_are_called_so() -> None:
    assert plain(nodes_of("2026-08-06")) == "2026-08-06"


def test_a_merge_gives_what_the_mapping_does_not_say_itself() -> None:
    node = nodes_of("a: &base {x: 1, y: 2}\nb: {<<: *base, y: 3}\n")

    assert plain(node) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def test_an_empty_text_is_no_document() -> None:
    assert nodes_of("# nothing\n") is None


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    wrong = refusal("a: 1\nb: 2\na: 3\n")

    assert wrong.line == 3
    assert wrong.message == "The key “a” stands here already, on line 1."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: !!python/object/apply:os.system ['true']", 1),
        ("a: 1\nb: !secret x", 2),
        ("a: 1\nb: [1, 2", 2),
        ("a: .nan", 1),
        ("a: 1\n---\nb: 2", 2),
        ("? [1, 2]\n: 3", 1),
        ("a: *b", 1),
        ("a: &a [*a]", 1),
        ('a: 1\nb: "\\0"', 2),
        ('a: "\\ud800"', 1),
        ("!!int ''", 1),
        ("a: " + "9" * 5000, 1),
        ("[" * 5000, 1),
        ("<<: 4", 1),
    ],
)
def test_what_we_do_not_read_is_refused_with_its_line(text: str, line: int) -> None:
    assert refusal(text).line == line


def test_references_that_unfold_into_millions_are_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )

    assert "unfold" in refusal(bomb).message


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#%@`?,. \n\t\0\ud800é1.<~")))
def test_no_text_makes_an_importer_raise(text: str) -> None:
    for importer in IMPORTERS.values():
        importer.read(text)


def test_no_broken_example_makes_an_importer_raise() -> None:
    for file in (Path(__file__).parents[3] / "examples").glob("*.yaml"):
        text = file.read_text()
        for end in range(0, len(text), 7):
            IMPORTERS["plexus"].read(text[:end])
