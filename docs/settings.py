"""The text of `configuration.md`: the schema of the configuration, section by section."""

from __future__ import annotations

from hzmetrics.config.schema import SECTIONS, VARIABLES
from hzmetrics.config.section import Section

SETTINGS = """\
# Configuration

Made from the schema in `hzmetrics/config/schema.py` by `make docs`; a test holds it to that.

The file is the first of: `-c FILE`, `HZMETRICS_CONFIG`, `conf/hzmetrics.conf` in the home directory. It has
`[section]` lines and `key = value` lines; a line that begins with `#` or `;` is a comment, an indented line continues
the value before it. A value is taken as it stands: no quotes, no comment after it.

```sh
hzmetrics config          # every setting in effect and where it came from; --json
hzmetrics config check    # unknown sections and keys, values that cannot be used; exit code 2 if there are any
hzmetrics config sample   # a commented file with all of this
```

Without any configuration `hzmetrics init` writes that sample to the home directory and names the keys to fill in. It
never overwrites a file, nor creates one that `-c` or `HZMETRICS_CONFIG` names.

Order of precedence: command-line option, environment variable, file, default. An empty value counts as not given.

## Mistakes

`config check`, `init` and `doctor` report every unknown section and key, and every value that cannot be used, with
file, line and the nearest right name. `tick` and `run` warn of each once a day and go on: an unknown section or key is
ignored, a number of a live section that is out of range is replaced by its default, a number of `[dns]` that cannot be
read by the next source. Any other value that cannot be used stops the commands that need it, with exit code 2.

## The least that is needed

A hub on MariaDB; a new hub corrects all known errors of earlier versions
([usage tables](usage-tables.md#corrections) says what each correction changes):

    [hub]
    site = myhub

    [db]
    host = localhost
    user = hzmetrics
    password = ...
    hub_db = myhub
    metrics_db = myhub_metrics

    [logs]
    format = auto

    [metrics]
    corrections = all

## Environment variables

Besides those of single keys, below.

| Variable | Default | Meaning |
|---|---|---|
{variables}
"""


def configuration() -> str:
    """The text of `configuration.md`."""
    rows = [f"| `{variable.name}` | {variable.default} | {variable.meaning} |" for variable in VARIABLES]
    parts = [SETTINGS.format(variables="\n".join(rows))]
    for side, title in (("core", "Core sections"), ("live", "Live sections")):
        parts.append(f"## {title}\n")
        parts += [_section(section) for section in SECTIONS if section.side == side]
    return "\n".join(parts)


def _section(section: type[Section]) -> str:
    has_variables = any(key.environment for key in section.keys.values())
    heads = ["Key", "Values", "Default", "Meaning", *(["Environment"] if has_variables else [])]
    lines = [f"### [{section.heading}]", "", section.about, "", _row(heads), "|---" * len(heads) + "|"]
    for key in section.keys.values():
        shown = f"`{key.default}`" if key.shown == key.default and key.default else key.shown or "none"
        variable = f"`{key.environment}`" if key.environment else ""
        when = f" if `{'` is `'.join(key.when)}`" if key.when else ""
        cells = [f"`{key.name}`", key.kind, shown, key.meaning, *([variable + when] if has_variables else [])]
        lines.append(_row(cells))
    if section.others:
        lines.append(_row(["any other", section.others.kind, "none", section.others.meaning]))
    return "\n".join([*lines, ""])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
