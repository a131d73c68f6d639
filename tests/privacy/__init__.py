"""Tests of hzmetrics.privacy."""
