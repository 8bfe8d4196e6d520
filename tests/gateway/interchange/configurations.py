"""Whole configurations made by Hypothesis: valid ones, with every field in play, as what a file of ours holds."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.interchange.plexus import vocabulary as words
from providers.wire import FORMATS
from routing import conditions
from routing.selection import SELECTORS

Written = dict[str, Any]  # Any: what YAML can hold

AWKWARD = [
    "yes",
    "null",
    "~",
    "1.0",
    "0x1f",
    "2026-08-06",
    "=",
    "<<",
    "a: b",
    "# no",
    " padded ",
    "- x",
    "“é”",
    "\u2028",
    "\x85",
    "two\x85lines",
]
"""Texts that YAML takes for something else unless they are quoted."""

sentences = st.sampled_from(AWKWARD) | st.text(
    st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\x7f"), max_size=40
)
names = st.from_regex(r"[a-z][a-z0-9.-]{0,8}[a-z0-9]", fullmatch=True)
flags = st.booleans()
prices = st.decimals(0, 900, places=4).map(float)


def sometimes(**choices: SearchStrategy[Any]) -> SearchStrategy[Written]:
    """Each of these, or not."""
    return st.fixed_dictionaries({}, optional=choices)


models = st.builds(
    lambda name, more, price: {"name": name, **more, **({"price": price} if price else {})},
    names,
    sometimes(
        enabled=flags,
        apiTypes=st.lists(st.sampled_from(sorted(FORMATS)), unique=True),
        contextLength=st.integers(1, 2_000_000),
        maxInFlight=st.integers(1, 1000),
    ),
    st.none() | st.fixed_dictionaries({"inputUsdPerMtok": prices, "outputUsdPerMtok": prices}),
)

providers = st.builds(
    lambda name, more, urls, its_models: {"name": name, **more, "baseUrls": urls, "models": its_models},
    names,
    sometimes(
        displayName=sentences,
        enabled=flags,
        auth=st.sampled_from(
            [
                {"type": "none"},
                {"type": "bearer", "apiKeyEnv": "SOME_KEY"},
                {"type": "header", "header": "api-key", "apiKeyEnv": "SOME_KEY"},
            ]
        ),
        extraHeaders=st.just({"HTTP-Referer": "https://example.com", "X-Title": "yes", "X-Key": "$X_KEY"}),
        asksStreamUsage=flags,
        timeouts=sometimes(**{key: st.integers(1, 30) for key in words.TIMEOUTS}),
        maxInFlight=st.integers(1, 1000),
    ),
    st.dictionaries(st.sampled_from(sorted(FORMATS)), st.just("https://api.example.com/v1"), min_size=1),
    st.lists(models, min_size=1, max_size=3, unique_by=lambda model: str(model["name"])),
)

kept_values = st.recursive(
    st.none() | flags | st.integers(-1000, 1000) | st.sampled_from([0.1, 1e20, "5s", "no", "2026-01-01", "a: b", ""]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "on", "<<"]), inner, max_size=2)
    ),
    max_leaves=4,
)
"""What a guardrail may say: anything, as long as it comes back."""
alias_fields = sometimes(
    description=sentences,
    enabled=flags,
    listed=flags,
    selector=st.sampled_from(sorted(SELECTORS)),
    answerModel=st.sampled_from(words.ANSWER_MODELS),
    maxAttempts=st.integers(1, 10),
    streamMode=st.sampled_from(words.STREAM_MODES),
    sticky=st.sampled_from(words.STICKY),
    stickySeconds=st.integers(1, 604_800),
    hedgePercentile=st.integers(50, 99),
    hedgeBudgetPercent=st.integers(1, 100),
    guardrails=st.dictionaries(st.sampled_from(["max_latency", "block_categories"]), kept_values, min_size=1),
)
target_fields = sometimes(weight=st.integers(1, 1000), tier=st.integers(0, 3), enabled=flags)
own_timeouts = sometimes(timeouts=sometimes(**{key: st.integers(1, 30) for key in words.TARGET_TIMEOUTS}))
"""Of a target that is a model: the targets of an alias have their own."""


def a_target(draw: st.DrawFn, behind: Written) -> Written:
    more = {} if "alias" in behind else draw(own_timeouts)
    return {**behind, **draw(target_fields), **more}


@st.composite
def configurations(draw: st.DrawFn) -> Written:
    """`providers` and `models` of a file: aliases of them, of each other and with synonyms, no name twice."""
    made = draw(st.lists(providers, min_size=1, max_size=3, unique_by=lambda provider: str(provider["name"])))
    reachable = [{"provider": one["name"], "model": model["name"]} for one in made for model in one["models"]]
    taken = draw(st.lists(names, max_size=8, unique=True))
    aliases: list[Written] = []
    for name in [f"a-{name}" for name in taken]:
        below = [{"alias": alias["alias"]} for alias in aliases]
        behind = draw(st.lists(st.sampled_from([*reachable, *below]), max_size=4, unique_by=str))
        alias = {"alias": name, **draw(alias_fields), "targets": [a_target(draw, one) for one in behind]}
        if draw(flags):
            alias["additionalAliases"] = [f"{name}-too"]
        if alias["targets"] and draw(flags):
            alias["targets"][-1] |= {"enabled": True, "tier": 9, "conditions": draw(some_conditions)}
            alias["targets"] = [{**one, "tier": 0} for one in alias["targets"][:-1]] + alias["targets"][-1:]
            if len(alias["targets"]) == 1 or not any(one.get("enabled", True) for one in alias["targets"][:-1]):
                del alias["targets"][-1]["conditions"]
        aliases.append(alias)
    return {"providers": made, "models": aliases}


some_conditions = st.lists(st.sampled_from(sorted(conditions.LABELS)), min_size=1, max_size=3, unique=True)
