"""Who does what next: scheduler, workers, queues, gate and commands."""
