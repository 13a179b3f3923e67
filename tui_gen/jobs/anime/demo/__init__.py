"""Two short episodes that are drawn by the program: for the demo and for tests, with the truth about them.

characters   who is drawn, in which colours        layers     a character as layers of one drawing
script       the shots, and what they show         episodes   frames, encoding
"""
