"""YAML text -> nodes that know their lines.

Stricter and more careful than a plain load: a key that stands twice in a mapping, a tag, text that no database can hold and
a file that unfolds into millions of nodes (`&a [*b, *b, …]`) are refused, each with its line; so is a second document, where
there may be one only.
Only scalars, lists and mappings come out, so no YAML can make this process do anything.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from providers.texts import UNWRITABLE

LIMIT_BYTES: Final = 16 * 1024 * 1024
LIMIT_DEPTH: Final = 32
LIMIT_UNFOLDED_NODES: Final = 100_000
"""How many nodes may come from references (`*name`), all together."""
LIMIT_DIGITS: Final = 100

_Events: Final = yaml.CLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""Only their parser is used, never their constructors."""
_PREFIX: Final = "tag:yaml.org,2002:"
_construct: Final = yaml.constructor.SafeConstructor()
_resolver: Final = yaml.resolver.Resolver()

ScalarValue = str | int | float | bool | None


class MalformedYAML(ValueError):
    """The text is not YAML that we read."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        """Counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value in the file."""

    line: int
    size: int = field(default=1, compare=False)
    """Nodes in it, itself included, references unfolded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(Node):
    value: ScalarValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Node):
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys(Node):
    nodes: dict[str, Node]
    lines: dict[str, int]
    """Where each key stands."""


def plain_value(node: Node) -> Any:  # Any: what YAML can hold
    """The value itself, as JSON would have it."""
    match node:
        case Keys(nodes=nodes):
            return {name: plain_value(inner) for name, inner in nodes.items()}
        case Items(nodes=items):
            return [plain_value(item) for item in items]
        case Scalar(value=value):
            return value
    raise TypeError(node)


def nodes_of(text: str) -> Node | None:
    """The one document in `text`, or None when it is empty. Raises MalformedYAML."""
    return next(iter(documents_of(text, most=1)), None)


def documents_of(text: str, *, most: int | None = None, infinity_is_none: bool = False) -> list[Node]:
    """Every document in `text`, with the lines of the whole. Raises MalformedYAML.

    `infinity_is_none`: the format writes .inf where it means that there is no bound.
    """
    if len(text) > LIMIT_BYTES:
        raise MalformedYAML(f"The document is larger than {LIMIT_BYTES:,} bytes.")
    try:
        return _Composing(text, infinity_is_none=infinity_is_none).documents(most)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        # The parser places an end that comes too early on the line after the last one.
        line = min(mark.line + 1, len(text.splitlines())) if mark else None
        raise MalformedYAML(f"This is not YAML: {exc.problem}.", line) from exc
    except (yaml.YAMLError, UnicodeError) as exc:
        raise MalformedYAML("This is not YAML: it has characters that no YAML may hold.") from exc


class _Composing:
    """One text on its way from the parser's events to nodes."""

    def __init__(self, text: str, *, infinity_is_none: bool) -> None:
        self._events = yaml.parse(text, Loader=_Events)
        self._infinity_is_none = infinity_is_none
        self._anchors: dict[str, Node] = {}
        self._unfolded = 0
        self._depth = 0

    def documents(self, most: int | None) -> list[Node]:
        next(self._events)  # the stream begins
        documents: list[Node] = []
        while not isinstance(begin := next(self._events), yaml.StreamEndEvent):
            if len(documents) == most:
                raise MalformedYAML("A second document begins here. Send each on its own.", _line(begin))
            documents.append(self._node(next(self._events)))
            next(self._events)  # the document ends
            self._anchors.clear()  # a reference does not reach across documents
        return documents

    def _node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._reference(event)
        node = self._fresh_node(event)
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _fresh_node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(value=_value(event, infinity_is_none=self._infinity_is_none), line=_line(event))
        self._depth += 1
        if self._depth > LIMIT_DEPTH:
            raise MalformedYAML(f"This is nested deeper than {LIMIT_DEPTH} levels.", _line(event))
        _refuse_tag(event)
        node = self._items(event) if isinstance(event, yaml.SequenceStartEvent) else self._keys(event)
        self._depth -= 1
        return node

    def _reference(self, event: yaml.AliasEvent) -> Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            raise MalformedYAML(f"“*{event.anchor}” refers to nothing before it.", _line(event))
        self._unfolded += node.size
        if self._unfolded > LIMIT_UNFOLDED_NODES:
            raise MalformedYAML("The references (*name) unfold into too much. Write it out, or in parts.", _line(event))
        return node

    def _items(self, start: yaml.Event) -> Items:
        nodes = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            nodes.append(self._node(event))
        return Items(nodes=tuple(nodes), line=_line(start), size=1 + sum(node.size for node in nodes))

    def _keys(self, start: yaml.Event) -> Keys:
        nodes: dict[str, Node] = {}
        lines: dict[str, int] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise MalformedYAML("A key must be plain text.", _line(event))
            node = self._node(next(self._events))
            if event.value == "<<" and event.implicit[0]:
                merged.append(node)
                continue
            key = _storable(event.value, event)
            if key in nodes:
                raise MalformedYAML(f"The key “{key}” stands here already, on line {lines[key]}.", _line(event))
            nodes[key], lines[key] = node, _line(event)
        for node in merged:
            _merge(node, nodes, lines)
        return Keys(nodes=nodes, lines=lines, line=_line(start), size=1 + sum(node.size for node in nodes.values()))


def _merge(node: Node, nodes: dict[str, Node], lines: dict[str, int]) -> None:
    """Take from a `<<` what the mapping does not say itself. https://yaml.org/type/merge.html"""
    for source in node.nodes if isinstance(node, Items) else [node]:
        if not isinstance(source, Keys):
            raise MalformedYAML("“<<” takes a mapping, or a list of mappings.", node.line)
        for key, value in source.nodes.items():
            nodes.setdefault(key, value)
            lines.setdefault(key, source.lines[key])


def _value(event: yaml.ScalarEvent, *, infinity_is_none: bool) -> ScalarValue:
    tag: str = event.tag or "!"
    if tag == "!":
        tag = _resolver.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]  # PyYAML
    node = yaml.ScalarNode(tag, event.value)
    kind = tag.removeprefix(_PREFIX)
    if kind in ("int", "float") and len(event.value) > LIMIT_DIGITS:
        raise MalformedYAML(f"This number has more than {LIMIT_DIGITS} digits.", _line(event))
    try:
        match kind:
            case "str" | "timestamp" | "value":  # a date is text here: models have names like 2026-08-06
                return _storable(event.value, event)
            case "null":
                return None
            case "bool":
                return bool(_construct.construct_yaml_bool(node))
            case "int":
                return int(_construct.construct_yaml_int(node))
            case "float" if math.isfinite(number := _construct.construct_yaml_float(node)):
                return float(number)
            case "float" if infinity_is_none and number == math.inf:
                return None
    except MalformedYAML:
        raise
    except (ValueError, LookupError) as exc:
        raise MalformedYAML("This cannot be read as its tag says.", _line(event)) from exc
    raise MalformedYAML("Only text, finite numbers, true, false and null are read here.", _line(event))


def _refuse_tag(event: yaml.Event) -> None:
    tag = getattr(event, "tag", None)
    if tag not in (None, "!", f"{_PREFIX}seq", f"{_PREFIX}map"):
        raise MalformedYAML("Tags (!name) are not read.", _line(event))


def _storable(text: str, event: yaml.Event) -> str:
    if UNWRITABLE.search(text):
        raise MalformedYAML("This text holds a control character or half of a surrogate pair.", _line(event))
    return text


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1  # type: ignore[union-attr]  # the parser marks every event
