"""Whether a request may have been billed, where no upstream said what it used: then its cost is unknown, and not nothing."""

from typing import Final

from history.records import Outcome
from providers import errors

UNBILLED: Final = {
    kind.code
    for kind in (
        *(errors.ConnectFailed, errors.ConnectTimeout, errors.AddressRefused, errors.TLSFailed, errors.Misconfigured),
        *(errors.UpstreamAuthFailed, errors.UpstreamModelNotFound, errors.UpstreamRateLimited, errors.QuotaExceeded),
        *(errors.UpstreamServerError, errors.UpstreamOverloaded, errors.UpstreamRejected),
        *(errors.ContextLengthExceeded, errors.ContentFiltered),
    )
}
"""Codes of failures in which nothing was sent, or the upstream itself said no. One that ran out of time may have worked."""


def may_be_billed(*, outcome: str, error_code: str, tries: int) -> bool:
    """Whether an upstream may have used tokens for it. A stream that broke off or was left had begun to."""
    if not tries or outcome == Outcome.REFUSED:
        return False
    return outcome != Outcome.FAILED or error_code not in UNBILLED
