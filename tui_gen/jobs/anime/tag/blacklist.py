"""Tags that a caption never needs: about the file, its source, or a difference from what is usual."""

from __future__ import annotations

BLACKLIST = frozenset(
    {
        # the file and where it comes from
        "highres", "absurdres", "incredibly absurdres", "lowres", "jpeg artifacts", "scan", "scan artifacts",
        "screencap", "anime screencap", "anime screenshot", "fake screenshot", "anime coloring", "game cg",
        "official art", "official style", "key visual", "promotional art", "novel illustration",
        "magazine scan", "commentary", "commentary request", "english commentary", "bad id", "bad pixiv id",
        "bad twitter id", "md5 mismatch", "source request", "artist request", "character request",
        "copyright request", "tagme", "translation request", "translated", "partially translated",
        "check translation", "revision", "duplicate", "third-party edit", "photoshop (medium)",
        "ai-generated", "non-web source", "paid reward available",
        # what is written over the picture
        "artist name", "character name", "copyright name", "company name", "series name", "song name",
        "group name", "episode number", "title", "subtitled", "logo", "signature", "watermark",
        "sample watermark", "username", "twitter username", "patreon username", "web address", "dated",
        "copyright notice", "credits", "letterboxed", "pillarboxed", "timestamp", "channel logo",
        # a difference from what is usual, which nobody can see who does not know it
        "alternate costume", "alternate hairstyle", "alternate hair length", "alternate hair color",
        "alternate hair ornament", "alternate eye color", "alternate skin color", "alternate color",
        "alternate form", "alternate headwear", "alternate legwear", "alternate weapon", "alternate wings",
        "alternate universe", "alternate breast size", "alternate pectoral size",
        "official alternate costume", "official alternate hairstyle", "adapted costume", "contemporary",
        "casual", "cosplay", "costume switch", "crossover", "genderswap", "genderswap (mtf)",
        "genderswap (ftm)", "personification", "aged up", "aged down", "parody", "style parody",
        "fine art parody", "meme", "original", "spoilers", "dual persona", "time paradox", "role reversal",
        "look-alike", "virtual youtuber", "brand name imitation", "trait connection", "name connection",
        "character doll", "voice actor connection",
    }
)  # fmt: skip
