"""Who is measured: name -> how to prepare it. A new one is a file here and a line below."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contenders import litellm, nginx, plexus, portkey, raw
from benchmarks.contenders.base import Contender, Workplace

CONTENDERS: dict[str, Callable[[Workplace], Contender]] = {
    "nginx": nginx.prepare,
    "raw": raw.prepare,
    "plexus": plexus.prepare,
    "litellm": litellm.prepare,
    "portkey": portkey.prepare,
}
RIVALS = ("litellm", "portkey")
"""They cannot serve a thousand streams at this rate, and are installed only on request."""

__all__ = ["CONTENDERS", "RIVALS", "Contender", "Workplace"]
