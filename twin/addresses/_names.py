"""The language of named parts: which endings make a road, an estate, a zone, a relation or a remark."""

from __future__ import annotations

import re

from twin.addresses.levels import Level

PROVINCES = (
    "河北省",
    "山西省",
    "辽宁省",
    "吉林省",
    "黑龙江省",
    "江苏省",
    "浙江省",
    "安徽省",
    "福建省",
    "江西省",
    "山东省",
    "河南省",
    "湖北省",
    "湖南省",
    "广东省",
    "海南省",
    "四川省",
    "贵州省",
    "云南省",
    "陕西省",
    "甘肃省",
    "青海省",
    "台湾省",
    "内蒙古自治区",
    "广西壮族自治区",
    "西藏自治区",
    "宁夏回族自治区",
    "新疆维吾尔自治区",
    "香港特别行政区",
    "澳门特别行政区",
)
MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
SHORT_PROVINCES = {
    re.sub(r"(?:省|(?:壮族|回族|维吾尔)?自治区|特别行政区)$", "", name): name for name in PROVINCES
}
PROVINCE = re.compile(rf"(?P<whole>{'|'.join(PROVINCES)})|(?P<short>{'|'.join(SHORT_PROVINCES)})省?")
COUNTRY = re.compile(r"中华人民共和国|中国(?=[一-龥]{2,3}[省市])")

_HAN = r"[一-龥]"
_PLAIN = r"(?:[^\W\d_A-Za-z省市区县旗镇乡村路弄巷号幢栋室楼]|(?<![0-9号一二三四五六七八九十])楼)"
_ANY = r"[^\W_]"

_NO_DISTRICT = "小社园发校厂片库景业地街矿林湾院牧新宅东南西北中一二三四五六七八九十"
CITY = re.compile(rf"{_HAN}{_PLAIN}{{1,4}}?(?:(?<![城都超门集夜闹菜])市(?![场民政中心])|自治州|地区)")
DISTRICT = re.compile(
    rf"{_HAN}(?:[东南西北中]区|{_PLAIN}{{1,5}}?(?<![{_NO_DISTRICT}])(?<!居民)区(?![块间域])|{_PLAIN}{{0,5}}?(?:自治县|县(?![前城府学后衙])))"
)
SUBDISTRICT = re.compile(
    rf"(?:{_HAN}{_PLAIN}{{0,5}}?(?:街道(?!口)|(?<!小)(?<!宁波)(?<!江苏)镇(?!海区|江市|中[心学]|学[校院]|小学|[东南西北前中]?[路街])|(?<=..)(?<!水)乡(?![村镇音情下市县区]|[东南西北]?[路街]))"
    rf"|{_HAN}{{1,4}}路街道|{_HAN}{{0,2}}开发区街道)"
)
COMMUNITY = re.compile(
    rf"(?!.{{1,6}}道){_HAN}{_PLAIN}{{0,6}}?(?:社区(?:居委会|居民委员会)?|居委会|居民委员会|村村?委会"
    rf"|(?<![新度农一二三四五六七八九十])(?<!假)(?<!城中)村村?(?:民委员会|委会)?(?!庄|新村|口|[东南西北中]?[路街巷弄]|大(?:[队会街道路学]|礼堂)|公[所路社墓园])|居民区)"
)
TOWN = re.compile(rf"{_HAN}{_PLAIN}{{0,5}}?(?<!小)镇(?!中[心学]|学[校院]|小学|[东南西北前中]?[路街])")
"""A town below a district: 镇 before 海 or 江 is no 镇海区 or 镇江市 there."""
TOWN_NAMESAKE = re.compile("镇[海江]")
GENERIC = (
    (Level.CITY, CITY),
    (Level.DISTRICT, DISTRICT),
    (Level.SUBDISTRICT, SUBDISTRICT),
    (Level.COMMUNITY, COMMUNITY),
)
"""How divisions that no gazetteer knows are read: by their endings, the one that ends first."""

ZONE = re.compile(
    rf"{_HAN}[^\W_路街弄巷号幢栋室楼]{{1,11}}?(?:经济技术开发区|经济开发区|技术开发区|开发区|高新区|高新园区|工业园区|工业园|工业区"
    r"|工业城|工业功能区|功能区|集聚区|度假区|保税区|出口加工区|新区|示范区)(?!街道|[东南西北中]?[路街]|管委)"
    r"|(?:经济技术开发区|经济开发区|开发区|高新区|高新园区|高新技术产业园区|工业园区|工业园|工业区)(?!街道|[东南西北中]?[路街]|管委)"
)

_PARK = rf"{_HAN}[^\W_路街弄巷号幢栋室楼]{{1,9}}?(?:产业园|科技园|创业园|物流园|软件园)"
PARK_BEFORE_ROAD = re.compile(rf"{_PARK}(?={_ANY}{{2,6}}?[路街道巷])")
PARK_BEFORE_NAME = re.compile(rf"{_PARK}(?=[一-龥]{{3,6}}$)")
"""Before a number this may be a road whose ending was damaged: 鹤锦产业园景帆大1057号."""
_ROAD_ENDINGS = (
    r"(?:大道(?!口[^岸])|大街|公路|(?<=[0-9零一二三四五六七八九十〇])[国省县乡]道|高速|胡同|支路|支弄|支巷|小路|小巷|小弄|街巷"
    r"|路(?![灯人面段])(?!桥[区镇村头街])|街(?![道心区坊面村])(?!头)|巷(?!子)|弄(?!堂|口)"
    r"|线(?=$|与|和)|(?<![人隧通地轨渠河管频赛])道(?=$))"
)
ROAD = re.compile(
    rf"(?:[国省县乡]道[0-9]{{1,4}}线?|[A-Z]?[0-9]{{1,4}}(?:号路|号大街|号街|国道|省道|县道|乡道|街|路|大道)"
    rf"|{_ANY}(?:(?![路弄]){_ANY}){{0,11}}?{_ROAD_ENDINGS}(?:(?<=[路街巷弄道])(?:小|[东南西北中]?[一二三四五六七八九十]?支?)[路街巷弄](?![道口边旁侧])|(?<=[街巷弄])里$)?)"
)
ROAD_FOLLOWS = re.compile(
    r"[东南西北中上下前后新老小]?[一二三四五六七八九十]?(?:路|街(?!道)|巷|弄|大道|大街|公路|高速|线[0-9])"
)
DIVISION_ENDINGS = {
    Level.CITY: re.compile(r"市(?!场)"),
    Level.DISTRICT: re.compile(r"[市县区](?![场块间域])"),
    Level.SUBDISTRICT: re.compile(r"街?街道(?!口)|道街|镇|乡"),
    Level.COMMUNITY: re.compile(r"社区|村(?:委会)?(?![东南西北中]?[路街巷弄])"),
}
COMMITTEE = re.compile(r"居委会|村委会|居民委员会|村民委员会")
FIRM_DIVISION_ENDINGS = ("区", "市", "县", "街道", "居委会", "村委会", "居民委员会", "村民委员会")
"""Endings that no name of a road holds: what follows may be any road."""
ANY_DIVISION_ENDING = re.compile(
    r"街?街道(?!口)|道街|镇|乡(?!村)|[市县](?![场中前])|区(?![块间域])|社区|村(?!庄)"
)
ROAD_STEM = re.compile(
    r"(?P<stem>.+?)[东南西北中]?[一二三四五六七八九十]?(?:大道|大街|公路|高速|胡同|[支小]?[路街巷弄]|[国省县乡]?道|线)$"
)
LANE_END = re.compile(r"[里坊埭衖堰堤桥沿浜]$")
"""Endings of names that house numbers hang on as they do on roads."""
ROAD_LEFT = re.compile(r"^(?!.*小区).{2,}(?:大|[东南西北中])$")
"""What is left of a road whose last character was lost: 丰塘大 of 丰塘大道, 溪门北 of 溪门北路."""
HAMLET_END = re.compile(r"(?:自然村|(?<![新一二三四五六七八九十])(?<!度假)村|屯|寨|(?<!山)庄|坞|岙|埠头)$")
MAYBE_HAMLET = re.compile(
    r"^(?!.*(?:饭店|酒店|商店|书店|旅店|分店|专卖店)$).{1,5}[屋坪坑脚头下湾店前后垟畈塘溪坝]$"
)
"""Endings of villages, and of much else: of a village where a community stands before and a number behind."""
PHASE = re.compile(r"(?:[一二三四五六七八九十0-9]{1,2}期|[东南西北中A-Z]区)(?![一-龥])")
"""What belongs to the name of an estate behind it."""
NAME_GOES_ON = re.compile(
    r"小区|花园|家园|嘉园|新村|公寓|名邸|[雅佳嘉名新花家]?苑|华府|华庭|山庄|大厦|广场|中心|学校|中学|小学|幼儿园|大学|学院|医院|酒店"
    r"|宾馆|饭店|市场|商场|商城|超市|公司|工业|科技|产业|物流|里|坊|府|园|城|湾|庭|村|楼|厦|厂|店"
)

_ESTATE_WORDS = (
    "水岸|[一二三四五六七八九十]村|大楼|小区|花园|家园|嘉园|佳园|新村|公寓|名邸|雅苑|佳苑|嘉苑|华府|华庭|名苑|别墅|山庄|新苑|花苑|豪庭|名都|家苑|嘉苑"
    "|[东南西北]苑|[东南西北]区|[一二三四五六七八九十0-9A-Z]区|[一二三四五六七八九十0-9]期|宿舍|安置房|苑|新城|府邸|公馆|人家|名城|首府|居"
)
ESTATE_WORD = re.compile(rf"(?:{_ESTATE_WORDS})")
ESTATE_END = re.compile(rf"(?:{_ESTATE_WORDS}|里|府|城|春天|一品|坊|园|庭|湾|村|大院|墅)$")
_PREMISES_WORDS = (
    "大厦|广场|中心|学校|中学|小学|幼儿园|大学|学院|医院|卫生院|卫生室|门诊部?|酒店|宾馆|饭店|旅馆|旅店|商场|商城|市场|超市|公司|集团"
    "|[工五][场金]?厂|厂|商店|[一-龥]店|书店|[一-龥]馆|法院|检察院|剧院|影院|书院|敬老院|养老院|福利院|研究院|设计院|教堂|[一-龥]局|派出所"
    "|事务所|研究所|[一-龥]所|[^城]站|银行|支行|分行|政府|委员会|办事处|大楼|商厦|银座|写字楼|商务楼|综合楼|办公楼|创业园|科技园|产业园"
    "|创意园|物流园|软件园|园区|基地|仓库|机场|码头|公园|景区|寺|庙|网吧|酒吧|门业|铝业|实业|股份|部|大队|中队|收费站|营业厅|专卖|塔|楼|厦"
)
HOLDS_NUMBERS = re.compile(rf"广场$|^(?!.*(?:{_ESTATE_WORDS}|{_PREMISES_WORDS}|里|府|春天|一品|园|庭|墅)$)")
"""Names that numbers hang on as on a road: squares, and places whose ending tells nothing."""
MARKET_END = re.compile(r"(?:市场|商城|商场|毛衫城|服装城|小商品城)$")
INSTITUTION = re.compile(
    r"(?:大厦|小学|中学|学校|幼儿园|新村|小区|公寓|市场|商城|商厦|花园|医院|菜场|农贸市场|支行|分行|分理处|营业部|营业厅|分店|店|校区|院区|社区卫生服务中心|派出所)"
    r"(?![东南西北中]?[路街巷])"
)
"""What takes the road before it into its name: 学院路小学."""
STEMLESS = re.compile(
    r"小区|花园|家园|新村|公寓|别墅|山庄|大厦|广场|中心|学校|中学|小学|幼儿园|大学|学院|医院|卫生院|酒店|宾馆|饭店|商场|商城"
    r"|市场|超市|公司|集团|法院|检察院|公安|派出所|政府|银行|大楼|商厦|科技园|产业园|物流园|园区|机场|码头|公园|新区|新城"
    r"|工业|经济|开发|高新|度假|汽车|火车|客运|农贸|小商品|商贸|商业|批发|国际"
)
"""What a name cannot start with: it belongs to the name of the place before."""
PREMISES_END = re.compile(rf"(?:{_PREMISES_WORDS})(?:\([^)]*\))?$")
STRONG = re.compile(
    r"(?<=..)[城园](?=[^\W路街]{2,}[路街道])|小区|花园|家园|嘉园|新村|公寓|名邸|雅苑|佳苑|华府|大厦|广场|大学|学院|中学|小学|医院|银行|酒店|宾馆|市场|科技园|产业园|公司|商厦"
)
"""Endings that end a name wherever they stand in it."""
NEIGHBOUR_OF_CITY = re.compile(
    r"第[0-9零一二三四五六七八九十]|人民(?:医院|政府|法院|检察院|广场)|[一二三四五六七八九十](?:院|中(?!路|街|心))|(?:公安|税务|民政|教育)局"
    r"|中医|妇幼|委党校|实验(?:小学|中学|学校)|政府"
)
"""What makes a division's name the start of an institution's: 丽州市第八小学."""

_DISTANCE = (
    r"(?P<distance>[0-9]{1,5}(?:\.[0-9]{1,3})?)(?P<unit>米|公里|千米|[mM]|[kK][mM])(?:左右|处|远|的地方)*"
)
_BEARING = r"(?:正?[东南西北]{1,2}|左|右|前|后)"
RELATION = re.compile(
    rf"(?:(?:(?:往|向|以|朝)?{_BEARING}(?:侧|面|边|方向?|首)?(?:行|走)?(?:约|大约)?)|斜?对面|旁边?|附近|(?:约|大约))?{_DISTANCE}"
    rf"|(?:斜|正)?对(?:面|过|门|侧)|附近|周边|旁边|边上|隔壁|路边|路旁|路侧|[大正北南东西后侧]?门口|门前|楼[上下]|后面|前面|背后|左侧|右侧|中间"
    rf"|{_BEARING}(?:侧|面|边)(?![一-龥]?[路街店村])|(?:往|以|向){_BEARING}(?![路街])"
    r"|(?:[东南西北]{1,2}|大|正|后)门(?=$|[\0,;()|])|(?:旁|内|里面|处|(?<![出入进])口|外)(?=$|[\0,;()|])"
)
FIRM_RELATION = re.compile(r"对面|附近|旁边|隔壁|门口|路边|边上|对过|对门")
"""Relations that no name holds."""
LINE_END = re.compile(r"(?:线|(?<![大国省县乡])道)$")
"""Endings of roads and of much else: a number has to follow."""
JUNCTION = re.compile(
    r"(?:的)?(?:十字路口|丁字路口|三岔路口|交叉路口|交叉口|交汇处|交汇口|交界处|交界口|交叉处|路口|转角处?|拐角处?|交叉|交汇|口(?![岸碑腔味]))"
)
LATIN_LEAD = re.compile(r"[A-Za-z]{6,}(?=[一-龥])")
"""A name in pinyin before one in Chinese."""
CONNECTOR = re.compile(r"[与和跟及同、/~-]")
ASIDE_LEAD = re.compile(r"(?:靠近|近|原|旧称|又名|曾用名|即|俗称|暂定)")
COMPLAINT = re.compile(
    r"不[亮通能好让畅]|无人|违停|占用|占道|破损|损坏|积水|噪音|漏水|停电|路灯|垃圾|尽快|处理|杂乱|堆放|满溢"
    r"|路面|绿化带|人行道|油烟|沉降|松动|爆裂|塌陷|脱落|倒伏|扰民|严重|影响|充电|消防通道|带泥|流到|流动"
)
"""Words of complaints, which no name holds."""
PLAINT = re.compile(rf"[了的被很没请堵]|有[人一车个流很]|{COMPLAINT.pattern}")
LONGEST_NAME = 24
"""Characters beyond which a piece whose ending tells nothing is no name; pinyin takes four times as many."""
SKIPPED = "-_./:·*~ 、"


NO_NAME = re.compile(r"[号幢栋座楼层单元室户梯弄组]+")
"""Words of numbered parts without a number."""
LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{6,}[号弄幢栋室]?")
"""Too long for any part of an address."""
NAMED_GROUP = re.compile(r"[一-龥]{1,5}(?<!小)组$")


def level_of_name(name: str) -> Level | None:
    """Return whether a name is an estate's or a building's by its ending, None where none tells.

    >>> level_of_name("紫荆花园"), level_of_name("金泽大厦"), level_of_name("秋涛")
    (<Level.ESTATE: 10>, <Level.PREMISES: 11>, None)
    """
    estate, premises = ESTATE_END.search(name), PREMISES_END.search(name)
    if estate and premises:
        return Level.ESTATE if estate.start() <= premises.start() else Level.PREMISES
    if premises:
        return Level.PREMISES
    return Level.ESTATE if estate else None
