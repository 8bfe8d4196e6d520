"""Saying a line to whoever started us, at once, and going on when they no longer listen."""

import os

from django.core.management.base import OutputWrapper


def say(stream: OutputWrapper, text: str) -> None:
    """Write and flush: a log file is to have it now. A reader that has left (`… | head`) is no reason to stop serving."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # Python would trip over the same pipe once more when it ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
