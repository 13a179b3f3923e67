"""Pairs a film with a lower-quality release: aligns both in time and space, and makes LR of the release."""
