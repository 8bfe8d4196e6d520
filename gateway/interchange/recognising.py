"""Whose file a text is: by a look at its keys. The file need not be well-formed."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from gateway.interchange.yaml_nodes import Keys, Node

Recognise: TypeAlias = Callable[[str, Sequence[Node]], bool]
"""One format: the text, and the documents in it; none when it is not well-formed."""


def by_top_keys(*keys: str) -> Recognise:
    """A file with one of these keys at the top of a document; at the beginning of a line where it is not well-formed."""
    pattern = re.compile(rf"^[\"']?(?:{'|'.join(keys)})[\"']?[ \t]*:", re.MULTILINE)

    def recognises(text: str, documents: Sequence[Node]) -> bool:
        return bool(top_keys(documents) & {*keys}) if documents else pattern.search(text) is not None

    return recognises


def top_keys(documents: Sequence[Node]) -> set[str]:
    """The keys at the top of all documents."""
    return {key for document in documents if isinstance(document, Keys) for key in document.nodes}


def has_mapping_at(keys: Collection[str], documents: Sequence[Node]) -> bool:
    """Whether a mapping stands under one of these keys, at the top."""
    return any(
        isinstance(document.nodes.get(key), Keys)
        for document in documents
        if isinstance(document, Keys)
        for key in keys
    )
