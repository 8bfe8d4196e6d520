"""The keys of one mapping in a file, taken one by one.

What has the wrong type is refused, with its path, its line and what was expected; what nobody took is ignored, and said
to be. Every value that was there leaves its place behind, so that a rule that is broken later can name it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gateway.interchange.document import ABSENT, Said
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.slips import nearest, refusal
from gateway.interchange.yaml_nodes import Items, Keys, Node, Scalar, plain_value


class Fields:
    """The keys of one mapping. `into` is the name under which the place of a key is kept: that of our own field."""

    def __init__(self, node: Keys, path: str, findings: list[Finding]) -> None:
        self.path = path
        self.findings = findings
        self.where: dict[str, Place] = {"": Place(path=path, line=node.line)}
        self._node = node
        self._left = dict(node.nodes)

    def __contains__(self, key: str) -> bool:
        return key in self._node.nodes

    def node(self, key: str) -> Node | None:
        """What stands under a key, which stays where it is: for keys that take more than one shape."""
        return self._node.nodes.get(key)

    def line_below(self, key: str, inner: str) -> int:
        """The line of a key in the mapping under another one."""
        node = self._node.nodes.get(key)
        return node.lines.get(inner, node.line) if isinstance(node, Keys) else self._node.line

    def place(self, key: str) -> Place:
        path = f"{self.path}.{key}" if self.path else key
        return Place(path=path, line=self._node.lines.get(key, self._node.line))

    def note(self, kind: Kind, key: str, message: str) -> None:
        """Say something about a key of this mapping."""
        self.findings.append(Finding(kind=kind, place=self.place(key), message=message))

    # Taking values: ABSENT when the key is not there, and when its value is refused

    def text(self, key: str, into: str) -> Said[str]:
        """Text; null is empty text."""
        node = self._take(key, into)
        match node:
            case Scalar(value=str() as text):
                return text
            case Scalar(value=None):
                return ""
            case Node():
                self._refuse(key, "text", node)
        return ABSENT

    def required_text(self, key: str, into: str) -> str:
        """Text that must be there and not be empty. "" after a refusal."""
        before = len(self.findings)
        text = self.text(key, into)
        if text not in (ABSENT, ""):
            return text
        if len(self.findings) == before:
            self.note(Kind.REFUSED, key, "It is missing.")
        return ""

    def choice(self, key: str, into: str, choices: Collection[str]) -> Said[str]:
        """One word of `choices`."""
        text = self.text(key, into)
        if text is ABSENT or text in choices:
            return text
        self.note(Kind.REFUSED, key, f"Expected one of {', '.join(choices)}; found “{text}”.")
        return ABSENT

    def choice_or_off(self, key: str, into: str, choices: Collection[str]) -> Said[str]:
        """As `choice`, with `off` among them: YAML 1.1 reads a bare off as false."""
        node = self._node.nodes.get(key)
        if isinstance(node, Scalar) and node.value is False:
            self._take(key, into)
            return "off"
        return self.choice(key, into, choices)

    def flag(self, key: str, into: str) -> Said[bool]:
        """true or false."""
        node = self._take(key, into)
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        if node is not None:
            self._refuse(key, "true or false", node)
        return ABSENT

    def number(self, key: str, into: str) -> Said[float | None]:
        """A finite number; null is none."""
        node = self._take(key, into)
        match node:
            case Scalar(value=bool()):
                self._refuse(key, "a number", node)
            case Scalar(value=None):
                return None
            case Scalar(value=int() | float() as number):
                return number
            case Node():
                self._refuse(key, "a number", node)
        return ABSENT

    def whole_number(self, key: str, into: str, cure: str = "") -> Said[int | None]:
        """A whole number, 70.0 included; null is none. `cure`: what to write instead of half a one."""
        number = self.number(key, into)
        if number is ABSENT or number is None:
            return number
        if number != int(number):
            self.note(Kind.REFUSED, key, f"Expected a whole number, found {number:g}.{cure and f' {cure}'}")
            return ABSENT
        return int(number)

    def texts(self, key: str, into: str) -> Said[list[str]]:
        """A list of texts; null is an empty one."""
        if key not in self:
            return ABSENT
        return [text for _, text in self.placed_texts(key, into)]

    def placed_texts(self, key: str, into: str) -> Iterator[tuple[Place, str]]:
        """The texts of a list, each with its place."""
        for path, node in self.items(key, into):
            place = Place(path=path, line=node.line)
            if isinstance(node, Scalar) and isinstance(node.value, str):
                yield place, node.value
            else:
                self.findings.append(refusal(place, "text", node))

    def items(self, key: str, into: str = "") -> Sequence[tuple[str, Node]]:
        """The items of a list, each with its path; none when the key is not there, null or refused."""
        node = self._take(key, into)
        match node:
            case Items(nodes=nodes):
                path = self.place(key).path
                return [(f"{path}[{index}]", item) for index, item in enumerate(nodes)]
            case None | Scalar(value=None):
                return []
        self._refuse(key, "a list", node)
        return []

    def items_at(self, key: str) -> Sequence[Node]:
        """The items of a list, which stays where it is; none when there is no list."""
        node = self._node.nodes.get(key)
        return node.nodes if isinstance(node, Items) else ()

    def mappings(self, key: str, into: str = "") -> Iterator["Fields"]:
        """The mappings in a list; anything else in it is refused."""
        for path, node in self.items(key, into):
            if isinstance(node, Keys):
                yield Fields(node, path, self.findings)
            else:
                self.findings.append(refusal(Place(path=path, line=node.line), "a mapping", node))

    def inner(self, key: str, into: str = "") -> "Fields | None":
        """The mapping under a key; an empty one for null. None when the key is not there or refused."""
        node = self._take(key, into)
        match node:
            case Keys():
                return Fields(node, self.place(key).path, self.findings)
            case Scalar(value=None):
                return Fields(Keys(nodes={}, lines={}, line=node.line), self.place(key).path, self.findings)
            case Node():
                self._refuse(key, "a mapping", node)
        return None

    def each_below(self, key: str, into: str = "") -> Iterator[tuple["Fields", str]]:
        """The mapping under a key with each of its keys in turn; nothing when it is not there or refused."""
        inner = self.inner(key, into)
        if inner is not None:
            yield from ((inner, name) for name in inner.names())

    def anything_below(self, key: str, into: str) -> Said[dict[str, Any]]:  # Any: what YAML can hold
        """The mapping under a key, as it is; an empty one for null."""
        node = self._take(key, into)
        match node:
            case Keys():
                return {name: plain_value(inner) for name, inner in node.nodes.items()}
            case Scalar(value=None):
                return {}
            case Node():
                self._refuse(key, "a mapping", node)
        return ABSENT

    def names(self) -> list[str]:
        """The keys that nobody took yet."""
        return list(self._left)

    def ignore(self, key: str, reason: str) -> None:
        """Take a key and say why it means nothing here. Nothing is said when it is not there."""
        if self._left.pop(key, None) is not None:
            self.note(Kind.IGNORED, key, reason)

    def ignore_each(self, reasons: Mapping[str, str]) -> None:
        """As `ignore`, of every key that has a reason."""
        for key, reason in reasons.items():
            self.ignore(key, reason)

    def refuse_if_missing(self, key: str) -> None:
        """A key that must be there. What stands under it is judged by whoever takes it."""
        if key not in self:
            self.note(Kind.REFUSED, key, "It is missing.")

    def refuse(self, key: str, reason: str) -> None:
        """Take a key that may not be here. Nothing is said when it is not."""
        if self._left.pop(key, None) is not None:
            self.note(Kind.REFUSED, key, reason)

    def ignore_the_rest(self, known: Collection[str] = ()) -> None:
        """Say of every key that nobody took that it is not known. `known`: where to look for a slip of the pen."""
        for key in self.names():
            near = nearest(key, known)
            hint = f" Did you mean {near}?" if near else ""
            self.ignore(key, f"This key is not known.{hint}")

    def _take(self, key: str, into: str) -> Node | None:
        node = self._left.pop(key, None)
        if node is not None and into:
            self.where[into] = self.place(key)
        return node

    def _refuse(self, key: str, expected: str, node: Node) -> None:
        self.findings.append(refusal(self.place(key), expected, node))
