"""`python tests/legacy/vector.py AREA FILE`: computes a golden vector's input with the product's own functions.

See spec 80 §1.

Prints as JSON what the vector's `expected` must equal. Needs no configuration, database or network.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main(area: str, file: str) -> int:
    given = json.loads(Path(file).read_text(encoding="utf-8"))["input"]
    kinds = importlib.import_module(f"tests.legacy.vectors.{area.replace('-', '_')}").KINDS
    json.dump(kinds[given["kind"]](given), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main(*sys.argv[1:]))
