"""Patterns of what tells of a person in a folded text: numbers, accounts, names and what marks them."""

from __future__ import annotations

import re

HAN = "[一-龥]"
PURE = (
    "王李张刘陈杨赵吴周徐孙朱胡郭何梁郑谢宋唐许韩邓冯曹彭曾肖董潘袁蔡蒋余杜魏苏吕卢姚沈姜崔谭陆廖贾邱侯薛阎"
    "段郝顾龚邵覃钱戴莫赖鲍章骆俞虞翁柯屠裘诸费岑倪褚卫尤孔戚邹喻窦葛奚昌殷罗毕汤黎阮项祝梅蓝季娄傅"
)
"""Family names (按姓氏人口多少, those of Zhejiang added) that begin few names of places."""
AMBIGUOUS = (
    "黄马林高叶程田丁任于石金夏方熊白孟秦江尹雷龙史陶贺毛万武严向常康易乔文应楼施竺范汪韦付华安平古和盛童"
    "颜柳柏钟余凌霍宁洪甘包宣左丰池乐时皮齐伍元卜米贝明计伏成谈茅庞舒祁路危胥关包盛水郎"
)
"""Family names that as many places begin with: 金茂, 龙湖, 万达, 方山."""
COMPOUND = "欧阳|诸葛|上官|司马|令狐|皇甫|尉迟|公孙|慕容|司徒|夏侯|宇文|申屠|闻人"
GIVEN = frozenset(
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂建国华文志红玉春梅凤琴云荣金福贵海龙生林祥根才发富宝珍珠花香月仙"
    "娥爱美惠慧燕玲莉萍雪琳晶妍茜秋瑞佳嘉欣怡诗涵雨梓轩浩宇子博俊豪晨旭阳天佑泽辰睿哲思雅婷婧倩颖楠锋斌峰鹏飞翔宏洪"
    "洁永庆广顺利正忠诚信义仁礼智勤康健安宁泰小晓大阿新兴少世学友光亮辉耀东立力民良善德道卫振培树松柏成昌胜雄彬"
    "军伯仲叔淑素巧银彩翠莲菊竹荷琼瑶琪璐瑜瑾璇曼妮娅雯霏露菲蕾薇蓉蓓芬芸芝莹茹彦邦邓启传继承先祖宗耀守根水木火土"
    "法炳炎焕灿坤乾元亨贞凯旋航程远达进步连有为来喜乐双全连一二三四五六七八九十阿毛娇媛姗姣婵静妹姐弟娣招"
)
"""What given names are commonly made of."""
TELLING = frozenset(
    "伟芳娜敏静丽强磊军勇艳杰娟涛超霞刚凤琴燕玲莉萍琳妍茜怡婷婧倩颖楠斌鹏娥惠慧珍淑娇媛姗姣芬芸莹茹薇蓉蓓菲蕾彬彦俊浩娣"
)
"""Of those, what hardly any name of a place has."""
NO_NAME = frozenset(
    "路街道弄巷村苑园店厂院场馆楼厦区镇乡县市省桥里庭府湾墅坊阁轩邸座栋幢室号层门口站所局处会社司部队校班吧铺行库房屋"
    "棚亭塔寺庙庵观旁边侧面后前内外上下左右角段组户家宅郡台岸居庄垟畈坞坪墩埠寓都地盘中对车"
)
"""No name ends so: roads, estates, firms, and words that say where."""
COUNTRY_LIKE = frozenset("国平")
"""韩国, 梁平: so end short names of places, but many a longer one of a person."""
PLACE_LIKE = frozenset("山江海湖河源城州洲港岭川塘溪浦田泉沟坑岗坝渡浜泾淞埭头嘴坦岛峡屯沙坡甸芝西南北仓")
"""So end names of places and a few of people, those after a given name's first part: 张建江, not 朱江."""

_TITLE = "先生|女士|小姐|太太|师傅|阿姨|大伯|大妈|大爷|大叔|大娘|大哥|大姐|奶奶|爷爷|老师|经理|老板|医生|同志"
_PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_DAY = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
IDENTITY = (
    rf"(?<![0-9A-Za-z]){_PROVINCE}[0-9]{{4}}[ -]?"
    rf"(?:(?:19|20)[0-9]{{2}}{_DAY}[ -]?[0-9]{{3}}[0-9Xx]|[0-9]{{2}}{_DAY}[ -]?[0-9]{{3}})(?![0-9A-Za-z])"
)
"""GB 11643-1999; the check digit is not asked for: with a slip in it the number still tells who is meant."""
_MOBILE = (
    r"(?<![0-9])(?:(?:\+|00)?86[-. ]{0,2})?1[3-9][0-9][-. ]{0,2}[0-9]{4}[-. ]{0,2}[0-9]{4}(?![0-9])"
    r"|(?<![0-9])1 [3-9](?: [0-9]){9}(?![0-9])"
    r"|[一幺][三四五六七八九][零〇一幺二两三四五六七八九]{9}"
)
_CARD = r"(?<![0-9A-Za-z])[0-9]{16,19}(?![0-9A-Za-z])"
"""Numbers of bank cards (ISO/IEC 7812: up to 19 digits); no address has so long a number."""
_PLATE = (
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·. ]?"
    r"[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警](?![0-9A-Za-z])"
)
"""Number plates of cars (GA 36)."""
_LANDLINE = (
    r"(?<![0-9A-Za-z])\(?0(?:10|2[0-9]|[3-9][0-9]{2})\)?[- ]{0,2}[2-9][0-9]{2,3}[- ]?[0-9]{4}"
    r"(?: ?(?:转|-|[Ee]xt\.?|分机) ?[0-9]{1,6})?(?![0-9])"
)
_EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_ACCOUNT = (
    r"(?:微信|薇信|[Vv]信|[Ww]e[Cc]hat|(?<![A-Za-z])(?:[Vv][Xx]|[Ww][Xx])|[Qq]{2}|支付宝|抖音|钉钉)"
    r"(?:号码?|群)?[:是为 ]*[A-Za-z0-9][A-Za-z0-9_.-]{3,}"
)
_PAPER = (
    r"(?:身份证件?|证件|护照|通行证|居住证|驾驶证|社保卡?|医保卡?|病历|(?:银行)?卡)(?:号码?)?[:是为 ]*"
    r"[A-Za-z]{0,2}[0-9][0-9 -]{4,20}[0-9Xx]"
)
_SAID_NUMBER = (
    r"(?:电话|手机|座机|联系方式|[Tt][Ee][Ll]|[Pp]hone|[Mm]obile)(?:号码?)?[:是为. ]*"
    r"\+?[0-9(][0-9 ()-]{5,}[0-9]"
)
NUMBER = re.compile(
    rf"{_EMAIL}|{_ACCOUNT}|{_PAPER}|{_SAID_NUMBER}|{IDENTITY}|{_CARD}|{_PLATE}|{_LANDLINE}|{_MOBILE}"
)
LABEL_BEFORE = re.compile(
    r"(?:(?:联系|联络|固定|移动|收件|业主|户主|家庭|住宅|办公|本人)*人?的?"
    r"(?:电话|手机|座机|联系方式|联系人|联系|身份证|证件|邮箱|电邮|微信|[Qq]{2}|邮件|[Tt][Ee][Ll]|[Ee]-?mail)"
    r"(?:号码?|地址)?[:是为./ ]*)+$"
)
"""What stands before a number that says what it is."""
DANGLING = re.compile(r"(?:[,;/ ]*(?:微信|[Qq]{2}|电话|手机|身份证|联系人|联系电话|邮箱)(?:号码?)?[:]?)+$")
"""A label at the end of a text whose value was cut."""

_PERSON_WORD = (
    "联系人|收件人|收货人|寄件人|报警人|报案人|来电人|投诉人|反映人|申请人|求助人|当事人|户主|业主|房东|租客|租户|住户|姓名"
    "|车主|法人代表|法定代表人|法人|负责人|经办人|产权人|权利人|承租人|居住人|本人"
)
SAID_NAME = re.compile(
    rf"(?:{_PERSON_WORD})(?:姓名|名字)?(?:[:是为 ]+({HAN}{{2,4}}?)(?:{_TITLE})?(?=$|[ ,;()|/0-9])"
    rf"|({HAN}{{2,3}})(?:{_TITLE})?(?=$|[ ,;()|/0-9]))"
)
TITLED = re.compile(rf"(?:{_TITLE})(?:[家收宅]+|的?电话)?(?=$|[^一-龥])")
"""A title that ends what is said of a person; with 汽修店 behind it is a firm's name."""
BEFORE_TITLE = re.compile(rf"(?:{COMPOUND}|[{PURE}{AMBIGUOUS}]){HAN}{{0,2}}$")
NAME = rf"(?:(?:{COMPOUND}){HAN}{{1,2}}?|[{PURE}{AMBIGUOUS}]{HAN}{{1,2}}?)"
ANY_NAME = re.compile(rf"(?:(?:{COMPOUND}){HAN}{{1,2}}|[{PURE}{AMBIGUOUS}]{HAN}{{1,2}})")
FAMILIAR = rf"[老小阿][{PURE}{AMBIGUOUS}]"
_WORD_ENDS = "[号室幢栋座元层楼户梯铺0-9A-Za-z)]"
BARE = (
    re.compile(
        rf"^ *((?:{COMPOUND}){HAN}{{1,2}}|[{PURE}{AMBIGUOUS}]{HAN}{{2}})家?"
        rf"(?= +{HAN}{{2,8}}?[省市区县镇乡道])"
    ),
    re.compile(rf"(?<=室)[ ,;:、(]*({NAME})(?:家中?|收|宅|处)?\)?(?=[ ,;、|/)]|$)"),
    re.compile(rf"^ *({NAME})(?:家|收)?(?=[ ,;:、|/]|$)"),
    re.compile(rf"(?<={_WORD_ENDS})[ ,;:、(]*({NAME})(?:家中?|收|宅|处)?\)?(?=[ ,;、|/)]|$)"),
    re.compile(rf"(?<=[ ,;、|/(])({NAME})(?:家中?|收|宅|处)?(?=[ ,;、|/)]|$)"),
    re.compile(rf"(?:^|(?<={_WORD_ENDS})|(?<=[ ,;、(]))({FAMILIAR})家?中?(?=[ ,;、|/)]|$)"),
    re.compile(rf"(?:^|(?<={_WORD_ENDS})|(?<=[ ,;、(]))老([{PURE}{AMBIGUOUS}])家(?=[ ,;、|/)]|$)"),
)
"""A name alone, group 1: before an address, behind one, between signs; the first two leave no doubt."""
AFTER_DIVISION = re.compile(rf"(?<=[市区县镇乡道社村])([{PURE}]{HAN}{{1,2}})家?$")
"""What may be a name right behind a division, where villages without an ending stand too."""
COUNTED = frozenset("三四五六")
"""张三, 李四: how people call whom they do not name."""
BESIDE_NUMBER = (
    re.compile(
        rf"(?:^|(?<=[^一-龥])|(?<={_WORD_ENDS})|(?<=[路街弄巷园苑村里庭府厦]))"
        rf"({NAME})(?:家|收)?[ ,:;(/-]*(?=\0)"
    ),
    re.compile(rf"(?<=\0)[ ,:;)/-]*({NAME})(?:家|收)?(?=[ ,;|/()\0]|$)"),
)
_SURNAME_PINYIN = (
    "wang|li|zhang|liu|chen|yang|zhao|huang|zhou|wu|xu|sun|hu|zhu|gao|lin|he|guo|ma|luo|liang|song|zheng|xie|han|tang|feng|yu"
    "|dong|xiao|cheng|cao|yuan|deng|fu|shen|zeng|peng|lv|su|lu|jiang|cai|jia|ding|wei|xue|ye|yan|pan|du|dai|xia|zhong|wen|tian"
    "|ren|fan|fang|shi|yao|tan|zou|xiong|jin|hao|kong|bai|cui|kang|mao|qiu|qin|gu|hou|shao|meng|long|wan|duan|qian|tao|ni|bao"
)
_SYLLABLE = (
    "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    "(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ui|un|uo|ue|ve|[aeiouv])"
)
SPLIT = re.compile(rf" +({HAN}+)(?=[0-9])")
"""Behind a blank, what a number follows: 万豪雅 苑11 is one name with a blank in it."""
LATIN = re.compile(
    rf"(?<=[号室幢栋座元层楼户)])[ ,]*"
    rf"((?:{_SURNAME_PINYIN})(?: {_SYLLABLE}{{1,2}}| {_SYLLABLE} {_SYLLABLE}))[ )]*$",
    re.IGNORECASE,
)
"""A name in pinyin behind an address."""
LATIN_PLACES = re.compile(
    r"(?i) (?:lu|jie|yuan|cun|lou|dong|hao|shi|nong|xiang|qu|xincun|huayuan|dasha|gongyu)$"
)

_DIGIT, _BLANK = "[0-9０-９]", "[ 　,，;；:：、|/(（【]"
_ANY = PURE + AMBIGUOUS + "欧诸上司令皇尉公慕夏宇申闻"
CONTACT_HINT = (
    rf"{_DIGIT}(?:[-. 　－()（）]{{0,2}}{_DIGIT}){{6}}|[@＠]"
    rf"|[一幺][三四五六七八九][零〇○一幺二两三四五六七八九]{{9}}"
    rf"|微信|薇信|[Vv]信|[Ww]e[Cc]hat|[VvWw][Xx]|[QqＱ]{{2}}|支付宝|抖音|钉钉"
    rf"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z]"
    rf"|证件?(?:号|:|：| )|护照|病历|卡号|{_PERSON_WORD}|{_TITLE}"
)
"""What a text must have to be looked at for numbers and names that are said to be such (RE2)."""
SAYS_ANY = re.compile(CONTACT_HINT)
_ENDS = f"(?:[号室幢栋座元层楼户梯铺)）】A-Za-z]|{_DIGIT}|{_BLANK})"
PERSON_HINT = (
    rf"{CONTACT_HINT}|^[ 　]*[老小阿]?[{_ANY}]{HAN}{{1,4}}(?:{_BLANK}|$)"
    rf"|{_ENDS}[老小阿]?[{_ANY}]{HAN}{{1,4}}(?:[)）】。]|{_BLANK}|$)"
    rf"|{_ENDS}[老小阿][{_ANY}](?:[)）】。]|{_BLANK}|$)"
    rf"|[市区县镇乡道社村][{PURE}]{HAN}{{1,3}}$"
    rf"|[号室幢栋座元层楼户)）][ 　,，]*[A-Za-z]{{2,}} [A-Za-z ]{{2,}}[)） ]*$"
)
"""What a text must have to be looked at for names that stand alone too (RE2)."""
GLUED = tuple(
    re.compile(rf"({name})家?(?={HAN}{{3}})")
    for name in (
        rf"(?:{COMPOUND}){HAN}{{1,2}}",
        f"[{PURE}{AMBIGUOUS}]{HAN}{{2}}",
        f"[{PURE}{AMBIGUOUS}]{HAN}",
    )
)
"""What may be a name right before an address, the longest first."""
GLUED_HINT = rf"^[{_ANY}]{HAN}{{4}}"
HEAD = rf"^(?:.*[省市区县镇乡道社村])?(?P<head>{HAN}{{2,8}}?(?:路|街|大道|弄|巷|村|小区|花园|苑))[0-9０-９]"
"""The road, village or estate that a text numbers first (RE2)."""
HEADED = re.compile(rf"({HAN}{{2,8}}?(?:路|街|大道|弄|巷|村|小区|花园|苑))[0-9０-９]")
GOES_ON = (
    "(?:[0-9０-９一二三四五六七八九十]+(?:幢|栋|号|座|-|弄|期|单元)"
    "|街道|社区|花园|小区|大厦|广场|新村|村|镇|苑|路|街)"
)
"""What stands behind the name of a place, hardly behind a person's (RE2)."""
