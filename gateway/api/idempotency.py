"""A POST that is sent twice is done once: whoever heard no answer sends it again, with the same `Idempotency-Key`.

Who has the key is written down and committed first; then the work and its answer are written in one transaction. So a process
that dies in between leaves either nothing or both. Only what was done is kept: a refusal changed nothing, and may be sent again.
Source: draft-ietf-httpapi-idempotency-key-header-07, section 2.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import msgspec
from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.models import IdempotentReply
from gateway.api.pointers import Wrong
from gateway.api.problems import OtherBody, Refused, StillRunning
from providers.models import vault

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(minutes=1)
"""No request of ours takes longer: who wrote this down is dead, and its work was rolled back."""
REPEATED_HEADERS = ("Location", "ETag", "Cache-Control")


class KeptReply(msgspec.Struct):
    """What was answered."""

    data: object
    headers: dict[str, str]


def once(request: Request, work: Callable[[], Response]) -> Response:
    """Do the work, or answer as it was answered before. Raises OtherBody, StillRunning, and whatever the work raises."""
    key = request.headers.get(HEADER, "")
    if not key:
        return work()
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        wrong = f"The {HEADER} has at most {LONGEST_KEY} printable ASCII characters."
        raise Refused([Wrong(pointer="", message=wrong, code="invalid_key")])
    reply = _claimed(request, key)
    if reply.status is not None:
        return _again(reply)
    try:
        with transaction.atomic():
            response = work()
            _keep(reply, response)
    except BaseException:
        reply.delete()
        raise
    return response


def _claimed(request: Request, key: str) -> IdempotentReply:
    """The row of this key: ours to fill, or with what was answered."""
    now = timezone.now()
    IdempotentReply.objects.filter(created_at__lt=now - KEPT).delete()
    digest, user_id = _digest_of(request), request.user.pk
    assert user_id is not None  # nobody else comes past the guard
    with transaction.atomic():
        row, is_ours = IdempotentReply.objects.select_for_update().get_or_create(
            user_id=user_id, key=key, defaults={"digest": digest, "created_at": now}
        )
        if is_ours:
            return row
        if row.digest != digest:
            raise OtherBody(f"Send another request with another {HEADER}.")
        if row.status is None:
            if now - row.created_at < GIVEN_UP_AFTER:
                raise StillRunning("Ask again in a moment.")
            row.created_at = now
            row.save(update_fields=["created_at"])
    return row


def _digest_of(request: Request) -> str:
    """Of all that makes it the same request."""
    body = msgspec.json.encode(request.data, order="sorted")
    return hashlib.sha256(b"\0".join([request.get_full_path().encode(), body])).hexdigest()


def _keep(row: IdempotentReply, response: Response) -> None:
    headers = {name: response[name] for name in REPEATED_HEADERS if name in response}
    kept = msgspec.json.encode(KeptReply(data=response.data, headers=headers)).decode()
    row.status = response.status_code
    # A new client key's secret is in its answer.
    row.reply = vault().seal(kept)
    row.save(update_fields=["status", "reply"])


def _again(row: IdempotentReply) -> Response:
    kept = msgspec.json.decode(vault().open(row.reply), type=KeptReply)
    return Response(kept.data, status=row.status, headers={**kept.headers, "Idempotency-Replayed": "true"})
