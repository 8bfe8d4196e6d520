"""The example aliases: one for each way to choose among targets."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.management.quickstart import demo_provider
from providers.models import ProviderModel
from routing.models import Alias, Synonym, Target, check_no_twins


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    name: str
    description: str
    synonyms: Sequence[str] = ()
    selector: str = "random"
    weight_mode: str = Alias.WeightMode.RELATIVE
    targets: Sequence[tuple[str, int | None]]
    """Demo models with their weights, in order."""


EXAMPLES = (
    Example(
        name="fast",
        description="A small model, under three names.",
        synonyms=("quick", "cheap"),
        targets=[("small", None)],
    ),
    Example(
        name="smart",
        description="Weighted: 70 of 100 requests go to the large model, 30 to the medium one.",
        synonyms=("best",),
        targets=[("large", 70), ("medium", 30)],
    ),
    Example(
        name="balanced",
        description="In order: the medium model, and the small one when that cannot be reached.",
        selector="in_order",
        targets=[("medium", None), ("small", None)],
    ),
    Example(
        name="rollout",
        description="A gradual rollout: 5 percent of the requests try the large model.",
        weight_mode=Alias.WeightMode.PERCENT,
        targets=[("medium", 95), ("large", 5)],
    ),
    Example(name="embed", description="Embeddings.", targets=[("embed", None)]),
)


def add_all() -> None:
    """Needs the demo provider. Raises ValidationError."""
    models = {model.name: model for model in ProviderModel.objects.filter(provider__name=demo_provider.NAME)}
    for example in EXAMPLES:
        _add(example, models)


def _add(example: Example, models: dict[str, ProviderModel]) -> None:
    alias = Alias(
        name=example.name,
        description=example.description,
        selector=example.selector,
        weight_mode=example.weight_mode,
    )
    targets = [
        Target(model=models[name], weight=weight, position=position)
        for position, (name, weight) in enumerate(example.targets)
    ]
    # Percentages are right or wrong only together: the alias has all its targets in hand before the first is saved.
    alias.targets_together = targets
    alias.full_clean()
    alias.clean_targets(targets)
    check_no_twins(targets)
    alias.save()
    for name in example.synonyms:
        synonym = Synonym(alias=alias, name=name)
        synonym.full_clean()
        synonym.save()
    for target in targets:
        target.alias = alias
        target.full_clean()
        target.save()
