"""The errors of this package."""

from __future__ import annotations

from typing import Any


class RefusedFile(ValueError):
    """A file that breaks a rule of docs/format.md.

    `rule` is the rule's number, as `dqn-checkpoint verify` reports it, or 0 for a file that is larger than the caller
    allows.
    """

    def __init__(self, rule: int, message: str) -> None:
        self.rule = rule
        super().__init__(f"{message} [R{rule}]" if rule else message)


class CannotConvert(ValueError):
    """A policy that another library or an environment cannot take exactly."""


def require(condition: Any, rule: int, message: str) -> None:
    """Raises `RefusedFile` unless a condition holds."""
    if not condition:
        raise RefusedFile(rule, message)


def brief(text: object) -> str:
    """A text of a file for a message: printable, in one line, and short."""
    characters = str(text)
    shown = "".join(c if c.isprintable() else f"\\u{{{ord(c):X}}}" for c in characters[:200])
    return shown if len(characters) <= 200 else shown + "…"
