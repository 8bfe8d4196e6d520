"""The configuration of the older program of our name: the YAML of Plexus 2, and the JSON of its later export and backup.

    providers: SLUG: api_base_url (an address, or one for each API type) api_key enabled headers timeoutMs maxConcurrency
                     models: [NAME], or NAME: pricing type access_via maxConcurrency
    models:    SLUG: additional_aliases sticky_session
                     selector targets: [provider model enabled], or target_groups: [name selector targets]

The same mappings as YAML, as JSON, and in a backup's `data`. Its first format, with lists, is that of `plexus`.
"""

from collections.abc import Sequence

from gateway.interchange.plexus_2 import vocabulary
from gateway.interchange.plexus_2.reading import read
from gateway.interchange.recognising import by_top_keys, has_mapping_at
from gateway.interchange.yaml_nodes import Node

__all__ = ["read", "recognises"]


def recognises(text: str, documents: Sequence[Node]) -> bool:
    """A backup, or mappings where the first format has lists."""
    is_backup = by_top_keys(vocabulary.BACKUP)
    return is_backup(text, documents) or has_mapping_at(("providers", "models"), documents)
