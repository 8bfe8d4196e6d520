"""One upstream to try, and why."""

from routing.table import Frozen, Upstream, Waits


class Step(Frozen, frozen=True, kw_only=True):
    """One upstream to try."""

    upstream: Upstream
    target_id: int | None
    """None when the model was asked for directly."""
    via: str
    """The alias whose target it is; another than the one asked for when an alias stands among its targets."""
    waits: Waits | None = None
    """How long this target may take, where it says so itself."""
    why: str = ""
    """For people: “by weight”, “after timeout of a/b”."""
    may_probe: bool = False
    """Somebody else could take the request too, so it need not wait for long if this is a probe."""
