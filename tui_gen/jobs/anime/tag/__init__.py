"""Tags and captions: a tagger's tags ──> the tags of a caption ──> the caption.

options         what the configuration decides     lists        blacklist, overlaps, character words
filters         one image's tags                   core         the tags that a character's images share
processing      all images at once                 files        core_tag.json, emb_init.json, wildcard.txt
captions        metadata ──> caption               words        spaces, underscores, singular and plural
character_text  what a character is called         seeded       random numbers
blacklist, overlaps, character_words, scene_words: the program's own lists
"""
