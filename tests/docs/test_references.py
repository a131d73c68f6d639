"""References to the specification resolve to its headings, and links between documents to files and headings.

Outside the specification a reference reads `spec 60 §3`; more sections of that chapter follow as `, §5`, ` and §5` or
` to §5`.
Inside it `60 §3` is a section of another chapter and `§3` one of the same chapter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "docs/spec"
CHAPTERS = sorted(SPEC.glob("[0-9][0-9]-*.md"))
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "tests/**/*.md")
    for path in ROOT.glob(pattern)
    if "cases" not in path.parts
)
CITING = sorted(
    path
    for pattern in ("hzmetrics/**/*.py", "hzmetrics/**/*.sql", "hzmetrics/**/*.tsv", "tests/**/*.py", "benchmarks/*.py")
    for path in ROOT.glob(pattern)
    if path != Path(__file__)
) + [path for path in DOCUMENTS if path.parent != SPEC]

SECTION = r"§(?:\d+(?:\.\d+)?)"
SECTIONS = rf"{SECTION}(?:(?:,| and|, and| to) {SECTION})*"
OUTSIDE = re.compile(rf"\b[Ss]pec (\d\d)(?: to (\d\d))?(?: ({SECTIONS}))?")
OTHER_CHAPTER = re.compile(rf"\b(\d\d) ({SECTIONS})")
SAME_CHAPTER = re.compile(SECTION)
BY_NAME = re.compile(r"\b[Cc]hapters? (\d\d)(?:(?:,| and|, and| to) (\d\d))*")
OLD_FORMS = re.compile(r"\b[Ss]ections? \d|\(\d{1,2}\.\d{1,2}\)")
CASE = re.compile(r"`((?:ingest|enrich|sessions|online|summary|tools)-[a-z0-9-]+)`")
PLACE = re.compile(r"`(tests/[\w./-]+)`")


@cache
def headings() -> frozenset[str]:
    """`60` and `60 §3` for every chapter and numbered heading."""
    found = set()
    for path in CHAPTERS:
        chapter = path.name[:2]
        found.add(chapter)
        numbers = re.findall(r"^#{2,3} (\d+(?:\.\d+)?) ", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(numbers) == len(set(numbers)), f"{path.name}: two headings of one number"
        found |= {f"{chapter} §{number}" for number in numbers}
    return frozenset(found)


def flowing(path: Path) -> str:
    """The text of a file, with the words of wrapped comments and paragraphs on one line."""
    return re.sub(r"\n[ \t]*(?:#|--)?[ \t]*", " ", path.read_text(encoding="utf-8"))


def named(chapter: str, sections: str | None) -> Iterator[str]:
    yield chapter
    for section in re.findall(SECTION, sections or ""):
        yield f"{chapter} {section}"


def cited_outside(text: str) -> Iterator[str]:
    """The references in a text outside the specification; a section sign that belongs to none stands for itself."""
    for match in OUTSIDE.finditer(text):
        yield from named(match[1], match[3])
        if match[2]:
            yield match[2]
        if half := re.match(r"-\d+|, \d\d\b", text[match.end() :]):
            yield match[0] + half[0]
    for match in re.finditer(r".{0,20}§.{0,10}", OUTSIDE.sub("", text)):
        yield match[0]


def cited_in_chapter(chapter: str, text: str) -> Iterator[str]:
    for match in OTHER_CHAPTER.finditer(text):
        yield from named(match[1], match[2])
    for match in SAME_CHAPTER.finditer(OTHER_CHAPTER.sub("", text)):
        yield f"{chapter} {match[0]}"
    for match in BY_NAME.finditer(text):
        yield from re.findall(r"\d\d", match[0])
    for match in OLD_FORMS.finditer(text):
        yield match[0]


def test_references_to_the_specification_resolve() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {reference}"
        for path in CITING
        for reference in cited_outside(flowing(path))
        if reference not in headings()
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_references_of_the_chapters_resolve(path: Path) -> None:
    text = flowing(path)
    wrong = [reference for reference in cited_in_chapter(path.name[:2], text) if reference not in headings()]
    wrong += [case for case in CASE.findall(text) if not (ROOT / "tests/legacy/cases" / case).is_dir()]
    wrong += [place for place in PLACE.findall(text) if not (ROOT / place).exists() and "AREA" not in place]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see spec 60 §3.", ["60", "60 §3"]),
        ("Spec 60 §3, §8.2 and §10 to §12", ["60", "60 §3", "60 §8.2", "60 §10", "60 §12"]),
        ("spec 80 to 86", ["80", "86"]),
        ("(60 §3)", ["(60 §3)"]),
        ("spec 60 §5-7", ["60", "60 §5", "spec 60 §5-7"]),
        ("spec 60 §5, 35", ["60", "60 §5", "spec 60 §5, 35"]),
        ("as §3 says", ["as §3 says"]),
    ],
)
def test_references_are_found(text: str, expected: list[str]) -> None:
    assert list(cited_outside(text)) == expected


def test_references_in_chapters_are_found() -> None:
    text = "60 §3 and §4, then §5; chapters 80 to 86; section 7; (3.2)"
    assert list(cited_in_chapter("10", text)) == [
        "60", "60 §3", "60 §4", "10 §5", "80", "86", "section 7", "(3.2)",
    ]  # fmt: skip


def prose(path: Path) -> str:
    """A document without its code."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", lambda code: code[0].replace("](", "] ("), text)


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+?) *$", prose(path), re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return frozenset(found)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    wrong = []
    for target in re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", prose(path)):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            wrong.append(target)
    assert not wrong, "\n".join(wrong)
