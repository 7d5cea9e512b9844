"""What a typed name may mean: slips of ear, finger and pinyin are near, other directions and numbers far."""

from __future__ import annotations

import pypinyin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.addresses._pinyin import folded, latin_key, syllables, typed_forms
from twin.addresses.likeness import EXACT_ODDS, SOUND_ODDS, Way, canonical, likeness, stem_and_kind
from twin.addresses.scoring import FOUND_FACTOR

HAN = "西湖溪花园苑公寓永城路金桂银水岸春天一二三四江山东南北中新村长乐绿翠"
names = st.text(st.sampled_from(HAN), min_size=2, max_size=7)


@pytest.mark.parametrize(
    ("asked", "name", "way"),
    [
        ("西湖花园", "西湖花园", Way.EXACT),
        ("西湖·花园(二期)", "西湖花园2期", Way.EXACT),
        ("第38中学", "第三十八中学", Way.EXACT),
        ("溪湖花园", "西湖花园", Way.SOUND),
        ("和润雅院", "和润雅苑", Way.SOUND),
        ("紫金公寓", "梓今公寓", Way.SOUND),
        ("山水名底", "山水名邸", Way.SOUND),
        ("生江花园", "森江花园", Way.NEAR_SOUND),
        ("浪江花园", "狼江花园", Way.SOUND),
        ("南江花园", "兰江花园", Way.NEAR_SOUND),
        ("新城家园", "星城家园", Way.NEAR_SOUND),
        ("xihuhuayuan", "西湖花园", Way.PINYIN),
        ("Xi Hu Hua Yuan", "西湖花园", Way.PINYIN),
        ("xi'hu'hua'yuan", "西湖花园", Way.PINYIN),
        ("西湖huayuan", "西湖花园", Way.PINYIN),
        ("xihuhy", "西湖花园", Way.PINYIN),
        ("xihuhuayaun", "西湖花园", Way.PINYIN),
        ("lvcheng", "绿城", Way.PINYIN),
        ("lucheng", "绿城", Way.PINYIN),
        ("changle", "长乐", Way.PINYIN),
        ("xhhy", "西湖花园", Way.INITIALS),
        ("西湖", "西湖花园", Way.STEM),
        ("西湖小区", "西湖花园", Way.STEM),
        ("西湖花", "西湖花园", Way.STEM),
        ("西湖湖花园", "西湖花园", Way.TYPO),
        ("西花湖园", "西湖花园", Way.TYPO),
        ("西海花园", "西湖花园", Way.TYPO),
    ],
)
def test_slip_is_recognised_in_its_way(asked: str, name: str, way: Way) -> None:
    found = likeness(asked, name)
    assert found is not None
    assert found.way is way
    assert found.odds > 1.0


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("人民东路", "人民西路"),
        ("环城北路", "环城南路"),
        ("紫荆花园1期", "紫荆花园2期"),
        ("第三小学", "第四小学"),
        ("上吴村", "下吴村"),
        ("东湖花园", "和润雅苑"),
        ("a座", "b座"),
        ("", "西湖花园"),
        ("，。", "西湖花园"),
        ("xh", "西湖花园"),
        ("beijing", "西湖花园"),
    ],
)
def test_other_place_is_not_taken_for_a_slip(asked: str, name: str) -> None:
    assert likeness(asked, name) is None


def test_other_kind_of_place_is_likelier_another_place() -> None:
    found = likeness("西湖公寓", "西湖花园")
    assert found is not None
    assert found.odds < 1.0


def test_the_nearer_a_name_the_higher_its_odds() -> None:
    order = ["西湖花园", "溪湖花园", "西湖", "西海花园", "西湖公寓"]
    odds = [found.odds for one in order if (found := likeness(one, "西湖花园")) is not None]
    assert odds == sorted(odds, reverse=True)
    assert len(set(odds)) == len(order)


@given(names)
def test_name_is_exactly_like_itself_and_typed_in_full_like_itself(name: str) -> None:
    found = likeness(name, name)
    assert found is not None
    assert found.odds == EXACT_ODDS
    if not any(one.isdigit() for one in canonical(name)):
        typed = "".join(pypinyin.lazy_pinyin(name))
        by_pinyin = likeness(typed, name)
        assert by_pinyin is not None


@given(names, names)
def test_likeness_never_fails_and_only_equal_names_are_exact(one: str, other: str) -> None:
    found = likeness(one, other)
    if found is not None:
        assert (found.way is Way.EXACT) == (canonical(one) == canonical(other))
        assert 0.0 < found.odds <= EXACT_ODDS


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("三", "3"), ("十", "10"), ("十二", "12"), ("二十", "20"), ("二十五", "25"), ("一百", "100")],
        *[("一百零八", "108"), ("一百一十", "110"), ("三百二十一", "321"), ("二〇二四", "2024")],
        ("三零二", "302"),
    ],
)
def test_chinese_numbers_of_names_become_arabic(text: str, number: str) -> None:
    assert canonical(f"{text}厂") == f"{number}厂"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("西湖花园", ("西湖", "花园")),
        ("永城路", ("永城", "路")),
        ("丽州大道", ("丽州", "大道")),
        ("花园", ("花园", "")),
        ("新村", ("新村", "")),
        ("上吴村", ("上吴", "村")),
        ("城市之心", ("城市之心", "")),
    ],
)
def test_stem_is_what_is_left_without_the_kind_of_place(name: str, parts: tuple[str, str]) -> None:
    assert stem_and_kind(name) == parts


def test_syllables_count_runs_of_letters_and_digits_as_one() -> None:
    assert syllables("SOHO公寓12号") == ("soho", "gong", "yu", "12", "hao")
    assert latin_key("西湖 hua-yuan") == "xihuhuayuan"


@pytest.mark.parametrize(
    ("one", "other"),
    [("zhang", "zan"), ("chi", "ci"), ("shui", "sui"), ("ning", "lin"), ("sheng", "sen"), ("nv", "lu")],
)
def test_sounds_that_the_south_confuses_fold_to_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_sounds_that_differ_stay_apart() -> None:
    assert len({folded(one) for one in ("hu", "wu", "xi", "qi", "ji", "bei", "pei", "dong", "tong")}) == 9


def test_typed_forms_run_from_the_whole_spelling_to_initials_in_both_readings() -> None:
    assert set(typed_forms("长乐")) >= {"changle", "changl", "cle", "cl"}
    assert {"zhangle", "zl", "changyue", "cy"} <= set(typed_forms("长乐"))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        *[("建和南苑", "建国南苑"), ("地苑一区", "翠苑一区"), ("中小吴庄", "中大吴庄")],
        *[("丁桥蕙雅路", "丁桥蕙兰雅路"), ("地苑二区", "翠苑2区")],
    ],
)
def test_one_wrong_character_of_a_short_name_is_offered_and_not_for_sure(asked: str, name: str) -> None:
    alike = likeness(asked, name)
    assert alike is not None
    assert 0.1 <= alike.odds < SOUND_ODDS


@pytest.mark.parametrize(("asked", "name"), [("翠苑一区", "翠苑二区"), ("建国南苑", "建国北苑")])
def test_another_phase_of_an_estate_is_no_slip(asked: str, name: str) -> None:
    assert likeness(asked, name) is None


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        *[("宁潭水岸", "宁潭华庭"), ("梅翔水岸", "梅翔公寓"), ("西湖家园", "西湖花园")],
        *[("丹竹东路九弄", "丹竹东路"), ("河山街", "河山街九巷")],
        *[("竹海春天六期", "竹海春天"), ("竹海春天东区", "竹海春天"), ("竹海春天", "竹海春天二期")],
    ],
)
def test_other_kind_branch_or_phase_is_too_unlike_to_be_sure_by_one_dwelling(asked: str, name: str) -> None:
    alike = likeness(asked, name)
    assert alike is not None
    sure = 0.9
    assert alike.odds * FOUND_FACTOR / (1.0 + alike.odds * FOUND_FACTOR) < sure
