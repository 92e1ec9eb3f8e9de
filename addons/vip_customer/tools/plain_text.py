"""What callers from outside give as a text."""


def is_text(value: object) -> bool:
    """Whether PostgreSQL takes a value for a text: no zero byte, nothing that is no character.

    >>> is_text("LOUNGE"), is_text("a\\0b"), is_text("\\ud800"), is_text(7)
    (True, False, False, False)
    """
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
