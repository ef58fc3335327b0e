from __future__ import annotations

import contextlib
import csv
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.clients import exports
from cluster.clients.exports import JsonScanner, read_export
from cluster.clients.items import parse_apify_profile
from cluster.errors import InvalidInput

ANNA = {
    "username": "anna",
    "biography": 'brackets ]}[{ and "quotes" \\',
    "latestPosts": [{"id": "1", "caption": "a,b"}],
}
BOB = {"username": "bob", "followersCount": 3}


def write(tmp_path, content, name="export.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def data_of(path):
    return [found.data for found in read_export(path)]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_is_read_item_by_item(tmp_path, indent):
    path = write(tmp_path, json.dumps([ANNA, BOB], indent=indent))
    found = list(read_export(path))
    assert [one.data for one in found] == [ANNA, BOB]
    assert [one.number for one in found] == [1, 2]
    assert [one.problem for one in found] == [None, None]
    assert found[-1].read_bytes == path.stat().st_size


@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_object_is_one_item(tmp_path, indent):
    assert data_of(write(tmp_path, json.dumps(ANNA, indent=indent))) == [ANNA]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
def test_json_lines_are_read_line_by_line(tmp_path, newline):
    lines = newline.join(json.dumps(one, ensure_ascii=False) for one in (ANNA, BOB))
    assert data_of(write(tmp_path, lines, "export.csv")) == [ANNA, BOB]  # the content counts, not the name


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_other_encodings_are_understood(tmp_path, encoding):
    text = json.dumps([{"username": "anna", "biography": "é 😀"}], ensure_ascii=False)
    assert data_of(write(tmp_path, text.encode(encoding)))[0]["biography"] == "é 😀"


def test_a_broken_item_of_an_array_does_not_hide_the_others(tmp_path):
    text = '[\n{"username": "anna"},\n{"username": nope},\n7,\n{"username": "bob"},\n]'
    found = list(read_export(write(tmp_path, text)))
    assert [one.data for one in found] == [{"username": "anna"}, None, 7, {"username": "bob"}]
    assert "not valid JSON" in found[1].problem
    assert [one.line for one in found] == [2, 3, 4, 5]


def test_a_file_that_was_cut_off_gives_what_is_whole(tmp_path):
    text = json.dumps([ANNA, BOB])[:-20]
    found = list(read_export(write(tmp_path, text)))
    assert found[0].data == ANNA
    assert found[1].problem == "the file ends inside this item"


def test_a_broken_line_does_not_hide_the_others(tmp_path):
    text = b'{"username": "anna"}\n{"username": \n{"username": "x\xff"}\n\n{"username": "bob"}\n'
    found = list(read_export(write(tmp_path, text)))
    assert [one.data for one in found] == [{"username": "anna"}, None, None, {"username": "bob"}]
    assert [one.line for one in found] == [1, 2, 3, 5]
    assert "not valid JSON" in found[1].problem
    assert found[2].problem == "not UTF-8 text"


def test_items_past_the_limit_are_rejected_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "ITEM_CHARS_MAX", 100)
    long = {"username": "long", "biography": "x" * 300}
    for text in (json.dumps([BOB, long, BOB]), "\n".join(map(json.dumps, [BOB, long, BOB]))):
        found = list(read_export(write(tmp_path, text)))
        assert [one.data for one in found] == [BOB, None, BOB]
        assert found[1].problem == "longer than 100 characters"


def test_a_flattened_csv_becomes_nested_items(tmp_path):
    rows = [
        {
            "username": "anna",
            "biography": "line one\nline two, with comma",
            "followersCount": "1200",
            "private": "false",
            "externalUrls/0/url": "https://anna.example/",
            "latestPosts/0/id": "1",
            "latestPosts/0/caption": "first\n#tag",
            "latestPosts/0/hashtags/0": "tag",
            "latestPosts/1/id": "2",
            "latestPosts/1/likesCount": "-1",
        },
        {"username": "bob", "biography": "", "followersCount": "3", "latestPosts/1/id": "9"},
    ]
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    anna, bob = list(read_export(path))
    assert (anna.line, bob.line) == (2, 5)
    assert anna.data["latestPosts"][0] == {"id": "1", "caption": "first\n#tag", "hashtags": ["tag"]}
    profile = parse_apify_profile(anna.data)
    assert (profile.followers_count, profile.is_private) == (1200, False)
    assert profile.external_urls == ("https://anna.example/",)
    assert {post.likes_count for post in profile.posts} == {None}
    profile = parse_apify_profile(bob.data)
    assert (profile.biography, profile.is_private, [post.instagram_post_id for post in profile.posts]) == (
        "",
        False,
        ["9"],
    )


def test_csv_of_other_tools_has_semicolons_and_json_in_cells(tmp_path):
    text = 'username;latestPosts\nanna;"[{""id"": ""1""}]"\n'
    assert data_of(write(tmp_path, text, "x.csv")) == [{"username": "anna", "latestPosts": [{"id": "1"}]}]


def test_broken_csv_rows_are_rejected_alone(tmp_path):
    text = b"username,biography\nanna,hi\nbob,a,b,c\ncarl,\xff\n\ndora,ok\n"
    found = list(read_export(write(tmp_path, text, "x.csv")))
    assert [one.data and one.data["username"] for one in found] == ["anna", None, None, "dora"]
    assert found[1].problem == "4 cells under 2 headings"
    assert found[2].problem == "not UTF-8 text"


def test_captions_of_a_hundred_kilobytes_survive_csv(tmp_path):
    text = f"username,latestPosts/0/id,latestPosts/0/caption\nanna,1,{'é' * 200_000}\n"
    assert len(data_of(write(tmp_path, text, "x.csv"))[0]["latestPosts"][0]["caption"]) == 200_000


@pytest.mark.parametrize("content", ["", " \n ", "hello\nworld", b"PK\x03\x04\x00\x00binary", "name,followers\na,1"])
def test_other_files_are_refused_as_a_whole(tmp_path, content):
    with pytest.raises(InvalidInput, match="export"):
        list(read_export(write(tmp_path, content)))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(InvalidInput, match=path.name):
            list(read_export(path))


@pytest.mark.parametrize("form", ["array", "lines", "csv"])
def test_a_large_file_is_read_in_flat_memory(tmp_path, form):
    path = tmp_path / "large"
    caption = "x" * 2_000
    with path.open("w") as file:
        if form == "csv":
            file.write("username,biography\n")
            file.writelines(f"u{number},{caption}\n" for number in range(10_000))
        else:
            between, ends = (",\n", "[]") if form == "array" else ("\n", ("", ""))
            file.write(ends[0])
            file.writelines(
                f'{between if number else ""}{{"username": "u{number}", "b": "{caption}"}}' for number in range(10_000)
            )
            file.write(ends[1])
    assert path.stat().st_size > 20_000_000
    tracemalloc.start()
    try:
        assert sum(1 for found in read_export(path) if found.problem is None) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), json_texts, max_size=4), max_size=6),
    st.integers(1, 40),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_the_scanner_finds_every_item_however_the_stream_is_cut(items, size, is_array):
    dumped = [json.dumps(one, indent=1) for one in items]
    text = "[" + ",\n".join(dumped) + "]" if is_array else "\n".join(dumped)
    scanner = JsonScanner()
    found = [part for at in range(0, len(text), size) for _, part in scanner.feed(text[at : at + size])]
    assert [json.loads(part) for part in found] == items
    assert not scanner.is_inside_item


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_items_or_a_clear_refusal(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "export"
    for prefix in (b"", b"[", b"{", b"username,"):
        path.write_bytes(prefix + content)
        with contextlib.suppress(InvalidInput):
            assert all(found.problem or found.data is not None or b"null" in content for found in read_export(path))
