"""The live side: what a tick does beside the pipeline, and the capabilities it runs (spec 80 §1)."""
