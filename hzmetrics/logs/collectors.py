"""What log collectors put in front of a line: one expression for the prefixes of all of them."""

from __future__ import annotations

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
SYSLOG_MOMENT = r"[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:[.,]\d+)?(?: [A-Z]{3,4}:?)?"
JOURNAL_MOMENT = r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:[A-Z]{3,5}|[+-]\d\d(?:\d\d)?)"
POD = r"[a-z0-9][a-z0-9.-]*-[a-z0-9]+"

COLLECTORS = {
    "syslog, RFC 5424": (
        rf"(?:\d+ )?<\d{{1,3}}>1 (?:{MOMENT}|-)(?: \S+){{4}} (?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?\x{{FEFF}}?"
    ),
    "syslog, RFC 3164, and the journal": (
        rf"(?:<\d{{1,3}}>)?(?:{SYSLOG_MOMENT}|{MOMENT}|{JOURNAL_MOMENT}|\d{{10}}\.\d+|\[ *\d+\.\d+\]) (?:[^\s\[\]]+ )?"
        r"[^\s:\[\]]+(?:\[\d+\]:?|:) +"
    ),
    "syslog without a time": r"<\d{1,3}>(?:[^\s:\[\]]+(?:\[\d+\])?: +)?",
    "journalctl -o export": r"MESSAGE=",
    "docker compose": r"(?:\d\d:\d\d:\d\d )?(?:\d+\|)?[\w.@-]+ +\| ?",
    "kubernetes CRI": rf"{MOMENT} (?:stdout|stderr) [FP](?::\S+)? ",
    "kubectl logs --prefix": r"\[[a-z]+/[^\]\s]+\] ",
    "kubectl logs --timestamps, docker logs -t": rf"{MOMENT}[ \t]",
    "stern": rf"(?:[+-] )?{POD} (?:› )?[a-z0-9][a-z0-9-]* (?:[│|] )?([{{\[\d])",
    "grep": r"[\w./-]*\.log[\w.-]*:(?:\d+:)?",
}
"""Prefixes by collector. What a group takes belongs to the line."""

PREFIX = "^(?:" + "|".join(f"(?:{pattern})" for pattern in COLLECTORS.values()) + ")"
