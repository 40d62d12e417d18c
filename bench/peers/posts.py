"""Posts made in advance: JSON of exactly the wanted size, each with a user's partition key."""

from __future__ import annotations

import json
import random
from typing import NamedTuple

POSTS = 5_000
USERS = 1_024


class Post(NamedTuple):
    """A record as a peer is given it."""

    partition_key: str
    data: bytes


def posts(size: int, number: int = POSTS) -> list[Post]:
    """Return that many posts of `size` bytes; the same ones every time."""
    chance = random.Random(size)  # noqa: S311 # nosec B311 # sample data, no secrets
    return [_post(chance, sequence, size) for sequence in range(number)]


def _post(chance: random.Random, sequence: int, size: int) -> Post:
    user = f"user-{chance.randrange(USERS):05d}"
    fields = {"id": f"post-{sequence:08d}", "user_id": user, "content": ""}
    missing = size - len(json.dumps(fields))
    fields["content"] = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=missing))
    return Post(user, json.dumps(fields).encode())
