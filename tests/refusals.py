"""What every refusal of bad input has in common."""

import pytest


def refused(kind, words, call, *arguments, **options):
    """Check that a call raises `kind` with all these words, in one line."""
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    missing = [word for word in words if word not in message]
    assert not missing, f"{missing} not in: {message}"
    assert "\n" not in message
