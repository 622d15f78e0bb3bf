"""What differs between two answers of the API to the same query."""

import json
import math
import re


def close(a, b):
    """Two values as texts."""
    if a == b:
        return True
    x, y = float(a), float(b)
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return math.isclose(x, y, rel_tol=1e-12, abs_tol=0)


def same_histogram(a, b):
    if not (close(a["count"], b["count"]) and close(a["sum"], b["sum"])):
        return False
    x, y = a.get("buckets", []), b.get("buckets", [])
    return len(x) == len(y) and all(p[0] == q[0] and all(close(v, w) for v, w in zip(p[1:], q[1:])) for p, q in zip(x, y))


def difference_of_series(ours, theirs, values=True):
    for one, two, same in (("value", "values", close), ("histogram", "histograms", same_histogram)):
        a = ours.get(two) or ([ours[one]] if one in ours else [])
        b = theirs.get(two) or ([theirs[one]] if one in theirs else [])
        if [p[0] for p in a] != [p[0] for p in b]:
            return f"{two} at {[p[0] for p in a]} here, at {[p[0] for p in b]} there"
        for (t, v), (_, w) in zip(a, b):
            if values and not same(v, w):
                return f"{one} at {t}: {v} here, {w} there"
    return None


def outermost_call(query):
    """The function or aggregation around all of a query; "" where there is none."""
    plain = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", '""', query)
    while plain.startswith("(") and closing(plain, 0) == len(plain) - 1:
        plain = plain[1:-1]
    call = re.match(r"(\w+)\(", plain)
    return call[1] if call and closing(plain, call.end() - 1) == len(plain) - 1 else ""


def closing(text, opening):
    depth = 0
    for at in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return -1


def difference(query, ours, theirs, values=True, order=True):
    """What differs between two answers (status, body), in words; None when nothing does. Without `values` those
    of points may differ, without `order` that of series."""
    if ours[0] != theirs[0]:
        return f"status {ours[0]} here, {theirs[0]} there: {ours[1].get('error')} / {theirs[1].get('error')}"
    a, b = ours[1], theirs[1]
    for part in ("status", "errorType", "error"):
        if a.get(part) != b.get(part):
            return f"{part}: {a.get(part)!r} here, {b.get(part)!r} there"
    for part in ("warnings", "infos"):
        if sorted(a.get(part, [])) != sorted(b.get(part, [])):
            here, there = set(a.get(part, [])), set(b.get(part, []))
            return f"{part}: only here {sorted(here - there)}, only there {sorted(there - here)}"
    if "data" not in a and "data" not in b:
        return None
    a, b = a["data"], b["data"]
    if a["resultType"] != b["resultType"]:
        return f"resultType {a['resultType']} here, {b['resultType']} there"
    a, b, kind = a["result"], b["result"], a["resultType"]
    if kind in ("scalar", "string"):
        same = a[0] == b[0] and (a[1] == b[1] if kind == "string" else not values or close(a[1], b[1]))
        return None if same else f"{a} here, {b} there"
    key = lambda series: json.dumps(series["metric"], sort_keys=True)
    keys = [[key(series) for series in result] for result in (a, b)]
    if sorted(keys[0]) != sorted(keys[1]):
        here, there = set(keys[0]), set(keys[1])
        return f"series: only here {sorted(here - there)[:5]}, only there {sorted(there - here)[:5]}"
    ordered = outermost_call(query)
    if kind == "matrix" or ordered.startswith("sort_by_label"):
        if order and keys[0] != keys[1]:
            return f"order: {keys[0][:6]} here, {keys[1][:6]} there"
    elif values and ordered in ("sort", "sort_desc", "topk", "bottomk"):  # by value; equal ones may change places
        for one, other in zip(a, b):
            if "value" in one and "value" in other and not close(one["value"][1], other["value"][1]):
                return f"order: {[s.get('value') for s in a][:9]} here, {[s.get('value') for s in b][:9]} there"
    by_key = dict(zip(keys[1], b))
    for name, series in zip(keys[0], a):
        found = difference_of_series(series, by_key[name], values)
        if found:
            return f"{name}: {found}"
    return None
