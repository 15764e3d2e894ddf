"""BinaryFILE in and out: the same messages come back, and a damaged file says where it is damaged."""

import gzip
from pathlib import Path

import pytest

from sim.sessions.binaryfile import SessionFileError, read_messages, write_messages

MESSAGES = [b"a", b"bb" * 30, b"\0" * 12, b"c" * 65_535]


@pytest.mark.parametrize("name", ["day.itch50", "day.itch50.gz"])
def test_what_is_written_is_read(tmp_path: Path, name: str):
    assert write_messages(tmp_path / name, MESSAGES) == 4
    assert list(read_messages(tmp_path / name)) == MESSAGES


def test_the_bytes_are_those_of_the_format(tmp_path: Path):
    write_messages(tmp_path / "x", [b"abc", b"d"])
    assert (tmp_path / "x").read_bytes() == b"\0\3abc\0\1d\0\0"


def test_gzip_is_known_by_its_bytes_and_made_the_same_every_time(tmp_path: Path):
    write_messages(tmp_path / "x", MESSAGES, compress=True)
    write_messages(tmp_path / "y", MESSAGES, compress=True)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()
    assert list(read_messages(tmp_path / "x")) == MESSAGES


@pytest.mark.parametrize("compress", [False, True])
def test_a_file_without_end_mark_is_taken_as_it_is(tmp_path: Path, compress: bool):
    data = b"\0\3abc\0\1d"
    (tmp_path / "x").write_bytes(gzip.compress(data) if compress else data)
    assert list(read_messages(tmp_path / "x")) == [b"abc", b"d"]


@pytest.mark.parametrize("compress", [False, True])
def test_nothing_is_read_after_the_end_mark(tmp_path: Path, compress: bool):
    data = b"\0\3abc\0\0\0\1d"
    (tmp_path / "x").write_bytes(gzip.compress(data) if compress else data)
    assert list(read_messages(tmp_path / "x")) == [b"abc"]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("left", [b"\0", b"\0\5", b"\0\5hell"])
def test_a_cut_message_is_named_and_the_rest_kept(tmp_path: Path, compress: bool, left: bytes):
    data = b"\0\3abc\0\1d" + left
    (tmp_path / "x").write_bytes(gzip.compress(data) if compress else data)
    read: list[bytes] = []
    with pytest.raises(SessionFileError, match=r"ends inside a message at byte 8"):
        read_into(tmp_path / "x", read)
    assert read == [b"abc", b"d"]


def test_cut_gzip_data_is_named_and_the_rest_kept(tmp_path: Path):
    write_messages(tmp_path / "x.gz", (b"%d" % i * 40 for i in range(200_000)))
    whole = (tmp_path / "x.gz").read_bytes()
    (tmp_path / "x.gz").write_bytes(whole[: len(whole) // 2])
    read: list[bytes] = []
    with pytest.raises(SessionFileError, match="cut off or damaged"):
        read_into(tmp_path / "x.gz", read)
    assert len(read) > 10_000
    assert read == [b"%d" % i * 40 for i in range(len(read))]


def test_empty_and_absent_files(tmp_path: Path):
    (tmp_path / "empty").write_bytes(b"")
    assert list(read_messages(tmp_path / "empty")) == []
    with pytest.raises(FileNotFoundError):
        next(read_messages(tmp_path / "absent"))


@pytest.mark.parametrize("message", [b"", b"x" * 65_536])
def test_messages_that_do_not_fit_are_refused(tmp_path: Path, message: bytes):
    with pytest.raises(ValueError, match="holds 1 to 65535"):
        write_messages(tmp_path / "x", [message])


def test_a_real_file_is_read_whole(real_data):
    kinds: dict[bytes, int] = {}
    for message in read_messages(real_data("itch/aapl_20200130_first10k.itch50")):
        kinds[message[:1]] = kinds.get(message[:1], 0) + 1
    assert kinds == {b"R": 1, b"H": 1, b"Y": 1, b"L": 52, b"A": 4758, b"F": 2, b"E": 849, b"X": 6, b"D": 4083,
                     b"U": 7, b"P": 240}  # fmt: skip


def test_a_real_gzip_file_is_read_whole(real_data):
    assert sum(1 for _ in read_messages(real_data("itch/amzn_20120621_fullday.itch50.gz"))) == 198_699


def read_into(path: Path, out: list[bytes]) -> None:
    """Read message by message, so that what came before an error is kept."""
    for message in read_messages(path):
        out.append(message)
