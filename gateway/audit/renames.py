"""Two pictures of the configuration -> what has another name in the later one, by the ids of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.audit.contents import Contents
from gateway.interchange.document import TargetEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """Old names and new ones. What is not among them has kept its name, or is not known by its id."""

    by_kind: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Kind -> old name -> new name. Of a model both are `provider/model`."""

    def now(self, kind: str, name: str) -> str:
        return self.by_kind.get(kind, {}).get(name, name)

    def model_now(self, provider: str, model: str) -> str:
        """The model's own name. `provider`: what the provider was called."""
        its_provider = f"{self.now('provider', provider)}/"
        full = self.now("model", f"{provider}/{model}")
        return full.removeprefix(its_provider) if full.startswith(its_provider) else model

    def target_now(self, target: TargetEntry) -> TargetEntry:
        """The same target, by the names that what it points at has now."""
        if target.to_alias:
            return replace(target, to_alias=self.now("alias", target.to_alias))
        provider, model = target.provider, target.model
        return replace(target, provider=self.now("provider", provider), model=self.model_now(provider, model))

    def pairs(self, kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[tuple[str, str]]:
        """Old and new name of each object, in order of names. Empty: it was not there, or is gone."""
        renamed = {now: was for was, now in self.by_kind.get(kind, {}).items() if was in old and now in new}
        left = set(renamed.values())
        found = []
        for name in sorted(old.keys() | new.keys()):
            has_stayed = name in old and name in new and name not in left and name not in renamed
            if name in new:
                found.append((name if has_stayed else renamed.get(name, ""), name))
            if name in old and name not in left and not has_stayed:
                found.append((name, ""))
        return found


def renames_between(old: Contents, new: Contents) -> Renames:
    """A kind whose ids one of both does not hold has none."""
    return Renames(by_kind={kind: _renamed(old.ids[kind], new.ids[kind]) for kind in old.ids.keys() & new.ids.keys()})


def _renamed(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, str]:
    was = {pk: name for name, pk in old.items()}
    return {was[pk]: name for name, pk in new.items() if was.get(pk, name) != name}
