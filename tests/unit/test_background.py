"""Whether a stack is up is known by a lock, not by what a killed one left behind."""

import json
from pathlib import Path

from client.console import Console
from local.background import down, running, told

STATE = {"pid": 1, "endpoint": "http://127.0.0.1:1"}


def test_a_stack_is_known_while_its_process_says_so(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    with told(tmp_path, STATE):
        assert running(tmp_path) == STATE
        assert running(tmp_path) == STATE  # having looked, nobody holds the lock in its place
    assert running(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_what_a_killed_stack_left_is_none_whoever_has_its_process_id_now(
    tmp_path: Path,
) -> None:
    (tmp_path / "up.json").write_text(json.dumps(STATE))
    assert running(tmp_path) is None
    assert down(Console(), tmp_path) == 0  # and process 1 is not ended
