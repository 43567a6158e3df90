"""The undocumented options of requests: one text of ours, a map in protobuf bodies."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ibkr.wire.protobuf.conversions import clean
from pytest_ibkr.wire.protobuf.layout import Via, via


def options(attribute: str) -> Via:
    """Make a map of an attribute with ``tag=value;`` pairs; it is read in the order of the tags."""
    return via(attribute, to_proto=as_map, from_proto=as_text)


def counted_options(*, none: int | None) -> Via:
    """Make a map of the attributes ``option_count`` and ``options``.

    Args:
        none: the count that the official client's text form has when there are no options.
    """
    return via(
        ("option_count", "options"),
        to_proto=lambda _, text: as_map(text),
        from_proto=lambda found: (len(found) if found else none, as_text(found)),
    )


def as_map(text: str) -> Mapping[str, str] | None:
    """Return ``a=1;b=2;`` as a map, None of an empty text."""
    pairs = (pair.partition("=") for pair in text.split(";") if pair)
    return {tag: value for tag, _, value in pairs} or None


def as_text(found: Mapping[str, str] | None) -> str:
    """Return a map as the official client writes its tags in text form.

    Raises:
        WireError: a NUL in it.
    """
    return clean("".join(f"{tag}={value};" for tag, value in sorted((found or {}).items())))
