"""`manage.py brownout`: one of three upstreams falls ill under load, and gets well again. Do clients notice?

sickness   what can be the matter with an upstream
upstream   one of the three: it falls ill when it is told to
traffic    what clients ask for, drawn from a seed
stage      the three, and a gateway with its history in front of them
evidence   what clients saw and whom the gateway asked, as plain values
judge      the promises, and which of them the evidence breaks     (pure)
run        one sickness from beginning to end
report     what is printed and written

Clients, witness and prompts are those of `manage.py chaos`.
"""
