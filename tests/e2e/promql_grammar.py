"""Random PromQL expressions that parse and are well typed, as trees, so that a failing one can be made smaller."""

import random
import re

from promql_data import ODD_TEXTS, START

SCALAR, VECTOR, RANGE, STRING, MODIFIER = "scalar", "vector", "range", "string", "modifier"

# metric: labels and some values of them
FLOATS = {
    "requests_total": {"job": ["api", "web"], "instance": ["h0", "h1", "h2"], "code": ["200", "404", "500"]},
    "temperature": {"room": ["attic", "hall"], "sensor": ["a", "b"]},
    "flappy": {"instance": ["h0", "h1", "h2"], "job": ["api"]},
    "sparse": {"every": ["120", "290", "310"]},
    "steady": {},
    "clock_seconds": {"job": ["api"]},
    "odd": {"case": ["0", "1", "2", "3"]},
    "constant": {"case": ["nan", "inf", "minus_inf", "zero", "minus_zero", "big"]},
    "texts": {"text": ODD_TEXTS, "n": ["1", "2"]},
    "latency_bucket": {"job": ["api", "web"], "instance": ["h0", "h1"], "le": ["0.5", "+Inf"]},
    "latency_sum": {"job": ["api", "web"], "instance": ["h0", "h1"]},
    "latency_count": {"job": ["api", "web"], "instance": ["h0", "h1"]},
    "broken_bucket": {"le": ["1", "1.0", "+Inf"], "a": ["1", "2"]},
    "many": {"group": ["g0", "g1"], "shard": ["s3", "s4"], "zone": ["z5", "z6"]},
    "left": {"a": ["1", "2"], "b": ["1", "2"], "x": ["l"]},
    "right": {"a": ["1", "2"], "x": ["r"], "extra": ["e1"]},
    "twice": {"a": ["1"], "b": ["1", "2"]},
    "target_info": {"job": ["api"], "instance": ["h0"], "version": ["v0"]},
    "build_info": {"job": ["api"], "instance": ["h0"], "build": ["old", "new"]},
    "absent_metric": {"job": ["api"]},
}
HISTOGRAMS = {
    "native": {"job": ["api", "web"], "schema": ["0", "1", "2", "8"]},
    "native_float": {"schema": ["1", "2"]},
    "native_gauge": {"job": ["api", "web"]},
    "native_custom": {"a": ["1", "2", "3"]},
    "native_mixed": {"job": ["api", "web"]},
    "native_changing": {},
    "native_stale": {},
    "native_nan": {},
    "native_empty": {},
    "native_layouts": {"a": ["1", "2", "3"]},
    "latency": {"job": ["api"], "instance": ["h0"]},
}
QUOTED = {
    "dotted.requests_total": {"la.bel": ["x y", "z"], "job": ["api"], "\u00fc": ["0", "1"]},
    "dotted.native": {"la.bel": ["x y", "z"], "job": ["api"]},
}
LABELS = ["job", "instance", "code", "room", "case", "le", "a", "b", "x", "group", "shard", "schema", "__name__", "no_such"]
PLAIN = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")

MAPS = """abs ceil floor exp sqrt ln log2 log10 sgn sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad timestamp
day_of_month day_of_week day_of_year days_in_month hour minute month year""".split()
HISTOGRAM_MAPS = "histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar".split()
WINDOWS = """rate rate increase delta idelta irate deriv changes resets avg_over_time sum_over_time min_over_time max_over_time
count_over_time last_over_time present_over_time stddev_over_time stdvar_over_time absent_over_time""".split()
AGGREGATIONS = "sum sum avg min max count group stddev stdvar".split()


class Node:
    """A typed piece of an expression: texts and pieces in turn."""

    def __init__(self, kind, *parts):
        self.kind, self.parts = kind, list(parts)

    def __str__(self):
        return "".join(str(part) for part in self.parts)

    def nodes(self):
        """Itself and all below."""
        yield self
        for part in self.parts:
            if isinstance(part, Node):
                yield from part.nodes()

    def copy(self, old=None, new=None):
        """A copy, with `new` where `old` was."""
        if self is old:
            return new
        return Node(self.kind, *(part.copy(old, new) if isinstance(part, Node) else part for part in self.parts))


SIMPLEST = {SCALAR: ["1", "0"], VECTOR: ["steady", "vector(1)"], RANGE: ["steady[5m]"], STRING: ['"a"'], MODIFIER: [""]}


def smaller(tree):
    """Trees with one piece replaced by something simpler, the greatest steps first."""
    size = len(str(tree))
    found = []
    for node in tree.nodes():
        options = [below for below in node.nodes() if below is not node and below.kind == node.kind]
        options += [Node(node.kind, text) for text in SIMPLEST[node.kind]]
        found += [tree.copy(node, option) for option in options]
    found = {str(one): one for one in found if len(str(one)) < size}
    return sorted(found.values(), key=lambda one: len(str(one)))


class Grammar:
    """features: what both servers know: {"histograms", "experimental", "durations", ...}."""

    def __init__(self, seed, features):
        self.random = random.Random(seed)
        self.features = features
        self.metrics = dict(FLOATS)
        self.labels = list(LABELS)
        self.about_histograms = False
        if "histograms" in features:
            self.metrics.update(HISTOGRAMS)
            self.metrics.update(QUOTED)
            self.labels.insert(0, "la.bel")

    # ---- choices

    def chance(self, probability):
        return self.random.random() < probability

    def one_of(self, *options):
        return self.random.choice(options)

    def weighted(self, *options):
        """(weight, function) ..."""
        return self.random.choices([option for _, option in options], [weight for weight, _ in options])[0]

    # ---- words

    def quoted(self, text):
        quote = self.one_of('"', '"', "'")
        return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote).replace("\n", "\\n").replace("\t", "\\t") + quote

    def named(self, name):
        """A name of a label, in quotes where it needs them."""
        return name if PLAIN.fullmatch(name) else self.quoted(name)

    def space(self):
        """Mostly a blank."""
        return " " if self.chance(0.97) else self.one_of("\n", "  # here\n  ", "\t\n ")

    def number(self):
        plain = [str(self.random.randrange(-3, 12)), "0", "1", "2", "0.5", "0.9", "-0.1", "1.5", "100", "1e3", "1e-9", "-7.25"]
        strange = ["NaN", "Inf", "-Inf", "+Inf", "nan", "iNf", "0x1F", "010", "1_000", "1e300", "-1e300", "9223372036854775808", "1e19", ".5", "5.", "1e+2"]
        if "durations" in self.features:
            strange += ["5m", "1h30m", "100ms"]
        return self.random.choice(plain if self.chance(0.8) else strange)

    def duration(self, positive=True):
        common = ["1m", "2m", "5m", "30s", "90s", "10m", "1m30s", "4m59s", "15s", "45s"]
        rare = ["1h", "2h30m", "1s", "1d", "7m13s", "1y", "1w", "20m"]
        if "milliseconds" in self.features:
            rare += ["1ms", "1500ms", "59s999ms", "300"]
        return self.random.choice(common if self.chance(0.85) else rare)

    def computed_duration(self):
        """A duration, now and then a computed one."""
        if "durations" in self.features and self.chance(0.06):
            return self.one_of("1m+30s", "5m*2", "10m/4", "(1m+1m)*2", "2^7", "7m%4m", "-1m+5m", "5m-300", "1m*0", "1m/0")
        return self.duration()

    # ---- selectors

    def matcher(self, name, values):
        known = self.chance(0.85) and values
        value = self.random.choice(values) if known else self.one_of("", "nope", ".*", "h0")
        operator = self.random.choices(["=", "!=", "=~", "!~"], [4, 2, 3, 1])[0]
        if operator in ("=~", "!~"):
            value = self.one_of(value if value.isalnum() else ".+", ".*", ".+", "h.", "a.*|w.*", "(?i:API)", "[hg][0-3]", "", "|x", "^api$", value + ".*" if value.isalnum() else "q?")
        return f"{self.named(name)}{operator}{self.quoted(value)}"

    def selector_text(self, floats=False, labels=None):
        metrics = FLOATS if floats else HISTOGRAMS if self.about_histograms and self.chance(0.8) else self.metrics
        name = self.random.choice(list(metrics))
        if name == "many" and self.chance(0.6):
            name = "requests_total"
        chosen = metrics[name]
        count = self.random.choices([0, 1, 2, 3], [5, 4, 2, 1])[0]
        matchers = []
        for _ in range(count):
            if chosen and self.chance(0.9):
                label = self.random.choice(list(chosen))
                matchers.append(self.matcher(label, chosen[label]))
            else:
                matchers.append(self.matcher(self.random.choice(self.labels[:-2]), []))
        if self.chance(0.03):
            names = self.one_of("left|right", "latency.*", "flappy|steady|sparse", "native.*" if "histograms" in self.features else "s.+", "constant|odd")
            return "{" + ",".join([f'__name__=~"{names}"', *matchers]) + "}"
        if self.chance(0.05):
            return "{" + ",".join([f'__name__="{name}"', *matchers]) + "}"
        if not PLAIN.fullmatch(name) or (self.chance(0.03) and "utf8" in self.features):
            return "{" + ",".join([f'"{name}"', *matchers]) + "}"
        if not matchers:
            return name + ("{}" if self.chance(0.05) else "")
        return name + "{" + self.one_of(",", ", ").join(matchers) + ("," if self.chance(0.05) else "") + "}"

    def modifiers(self):
        """offset and @, for a selector or a subquery."""
        found = []
        if self.chance(0.14):
            found.append(" offset " + self.one_of("", "", "-") + (self.duration() if self.chance(0.9) or "durations" not in self.features else "(" + self.computed_duration() + ")"))
        if self.chance(0.10):
            at = self.one_of("start()", "end()", str(START + self.random.randrange(-4000, 3500)), f"{START + 100}.5" if "milliseconds" in self.features else str(START), "0")
            found.append(f" @ {at}")
        self.random.shuffle(found)
        return Node(MODIFIER, "".join(found))

    def selector(self, floats=False):
        return Node(VECTOR, self.selector_text(floats), self.modifiers())

    def window(self, depth, floats=False):
        if depth > 0 and self.chance(0.3):
            step = self.duration() if self.chance(0.6) else self.one_of("", "", "1m", "17s")
            inner = self.vector(depth - 1) if self.chance(0.85) else self.scalar(depth - 1)
            # Short enough for a subquery in a subquery.
            span = self.one_of("2m", "5m", "10m", "90s", "61s", "3m")
            return Node(RANGE, "(", inner, f")[{span}:{step}]", self.modifiers())
        return Node(RANGE, self.selector_text(floats), f"[{self.computed_duration()}]", self.modifiers())

    # ---- typed expressions

    def scalar(self, depth):
        if depth <= 0 or self.chance(0.3):
            return Node(SCALAR, self.weighted((8, self.number()), (2, "time()"), (1, "pi()")))
        below = depth - 1
        return self.weighted(
            (3, lambda: Node(SCALAR, "scalar(", self.vector(below), ")")),
            (3, lambda: Node(SCALAR, self.scalar(below), f" {self.one_of('+', '-', '*', '/', '%', '^', 'atan2')} ", self.scalar(below))),
            (1, lambda: Node(SCALAR, self.scalar(below), f" {self.one_of('==', '!=', '<', '>', '<=', '>=')} bool ", self.scalar(below))),
            (1, lambda: Node(SCALAR, "(", self.scalar(below), ")")),
            (1, lambda: Node(SCALAR, self.one_of("-", "+"), self.scalar(below))),
        )()

    def vector(self, depth):
        if depth <= 0 or self.chance(0.12):
            return self.selector() if self.chance(0.93) else Node(VECTOR, "vector(", self.scalar(0), ")")
        below = depth - 1
        return self.weighted(
            (10, lambda: self.windowed(below)),
            (9, lambda: self.aggregation(below)),
            (8, lambda: self.binary(below)),
            (3, lambda: self.set_operation(below)),
            (6, lambda: self.mapped(below)),
            (4, lambda: self.histogram_call(below)),
            (2, lambda: self.label_call(below)),
            (1, lambda: Node(VECTOR, "(", self.vector(below), ")")),
            (1, lambda: Node(VECTOR, self.one_of("-", "+", "-"), self.vector(below))),
            (2, lambda: self.sorted(below)),
            (1, lambda: Node(VECTOR, "absent(", self.vector(below if self.chance(0.5) else 0), ")")),
            (1, lambda: Node(VECTOR, "vector(", self.scalar(below), ")")),
            (1, lambda: self.info(below)),
        )()

    def mapped(self, depth):
        kind = self.random.randrange(6)
        if kind == 0:
            return Node(VECTOR, "clamp(", self.vector(depth), ", ", self.scalar(depth - 1), ", ", self.scalar(depth - 1), ")")
        if kind == 1:
            return Node(VECTOR, self.one_of("clamp_min(", "clamp_max(", "round("), self.vector(depth), ", ", self.scalar(depth - 1), ")")
        if kind == 2 and self.chance(0.3):
            return Node(VECTOR, self.one_of("day_of_month", "hour", "minute", "month", "year", "days_in_month", "day_of_year", "day_of_week") + "()")
        return Node(VECTOR, self.one_of(*MAPS, "round"), "(", self.vector(depth), ")")

    def windowed(self, depth):
        kind = self.random.randrange(12)
        if kind == 0:
            return Node(VECTOR, "quantile_over_time(", self.quantile(), ", ", self.window(depth), ")")
        if kind == 1:
            return Node(VECTOR, "predict_linear(", self.window(depth), ", ", self.scalar(0), ")")
        if kind == 2 and "experimental" in self.features:
            if self.chance(0.3):
                return Node(VECTOR, "double_exponential_smoothing(", self.window(depth), ", ", Node(SCALAR, self.one_of("0.1", "0.5", "0.9", "0", "1", "2")), ", ", Node(SCALAR, self.one_of("0.1", "0.5", "0.9", "-1")), ")")
            names = ["mad_over_time"]
            if "ts_of" in self.features:
                names += ["ts_of_min_over_time", "ts_of_max_over_time", "ts_of_last_over_time"]
            return Node(VECTOR, self.one_of(*names), "(", self.window(depth), ")")
        return Node(VECTOR, self.one_of(*WINDOWS), "(", self.window(depth), ")")

    def quantile(self):
        return Node(SCALAR, self.one_of("0", "0.5", "0.9", "0.99", "1", "0.1") if self.chance(0.85) else self.one_of("-1", "2", "NaN", "time() % 2"))

    def grouping(self):
        if self.chance(0.25):
            return ""
        labels = [self.named(self.random.choice(self.labels)) for _ in range(self.random.choices([0, 1, 2, 3], [1, 6, 3, 1])[0])]
        return self.one_of("by", "by", "without") + " (" + ", ".join(labels) + ")"

    def aggregation(self, depth):
        kind = self.random.randrange(10)
        grouping = self.grouping()
        before = Node(MODIFIER, f" {grouping} " if grouping and self.chance(0.7) else "")
        after = Node(MODIFIER, f" {grouping}" if grouping and not str(before) else "")
        if kind == 0:
            return Node(VECTOR, self.one_of("topk", "bottomk"), before, "(", Node(SCALAR, self.one_of("1", "2", "3", "5", "0", "-1", "100", "1.9")), ", ", self.vector(depth), ")", after)
        if kind == 1:
            return Node(VECTOR, "quantile", before, "(", self.quantile(), ", ", self.vector(depth), ")", after)
        if kind == 2:
            return Node(VECTOR, "count_values", before, "(", Node(STRING, self.quoted(self.one_of("value", "job", "v", "instance", "1a"))), ", ", self.vector(depth), ")", after)
        if kind == 3 and "experimental" in self.features:
            if self.chance(0.5):
                return Node(VECTOR, "limitk", before, "(", Node(SCALAR, self.one_of("1", "2", "3", "0", "-1", "50")), ", ", self.vector(depth), ")", after)
            return Node(VECTOR, "limit_ratio", before, "(", Node(SCALAR, self.one_of("0.5", "-0.5", "0.1", "-0.9", "1", "0", "2", "-3")), ", ", self.vector(depth), ")", after)
        return Node(VECTOR, self.one_of(*AGGREGATIONS), before, "(", self.vector(depth), ")", after)

    def matching(self, set_operator=False):
        if self.chance(0.45):
            return Node(MODIFIER, "")
        labels = ", ".join(self.named(self.random.choice(self.labels)) for _ in range(self.random.choices([0, 1, 2], [2, 4, 3])[0]))
        text = f"{self.one_of('on', 'on', 'ignoring')} ({labels}){self.space()}"
        if not set_operator and self.chance(0.45):
            include = self.one_of("", "", "(extra)", "(x)", "(version)", "(job)", "()", "(no_such)", "(a, b)")
            if text.startswith("on") and include[1:-1] and include[1:-1] in labels:
                include = ""
            text += self.one_of("group_left", "group_right") + " " + include + " "
        return Node(MODIFIER, text)

    def binary(self, depth):
        arithmetic = self.chance(0.65)
        operator = self.one_of("+", "-", "*", "/", "%", "^", "atan2", "*", "/", "-", "+") if arithmetic else self.one_of("==", "!=", "<", ">", "<=", ">=")
        with_bool = Node(MODIFIER, "bool " if not arithmetic and self.chance(0.35) else "")
        kind = self.random.randrange(5)
        if kind == 0:
            return Node(VECTOR, self.vector(depth), f" {operator} ", with_bool, self.scalar(depth - 1))
        if kind == 1:
            return Node(VECTOR, self.scalar(depth - 1), f" {operator} ", with_bool, self.vector(depth))
        if kind == 2:  # two that often match
            pair = self.one_of(("left", "right"), ("left", "left"), ("requests_total", "target_info"), ("latency_sum", "latency_count"),
                               ("temperature", "temperature"), ("build_info", "requests_total"), ("odd", "odd"), ("twice", "left"), ("constant", "constant"),
                               ("native", "native") if "histograms" in self.features else ("left", "left"), ("native_custom", "native_custom") if "histograms" in self.features else ("odd", "odd"))
            match = self.one_of("on (a) ", "on (a) group_left ", "on (a) group_left (extra) ", "on (job, instance) group_left (version) ", "on (job, instance) group_right (build) ", "", "ignoring (b, x) group_left ", "ignoring (x) ")
            return Node(VECTOR, Node(VECTOR, pair[0], self.modifiers()), f" {operator} ", with_bool, Node(MODIFIER, match), Node(VECTOR, pair[1], self.modifiers()))
        return Node(VECTOR, self.operand(depth), f"{self.space()}{operator}{self.space()}", with_bool, self.matching(), self.operand(depth))

    def operand(self, depth):
        """A vector that binds tighter than any operator, or one that does not."""
        inner = self.vector(depth)
        return Node(VECTOR, "(", inner, ")") if self.chance(0.7) else inner

    def set_operation(self, depth):
        return Node(VECTOR, self.operand(depth), f" {self.one_of('and', 'or', 'unless')} ", self.matching(set_operator=True), self.operand(depth))

    def histogram_call(self, depth):
        kind = self.random.randrange(5)
        if kind <= 1:
            inner = self.weighted(
                (4, lambda: Node(VECTOR, self.one_of("latency_bucket", "latency_bucket", "broken_bucket", "rate(latency_bucket[5m])", "sum by (le) (rate(latency_bucket[5m]))", "sum by (le, job) (latency_bucket)", '{__name__=~"latency.*"}'))),
                (3, lambda: self.vector(depth)))()
            return Node(VECTOR, "histogram_quantile(", self.quantile(), ", ", inner, ")")
        if "histograms" not in self.features:
            return self.vector(depth)
        inner = self.vector(depth) if self.chance(0.4) else Node(VECTOR, self.one_of("", "rate(", "increase(", "sum by (job) (", "avg(", "last_over_time("))
        if inner.parts and str(inner) in ("", "rate(", "increase(", "sum by (job) (", "avg(", "last_over_time("):
            opening = str(inner)
            name = self.one_of(*HISTOGRAMS)
            inner = Node(VECTOR, opening, name, "[5m]" if opening and opening[:3] not in ("sum", "avg") else "", ")" if opening else "")
        if kind == 2:
            return Node(VECTOR, "histogram_fraction(", self.scalar(0), ", ", self.scalar(0), ", ", inner, ")")
        return Node(VECTOR, self.one_of(*HISTOGRAM_MAPS), "(", inner, ")")

    def label_call(self, depth):
        if self.chance(0.5):
            to = self.one_of("new", "job", "instance", "__name__", "a", "1a" if self.chance(0.1) else "b")
            replacement = self.one_of("$1", "x", "", "${1}y", "$0", "$1$2", "$name", "$$", "a-$1-b")
            regex = self.one_of("(.*)", "(.+)", "h(.)", "", "(a|w)(.*)", "(?P<name>.).*", "nope", "(" if self.chance(0.1) else ".*")
            return Node(VECTOR, "label_replace(", self.vector(depth), f", {self.quoted(to)}, {self.quoted(replacement)}, {self.quoted(self.random.choice(self.labels))}, {self.quoted(regex)})")
        labels = "".join(f", {self.quoted(self.random.choice(self.labels))}" for _ in range(self.random.randrange(4)))
        return Node(VECTOR, "label_join(", self.vector(depth), f", {self.quoted(self.one_of('new', 'job', 'a', '__name__'))}, {self.quoted(self.one_of('-', '', ', '))}{labels})")

    def sorted(self, depth):
        if "experimental" in self.features and self.chance(0.5):
            labels = "".join(f", {self.quoted(self.random.choice(self.labels))}" for _ in range(self.random.randrange(1, 3)))
            return Node(VECTOR, self.one_of("sort_by_label", "sort_by_label_desc"), "(", self.vector(depth), f"{labels})")
        return Node(VECTOR, self.one_of("sort", "sort_desc"), "(", self.vector(depth), ")")

    def info(self, depth):
        if "info" not in self.features:
            return self.vector(depth)
        matchers = self.one_of("", "", ', {version=~".+"}', ", {data=~\"i.*\"}", ', {__name__="build_info"}', ', {build="new"}', ', {__name__=~".+_info"}')
        return Node(VECTOR, "info(", self.vector(depth), f"{matchers})")

    def query(self):
        """A whole query."""
        depth = self.random.choices([0, 1, 2, 3, 4], [1, 4, 6, 4, 2])[0]
        self.about_histograms = "histograms" in self.features and self.chance(0.25)
        return self.weighted(
            (88, lambda: self.vector(depth)),
            (6, lambda: self.scalar(depth)),
            (4, lambda: self.window(min(depth, 1))),
            (1, lambda: Node(STRING, self.quoted(self.random.choice(ODD_TEXTS)))),
            (1, lambda: self.wrong(depth)),
        )()

    def wrong(self, depth):
        """Well formed, but a piece has the wrong type."""
        tree = self.vector(max(depth, 1))
        pieces = [node for node in tree.nodes() if node.kind in (SCALAR, VECTOR, RANGE) and node is not tree]
        if not pieces:
            return tree
        piece = self.random.choice(pieces)
        other = {SCALAR: self.vector(0), VECTOR: self.window(0), RANGE: self.vector(0)}[piece.kind]
        return tree.copy(piece, other)
