"""Language and script of a caption."""

from __future__ import annotations

from dataclasses import dataclass

UNDETERMINED = "und"


@dataclass(frozen=True, slots=True)
class Language:
    """Which language a caption is written in.

    code is ISO 639-1, or 'und' (ISO 639-2) when nothing can be told; confidence is in [0, 1]. script is the ISO 15924
    code of most letters ('Latn', 'Arab', 'Deva', …), 'Zyyy' without letters. reliable says that the text was long and
    distinct enough to build on. reason says why the code is 'und' or doubtful, None otherwise.
    """

    code: str
    confidence: float
    script: str
    reliable: bool
    reason: str | None = None
