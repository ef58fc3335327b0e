"""Sponsorship marks in captions, by rules for eight languages.

The words are those that regulators ask for (FTC, ASA/CAP, ARPP and DGCCRF, Medienanstalten, AUTOCONTROL, AGCM, CONAR, ASCI)
and those that creators write instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARKS_MAX = 16


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A sponsorship mark: its text in the caption, the rule's language ('und' for signs used everywhere) and kind.

    kind is 'label' (#ad, "Anzeige"), 'partnership' ("in partnership with"), 'gift' or 'affiliate' (codes and commission).
    """

    text: str
    kind: str
    language: str


# language, kind, pattern; \b does not end Devanagari and Arabic words well, so those go without.
_TABLE = (
    ("und", "label", r"#(?:ad|ads|advert|advertisement|advertising|sponsored|sponsoredpost|sponsoredby|sponsor|paidad|adv)\b"),
    ("und", "partnership", r"#(?:paidpartnership|partnership|partner|brandambassador|ambassador|brandpartner|collab)\b"),
    ("und", "partnership", r"#[a-z0-9_]{2,40}(?:partner|ambassador|_ad)\b"),
    ("und", "gift", r"#(?:gifted|gift|pr|prsample|invited|pressstay|presstrip|freebie)\b"),
    ("und", "affiliate", r"#(?:aff|affiliate|affiliatelink|affiliatelinks|amazonaffiliate|ltk|liketkit)\b"),
    ("en", "label", r"(?:\A|\n)\s*[\[(*]?(?:ad|advert|advertisement|sponsored)\b[\])*]?\s*[|:\-–—•*\n]"),
    ("en", "label", r"[\[(](?:ad|advert|sponsored|paid ad)[\])]"),
    ("en", "label", r"\b(?:this (?:post|video|reel) is|is) (?:kindly |proudly )?sponsored\b|\bsponsored (?:by|post)\b"),
    ("en", "partnership", r"\b(?:paid|in|proud|brand) partnership with\b|\bpaid (?:promotion|partnership|collaboration)\b"),
    ("en", "partnership", r"\b(?:thanks|thank you) to (?:my (?:friends|partners?) at )?@[\w.]+ for (?:sponsoring|partnering)\b"),
    ("en", "partnership", r"\b(?:i(?:'|’)?ve |i |we(?:'|’)?ve |we )?(?:teamed|partnered) up with\b|\bpartnered with\b"),
    ("en", "gift", r"\b(?:gifted by|kindly gifted|pr (?:gift|package|sample)|complimentary (?:from|stay))\b"),
    ("en", "affiliate", r"\b(?:affiliate links?|earn a (?:small )?commission|commissionable links?)\b"),
    ("en", "affiliate", r"\b(?:use|with) (?:my |the )?(?:discount |promo )?code:? *[\"'“]?[A-Z0-9]{3,20}\b"),
    ("de", "label", r"#?\b(?:anzeige|werbung|unbezahlte werbung|dauerwerbesendung)\b"),
    ("de", "label", r"\benthält werbung\b|\bgesponsert(?: von)?\b"),
    ("de", "partnership", r"\bbezahlte (?:partnerschaft|kooperation)\b|\bin (?:kooperation|zusammenarbeit) mit\b|#kooperation\b"),
    ("de", "gift", r"\b(?:pr[- ]?sample|pr[- ]?muster|kostenlos zur verfügung gestellt)\b"),
    ("de", "affiliate", r"\b(?:affiliate[- ]?links?|rabattcode|mit (?:meinem|dem) code)\b"),
    ("fr", "label", r"#(?:pub|publicité|publicite|sponsorisé|sponsorise)\b|\b(?:post |contenu )?sponsorisée?s? par\b|\bpublicité\b"),
    ("fr", "partnership", r"\b(?:collaboration commerciale|partenariat rémunéré|en (?:partenariat|collaboration) avec)\b|#partenariat\b"),
    ("fr", "gift", r"\b(?:produits? offerts?|séjour offert|offert par|cadeau de la marque)\b|#(?:offert|produitoffert)\b"),
    ("fr", "affiliate", r"\b(?:liens? affiliés?|avec (?:le|mon) code|code promo)\b"),
    ("es", "label", r"#(?:publi|publicidad|anuncio|patrocinado|promo)\b|\b(?:publicidad|contenido patrocinado|patrocinado por)\b"),
    ("es", "partnership", r"\b(?:colaboración pagada|en colaboración con|en alianza con|embajador[ae]? de)\b|#(?:colaboracion|colaboración)\b"),
    ("es", "gift", r"\b(?:regalo de (?:la marca|@)|producto regalado|invitación de @)|#(?:regalo|invitada?o?)depr\b"),
    ("es", "affiliate", r"\b(?:enlaces? de afiliad[oa]s?|con mi código|código de descuento|usa(?:d|n)? (?:mi|el) código)\b"),
    ("pt", "label", r"#(?:publi|publicidade|publipost|patrocinado|parceriapaga)\b|\b(?:publicidade|conteúdo patrocinado|patrocinado por)\b"),
    ("pt", "partnership", r"\b(?:parceria paga|em parceria com|embaixador[a]? d[aeo])\b|#parceria\b"),
    ("pt", "gift", r"\b(?:recebidos? d[aeo]|presente d[aeo] marca|press ?kit)\b|#(?:recebido|recebidos|presskit)\b"),
    ("pt", "affiliate", r"\b(?:links? de afiliad[oa]s?|com (?:o )?meu cupom|cupom de desconto|use o (?:cupom|código))\b"),
    ("it", "label", r"#(?:pubblicità|pubblicita|sponsorizzato|annuncio)\b|\b(?:pubblicità|contenuto sponsorizzato|sponsorizzato da)\b"),
    ("it", "partnership", r"\b(?:collaborazione (?:pagata|retribuita)|in (?:collaborazione|partnership) con)\b|#(?:collaborazione)\b"),
    ("it", "gift", r"\b(?:prodotto (?:omaggio|fornito da)|gentilmente (?:offerto|omaggiato)|fornito da @)|#(?:suppliedby|giftedby|omaggio)\b"),
    ("it", "affiliate", r"\b(?:link (?:di )?affiliat[oi]|link affiliazione|con il (?:mio )?codice|codice sconto)\b"),
    ("ar", "label", r"#?(?<!\w)(?:إعلان|اعلان|إعلانات مدفوعة|محتوى مدفوع|ممول|برعاية)(?!\w)"),
    ("ar", "partnership", r"(?:شراكة مدفوعة|بالتعاون مع|بالشراكة مع|تعاون مدفوع|سفيرة? علامة)"),
    ("ar", "gift", r"(?:هدية من (?:شركة|علامة|@)|مهدى من|بدعوة من)"),
    ("ar", "affiliate", r"(?:كود (?:الخصم|خصم)|رابط (?:بعمولة|تسويق)|استخدموا? (?:كود|الكود))"),
    ("hi", "label", r"#?(?:विज्ञापन|प्रायोजित)"),
    ("hi", "partnership", r"(?:के सहयोग से|की साझेदारी में|पेड पार्टनरशिप|भुगतान साझेदारी)"),
    ("hi", "gift", r"(?:की (?:ओर|तरफ) से (?:उपहार|गिफ्ट)|गिफ्ट किया गया)"),
    ("hi", "affiliate", r"(?:एफिलिएट लिंक|डिस्काउंट कोड|कूपन कोड|मेरा कोड)"),
)  # fmt: skip
# A mark that is denied is no mark: "not sponsored", "no es publicidad", "keine Werbung".
_DENIAL = re.compile(
    r"(?:\b(?:not|isn't|isn’t|non|nicht|keine?|no es|não é|non è|n'est pas|pas|sin|sem|senza|zero) "
    r"(?:an? |una? |uma |une |un |de |du |sponsor\w* )?|\bun|#(?:not|non|no)|(?:ليس|بدون|غير) )\Z",
    re.IGNORECASE,
)
_RULES = tuple((language, kind, re.compile(pattern, re.IGNORECASE)) for language, kind, pattern in _TABLE)


def find_disclosures(text: str) -> tuple[Disclosure, ...]:
    """The sponsorship marks of a normalised caption in order of appearance, overlapping ones once; at most 16."""
    found: list[tuple[int, int, Disclosure]] = []
    for language, kind, pattern in _RULES:
        for match in pattern.finditer(text):
            start, end = match.span()
            denied = _DENIAL.search(text[max(0, start - 24) : start])
            if not denied and not any(start < other_end and other_start < end for other_start, other_end, _ in found):
                found.append((start, end, Disclosure(match.group().strip(" \n|:-–—•*"), kind, language)))
    return tuple(mark for _, _, mark in sorted(found, key=lambda item: item[0])[:MARKS_MAX])
