"""What a version of Prometheus knows of PromQL, and what it answers otherwise than 3.14, which Hearth follows."""

import os
import re


def features_of(version):
    """For Grammar."""
    features = set()
    if version >= (3, 0):
        features |= {"histograms", "experimental", "milliseconds", "utf8"}
    if version >= (3, 4):
        features |= {"durations"}
    if version >= (3, 5):
        features |= {"ts_of"}
    if version >= (3, 14):
        features |= {"info"}  # 3.5 mixes up the info series of a range
    return features


# Texts of warnings and infos: (pattern, what stands for it on both sides, in which queries, why).
TEXTS = [
    (r"^PromQL warning: sort is ineffective for range queries.*", None, "sort", "new since 3.5"),
    (r'(bucket label "le" is missing or has a malformed value of ".*") for metric name "[^"]*".*', r"\1", "histogram_",
     "3.14 names the metric only with promql-delayed-name-removal, so that it has one of several positions"),
    (r'(bucket label "le" is missing or has a malformed value of "[^"]*") \(.*', r"\1", "histogram_", "as before"),
    (r"(needed to be fixed for monotonicity \(see [^)]*\)).*", r"\1", "histogram_quantile",
     "3.14 tells how much and when, and no metric; of several it keeps the first position"),
    (r"^PromQL warning: conflicting counter resets.*", None, r"histogram_(count|sum|avg)\(", "3.5 does not look for resets where it reads counts and sums alone"),
    (r"^PromQL warning: this native histogram metric is not a (gauge|counter).*", None, "-", "a negated histogram is a gauge in 3.14"),
]


def says(answer, text):
    """Whether an answer's error, warnings or infos have a text."""
    body = answer[1]
    return any(text in said for said in [body.get("error", ""), *body.get("warnings", []), *body.get("infos", [])])


def said_elsewhere(ours, theirs):
    """Whether both refuse to parse with the same words and another position."""
    here, there = (re.sub(r"\d+:\d+: parse error", "parse error", answer[1].get("error", "")) for answer in (ours, theirs))
    return here == there and "parse error" in here


def sizes(answer):
    """Of each point of an answer the value or the count of observations, without its sign."""
    found = {}
    for series in answer[1].get("data", {}).get("result", []):
        if not isinstance(series, dict):
            continue
        for one, many in (("value", "values"), ("histogram", "histograms")):
            for t, v in series.get(many) or ([series[one]] if one in series else []):
                found[str(series["metric"]), t, one] = abs(float(v if one == "value" else v["count"]))
    return found


def is_nearer_to_zero(ours, theirs):
    """Whether both have the same points and none of ours is larger."""
    a, b = sizes(ours), sizes(theirs)
    return a.keys() == b.keys() and all(a[at] <= b[at] * (1 + 1e-12) for at in a)


QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
MATCHER = re.compile(rf"({QUOTED}|\w+)\s*(?:=~|!~|!=|=)\s*(?:{QUOTED}|`[^`]*`)")


def labels_matched_twice(query):
    selectors = re.findall(rf"\{{((?:{QUOTED}|[^{{}}\"'])*)\}}", query)
    return any(len(names) > len(set(names)) for selector in selectors for names in [[name.strip("\"'") for name in MATCHER.findall(selector)]])


# Their last digits differ between Go's library and C's ...
LIBRARY = r"\^|\b(exp|ln|log2|log10|a?sinh?|a?cosh?|a?tanh?|atan2)\b"
# ... and these make that large, ...
AMPLIFIED = r"%|\b(a?sinh?|a?cosh?|a?tanh?|floor|ceil|round|changes|resets|stddev|stdvar|deriv|predict_linear|rate|idelta|irate|delta|increase|double_exponential_smoothing)|[-+]"
# ... or choose points by it.
CHOOSING = r"count_values|[=!<>]=|[<>]|\b(topk|bottomk|limitk|limit_ratio|sort|sort_desc|quantile|scalar)\b"

# What may differ in answers to a query: values only, the order of series only, or anything. Where values differ,
# so may what is chosen by them.
VALUES, ORDER, ANYTHING = "values", "order", "anything"

DELAYED = "delayed-name" in os.environ.get("HEARTH_DIFFERENTIAL_FEATURES", "")

HISTOGRAMS = r"native_gauge|native_nan|native_empty|__name__=~"

# Answers that cannot be compared: (whether it is one, what may differ, why).
ANSWERS = [
    (lambda query, ours, theirs: says(theirs, "incompatible custom buckets") or says(ours, "mismatched custom buckets"), ANYTHING,
     "3.14 brings custom buckets that differ to those that both have"),
    (lambda query, ours, theirs: re.search(r"\b(rate|increase)\(", query) and re.search(HISTOGRAMS, query), VALUES,
     "3.14 extrapolates histograms no further than zero, as floats"),
    (lambda query, ours, theirs: re.search(r"\b(rate|increase)\(.*native_(layouts|changing)", query) and is_nearer_to_zero(ours, theirs), VALUES,
     "likewise, near the beginning of a series"),
    (lambda query, ours, theirs: re.search(r"\b(rate|increase)\(.*\b(i?rate|increase|delta|idelta)\(.*native.*:", query, re.S), VALUES,
     "likewise, of rates, which are near zero"),
    (lambda query, ours, theirs: "histogram_fraction" in query and "bucket" in query, VALUES, "histogram_fraction of classic histograms has changed"),
    (lambda query, ours, theirs: "histogram_fraction" in query and re.search(r"native_layouts|__name__", query), VALUES,
     "3.14 knows fractions of custom buckets that have no lower end"),
    (lambda query, ours, theirs: re.search(r"histogram_(count|sum|avg)\(", query) and re.search(r"native_layouts|__name__=~", query), ANYTHING,
     "3.5 leaves the buckets of histograms out where it reads counts and sums alone, and so takes all for of one kind"),
    (lambda query, ours, theirs: "sort_by_label" in query, ORDER, "natural order has no place for labels that are not there"),
    (lambda query, ours, theirs: "mad_over_time" in query, VALUES, "3.14 gives NaN where one of the values is"),
    (lambda query, ours, theirs: re.search(r"histogram_(quantile|fraction)\(", query) and re.search(r"native_nan|__name__=~", query), VALUES,
     "3.14 counts observations of NaN otherwise"),
    (lambda query, ours, theirs: says(theirs, "<Item "), ANYTHING, "3.14 has names for all tokens"),
    (lambda query, ours, theirs: "count_values" in query and "{count:" in str(theirs[1]), ANYTHING,
     "3.14 sums histograms with compensation, which shows in a label"),
    (lambda query, ours, theirs: re.search(LIBRARY, query) and re.search(AMPLIFIED, query), VALUES,
     "Go's mathematical functions differ in their last digit from C's, and the query makes that large"),
    (lambda query, ours, theirs: says(ours, "multiple matches for labels") and theirs[0] == 200 and re.search("[=!<>]=|[<>]", query), ANYTHING,
     "3.14 looks for several matches before it drops what a comparison does not keep"),
    (lambda query, ours, theirs: "absent" in query and labels_matched_twice(query), ANYTHING,
     "the labels of absent() depend on the order in which 3.5's storage has sorted the matchers"),
    (lambda query, ours, theirs: says(theirs, "in offset, expected number or duration") or re.search(r"offset -\(", query), ANYTHING,
     "3.14 takes more forms of computed offsets, and ends them with their parenthesis"),
    (lambda query, ours, theirs: ours[0] == 200 and says(theirs, "would load too many samples"), ANYTHING,
     "Hearth holds fewer samples at a time, and so answers more"),
    (lambda query, ours, theirs: re.search(r"avg(_over_time)?\b.*(native_gauge|__name__=~)", query), VALUES,
     "3.14 averages histograms with compensation, so that sums that cancel out are exact"),
    (lambda query, ours, theirs: re.search(r"count_values.*\bavg(_over_time)?\b.*native", query), VALUES, "likewise, which shows in a label"),
    (lambda query, ours, theirs: said_elsewhere(ours, theirs) and re.search(r"\b(by|without|on|ignoring|group_left|group_right)\b|@ (start|end)\(", query), ANYTHING,
     "3.5 takes the parenthesis behind labels, and that of start(), for that of a call"),
    (lambda query, ours, theirs: ours[0] == 200 and says(theirs, "metrics with the same labelset") and re.search(r"label_(replace|join)\(|(^|[(,+*/%^=<>])\s*-", query), ANYTHING,
     "3.14 joins series that become equal where they have no point at the same time"),
    (lambda query, ours, theirs: says(ours, "found duplicate series") and says(theirs, "found duplicate series") and re.search(r"\bsort(_desc)?\(", query), ANYTHING,
     "of equal values either may come first, and the first two are told"),
    (lambda query, ours, theirs: re.search(r"\b(sum|avg|stddev|stdvar)\b.*\bsort", query) and re.search(CHOOSING, query), VALUES,
     "what is sorted is added in that order, and the last digits choose"),
    (lambda query, ours, theirs: re.search(LIBRARY, query) and "count_values" in query, VALUES, "Go's mathematical functions differ in their last digit from C's, which becomes a label"),
    (lambda query, ours, theirs: DELAYED and re.search(r"last_over_time\(.*\[[^\]]*:", query, re.S), ANYTHING,
     "3.5 forgets in subqueries which names go at the end"),
    (lambda query, ours, theirs: DELAYED and ours[0] == 200 and says(theirs, "metrics with the same labelset"), ANYTHING, "3.14 joins series that lose their names at the end, where they have no point at the same time"),
    (lambda query, ours, theirs: says(theirs, "unexpected number of samples"), ANYTHING, "3.5 counts the samples of some range vectors with histograms wrongly"),
]


# Likewise of versions before 3.
OLD_ANSWERS = [
    (lambda query, ours, theirs: says(theirs, "label name") and "1a" in query, ANYTHING, "names of labels were ASCII"),
    (lambda query, ours, theirs: says(theirs, "bad number or duration syntax"), ANYTHING, "numbers had no _"),
    (lambda query, ours, theirs: re.search(r"(avg|deriv).*\bodd\b", query) or re.search(r"std(dev|var)", query), VALUES,
     "means, slopes and deviations of infinities and of what cancels out were less exact"),
    (lambda query, ours, theirs: re.search(r"predict_linear\(.*@", query), ANYTHING, "what follows a fixed time was predicted for that time only"),
    (lambda query, ours, theirs: re.search(r"\[\w+:\w*[dwy]\]", query), ANYTHING, "ranges held their beginning"),
    (lambda query, ours, theirs: "atan2" in query, ANYTHING, "atan2 of a vector and a number kept the name"),
    (lambda query, ours, theirs: re.search(r"\b(rate|increase)\(", query), VALUES,
     "a counter whose samples begin long after the range does was extrapolated further than zero"),
    (lambda query, ours, theirs: "text" in query and "new\\nline" in str(ours[1]) + str(theirs[1]), ANYTHING, "a dot in a pattern did not match the end of a line"),
]


def normal(query, answer, version):
    """An answer (status, body) without what only one of two versions says."""
    status, body = answer
    body = dict(body)
    if version < (3, 0):  # has few annotations, and says nothing before the error of an expression
        body["error"] = body.get("error", "").removeprefix('invalid parameter "query": ')
        body["warnings"] = body["infos"] = []
    for part in ("warnings", "infos"):
        texts = set()
        for text in body.get(part, []):
            for pattern, instead, queries, _ in TEXTS:
                if text is not None and re.search(queries, query) and re.search(pattern, text):
                    text = None if instead is None else re.sub(pattern, instead, text)
            if text is not None:
                texts.add(text)
        body[part] = sorted(texts)
    return status, body


def beyond_versions(version, query, ours, theirs, difference):
    """difference(), without those known between versions."""
    found = difference(query, ours, theirs)
    if found is None or version >= (3, 14):
        return found
    known = ANSWERS + (OLD_ANSWERS if version < (3, 0) else [])
    may_differ = {what for is_one, what, _ in known if is_one(query, ours, theirs)}
    ours, theirs = normal(query, ours, version), normal(query, theirs, version)
    if ANYTHING in may_differ or (VALUES in may_differ and re.search(CHOOSING, query) and ours[0] == theirs[0] == 200):
        return None
    return difference(query, ours, theirs, values=VALUES not in may_differ, order=ORDER not in may_differ)
