"""What in an address text is no address: names and phones of people, delivery remarks. Found, never kept."""

from __future__ import annotations

import re

from twin.addresses._folding import MASK

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈"
    "钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔"
    "赖文鲍章诸葛应楼骆施俞虞翁柯屠裘竺"
)
"""The commonest family names (按姓氏人口多少), those of Zhejiang added."""
_HAN = r"[一-龥]"
_GIVEN = rf"[{_SURNAMES}]{_HAN}{{1,2}}"
_TITLE = r"(?:先生|女士|小姐|师傅|阿姨|大伯|大妈|老师|经理|同志|老板)"
_PHONE = (
    r"(?:\+?86[- ]?)?(?<![0-9])(?:1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}|0[0-9]{2,3}[- ]?[0-9]{7,8})(?![0-9])"
)
_NUMBERS = re.compile(
    rf"{_PHONE}|[0-9]{{17}}[0-9Xx](?![0-9])|(?<![0-9A-Za-z])[0-9]{{6,8}}(?![0-9号弄幢栋室])"
)
_LABEL = re.compile(
    r"(?:(?:联系|固定|移动|收件人?)?(?:电话|手机)(?:号码|号)?|手机|邮政编码|邮编|身份证(?:号码|号)?|TEL|Tel|tel|[Qq]{2}|微信)"
    r"(?:[:;是为]*(?=\0|[0-9])|[:]+)"
)
_PERSON = re.compile(
    rf"(?:联系人|收件人|收货人|报警人|报案人|来电人|申请人|户主|业主|房东|租客|住户|姓名|法人)"
    rf"[:;是为]*(?:{_HAN}{{1,4}}{_TITLE}?(?=$|[\0,;()|0-9])|{_GIVEN}{_TITLE}?)"
    rf"|[{_SURNAMES}]{_HAN}{{0,2}}?{_TITLE}收?|(?<=[号室幢栋元层楼户0-9]){_GIVEN}收(?=$|[\0,;()])"
)
_BEFORE_PHONE = re.compile(
    rf"(?:^|(?<=[^一-龥])|(?<=[室号幢栋元层楼户园苑厦]))(?:{_GIVEN})(?:收|[,:;(]){{0,2}}(?=\0)"
)
_AFTER_PHONE = re.compile(rf"(?<=\0)[,:;)]?(?:{_GIVEN})收?(?=$|[,;()|\0])")
_REMARK = re.compile(
    r"(?:请|麻烦)?(?:提前)?(?:电联|电话联系|打电话|致电)|到了?(?:请)?(?:打|给我)?电话|请?送货上门|放(?:门卫|前台|快递柜|丰巢|驿站)"
    r"|(?:丰巢)?快递柜|代收|工作日送|周末送|勿(?:放|投)\w{0,6}"
)
_HINT = re.compile(
    r"[0-9]{6}|[0-9]{3}[- ][0-9]{4}|电|联系|手机|邮编|件人|货人|户主|业主|房东|租客|姓名|法人"
    r"|身份证|先生|女士|小姐|师傅|收|送|放|勿|微信|阿姨|大[伯妈]|老[师板]|经理|同志|住户|警人|案人|请人|[Tt]el|TEL|[Qq]{2}"
)
_KIND = (
    r"(?:(?:收货|收件|寄件|送货|取件|配送|联系|家庭|户籍|居住|办公|注册|经营|单位|公司|通讯|通信|事发|案发|报警"
    r"|求助|现场|详细|具体|目前|现在|[我他你现的]){1,4})"
)
_LABEL_HINT = re.compile(r"[址喂]|地点|位置|[你您]好|请问|[我他们家就住]在|N(?:ULL|one|aN)|n(?:ull|an)")
_LABELLED = re.compile(
    r"^(?:(?:你好|您好|喂|请问|麻烦)[,;!]?)*(?:我们?家?|他们?家?|家)(?:就|住)?在(?=[一-龥a-zA-Z0-9])"
    r"|^(?:(?:你好|您好|喂|请问)[,;!]?)+(?=[一-龥a-zA-Z0-9])"
    rf"|(?:^|(?<=[一-龥]))(?:null|NULL|None|nan|NaN)(?=[一-龥])|{_KIND}?(?:地址|住址|地点|位置)[:]+"
    rf"|^{_KIND}?(?:地址|住址|地点|位置)[是为在]|^{_KIND}(?:地址|住址|地点|位置)"
)
_CALL = re.compile(
    r"(?:有(?:一?个|位)?(?:老?人|小孩|孩子|男[的人子]|女[的人子]|车)[^0-9,;()\0-]*|(?:发生)?(?:着火|起火|失火|火灾|爆炸)了?"
    r"|救命|快[来点]|麻烦(?:快点|尽快|你们?|您|来)|谢谢|尽快(?:来|派|处理)|急[!]*$)"
)
"""What callers say behind an address."""
_CALLED = re.compile(r"有[一个位老人小孩男女车]|火|爆炸|救命|快|麻烦|谢谢|急")


def mask_noise(text: str) -> str:
    r"""Return a compact text with every character that is no address masked.

    >>> mask_noise("3幢302室张三13800001234").count("\0")
    13
    """
    if _LABEL_HINT.search(text):
        text = _LABELLED.sub(_masked, text)
    if _CALLED.search(text):
        text = _CALL.sub(_masked, text)
    if not _HINT.search(text):
        return text
    for pattern in (_NUMBERS, _LABEL, _PERSON, _BEFORE_PHONE, _AFTER_PHONE, _REMARK):
        text = pattern.sub(_masked, text)
    return text


def _masked(found: re.Match[str]) -> str:
    return MASK * (found.end() - found.start())
