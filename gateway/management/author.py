"""Whoever runs a command: the account of the operating system, on this machine."""

import getpass
import socket

from gateway.audit.author import Author, Door


def author_of_command(command: str, door: Door = Door.COMMAND, note: str = "") -> Author:
    """`command`: as it is called, for instance `create_key`."""
    return Author(user_id=None, name=f"{_account()} ({command})", door=door, address=socket.gethostname(), note=note)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "somebody"
