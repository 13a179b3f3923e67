"""Episodes of a series get one group, and two films never do, in many scripts and styles of names.

The list is written by rules: every title times the styles in which people name its episodes, and films beside
them that look alike. The truth is the work that each rule writes the name for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tui_gen.jobs.superres.films.scanning.editions import groups, lesser_copies
from tui_gen.jobs.superres.films.scanning.finding import find_videos
from tui_gen.jobs.superres.films.scanning.scan import _named
from tui_gen.media.names.episode_words import (
    bracketed_episode,
    spelled_episode,
    spelled_season,
)
from tui_gen.media.names.numbered_files import numbered_names

RIGHT_AT_LEAST = 0.97


# Style with {t} for the title, {n} for the number and {nn} for the number with two digits; then titles.
HAN = ("静港物语", "長夜列車", "白鹿原上")
KANA = ("静かな港", "ゆめのまち")
HANGUL = ("조용한 항구", "비밀의 정원")
CYRILLIC = ("Тихая гавань", "Северный ветер")
GREEK = ("Ήσυχο λιμάνι",)
ARABIC = ("الميناء الهادئ",)
THAI = ("ท่าเรือเงียบ",)
HEBREW = ("נמל שקט",)
DEVANAGARI = ("शांत बंदरगाह",)
LATIN = ("Silent Harbour", "Night Train 9", "Ocean's Law", "The 4400 Doors", "Area 51 Files")
STYLES: Mapping[str, Sequence[str]] = {
    "[DMG][{t}][第{nn}話][1080P].mkv": HAN[:2],
    "[Airota][{t}][{nn}][1080p].mkv": (HAN[2], LATIN[0]),
    "【喵萌奶茶】【{t}】【{nn}】【简体】.mp4": KANA[:1],
    "{t} - 第{n}集.mp4": HAN[:1],
    "{t}/第{nn}话.mp4": HAN[1:2],
    "{t}/第2季/{nn}.mp4": HAN[2:],
    "{t} 第{n}話「港の朝{n}」.mkv": KANA[:1],
    "{t}#{nn}.mkv": KANA[1:],
    "{t}/第2期/第{n}回.mkv": KANA[1:],
    "{t} {n}회.mp4": HANGUL[:1],
    "{t} 시즌 1 제{n}화.mp4": HANGUL[1:],
    "{t}.E{nn}.720p-NEXT.mp4": HANGUL[:1],
    "{t} - 1 сезон {n} серия.avi": CYRILLIC[:1],
    "{t} (серия {nn}).avi": CYRILLIC[1:],
    "{t}/Сезон 2/{nn} серия.mkv": CYRILLIC[:1],
    "{t} Επεισόδιο {n}.mkv": GREEK,
    "{t} S01E{nn}.mkv": GREEK,
    "{t} الحلقة {n}.mp4": ARABIC,
    "{t} - {nn}.mp4": ARABIC,
    "{t} ตอนที่ {n}.mp4": THAI,
    "{t} EP{nn}.mp4": THAI,
    "{t} פרק {n}.mkv": HEBREW,
    "{t} एपिसोड {n}.mp4": DEVANAGARI,
    "{t} {nn}.mp4": (*DEVANAGARI, LATIN[0]),
    "[Group] {t} - {nn} [1080p][A1B2C3{nn}].mkv": (LATIN[1], LATIN[3]),
    "[Group] {t} [{nn}][BDRip 1080p].mkv": LATIN[2:3],
    "{t}.S02E{nn}.1080p.WEB-DL.x264-GRP.mkv": LATIN[3:5],
    "{t}/Season 1/{nn}.mkv": LATIN[4:],
    "{t}/{nn}.mkv": LATIN[2:3],
    "{t}/{nn} of 12.mkv": LATIN[1:2],
    "{t}_{nn}_720p.mkv": LATIN[:1],
    "{t} Folge {n}.mkv": ("Die Brücke am Fluss",),
    "{t} Tập {n}.mp4": ("Bến cảng yên tĩnh",),
    "{t} - {n}. Bölüm.mp4": ("Sessiz Liman",),
    "{t} odc. {n}.avi": ("Cicha przystań",),
    "{t} Episódio {n}.mkv": ("Porto silencioso",),
}
FILMS = (
    "Rocky.mkv", "Rocky 2.mkv", "Rocky 3.mkv", "Rocky 4.mkv",
    "Saw/Saw 1.mkv", "Saw/Saw 2.mkv", "Saw/Saw 3.mkv", "Saw/Saw 4.mkv", "Saw/Saw 5.mkv", "Saw/Saw 6.mkv",
    "300.mkv", "21.mkv", "9.mkv", "54.mkv", "1917.mkv", "2012.mkv", "2046.mkv",
    "Two films/Heat (1995).mkv", "Two films/Ronin (1998).mkv",
    "Years/Summer 1993.mkv", "Years/Summer 1994.mkv",
    "Kino/Брат (1997).mkv", "Kino/Брат 2 (2000).mkv",
    "Kino/Сталкер (1979).mkv", "Kino/Солярис (1972).mkv",
    "亚洲/英雄 (2002).mkv", "亚洲/无间道 (2002).mkv", "亚洲/无间道2 (2003).mkv", "亚洲/卧虎藏龙 (2000).mkv",
    "亚洲/[VCB][你的名字][1080p].mkv", "亚洲/[VCB][天气之子][1080p].mkv",
    "亚洲/기생충 (2019).mkv", "亚洲/올드보이 (2003).mkv", "亚洲/七人の侍 (1954).mkv",
    "亚洲/羅生門 (1950).mkv",
    "More/John Wick Bölüm 2 (2017).mkv", "More/John Wick Bölüm 3 (2019).mkv",
    "More/教父第一集 (1972).mkv",
    "More/教父第二集 (1974).mkv",
    "More/แฮร์รี่ ตอนที่ 1 (2010).mkv", "More/แฮร์รี่ ตอนที่ 2 (2011).mkv",
    "More/कहानी (2012).mkv", "More/कहानी 2 (2016).mkv", "More/ואלס (2008).mkv", "More/عمر (2013).mkv",
    "More/Μίκης (2010).mkv", "More/Fast & Furious 6.mkv", "More/Fast & Furious 7.mkv",
    "More/11-14.mkv", "More/13 Assassins.mkv", "More/12 Monkeys.mkv", "More/District 9.mkv",
    "Cameras/MVI_0001.mp4", "Cameras/MVI_0002.mp4", "Cameras/IMG_0203.mp4", "Cameras/IMG_0204.mp4",
    "Numbers/42.mkv", "Numbers/1408.mkv", "Numbers/7500.mkv", "Numbers/1942.mkv",
    "Codecs/Arrival x264.mkv", "Codecs/Ran 1080p.mkv",
)  # fmt: skip


def written() -> Iterator[tuple[str, str]]:
    """Yield (path, work): episodes by the rules, each in the folder of its rule, and films."""
    for number, (style, titles) in enumerate(STYLES.items()):
        for title in titles:
            for episode in range(1, 7):
                path = style.format(t=title, n=episode, nn=f"{episode:02d}")
                yield f"{number:02d} library/{path}", f"{title} of {number}"
    for path in FILMS:
        yield f"films/{path}", path


def groups_found(library: Path) -> dict[str, str]:
    """Return path -> group; a file without a group is a group of its own."""
    films = _named(find_videos([library]).files, 2026, lambda *_: None)
    assert not lesser_copies([film.candidate for film in films])
    found = groups(film.candidate for film in films)
    return {film.file.path: found.get(film.file.path, film.file.path) for film in films}


def test_of_300_names_97_percent_are_in_the_right_group_and_no_two_films_are_in_one(tmp_path: Path) -> None:
    truth = {str(tmp_path / path): work for path, work in written()}
    for path in truth:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    works, found = defaultdict(set), defaultdict(set)
    for path, work in truth.items():
        works[work].add(path)
    # Each library is looked at by itself: several rules write the same title.
    for library in sorted(tmp_path.iterdir()):
        for path, group in groups_found(library).items():
            found[library, group].add(path)
    assert sum(map(len, found.values())) == len(truth) >= 300
    assert [same for same in found.values() if len({truth[path] for path in same}) > 1] == []
    wrong = [path for same in found.values() for path in same if same != works[truth[path]]]
    assert 1 - len(wrong) / len(truth) >= RIGHT_AT_LEAST, "\n".join(sorted(wrong))


@pytest.mark.parametrize(
    ("name", "before", "season", "episode"),
    [
        ("Film 第十二集", "Film ", None, 12),
        ("剧 第二季 第３話", "剧 ", 2, 3),
        ("剧 第一百零五回", "剧 ", None, 105),
        ("مسلسل الموسم 2 الحلقة ١٢", "مسلسل ", 2, 12),
        ("Сериал 2 сезон 10 серия", "Сериал ", 2, 10),
        ("드라마 시즌2 12화", "드라마 ", 2, 12),
    ],
)
def test_words_and_numerals_of_a_language_say_the_episode(
    name: str, before: str, season: int | None, episode: int
) -> None:
    found = spelled_episode(name)
    assert found is not None
    assert (found.before, found.season, found.episode) == (before, season, episode)


@pytest.mark.parametrize(
    "name", ["第2部", "Teil 2", "भाग 2", "회", "Серия", "Film 2019", "[G][Title][1080p]", "第"]
)
def test_parts_of_films_are_no_episodes(name: str) -> None:
    assert spelled_episode(name) is None
    assert bracketed_episode(name) is None


@pytest.mark.parametrize(
    ("name", "season"),
    [("第2季", 2), ("第二季", 2), ("Сезон 3", 3), ("시즌 1", 1), ("2 сезон", 2), ("第2季 BD", None)],
)
def test_a_folder_may_be_a_season_in_any_language(name: str, season: int | None) -> None:
    assert spelled_season(name) == season


@pytest.mark.parametrize(
    ("stems", "count"),
    [
        (["Show 01", "Show 02"], 2),
        (["Show 1", "Show 2", "Show 3"], 0),
        ([f"Show {number}" for number in range(1, 13)], 12),
        (["Show 121", "Show 122", "Show 123"], 3),
        (["1", "2", "3"], 3),
        (["1", "2"], 2),
        (["9", "10"], 0),
        (["300", "21", "9", "54"], 0),
        (["Film 1080p", "Film 720p"], 0),
        (["Film x264", "Film x265"], 0),
        (["Summer 1993", "Summer 1994", "Summer 1995"], 0),
        (["MVI_0001", "MVI_0002", "MVI_0003"], 0),
        (["01 Dr No", "02 Goldfinger", "03 Moonraker"], 0),
        (["Show 01 [A1B2C3D4]", "Show 02 [00112233]", "Film"], 2),
    ],
)
def test_names_of_a_folder_that_differ_in_one_number_are_a_series(stems: list[str], count: int) -> None:
    assert len(numbered_names(stems)) == count
