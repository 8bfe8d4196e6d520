import subprocess
import sys
from pathlib import Path

import pytest

from tests import services

WORK = """
import sys, threading, time
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from history.embedded import EmbeddedWorker
from history.models import RequestLog
from history.recorder import recorder_of_settings
from tests.history.exchanges import an_exchange

for round in (1, 2):
    worker, recorder = EmbeddedWorker(), recorder_of_settings()
    worker.start()
    recorder.start()
    for _ in range(333):
        recorder.record(an_exchange())
    recorder.stop(5)
    started = time.monotonic()
    worker.stop()
    assert RequestLog.objects.count() == round * 333, RequestLog.objects.count()
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    assert left == [], left
print("clean")
"""


@pytest.mark.skipif(services.REAL, reason="about the process that has no broker")
def test_stopping_finishes_what_was_published_and_leaves_no_thread_and_it_starts_again(tmp_path: Path) -> None:
    environ = {
        "DJANGO_SETTINGS_MODULE": "plexus_site.settings",
        "PLEXUS_DATA_DIR": str(tmp_path),
        "PLEXUS_ENV_FILE": "",
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": ".",
        "PYTHONWARNINGS": "ignore",
    }

    done = subprocess.run([sys.executable, "-c", WORK], env=environ, capture_output=True, text=True, timeout=120)

    assert done.stdout.strip() == "clean", done.stderr
