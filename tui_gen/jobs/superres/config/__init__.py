"""The configuration: read from JSON with comments, checked as a whole, documented and edited."""
