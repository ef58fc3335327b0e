"""The parts of a caption: links, mentions, hashtags, emoji, and the words between them."""

from __future__ import annotations

import re
import unicodedata

import emoji

CHARACTERS_MAX = 4_096  # Instagram allows 2,200; what is longer is not a caption, and is read up to here

URL = re.compile(r"(?:https?://|www\.)[^\s<>\"']+|\b(?:bit\.ly|linktr\.ee|amzn\.to)/[\w./-]+", re.IGNORECASE)
EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b")
MENTION = re.compile(r"(?<![\w.@])@([A-Za-z0-9_](?:[A-Za-z0-9_.]{0,28}[A-Za-z0-9_])?)")
# \w leaves out the vowel signs of the Indic scripts and Thai, and the joiners they need.
HASHTAG = re.compile(r"(?<![&\w])[##]([\w\u0300-\u036f\u0900-\u0dff\u0e00-\u0e7f\u200c\u200d]{1,100})")
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
_BLANKS = re.compile(r"[^\S\n]+")
_SPACES = re.compile(r"\s+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|_+")


def bounded(text: str) -> str:
    """A caption's first CHARACTERS_MAX characters, blanks for NUL and for halves of surrogate pairs, which no one reads."""
    return _UNREADABLE.sub(" ", text[:CHARACTERS_MAX])


def normalise(text: str) -> str:
    """A bounded caption with bold, italic and other compatibility letters folded (NFKC)."""
    return unicodedata.normalize("NFKC", bounded(text))[:CHARACTERS_MAX]


def words_only(text: str) -> str:
    """A normalised caption without links, addresses, mentions, hashtags and signs that are no letters."""
    for pattern in (URL, EMAIL, MENTION, HASHTAG):
        text = pattern.sub(" ", text)
    return _SPACES.sub(" ", "".join(map(_letters_and_marks, text))).strip()


def prose_of(text: str) -> str:
    """A normalised caption without links, addresses, mentions, hashtags and emoji; line ends and punctuation stay."""
    for pattern in (URL, EMAIL, MENTION, HASHTAG):
        text = pattern.sub(" ", text)
    return _BLANKS.sub(" ", emoji.replace_emoji(text, " ")).strip()


def hashtags_of(text: str) -> tuple[str, ...]:
    """Hashtags in lower case without the sign, each once, in order; plain numbers such as '#1' are none."""
    found = (tag.lower() for tag in HASHTAG.findall(text))
    return tuple(dict.fromkeys(tag for tag in found if not tag.replace("_", "").isdigit()))


def mentions_of(text: str) -> tuple[str, ...]:
    """Mentioned usernames in lower case without the sign, each once, in order."""
    return tuple(dict.fromkeys(name.lower() for name in MENTION.findall(EMAIL.sub(" ", text))))


def links_of(text: str) -> tuple[str, ...]:
    """Links as written, without closing punctuation, each once, in order."""
    return tuple(dict.fromkeys(link.rstrip(".,;:!?)]}»”\"'") for link in URL.findall(text)))


def hashtag_words(text: str) -> str:
    """The words inside hashtags, taken apart at capitals and underscores."""
    return " ".join(_CAMEL.sub(" ", tag) for tag in HASHTAG.findall(text))


def _letters_and_marks(character: str) -> str:
    kept = character.isalpha() or character in "'’-\u200c\u200d" or unicodedata.category(character)[0] == "M"
    return character if kept and character != "\ufe0f" else " "
