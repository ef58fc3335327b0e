from __future__ import annotations

import pytest

from deployments.language import LanguageModel
from deployments.registry import card_of
from deployments.training.language import DATA, OWN_SETS, measure_own


@pytest.fixture(scope="module")
def model():
    return LanguageModel()


@pytest.mark.parametrize("name", OWN_SETS)
def test_twenty_languages_are_told_from_short_texts_as_the_card_says(name):
    (measured,) = measure_own(name, DATA / OWN_SETS[name])

    assert measured in card_of("language")["metrics"]
    assert measured["value"] >= 0.965
    assert len(measured["by_language"]) == 20
    assert min(measured["by_language"].values()) >= 0.85


@pytest.mark.parametrize(
    ("caption", "code"),
    [
        ("Asante sana rafiki yangu", "sw"),
        ("Tutaonana kesho asubuhi", "sw"),
        ("Magari e una casa grande con la mamma", "it"),
        ("Mama makan di rumah saya", "id"),
        ("Какая красивая осень", "ru"),
        ("Каква красива есен", "bg"),
        ("Яка гарна осінь", "uk"),
        ("Какво ще правиш днес след работа?", "bg"),
        ("Шта радиш данас, је л' идеш кући?", "sr"),
    ],
)
def test_neighbours_are_told_apart(model, caption, code):
    assert model.predict([caption])[0].code == code


def test_what_is_told_by_form_alone_is_doubtful_and_not_reliable(model):
    (found,) = model.predict(["Umeelewa swali?"])

    assert (found.code, found.reliable) == ("sw", False)
    assert found.doubt
