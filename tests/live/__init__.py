"""What a tick does beside the pipeline."""
