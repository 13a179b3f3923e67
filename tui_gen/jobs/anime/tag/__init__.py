"""Tags and captions: a tagger's tags ──> the tags of a caption ──> the caption.

options      what the configuration decides        lists    blacklist, overlaps, character words
filters      one image's tags                      core     the tags that every image of a character has
processing   all images at once                    files    core_tag.json, emb_init.json, wildcard.txt
captions     metadata ──> caption                  words    spaces, underscores, singular and plural
"""
