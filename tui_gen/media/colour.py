"""Builds the filters that convert a film to RGB, from the facts about its colour.

Pure. HDR (PQ, HLG) goes through the tone-mapping chain of docs/colour.md, with all options set that would
otherwise depend on the ffmpeg version. SDR is never tone-mapped.

    HDR   head: setparams, linear light, tonemap, back to BT.709   tail: scale to one frame size
    SDR   head: none                                               tail: zscale straight to RGB
    pq16, linear16   head: none     tail: zscale straight to 16-bit RGB in BT.2020

With `Rendering.hdr` "fast", the kernel of tone_mapping/ takes the place of the head for the films whose
samples it takes: `stored_filters`, the kernel, `tone_mapped_tags`, the same tail. No filter depends on it.

The result is 8-bit BT.709, or 16-bit BT.2020 in PQ or in linear light (`Rendering.output`).
The head is the same for all sizes of a clip, so one decode and one tone-mapping serve all sizes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

from tui_gen.media.geometry import Size

if TYPE_CHECKING:  # children that import this module need no facts
    from tui_gen.media.film_facts import ColourFacts, ConfiguredTags, ProbeFacts

Chroma = Literal["420", "444"]
HdrChain = Literal["exact", "fast"]
HdrClass = Literal["pq", "hlg", "sdr"]
Output = Literal["sdr8", "pq16", "linear16"]

HDR_TRANSFERS: dict[str, HdrClass] = {"smpte2084": "pq", "arib-std-b67": "hlg"}
CHROMA_LOCATIONS = frozenset({"left", "center", "topleft", "top", "bottomleft", "bottom"})
WIDE_GAMUT = frozenset({"bt2020", "bt2020nc", "bt2020c"})
HDR_BITS = 10
TRANSFER_WANTED = (
    'read as SDR; give its entry "transfer": "smpte2084" (PQ), "arib-std-b67" (HLG) or "bt709" (SDR)'
)
DEFAULT_CHROMA_LOCATION = "left"
DEFAULT_PEAK = 10.0  # 1000 nits: tonemap's own default for a film without a light level
REFERENCE_WHITE_NITS = 100.0
SDR_WHITE_NITS = 203.0
"""The light of SDR white in HDR: ITU-R BT.2408, table 1."""
DEFAULT_LINEAR_PEAK_NITS = 1000.0
HD_COLUMNS = 1280  # an untagged picture of at least this width is BT.709
SD_LINES = 576  # an untagged picture with more lines is BT.709
NTSC_LINES = frozenset({480, 486})
PAL_LINES = frozenset({576})


@dataclass(frozen=True, slots=True)
class ColourTags:
    """The complete colour tags of the stored samples. Names are ffmpeg's."""

    primaries: str
    transfer: str
    matrix: str
    range: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """The choices, besides a film's own facts, that decide how its samples become RGB."""

    chroma: Chroma = "420"
    hdr: HdrChain = "exact"
    peak: float | None = None  # of tonemap, if the video's entry overrides the film's metadata
    output: Output = "sdr8"
    linear_peak_nits: float = DEFAULT_LINEAR_PEAK_NITS  # of the largest value of "linear16"

    @property
    def pixel_format(self) -> str:
        """Ffmpeg's name for the pixels of the result: BGR with 8 or 16 bits a channel."""
        return "bgr24" if self.output == "sdr8" else "bgr48le"

    @property
    def uses_kernel(self) -> bool:
        """Whether the kernel of tone_mapping/ converts the HDR films whose samples it takes."""
        return self.hdr == "fast" and self.output == "sdr8"

    @property
    def pixel_bytes(self) -> int:
        """The size of one pixel of the result."""
        return 3 if self.output == "sdr8" else 6


def hdr_class(transfer: str | None) -> HdrClass:
    """Return the class of a transfer function; all except PQ and HLG are SDR."""
    return HDR_TRANSFERS.get(transfer or "", "sdr")


def refusal(colour: ColourFacts) -> str | None:
    """Return why the decoded base layer cannot be shown, or None."""
    profile, compatibility = colour.dolby_vision_profile, colour.dolby_vision_compatibility
    # Without a compatible base layer the samples are IPT in Dolby's own curve: shown as purple and green.
    if profile == 5 or (profile == 10 and compatibility == 0):  # noqa: PLR2004 - Dolby's numbers
        return f"Dolby Vision profile {profile}: its base layer is not a picture"
    return None


def retagged(probe: ProbeFacts, tags: ConfiguredTags) -> ProbeFacts:
    """Return the facts of a film with the configured tags in place of its own."""
    chosen = {name: tag for name, tag in asdict(tags).items() if tag is not None}
    if not chosen:
        return probe
    colour = replace(probe.colour, **chosen)
    return replace(probe, colour=colour, hdr_class=hdr_class(colour.transfer), configured_tags=tuple(chosen))


def why_perhaps_hdr(colour: ColourFacts) -> str | None:
    """Return what suggests that a film without a transfer is HDR, or None. Such a film is read as SDR."""
    if colour.transfer is not None:
        return None
    if colour.max_cll_nits is not None or colour.mastering_max_nits is not None:
        return "light levels"
    if colour.dolby_vision_profile is not None:
        return "Dolby Vision"
    is_wide = colour.primaries in WIDE_GAMUT or colour.matrix in WIDE_GAMUT
    return f"BT.2020 with {colour.bit_depth} bits" if is_wide and colour.bit_depth >= HDR_BITS else None


def colour_tags(probe: ProbeFacts) -> ColourTags:
    """Return the film's tags. Missing tags are derived from its class and its size.

    For SDR the rules are those of mpv (`mp_image_params_guess_csp` in video/mp_image.c).
    """
    colour = probe.colour
    if probe.hdr_class != "sdr":
        return ColourTags(
            primaries=colour.primaries or "bt2020",
            transfer=colour.transfer or "smpte2084",
            matrix=colour.matrix or "bt2020nc",
            range=colour.range or "tv",
        )
    is_rgb = _is_rgb(colour)
    matrix = "gbr" if is_rgb else colour.matrix or _guessed_matrix(probe)
    return ColourTags(
        primaries=colour.primaries or ("bt709" if is_rgb else _guessed_primaries(matrix, probe.coded.height)),
        transfer=colour.transfer or "bt709",
        matrix=matrix,
        range=colour.range or ("pc" if is_rgb or colour.pixel_format.startswith("yuvj") else "tv"),
    )


def tone_mapping_peak(colour: ColourFacts, override: float | None) -> float:
    """Return tonemap's peak, in units of 100 nits: the entry's, MaxCLL, the mastering display, or 10."""
    if override is not None:
        return override
    for nits in (colour.max_cll_nits, colour.mastering_max_nits):
        if nits is not None and nits >= REFERENCE_WHITE_NITS:
            return nits / REFERENCE_WHITE_NITS
    return DEFAULT_PEAK


def is_tone_mapped(probe: ProbeFacts, how: Rendering) -> bool:
    """Return whether a film is tone-mapped to SDR."""
    return probe.hdr_class != "sdr" and how.output == "sdr8"


def stored_filters(probe: ProbeFacts) -> str:
    """Return the filters that come before every conversion of stored samples; mostly "".

    They crop an odd last column and line: zscale does not accept them with subsampled chroma.
    """
    return "" if probe.coded == probe.coded.even() else "crop=w=trunc(iw/2)*2:h=trunc(ih/2)*2:x=0:y=0"


def head_filters(probe: ProbeFacts, how: Rendering) -> str:
    """Return the filters shared by all sizes; mostly "" if nothing is tone-mapped before scaling."""
    tone_mapped = _tone_mapped(probe, how) if is_tone_mapped(probe, how) else ""
    return ",".join(filter(None, [stored_filters(probe), tone_mapped]))


def tone_mapped_tags(probe: ProbeFacts) -> str:
    """Return the filter that sets the tags that frames have after the head.

    Frames that come through a pipe have none, and `scale` would convert them by another matrix. The range is
    that of the film: zscale keeps it.
    """
    tags = "color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    return f"setparams={tags}:range={colour_tags(probe).range}"


def tail_filters(probe: ProbeFacts, how: Rendering, *, frame: Size) -> str:
    """Return the filters for one frame size."""
    if how.output != "sdr8":
        return _wide(probe, how, frame=frame)
    if probe.hdr_class != "sdr":
        # From 4:4:4, swscale has vector code for planar RGB only. The bytes are equal, for half the time.
        planar = ",format=gbrp" if how.chroma == "444" else ""
        return f"scale={frame.width}:{frame.height}:flags=lanczos{planar}"
    return f"{_read(probe, frame)}:p=bt709:t=bt709:m=gbr:r=full:dither=none,format=gbrp"


def colour_chain(probe: ProbeFacts, how: Rendering, *, frame: Size) -> str:
    """Return the whole chain for one frame size."""
    head, tail = head_filters(probe, how), tail_filters(probe, how, frame=frame)
    return f"{head},{tail}" if head else tail


def small_chain(probe: ProbeFacts, how: Rendering, *, shrunk: str, frame: Size) -> str:
    """Return the chain of a picture whose samples the filters `shrunk` first shrink to an even size.

    It costs a fraction of `colour_chain`, and its pictures are others.
    """
    tone_mapped = _tone_mapped(probe, how) if is_tone_mapped(probe, how) else ""
    parts = [stored_filters(probe), shrunk, tone_mapped, tail_filters(probe, how, frame=frame)]
    return ",".join(filter(None, parts))


def _read(probe: ProbeFacts, frame: Size) -> str:
    """Return zscale with the options of its input, and of the frame size."""
    tags = colour_tags(probe)
    location = "" if _is_rgb(probe.colour) else f":cin={chroma_location(probe.colour)}"
    return (
        f"zscale=pin={tags.primaries}:tin={tags.transfer}:min={tags.matrix}:rin={tags.range}{location}"
        f":w={frame.width}:h={frame.height}:f=lanczos"
    )


def _wide(probe: ProbeFacts, how: Rendering, *, frame: Size) -> str:
    """Return the filters to 16-bit RGB in BT.2020, in PQ or in linear light. Nothing is tone-mapped."""
    # zscale's npl is the light of the value 1 in nits: of SDR white, or of the largest linear value.
    white = f":npl={SDR_WHITE_NITS:g}" if probe.hdr_class == "sdr" else ""
    rgb = ":p=bt2020:m=gbr:r=full:dither=none"
    if how.output == "pq16":
        return f"{_read(probe, frame)}{rgb}:t=smpte2084{white},format=gbrp16le"
    linear = f":t=linear:npl={how.linear_peak_nits:g}"
    if probe.hdr_class != "sdr":
        return f"{_read(probe, frame)}{rgb}{linear},format=gbrp16le"
    # SDR has no light level: PQ in between gives it one.
    return (
        f"{_read(probe, frame)}{rgb}:t=smpte2084{white},format=gbrpf32le,"
        f"zscale=pin=bt2020:tin=smpte2084:min=gbr:rin=full{rgb}{linear},format=gbrp16le"
    )


def _tone_mapped(probe: ProbeFacts, how: Rendering) -> str:
    """Return the filters from PQ or HLG to BT.709."""
    tags, location = colour_tags(probe), chroma_location(probe.colour)
    peak = format(tone_mapping_peak(probe.colour, how.peak), ".10g")
    return (
        f"setparams=color_primaries={tags.primaries}:color_trc={tags.transfer}"
        f":colorspace={tags.matrix}:range={tags.range},"
        f"zscale=tin={tags.transfer}:min={tags.matrix}:pin={tags.primaries}:rin={tags.range}:cin={location}"
        f":t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
        f"setparams=colorspace=bt2020nc,tonemap=tonemap=mobius:peak={peak},"
        f"zscale=t=bt709:m=bt709:c={location},format=yuv{how.chroma}p"
    )


def chroma_location(colour: ColourFacts) -> str:
    """Return where the chroma samples lie: the film's tag, or "left"."""
    location = colour.chroma_location
    return location if location in CHROMA_LOCATIONS else DEFAULT_CHROMA_LOCATION


def _is_rgb(colour: ColourFacts) -> bool:
    name = colour.pixel_format
    return colour.matrix == "gbr" or name.startswith(
        ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8")
    )


def _guessed_matrix(probe: ProbeFacts) -> str:
    if probe.colour.primaries == "bt2020":
        return "bt2020nc"
    is_hd = probe.coded.width >= HD_COLUMNS or probe.coded.height > SD_LINES
    return "bt709" if is_hd else "smpte170m"


def _guessed_primaries(matrix: str, lines: int) -> str:
    """Return the primaries of an SDR film without that tag.

    A BT.601 matrix does not imply primaries: JPEG and VP8 always have this matrix. Only the numbers of lines
    of standard definition television imply SMPTE-C or EBU primaries.
    """
    if matrix in {"bt2020nc", "bt2020c"}:
        return "bt2020"
    if matrix == "smpte240m":
        return matrix
    if matrix == "bt709":
        return "bt709"
    if lines in NTSC_LINES:
        return "smpte170m"
    return "bt470bg" if lines in PAL_LINES else "bt709"
