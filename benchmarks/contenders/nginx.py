"""nginx, one worker: proxy_pass to the upstream over kept connections, and nothing else."""

from __future__ import annotations

import os
import subprocess
from contextlib import AbstractContextManager
from functools import partial
from shutil import which

from benchmarks.contenders.base import Contender, Workplace
from benchmarks.failures import Absent
from benchmarks.processes import Server, free_port, serving

NAME = "nginx"
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"
"""Not on everybody's PATH."""
CONFIGURATION = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
events {{
    worker_connections {connections};
}}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    keepalive_requests 1000000000;
    # Bodies of 100 KB stay in memory, as they do everywhere else.
    client_body_buffer_size 256k;
    client_max_body_size 20m;
    upstream provider {{
        server 127.0.0.1:{upstream_port};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer sk-benchmark";
            # Each chunk goes on as it comes.
            proxy_buffering off;
        }}
    }}
}}
"""


def prepare(workplace: Workplace) -> Contender:
    """Raises Absent."""
    nginx = which(NAME, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    if nginx is None:
        raise Absent("nginx is not installed; on Debian and Ubuntu, `apt-get install nginx-light` brings it")
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr.strip()
    return Contender(
        name=NAME,
        version=version.rpartition("/")[2],
        start=partial(start, nginx, workplace),
        serves_in_main_thread=False,
    )


def start(nginx: str, workplace: Workplace) -> AbstractContextManager[Server]:
    """An nginx of its own, which touches nothing outside the run's folder."""
    port = free_port()
    file = workplace.folder / "nginx.conf"
    descriptors = os.sysconf("SC_OPEN_MAX")
    file.write_text(
        CONFIGURATION.format(
            folder=workplace.folder,
            port=port,
            upstream_port=workplace.upstream_port,
            descriptors=descriptors,
            connections=min(descriptors, 60_000),
        )
    )
    log = workplace.folder / "nginx.log"
    return serving([nginx, "-c", str(file), "-p", str(workplace.folder), "-e", str(log)], port=port, log=log)
