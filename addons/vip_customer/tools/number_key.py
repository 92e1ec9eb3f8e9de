"""How a service number is written down as a key."""

import re
import unicodedata

_NOISE = re.compile(r"[\s.()\-\u2010-\u2015\u2212]")


def number_key(text: str | None) -> str:
    """The number in half-width characters (NFKC), without spaces, dashes, dots and brackets.

    >>> number_key("１３８ (0013) 8000"), number_key("138-0013-8000"), number_key(None)
    ('13800138000', '13800138000', '')
    """
    return _NOISE.sub("", unicodedata.normalize("NFKC", text or ""))
