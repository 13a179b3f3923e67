"""Plans the remaining work: pure functions from settings and records to probes, surveys and stretches.

    sources + records ─> films ─> quotas per category ─> clips to make ─> units, calculated on iteration

Guards: a clip is planned by its number alone. The first usable clips of a film fill its quota, and made clips
keep their place. The order of the videos, of the work or of the ledger does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import or_

from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import CategoryPlan, Plan, SourcePlan, Unit
from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS
from tui_gen.jobs.superres.config.settings import Category, ImageFormat, Settings
from tui_gen.jobs.superres.dataset.split import GUARD_SECONDS, SHORTEST_DIVIDED_SECONDS, TRAIN, whole_name
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.pairing.pair_remarks import pair_remarks
from tui_gen.jobs.superres.planning.clip_bits import lowest
from tui_gen.jobs.superres.planning.clip_cost import recorded_cost
from tui_gen.jobs.superres.planning.footage import Film, Quotas, Sources, films_of, quotas_of
from tui_gen.jobs.superres.planning.names import slug_of, wanted_slugs
from tui_gen.jobs.superres.planning.places import FilmPlaces
from tui_gen.jobs.superres.planning.retries import retries
from tui_gen.jobs.superres.planning.seeded_random import rank
from tui_gen.jobs.superres.planning.stretches import Stretches, joined
from tui_gen.jobs.superres.planning.timestamps import Windows
from tui_gen.jobs.superres.units import Probe, Survey
from tui_gen.media.colour import TRANSFER_WANTED, why_perhaps_hdr
from tui_gen.media.geometry import Size
from tui_gen.media.probing.timestamp_jumps import why_less

NARROW_SPACING_SECONDS = 1.0
TYPICAL_SHARES: Mapping[ImageFormat, float] = {"png": 0.5, "webp": 0.36}
"""The bytes of files of films, divided by those of the raw pixels.

PNG, RLE with Paeth: 0.47 to 0.52 measured; WebP takes 0.69 to 0.75 of that (`benchmarks/picture_formats.py`).
"""


def plan_probe(
    settings: Settings, sources: Sources, *, records: Mapping[str, SourceRecord], missing: Collection[str]
) -> Plan:
    """Plan a probe of each film that is found, has a weight and is not probed yet."""
    bare = replace(settings, videos=())
    films = films_of(settings, sources, records=records, missing=missing)
    return Plan(_in_order(settings, [_probe_plan(bare, film) for film in films]))


def plan_extract(
    settings: Settings, sources: Sources, *, records: Mapping[str, SourceRecord], missing: Collection[str]
) -> Plan:
    """Plan the clips that are left to make. A film is surveyed before its first stretch.

    `missing` are the sources without a file: other films get their share in this run.
    """
    bare = replace(settings, videos=())
    films = films_of(settings, sources, records=records, missing=missing)
    quotas_by_category = quotas_of(settings, films, records)
    slugs = {category.name: _slugs(category.name, films, records) for category in settings.whole_categories}
    orders = [_order(film, quotas_by_category) for film in films]
    plans = [_source_plan(bare, order, slugs) for order in orders]
    categories = {
        name: CategoryPlan(
            category.target,
            sum(quotas_by_category[name].values()),
            category.folder,
            estimated_patch_bytes=_patch_bytes(settings, category),
            files_per_patch=len(settings.kinds_of(name)),
        )
        for name, category in settings.categories.items()
    }
    warnings = (
        *_unmet(categories),
        *_narrow(settings, orders),
        *_off_keyframes(settings, films),
        *_varied(settings, films),
        *_doubts(settings, films),
        *_clashes(films, slugs),
    )
    return Plan(
        _in_order(settings, plans),
        categories,
        warnings,
        notes=(*_sizes(settings), *_division(films), *_pairs(films)),
        time_hint="tui-gen check measures it",
        estimate_basis="if PNG halves the pixels as it does for film",
    )


# ---------------------------------------------------------------------------------------------- orders


@dataclass(frozen=True, slots=True)
class _FilmOrder:
    """The quotas of a film, and the clips still to make for each category."""

    film: Film
    quotas: Mapping[str, int]
    todo: tuple[tuple[str, int], ...]  # category and bit set of clips, without empty sets

    @property
    def left(self) -> int:
        """The clips still to make for any category, as a bit set."""
        return reduce(or_, (bits for _, bits in self.todo), 0)

    @property
    def made(self) -> int:
        """The clips with patches and nothing left to make, as a bit set."""
        return reduce(or_, self.film.extracted.made.values(), 0) & ~self.left

    @property
    def spacing_seconds(self) -> float | None:
        """Mean distance of the film's clips; None for fewer than two clips or without a probe."""
        count, line = (self.left | self.made).bit_count(), self.film.prospect.line
        return line.usable_seconds / count if line is not None and count > 1 else None


def _order(film: Film, quotas_by_category: Quotas) -> _FilmOrder:
    quotas = {name: of_films[film.id] for name, of_films in quotas_by_category.items() if of_films[film.id]}
    todo = (
        (name, lowest(film.free(name), quota - film.made(name).bit_count())) for name, quota in quotas.items()
    )
    return _FilmOrder(film, quotas, tuple((name, bits) for name, bits in todo if bits))


# ---------------------------------------------------------------------------------------------- names


def _slugs(category: str, films: Iterable[Film], records: Mapping[str, SourceRecord]) -> dict[str, str]:
    """Return source -> slug for one category and its parts, for films with a recorded slug and new films."""
    key = f"slug:{category}"
    owned = {source: record.facts[key] for source, record in records.items() if key in record.facts}
    names = {
        film.id: film.video.name
        for film in films
        if any(whole_name(name) == category for name, _ in film.video.weights)
    }
    return owned | wanted_slugs(names, owned)


# ---------------------------------------------------------------------------------------------- units


def _probe_plan(settings: Settings, film: Film) -> SourcePlan:
    is_wanted = not film.is_closed and film.prospect.probe is None
    units = (Probe(film.id, film.video.path, settings),) if is_wanted else ()
    return _planned(film, units, key=(film.video.path, is_wanted))


def _source_plan(settings: Settings, order: _FilmOrder, slugs: Mapping[str, Mapping[str, str]]) -> SourcePlan:
    mine = {name: slugs[whole_name(name)][order.film.id] for name, _ in order.todo}
    units, key = _units(settings, order, mine)
    return replace(
        _planned(order.film, units, key=key),
        clips_made=order.made.bit_count(),
        clips_left=order.left.bit_count(),
        quotas=order.quotas,
        figures=_figures(order),
        processor_seconds=_processor_seconds(settings, order),
        open_clips=order.left,
        places=_places(order.film),
    )


def _units(
    settings: Settings, order: _FilmOrder, slugs: Mapping[str, str]
) -> tuple[Iterable[Unit], Hashable]:
    """Return the units to do for a film now, and a key that is equal for equal units."""
    film, outlook, path = order.film, order.film.prospect, order.film.video.path
    if not order.todo:
        return (), ()
    if outlook.probe is None or outlook.line is None:
        # The film was skipped, or could not be probed, when the other films were probed.
        return (Probe(film.id, path, settings),), ("probe", path)
    nameless = tuple(
        (whole, settings.categories[whole].folder, slug)
        for whole, slug in {whole_name(name): slug for name, slug in slugs.items()}.items()
        if f"slug:{whole}" not in film.record.facts
    )
    wanted, tried = settings.hwaccel, film.record.facts.get("hwaccel", {})
    tries_hardware = wanted not in {"none", tried.get("asked")}
    to_align = film.video.pair if outlook.pair is None else None
    if outlook.survey is None or nameless or tries_hardware or to_align is not None:
        survey = Survey(
            source=film.id,
            path=path,
            name=film.video.name,
            settings=settings,
            probe=outlook.probe,
            survey=outlook.survey,
            names_wanted=nameless,
            peak=film.video.peak,
            tries_hardware=tries_hardware,
            pair=to_align,
        )
        return (survey,), ("survey", path, outlook.probe, outlook.survey, nameless, tries_hardware, to_align)
    device = None if wanted == "none" else tried.get("device")
    stretches = Stretches(
        settings=settings,
        source=film.id,
        video=film.video,
        probe=outlook.probe,
        survey=outlook.survey,
        windows=Windows(outlook.line, outlook.capacity, retries(settings)),
        options=outlook.options,
        slugs=slugs,
        todo=order.todo,
        device=device,
        pair=outlook.pair,
    )
    known = (path, outlook.probe, outlook.survey, device, outlook.pair)
    return stretches, ("stretches", *known, tuple(slugs.items()), order.todo)


def _planned(film: Film, units: Iterable[Unit], *, key: Hashable) -> SourcePlan:
    priority = film.record.priority
    return SourcePlan(
        source=film.id,
        name=film.video.name,
        path=film.video.path,
        priority=film.video.priority if priority is None else priority,
        units=units,
        key=key,
        clips_made=0,
        clips_left=0,
        unusable=film.reason,
        join=joined,
    )


def _processor_seconds(settings: Settings, order: _FilmOrder) -> float | None:
    cost = recorded_cost(settings, order.film.record.facts)
    return (
        None if cost is None else cost.of(order.left.bit_count(), sum(b.bit_count() for _, b in order.todo))
    )


def _places(film: Film) -> FilmPlaces | None:
    line = film.prospect.line
    return None if line is None else FilmPlaces(line, film.prospect.capacity)


def _figures(order: _FilmOrder) -> dict[str, str]:
    spacing = order.spacing_seconds
    return {} if spacing is None else {"Mean spacing of the clips": f"{spacing:.1f} s"}


def _in_order(settings: Settings, plans: Iterable[SourcePlan]) -> tuple[SourcePlan, ...]:
    return tuple(sorted(plans, key=lambda plan: (plan.priority, _shuffled(settings.seed, plan.source))))


@lru_cache(maxsize=8192)
def _shuffled(seed: int, source: str) -> bytes:
    return rank(seed, "order", source)


def _patch_bytes(settings: Settings, category: Category) -> float:
    """Return about the mean number of bytes of a patch: GT and the stacks that are written."""
    total = sum(share for _, share in category.distribution)
    pixel_bytes = rendering(settings).pixel_bytes
    raw = sum(
        share / total * pixel_bytes * kind.frames * _pixels(kind.tile(form))
        for form, share in category.distribution
        for kind in settings.kinds_of(category.name)
    )
    return raw * TYPICAL_SHARES[settings.image_format]


def _pixels(size: Size) -> int:
    return size.width * size.height


# ------------------------------------------------------------------------------------------- warnings


def _unmet(categories: Mapping[str, CategoryPlan]) -> Iterator[str]:
    for name, category in categories.items():
        if category.target is not None and category.planned < category.target:
            short = category.target - category.planned
            yield (
                f"{name}: the target of {category.target} patches cannot be met:"
                f" {category.planned} can be planned, {short} too few"
            )


def _narrow(settings: Settings, orders: Iterable[_FilmOrder]) -> Iterator[str]:
    for order in sorted(orders, key=lambda order: _shuffled(settings.seed, order.film.id)):
        spacing = order.spacing_seconds
        if order.left and spacing is not None and spacing < NARROW_SPACING_SECONDS:
            count = (order.left | order.made).bit_count()
            yield f"{order.film.video.name}: {count} clips, only {spacing:.2f} s apart on average"


def _off_keyframes(settings: Settings, films: Iterable[Film]) -> Iterator[str]:
    """Yield warnings for the films whose clips cannot all begin at key frames."""
    for film in sorted(films, key=lambda film: _shuffled(settings.seed, film.id)):
        outlook = film.prospect
        if film.is_closed or outlook.line is None:
            continue
        if outlook.no_keyframes is not None:
            yield (
                f"{film.video.name}: its clips are spread evenly and do not begin at key frames:"
                f" {outlook.no_keyframes}"
            )
        elif outlook.line.starts_seconds is not None:
            found = outlook.room + outlook.block_room
            if found < outlook.capacity:
                wanted = outlook.capacity
                yield f"{film.video.name}: only {found} of {wanted} clips find a key frame of their own"


def _varied(settings: Settings, films: Iterable[Film]) -> Iterator[str]:
    """Yield notes on the films whose frame rate varies, and on their frames in windows without a hold."""
    for film in sorted(films, key=lambda film: _shuffled(settings.seed, film.id)):
        line = film.prospect.line
        if not film.is_closed and line is not None and line.by_index is not None:
            yield (
                f"{film.video.name}: its frame rate varies: its clips are kept apart by the timestamps of its"
                f" {line.by_index.count} frames"
            )


def _doubts(settings: Settings, films: Iterable[Film]) -> Iterator[str]:
    """Yield warnings for the films that may be HDR without the tag, and for those whose timestamps jump."""
    for film in sorted(films, key=lambda film: _shuffled(settings.seed, film.id)):
        probe = film.prospect.probe
        if film.is_closed or probe is None:
            continue
        if (why := why_perhaps_hdr(probe.colour)) is not None:
            yield f"{film.video.name}: HDR? ({why}, but no transfer): {TRANSFER_WANTED}"
        if (jumps := why_less(probe.parts_seconds)) is not None:
            yield f"{film.video.name}: {jumps}"


def _sizes(settings: Settings) -> Iterator[str]:
    """Yield a note on the built-in formats whose GT is another size than usual, so that it divides."""
    used = {form for category in settings.whole_categories for form, _ in category.distribution}
    changed = [
        f"{form.name} is {form.gt}, not {usual.gt}"
        for form in sorted(used, key=lambda form: form.name)
        if (usual := BUILT_IN_FORMATS.get(form.name)) is not None and usual.gt != form.gt
    ]
    if changed:
        scales = ", ".join(map(str, sorted({settings.scale, *settings.lr_scales})))
        divisors = " and ".join(scales.rsplit(", ", 1))
        yield f"sizes: {', '.join(changed)}: GT divides by {divisors}"


def _division(films: Iterable[Film]) -> Iterator[str]:
    """Yield notes on the number of films with a held-out block, and why other films have none."""
    train = [film for film in films if film.video.split == TRAIN and not film.is_closed]
    share = max((film.video.val_share for film in train), default=0.0)
    if not share:
        return
    probed = [film for film in train if film.video.val_share and film.prospect.line is not None]
    divided = sum(film.prospect.block > 0 for film in probed)
    yield (
        f"validation: a block of {100 * share:g} % of {divided} films,"
        f" with {GUARD_SECONDS:g} s on both sides that give nothing"
    )
    if divided < len(probed):
        shortest = f"{SHORTEST_DIVIDED_SECONDS / 60:g} minutes"
        yield f"validation: {len(probed) - divided} films have no block; they are shorter than {shortest}"
    grouped = sum(not film.video.val_share for film in train)
    if grouped:
        yield f'validation: {grouped} films have no block, as they share a group; give whole groups a "split"'


def _pairs(films: Iterable[Film]) -> Iterator[str]:
    """Yield what is known of the pairs of films."""
    for film in films:
        outlook = film.prospect
        if film.is_closed or film.video.pair is None:
            continue
        if outlook.pair is None:
            yield f"{film.video.name}: its pair is aligned just before its first clips"
        else:
            yield from (f"{film.video.name}: {remark}" for remark in pair_remarks(outlook.pair, outlook))


def _clashes(films: Iterable[Film], slugs: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    renamed: dict[str, set[str]] = defaultdict(set)
    for film in films:
        usual = slug_of(film.id, film.video.name)
        for name, owners in slugs.items():
            is_new = f"slug:{name}" not in film.record.facts
            if is_new and owners.get(film.id, usual) != usual:
                renamed[usual].add(film.id)
    for usual, ids in sorted(renamed.items()):
        yield f"the file name {usual!r} is shared: the files of {', '.join(sorted(ids))} carry their id"
