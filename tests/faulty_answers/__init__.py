"""What the faulty upstream says: an honest OpenAI-compatible answer, or the fault that the model's name asks for.

anything else       an honest answer: the last user message comes back, with usage
chunks-200          the same in a stream of 200 content chunks
status-429          that status, with OpenAI's error body; status-429-retry-after-7 adds the header
cut-status-401      that status, and the connection closes in the middle of the body
silence             takes the request and never answers
slow-0.5            waits 0.5 s, then answers honestly
meet-300            waits until 300 requests are there, for whatever model, then answers honestly; meet-300-silence: then that
head-first-0.5      the head of its answer at once, the body 0.5 s later (no stream)
drip-0.1            sends its response headers one byte each 0.1 s
cut-after-3         closes the connection after 3 content chunks (not a stream: in the middle of the body)
stall-after-3       says nothing more after 3 content chunks (not a stream: after half of the body)
shouting            a stream whose Content-Type is Text/Event-Stream
no-done             a stream that ends cleanly without [DONE]
no-finish           a stream that ends cleanly with neither finish_reason nor [DONE]
error-in-stream     a stream that turns into an error event after 2 content chunks
html, bad-json      200 with a body that is no answer
redirect            302 to another place
gzip                a compressed body though none was asked for
huge                a body without an end (stops at 200 MB)
hang-up             closes the connection without a byte
stale               an honest answer; the next request on the same connection meets a reset
says-more           an honest answer, and 50 ms later one that nobody asked for
set-cookie          an honest answer with a cookie
odd-headers         an honest answer with a header twice, and one that is not UTF-8
bad-chunks          a chunked body whose third chunk has no length
not-http            bytes that are not HTTP
echo-key            400 with the Authorization it was sent in its message
echo-team           400 with the X-Team-Key it was sent in its message
too-long            400 context_length_exceeded
filtered            400 content_policy_violation
no-choices          200 with an object that is no answer
error-in-200        200 with an error for a body; in a stream as its first event
empty               an answer, or a stream, that is finished with nothing in it
error-first         a stream whose first event is an error
error-after-role    the same after the event with the role; role-then-cut, role-then-end, role-then-silence likewise
head-then-silence   the head of a stream, and nothing more
long-line           a stream of one event that never ends
muttering-0.05      a stream of 2 content chunks, then comments each 0.05 s without an end
wrong-advice        400 with x-should-retry: true and a cookie
flaky-2-status-500  the first 2 requests for this model get that status, then it is honest; -retry-after-1 adds the header
tires-25-0.5        answers 25 requests at once, then each 0.5 s late; tires-25-0.5-status-500: with that status from then on
first-1-hang-up     the first request for this model meets that (any name of this list), then it is honest
odd-spacing         valid JSON with strange whitespace, key order and number spellings

Cuts at a byte, floods and misleading headers: extremes.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.faulty_answers.bodies import (
    bad_json,
    compressed,
    error_in_200,
    html,
    huge,
    no_choices,
    odd_headers,
    redirect,
    set_cookie,
)  # fmt: skip
from tests.faulty_answers.connections import bad_chunks, hang_up, not_http, says_more, stale
from tests.faulty_answers.extremes import EXTREMES
from tests.faulty_answers.honest import honest
from tests.faulty_answers.late import drip, head_first, muttering, silence, slow, until_there_are
from tests.faulty_answers.statuses import cut_status, echo_key, echo_team, flaky, refusal, status, tires, wrong_advice
from tests.faulty_answers.streams import empty, long_line, odd_spacing, opening, shouting
from tests.faulty_answers.turn import Behaviour, Turn
from tests.honest_answers import Asked, a_model, dump, error_body

MODELS = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"]


async def answer(turn: Turn) -> None:
    """Answer one request: honestly, or as its model's name asks."""
    path = turn.path.partition("?")[0].rstrip("/")
    if turn.method == "GET" and path.endswith("/models"):
        await turn.whole(200, dump({"object": "list", "data": [a_model(name) for name in MODELS]}))
        return
    try:
        asked = json.loads(turn.body)
        model = str(asked["model"])
    except (ValueError, KeyError, TypeError):
        await turn.whole(400, error_body("We could not parse the JSON body of your request."))
        return
    await behaviour_of(model)(turn, asked)


def behaviour_of(model: str) -> Behaviour:
    name = model.rpartition("/")[2]
    for pattern, behaviour in BEHAVIOURS.items():
        if found := re.fullmatch(pattern, name):
            return behaviour(*found.groups())
    return honest()


def at_first(times: str, fault: str) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await (behaviour_of(fault) if turn.number <= int(times) else honest())(turn, asked)

    return behave


def meet(count: str, fault: str | None) -> Behaviour:
    async def behave(turn: Turn, asked: Asked) -> None:
        await until_there_are(int(count), turn)
        await (behaviour_of(fault) if fault else honest())(turn, asked)

    return behave


BEHAVIOURS: dict[str, Callable[..., Behaviour]] = {
    r"chunks-(\d+)": lambda count: honest(chunks=int(count)),
    r"status-(\d{3})(?:-retry-after-(.+))?": status,
    r"cut-status-(\d{3})": cut_status,
    r"silence": lambda: silence,
    r"slow-([\d.]+)": slow,
    r"meet-(\d+)(?:-(.+))?": meet,
    r"head-first-([\d.]+)": head_first,
    r"drip-([\d.]+)": drip,
    r"cut-after-(\d+)": lambda count: honest(cut_after=int(count), chunks=int(count) + 5),
    r"stall-after-(\d+)": lambda count: honest(stall_after=int(count), chunks=int(count) + 5),
    r"shouting": lambda: shouting,
    r"no-done": lambda: honest(says_done=False),
    r"no-finish": lambda: honest(finishes=False),
    r"error-in-stream": lambda: honest(fails_after=2, chunks=5),
    r"html": lambda: html,
    r"bad-json": lambda: bad_json,
    r"redirect": lambda: redirect,
    r"gzip": lambda: compressed,
    r"huge": lambda: huge,
    r"hang-up": lambda: hang_up,
    r"stale": lambda: stale,
    r"says-more": lambda: says_more,
    r"set-cookie": lambda: set_cookie,
    r"odd-headers": lambda: odd_headers,
    r"bad-chunks": lambda: bad_chunks,
    r"not-http": lambda: not_http,
    r"echo-key": lambda: echo_key,
    r"echo-team": lambda: echo_team,
    r"odd-spacing": lambda: odd_spacing,
    r"too-long": lambda: refusal(400, "context_length_exceeded", "At most 8192 tokens."),
    r"filtered": lambda: refusal(400, "content_policy_violation", "Your request was rejected."),
    r"no-choices": lambda: no_choices,
    r"error-in-200": lambda: error_in_200,
    r"empty": lambda: empty,
    r"error-first": lambda: opening(error=True),
    r"error-after-role": lambda: opening(role=True, error=True),
    r"role-then-cut": lambda: opening(role=True, ends="cut"),
    r"role-then-end": lambda: opening(role=True),
    r"role-then-silence": lambda: opening(role=True, ends="silence"),
    r"head-then-silence": lambda: opening(ends="silence"),
    r"long-line": lambda: long_line,
    r"muttering-([\d.]+)": muttering,
    r"wrong-advice": lambda: wrong_advice,
    r"tires-(\d+)-([\d.]+)(?:-status-(\d{3}))?": tires,
    r"first-(\d+)-(.+)": at_first,
    r"flaky-(\d+)-status-(\d{3})(?:-retry-after-(.+))?": flaky,
    **EXTREMES,
}
