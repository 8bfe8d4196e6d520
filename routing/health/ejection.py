"""How much of an alias may be out at once.

That an upstream does worse than others is an opinion, formed by counting. Opinions must not take an alias down: at most
half of its weight may be out for its share of failures, and its last target never is out for doing badly. Facts may
take all: nobody listens there, the certificate is wrong, the credential is refused, the provider asked us to wait.
Source: Envoy, outlier detection, max_ejection_percent.
"""

from collections.abc import Sequence

from routing.health.standing import Cause, Standing

MOST_OUT_BY_RATIO = 0.5
LEAST_BAD_FIRST = (Cause.RATIO, Cause.FAILURES, Cause.STALLS)
"""Some answers are better than none, and a failure at once than one after a whole timeout."""


def readmitted(standings: Sequence[Standing], weights: Sequence[float]) -> list[int]:
    """The places of those that are out and are asked all the same. For the candidates of one alias, not a lone one.

    A probe keeps nobody else from being the last: it must be able to fail over. While nothing changes it is always the
    same one that returns: a request that has tried it must not find another each time, and so try all.
    """
    back = _over_half(standings, weights)
    if back or any(standing.ok and not standing.is_probe for standing in standings):
        return back
    outliers = [place for place, standing in enumerate(standings) if standing.is_outlier]
    return [min(outliers, key=lambda place: _badness(standings[place], weights[place]))] if outliers else []


def _badness(standing: Standing, weight: float) -> tuple[int, float]:
    return LEAST_BAD_FIRST.index(standing.cause or Cause.STALLS), -weight


def _over_half(standings: Sequence[Standing], weights: Sequence[float]) -> list[int]:
    """Those out by ratio whose return leaves at most half of the weight out, the soonest to end first."""
    by_ratio = [place for place, one in enumerate(standings) if one.is_outlier and one.cause is Cause.RATIO]
    out = sum(weights[place] for place in by_ratio)
    most = MOST_OUT_BY_RATIO * sum(weights)
    back: list[int] = []
    for place in sorted(by_ratio, key=lambda place: _ends(standings[place])):
        if out <= most:
            break
        out -= weights[place]
        back.append(place)
    return back


def _ends(standing: Standing) -> float:
    """One that is being probed may be back any moment."""
    return standing.until or 0.0
