"""What months of service do to a process, in minutes: cancelled calls, clients that leave, restarts.

`python3 manage.py endurance` runs it; docs/benchmarks.md explains it.

    cancels        upstream calls, cancelled at random moments, and what is left of them
      hanging        upstreams that hold a call at one moment, in a process of their own
      moments        where a call stands
    disconnects    clients that leave a real `manage.py serve`, and what it holds meanwhile and afterwards
      watching       one sample of what a serving process holds
      growth         slopes and limits: pure arithmetic
    restarts       one `manage.py serve --take-over` after the other, under streams and whole requests
      clients        who asks meanwhile, and minds every failure
"""
