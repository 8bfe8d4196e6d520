"""What was changed, by whom, from where and why; and the way back.

author      who changes something, and through which door
recording   a turn at the configuration, which leaves a revision when it changed anything
comparison  two pictures of the configuration -> what is different between them
renames     what has another name in the later one of both
events      what is no configuration: keys made and revoked, logins, permissions
since       what happened to an object since somebody looked at it
rollback    the configuration of a revision, made valid again by a new one
store       EDGE: all of it in the database
"""
