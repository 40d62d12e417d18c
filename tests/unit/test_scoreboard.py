"""The scoreboard holds every slot's ledger and is not taken in by another file."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import BrokenScoreboard
from worker.ledger import Cause, Ledger
from worker.scoreboard import Scoreboard

counts = st.integers(0, 2**40)
ledgers = st.builds(
    Ledger,
    counts,
    counts,
    counts,
    counts,
    counts,
    st.fixed_dictionaries(dict.fromkeys(Cause, counts)),
)


@given(st.lists(ledgers, min_size=1, max_size=5))
def test_what_is_written_is_read_by_another_process_and_added_up(books: list[Ledger]) -> None:
    board = Scoreboard.create("law", len(books))
    for slot, ledger in enumerate(books):
        board.write(slot, ledger)
    other = Scoreboard.open(board.path)
    assert [other.ledger(slot) for slot in range(other.slots)] == books
    assert other.total() == sum(books, Ledger())
    board.remove()


def test_it_knows_its_pool_and_names_its_producers(tmp_path: Path) -> None:
    board = Scoreboard.create("0a1b2c3d", 2, tmp_path)
    board.beat(1, 1234)
    other = Scoreboard.open(Scoreboard.find(tmp_path)[0])
    assert (other.pool_pid, other.pid(1), other.heartbeat_ns(1)) == (os.getpid(), os.getpid(), 1234)
    assert other.producer(1) == "0a1b2c3d-1"


@pytest.mark.parametrize("content", [b"", b"short", bytes(800), bytes(801)])
def test_a_file_that_is_no_scoreboard_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.scoreboard"
    path.write_bytes(content)
    with pytest.raises(BrokenScoreboard):
        Scoreboard.open(path)


def test_a_scoreboard_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    board = Scoreboard.create("whole", 3, tmp_path)
    path = tmp_path / "part.scoreboard"
    path.write_bytes(board.path.read_bytes()[:-8])
    with pytest.raises(BrokenScoreboard, match="cut off"):
        Scoreboard.open(path)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(BrokenScoreboard, match="nowhere"):
        Scoreboard.open(tmp_path / "nowhere")


def test_the_room_that_it_needs_is_taken_up_at_once(tmp_path: Path) -> None:
    size = Scoreboard.create("a", 2, tmp_path).path.stat()
    assert size.st_blocks * 512 >= size.st_size > 2 * 272 * 8


def test_a_folder_that_cannot_be_written_to_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        Scoreboard.create("a", 2, tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []
