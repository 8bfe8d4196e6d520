"""The tables of history in pieces, one per day, on PostgreSQL: to forget a day is to drop a table.

    days    which piece holds which ids, and the SQL for it; pure
    store   making pieces ahead of time, and dropping those past theirs (EDGE)

Cut by id and not by the column of the time: the first 48 bits of an id are its time in milliseconds (RFC 9562), so a piece is a
day either way, and the id alone stays the primary key. So an exchange is written once by `ON CONFLICT (id)`, a page of one
request looks into one piece, and the list, which is in order of ids, reads the newest pieces only.
"""
