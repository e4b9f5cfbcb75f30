"""Stamped words and hatched bands look as matplotlib's own would; pictures hold the dots that were drawn."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.transforms import IdentityTransform
from PIL import Image

from shnor_analysis.exhibits.figures.drawing import house_style, png_of
from shnor_analysis.exhibits.figures.hatching import Band, Hatching
from shnor_analysis.exhibits.figures.lettering import StampingCanvas, StampingRenderer

DPI = 130


def written(renderer: RendererAgg, said: str, *, colour: str, size: float) -> np.ndarray:
    pen = renderer.new_gc()
    pen.set_foreground(colour)
    renderer.draw_text(pen, 20.0, 40.0, said, FontProperties(size=size), 0.0)
    return np.asarray(renderer.buffer_rgba()).astype(int)


@pytest.mark.parametrize("said", ["Математика, 5 класс", "gрqу —", "23/24", "50 %", " "])
@pytest.mark.parametrize(("colour", "size"), [("#1f2933", 7.0), ("#b8500c", 11.5)])
def test_a_stamped_word_has_the_dots_of_a_drawn_one(said: str, colour: str, size: float) -> None:
    with house_style():
        drawn, stamped = (
            written(kind(320, 60, DPI), said, colour=colour, size=size)
            for kind in (RendererAgg, StampingRenderer)
        )
    assert np.array_equal(drawn[..., 3], stamped[..., 3])
    inked = drawn[..., 3] > 0
    assert inked.any() == bool(said.strip())
    assert np.abs(drawn - stamped)[inked].max(initial=0) <= 1, (
        "one step of colour where two ways of rounding meet"
    )


def test_a_word_is_as_long_as_matplotlib_says() -> None:
    font = FontProperties(size=7.6)
    with house_style():
        sizes = [
            kind(50, 50, DPI).get_text_width_height_descent("Русский язык", font, ismath=False)
            for kind in (RendererAgg, StampingRenderer)
        ]
    assert sizes[0] == sizes[1]


def test_turned_words_and_formulas_go_the_way_of_matplotlib() -> None:
    with house_style():
        figures = [Figure(figsize=(2, 2), dpi=DPI) for _ in range(2)]
        for figure in figures:
            figure.text(0.5, 0.5, "вверх", rotation=90)
            figure.text(0.2, 0.2, "$x^2$")
        renderer = RendererAgg(260, 260, DPI)
        figures[0].draw(renderer)
        canvas = StampingCanvas(figures[1])
        canvas.draw()
    assert np.array_equal(np.asarray(renderer.buffer_rgba()), np.asarray(canvas.buffer_rgba()))


def test_lines_of_a_band_rise_to_the_right_and_stay_within() -> None:
    figure = Figure(figsize=(2, 1), dpi=DPI)
    hatching = Hatching(
        [Band((40.5, 20.5), (90.5, 100.5)), Band((120.5, 20.5), (200.5, 60.5))], "#000000", depth=0
    )
    hatching.set_transform(IdentityTransform())
    figure.add_artist(hatching)
    with house_style():
        canvas = StampingCanvas(figure)
        canvas.draw()
    dots = np.asarray(canvas.buffer_rgba())[::-1].astype(int)  # rows from below
    touched = (dots[..., :3] < 250).any(axis=2)
    inside = np.zeros_like(touched)
    inside[19:103, 39:93] = inside[19:63, 119:203] = True
    assert touched[~inside].sum() == 0
    lined = dots[..., 0] < 190
    assert lined[30:90, 45:85].any(axis=0).all(), "every column of the band meets a line"
    assert (lined[31:90, 46:85] & lined[30:89, 45:84]).sum() > 2 * (
        lined[31:90, 45:84] & lined[30:89, 46:85]
    ).sum()


def test_a_picture_holds_the_dots_that_were_drawn() -> None:
    dots = np.random.default_rng(5).integers(0, 256, (13, 7, 4), dtype=np.uint8)
    with Image.open(io.BytesIO(png_of(dots))) as picture:
        picture.load()
        assert picture.mode == "RGB"
        assert np.array_equal(np.asarray(picture), dots[..., :3])
