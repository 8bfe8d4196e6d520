"""The look of the admin: title, colours and the order of the sidebar."""

from typing import Any

UNFOLD: dict[str, Any] = {  # Any: unfold's own settings shape
    "SITE_TITLE": "Plexus",
    "SITE_HEADER": "Plexus",
    "SITE_SUBHEADER": "LLM routing gateway",
    "SITE_SYMBOL": "hub",
}
