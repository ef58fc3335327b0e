"""Values are made fit for Postgres without losing what it can hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.pg_values import BIGINT_MAX, TEXT_CHARS_MAX, encode_json, storable_count, storable_text, storable_time

ANYTHING = st.text(alphabet=st.characters(codec=None))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANYTHING,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANYTHING, inner, max_size=4),
    max_leaves=12,
)


@given(ANYTHING)
def test_text_keeps_all_but_nul_and_lone_surrogates(text):
    kept = storable_text(text)

    kept.encode()
    assert kept == "".join(sign for sign in text if sign != "\0" and not 0xD800 <= ord(sign) <= 0xDFFF)


def test_text_has_a_limit():
    assert len(storable_text("é" * (TEXT_CHARS_MAX + 1))) == TEXT_CHARS_MAX
    assert len(storable_text("x" * 100_000)) == 100_000


@pytest.mark.parametrize(
    ("count", "stored"), [(None, None), (0, 0), (-1, None), (BIGINT_MAX, BIGINT_MAX), (BIGINT_MAX + 1, None)]
)
def test_counts_are_what_a_column_holds(count, stored):
    assert storable_count(count) == stored


@given(JSON)
def test_any_json_becomes_text_that_postgres_reads(value):
    text = encode_json(value)

    text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")
    json.loads(text, parse_constant=pytest.fail)


def test_an_escaped_backslash_before_u0000_is_no_nul():
    assert json.loads(encode_json({"path": "C:\\u0000"})) == {"path": "C:\\u0000"}


def test_times_and_ids_become_text():
    value = {"at": datetime(2026, 1, 2, tzinfo=UTC), "id": UUID(int=7), "big": 2**70}

    assert json.loads(encode_json(value)) == {
        "at": "2026-01-02T00:00:00+00:00",
        "id": str(UUID(int=7)),
        "big": 2**70,
    }


def test_times_of_any_zone_are_stored_in_utc():
    # orjson writes this offset of 6 h 59 min 36 s as "-06:60", which Postgres refuses.
    old = datetime(1883, 1, 1, tzinfo=ZoneInfo("America/Denver"))

    assert storable_time(old) == old
    assert storable_time(old).utcoffset() == timedelta(0)
    assert storable_time(datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))) is None
    assert storable_time(None) is None
