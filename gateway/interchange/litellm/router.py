"""`router_settings` and `litellm_settings`: how a deployment is chosen, other names, and who helps whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.interchange.document import ABSENT
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind, Place
from gateway.interchange.litellm import nothing
from gateway.interchange.litellm import vocabulary as words
from gateway.interchange.litellm.facts import read_seconds
from gateway.interchange.yaml_nodes import Keys

FALLBACKS = {
    "context_window_fallbacks": ["context_length"],
    "content_policy_fallbacks": ["content_filter"],
    "fallbacks": [],
}
"""Who helps in which case, the special ones first. The conditions are ours; none: any failure."""
DEFAULT_FALLBACKS = "default_fallbacks"
OTHER_NAMES = "model_group_alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """One name that is asked when another one has failed."""

    of: str
    """The name that has failed; "" for every one."""
    name: str
    conditions: Sequence[str]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherName:
    """A name that stands for another one."""

    name: str
    group: str
    hidden: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What both sections say together."""

    selector: str = "random"
    help: tuple[Help, ...] = ()
    other_names: tuple[OtherName, ...] = ()
    answer_timeout_seconds: float | None = None
    first_byte_timeout_seconds: float | None = None


def read_routing(top: Fields) -> Routing:
    """Everything that the two sections say of routing; of each other key of theirs it is said why nothing comes of it."""
    router = top.inner("router_settings")
    settings = top.inner("litellm_settings")
    sections = [section for section in (router, settings) if section is not None]
    routing = Routing(
        selector=_selector(router),
        help=tuple(_all_help(sections)),
        other_names=tuple(name for section in sections for name in _other_names(section)),
        answer_timeout_seconds=_first(sections, ("timeout", "request_timeout"), 3600),
        first_byte_timeout_seconds=_first(sections, ("stream_timeout",), 600),
    )
    for section, reasons in ((router, nothing.NOTHING_OF_THE_ROUTER), (settings, nothing.NOTHING_OF_SETTINGS)):
        if section is None:
            continue
        for key in section.names():
            section.ignore(key, reasons.get(key, "Nothing here corresponds to it."))
    return routing


def _selector(router: Fields | None) -> str:
    strategy = ABSENT if router is None else router.choice("routing_strategy", "selector", words.STRATEGIES)
    return "random" if strategy is ABSENT else words.STRATEGIES[strategy]


def _first(sections: Sequence[Fields], keys: Sequence[str], most: float) -> float | None:
    """The first of these limits that anybody says: it is every provider's."""
    said = None
    for section in sections:
        for key in keys:
            if key not in section:
                continue
            seconds = read_seconds(section, key, key, most)
            said = seconds if said is None else said
            section.note(Kind.ADAPTED, key, "It is the limit of each provider here that the file names.")
    return said


def _all_help(sections: Sequence[Fields]) -> Iterator[Help]:
    for key, conditions in FALLBACKS.items():
        for section in sections:
            for one in section.mappings(key):
                yield from _help(one, conditions)
    for section in sections:
        for place, name in section.placed_texts(DEFAULT_FALLBACKS, ""):
            yield Help(of="", name=name, conditions=(), place=place)


def _help(one: Fields, conditions: Sequence[str]) -> Iterator[Help]:
    for name in one.names():
        for place, helper in one.placed_texts(name, name):
            yield Help(of=name, name=helper, conditions=conditions, place=place)


def _other_names(section: Fields) -> Iterator[OtherName]:
    for names, name in section.each_below(OTHER_NAMES):
        place = names.place(name)
        if isinstance(names.node(name), Keys):
            inner = names.inner(name)
            assert inner is not None  # it is a mapping
            hidden = inner.flag("hidden", "listed")
            yield OtherName(name=name, group=inner.required_text("model", "model"), hidden=hidden is True, place=place)
            inner.ignore_the_rest(("model", "hidden"))
        else:
            yield OtherName(name=name, group=names.required_text(name, name), hidden=False, place=place)
