"""The language beside a real Prometheus: expressions, whole and damaged, have the same errors, format and tree.

HEARTH_LANGUAGE_EXPRESSIONS (2000) damaged expressions from HEARTH_LANGUAGE_SEED (1): words and characters of
those in tests/query/expressions/valid.txt added, left out, doubled, swapped or cut off. Each is asked of
parse_query and format_query. What a later version changed is named in RENAMED and LATER.
"""

import http.client
import json
import os
import pathlib
import random
import re
import unittest
import urllib.parse

from servers import SOURCE_DIR, EndToEnd, use_prometheus_3

EXPRESSIONS = int(os.environ.get("HEARTH_LANGUAGE_EXPRESSIONS", "2000"))
SEED = int(os.environ.get("HEARTH_LANGUAGE_SEED", "1"))
FEATURES = "--enable-feature=promql-experimental-functions,promql-duration-expr"

WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|`[^`]*`|[A-Za-z_:][\w:]*|\d[\w.]*|=~|!~|[=!<>]=|\s+|.', re.S)
MORE_WORDS = ["and", "or", "by", "without", "on", "ignoring", "group_left", "bool", "offset", "@", "sum", "(", ")",
              "[", "]", "{", "}", ",", "5m", "1", '"x"', "inf", "-", "[5m]", "[5m:1m]", "offset 5m", "@ 10"]
CHARACTERS = "()[]{}\"'`,:;.@=!~<>+-*/%^#$&|\\ \n0123456789aexsmhdwy_é"

# What the language got after 3.5; where a word begins so, versions may differ.
LATER = re.compile(r"\b(anchored|smoothed|fill\w*|step|range|start|end|m\w\w_of|first_over_time|ts_of_\w+|"
                   r"histogram_quantiles)|< ?/|> ?/", re.I)

# Texts of 3.5 and what stands for them since: (pattern, instead).
DURATIONS = "number, duration, step(), or range()"
RENAMED = [
    (r'"<Item \d+>" <op:@>', "<op:@>"),
    (r"in offset, expected number or duration", f"in offset, expected {DURATIONS}"),
    (r'expected number or duration or "]"', 'expected number, duration, step(), range(), or "]"'),
    (r"in subquery selector, expected number or duration", f"in subquery or range selector, expected {DURATIONS}"),
]


def damaged(text, draw, words):
    """`text` with one or two small faults."""
    parts = WORD.findall(text)
    for _ in range(draw.choice([1, 1, 1, 2])):
        if not parts:
            break
        at, how = draw.randrange(len(parts)), draw.randrange(8)
        place = draw.randrange(len(parts[at]) + 1)
        if how == 0:
            del parts[at]
        elif how == 1:
            parts.insert(at, parts[at])
        elif how == 2:
            other = draw.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        elif how == 3:
            parts[at] = draw.choice(words)
        elif how == 4:
            parts.insert(at, f" {draw.choice(words)} ")
        elif how == 5:
            parts = parts[:at]
        elif how == 6:
            parts[at] = parts[at][:place] + parts[at][place + 1:]
        else:
            parts[at] = parts[at][:place] + draw.choice(CHARACTERS) + parts[at][place:]
    return "".join(parts)


def without_later_keys(tree):
    """A tree of parse_query without what only later versions tell."""
    if isinstance(tree, dict):
        return {key: without_later_keys(value) for key, value in tree.items()
                if key not in ("anchored", "smoothed", "fillValues")}
    return [without_later_keys(item) for item in tree] if isinstance(tree, list) else tree


def same_in_versions(query, ours, theirs):
    """Whether the answers differ only as versions do."""
    # A signed offset went on behind its parenthesis.
    if re.search(r"\boffset\s*-\s*\(", query, re.I):
        return True
    if ours["status"] == theirs["status"] == "success":
        if isinstance(ours["data"], dict):
            return without_later_keys(ours) == without_later_keys(theirs)
        # 3.5 printed labels without their quotes, and no group_left behind ignoring ().
        return ours["data"].replace('"', "") == theirs["data"].replace('"', "") or "ignoring ()" in ours["data"]
    said = theirs.get("error", "")
    for pattern, instead in RENAMED:
        said = re.sub(pattern, instead, said)
    # Inside brackets letters were taken for colons, and commas for nothing. "unexpected error": it crashed, and
    # noticed.
    return (said == ours.get("error") or ", expected ':'" in ours.get("error", "") or
            "in duration expression: ','" in said or "unexpected error" in said)


def setUpModule():
    use_prometheus_3()


class LanguageTest(EndToEnd):
    def asker(self, server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.addCleanup(connection.close)

        def ask(path, query):
            body = urllib.parse.urlencode({"query": query})
            connection.request("POST", f"/api/v1/{path}", body, {"Content-Type": "application/x-www-form-urlencoded"})
            return json.loads(connection.getresponse().read())
        return ask

    def test_expressions_have_the_same_errors_formats_and_trees(self):
        config = self.config({})
        ours, theirs = (self.asker(start(config, flags=[FEATURES])) for start in (self.hearth, self.prometheus))
        table = pathlib.Path(SOURCE_DIR, "tests/query/expressions/valid.txt").read_text()
        whole = [line[1:].replace("␤", "\n") for line in table.split("\n") if line.startswith("?")]
        words = [word for text in whole for word in WORD.findall(text) if word.strip()] + MORE_WORDS * 20
        draw = random.Random(SEED)
        queries = whole + [damaged(draw.choice(whole), draw, words) for _ in range(EXPRESSIONS)]
        asked, errors, differences = 0, 0, []
        for query in queries:
            if LATER.search(query):
                continue
            for path in ("parse_query", "format_query"):
                answers = ours(path, query), theirs(path, query)
                asked += 1
                errors += answers[0]["status"] == "error"
                if answers[0] != answers[1] and not same_in_versions(query, *answers):
                    differences.append(f"{path} {query!r}\n  Hearth:     {answers[0]}\n  Prometheus: {answers[1]}")
        print(f"{asked} questions, {errors} of them errors, {len(differences)} answered otherwise")
        self.assertEqual([], differences[:20])
        self.assertGreater(errors, asked / 10)


if __name__ == "__main__":
    unittest.main()
