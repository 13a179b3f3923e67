"""Words of tags that describe the picture and not the character: no tag with such a word is a core tag.

They are words of the people in the picture, of framing, quality, place, time, pose, gaze and expression.
"""

from __future__ import annotations

PEOPLE = (
    "solo",
    "people",
    "humans",
    "crowd",
    "couple",
    "group",
    "girls",
    "boys",
    "others",
    "focus",
    "yuri",
    "yaoi",
)
FRAMING = (
    "portrait", "body", "shot", "close-up", "closeup", "profile", "view", "views", "angle", "frame",
    "cropped", "perspective", "foreshortening", "background", "foreground", "depth", "field", "bokeh", "from",
    "upside-down", "sideways", "border", "letterboxed", "pillarboxed", "panels", "silhouette", "reflection",
)  # fmt: skip
MEDIUM = (
    "quality", "anime", "screenshot", "screencap", "subtitled", "comic", "4koma", "chibi", "monochrome",
    "greyscale", "sepia", "sketch", "lineart", "coloring", "media", "official", "text", "signature",
    "watermark", "logo", "artist", "dated", "translated", "copyright", "speech", "blurry", "blur", "noise",
    "artifacts", "highres", "lowres", "absurdres", "parody", "cover", "magazine", "scan", "gradient",
    "style", "emphasis", "lines",
)  # fmt: skip
PLACE = (
    "indoors", "outdoors", "sky", "cloud", "clouds", "cloudy", "tree", "trees", "forest", "grass", "mountain",
    "mountains", "hill", "field", "ocean", "sea", "beach", "river", "lake", "water", "pool", "city",
    "cityscape", "street", "road", "path", "building", "buildings", "house", "room", "kitchen", "bedroom",
    "bathroom", "classroom", "hallway", "library", "shop", "wall", "floor", "ceiling", "window", "windows",
    "curtains", "door", "doorway", "stairs", "bench", "fence", "railing", "bridge", "bed", "chair", "couch",
    "desk", "table", "shelf", "bookshelf", "chalkboard", "lamp", "lantern", "plant", "bush", "leaves",
    "ruins", "castle", "church", "cave", "train", "car",
)  # fmt: skip
TIME = (
    "day", "night", "evening", "morning", "sunset", "sunrise", "twilight", "dusk", "dark", "sunlight",
    "moonlight", "backlighting", "lighting", "shadow", "shade", "starry", "rain", "snow", "snowing", "fog",
    "wind",
)  # fmt: skip
POSE = (
    "standing", "sitting", "lying", "kneeling", "squatting", "crouching", "walking", "running", "jumping",
    "flying", "falling", "floating", "swimming", "dancing", "fighting", "leaning", "bent", "stretching",
    "sleeping", "eating", "drinking", "reading", "writing", "cooking", "holding", "carrying", "reaching",
    "pointing", "waving", "hugging", "hug", "kiss", "kissing", "peeking", "looking", "facing", "turning",
    "covering", "touching", "grabbing", "pulling", "arms", "hand", "hands", "finger", "fingers", "fist",
    "fists", "legs", "seiza", "wariza", "crossed", "outstretched", "raised", "clenched", "salute", "pose",
    "gesture", "v",
)  # fmt: skip
EXPRESSION = (
    "smile", "smiling", "grin", "smirk", "laughing", "frown", "frowning", "pout", "mouth", "teeth",
    "tongue", "lips", "blush", "blushing", "sweat", "sweatdrop", "tears", "tearing", "crying", "angry",
    "anger", "annoyed", "sad", "happy", "surprised", "shocked", "scared", "nervous", "embarrassed",
    "serious", "expressionless", "sleepy", "tired", "yawning", "shouting", "screaming", "talking",
    "singing", "wince", "wink", "glaring", "staring", "nosebleed", "drooling", "trembling", "ahegao",
    "evil", "smug", "worried", "confused", "closed", "half-closed", "wide-eyed", ":d", ":o", ":3", ":p",
    ";d", "xd", ":<", ":>", "=)", "^_^", ">_<", "@_@", "o_o", "+_+",
)  # fmt: skip

SCENE_WORDS = frozenset((*PEOPLE, *FRAMING, *MEDIUM, *PLACE, *TIME, *POSE, *EXPRESSION))
