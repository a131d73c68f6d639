"""The escapes that Apache and nginx write for bytes that would break a line or a quoted field."""

from __future__ import annotations

CHARACTERS = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "v": "\v", "f": "\f"}
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def unescape(text: str) -> str:
    """`text` with the characters that its escapes stand for: ``\\"``, ``\\xHH`` (bytes of UTF-8), ``\\n`` and the like.

    A backslash that begins no escape stays.
    """
    first, *rest = text.split("\\")
    found = bytearray(first.encode())
    is_escaped = False
    for number, piece in enumerate(rest):
        if is_escaped:  # the backslash before this piece was itself escaped
            is_escaped = False
            found += piece.encode()
        elif piece[:1] == "x" and len(piece) > 2 and HEXADECIMAL.issuperset(piece[1:3]):
            found.append(int(piece[1:3], 16))
            found += piece[3:].encode()
        elif piece and piece[0] in CHARACTERS:
            found += CHARACTERS[piece[0]].encode() + piece[1:].encode()
        else:
            is_escaped = not piece and number < len(rest) - 1
            found += b"\\" + piece.encode()
    return found.decode("utf-8", "replace")


def of_codes(text: str) -> str:
    """The text that a list of bytes stands for, `[72,105]`: so the journal writes a message that is not plain."""
    try:
        return bytes(map(int, text[1:-1].split(","))).decode("utf-8", "replace")
    except ValueError:
        return text
