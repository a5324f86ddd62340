"""Writes scipy.tsv: intervals, p-values and sizes as SciPy finds them, on figures of a site that does not exist.

    cargo run --release -p postern-stats --example two_years | python3 -P crates/stats/tests/scipy.py > crates/stats/tests/scipy.tsv

-P, since this file would be found in place of SciPy itself. Run by hand when a formula changes (last with SciPy 1.17.1).
Nothing here repeats a closed form of experiment.rs where there is another way: the p-value is integrated numerically
over the mixture, and the size is searched for by its power.

Lines, with tabs between: what, its arguments, its results.
"""
import sys
from itertools import cycle
from math import ceil, exp, hypot, log, pi, sqrt

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

# The smallest difference worth finding, a different one for each p-value.
SMALLEST = cycle((0.03, 0.01, 0.1, 0.3))
VIEWS, BOTS, SHOWN, FIRST, REPORTED, NO_SCRIPT, ACCEPTED, REFUSED, PARTIAL = range(9)


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
        found = [0] * 16
        for part in counts.split():
            place, count = part.split(":")
            found[int(place)] = int(count)
        cells[int(day), dimension, value] = found
        answers = found[ACCEPTED] + found[REFUSED] + found[PARTIAL]
        if dimension not in ("layer", "wait", "vendor", "gate"):
            assert found[VIEWS] >= found[SHOWN] >= found[FIRST] >= found[REPORTED] + found[NO_SCRIPT], line
            assert found[FIRST] >= answers, line
        assert all(found[place] <= answers for place in range(10, 15)), line
    sums = {}
    for (day, dimension, _), counts in cells.items():
        so_far = sums.setdefault((day, dimension), [0] * 16)
        sums[day, dimension] = [one + other for one, other in zip(so_far, counts)]
    for (day, dimension), found in sums.items():
        everybody = sums[day, "all"]
        if dimension in ("layer", "wait"):
            assert found[6:9] + found[10:15] == everybody[6:9] + everybody[10:15], (day, dimension)
        elif dimension not in ("vendor", "gate"):
            assert found == everybody, (day, dimension)
    return cells


def write(what, arguments, results):
    print(what, *arguments, *(result if isinstance(result, int) else repr(float(result)) for result in results), sep="\t")


def main():
    cells = read(sys.stdin)
    rate = lambda counts: (counts[ACCEPTED] + counts[PARTIAL], counts[ACCEPTED] + counts[REFUSED] + counts[PARTIAL])
    days = sorted({day for day, _, _ in cells})

    def total(dimension, value, days):
        found = [cells[day, dimension, value] for day in days if (day, dimension, value) in cells]
        return rate([sum(each) for each in zip(*found)]) if found else (0, 0)

    places = sorted({value for _, dimension, value in cells if dimension == "place"})
    clients = sorted({value for _, dimension, value in cells if dimension == "client"})
    # A day, a week and all days, from a handful of answers to millions.
    for some in (days[-1:], days[-7:], days):
        everybody = total("all", "", some)
        for dimension, values in (("place", places), ("client", clients)):
            for value in values:
                part = total(dimension, value, some)
                if part[1] == 0:
                    continue
                write("wilson", part, wilson(*part))
                rest = (everybody[0] - part[0], everybody[1] - part[1])
                write("newcombe", (*rest, *part), newcombe(*rest, *part))
                if min(part[1], rest[0] + part[0], rest[1] + part[1] - rest[0] - part[0]) >= 10:
                    smallest = next(SMALLEST)
                    p = always_valid(*rest, *part, smallest)
                    if p > 1e-300:
                        write("always_valid", (*rest, *part, smallest), (p,))
    # Two banners at a time, looked at each day.
    control, other = "c29e04b7/12", "c29e04b7/13"
    both = [day for day in days if all((day, "version", value) in cells for value in (control, other))]
    for count in range(1, len(both) + 1):
        a, b = total("version", control, both[:count]), total("version", other, both[:count])
        write("newcombe", (*a, *b), newcombe(*a, *b))
        smallest = next(SMALLEST)
        write("always_valid", (*a, *b, smallest), (always_valid(*a, *b, smallest),))
    for yes, of in ((0, 1), (1, 1), (0, 10), (10, 10), (0, 1000), (1000, 1000), (1, 10**9)):
        write("wilson", (yes, of), wilson(yes, of))
        write("newcombe", (yes, of, 3, 7), newcombe(yes, of, 3, 7))
    for base in (0.01, 0.1, 0.35, 0.5, 0.56, 0.9, 0.995):
        for smallest in (0.002, 0.01, 0.02, 0.05, 0.2):
            for comparisons in (1, 2, 3):
                write("planned", (base, smallest, comparisons), (planned(base, smallest, comparisons),))


main()
