"""English names of the languages that the detector knows (ISO 639-1)."""

from __future__ import annotations

_TABLE = (
    "af Afrikaans,am Amharic,ar Arabic,az Azerbaijani,be Belarusian,bg Bulgarian,bn Bengali,bs Bosnian,ca Catalan,"
    "cs Czech,cy Welsh,da Danish,de German,el Greek,en English,eo Esperanto,es Spanish,et Estonian,eu Basque,fa Persian,"
    "fi Finnish,fr French,ga Irish,gl Galician,gu Gujarati,he Hebrew,hi Hindi,hr Croatian,hu Hungarian,hy Armenian,"
    "id Indonesian,is Icelandic,it Italian,ja Japanese,ka Georgian,kk Kazakh,km Khmer,kn Kannada,ko Korean,ku Kurdish,"
    "lo Lao,lt Lithuanian,lv Latvian,mk Macedonian,ml Malayalam,mn Mongolian,mr Marathi,ms Malay,my Burmese,nb Norwegian,"
    "ne Nepali,nl Dutch,no Norwegian,or Odia,pa Punjabi,pl Polish,ps Pashto,pt Portuguese,ro Romanian,ru Russian,"
    "si Sinhala,sk Slovak,sl Slovenian,so Somali,sq Albanian,sr Serbian,sv Swedish,sw Swahili,ta Tamil,te Telugu,"
    "th Thai,tl Tagalog,tr Turkish,uk Ukrainian,und Undetermined,ur Urdu,uz Uzbek,vi Vietnamese,yo Yoruba,zh Chinese,"
    "zu Zulu"
)
_NAMES = dict(entry.split(" ", 1) for entry in _TABLE.split(","))


def language_name(code: str) -> str:
    """The English name of a language; its code where the name is not known."""
    return _NAMES.get(code, code)
