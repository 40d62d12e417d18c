"""Reads a template: the record's shape, its partition key, and whether both fit into a stream.

    {"template": {the record}, "partition_key": "text and {{placeholders}}"}

Without a record_id of its own, a record gets one as its last member, `_demo`: it is what the
read-back proof finds a record by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import lexer
from .functions import FUNCTIONS, Makes, Sizes
from .lexer import Mark, Token
from .problems import BadTemplate, Complaints, Problem, shown
from .record import Call, Part, Template, least_bytes, merged, most_bytes

MOST_TEMPLATE_BYTES = 8 * 1024
"""Twice over, escaped, it fits into POST's 16 KiB, and easily into what carries it on: an
execution's input (256 KiB) and a task definition (64 KiB)."""
MOST_PLACEHOLDERS = 100
MOST_DEPTH = 32
MOST_RECORD_BYTES = 1024 * 1024 - 1024
"""As SURE_TO_FIT_BYTES in worker/limits.py: a record of 1 MiB with any key."""
MOST_KEY_CHARACTERS = 256
"""Kinesis API reference, PutRecordsRequestEntry."""

TEMPLATE, PARTITION_KEY = "template", "partition_key"
TRACE = "_demo"
_SURROGATE = re.compile("[\ud800-\udfff]")
_FORM = '{"template": {your record}, "partition_key": "{{uniform}}"}'


@dataclass
class _Node:
    """A value: its parts as they stand in the record."""

    at: int
    parts: tuple[Part, ...] = ()
    members: dict[str, _Node] | None = None
    """Of an object."""
    inner: tuple[Part, ...] | None = None
    """Of a text, a constant or a placeholder: its parts without quotes."""


class _Unexpected(Exception):
    """The tokens make no JSON from here on."""


def parse(text: str) -> Template:
    """The template in `text`. BadTemplate has all that is wrong with it."""
    complaints = Complaints(text)
    _check_text(text, complaints)
    complaints.raise_any()
    tokens = lexer.tokens(text, complaints)
    calls = [part for t in tokens for part in t.parts if isinstance(part, Call)]
    if len(calls) > MOST_PLACEHOLDERS:
        place = calls[MOST_PLACEHOLDERS].at
        complaints.add(place, "too many placeholders", f"use at most {MOST_PLACEHOLDERS}")
    root = _Reader(tokens, complaints).document()
    template = None if root is None else _Composer(text, complaints).template(root)
    complaints.raise_any()
    if template is None:
        raise BadTemplate([Problem(1, 1, "no template", f"write {_FORM}")])
    return template


def _check_text(text: str, complaints: Complaints) -> None:
    lone = _SURROGATE.search(text)
    if lone:
        complaints.add(lone.start(), "half of a character (a lone surrogate)", "send UTF-8")
        return
    size = len(text.encode())
    if size > MOST_TEMPLATE_BYTES:
        kept = len(text.encode()[:MOST_TEMPLATE_BYTES].decode(errors="ignore"))
        advice = f"use at most {MOST_TEMPLATE_BYTES:,}; {{{{text N}}}} makes long texts"
        complaints.add(kept, f"the template has {size:,} bytes", advice)


@dataclass
class _Reader:
    """Makes a tree of tokens. A structure that breaks off is noted once."""

    tokens: list[Token]
    complaints: Complaints
    place: int = 0

    def document(self) -> _Node | None:
        """The whole text's value; None if there is none."""
        try:
            node = self._value(0)
            if self._token.mark is not Mark.END:
                raise self._unexpected("nothing behind the closing brace")
        except _Unexpected:
            return None
        return node

    @property
    def _token(self) -> Token:
        return self.tokens[self.place]

    def _next(self) -> Token:
        token = self._token
        self.place += token.mark is not Mark.END
        return token

    def _value(self, depth: int) -> _Node:
        token = self._token
        if depth > MOST_DEPTH:
            self.complaints.add(token.at, "nested too deeply", f"use at most {MOST_DEPTH} levels")
            raise _Unexpected
        if token.mark is Mark.OBJECT:
            return self._object(depth)
        if token.mark is Mark.LIST:
            return self._list(depth)
        if token.mark not in (Mark.TEXT, Mark.CONSTANT, Mark.PLACEHOLDER):
            raise self._unexpected("a value")
        self._next()
        quoted = token.mark is Mark.TEXT or any(
            isinstance(part, Call) and part.makes is Makes.TEXT for part in token.parts
        )
        parts = (b'"', *token.parts, b'"') if quoted else token.parts
        return _Node(token.at, parts, inner=token.parts)

    def _object(self, depth: int) -> _Node:
        opened = self._next()
        members: dict[str, _Node] = {}
        parts: list[Part] = [b"{"]
        while self._token.mark is not Mark.OBJECT_END:
            if members:
                self._expect(Mark.COMMA, "a comma or }")
                parts.append(b",")
            named = self._expect(Mark.TEXT, "a name in double quotes")
            name = self._name(named)
            if name in members:
                self.complaints.add(named.at, f"{shown(name)} is there twice", "name it once")
            self._expect(Mark.COLON, "a colon")
            members[name] = self._value(depth + 1)
            parts += [b'"', *named.parts, b'":', *members[name].parts]
        self._next()
        return _Node(opened.at, (*parts, b"}"), members)

    def _list(self, depth: int) -> _Node:
        opened = self._next()
        parts: list[Part] = []
        while self._token.mark is not Mark.LIST_END:
            if parts:
                self._expect(Mark.COMMA, "a comma or ]")
                parts.append(b",")
            parts += self._value(depth + 1).parts or (b"null",)
        self._next()
        return _Node(opened.at, (b"[", *parts, b"]"))

    def _name(self, token: Token) -> str:
        if token.plain is None:
            self.complaints.add(token.at, "a placeholder in a name", "put it into the value")
        return token.plain or ""

    def _expect(self, mark: Mark, wanted: str) -> Token:
        if self._token.mark is not mark:
            raise self._unexpected(wanted)
        return self._next()

    def _unexpected(self, wanted: str) -> _Unexpected:
        token = self._token
        self.complaints.add(token.at, f"there is {token.mark}", f"JSON has {wanted} here")
        return _Unexpected()


@dataclass
class _Composer:
    """Makes the template of the document's tree."""

    text: str
    complaints: Complaints
    _own: Sizes = field(default_factory=lambda: FUNCTIONS["record_id"].sizes(()))

    def template(self, root: _Node) -> Template | None:
        """The template; None where something was noted that leaves none."""
        members = root.members
        if members is None or TEMPLATE not in members:
            self.complaints.add(root.at, f"the document has no {TEMPLATE}", f"write {_FORM}")
            return None
        for name, node in members.items():
            if name not in (TEMPLATE, PARTITION_KEY):
                self.complaints.add(node.at, f"{shown(name)} is unknown", f"write {_FORM}")
        record = members[TEMPLATE]
        if record.members is None:
            self.complaints.add(record.at, "the record is no object", 'write {"name": value, …}')
            return None
        parts = self._traced(record)
        self._check_record(record, parts)
        return Template(self.text, merged(parts), merged(self._key(members, record)))

    def _traced(self, record: _Node) -> tuple[Part, ...]:
        """The record's parts, with an id if it has none."""
        calls = [part for part in record.parts if isinstance(part, Call)]
        if any(call.function.name == "record_id" for call in calls):
            return record.parts
        if record.members and TRACE in record.members:
            advice = "place {{record_id}} in it, or name it otherwise"
            self.complaints.add(
                record.members[TRACE].at, f"{TRACE} is what the worker adds", advice
            )
        comma = b"," if record.members else b""
        name = b'%b"%b":"' % (comma, TRACE.encode())
        call = Call(FUNCTIONS["record_id"], (), self._own, len(self.text))
        return (*record.parts[:-1], name, call, b'"}')

    def _check_record(self, record: _Node, parts: tuple[Part, ...]) -> None:
        for part in parts:
            if isinstance(part, Call) and part.function.for_keys:
                reason = f"{part.function.name} chooses partition keys"
                self.complaints.add(part.at, reason, f"use it in {PARTITION_KEY} only")
        most = most_bytes(parts)
        if most > MOST_RECORD_BYTES:
            reason = f"a record may get {most:,} bytes"
            advice = f"make its texts shorter: {MOST_RECORD_BYTES:,} fit into Kinesis' 1 MiB"
            self.complaints.add(record.at, reason, advice)

    def _key(self, members: dict[str, _Node], record: _Node) -> tuple[Part, ...]:
        node = members.get(PARTITION_KEY)
        if node is None:
            uniform = FUNCTIONS["uniform"]
            return (Call(uniform, (), uniform.sizes(()), len(self.text) + 1),)
        if node.inner is None:
            self.complaints.add(node.at, "the key is no text", 'write "{{field user_id}}"')
            return ()
        found: list[Part] = []
        for part in node.inner:
            is_field = isinstance(part, Call) and part.function.name == "field"
            found += self._field(part, record) if is_field and isinstance(part, Call) else (part,)
        self._check_key(node, found)
        return tuple(found)

    def _check_key(self, node: _Node, parts: list[Part]) -> None:
        most, limit = most_bytes(parts), MOST_KEY_CHARACTERS
        if most > limit:
            reason = f"the key may get {most} bytes"
            self.complaints.add(node.at, reason, f"Kinesis takes {limit} characters")
        elif not least_bytes(parts):
            self.complaints.add(node.at, "the key may be empty", "put a character before it")
        for part in parts:
            if isinstance(part, Call) and part.brings_quotes:
                reason = "is sometimes a text and sometimes not"
                self.complaints.add(part.at, f"the choice {reason}", "choose among texts for a key")

    def _field(self, call: Call, record: _Node) -> tuple[Part, ...]:
        path = str(call.arguments[0])
        node = _member(record, path)
        if node is None:
            names = ", ".join(map(str, record.members or ()))
            self.complaints.add(call.at, f"no field {shown(path)}", f"there are {names or 'none'}")
            return (b"?",)
        if node.inner is None:
            advice = "name a field with a text or a number"
            self.complaints.add(call.at, f"{shown(path)} is an object or a list", advice)
            return (b"?",)
        return node.inner


def _member(node: _Node, path: str) -> _Node | None:
    """The member of that name, or the one that the name leads to by its dots."""
    members = node.members or {}
    if path in members:
        return members[path]
    name, dot, rest = path.partition(".")
    return _member(members[name], rest) if dot and name in members else None
