"""Before the settings are read: what `quickstart` needs in them on a first run.

Its demo provider stands on this machine, and upstreams on private addresses are called only where PLEXUS_PRIVATE_UPSTREAMS
lists them. So where nobody has said anything yet, a `.env` beside manage.py says it, for this run and for all others.
"""

import re
from collections.abc import MutableMapping, Sequence
from pathlib import Path

SETTING = "PLEXUS_PRIVATE_UPSTREAMS"
LOOPBACK = "127.0.0.0/8,::1/128"
ENV_FILE = f"""\
# Made by `manage.py quickstart`; yours to change. docs/settings.md and .env.example list all settings.

# Private networks that upstreams may stand on. Loopback is where quickstart's demo provider stands, and where model
# servers on this machine do, such as Ollama. Leave it empty where administrators may not reach this machine's services.
{SETTING}={LOOPBACK}
"""


def prepare(argv: Sequence[str], environ: MutableMapping[str, str], root: Path) -> None:
    """Allow upstreams on loopback where `argv` is quickstart and neither `environ` nor a file says who is allowed."""
    if argv[1:2] != ["quickstart"] or SETTING in environ:
        return
    named = environ.get("PLEXUS_ENV_FILE", str(root / ".env"))
    file = Path(named) if named else None
    if file is not None and file.exists():
        if re.search(rf"^\s*(export\s+)?{SETTING}\s*=", file.read_text(), re.MULTILINE):
            return
    elif file is not None:
        _write(file)
    environ[SETTING] = LOOPBACK


def _write(file: Path) -> None:
    """Readable by its owner only: others will put secrets into it. A folder that cannot be written is no reason to stop."""
    try:
        file.touch(mode=0o600)
        file.write_text(ENV_FILE)
    except OSError:
        pass
