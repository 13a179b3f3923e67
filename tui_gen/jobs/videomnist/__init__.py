"""Makes videos of moving digits for video models such as VideoGPT."""
