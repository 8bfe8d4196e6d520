"""What the tests of failing upstreams share: a model that answers, what a stream said, and who was asked."""

import json
from collections import Counter

from tests.gateways import RunningGateway

GOOD = "gpt-4o-mini"


def said(stream: str) -> str:
    """The text of a stream of chat chunks."""
    events = [line.removeprefix("data: ") for line in stream.split("\n\n") if line.startswith("data: {")]
    choices = [choice for event in events for choice in json.loads(event).get("choices", [])]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def asked(gateway: RunningGateway) -> dict[str, int]:
    """How often each model was asked."""
    return dict(Counter(json.loads(seen.body)["model"] for seen in gateway.upstream.seen))
