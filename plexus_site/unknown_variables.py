"""Variables that are called as settings are and are none: mostly a typing error, after which a default holds in silence."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

PREFIX = "PLEXUS_"
READ_ELSEWHERE = {
    *("PLEXUS_ENV_FILE", "PLEXUS_NO_BOOTSTRAP", "PLEXUS_VENV"),  # before the settings are
    "PLEXUS_PUBLISHED_PORT",  # docker-compose.yml
}
NOBODYS_MISTAKE = re.compile(r"PLEXUS_(TEST_\w+|KEY|API_TOKEN|(\w+_)?(SERVICE|PORT)(_\w+)?)")
"""Names of the test suite; of the variables that hold a key or a token in our own examples; and those that Kubernetes sets in every pod for
a service called “plexus” or “plexus-…”: PLEXUS_SERVICE_HOST, PLEXUS_PORT, PLEXUS_PORT_4000_TCP_ADDR.
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""
LIKENESS = 0.6


def unknown(variables: Iterable[str], settings: Collection[str]) -> dict[str, str]:
    """Name -> the setting that it is most like, or "" where it is like none. `settings`: the names that were read."""
    known = {*settings, *READ_ELSEWHERE}
    named = sorted(name for name in variables if name.startswith(PREFIX) and name not in known)
    return {name: _nearest(name, known) for name in named if not NOBODYS_MISTAKE.fullmatch(name)}


def _nearest(name: str, known: Collection[str]) -> str:
    """The prefix would make all of them alike."""
    words = sorted(one.removeprefix(PREFIX) for one in known if one.startswith(PREFIX))
    found = get_close_matches(name.removeprefix(PREFIX), words, n=1, cutoff=LIKENESS)
    return f"{PREFIX}{found[0]}" if found else ""
