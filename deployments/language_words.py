"""Function words that tell languages which the detector's table holds together or not at all."""

from __future__ import annotations


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
