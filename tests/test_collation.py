"""Folding in the program is equality in the database (spec 50 §5)."""

from __future__ import annotations

import os

import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hzmetrics.collation import fold, fold_keep_blanks
from tests.mariadb_server import SOCKET

NARROW = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",)), max_size=12)


@given(NARROW, NARROW)
def test_folding_is_idempotent_and_goes_letter_by_letter(left: str, right: str) -> None:
    assert fold(fold(left)) == fold(left)
    assert fold_keep_blanks(left + right) == fold_keep_blanks(left) + fold_keep_blanks(right)
    assert fold(left + "   ") == fold(left)


@pytest.mark.parametrize(
    ("left", "right"), [("jose", "José"), ("JOSE ", "jose"), ("straße", "STRASE"), ("Ångström", "angstrom")]
)
def test_known_pairs(left: str, right: str) -> None:
    assert fold(left) == fold(right)


def test_what_stays_different() -> None:
    assert len({fold(text) for text in ("a", "a\t", "ae", "æ", " a", "ł", "l")}) == 7


@pytest.mark.mariadb
@pytest.mark.integration
@pytest.mark.skipif(SOCKET not in os.environ, reason=f"no MariaDB server: {SOCKET} is not set")
def test_the_server_agrees_on_every_character() -> None:
    """Two characters are equal to the server exactly if their folded forms are."""
    letters = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
    with pymysql.connect(unix_socket=os.environ[SOCKET], user="root", charset="utf8mb3") as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE DATABASE IF NOT EXISTS hzt_collation")
        cursor.execute(
            "CREATE TEMPORARY TABLE hzt_collation.letters (letter CHAR(3) NOT NULL, folded VARBINARY(12) NOT NULL) "
            "CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"
        )
        pairs = [(f"x{letter}x", f"x{fold_keep_blanks(letter)}x".encode()) for letter in letters]
        cursor.executemany("INSERT INTO hzt_collation.letters VALUES (%s, %s)", pairs)
        cursor.execute(
            "SELECT COUNT(*), COUNT(DISTINCT letter), COUNT(DISTINCT folded), COUNT(DISTINCT letter, folded) "
            "FROM hzt_collation.letters"
        )
        rows, by_server, by_fold, together = cursor.fetchone()  # type: ignore[misc]
        cursor.execute("DROP DATABASE hzt_collation")
    assert rows == len(letters)
    assert by_server == by_fold == together
