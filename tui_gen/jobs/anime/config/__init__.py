"""generator_config.json of the job anime ──> settings."""
