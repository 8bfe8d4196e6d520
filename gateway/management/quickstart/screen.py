"""What quickstart looks like: plain text that also reads well in a log file."""

import textwrap
from collections.abc import Sequence

from gateway.management.quickstart.first_request import QUESTION, FirstAnswer

WIDTH = 88
KEY_VARIABLE = "PLEXUS_KEY"


def box(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Names and values in a frame, under a title."""
    names = max(len(name) for name, _ in rows)
    lines = [title, "", *(f"{name:<{names}}  {value}" for name, value in rows)]
    width = max(len(line) for line in lines)
    edge = "─" * (width + 2)
    return "\n".join([f"┌{edge}┐", *(f"│ {line:<{width}} │" for line in lines), f"└{edge}┘"])


def answer(came: FirstAnswer) -> str:
    """Who was asked what, what came back, and from whom."""
    said = textwrap.fill(came.text, WIDTH, initial_indent="    ", subsequent_indent="    ")
    attempts = "1 attempt" if came.attempts == "1" else f"{came.attempts} attempts"
    return "\n".join(
        [
            f"  Asked “{came.alias}”: {QUESTION}",
            said,
            f"  Served by {came.provider}/{came.model} in {came.latency_ms:.0f} ms, {attempts}, request {came.request_id}",
        ]
    )


def next_steps(url: str, model: str, key: str | None) -> str:
    """What to try, ready to be pasted. Without `key`, the shell's variable PLEXUS_KEY stands for it."""
    return "\n".join(
        [
            "Try next",
            "",
            f"  Look around:  {url}/admin/",
            "",
            "  Stream an answer:",
            "",
            f"    curl -N {url}/v1/chat/completions \\",
            f'      -H "Authorization: Bearer {key or f"${KEY_VARIABLE}"}" \\',
            '      -H "Content-Type: application/json" \\',
            f"""      -d '{{"model": "{model}", "stream": true, "messages": [{{"role": "user", "content": "Hello!"}}]}}'""",
            "",
            "  From Python, with the official SDK:",
            "",
            *([] if key else ["    import os"]),
            "    from openai import OpenAI",
            "",
            f'    client = OpenAI(base_url="{url}/v1", api_key={_key_in_python(key)})',
            '    question = [{"role": "user", "content": "Hello!"}]',
            f'    print(client.chat.completions.create(model="{model}", messages=question).choices[0].message.content)',
        ]
    )


def _key_in_python(key: str | None) -> str:
    return f'"{key}"' if key else f'os.environ["{KEY_VARIABLE}"]'
