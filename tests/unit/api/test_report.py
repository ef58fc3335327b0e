"""The report: readable without colour, 100 columns at most, and never a NaN or a None."""

from __future__ import annotations

import io
import re
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from api.compose import compose
from api.report import WIDTH, render
from api.report_marks import bar, compact, interval_bar, plain, signed_bar, sparkline
from tests.stored_creators import BASE_URL, bare_creator, creator

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def printed(stored, *, colour=False, width=WIDTH, **more):
    file = io.StringIO()
    system = "truecolor" if colour else None
    console = Console(file=file, width=width, color_system=system, force_terminal=colour, no_color=not colour)
    render(compose(stored, base_url=BASE_URL, **more), console)
    return file.getvalue()


@pytest.mark.parametrize("stored", [creator, bare_creator])
def test_report_shows_no_placeholder_of_the_language(stored):
    words = re.findall(r"\w+", printed(stored()))

    assert not {"None", "nan", "NaN", "inf", "null"} & set(words)


@pytest.mark.parametrize("stored", [creator, bare_creator])
def test_report_fits_into_100_columns_and_into_fewer(stored):
    for width in (WIDTH, 72):
        assert max(map(cell_len, printed(stored(), width=width).splitlines())) <= width
    assert max(map(cell_len, printed(stored(), width=240).splitlines())) <= WIDTH


def test_report_says_in_plain_text_what_colours_say():
    text = printed(creator())

    assert "\x1b" not in text
    for expected in (
        "Marta Figueiredo ✓",
        "48.2K followers",
        "micro",
        "4.15 %",
        "81/100",
        "low",
        "Portuguese",
        "Portugal",
        "female",
        "orange 50 % #d98a3d",
        "#receitas 4",
        "Nearly all comments are written by hand.",
        "duplicated_comments",
        "age is not inferable",
        "Source: apify",
        "sentiment-example 1.0.0",
        "▲ +0.83",
    ):
        assert expected in text


def test_colours_are_shown_as_swatches():
    assert "38;2;217;138;61m██" in printed(creator(), colour=True)


def test_a_creator_without_anything_is_told_what_is_missing_and_why():
    text = printed(bare_creator())

    assert "the picture's address answered 403" in text
    assert "not analysed yet" in text
    assert "No post is stored." in text


def test_what_fraud_detection_could_not_look_at_is_told():
    assert "Could not be checked: benford." in printed(creator())


def test_a_day_is_called_best_only_where_chance_does_not_explain_it():
    by_chance = creator()
    by_merit = replace(by_chance, analysis=deepcopy(by_chance.analysis))
    by_merit.analysis["behavioral_patterns"]["result"]["hours"][0]["lift"]["interval"] = [1.05, 1.4]

    assert "· best " not in " ".join(printed(by_chance).split()), "the intervals of all blocks reach below the average"
    assert "best 18-21 (×1.18)" in " ".join(printed(by_merit).split())


def test_a_stale_answer_is_told_loudly():
    assert "STALE" in printed(creator(), stale=True)


def test_foreign_text_cannot_steer_the_terminal():
    nasty = replace(creator(), full_name="Ev\x1b[2Jil [bold]\u202e name", biography="line\n\x07two [/red]")
    text = printed(nasty)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "Ev[2Jil [bold] name" in text
    assert "line two [/red]" in text


@given(st.text())
def test_plain_text_is_printable_and_on_one_line(text):
    assert plain(text).isprintable()


@given(NUMBERS, NUMBERS, NUMBERS)
def test_bars_keep_their_width(share, low, high):
    assert bar(share, 12).cell_len == 12
    assert interval_bar(share, (low, high), 12).cell_len == 12
    assert signed_bar(share, 1.0, 12).cell_len == 13


@given(st.lists(st.one_of(st.none(), NUMBERS), max_size=40))
def test_sparkline_has_a_column_for_each_value(values):
    assert sparkline(values).cell_len == len(values)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "–"),
        (0, "0"),
        (2310, "2,310"),
        (9999, "9,999"),
        (10_000, "10K"),
        (48_200, "48.2K"),
        (999_960, "1M"),
        (3_450_000, "3.5M"),
    ],
)
def test_counts_are_shown_compactly(number, text):
    assert compact(number) == text
