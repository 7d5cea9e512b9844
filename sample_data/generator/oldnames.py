"""Names that streets, estates and subdistricts bore before."""

from __future__ import annotations

from functools import cache

import numpy as np

from sample_data.generator.addresses import addresses, holdings
from sample_data.generator.frame import stream
from sample_data.generator.names import words

N_STREETS, N_ESTATES = 70, 30
_ERA = words("""
    红旗 东风 向阳 工农 红卫 卫东 前进 跃进 红星 光荣 革命 永红 火炬
    曙光 新民 爱国 互助 反修 立新 赤岩 红岩 东方红 五七 七一 八一
""")
_FORMS = ("路", "街", "巷", "弄", "大街")


@cache
def old_names() -> tuple[tuple[str, str, str, str], ...]:
    """Return old_name, new_name, kind (street, estate, subdistrict), valid_to."""
    rng = stream("old names")
    filed = [addresses()[i].door for i in np.flatnonzero(holdings()[0])]
    streets = sorted({door.street for door in filed if door.street})
    estates = sorted({door.estate for door in filed if door.estate})
    known = set(streets)
    old = [word + form for form in _FORMS for word in _ERA if word + form not in known]
    rows = []
    main = [name for name in ("人民中路", "解放中路", "解放北路", "环翠路", "站前路") if name in known]
    picked = (
        main
        + [streets[i] for i in rng.permutation(len(streets)) if streets[i] not in main][
            : N_STREETS - len(main)
        ]
    )
    for before, after in zip([old[i] for i in rng.permutation(len(old))], picked, strict=False):
        rows.append((before, after, "street", f"{rng.integers(1981, 2012)}-{rng.integers(1, 13):02d}-01"))
    for i in rng.permutation(len(estates))[:N_ESTATES]:
        end = estates[i][:2] + ("一期" if estates[i].endswith("小区") else "小区")
        rows.append((end, estates[i], "estate", f"{rng.integers(1998, 2020)}-{rng.integers(1, 13):02d}-01"))
    rows += [
        ("鼓楼街道", "古城街道", "subdistrict", "2021-07-15"),
        ("小东门街道", "古城街道", "subdistrict", "2021-07-15"),
    ]
    return tuple(rows)
