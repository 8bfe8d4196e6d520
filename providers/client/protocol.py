"""aiohttp's protocol of one connection, without the work that it does each time somebody reads.

With every read, and with every end of an answer, aiohttp has its parser look again for what a pause had left there, and tells the
socket to go on, whether anything had been paused or not. Nearly never has it: a reader keeps up, and nothing is decompressed.
"""

from aiohttp.client_proto import ResponseHandler


class UpstreamProtocol(ResponseHandler):
    """What the connector makes for each of our connections."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        # Only a pause leaves something in the parser; it sets one of these.
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)
