"""Random relabelling rules and label sets that Prometheus accepts, for comparing what two servers make of them."""

import random

ACTIONS = ["replace"] * 8 + ["keep", "drop", "keepequal", "dropequal", "hashmod", "hashmod", "labelmap", "labelmap", "labeldrop",
                             "labelkeep", "lowercase", "uppercase"]
NAMES = ["app", "zone", "tier", "env", "Team", "a_b", "x1", "job", "instance", "__tmp_a", "__tmp_b", "__meta_kind", "__meta_label_App",
         "__meta_label_zone_x", "__meta_annotation_port", "__metrics_path__", "__scheme__", "__address__", "__param_target"]
UTF8_NAMES = ["a.b", "größe", "with space", "日本"]
VALUES = ["", "a", "A", "abc", "ABC", "Abc-1", "eu-west-1", "EU-West-1", "10.1.2.3:80", "host.example.com:9100", "x;y", "a;b;c", "ÄÖÜ äöü ß",
          "ıİſK", "日本語", "line\nbreak", "tab\t", "$1", "${x}", "$", "\\", "a.b", "0", "17", "true", "http", "https", "/probe", " spaced "]
REGEXES = ["(.*)", ".*", "(.+)", "a.*", "(a|b)(.*)", "([^:]+)(?::\\d+)?", "([^:]+)(?::\\d+)?;(\\d+)", "(?i)abc", "(?i)(ab)c(.*)", "[A-Z]+", "", "x?",
           "(?P<host>[^:]+):(?P<port>\\d+)", "__meta_label_(.+)", "__meta_(?:label|annotation)_(.+)", "(app|zone|tier)", "__tmp_.*", "(.)(.)(.*)",
           "\\w+", "\\W*", "[[:alpha:]]+", "\\p{Lu}.*", "(?s).*", "(?-s).*", "^a.*$", "a|b|abc", "(a)|(b)|(c.*)", "(?U)(.+)(.*)", ".", "..", "日.*", "()",
           "([a-z]+)-([a-z]+)-(\\d)", "(?m)^line$|.*", "\\bAbc\\b.*", "a{2,3}|.{5,}", "\\Qa.b\\E|(x);y"]
REPLACEMENTS = ["$1", "$2", "${1}", "${1}x", "$1x", "${2}-${1}", "$0", "$$1", "$", "$$", "fixed", "", "${host}", "$host:${port}", "$3", "${1", "x$y", "a.b", "ü$1",
                "$1_$2", "${01}", "$1:$2", "/$1", "${host}_$1", "-"]
TARGETS = ["app", "zone", "new", "__tmp_a", "__tmp_b", "job", "env", "__param_target", "instance"]
TARGET_TEMPLATES = ["$1", "${1}_x", "l_$1", "${host}", "n$2"]
MAP_REPLACEMENTS = ["$1", "k_$1", "${1}_l", "k8s_${1}", "${1}"]
SEPARATORS = [None, None, None, "", "/", ";;", "日"]


def quoted(text):
    """A YAML scalar in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def rule(rng, names, targets):
    """One rule as lines of YAML."""
    action = rng.choice(ACTIONS)
    fields = {"action": rng.choice([action, action, action.upper()])}
    sources = lambda: "[" + ", ".join(quoted(rng.choice(names)) for _ in range(rng.choice([1, 1, 1, 2, 3]))) + "]"
    if action in ("labeldrop", "labelkeep"):
        # What a target cannot do without stays.
        kept = "__address__|__scheme__|__metrics_path__|__scrape_.*|job|id|__name__"
        regex = rng.choice(REGEXES)
        fields["regex"] = quoted(f"{kept}|{regex}" if action == "labelkeep" else f"(?:tier|env|x1|{rng.choice(['a_b', '__tmp_.*', '__meta_.*', 'a.b'])})")
        return fields
    if action == "labelmap":
        fields["regex"] = quoted(rng.choice(["__meta_label_(.+)", "__meta_(.+)", "(app)", "(t)ier", "__tmp_(.)"]))
        fields["replacement"] = quoted(rng.choice(MAP_REPLACEMENTS))
        return fields
    fields["source_labels"] = sources()
    if action in ("keepequal", "dropequal"):
        fields["target_label"] = quoted(rng.choice(targets))
        return fields
    separator = rng.choice(SEPARATORS)
    if separator is not None:
        fields["separator"] = quoted(separator)
    if action in ("keep", "drop"):
        # Most sets go on.
        fields["regex"] = quoted(rng.choice(REGEXES) if rng.random() < 0.4 else (".*" if action == "keep" else "nothing like it"))
    elif action == "hashmod":
        fields["modulus"] = str(rng.choice([1, 2, 7, 10, 1000, 4294967296, 18446744073709551615]))
        fields["target_label"] = quoted(rng.choice(targets))
    elif action in ("lowercase", "uppercase"):
        fields["target_label"] = quoted(rng.choice(targets))
    else:
        if rng.random() < 0.85:
            fields["regex"] = quoted(rng.choice(REGEXES))
        fields["target_label"] = quoted(rng.choice(TARGET_TEMPLATES) if rng.random() < 0.2 else rng.choice(targets))
        if rng.random() < 0.8:
            fields["replacement"] = quoted(rng.choice(REPLACEMENTS))
    return fields


def rules(seed, names, targets):
    """A set of rules, as YAML list items on one line each."""
    rng = random.Random(seed)
    return ["{" + ", ".join(f"{name}: {value}" for name, value in rule(rng, names, targets).items()) + "}" for _ in range(rng.randint(1, 6))]


def label_set(rng, names):
    return {name: rng.choice(VALUES) for name in rng.sample(names, rng.randint(0, 7))}
