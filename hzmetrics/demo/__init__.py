"""An invented hub, its logs and its databases, and a picture of what the pipeline makes of them."""
