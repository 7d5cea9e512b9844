"""Plausible Chinese names, none of them of a real place in this combination."""

from __future__ import annotations

import itertools

import numpy as np


def words(text: str) -> list[str]:
    """Return the words of a table."""
    return text.split()


STREET_WORDS = words("""
    文昌 民主 新华 建设 和平 胜利 青年 健康 团结 友谊 光明 育才 学府 体育 文化 园林 丰收 振兴 富强 繁荣
    迎春 金桂 银杏 紫薇 海棠 芙蓉 玉兰 茶亭 石桥 板桥 竹园 桃源 梅园 兰亭 菊园 松涛 柳堤 荷塘 莲池 清泉
    龙泉 凤鸣 鹤鸣 鹿鸣 白云 青山 碧水 秀水 明月 朝阳 东升 西泠 南屏 北辰 永康 永安 长乐 长春 太平 安定
    仁和 义安 礼贤 智远 信义 忠孝 崇文 尚武 德胜 庆丰 望湖 听涛 观澜 临溪 沿山 环山 双龙 八仙 九曲 五星
    三江 七里 十里 百花 千岛 万福 天宁 地藏 金鳞 银河 玉泉 宝塔 钟楼 鼓楼 府前 县前 学前 仓前 司前 察院
    书院 试院 贡院 察前 孔庙 城隍 关帝 妈祖 酱园 米行 布市 盐埠 渔市 铁匠 打铜 裁缝 豆腐 油车 染坊 纸坊
""")
LANE_WORDS = words("""
    井头 井下 塘边 塘下 桥头 桥下 水门 水碓 石板 青石 麻石 花园 后街 前街 横街 直街 上街 下街 东门
    小南门 水阁 楼下 楼上 祠堂 大夫 状元 探花 进士 举人 牌坊 旗杆 马房 羊行 牛市 柴行 灯芯 扇子 伞店
    鞋街 帽巷 银楼 当铺 药王 同仁 慈云 观音 弥陀 普济 大树 樟树 枫树 桂花 槐树 杏花 桃花 李子 枇杷 杨梅
    橘园 桑园 麻园 菜园 茶园 芝麻 糯米 高升 登云 步月 折桂 攀龙 附凤 卧龙
""")
VILLAGE_FIRST = words("""
    上 下 前 后 东 西 里 外 大 小 新 老 石 溪 山 坑 塘 岭 樟 枫 梅 竹 桐 柏 金 银 龙 虎 凤 白 黄 青 双
    长 高 平
""")
VILLAGE_SECOND = words("""
    陈 王 周 吴 徐 胡 应 程 吕 朱 田 坑 溪 岩 塘 宅 庄 店 岭 坞 坪 畈 村 屋 桥 亭 坦 源 坂 湖 洋 浦 川
    峰
""")
ESTATE_FIRST = words("""
    翠湖 金色 阳光 锦绣 滨江 龙湖 紫金 御景 东方 江南 丽景 丹桂 香樟 银泰 世纪 盛世 华庭 雅居 碧桂 绿城
    溪畔 梅苑 兰馨 竹海 清风 望江 嘉禾 和润 尚品 名仕 天一 怡和 恒信 鸿基 中天 万豪 新城 书香 学林 桃李
    春晖 秋实 水岸 湖畔 山水 云顶 星河 观邸
""")
ESTATE_LAST = words("""
    花园 家园 小区 新村 公寓 名邸 雅苑 华府 佳苑 嘉园 一品 春天 首府 里 府 苑
""")
WORKS_FIRST = words("""
    丽州 恒达 宏业 正泰 双飞 华诚 新亚 三和 金马 永固 天工 众诚 飞虹 盛源 德力 步阳 群升 富新 星月 铁牛
""")
WORKS_LAST = words("""
    工具厂 电器厂 五金厂 门业 休闲用品厂 机械厂 铝业 铸造厂 包装厂 纺织厂 汽配厂 物流园 食品厂 化工厂
    家具厂
""")


def pairs(first: list[str], last: list[str], rng: np.random.Generator) -> list[str]:
    """Return all combinations of two words in random order, none with a doubled character."""
    found = [a + b for a, b in itertools.product(first, last) if a[-1] != b[0]]
    return [found[i] for i in rng.permutation(len(found))]
