"""Assembly only: nothing imports this room but Django, Celery and the server."""
