"""A user's own record, as a template: read whole, checked whole, told whole. Pure.

    {"template": {"id": "{{uuid}}", "celsius": {{normal 20 2}}, "at": "{{now}}"},
     "partition_key": "{{field id}}"}

The text is JSON in which placeholders stand for values or for parts of a text. Reading it takes it
apart once (lexer, placeholders, parser) into bytes that stay and calls of functions from a fixed
table; what a worker makes of the calls is worker/columns.py. Nothing of the text is ever evaluated,
and everything has a bound, for the text comes from whoever may start a demo.

The Lambda's zip carries this folder through the link api/chalicelib/template, hence imports within
it are relative and of the standard library only.
"""

from __future__ import annotations

from .parser import parse
from .problems import BadTemplate, Problem
from .record import Call, Template

__all__ = ["BadTemplate", "Call", "Problem", "Template", "parse"]
