"""The REST API under /api/v1/: the third door to the configuration, and a way to read what happened.

A resource is a file in `resources/`: a serializer, its filters, a view or two, and its `paths`. What they share:

    problems         any failure -> application/problem+json
    pointers         where in a body something is wrong
    parsing          bodies that mean one thing only
    authentication   admin sessions and API tokens
    permissions      Django's model permissions, per verb
    views            what every view does alike
    filters, paging  lists
    entries          JSON -> entries of a configuration document, which interchange/store writes
    documented       resources that are such entries: listed, made, changed and deleted alike
    filling_keys     JSON -> a client key, which is in no document
    matching         ETag and If-Match
    idempotency      a POST that was sent twice is done once
    openapi          the schema
"""
