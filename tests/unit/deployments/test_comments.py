from __future__ import annotations

import pytest

from deployments.comments import is_generic, normalised, table_of, words_of
from deployments.facts import CommentFacts
from tests.unit.deployments.planted import TEMPLATES, ordinary, with_pod


@pytest.mark.parametrize(
    "text",
    ["", "🔥🔥❤️", "@anna @bob", "123", "Nice pic!! 🔥", "sooooo beautiful", "Que linda foto", "J’adore ❤️", "Schönes Bild!",
     "أحلى صورة", "ما شاء الله", "बहुत सुंदर", "Bellissima!", "Очень красиво"],
)  # fmt: skip
def test_praise_that_fits_any_post_is_generic(text):
    assert is_generic(text)


@pytest.mark.parametrize(
    "text",
    ["Where did you buy that jacket?", "We hiked there last May", "¿Dónde queda ese restaurante?", "كم سعر الفستان من فضلك",
     "यह जगह कहाँ है", "I love the way you cook lamb"],
)  # fmt: skip
def test_a_comment_on_something_is_not_generic(text):
    assert not is_generic(text)


def test_words_keep_the_marks_of_indian_scripts():
    assert words_of("बहुत सुंदर!") == ["बहुत", "सुंदर"]
    assert normalised("Très   BELLE, vraiment!!! @anna https://x.y/z") == "tres belle vraiment"


def made_of(rows):
    post = ordinary(1).posts[0]
    return type(post)(**{name: getattr(post, name) for name in post.__slots__} | {"comments": tuple(rows)})


def test_near_copies_by_several_accounts_are_copies_and_a_repeated_own_text_is_not():
    template = TEMPLATES[0]
    spread = made_of([CommentFacts(f"a{index}", template + "!" * index) for index in range(4)])
    alone = made_of([CommentFacts("a", template) for _ in range(4)])
    assert table_of([spread], "planted").copied.sum() == 4
    assert table_of([spread], "planted").copied_texts
    assert table_of([alone], "planted").copied.sum() == 0


def test_a_slightly_changed_template_is_still_a_copy():
    rows = [
        CommentFacts(f"a{index}", TEMPLATES[0] + ending)
        for index, ending in enumerate(["", " friend", " dear", " man"])
    ]
    assert table_of([made_of(rows)], "planted").copied.sum() == 4


def test_short_phrases_that_many_write_are_no_copies():
    rows = [CommentFacts(f"a{index}", "This made my day") for index in range(10)]
    assert table_of([made_of(rows)], "planted").copied.sum() == 0


def test_the_sums_count_accounts_and_regulars():
    table = table_of(with_pod(ordinary(2), 2).posts, "planted")
    assert table.distinct.sum() == pytest.approx(table.commenters)
    assert 6 <= table.regulars <= 8
    assert table.regular.sum() / table.comments.sum() > 0.5
    assert table_of(ordinary(2).posts, "planted").regulars == 0
