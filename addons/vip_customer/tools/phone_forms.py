"""What a written telephone number means: typed, pasted, or sent by a telephone system.

A number is read in the country of a company. What is read is a key as in ``number_key.py``, the
international form where it is a telephone number, and an extension, which no customer is found by.
"""

import re
import unicodedata
from enum import Enum
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from .number_key import number_key

SHORTEST, LONGEST = 5, 32
# A caller's text may be longer than his number: blanks, brackets, an extension.
LONGEST_TEXT = 100

_SCHEME = re.compile(r"^(?:tel|callto|sips?):(?://)?", re.IGNORECASE)
_HOST_OR_PARAMETER = re.compile(r"(?:@|;(?!ext=)).*$", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?:;ext=|[,;]?\s*(?:extension|ext\.?|x|#|转|轉|分机|分機|内线|[,;]))\s*[:.]?\s*(\d{1,7})#?$",
    re.IGNORECASE,
)
# a switchboard's own way: area, number, extension
_LAST_GROUP = re.compile(r"^(0\d{2,3}[\s)\-]+\d{7,8})\s*-\s*(\d{1,6})$")
_DIGITS = re.compile(r"\+?\d+")
_KEY = re.compile(r"[A-Za-z0-9/_]*\d[A-Za-z0-9/_]*")


class Problem(Enum):
    """Why a text is no number."""

    EMPTY = "empty"
    SHORT = "short"
    LONG = "long"
    LETTERS = "letters"


class Reading(NamedTuple):
    """A written number as it was understood."""

    key: str = ""
    extension: str = ""
    problem: Problem | None = None

    @property
    def is_account(self) -> bool:
        """Whether it can at most be the key of a contract or account: there are letters in it.

        >>> read("AB-1234").is_account, read("1380013800O").is_account, read("138").is_account
        (True, True, False)
        """
        return self.problem is Problem.LETTERS and _KEY.fullmatch(self.key) is not None


def read(text: str) -> Reading:
    """The key and the extension of a text, or what is wrong with it.

    >>> read(" (+86) 138-0013 8000 ")
    Reading(key='+8613800138000', extension='', problem=None)
    >>> read("００８６１３８００１３８０００").key, read("tel:+86-13800138000;phone-context=x").key
    ('+8613800138000', '+8613800138000')
    >>> read("021-65551234 转 802"), read("021-65551234-802")[:2]
    (Reading(key='02165551234', extension='802', problem=None), ('02165551234', '802'))
    >>> [read(text).problem.value for text in ("", "13", "1" * 40, "13800I38000", "anonymous")]
    ['empty', 'short', 'long', 'letters', 'letters']
    """
    plain, extension = _without_extension(_plain(text))
    key = number_key(plain)
    if key.startswith("00"):
        key = "+" + key[2:]
    if not key.strip("+"):
        return Reading(problem=Problem.EMPTY)
    if not _DIGITS.fullmatch(key):
        return Reading(key, extension, Problem.LETTERS)
    if len(key) < SHORTEST:
        return Reading(key, extension, Problem.SHORT)
    if len(key) > LONGEST:
        return Reading(key, extension, Problem.LONG)
    return Reading(key, extension)


def _plain(text: str) -> str:
    """In half-width characters, without what cannot be seen, and without what a link adds.

    >>> _plain("\\u202d１３８\\u202c"), _plain("sip:13800138000@pbx.example"), _plain("tel:10086;ext=2")
    ('138', '13800138000', '10086;ext=2')
    """
    shown = (c for c in text[:LONGEST_TEXT] if unicodedata.category(c) != "Cf")
    plain = unicodedata.normalize("NFKC", "".join(shown)).strip()
    linked = _SCHEME.sub("", plain)
    return plain if linked == plain else _HOST_OR_PARAMETER.sub("", linked)


def _without_extension(text: str) -> tuple[str, str]:
    """
    >>> _without_extension("65551234 ext. 802"), _without_extension("138-0013-8000")
    (('65551234', '802'), ('138-0013-8000', ''))
    """
    found = _EXTENSION.search(text)
    if found and found.start():
        return text[: found.start()].strip(), found.group(1)
    grouped = _LAST_GROUP.match(text)
    return (grouped.group(1), grouped.group(2)) if grouped else (text, "")


def international(key: str, country: str | None) -> str | None:
    """The E.164 form of a key read in a country (ISO code), as Odoo stores it; None if it is none.

    >>> international("13800138000", "CN"), international("+8613800138000", None)
    ('+8613800138000', '+8613800138000')
    >>> international("8613800138000", "CN"), international("013800138000", "CN")
    ('+8613800138000', '+8613800138000')
    >>> international("+14155552671", "CN"), international("13800138000", "US")
    ('+14155552671', None)
    >>> international("A1234", "CN"), international("12345", "CN"), international("1" * 30, "CN")
    (None, None, None)
    """
    if not _DIGITS.fullmatch(key):
        return None
    number = _parse(key, country)
    if number is None and not key.startswith("+"):
        number = _parse("+" + key, country)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else None


def _parse(key: str, country: str | None) -> PhoneNumber | None:
    """A valid telephone number, after two passes: Odoo corrects some countries when it formats."""
    try:
        number = phonenumbers.parse(key, country)
        shown = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        number = phonenumbers.parse(shown, country)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def masked(number: str) -> str:
    """A number that can be recognised by who knows it: at least four characters are hidden.

    >>> masked("13800138000"), masked("+8613800138000"), masked("10086"), masked("65551234"), masked("")
    ('138****8000', '+86*******8000', '****6', '****1234', '')
    """
    hidden = max(4, len(number) - 7)
    shown = max(0, len(number) - hidden)
    tail = min(4, shown)
    head = shown - tail
    return number[:head] + "*" * min(hidden, len(number)) + number[len(number) - tail :]
