"""Numbers of things, in the words of messages."""

_PLURALS = {"stretch": "stretches"}


def how_many(n, thing):
    """Return a number of things, such as "1 step" or "1,200 steps"."""
    return f"{n:,} {thing if n == 1 else _PLURALS.get(thing, thing + 's')}"
