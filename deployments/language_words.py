"""Function words that tell languages which the detector's table holds together or not at all."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The detector answers 'ms' for both.
INDONESIAN = _words(
    "bisa karena banget nggak enggak gak ga kalian kamu dong sih deh yuk gue gw udah aja kayak gimana kota "
    "mobil kantor uang bahwa saat anda jangan kalau teman semoga silakan bareng jadi belum cuma"
)
MALAY = _words(
    "awak korang tak nak kerana macam je dah kat ialah bandar kereta wang pejabat hendak sahaja cikgu boleh "
    "ringgit sekarang jom sedap cantiknya mahu kawan telefon polis esok seronok"
)
# Hindi and Arabic in Latin letters: words of no other language of Latin script, and common ones that some share.
ROMANISED = {
    "hi": (
        _words(
            "hai hain nahi nahin kya kyu kyun mein aur bahut bhi yaar kaise kaisa tum aap mera meri mere tera teri "
            "humara hamara apna apni apne karo karna karte karta raha rahe rahi hoga toh woh yeh abhi kuch pyar zindagi "
            "bhai acha accha bohot liye wala wali wale gaya gayi phir hota hoti unka uska iska mujhe tujhe usko kisi "
            "sirf jab tab saath ke"
        ),
        _words("ki ka ko se jo wo ye ho tha thi the dil sab hum koi ne na hi par ek kar ab pe"),
    ),
    "ar": (
        _words(
            "habibi habibti yalla wallah inshallah inshalla mashallah alhamdulillah kifak kifik mesh mish bahebak "
            "bhebak hayda hayde kteer ktir wenak shukran sabah khair helwe hilwa enta enti ahlan"
        ),
        _words("ana el ya shu leh lesh inta inti salam w la al bas ma fi"),
    ),
}

# Swahili, which the detector does not know: words of no other common language of Latin letters, and ones that others share.
SWAHILI = _words(
    "abiria afya agosti ajira akili alfajiri alhamisi ambalo ambao ambapo ambaye ambayo angalia aprili ardhi asante "
    "asanteni asubuhi baada babu bado baiskeli barabara baridi barua benki biashara bibi bluu bustani bustanini chafu "
    "chake chako chakula changu chapati chekundu chetu cheupe cheusi chumba chumvi chungu chungwa chuo dakika daktari "
    "darasa desemba dirisha dukani elfu embe farasi februari fedha filamu fisi funguo fupi furaha gani gazeti ghali "
    "habari hadithi hakuna hamna hapana hapo haraka harusi hasira hatari hatujambo hayo hicho hili hilo hivi hivyo "
    "hiyo hizi hodari hongera hospitali hospitalini hoteli hujambo huko huo huu huyo huyu huzuni ijumaa imara "
    "ishirini jana jangwa januari jekundu jema jeshi jeupe jeusi jibini jibu jicho jiji jiko jino jioni jipya jirani "
    "joto juisi julai jumamosi jumanne jumapili jumatano jumatatu juzi kabla kahawa kahawia kanisa kanisani karatasi "
    "karibu karibuni karne katika kazini kesho kiazi kiboko kichwa kidogo kidole kifupi kigumu kiingereza kijana "
    "kijani kijiji kikubwa kile kimya kinywaji kiongozi kipepeo kipya kirefu kisiwa kiswahili kitabu kitamu kitanda "
    "kitu kitunguu kituo kizuri kondoo kongwe kuandika kubwa kucheza kufanya kufika kuimba kuishi kuja kujua kukaa "
    "kulala kununua kunywa kuona kupata kupenda kupika kupitia kurudi kusafiri kusema kusikia kusoma kutaka kuuza "
    "kuwa kuweza kwaheri kwake kwako kwamba kwangu kwani kwanini kwao kweli kwenda kwenu kwenye kwetu kwingine labda "
    "lake lakini lako langu letu likizo lini lugha machi macho machungwa madaktari madarasa madirisha madogo maduka "
    "maembe mafuta magazeti magumu maharagwe maisha majani maji majibu majina majirani makubwa malkia mandazi "
    "maneno manjano mapenzi mapya marafiki marahaba mashamba masikio maskini masomo maswali matatizo matumaini "
    "matunda maua maumivu mauti mawazo mawingu mayai maziwa mazuri mbali mbaya mbegu mbele mbili mbingu mboga mbuzi "
    "mbwa mchele mchezaji mchezo mdogo mdomo meza mfalme mfanyakazi mfupa mfupi mgeni mgongo mgumu mguu miaka michezo "
    "miguu miji mikate mikono milango milima mingapi mioyo misitu mitaa miti mji mjomba mkahawa mkate mkongwe mkono "
    "mkubwa mkulima mkutano mlango mlima mnyama moyo mpaka mpenzi mpira mpya mrefu msafiri mshahara msichana msikiti "
    "msitu mtaa mteja mtoto mtu mtulivu muhimu muziki mvivu mvua mvulana mwaka mwalimu mwanafunzi mwanamke mwanangu "
    "mwanaume mwandishi mwanzo mwekundu mwema mwendo mwenye mweupe mweusi mwezi mwili mwingine mwisho mzazi mzee "
    "mzuri nafuu najua nakupenda nanasi napenda nataka nchi ndefu ndiyo ndizi ndogo ndoto ndovu ndugu ng'ombe ngapi "
    "ngoma ngombe ngozi ngumu nguruwe niko ninyi njano nje njema njia njoo novemba nusu nyama nyanya nyasi nyekundu "
    "nyeupe nyeusi nyimbo nyingine nyinyi nyoka nyuki nyuma nyumba nyumbani nywele nzuri ofisi ofisini oktoba pamoja "
    "penzi pikipiki pilipili polepole pwani rafiki rahisi rais refu saa sakafu samahani samaki sasa sauti septemba "
    "serikali shamba shangazi sherehe shida shikamoo shilingi shingo shule shuleni siagi sijambo sijui sikiliza sikio "
    "simu sokoni somo sote subiri sukari tafadhali taifa tajiri tangu tano tatizo tayari thelathini theluji tisa "
    "tufaha tuko tulivu tumaini tumbo tunda twende twiga ufuko ufunguo ugali ugonjwa uhuru uko ukubwa ukuta ukweli "
    "ulimi ulimwengu uongo upendo upepo usiku utamaduni uwanja uwanjani uzuri viazi vibaya vidole vijana vijiji "
    "vinywaji viongozi vipi visiwa vitabu vitanda vitu vitunguu vizuri vyako vyakula vyangu vyema vyote vyumba "
    "wachezaji wadogo wafanyakazi wageni wakati wako wakubwa wakulima walimu wanafunzi wanaume wanawake wanawe "
    "wangapi wangu wanyama wapi waridi wasichana wateja watoto watu wavulana wazazi wazee wazo wazuri wengi wengine "
    "wenu wenye wetu wewe wimbo wingu wote yai yake yako yangu yao yenu yenye yetu yote yuko zake zako zamani "
    "zambarau zangu zawadi zetu zile ziwa zote zuri"
)
SWAHILI_SHARED = _words(
    "magari hizo "
    "amani ana anga asali baba bahari basi baya bei bila cha chai chini chui dada damu dawa duka dunia enda gari haba "
    "hadi haki hao hapa hasa hawa haya heri hii hiki hisia homa iko ile imani jambo jina jua juni juu kaka kalamu "
    "kama kazi kila kiti ku kuku kula kule kumi kuna kuta kwa la leo mali mama mamba mambo mara mchana mei meli meno "
    "mia mimi mini mito moja moto mti mto mungu mwana na nane nani ndani ndege ndio neno ni nini nne nyani nyota paa "
    "paka pale penda pesa pia picha pole pua punda rangi roho saba safari safi salama sana sawa si siku simba sisi "
    "sita soko supu swali tamu tatu tembo tena treni tu ua ule una unga uso vile viti vya wa wake wale wali wao wazi "
    "wiki ya yeye yule za zaidi"
)
# Words by their form (Ashton, 1944, Swahili Grammar): subject, tense and a stem that ends in a vowel ('ninapenda'), infinitives
# ('kujifunza'), and a nasal before a consonant, which few languages begin words with ('mchezo', 'nzuri', 'vyeusi').
_SUBJECT = r"(?:ni|u|a|tu|m|wa|i|li|zi|ki|vi|ya|ha|hatu|hawa)"
SWAHILI_VERB = re.compile(rf"{_SUBJECT}(?:na|li|ta|me|ki)[a-z]{{3,}}[aeiu]")
SWAHILI_FORM = re.compile(
    rf"{_SUBJECT}(?:na|li|ta|me|ki)[a-z]{{2,}}[aeiu]|ku[a-z]{{3,}}[au]|(?:m[bcdfgjklmnprstvwz]|n[dgjz]|ng'|vy)[a-z]+[aeiou]"
)

# Letters without which a Cyrillic text is hardly theirs: the detector mistakes Russian and Bulgarian words for them.
CYRILLIC_OWN = {"uk": "іїєґ", "be": "ўі", "sr": "ђјљњћџ", "mk": "ѓѕјљњќџ"}
NEITHER_RUSSIAN_NOR_BULGARIAN = frozenset("іїєґўђјљњћџѓѕќ")
# Letters and endings of adjectives that Bulgarian lacks; Russian writes its hard sign before four vowels only.
RUSSIAN = re.compile(r"[ыэё]|ь(?!о)|\w{3}(?:ая|яя|ий|ое)\b")
BULGARIAN = re.compile(r"ъ(?![еёюя])")
