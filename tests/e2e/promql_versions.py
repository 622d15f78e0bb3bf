"""What a version of Prometheus knows of PromQL, and what it answers otherwise than 3.14, which Hearth follows."""

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


# Texts of warnings and infos: (pattern, what stands for it on both sides, why).
TEXTS = [
    (r"^PromQL warning: sort is ineffective for range queries.*", None, "new since 3.5"),
    (r'(bucket label "le" is missing or has a malformed value of ".*") for metric name "[^"]*".*', r"\1",
     "3.14 names the metric only with promql-delayed-name-removal, so that it has one of several positions"),
    (r'(bucket label "le" is missing or has a malformed value of "[^"]*") \(.*', r"\1", "as before"),
    (r"(needed to be fixed for monotonicity \(see [^)]*\)).*", r"\1", "3.14 tells how much and when, and no metric; of several it keeps the first position"),
]


def says(answer, text):
    """Whether an answer's error, warnings or infos have a text."""
    body = answer[1]
    return any(text in said for said in [body.get("error", ""), *body.get("warnings", []), *body.get("infos", [])])


def labels_matched_twice(query):
    return any(len(names) > len(set(names)) for selector in re.findall(r"\{([^{}]*)\}", query)
               for names in [re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", '""', selector))])


# Their last digits differ between Go's library and C's, and are then made large.
LIBRARY = r"\^|\b(exp|ln|log2|log10|a?sinh?|a?cosh?|a?tanh?|atan2|sqrt|deg|rad)\b"
AMPLIFIED = r"count_values|%|[=!<>]=|[<>]|\b(a?sinh?|a?cosh?|a?tanh?|floor|ceil|round|changes|resets|stddev|stdvar|deriv|rate|idelta|irate|delta|increase|topk|bottomk|sort|quantile)"


# Answers that cannot be compared: (whether it is one, why).
ANSWERS = [
    (lambda query, ours, theirs: says(theirs, "incompatible custom buckets") or says(ours, "mismatched custom buckets"),
     "3.14 brings custom buckets that differ to those that both have"),
    (lambda query, ours, theirs: re.search(r"\b(rate|increase)\(", query) and re.search(r"native_gauge|native_nan|native_empty|__name__=~", query),
     "3.14 extrapolates histograms no further than zero, as floats"),
    (lambda query, ours, theirs: "histogram_fraction" in query and "bucket" in query, "histogram_fraction of classic histograms has changed"),
    (lambda query, ours, theirs: says(ours, "conflicting counter resets") and re.search(r"histogram_(count|sum|avg)\(", query),
     "3.5 does not look for resets where it reads counts and sums alone"),
    (lambda query, ours, theirs: re.search(r"sort_by_label", query) and ours[0] == theirs[0] == 200,
     "natural order has no place for labels that are not there"),
    (lambda query, ours, theirs: "mad_over_time" in query, "3.14 gives NaN where one of the values is"),
    (lambda query, ours, theirs: re.search(r"histogram_(quantile|fraction)\(", query) and re.search(r"native_nan|__name__=~", query),
     "3.14 counts observations of NaN otherwise"),
    (lambda query, ours, theirs: says(theirs, "<Item "), "3.14 has names for all tokens"),
    (lambda query, ours, theirs: says(theirs, "is not a gauge") and "-" in query, "a negated histogram is a gauge in 3.14"),
    (lambda query, ours, theirs: "count_values" in query and "{count:" in str(theirs[1]), "3.14 sums histograms with compensation, which shows in a label"),
    (lambda query, ours, theirs: ours[0] == theirs[0] == 200 and re.search(LIBRARY, query) and re.search(AMPLIFIED, query),
     "Go's mathematical functions differ in their last digit from C's, and the query makes that large"),
    (lambda query, ours, theirs: says(ours, "found duplicate series for the match group") and says(theirs, "found duplicate series for the match group"),
     "which two of several are named depends on their order, which the language leaves open"),
    (lambda query, ours, theirs: says(ours, "mix of histograms with exponential and custom") and says(theirs, "mix of histograms with exponential and custom"),
     "what is told besides, of floats among both, depends on the order of the series"),
    (lambda query, ours, theirs: says(ours, "multiple matches for labels") and theirs[0] == 200,
     "3.14 looks for several matches before it compares values"),
    (lambda query, ours, theirs: "absent" in query and labels_matched_twice(query),
     "the labels of absent() depend on the order in which 3.5's storage has sorted the matchers"),
    (lambda query, ours, theirs: says(theirs, "in offset, expected number or duration") or re.search(r"offset -\(", query),
     "3.14 takes more forms of computed offsets, and ends them with their parenthesis"),
    (lambda query, ours, theirs: ours[0] == 200 and says(theirs, "would load too many samples"),
     "Hearth holds fewer samples at a time, and so answers more"),
    (lambda query, ours, theirs: says(theirs, "unexpected number of samples"), "3.5 counts the samples of some range vectors with histograms wrongly"),
    (lambda query, ours, theirs: ours[0] == theirs[0] == 422 and says(ours, "found duplicate series for the match group"),
     "of two errors in one query, Hearth tells first that of the join that cannot be made"),
    (lambda query, ours, theirs: re.search(r"limit(k|_ratio)\b.*\b(topk|bottomk)\b", query), "the order in which topk gives series to another aggregation is open"),
    (lambda query, ours, theirs: re.search(r"histogram_(quantile|fraction)\(.*avg_over_time", query),
     "3.14 takes the mean of histograms with compensation: what cancels out is zero"),
]


# Likewise of versions before 3.
OLD_ANSWERS = [
    (lambda query, ours, theirs: says(theirs, "label name") and "1a" in query, "names of labels were ASCII"),
    (lambda query, ours, theirs: says(theirs, "bad number or duration syntax"), "numbers had no _"),
    (lambda query, ours, theirs: ours[0] == theirs[0] == 422, "of two errors in one query, the other was told first"),
    (lambda query, ours, theirs: re.search(r"(avg|std(dev|var)).*\bodd\b", query) or re.search(r"std(dev|var)", query),
     "means and deviations of infinities and of what cancels out were less exact"),
    (lambda query, ours, theirs: re.search(r"predict_linear\(.*@", query), "what follows a fixed time was predicted for that time only"),
    (lambda query, ours, theirs: "text" in query and "new\\nline" in str(ours[1]), "a dot in a pattern did not match the end of a line"),
]


def normal(answer, version):
    """An answer (status, body) without what only one of two versions says."""
    status, body = answer
    body = dict(body)
    if version < (3, 0):  # has few annotations, and says nothing before the error of an expression
        body["error"] = body.get("error", "").removeprefix('invalid parameter "query": ')
        body["warnings"] = body["infos"] = []
    for part in ("warnings", "infos"):
        texts = set()
        for text in body.get(part, []):
            for pattern, instead, _ in TEXTS:
                if text is not None and re.search(pattern, text):
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
    if any(is_one(query, ours, theirs) for is_one, _ in known):
        return None
    return difference(query, normal(ours, version), normal(theirs, version))
