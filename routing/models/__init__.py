"""The names clients ask for, the paths they ask at, and who stands behind them. Every rule is in `clean()`."""

from routing.models.alias import MOST_ATTEMPTS, Alias, Synonym
from routing.models.custom_route import CustomRoute
from routing.models.names import NAME_FIELD, ClaimedName, claim, clean_name
from routing.models.pattern import PatternAlias
from routing.models.provider_alias import ProviderAlias
from routing.models.target import MAX_LINKS, MAX_WEIGHT, TIME_LIMITS, Target, check_no_twins
from routing.models.version import ConfigurationVersion

__all__ = [
    "MAX_LINKS",
    "MAX_WEIGHT",
    "MOST_ATTEMPTS",
    "NAME_FIELD",
    "TIME_LIMITS",
    "Alias",
    "ClaimedName",
    "ConfigurationVersion",
    "CustomRoute",
    "PatternAlias",
    "ProviderAlias",
    "Synonym",
    "Target",
    "check_no_twins",
    "claim",
    "clean_name",
]
