"""Assigns the work: scheduler, workers, queues, gate and commands."""
