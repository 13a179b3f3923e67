"""From an episode to its chosen frames: survey in windows, near duplicates, exact extraction.

film          what a child needs to read an episode          windows        60 seconds of an episode
survey        candidates of a window                         survey_files   their files
near_duplicates, chosen   which candidates are written       extraction     the chosen frames, decoded again
"""
