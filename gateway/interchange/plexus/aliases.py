"""`models:` of Plexus's YAML, which are our aliases, each with its targets -> entries of a Document."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.interchange.document import ABSENT, AliasEntry, SynonymEntry, TargetEntry, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind
from gateway.interchange.plexus import vocabulary as words
from routing.selection import SELECTORS

_WHOLE_WEIGHTS: Final = "Weights are shares: instead of 0.7 and 0.3 write 70 and 30."


def read_alias(fields: Fields) -> AliasEntry:
    """One of `models:`."""
    fields.ignore("apiMatch", "Every target is asked in the API that the client spoke, so there is nothing to match.")
    entry = AliasEntry(
        name=fields.required_text("alias", "name"),
        description=fields.text("description", "description"),
        enabled=fields.flag("enabled", "enabled"),
        listed=fields.flag("listed", "listed"),
        is_default=fields.flag("default", "is_default"),
        selector=fields.choice("selector", "selector", dict.fromkeys(SELECTORS)),
        weight_mode=fields.choice("weightMode", "weight_mode", words.WEIGHT_MODES),
        answer_model=fields.choice("answerModel", "answer_model", words.ANSWER_MODELS),
        max_attempts=fields.whole_number("maxAttempts", "max_attempts"),
        stream_mode=fields.choice("streamMode", "stream_mode", words.STREAM_MODES),
        sticky=fields.choice_or_off("sticky", "sticky", words.STICKY),
        sticky_seconds=fields.whole_number("stickySeconds", "sticky_seconds"),
        hedge_percentile=fields.whole_number("hedgePercentile", "hedge_percentile"),
        hedge_budget_percent=fields.whole_number("hedgeBudgetPercent", "hedge_budget_percent"),
        guardrails=fields.anything_below("guardrails", "guardrails"),
        synonyms=tuple(
            SynonymEntry(name=name, where={"": place})
            for place, name in fields.placed_texts("additionalAliases", "synonyms")
        ),
        targets=tuple(_targets(fields)),
    )
    fields.ignore_the_rest(words.ALIAS_KEYS)
    return replace(entry, where=fields.where)


def _targets(fields: Fields) -> Iterator[TargetEntry]:
    if "targets" not in fields:
        fields.note(Kind.REFUSED, "targets", "It is missing. Write `targets: []` for an alias without any.")
    for target in fields.mappings("targets", "targets"):
        yield _target(target)


def _target(fields: Fields) -> TargetEntry:
    is_alias = "alias" in fields
    if is_alias and ("provider" in fields or "model" in fields):
        fields.note(Kind.REFUSED, "alias", "A target is an `alias`, or a `provider` and a `model`; not both.")
    enabled = or_else(fields.flag("enabled", "enabled"), True)
    entry = TargetEntry(
        provider="" if is_alias else fields.required_text("provider", "provider"),
        model="" if is_alias else fields.required_text("model", "model"),
        to_alias=fields.required_text("alias", "to_alias") if is_alias else "",
        weight=or_else(fields.whole_number("weight", "weight", _WHOLE_WEIGHTS), None),
        tier=or_else(fields.whole_number("tier", "tier"), 0) or 0,
        enabled=enabled,
        endpoint=or_else(fields.text("endpoint", "endpoint"), ""),
        conditions=[condition for _, condition in fields.placed_texts("conditions", "conditions")],
        **read_timeouts(fields, words.TARGET_TIMEOUTS),
    )
    fields.ignore_the_rest(words.TARGET_KEYS)
    return replace(entry, where=fields.where)


def read_timeouts(fields: Fields, names: Mapping[str, str]) -> dict[str, Any]:  # Any: keyword arguments of an entry
    """Those that are said, by our fields. `names`: key -> field."""
    timeouts = fields.inner("timeouts")
    if timeouts is None:
        return {}
    seconds = {into: timeouts.number(key, into) for key, into in names.items()}
    timeouts.ignore_the_rest(names)
    fields.where |= {name: place for name, place in timeouts.where.items() if name}
    return {into: number for into, number in seconds.items() if number is not ABSENT}
