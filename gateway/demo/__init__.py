"""A small OpenAI-compatible upstream of our own, so that the first request needs no account anywhere.

    app       paths, bodies in and out: the ASGI application
    calls     a body -> what is asked, or a refusal
    answers   what is asked -> what the model says: always the same words for the same question
    bodies    what it says -> the shapes of OpenAI's API

It knows nothing of Django, nor of the gateway that calls it.
"""
