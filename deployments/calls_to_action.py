"""What readers are asked to do and what they are asked, by rules for eight languages."""

from __future__ import annotations

import re
from dataclasses import dataclass

FOUND_MAX = 16


@dataclass(frozen=True, slots=True)
class CallToAction:
    """Something readers are asked to do: follow, like, comment, share, save, buy, visit_link, message, tag, watch, enter, vote."""

    kind: str
    text: str
    language: str


_TABLE = {
    "en": {
        "follow": r"\bfollow (?:me|us|along|for|@)|\bhit (?:that )?follow\b|\bsubscribe\b",
        "like": r"\b(?:double tap|like (?:this|if)|drop a like|smash (?:that )?like)\b",
        "comment": r"\b(?:comment (?:below|down|your|with)|leave (?:a|your) comment|let (?:me|us) know|tell (?:me|us)|drop (?:a|your|me)|in the comments)\b",
        "share": r"\b(?:share (?:this|with|it)|send this to|repost)\b",
        "save": r"\b(?:save (?:this|it|for later|the post)|bookmark this)\b",
        "buy": r"\b(?:shop (?:now|my|the|here)|buy (?:now|yours|it)|order (?:now|yours)|get yours|available now|pre-?order|use (?:my )?code)\b",
        "visit_link": r"\blinks? (?:is |are )?in (?:my |the |our )?(?:bio|profile|stories|story)\b|\bclick the link\b|\bswipe up\b|\btap the link\b",
        "message": r"\b(?:dm (?:me|us|for|to)|send (?:me|us) a (?:dm|message)|message (?:me|us))\b",
        "tag": r"\btag (?:a|your|someone|me|us|the|\d)",
        "watch": r"\b(?:watch (?:the|till|until|now|my)|check (?:out|my)|swipe (?:left|right|for|to))\b",
        "enter": r"\b(?:enter (?:to|the|now|our|my)|giveaway|join (?:the|us|me|now)|sign up|register)\b",
        "vote": r"\bvote\b",
    },
    "es": {
        "follow": r"\b(?:sígueme|síguenos|sigueme|siguenos|suscríbete)\b",
        "like": r"\b(?:dale (?:me gusta|like)|da like|doble tap)\b",
        "comment": r"\b(?:coment(?:a|ad|en) |cuéntame|cuéntanos|déjame (?:un|tu)|te leo|os leo|en (?:los )?comentarios)",
        "share": r"\b(?:comparte|compártelo|compartid|envíaselo)\b",
        "save": r"\b(?:guarda (?:este|el)|guárdalo|guárdatelo)\b",
        "buy": r"\b(?:compra (?:ya|ahora|el|la|aquí)|cómpralo|consíguelo|ya (?:a la venta|disponible)|usa mi código|reserva (?:ya|tu))\b",
        "visit_link": r"\b(?:link|enlace) en (?:la |mi )?(?:bio|perfil)\b",
        "message": r"\b(?:escríbeme|mándame un (?:dm|mensaje)|por (?:dm|privado))\b",
        "tag": r"\betiquet(?:a|ad) a\b|\bmenciona a\b",
        "watch": r"\b(?:mira (?:el|hasta)|desliza)\b",
        "enter": r"\b(?:participa|sorteo|apúntate|inscríbete|únete)\b",
        "vote": r"\bvota\b",
    },
    "pt": {
        "follow": r"\b(?:me segue|siga|segue o perfil|inscreva-se)\b",
        "like": r"\b(?:curt[ae] (?:se|o|esse|aqui)|deixa (?:o|seu) like|dá like)\b",
        "comment": r"\b(?:coment[ae] (?:aqui|aí|o|qual|se)|me conta|conta (?:aqui|pra)|deix[ae] (?:seu|nos) coment|nos comentários)",
        "share": r"\b(?:compartilh[ae]|manda (?:pra|para)|envi[ae] para)\b",
        "save": r"\bsalv[ae] (?:esse|este|o post|pra|para)\b",
        "buy": r"\b(?:compre (?:já|agora|aqui)|garanta (?:já|o seu|a sua)|já disponível|use (?:o )?(?:meu )?cupom)\b",
        "visit_link": r"\blink (?:na|no) (?:minha |meu )?(?:bio|perfil)\b",
        "message": r"\b(?:me chama (?:no|na)|mand[ae] (?:uma )?(?:dm|mensagem|direct))\b",
        "tag": r"\b(?:marc[ae] (?:aquel[ae]|um|uma|o|a|quem|seu|sua)|marque)\b",
        "watch": r"\b(?:assist[ae]|arrast[ae] (?:para|pra))\b",
        "enter": r"\b(?:participe|sorteio|inscrições|inscreva)\b",
        "vote": r"\bvot[ae]\b",
    },
    "fr": {
        "follow": r"\b(?:abonne-toi|abonnez-vous|suis-moi|suivez-(?:moi|nous))",
        "like": r"\b(?:like[zr]? (?:si|ce)|double[- ]tap|mets un like)\b",
        "comment": r"\b(?:dis-moi|dites-moi|dites-nous|commente[zr]?|en commentaires?|raconte-moi|laisse un commentaire)\b",
        "share": r"\b(?:partage[zr]? (?:ce|à|avec|si|la|le)|envoie (?:ce|à))",
        "save": r"\b(?:enregistre[zr]? (?:ce|cette|le|la)|sauvegarde[zr]?)\b",
        "buy": r"\b(?:achete[zr]?|commande[zr]? (?:vite|maintenant|ici)|disponible (?:maintenant|dès)|avec (?:le|mon) code)\b",
        "visit_link": r"\blien (?:en|dans (?:la|ma)) bio\b",
        "message": r"\b(?:écri(?:s|vez)-(?:moi|nous)|en (?:mp|dm)|envoie(?:z)?-moi un message)\b",
        "tag": r"\b(?:tague[zr]?|identifie[zr]?|mentionne[zr]?) ",
        "watch": r"\b(?:regarde[zr]? (?:la|le|jusqu)|swipe[zr]?)\b",
        "enter": r"\b(?:participe[zr]?|jeu concours|concours|inscri(?:s-toi|vez-vous)|tirage au sort)\b",
        "vote": r"\bvote[zr]?\b",
    },
    "de": {
        "follow": r"\b(?:folg(?:e|t)? (?:mir|uns)|abonnier(?:e|t)?)\b",
        "like": r"\b(?:lass(?:t)? (?:ein|einen) like|gefällt dir|doppelt tippen)\b",
        "comment": r"\b(?:schreib(?:t)? (?:mir |es )?(?:in die|unten)|kommentier(?:e|t)?|in die kommentare|erzähl(?:t)? (?:mir|uns)|verrat(?:et)? mir|sag(?:t)? mir)\b",
        "share": r"\b(?:teil(?:e|t)? (?:das|den|diesen|es|mit)|schick(?:e|t)? (?:das|es|den))\b",
        "save": r"\b(?:speicher(?:e|t|n)? (?:dir|euch|den|das|diesen)|merk dir)\b",
        "buy": r"\b(?:jetzt (?:kaufen|bestellen|erhältlich|shoppen|sichern)|bestell(?:t)? jetzt|hol dir|mit (?:dem|meinem) code)\b",
        "visit_link": r"\blink (?:ist |findet ihr )?in (?:der|meiner) bio\b",
        "message": r"\b(?:schreib(?:t)? mir(?: eine| per)? (?:dm|nachricht)|per dm)\b",
        "tag": r"\b(?:markier(?:e|t)?|verlink(?:e|t)?) (?:eine|einen|deine|deinen|jemand|mich|uns|eure)\w*",
        "watch": r"\b(?:schau(?:t)? (?:euch|dir|mal|bis)|wisch(?:e|t)? )",
        "enter": r"\b(?:gewinnspiel|mach(?:t)? mit|nimm teil|nehmt teil|meld(?:e|et) (?:dich|euch) an|verlosung)\b",
        "vote": r"\bstimm(?:e|t)? (?:ab|für)\b",
    },
    "it": {
        "follow": r"\b(?:seguimi|seguiteci|seguitemi|seguici|iscriviti)\b",
        "like": r"\b(?:metti (?:un )?(?:like|mi piace)|lascia un like|doppio tap)\b",
        "comment": r"\b(?:dimmi|ditemi|fammi sapere|fatemi sapere|scrivi(?:mi|lo)? nei|commenta|nei commenti|raccontami)\b",
        "share": r"\b(?:condividi|condividete|manda questo|invialo a)\b",
        "save": r"\b(?:salva (?:il|questo|la)|salvalo|salvatelo)\b",
        "buy": r"\b(?:acquista|compra (?:ora|subito|qui)|ordina (?:ora|subito)|disponibile (?:ora|da oggi)|con il (?:mio )?codice)\b",
        "visit_link": r"\blink in (?:bio|profilo)\b",
        "message": r"\b(?:scrivimi|scrivetemi|in (?:dm|direct|privato))\b",
        "tag": r"\b(?:tagga|taggate|menziona) ",
        "watch": r"\b(?:guarda (?:il|fino|la)|scorri)\b",
        "enter": r"\b(?:partecipa|giveaway|concorso|iscriviti|unisciti)\b",
        "vote": r"\bvota\b",
    },
    "ar": {
        "follow": r"(?:تابعوني|تابعني|تابعونا|اشتركوا?|فولو)",
        "like": r"(?:اعملوا? لايك|لايك|حطوا? لايك)",
        "comment": r"(?:في التعليقات|بالتعليقات|اكتبوا? لي|شاركوني|شاركونا|قولوا? لي|خبروني|علقوا?|بالكومنت)",
        "share": r"(?:شاركوا? (?:الفيديو|المنشور|مع)|انشروا?|أرسلوا?ه?ا? ل|ارسلها ل)",
        "save": r"(?:احفظوا? (?:البوست|الفيديو|المنشور)|احفظه|احفظيه|احفظها)",
        "buy": r"(?:اطلبوا? الآن|اطلبي الآن|متوفر الآن|تسوقوا?|اشتروا? الآن|كود (?:ال)?خصم)",
        "visit_link": r"(?:الرابط (?:في|ب) ?(?:البايو|الملف|البروفايل|الستوري)|رابط في البايو|اللينك في)",
        "message": r"(?:راسلوني|راسلونا|على الخاص|تواصلوا? معنا|للتواصل)",
        "tag": r"(?:منشن|اعملوا? منشن|تاغ|منشنوا)",
        "watch": r"(?:شاهدوا|شوفوا? (?:الفيديو|للآخر)|اسحبوا?)",
        "enter": r"(?:مسابقة|شاركوا? في|سحب على|جيف ?اواي|سجلوا? الآن)",
        "vote": r"(?:صوتوا?|تصويت)",
    },
    "hi": {
        "follow": r"(?:फॉलो कर|फ़ॉलो कर|सब्सक्राइब)",
        "like": r"(?:लाइक कर|पसंद आए तो)",
        "comment": r"(?:कमेंट (?:में|कर)|कमेंट्स में|बताइए|बताओ|बताएं|बताएँ|हमें बता)",
        "share": r"(?:शेयर कर|साझा कर|दोस्तों को भेज)",
        "save": r"(?:सेव कर|सेव कीजिए)",
        "buy": r"(?:अभी खरीद|ऑर्डर कर|अभी ऑर्डर|खरीदें|कूपन कोड)",
        "visit_link": r"(?:लिंक बायो|बायो में लिंक|लिंक (?:मेरे|हमारे) (?:बायो|प्रोफाइल))",
        "message": r"(?:डीएम कर|मैसेज कर|संपर्क कर)",
        "tag": r"(?:टैग कर|मेंशन कर)",
        "watch": r"(?:वीडियो देख|पूरा देख|स्वाइप कर)",
        "enter": r"(?:भाग ले|हिस्सा ले|गिवअवे|प्रतियोगिता|रजिस्टर कर)",
        "vote": r"(?:वोट कर|वोट दें)",
    },
}
LANGUAGES = frozenset(_TABLE)
_RULES = {
    language: tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in kinds.items())
    for language, kinds in _TABLE.items()
}
# A question runs back from its mark to the last sentence end, emoji or line; Greek's ';' is left to its own.
_QUESTION = re.compile(r"[^.!?؟？。！|\n]{2,200}[?؟？]+")
_EDGES = " \t¿¡-–—•\"'“”«»()"


def find_calls(text: str, language: str) -> tuple[CallToAction, ...]:
    """Calls to action of a normalised caption in order of appearance, each kind once; at most 16.

    The language's own rules and English ones are tried, all of them where the language is not known.
    """
    languages = sorted({language, "en"} & LANGUAGES) if language in LANGUAGES else sorted(LANGUAGES)
    found: dict[str, tuple[int, CallToAction]] = {}
    for code in languages:
        for kind, pattern in _RULES[code]:
            match = pattern.search(text)
            if match and (kind not in found or match.start() < found[kind][0]):
                found[kind] = match.start(), CallToAction(kind, match.group().strip(), code)
    return tuple(call for _, call in sorted(found.values(), key=lambda item: item[0])[:FOUND_MAX])


def find_questions(text: str) -> tuple[str, ...]:
    """Sentences that end in a question mark; at most 16. The caller left links out and put line ends for emoji."""
    questions = (match.group().strip(_EDGES) for match in _QUESTION.finditer(text))
    return tuple(dict.fromkeys(question for question in questions if any(map(str.isalpha, question))))[:FOUND_MAX]
