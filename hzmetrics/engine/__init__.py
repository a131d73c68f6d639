"""The columnar engine and the models it computes."""

from __future__ import annotations

from hzmetrics.engine.engine import INTERRUPTED, Columns, Engine, Value, relation, windows
from hzmetrics.engine.models import ModelError

__all__ = ["INTERRUPTED", "Columns", "Engine", "ModelError", "Value", "relation", "windows"]
