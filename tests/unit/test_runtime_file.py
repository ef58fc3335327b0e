"""What `up` writes, every process reads back unchanged."""

from __future__ import annotations

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from cluster.embedded.runtime_file import write_runtime_file
from cluster.errors import SetupError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runtime")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60))
def test_any_value_is_read_back_unchanged(folder, value):
    path = write_runtime_file(folder, {"A": value, "B": "plain"})

    assert dotenv_values(path) == {"A": value, "B": "plain"}


def test_the_file_is_for_its_owner_alone(tmp_path):
    assert write_runtime_file(tmp_path, {}).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SetupError, match="cannot be written"):
        write_runtime_file(tmp_path / "missing", {})
