"""Generators and measurements, not tests."""
