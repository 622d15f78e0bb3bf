"""The scripts of scrape_side_by_side_test.py: for each job, what is configured and what the target answers."""

from scripted_target import OPENMETRICS, TEXT, Step

PLAIN = "# HELP a_total What a is.\n# TYPE a_total counter\na_total 1\nb{x=\"1\"} 2\nc 3.5\n"


def steps(*bodies, **more):
    return [body if isinstance(body, Step) else Step(body, **more) for body in bodies]


def om(*bodies):
    return steps(*bodies, type=OPENMETRICS)


LONG_NAME = "n" * 60
LONG_VALUE = "v" * 80

# {job: (lines of its scrape_config, script)}. The last step of a script is a good one.
CASES = {
    "plain": ("", steps(PLAIN, PLAIN.replace("3.5", "NaN"), PLAIN.replace("3.5", "+Inf"), "a_total 2\n", PLAIN)),
    "grows_and_shrinks": ("", steps(*("".join(f"m{{i=\"{i}\"}} {i}\n" for i in range(n)) for n in (1, 5, 3, 8, 0, 2)), PLAIN)),
    "order_changes": ("", steps("a 1\nb 2\nc 3\n", "c 3\na 1\nb 2\n", "b 2\nb{x=\"\"} 4\nc 3\n", "a 1\nb 2\nc 3\n")),
    "parse_error_late": ("", steps("a 1\nb 2\nc 3\n", "a 2\nb 3\nnot a { sample\n", "a 3\nb 4\nnot a { sample\n", "a 4\nb 5\nc 6\n")),
    "parse_error_first": ("", steps("a 1\nb 2\nc 3\n", "{{ 1\na 2\nb 3\n", "a 3\nb 4\n", "a 4\nb 5\nc 6\n")),
    "parse_error_twice_then_gone": ("", steps("a 1\nb 2\nc 3\n", "a 2\nb 3\n! 1\n", "! 1\n", "! 1\n", "c 9\n")),
    "parse_error_new_series": ("", steps("a 1\n", "a 2\nz 3\n! 1\n", "a 2\n", "a 4\n")),
    "parse_error_from_the_start": ("", steps("a 1\nb 2\n! 1\n", "b 3\n", "! 1\n", "a 4\n")),
    "duplicates": ("", steps("a 1\na 1\nb 2\nb 3\n", "a 1\nb{} 2\nb 3\n", "a 1\nb 2\n")),
    "relabelled_into_one": (
        "    metric_relabel_configs:\n      - {regex: x, action: labeldrop}\n",
        steps("a{x=\"1\"} 1\na{x=\"2\"} 2\nb{x=\"1\"} 5\n", "a{x=\"1\"} 3\na{x=\"2\"} 3\n", "a{x=\"2\"} 4\na{x=\"3\"} 5\n", "a 6\n")),
    "sample_limit": ("    sample_limit: 4\n", steps("a 1\nb 2\nc 3\n", "a 1\nb 2\nc 3\nd 4\ne 5\n", "a 1\nb 2\nc 3\nd 4\n", "e 1\nf 2\na 3\nb 4\nc 5\n", "a 1\n")),
    "sample_limit_after_relabelling": (
        "    sample_limit: 2\n    metric_relabel_configs:\n      - {source_labels: [__name__], regex: 'drop.*', action: drop}\n",
        steps("a 1\ndrop1 1\ndrop2 2\nb 3\n", "a 1\ndrop1 1\nb 2\nc 3\n", "a 1\nb 2\n")),
    "sample_limit_and_parse_error": ("    sample_limit: 1\n", steps("a 1\n", "a 1\nb 2\n! 1\n", "a 1\n")),
    "sample_limit_and_duplicates": ("    sample_limit: 3\n", steps("a 1\na 2\na 3\n", "a 1\na 2\nb 1\na 3\n", "a 1\n")),
    "label_limit": ("    label_limit: 4\n", steps("a{x=\"1\"} 1\n", "a{x=\"1\"} 1\nb{x=\"1\",y=\"2\"} 2\n", "a{x=\"1\"} 1\n")),
    "label_name_length_limit": ("    label_name_length_limit: 20\n", steps("a 1\n", f"a 1\n{LONG_NAME}{{{LONG_NAME}=\"1\"}} 2\n", "a 1\n")),
    "label_value_length_limit": ("    label_value_length_limit: 40\n", steps("a 1\n", f"a 1\nb{{x=\"{LONG_VALUE}\"}} 2\n", f"{LONG_VALUE} 1\n", "a 1\n")),
    "label_limit_of_dropped": (
        "    label_limit: 3\n    metric_relabel_configs:\n      - {source_labels: [x], regex: '.+', action: drop}\n",
        steps("a{x=\"1\",y=\"2\"} 1\nb 2\n", "b 1\n")),
    "body_size_limit": ("    body_size_limit: 40B\n", steps("a 1\n", "# " + "x" * 80 + "\na 1\n", "a" * 37 + " 1\n", "a" * 36 + " 1\n", "a 1\n")),
    "body_size_limit_plain": ("    body_size_limit: 40B\n    enable_compression: false\n", steps("a 1\n", "# " + "x" * 80 + "\na 1\n", "a" * 37 + " 1\n", "a" * 36 + " 1\n", "a 1\n")),
    "body_size_limit_much": ("    body_size_limit: 1KB\n", steps("a 1\n", "# " + "x" * 500_000 + "\na 1\n", "a 1\n")),
    "honor_labels": ("    honor_labels: true\n", steps("a{job=\"mine\",instance=\"i\"} 1\nb{job=\"\"} 2\nc{exported_job=\"e\"} 3\nd 4\n")),
    "honor_labels_not": ("", steps("a{job=\"mine\",instance=\"i\"} 1\nb{job=\"\"} 2\nc{exported_job=\"e\",job=\"j\"} 3\nd{exported_job=\"e\",exported_exported_job=\"f\",job=\"j\"} 4\n")),
    "exported_chain": ("    relabel_configs:\n      - {target_label: exported_job, replacement: target}\n", steps("a{job=\"mine\"} 1\nb{job=\"mine\",exported_job=\"e\"} 2\nc{exported_job=\"e\"} 3\n")),
    "times": ("", steps("a 1 {T+0}\nb 2\n", "a 2 {T+1000}\nb 2 {T+1000}\n", "a 3 {T+500}\nb 3\n", "a 4 {T+2000}\na 5 {T+3000}\na 6 {T+2500}\nb 4\n", "b 5\n", "a 9 {T+3000}\nb 5\n", "b 6\n")),
    "times_not_honored": ("    honor_timestamps: false\n", steps("a 1 {T+0}\nb 2\n", "a 2 {T-100000000}\n", "a 3 {T+100000000}\na 4 5\n", "b 5\n")),
    "times_tracked": ("    track_timestamps_staleness: true\n", steps("a 1 {T+0}\nb 2\n", "a 2 {T+1000}\n", "b 3\n", "a 4 {T+2000}\nb 4\n", "! 1\n", "b 5\n")),
    "times_out_of_bounds": ("", steps("a 1 {T+36000000}\nb 2\n", "a 2 {T-90000000}\nb 2\n", "a 2 {T+0}\nb 2\nc 3 {T-90000000}\nc 4 {T+36000000}\n", "b 3\n")),
    "times_equal": ("", steps("a 1 {T+0}\n", "a 1 {T+0}\n", "a 2 {T+0}\n", "a 3 {T+1}\na 4 {T+1}\na 3 {T+1}\n", "b 1\n")),
    "empty": ("", steps("a 1\n", "", "a 2\n", "\n", "a 3\n")),
    "only_comments": ("", steps("a 1\n", "# nothing here\n", "a 3\n")),
    "status": ("", steps("a 1\n", Step("a 2\n", status=500), Step("a 2\n", status=404), Step("", status=204, gzip=False), "a 3\n")),
    "redirect": ("", steps("a 1\n", Step("", status=302, headers={"Location": "/redirected/landing"}), "a 3\n")),
    "redirect_refused": ("    follow_redirects: false\n", steps("a 1\n", Step("", status=302, headers={"Location": "/redirected/landing"}), "a 3\n")),
    "no_type": ("", steps("a 1\n", Step("a 2\n", type=None), Step("a 2\n", type="text/html"), Step("a 2\n", type="x/y/z"), Step("a 2\n", type=""), "a 3\n")),
    "no_type_fallback": ("    fallback_scrape_protocol: PrometheusText0.0.4\n", steps("a 1\n", Step("a 2\n", type=None), Step("a 2\n", type="text/html"), "a 3\n")),
    "gzip_broken": ("", steps("a 1\n", Step("a 2\n", gzip=False, headers={"Content-Encoding": "gzip"}), Step("a 2\n", gzip=False),
                              Step("a 2 and more than ten bytes\n", gzip=False, headers={"Content-Encoding": "gzip"}), Step("", gzip=False, headers={"Content-Encoding": "gzip"}),
                              "a 3\n")),
    "gzip_cut": ("", steps("a 1\n", Step("a 2\n" * 20, cut=15), Step("a 2\n" * 20, shown=20), "a 3\n")),
    "cut": ("    enable_compression: false\n", steps("a 1\nb 2\n", Step("a 2\nb 3\n", cut=5), "a 3\n")),
    "slow": ("    scrape_timeout: 300ms\n", steps("a 1\n", Step("a 2\n", delay=0.6), "a 3\n")),
    "openmetrics": ("", om("# TYPE a counter\n# UNIT a seconds\na_total 1 # {id=\"1\"} 2\n# EOF\n", "a_total 1\n", "# TYPE a counter\na 1\n# EOF\n", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\nh_created 1\n# EOF\n", "a_total 3\n# EOF\n")),
    "classic": ("", steps("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2.50\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"1\"} 2\ns_sum 1\ns_count 1\n")),
    "no_name": ("    metric_relabel_configs:\n      - {regex: __name__, action: labeldrop}\n", steps("a 1\n", "b 2\n", "")),
    "no_labels": ("    metric_relabel_configs:\n      - {regex: '.*', action: labeldrop}\n", steps("a 1\n", "b 2\n", "c 3\n")),
    "utf8": ("", steps("{\"a.b\",\"l.x\"=\"1\"} 1\nö 2\n", "{\"ü\"} 2\n", "a{\"ö\"=\"1\"} 3\n")),
    "legacy_names": ("    metric_name_validation_scheme: legacy\n    metric_name_escaping_scheme: underscores\n", steps("a 1\n", "{\"a.b\"} 1\n", "a{\"ö\"=\"1\"} 3\n", "a 4\n")),
    "same_label_twice": ("", steps("a 1\n", "a{x=\"1\",x=\"2\"} 1\n", "a{x=\"1\",x=\"1\"} 1\n", "a{__name__=\"z\"} 1\n", "a 2\n")),
    "utf8_broken": ("", [Step("a 1\n"), Step("a{x=\"\udcff\"} 1\n".encode("utf-8", "surrogateescape").decode("latin-1")), Step("a 2\n")]),
    "target_labels": (
        "    params: {q: [one, two], r: ['ö &']}\n    relabel_configs:\n      - {target_label: __param_s, replacement: 'x y'}\n"
        "      - {target_label: __param_q, replacement: 'changed'}\n      - {source_labels: [__param_r], target_label: was}\n"
        "      - {source_labels: [__scrape_interval__, __scrape_timeout__, __scheme__], separator: '/', target_label: defaults}\n",
        steps(PLAIN)),
    "own_interval": ("    relabel_configs:\n      - {target_label: __scrape_interval__, replacement: 2s}\n      - {target_label: __scrape_timeout__, replacement: 1500ms}\n", steps("a 1\n", "a 2\n", "a 3\n")),
    "timeout_above_interval": ("    relabel_configs:\n      - {target_label: __scrape_timeout__, replacement: 1h}\n", steps("a 1\n")),
    "no_such_scheme": ("    relabel_configs:\n      - {target_label: __scheme__, replacement: gopher}\n", steps("a 1\n")),
    "label_limits_and_target_labels": ("    label_limit: 5\n    relabel_configs:\n      - {target_label: more, replacement: x}\n", steps("a 1\n", "a{x=\"1\"} 1\n", "a{x=\"1\",y=\"2\"} 1\n", "a 1\n")),
    "label_limit_counts_empty_ones_not": ("    label_limit: 4\n", steps("a{x=\"\",y=\"\",z=\"1\"} 1\n")),
    "long_values_are_cut_in_errors": ("    label_value_length_limit: 30\n", steps("a 1\n", f"{LONG_NAME}{{{LONG_NAME}=\"{'ä' * 40}\"}} 2\n", "a 1\n")),
    "comments_change": ("", steps("# TYPE a counter\na 1\n", "# TYPE a gauge\n# HELP a Now with help.\na 1\n", "a 1\n")),
    "shuffled": ("", steps(*("".join(f"m{{i=\"{(i * 7 + n * 3) % 23}\"}} {n}\n" for i in range(23)) for n in range(5)))),
    "halves_fail": ("", steps("".join(f"m{{i=\"{i}\"}} 0\n" for i in range(20)),
                              *("".join(f"m{{i=\"{(i * 3 + n) % 20}\"}} {n}\n" for i in range(20 - 4 * n)) + "! 1\n" for n in range(1, 5)),
                              "".join(f"m{{i=\"{i}\"}} 9\n" for i in range(20)))),
    "odd_numbers": ("", steps("a 0x1p-2\n", "a 1_000\n", "a Inf\nb -Inf\nc nan\n", "a 1e400\n", "a 1e-400\n", "a .5\nb 5.\nc +1\nd 1E3\n", "a 1\n")),
    "spaces": ("", steps("a  1\n", "a\t1\n", " a 1\n", "a 1 \n", "a{ x = \"1\" , } 1\n", "a{x=\"1\",} 1\n", "a 1\r\n", "a 1")),
    "no_end_of_line": ("", steps("a 1\nb 2", "a 1\nb", "a 1")),
}
# Limits of all jobs, and jobs that break them.
GLOBAL_LIMITS = "  sample_limit: 3\n  label_limit: 5\n  label_name_length_limit: 20\n  label_value_length_limit: 25\n  body_size_limit: 300B\n"
GLOBAL_CASES = {
    "samples": ("", steps("a 1\n", "a 1\nb 1\nc 1\n", "a 1\nb 1\nc 1\nd 1\n", "a 1\n")),
    "samples_of_its_own": ("    sample_limit: 1\n", steps("a 1\n", "a 1\nb 2\n", "a 1\n")),
    "labels": ("", steps("a 1\n", "a{b=\"1\",c=\"2\",d=\"3\"} 1\n", "a 1\n")),
    "names": ("", steps("a 1\n", "a{abcdefghijklmnopqrstu=\"1\"} 1\n", "a 1\n")),
    "values": ("    label_value_length_limit: 30\n", steps("a 1\n", "a{b=\"123456789012345678901234567890\"} 1\n", "a{b=\"1234567890123456789012345678901\"} 1\n", "a 1\n")),
    "bytes": ("", steps("a 1\n", "# " + "x" * 300 + "\na 1\n", "a 1\n")),
}
# Never asked over HTTP, or less often than the others.
NOT_SERVED = {"timeout_above_interval", "no_such_scheme"}
