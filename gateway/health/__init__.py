"""The health of upstreams beyond one process: told to the others, shown to people, probed where that is wanted.

    letters.py       Word, Sheet    what a process tells the others each second; what it shows on pages
    sealed.py                       the same as signed text
    trails.py        Trails         how many answers and failures there were lately, ten seconds by ten seconds
    store/           EDGE           where letters lie: in Redis, else in files of this machine
    sharing.py       Sharing        hear the others, tell them, once a second, beside the requests
    overview.py      rows_of        what all processes show, as one table for people
    seen.py          seen_now       that table for the pages and the API
    clearing.py      clear          an operator says that it is well
    probing.py       wanting        whom to probe, and what to tell of it; sent by gateway/tasks.py, from a Celery worker

What health is stands in routing/health. All of this is best effort: without it each process goes by its own eyes.
"""
