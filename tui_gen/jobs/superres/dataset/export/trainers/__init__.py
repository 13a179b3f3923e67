"""Configurations of trainers for an export: its paths, ratio and frames, and a model that can do them."""
