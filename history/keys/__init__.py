"""What went through each client key, added up from the requests themselves when somebody asks.

    store   one query over a stretch of requests (EDGE)
    table   the busiest keys, as the dashboard shows them; pure

The counters of the dashboard know no keys: with one more name they would be as many times more as there are keys, and every
batch would have to add to all of them. So this reads the requests, and a stretch of them has an end: LONGEST.
"""

from datetime import timedelta
from typing import Final

LONGEST: Final = timedelta(days=31)
"""That is added up at once: the longest month."""
