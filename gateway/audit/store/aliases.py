"""All aliases, encoded as `gateway.audit.entries.encoded` does it, without making an entry of each target.

Every change to configuration compares all of it. With ten thousand aliases and a hundred thousand targets, rows and entries
cost 5 s; what they hold, straight from the database, costs a fifth. A test compares both, field by field.
"""

from collections import defaultdict
from typing import Any

import msgspec

from gateway.interchange.snapshot import ALIAS_FIELDS, SAID_IF_SET, TARGET_FIELDS, default_of
from providers.models import ProviderModel
from routing.models import Alias, Synonym, Target

Plain = dict[str, Any]  # Any: what JSON can hold
AT_ONCE = 2000


def encoded_aliases() -> dict[str, msgspec.Raw]:
    """Name -> the alias with its targets and synonyms, in order of their names."""
    targets, synonyms = _targets(), _synonyms()
    unsaid = {field: default_of(Alias(), field) for field in SAID_IF_SET}
    encode = msgspec.json.Encoder(order="sorted").encode
    found = {}
    for pk, name, *values in Alias.objects.values_list("pk", "name", *ALIAS_FIELDS).iterator(AT_ONCE):
        said = zip(ALIAS_FIELDS, values, strict=True)
        plain: Plain = {field: value for field, value in said if field not in unsaid or value != unsaid[field]}
        plain |= {"name": name, "synonyms": synonyms[pk], "targets": targets[pk]}
        found[name] = msgspec.Raw(encode(plain))
    return found


def _targets() -> dict[int, list[Plain]]:
    """Alias -> its targets, in order."""
    models = {pk: named for pk, *named in ProviderModel.objects.values_list("pk", "provider__name", "name")}
    aliases = dict(Alias.objects.values_list("pk", "name"))
    found = defaultdict(list)
    rows = Target.objects.order_by("tier", "position", "id")
    for alias, model, to_alias, endpoint, *values in rows.values_list(
        "alias_id", "model_id", "to_alias_id", "endpoint", *TARGET_FIELDS
    ).iterator(AT_ONCE):
        plain: Plain = dict(zip(TARGET_FIELDS, values, strict=True))
        if to_alias is not None:
            plain |= {"provider": "", "model": "", "to_alias": aliases[to_alias], "endpoint": ""}
        else:
            provider, name = models[model]
            plain |= {"provider": provider, "model": name, "to_alias": "", "endpoint": endpoint}
        found[alias].append(plain)
    return found


def _synonyms() -> dict[int, list[Plain]]:
    found = defaultdict(list)
    for alias, name in Synonym.objects.order_by("name").values_list("alias_id", "name"):
        found[alias].append({"name": name})
    return found
