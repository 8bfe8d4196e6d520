"""What names mean beside the aliases: patterns, providers' own names, and the entrances that choose between them."""

import msgspec

from routing.route import Candidate, Frozen, LeftOut, Route, Upstream
from routing.wildcards import matches


class Pattern(Frozen, frozen=True, kw_only=True):
    """Names of one shape, and who stands behind them: an alias, or a provider's model."""

    pattern: str
    alias: str = ""
    provider: str = ""
    model: str = ""
    """A `*` in it is what the pattern's stands for."""


class Entrance(Frozen, frozen=True, kw_only=True):
    """A custom route as requests see it: for the names of a provider, for an alias, or for all names."""

    path: str
    api_type: str = "chat"
    """What a request means that comes to the path itself."""
    provider: str = ""
    alias: str = ""


class ProviderNames(Frozen, frozen=True, kw_only=True):
    """What names mean to one provider."""

    own: dict[str, str] = {}
    """Its own aliases: name -> model."""
    own_patterns: tuple[tuple[str, str], ...] = ()
    """Those that hold `*`, the longest first."""
    template: Upstream | None = None
    """What it takes to call a model that nobody stored. None: those are unknown."""
    objection: str = ""
    """Why such a one cannot be called now."""

    @property
    def are_its_own(self) -> bool:
        """It has aliases of its own, so the others mean nothing to it."""
        return bool(self.own or self.own_patterns)

    def meaning(self, name: str) -> tuple[str, str] | None:
        """The alias that this name falls under, and the model that it means."""
        model = self.own.get(name)
        if model is not None:
            return name, model
        return next(((pattern, model) for pattern, model in self.own_patterns if matches(pattern, name)), None)

    def any_model(self, provider: str, model: str) -> Route | None:
        """A route to a model that nobody stored; None where the provider takes no such."""
        # A key holds no space, or it could be that of another upstream: see routing.table.address_key.
        if not model or any(character.isspace() for character in model):
            return None
        name = f"{provider}/{model}"
        if self.objection:
            return Route(name=name, left_out=(LeftOut(target=name, reason=self.objection),))
        if self.template is None:
            return None
        guest = msgspec.structs.replace(self.template, key=guest_key(name), model=model)
        return Route(name=name, tiers=((Candidate(id=-1, upstream=0),),), guest=guest)


def guest_key(name: str) -> str:
    """`Upstream.key` of a model that nobody stored: no model in the table has one like it, nor any that is told of."""
    return f"{name} {GUEST}"


def is_guest(upstream_key: str) -> bool:
    return upstream_key.endswith(f" {GUEST}")


GUEST = "(any)"
