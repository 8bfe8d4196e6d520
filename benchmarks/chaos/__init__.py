"""`manage.py chaos`: kill every part at random under load, and see whether anything was lost, doubled or miscounted.

errands     what clients ask for, drawn from a seed; each can be recognised in the row that it leaves
witness     the upstream, which fails as it is told to and keeps who asked it
clients     send the errands at a steady rate, and keep what they saw
parts       PostgreSQL, Valkey, the gateway with its workers, the Celery worker: started, killed, frozen by us
stage       all of them together, set up with the product's own commands
killing     who dies next
books       what the database holds
evidence    the three stories, as plain values
statistics  the counters that the rows add up to
reconcile   the three stories against each other: lost, duplicated, miscounted   (pure)
kills       the run that kills                                                   (--short, or ten minutes)
outage      the run in which both servers are dead, then frozen                  (--outage)
report      what is printed and written

Whoever reads the database here reads it with plain SQL, and adds up what stands there by itself: nothing of the code that
wrote it is believed.
"""
