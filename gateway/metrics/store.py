"""EDGE: the reports of the workers beside this one, in a folder that they share.

Each worker writes its own file about once a second; the one that is asked adds up its own present and the others' files.
Prometheus's own multiprocess mode keeps a mapped file for each kind of metric and pays for it on every request.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from gateway.metrics.report import Report

logger = logging.getLogger(__name__)
_shared: Path | None = None
_decoder = msgspec.msgpack.Decoder(Report)


def share_in(folder: Path) -> None:
    """From now on this process is one of several, whose reports are in `folder`."""
    global _shared
    _shared = folder


def is_shared() -> bool:
    return _shared is not None


def write(report: Report) -> None:
    """Lay our report beside the others'. Blocking. Never raises: a full disk must not stop the figures of others."""
    if _shared is None:
        return
    draft = _shared / f"{os.getpid()}.draft"
    try:
        draft.write_bytes(msgspec.msgpack.encode(report))
        draft.replace(_own(_shared))
    except OSError as exc:
        logger.warning("The figures of this worker are not in /metrics: %s", exc)


def reports_of_others() -> list[Report]:
    """Blocking. Those of workers that have ended too: what was counted stays counted."""
    if _shared is None:
        return []
    return [
        report
        for path in sorted(_shared.glob("*.report"))
        if path != _own(_shared) and (report := _read(path)) is not None
    ]


def _own(folder: Path) -> Path:
    return folder / f"{os.getpid()}.report"


def _read(path: Path) -> Report | None:
    try:
        return _decoder.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError) as exc:
        logger.warning("The figures in %s cannot be read: %s", path.name, exc)
        return None
