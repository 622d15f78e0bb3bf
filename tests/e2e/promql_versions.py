"""What a version of Prometheus knows of PromQL, and what it answers otherwise than 3.14, which Hearth follows."""


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


def same_in_both_versions(version, query, ours, theirs, difference):
    """Whether a difference is one of the known ones between versions."""
    return False
