"""Whether an upstream can take a request at all."""

from routing.eligibility import Needs, objection
from tests.routing.pictures import an_upstream


def test_an_upstream_takes_the_api_types_it_has_an_address_for() -> None:
    both = an_upstream("openai/gpt-4o", "chat", "embeddings")

    assert objection(both, Needs(api_type="chat")) is None
    assert objection(both, Needs(api_type="completions")) == "does not speak completions, only chat, embeddings"
