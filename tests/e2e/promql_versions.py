"""What a version of Prometheus knows of PromQL, and what it answers otherwise than 3.14, which Hearth follows."""

import re


def features_of(version):
    """For Grammar."""
    features = set()
    if version >= (3, 0):
        features |= {"histograms", "experimental", "milliseconds", "utf8", "info"}
    if version >= (3, 4):
        features |= {"durations"}
    if version >= (3, 5):
        features |= {"ts_of"}
    return features


# Texts of warnings and infos: (pattern, what stands for it on both sides, why).
TEXTS = [
    (r"^PromQL warning: sort is ineffective for range queries.*", None, "new since 3.5"),
    (r'(bucket label "le" is missing or has a malformed value of ".*") for metric name "[^"]*"', r"\1",
     "3.14 names the metric only with promql-delayed-name-removal"),
    (r"(needed to be fixed for monotonicity \(see [^)]*\)).*?( \(\d+:\d+\))$", r"\1\2", "3.14 tells how much and when, and no metric"),
]


def says(answer, text):
    """Whether an answer's error, warnings or infos have a text."""
    body = answer[1]
    return any(text in said for said in [body.get("error", ""), *body.get("warnings", []), *body.get("infos", [])])


def labels_matched_twice(query):
    return any(len(names) > len(set(names)) for selector in re.findall(r"\{([^{}]*)\}", query)
               for names in [re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", '""', selector))])


# Answers that cannot be compared: (whether it is one, why).
ANSWERS = [
    (lambda query, ours, theirs: says(theirs, "incompatible custom buckets") or says(ours, "mismatched custom buckets"),
     "3.14 brings custom buckets that differ to those that both have"),
    (lambda query, ours, theirs: says(ours, "multiple matches for labels") and theirs[0] == 200,
     "3.14 looks for several matches before it compares values"),
    (lambda query, ours, theirs: re.search(r"\binfo\(.*\{.*__name__", query), "3.5 takes other info metrics for those of the base series"),
    (lambda query, ours, theirs: "absent" in query and labels_matched_twice(query),
     "the labels of absent() depend on the order in which 3.5's storage has sorted the matchers"),
    (lambda query, ours, theirs: says(theirs, "in offset, expected number or duration"), "3.14 takes more forms of computed offsets"),
]


def normal(answer):
    """An answer (status, body) without what only one of two versions says."""
    status, body = answer
    body = dict(body)
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


def same_in_both_versions(version, query, ours, theirs, difference):
    """Whether a difference is one of the known ones between versions."""
    if version >= (3, 14):
        return False
    if any(is_one(query, ours, theirs) for is_one, _ in ANSWERS):
        return True
    return difference(query, normal(ours), normal(theirs)) is None
