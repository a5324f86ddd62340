"""Writes scipy.tsv: intervals, p-values and sizes as SciPy finds them, on figures of a site that does not exist.

    cargo run --release -p postern-stats --example two_years | python3 -P crates/stats/tests/scipy.py > crates/stats/tests/scipy.tsv

-P, since this file would be found in place of SciPy itself. Run by hand when a formula changes, or the site
(last with SciPy 1.17.1); scipy.rs fails where the site's figures are others than those written, or COUNTERS than those counted.
Nothing here repeats a closed form of experiment.rs where there is another way: the p-value is integrated numerically
over the mixture, and the size is searched for by its power.

Lines, with tabs between: what, of which figures (or "-"), its arguments, its results. Figures are named by the rate, how many days,
and of whom: of the site's last days, or, for a version, of the first on which there were two.
"""
import sys
from collections import namedtuple
from itertools import cycle
from math import ceil, exp, hypot, log, pi, sqrt

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

# In the order of their places.
COUNTERS = """
    views bots shown first reported no_script accepted refused partial withdrawn by_agent functional analytics marketing social
    times first_answered first_granted
"""
Counts = namedtuple("Counts", COUNTERS)
OF_CATEGORIES = ("by_agent", "functional", "analytics", "marketing", "social")

# Each rate: of whom those are that say yes, and of how many.
RATES = {
    "of_answers": lambda counts: (counts.accepted + counts.partial, answers(counts)),
    "of_asked": lambda counts: (counts.first_granted, counts.first),
    "answers_of_asked": lambda counts: (counts.first_answered, counts.first),
}

# The smallest difference worth finding, a different one for each p-value.
SMALLEST = cycle((0.03, 0.01, 0.1, 0.3))


def answers(counts):
    return counts.accepted + counts.refused + counts.partial


def total(each):
    return Counts(*(sum(column) for column in zip(*each)))


def wilson(yes, of):
    found = binomtest(yes, of).proportion_ci(0.95, method="wilson")
    return found.low, found.high


def newcombe(a, b, c, d):
    """How much more of c/d than of a/b."""
    (low_a, high_a), (low_c, high_c) = wilson(a, b), wilson(c, d)
    control, other = a / b, c / d
    return (
        max(other - control - hypot(other - low_c, high_a - control), -1.0),
        min(other - control + hypot(high_c - other, control - low_a), 1.0),
    )


def always_valid(a, b, c, d, smallest):
    mixing = smallest**2
    both, difference = (a + c) / (b + d), c / d - a / b
    variance = both * (1 - both) * (1 / b + 1 / d)
    # The likelihood ratio of a difference x against none, times the density of x in the mixture; in logarithms, less its
    # largest value, so that nothing overflows.
    ratio = lambda x: (2 * difference * x - x * x) / (2 * variance) - x * x / (2 * mixing) - log(2 * pi * mixing) / 2
    middle = difference * mixing / (variance + mixing)
    width = sqrt(variance * mixing / (variance + mixing))
    largest = ratio(middle)
    area, _ = quad(lambda x: exp(ratio(x) - largest), middle - 12 * width, middle + 12 * width, epsabs=0, epsrel=1e-12)
    return min(1.0, exp(-largest - log(area)))


def planned(base, smallest, comparisons):
    sizes, z = [], norm.isf(0.05 / comparisons / 2)
    for other in (base - smallest, base + smallest):
        if 0 <= other <= 1:
            middle = (base + other) / 2
            chance = sqrt(2 * middle * (1 - middle))
            spread = sqrt(base * (1 - base) + other * (1 - other))
            power = lambda n: norm.cdf((smallest * sqrt(n) - z * chance) / spread)
            sizes.append(brentq(lambda n: power(n) - 0.8, 1e-9, 1e9, xtol=1e-9, rtol=1e-14))
    return ceil(max(sizes))


def read(lines):
    """Counts by day, dimension and value. Checks on the way that they do not contradict each other."""
    cells = {}
    for line in lines:
        day, dimension, value, counts = line.rstrip("\n").split("\t")
        found = [0] * len(Counts._fields)
        for part in counts.split():
            place, count = part.split(":")
            found[int(place)] = int(count)
        found = cells[int(day), dimension, value] = Counts(*found)
        if dimension not in ("layer", "wait", "vendor", "gate"):
            assert found.views >= found.shown >= found.first >= found.reported + found.no_script, line
            assert found.first >= found.first_answered >= found.first_granted, line
            assert answers(found) >= found.first_answered and found.accepted + found.partial >= found.first_granted, line
        assert all(getattr(found, name) <= answers(found) for name in OF_CATEGORIES), line
    by_dimension = {}
    for (day, dimension, _), counts in cells.items():
        by_dimension.setdefault((day, dimension), []).append(counts)
    sums = {place: total(each) for place, each in by_dimension.items()}
    for (day, dimension), found in sums.items():
        everybody = sums[day, "all"]
        if dimension in ("layer", "wait"):
            acts = ("accepted", "refused", "partial", *OF_CATEGORIES)
            assert all(getattr(found, name) == getattr(everybody, name) for name in acts), (day, dimension)
        elif dimension not in ("vendor", "gate"):
            assert found == everybody, (day, dimension)
    return cells


def write(what, of, arguments, results):
    print(what, of, *arguments, *(result if isinstance(result, int) else repr(float(result)) for result in results), sep="\t")


def write_p(of, arguments):
    smallest = next(SMALLEST)
    p = always_valid(*arguments, smallest)
    if p > 1e-300:
        write("always_valid", of, (*arguments, smallest), (p,))


def write_rate(name, rate, cells):
    days = sorted({day for day, _, _ in cells})

    def of(dimension, value, days):
        found = [cells[day, dimension, value] for day in days if (day, dimension, value) in cells]
        return rate(total(found)) if found else (0, 0)

    # A day, a week and all days, from a handful of answers to millions.
    for some in (days[-1:], days[-7:], days):
        everybody = of("all", "", some)
        for dimension in ("place", "client"):
            for value in sorted({value for _, each, value in cells if each == dimension}):
                part = of(dimension, value, some)
                if part[1] == 0:
                    continue
                figures = f"{name} {len(some)} {dimension} {value}"
                write("wilson", figures, part, wilson(*part))
                rest = (everybody[0] - part[0], everybody[1] - part[1])
                write("newcombe", figures, (*rest, *part), newcombe(*rest, *part))
                if min(part[1], rest[1], everybody[0], everybody[1] - everybody[0]) >= 10:
                    write_p(figures, (*rest, *part))
    # Two banners at a time, looked at each day.
    control, other = "c29e04b7/12", "c29e04b7/13"
    both = [day for day in days if all((day, "version", value) in cells for value in (control, other))]
    for count in range(1, len(both) + 1):
        a, b = of("version", control, both[:count]), of("version", other, both[:count])
        figures = f"{name} {count} version {other}"
        write("newcombe", figures, (*a, *b), newcombe(*a, *b))
        write_p(figures, (*a, *b))


def main():
    cells = read(sys.stdin)
    for name, rate in RATES.items():
        write_rate(name, rate, cells)
    for yes, of in ((0, 1), (1, 1), (0, 10), (10, 10), (0, 1000), (1000, 1000), (1, 10**9)):
        write("wilson", "-", (yes, of), wilson(yes, of))
        write("newcombe", "-", (yes, of, 3, 7), newcombe(yes, of, 3, 7))
    for base in (0.01, 0.1, 0.35, 0.5, 0.56, 0.9, 0.995):
        for smallest in (0.002, 0.01, 0.02, 0.05, 0.2):
            for comparisons in (1, 2, 3):
                write("planned", "-", (base, smallest, comparisons), (planned(base, smallest, comparisons),))


main()
