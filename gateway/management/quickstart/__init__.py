"""The steps of `manage.py quickstart`.

    only_one        one of them per data folder
    demo_server     the demo upstream on loopback, in a thread
    demo_provider   the demo provider in the database, and its address
    examples        the example aliases
    known           OpenAI and Anthropic, for whoever has a key in the environment
    accounts        the administrator and the client keys
    first_request   one request through the gateway, and what came back
    screen          what all that looks like in a terminal

What has to be said before Django reads its settings stands in plexus_site/first_run.py.
"""
