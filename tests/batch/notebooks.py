"""Notebooks for the engines: a plain one, one that fails, and one that does everything a kernel can be asked for."""

from __future__ import annotations

from pathlib import Path

import nbformat

REPORT = """
import matplotlib.pyplot as plt
import pandas as pd
---
frame = pd.DataFrame({"school": ["a", "b", "c"], "share": [0.1, 0.25, 0.5]})
frame
---
figure, axes = plt.subplots(figsize=(4, 3))
axes.bar(frame["school"], frame["share"])
axes.set_title("Доли")
plt.show()
---
f"{number} {frame['share'].mean():.3f}"
"""
FAILING = """
print("before")
---
def share(part, whole):
    return part / whole

share(1, 0)
---
print("never")
"""
TORTURE = r"""
import sys; print("out"); print("err", file=sys.stderr); print("out again")
---
import asyncio, logging, os, random, subprocess, threading, time, warnings
import numpy as np, pandas as pd
from IPython.display import HTML, Markdown, clear_output, display
---
handle = display("first", display_id="shown")
---
handle.update("second")
---
for number in range(3):
    clear_output(wait=True)
    print(number)
---
print("gone"); clear_output(); print("stays")
---
await asyncio.sleep(0.01); "awaited"
---
task = asyncio.create_task(asyncio.sleep(0.01, result="task"))
---
await task
---
async def quiet():
    await asyncio.sleep(0.001)
    return 5
await asyncio.gather(quiet(), quiet())
---
!echo shell
---
lines = !printf 'a\nb\n'
lines
---
%%bash
echo from bash; echo to err >&2
---
subprocess.run(["echo", "subprocess"], check=True); time.sleep(0.5)
---
os.write(1, b"raw out\n"); time.sleep(0.5)
---
os.write(2, b"raw err\n"); time.sleep(0.5)
---
%%capture caught
print("captured")
---
caught.stdout
---
warnings.warn("careful")
---
warnings.warn("old", DeprecationWarning)
---
logging.warning("logged"); logging.getLogger("any").info("not logged")
---
print(logging.root.handlers, logging.root.level)
---
import matplotlib.pyplot as plt
plt.plot([1, 2, 4]); plt.title("Линия")
---
%config InlineBackend.figure_formats = ["retina"]
plt.plot([1, 2]);
---
%config InlineBackend.figure_formats = ["svg"]
plt.rcParams["svg.hashsalt"] = "same"
plt.rcParams["svg.fonttype"] = "none"
from matplotlib_inline.config import InlineBackend
InlineBackend.instance().print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
figure, axes = plt.subplots(); axes.plot([3, 1]); plt.show()
---
pd.DataFrame({"a": [1, 2]}).style.set_uuid("fixed").highlight_max()
---
print(pd.DataFrame(np.arange(60).reshape(2, 30)))
---
print(pd.get_option("display.max_columns"), pd.get_option("display.width"))
---
def square(number):
    return number * number
from multiprocessing import Pool
with Pool(2) as pool:
    print(pool.map(square, range(4)))
---
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    print(list(pool.map(square, range(4))))
---
worker = threading.Thread(target=lambda: print("from a thread")); worker.start(); worker.join()
---
def child():
    print("from a forked child", flush=True)
import multiprocessing
one = multiprocessing.get_context("fork").Process(target=child); one.start(); one.join()
---
try:
    input("name?")
except Exception as error:
    print(type(error).__name__, error)
---
len?
---
HTML("<b>bold</b>")
---
display(Markdown("*text*"))
---
None
---
1; 2
---
_ , __
---
Out[38] if 38 in Out else len(In)
---
%%writefile /dev/null
text
---
%pwd
---
get_ipython().__class__.__name__, "IPKernelApp" in get_ipython().config, hasattr(get_ipython(), "kernel")
---
__name__, sys.modules["__main__"].__name__, sys.path[0], os.path.basename(sys.argv[0])
---
sorted(name for name in os.environ if name in {"MPLBACKEND", "TERM", "PAGER", "JPY_PARENT_PID", "FORCE_COLOR"})
---
import json, pickle
class Thing:
    pass
type(pickle.loads(pickle.dumps(Thing()))).__module__
---
%time total = 1
---
%%html
<i>html</i>
---
from tqdm.auto import tqdm
from tqdm.std import tqdm as plain
tqdm is plain, tqdm.__module__
---
raise SystemExit(0)
---
#raises
1 / 0
---
#skip
print("skipped")
---
#raises
def broken(:
---
from rich import print as shown
shown({"a": 1})
---
get_ipython().set_next_input("next")
---
%load_ext autoreload
---
import signal; signal.getsignal(signal.SIGINT) is signal.default_int_handler
---
print("a\rb"); print("no end", end="")
---
display({"application/json": {"a": [1, 2]}}, raw=True)
---
%who_ls function
---
%unknown_magic
"""
WIDGETS = """
import ipywidgets
from IPython.display import display
---
slider = ipywidgets.IntSlider(value=number, description="Класс")
slider
---
box = ipywidgets.VBox([slider, ipywidgets.Checkbox(description="да")])
display(box)
---
place = ipywidgets.Output()
display(place)
---
with place:
    print("inside"); display("shown inside")
print("outside")
---
place.append_stdout("more"); len(place.outputs)
---
slider.value = 7
---
@place.capture(clear_output=True)
def again(change):
    print("changed to", change["new"])
slider.observe(again, "value")
slider.value = 9
---
len(place.outputs), slider.value, [one["name"] for one in place.outputs]
---
ipywidgets.interact(lambda grade=5: print("grade", grade));
---
import matplotlib.pyplot as plt
with place:
    plt.plot([1, 2]); plt.show()
"""
# whoever writes this sees no widget; tqdm makes one where ipywidgets is installed
UNANNOUNCED = """
from tqdm.auto import tqdm
---
for _ in tqdm(range(3), bar_format="{n}"):
    pass
---
"after"
"""
TAGS = {"#raises": "raises-exception", "#skip": "skip-execution"}


def write(path: Path, source: str, *, parameters: str = "number: int = 1") -> Path:
    """Write a notebook whose cells are divided by lines of three dashes; a first line names a tag."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# Title"), first]
    for text in source.strip("\n").split("\n---\n"):
        tag = TAGS.get(text.partition("\n")[0])
        body = text.partition("\n")[2] if tag else text
        cells.append(nbformat.v4.new_code_cell(body, metadata={"tags": [tag] if tag else []}))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "language": "python", "display_name": "Python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, path)
    return path
