from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.calls_to_action import find_calls, find_questions
from deployments.captions import CHARACTERS_MAX, hashtags_of, links_of, mentions_of, normalise, prose_of, words_only
from deployments.disclosure import find_disclosures
from deployments.keywords import KeywordFinder
from deployments.readability import readability_of
from deployments.telling_words import read_evidence


@pytest.mark.parametrize(
    ("caption", "language", "kind"),
    [
        ("New shoes! #ad", "und", "label"),
        ("Love it #Sponsored", "und", "label"),
        ("#glowpartner we love you", "und", "partnership"),
        ("AD | My morning with oats", "en", "label"),
        ("Paid partnership with @brand", "en", "partnership"),
        ("Use my code ANNA20 for a discount", "en", "affiliate"),
        ("Anzeige | Mein neues Rad", "de", "label"),
        ("Enthält Werbung. Heute zeige ich euch", "de", "label"),
        ("Bezahlte Partnerschaft mit @marke", "de", "partnership"),
        ("Collaboration commerciale avec @marque", "fr", "partnership"),
        ("Mes produits préférés #pub", "fr", "label"),
        ("Un día perfecto #publi", "es", "label"),
        ("En colaboración con @marca", "es", "partnership"),
        ("Minha rotina #publi", "es", "label"),
        ("Parceria paga com @marca", "pt", "partnership"),
        ("Use o cupom ANA10", "pt", "affiliate"),
        ("Il mio look #pubblicità", "it", "label"),
        ("In collaborazione con @marca", "it", "partnership"),
        ("إعلان: منتجي المفضل", "ar", "label"),
        ("شراكة مدفوعة مع @brand", "ar", "partnership"),
        ("यह वीडियो प्रायोजित है", "hi", "label"),
        ("पेड पार्टनरशिप @brand", "hi", "partnership"),
    ],
)
def test_sponsorship_is_seen_in_eight_languages(caption, language, kind):
    marks = find_disclosures(normalise(caption))

    assert (language, kind) in {(mark.language, mark.kind) for mark in marks}


@pytest.mark.parametrize(
    "caption",
    [
        "Not sponsored, I just love this cream",
        "No es publicidad, me encanta",
        "Keine Werbung, nur meine Meinung",
        "Dad and I had a bad day, add salt",
        "#adventure #adorable #addicted",
        "Loading the car with my partner in crime",
        "Gift ideas for your mother",
        "",
    ],
)
def test_what_only_looks_like_a_mark_is_none(caption):
    assert find_disclosures(normalise(caption)) == ()


def test_marks_are_quoted_in_order_and_once():
    marks = find_disclosures("Anzeige | in Kooperation mit @marke #werbung #ad")

    assert [mark.text for mark in marks] == ["Anzeige", "in Kooperation mit", "#werbung", "#ad"]


@pytest.mark.parametrize(
    ("caption", "language", "kind"),
    [
        ("Link in bio!", "en", "visit_link"),
        ("Tag a friend who needs this", "en", "tag"),
        ("Save this for later", "en", "save"),
        ("Sígueme para más recetas", "es", "follow"),
        ("Link na bio", "pt", "visit_link"),
        ("Dis-moi en commentaire", "fr", "comment"),
        ("Schreibt mir in die Kommentare", "de", "comment"),
        ("Salva il post", "it", "save"),
        ("الرابط في البايو", "ar", "visit_link"),
        ("कमेंट में बताइए", "hi", "comment"),
        ("Link in bio", "ja", "visit_link"),
        ("Sígueme", "und", "follow"),
    ],
)
def test_calls_to_action_are_seen_in_eight_languages(caption, language, kind):
    assert kind in {call.kind for call in find_calls(caption, language)}


def test_plain_sentences_call_for_nothing():
    assert find_calls("We walked along the river and had coffee.", "en") == ()


@pytest.mark.parametrize(
    ("caption", "questions"),
    [
        ("So good. What would you order?", ("What would you order?",)),
        ("¿Café o té? ¡Contadme!", ("Café o té?",)),
        ("ما رأيكم؟ شاركوني", ("ما رأيكم؟",)),
        ("Ready??\nGo", ("Ready??",)),
        ("??? no", ()),
        ("No question.", ()),
    ],
)
def test_questions_are_cut_out(caption, questions):
    assert find_questions(caption) == questions


def test_easy_prose_reads_easier_than_hard_prose():
    easy = "The cat sat on the mat. It was warm. We had tea and a nap. The sun was out all day long. We like it here."
    hard = (
        "Notwithstanding considerable methodological heterogeneity, contemporary investigations demonstrate substantial "
        "correlations between psychological characteristics and occupational responsibilities, necessitating "
        "interdisciplinary collaboration internationally and institutionally, irrespective of organisational affiliation."
    )

    simple, complicated = readability_of(easy, "en"), readability_of(hard, "en")

    assert simple.score > 90
    assert complicated.score < 0
    assert simple.sentences_count == 5


@pytest.mark.parametrize(
    ("text", "language"), [("Too short to say.", "en"), ("слово " * 40, "ru"), ("word " * 40, "und")]
)
def test_readability_is_not_told_without_a_formula_or_enough_words(text, language):
    assert readability_of(text, language) is None


def test_parts_are_taken_out_of_a_caption():
    text = normalise(
        "Mail me@work.com or see https://a.example/x?y=1). Thanks @Anna_B. & @anna_b #Sun_Set #1 #été #योग"
    )

    assert mentions_of(text) == ("anna_b",)
    assert links_of(text) == ("https://a.example/x?y=1",)
    assert hashtags_of(text) == ("sun_set", "été", "योग")
    assert words_only(text) == "Mail or see Thanks"
    assert "@" not in prose_of(text)


def test_bold_letters_are_read_as_letters():
    assert normalise("𝓗𝓮𝓵𝓵𝓸 𝐖𝐨𝐫𝐥𝐝") == "Hello World"


def test_words_tell_topics_whole_or_at_the_ends_of_hashtags():
    hits = read_evidence("Gyms and الكيك, not gymnasts. #foodporn #streetfoodlover ☕").hits

    assert set(hits) == {"gyms", "الكيك", "#foodporn", "#streetfoodlover", "☕"}


def test_keywords_leave_out_what_only_repeats():
    found = KeywordFinder().find("Fresh pasta with tomato sauce. Fresh pasta is the best pasta.", "en")

    assert "fresh pasta" in found
    assert "pasta" not in found
    assert len(found) <= 8


def test_keywords_are_not_made_up_where_words_have_no_spaces():
    assert KeywordFinder().find("今天天气很好我们去公园", "zh") == ()


def test_rules_take_hostile_captions_in_bounded_time():
    started_s = time.perf_counter()

    for part in ("#", "@", "use my code ", "a?", "https://", "link in ", "en ", "إعلان ", "a.b@", "ad | "):
        text = normalise(part * 100_000)
        assert len(text) <= CHARACTERS_MAX
        assert len(find_disclosures(text)) <= 16
        assert len(find_calls(text, "und")) <= 16
        assert len(find_questions(text)) <= 16
        assert len(read_evidence(text).hits) <= 32
        hashtags_of(text), mentions_of(text), links_of(text), words_only(text)

    assert time.perf_counter() - started_s < 10


@given(st.text(max_size=300))
def test_rules_take_any_text(text):
    text = normalise(text)

    find_disclosures(text), find_calls(text, "und"), find_questions(text), readability_of(prose_of(text), "en")
    read_evidence(text), words_only(text), links_of(text)
    assert all(tag == tag.lower() for tag in hashtags_of(text))
