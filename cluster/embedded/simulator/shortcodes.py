"""Post ids and shortcodes that lead back to their creator, so that a restarted simulator still knows every post.

A shortcode holds its owner's username and the post's number in base 64, stirred so that neighbours look unlike.
"""

from __future__ import annotations

import hashlib

from cluster.records import USERNAME_LENGTH_MAX

_SYMBOLS = "abcdefghijklmnopqrstuvwxyz0123456789._"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_STIR = 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A27251F86C6A11D0C18E95 | 1  # odd, hence invertible modulo 2^n
_LEAD = "C"
_INDEX_COUNT = 64  # numbers of posts that a shortcode can hold
LENGTH_MAX = 40
_SYMBOLS_LEAST = 10  # with the lead the eleven that Instagram uses


def stable_number(*parts: object, bits: int = 64) -> int:
    """A number in [0, 2^bits) that depends on nothing but the parts."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=(bits + 7) // 8).digest()
    return int.from_bytes(digest, "big") >> (-bits % 8)


def post_id(username: str, index: int) -> str:
    """A post's id: 19 digits, as Instagram's are."""
    return str(3_000_000_000_000_000_000 + stable_number("post", username, index, bits=59))


def shortcode_of(username: str, index: int) -> str:
    """The shortcode of a creator's post; index counts from 0 (newest) to 63."""
    assert 0 <= index < _INDEX_COUNT, index
    number = 1  # a leading one keeps usernames that begin with the first symbol apart
    for symbol in username:
        number = number * len(_SYMBOLS) + _SYMBOLS.index(symbol)
    number = number * _INDEX_COUNT + index
    length = max(_SYMBOLS_LEAST, (number.bit_length() + 5) // 6)
    return _LEAD + _to_text(number * _STIR % 64**length, length)


def owner_of(shortcode: str) -> tuple[str, int] | None:
    """The username and index behind a shortcode; None for one that was never given out."""
    text = shortcode.removeprefix(_LEAD)
    if not text or len(shortcode) > LENGTH_MAX or text == shortcode or any(letter not in _BASE64 for letter in text):
        return None
    size = 64 ** len(text)
    number, index = divmod(_to_number(text) * pow(_STIR, -1, size) % size, _INDEX_COUNT)
    letters: list[str] = []
    while number > 1 and len(letters) < USERNAME_LENGTH_MAX:
        number, position = divmod(number, len(_SYMBOLS))
        letters.append(_SYMBOLS[position])
    username = "".join(reversed(letters))
    return (username, index) if number == 1 and username and shortcode_of(username, index) == shortcode else None


def _to_text(number: int, length: int) -> str:
    return "".join(_BASE64[number >> (6 * place) & 63] for place in reversed(range(length)))


def _to_number(text: str) -> int:
    number = 0
    for letter in text:
        number = number << 6 | _BASE64.index(letter)
    return number
