"""Pairs a film with a lower-quality release of it: aligns both in time and space, and makes LR of the release."""
