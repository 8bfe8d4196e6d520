"""What no page may do: complain in the console, miss a file, or ask another host for anything."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

OURS = "127.0.0.1"


class Watch:
    """Notes the troubles of a page, and of all that it leads to."""

    def __init__(self, page: Page) -> None:
        self.troubles: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", self._uncaught)
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"The console says on {message.location.get('url')}: {message.text}")

    def _uncaught(self, error: Error) -> None:
        self.troubles.append(f"A script failed: {error}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != OURS:
            self.troubles.append(f"A page asks another host: {request.url}")

    def _failed(self, request: Request) -> None:
        # Aborted: the page was left before it had everything it had asked for.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.method} {request.url} failed: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.request.method} {response.url} answered {response.status}")
