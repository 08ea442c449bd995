"""Strict JSON, as the documents of a checkpoint have to be."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn, TypeGuard

from .errors import RefusedFile

MOST_DEPTH = 128
MOST_CHARACTERS = 1024
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}:,]|[^\s"\[\]{}:,]+', re.DOTALL)


def parse(data: bytes, rule: int, name: str, most_values: int) -> Any:
    """The value of a document; raises `RefusedFile` with the rule for anything that is not strict JSON.

    Nesting, numbers and the count of values are bounded before a value is created.
    """

    def refuse(reason: str) -> NoReturn:
        raise RefusedFile(rule, f"{name} {reason}")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            refuse("has a key twice in one object")
        return result

    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            refuse("has a number beyond binary64")
        return value

    if data.startswith(b"\xef\xbb\xbf"):
        refuse("begins with a byte-order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        refuse("is not UTF-8")
    depth = values = 0
    for match in TOKEN.finditer(text):
        token = match[0]
        if token in "[{":
            depth += 1
            values += 1
            if depth > MOST_DEPTH:
                refuse(f"is nested more than {MOST_DEPTH} deep")
        elif token in "]}":
            depth -= 1
        elif token not in ":,":
            values += 1
            if token[0] != '"' and len(token) > MOST_CHARACTERS:
                refuse(f"has a number of more than {MOST_CHARACTERS} characters")
        # Keys count here as well: twice the limit is still a bound of the memory.
        if values > 2 * most_values:
            refuse(f"has more than {most_values} values")
    try:
        value = json.loads(
            text, object_pairs_hook=pairs, parse_float=number, parse_constant=lambda text: refuse(f"contains {text}")
        )
        # Half of a surrogate pair is no text.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RefusedFile:
        raise
    except UnicodeEncodeError:
        refuse("has half of a surrogate pair")
    except (ValueError, RecursionError):
        refuse("is not JSON")
    return value


def is_count(value: object, least: int = 0, most: int = 1 << 53) -> TypeGuard[int]:
    """Whether a value is an integer in a range; `true` and `5.0` are none."""
    return type(value) is int and least <= value <= most


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number."""
    return type(value) in (int, float)
