"""The commonest function words of languages, and the letters that few of them write; written for this file."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS = {
    "Latn": {
        "en": _words("the and to of is in it you that for on with this are was be my your have not but we they what so just all at from or will can when how i'm it's don't an as me do up out get now more who there our has been"),
        "es": _words("el la los las de que y en un una por con para es del al lo se no mi tu su más pero como muy ya esta este está todo hay nos son fue si yo porque cuando me te qué hoy así sin donde sus han era estoy todos gracias"),
        "pt": _words("o a os as de que e em um uma por com para é do da dos das no na não se mais mas como muito já isso esse essa está tudo meu minha eu você ele ela foi são pra nos pelo pela ao também quando hoje só ser tem vai gente aqui até"),
        "fr": _words("le la les de des du et en un une que qui est pour dans ce cette pas sur avec je tu il elle nous vous on au aux mais plus ou sont mon ma mes ton ta tout très c'est j'ai qu'on d'un été être fait se sa son leur par ça si quand même aujourd'hui"),
        "de": _words("der die das und ist in zu den nicht ein eine mit von auf für es ich sie wir ihr du dem des im auch sich so wie aber an bei nach noch nur oder was wenn aus mein meine dein war sind hat haben wird kann mehr zum zur einen einem einer heute schon euch uns über dann vom"),
        "it": _words("il lo la i gli le di che e è in un una per con non del della dei delle al alla nel nella si mi ti ci ma come più questo questa sono ho hai ha anche se tutto molto da dal sul o suo mio io noi voi loro quando perché oggi cosa era così già essere fatto solo tutti dove"),
        "nl": _words("de het een en van is in op te dat ik je niet met voor zijn er aan om ook maar als dan wat bij nog naar uit wel we ze hij deze dit mijn jouw onze heb heeft had kan zo nu meer door over hoe waar toch weer gaan worden wordt geen jullie vandaag"),
        "tr": _words("ve bir bu da de için çok ile ne mi mı mu mü ben sen biz siz o gibi daha en var yok değil ama kadar her şey olarak olan sonra önce bugün benim senin bizim diye ki ya ise bana sana nasıl şimdi hiç iyi ol oldu hem çünkü"),
        "id": _words("yang dan di ini itu untuk dengan dari ke tidak ada akan juga sudah saya aku kita kami lebih bisa karena pada adalah banget nggak gak aja yuk buat mau sama lagi jadi kalau tapi apa semua hari kamu dalam atau oleh sangat masih"),
        "ms": _words("tak nak awak kerana boleh sahaja dah macam je korang hendak ialah sangat untuk dengan ini itu di ke dan yang dari ada akan saya kita lagi juga jom sedap mahu"),
        "pl": _words("i w na z do się nie to jest że jak co o od po za ale tak czy mi mnie ja ty my dla przez już tylko może być są był była ten ta te tym jego jej ich moje mój gdy bardzo dziś przy więc będzie jeszcze wszystko dzień"),
        "sv": _words("och att det i en som är på för av med den till inte om ett jag har du vi men så var kan från ska min mitt nu när bara idag också eller hur mycket alla där här blir bli han hon dig mig"),
        "da": _words("og at det i en som er på for af med den til ikke om et jeg har du vi men så var kan fra skal min mit nu når bare også eller hvordan meget alle der her bliver hvad han hun dig mig være"),
        "no": _words("og å det i en som er på for av med den til ikke om et jeg har du vi men så var kan fra skal min mitt nå når bare også eller hvordan mye alle der her blir hva han hun deg meg være"),
        "fi": _words("ja on ei se että oli kun niin mutta myös hän olen minä sinä me te ovat kuin mitä tämä joka jos nyt vain kanssa ole sitten hyvin paljon vielä tänään minun"),
        "ro": _words("și si de la în in cu pe nu este un o să sa că ca pentru mai din sunt am ai are dar ce care te mi ne la fi foarte dacă acum azi când fost lui"),
        "cs": _words("a se na je v to že s z do jsem jak ale pro tak by co už si jsou být byl jen dnes nebo když ještě jako také moje můj není"),
        "hu": _words("a az és hogy nem is egy ez meg de csak van már mint ha vagy volt még én te mi nagyon ma most lesz itt ott ki mert azt"),
        "vi": _words("và là của có không cho một những các được này với người trong khi đã để tôi bạn mình rất thì cũng như đi về ra nhiều ơi nhé hôm nay đang sẽ gì"),
        "sw": _words("na ya wa kwa ni katika za la kuwa hii hiyo sana lakini kama yake yangu wangu wetu leo pia watu mimi wewe sisi habari asante hapa kila moja siku kutoka au bado nini wote ili bila huu ule"),
        "tl": _words("ang ng sa na mga ay at ko mo ka ako siya ito para hindi lang po naman kung nang din rin may wala kasi yung pa ba tayo kayo salamat"),
        "hi": _words("hai hain nahi nahin kya mein aur bhi yaar tum aap mera meri mere tera teri kar raha rahe rahi toh woh yeh kuch abhi bhai se ki ke ka ko ne ho tha thi hum sab koi jo par liye wala gaya hota apna apne"),
    },
    "Cyrl": {
        "ru": _words("и в не на я что с это как по но он она мы вы у к за от так все бы же для то из о меня мне ещё уже был была только очень есть или если когда мой моя день сегодня тебя его их нет да"),
        "uk": _words("і в не на я що з це як по але він вона ми ви у до за від так все б же для то із про мене мені ще вже був була тільки дуже є або якщо коли мій моя день сьогодні тебе його їх немає та й"),
        "bg": _words("и в не на аз че с това как по но той тя ние вие у към за от така всичко би да е са се ще си съм беше много или ако когато мой моя ден днес теб го ги няма най един една във със"),
        "sr": _words("и у не на ја да је са то како по али он она ми ви за од тако све би се су ће сам био била само врло или ако када мој моја дан данас те га их нема"),
    },
    "Arab": {
        "ar": _words("في من على إلى الى عن مع هذا هذه ان أن إن لا ما كل يا هو هي انا أنا انت كان بعد قبل اللي التي الذي و او أو ثم لم لن قد هل كيف وين شو مش بس والله الله اليوم"),
        "fa": _words("و در به از که این را با است برای آن یک هم من تو ما شما خود تا بر هر اما یا اگر می نمی بود شد شود کرد های خیلی امروز چه نیست باید"),
        "ur": _words("ہے ہیں کے کی کا میں سے کو اور یہ وہ نے پر بھی تو ہو نہیں کر تھا تھی ایک ہم آپ میرا میری مجھے کیا جو اس ان گیا رہا رہے لیے آج بہت"),
    },
    "Deva": {
        "hi": _words("है हैं के की का में से को और यह वह ने पर भी तो हो नहीं कर था थी एक हम आप मेरा मेरी मुझे क्या जो इस उस गया रहा रहे रही लिए आज बहुत कि ये अपने"),
        "mr": _words("आहे आहेत आणि च्या चा ची चे मध्ये ने ला हा ही हे तो ती ते नाही मी तू आम्ही तुम्ही माझा माझी काय जो या होता होती एक आज खूप पण करून असे"),
        "ne": _words("छ छन् छैन र को का की मा ले लाई हो यो त्यो पनि म तिमी हामी मेरो के गर्न भयो थियो एक आज धेरै तर गरेको हुन्छ"),
    },
}  # fmt: skip
# Letters that tell a language by themselves, or leave few.
LETTERS = {
    "Latn": {
        "es": "ñ¿¡", "pt": "ãõ", "fr": "œçèùûë", "de": "ßäöü", "it": "ìòù", "tr": "ığşİ", "pl": "łąęśźżćń", "sv": "åäö",
        "da": "æøå", "no": "æøå", "fi": "äö", "ro": "ăâîșțşţ", "cs": "ěřůčšžď", "hu": "őűáö",
        "vi": "ơưđăạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    },
    "Cyrl": {"ru": "ыэё", "uk": "іїєґ", "bg": "ъщ", "sr": "ђјљњћџ"},
    "Arab": {"fa": "پچژگکی", "ur": "ٹڈڑںےہھ", "ar": "ةىإأك"},
    "Deva": {"mr": "ळ"},
}  # fmt: skip
