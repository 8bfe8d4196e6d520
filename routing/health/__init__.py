"""The health of upstreams: pure state machines with the clock handed in.

    book.py           HealthBook     everything that this process knows, by upstream
    health.py         Health         one upstream; begin() gives a Ticket for each request to it
    ticket.py         Ticket         one request at one upstream: first byte, end, or left by its client
    standing.py       Standing       what Health says at a moment: may it be chosen, else why not and for how long
    breaker.py        Breaker        left alone after failures, then probed, then closed again
    outage.py         Outage         the same for an upstream whose alias has nobody else
    ramp.py           Ramp           a slow start after that
    lateness.py       Lateness       a stall, noticed long before the timeout
    rest.py           Rest           left alone until a time: rate limits, quotas, refused credentials
    account.py        Account        what all upstreams of a provider share: its credential's rest, a cap
    retry_budget.py   Budget         how many second tries at the same upstream there may be
    vitals.py         VitalSigns     how fast it answers, how often, how much it was used
    first_bytes.py    FirstBytes     how long first bytes take: percentiles, where somebody hedges
    window.py         Window         counters of the last seconds
    ejection.py       readmitted     how much of an alias may be out at once
    told.py           Told           all of it at a moment, for pages and metrics
    news.py           News           what one process tells the others

All times are seconds of one monotonic clock, all chance comes from the `random.Random` that is handed in. On the healthy
path a request costs about twenty calls, and asking for a standing two comparisons.
"""

from routing.health.book import HealthBook
from routing.health.ejection import readmitted
from routing.health.health import Health
from routing.health.standing import Cause, Standing
from routing.health.ticket import Ticket

__all__ = ["Cause", "Health", "HealthBook", "Standing", "Ticket", "readmitted"]
