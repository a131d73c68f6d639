"""The present layout.

A database gets here from any older layout by what it looks like, not by a chain of revisions: `migrate --apply` has
taken those steps (`hzmetrics.installation.adoption`) before it records this revision. Later changes build on it.
"""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing more to do."""
