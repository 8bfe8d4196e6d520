"""Why something cannot be measured."""


class CannotMeasure(Exception):
    """The benchmark cannot go on. The message says why, and the cure."""


class Absent(Exception):
    """A contender is not installed. The message says what would install it."""
