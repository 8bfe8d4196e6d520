"""The journal: what happened, on this machine's disk before the client has its last byte, until the database has it too.

homes      folders, locks and files: one folder for each process
writer     appends lines, from the threads of requests
segments   cuts batches out of files
adoption   takes over what a dead process left
shipper    carries batches to the database, by way of the workers, and asks whether they arrived
"""
