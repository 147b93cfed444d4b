"""What the bench computes from its runs: medians, ratios, growth."""

from __future__ import annotations

import pytest

from tests.bench.figures import Figures, growth, slope_ms
from tests.bench.processes import Done


def done(seconds: float, mib: float = 0.0) -> Done:
    return Done(status=0, seconds=seconds, lines=(), peak_mib=mib, roles={"engine": mib})


@pytest.fixture
def figures() -> Figures:
    made = Figures()
    made.resources = {100: 107, 600: 603}
    for size, times in {100: (1.0, 9.0, 2.0), 600: (12.0,)}.items():
        for seconds in times:
            made.add("up", size, done(seconds, mib=seconds))
    made.add("kubectl apply", 100, done(0.5))
    made.add("kubectl diff", 100, done(0.3))
    return made


def test_a_figure_is_the_median_of_its_runs_and_the_largest_memory(figures: Figures) -> None:
    figure = figures.find("up", 100)
    assert figure is not None
    assert (figure.median, figure.peak_mib, figure.roles) == (2.0, 9.0, {"engine": 9.0})


def test_points_lie_at_the_real_number_of_resources(figures: Figures) -> None:
    assert figures.points("up") == [(107, 2.0), (603, 12.0)]


def test_a_ratio_is_against_the_sum_of_what_it_stands_beside(figures: Figures) -> None:
    assert figures.ratio("up", "kubectl apply", size=100) == 4.0
    assert figures.ratio("up", "kubectl apply", "kubectl diff", size=100) == 2.5
    assert figures.ratio("up", "kubectl apply", size=600) is None


def test_growth_is_the_exponent_between_the_ends() -> None:
    assert growth([(100, 1.0), (1000, 10.0)]) == pytest.approx(1.0)
    assert growth([(100, 1.0), (400, 3.0), (1000, 100.0)]) == pytest.approx(2.0)
    assert growth([(100, 1.0)]) is None


def test_the_cost_of_a_resource_leaves_the_start_out() -> None:
    assert slope_ms([(100, 1.0), (1100, 5.0)]) == pytest.approx(4.0)
    assert slope_ms([]) is None


def test_plain_figures_keep_every_run(figures: Figures) -> None:
    first = figures.plain()[0]
    assert (first["what"], first["resources"], first["seconds"]) == ("up", 107, [1.0, 9.0, 2.0])
