"""Printing the ends of logs, and what is added to them."""

from __future__ import annotations

from api.commands import log_files


def test_the_last_lines_are_printed_with_the_name_where_there_are_several(tmp_path, capsys):
    (tmp_path / "a").write_text("1\n2\n3\n")
    (tmp_path / "b").write_text("x\n")

    log_files.print_logs({"a": tmp_path / "a"}, lines=2, follow=False)
    log_files.print_logs({"a": tmp_path / "a", "b": tmp_path / "b"}, lines=1, follow=False)

    assert capsys.readouterr().out == "2\n3\na | 3\nb | x\n"


def test_following_prints_whole_lines_only_and_starts_again_with_a_new_file(tmp_path, capsys):
    path = tmp_path / "log"
    path.write_text("old\nhalf")
    offset = log_files._print_new(path, 4, "")
    assert (offset, capsys.readouterr().out) == (4, "")

    path.write_text("old\nhalf a line\n")
    offset = log_files._print_new(path, offset, "> ")
    assert capsys.readouterr().out == "> half a line\n"

    path.write_text("new\n")
    log_files._print_new(path, offset, "")
    assert capsys.readouterr().out == "new\n"


def test_a_log_that_vanished_is_waited_for(tmp_path):
    assert log_files._print_new(tmp_path / "gone", 10, "") == 0
