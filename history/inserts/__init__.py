"""Putting a batch of rows into the tables of history, each table by one prepared statement.

    values  a row of each table, its values as the database takes them; pure
    store   the statements, on PostgreSQL and on SQLite (EDGE)

Django's bulk_create makes an object for each row, prepares each value by asking its field and compiles the SQL anew for each
batch: 100 µs for a request. Here it is 15.
"""
