"""What Plexus costs per request and per chunk, beside a bare proxy and two other gateways, in one run.

`python3 manage.py benchmark` runs it; docs/benchmarks.md explains it.

    programs      upstream.c, requestload.c, streamload.c: what answers and what asks, never the bottleneck
    contenders    who stands between them, each in processes of its own
    accounting    CPU, memory and threads of a process tree, from /proc
    measures      what is measured, under which load, in rounds: A B C, A B C, …
    figures       medians, spreads, ratios, goals: pure arithmetic
    report        the table and the JSON
"""
