"""The users and what is known of their activity: from the hub's tables, a JupyterHub, or followed logs (spec 80 §4)."""
