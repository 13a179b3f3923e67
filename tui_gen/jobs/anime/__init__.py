"""Makes balanced training sets of characters from the episodes of a series, in stages.

config/    generator_config.json ──> settings          images/    an image: id, metadata, place, hand work
frames/    survey, near duplicates, extraction         crop/      detections ──> crops
models/    detectors, embedders, taggers               classify/  clusters, references, characters
select/    which images are used, in which size        tag/       tags, core tags, captions
arrange/   folders of the training set                 balance/   multiply.txt, what trainers read
"""
