"""The columnar engine and the models it computes."""

from __future__ import annotations

from hzmetrics.engine.engine import INTERRUPTED, Engine, Value, relation, windows
from hzmetrics.engine.models import ModelError

__all__ = ["INTERRUPTED", "Engine", "ModelError", "Value", "relation", "windows"]
