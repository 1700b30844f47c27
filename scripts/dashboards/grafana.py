"""What all dashboards have in common, so that each panel only says what it shows.

A dashboard is rows of panels on Grafana's grid of 24 columns; panels are placed from left to right in the order in
which they are added. Queries are given as [(expression, legend), ...]. In expressions {C stands for the label matchers
of the chosen cluster, {P for those of the chosen pods of it:

    rate(baton_http_requests_total{P, code=~"5.."}[$__rate_interval])
"""

JOB = 'job="baton"'
CLUSTER = JOB + ', namespace="$namespace", cluster="$cluster"'
PODS = CLUSTER + ', pod=~"$pod"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"


def steps(first, *later):
    """Colors by value: the first one from the lowest value on, then (value, color) pairs."""
    return [{"color": first, "value": None}] + [{"color": color, "value": value} for value, color in later]


def names(**by_value):
    """What numbers mean: names(v0=("follower", BLUE), v1=("leader", GREEN))."""
    options = {
        value[1:]: {"text": text, "color": color, "index": index}
        for index, (value, (text, color)) in enumerate(sorted(by_value.items()))
    }
    return [{"type": "value", "options": options}]


def expand(expression):
    joined = " ".join(expression.split()).replace("( ", "(").replace(" )", ")")
    return joined.replace("{C", "{" + CLUSTER).replace("{P", "{" + PODS)


class Dashboard:
    def __init__(self, name, title, description):
        self.name, self.title, self.description = name, title, description
        self.panels = []
        self.x = self.y = self.row_height = 0

    # --- panels ---

    def row(self, title):
        self._end_line()
        self.panels.append({
            "id": len(self.panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": self.y, "w": COLUMNS, "h": 1},
        })
        self.y += 1

    def stat(self, title, description, queries, unit="none", width=4, colors=None, mappings=None, text="auto",
             decimals=None):
        """Big numbers: the newest value of each query's series."""
        defaults = {"unit": unit, "thresholds": {"mode": "absolute", "steps": colors or steps(BLUE)},
                    "color": {"mode": "thresholds"}, "mappings": mappings or []}
        if decimals is not None:
            defaults["decimals"] = decimals
        self._panel("stat", title, description, queries, width, 4, defaults, {
            "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": text,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }, instant=True)

    def graph(self, title, description, queries, unit="short", width=8, stacked=False, low=0, log_base=None):
        """Lines over time."""
        custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if stacked else 8, "showPoints": "never",
                  "spanNulls": False, "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
        if log_base:
            custom["scaleDistribution"] = {"type": "log", "log": log_base}
        defaults = {"unit": unit, "custom": custom, "color": {"mode": "palette-classic"}}
        if low is not None and not log_base:
            defaults["min"] = low
        self._panel("timeseries", title, description, queries, width, 8, defaults, {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        })

    def heatmap(self, title, description, histogram, width=8, over_members="sum"):
        """How durations are spread; `histogram` is the name of the family with its matchers.

        What all members count alike is not summed over them: over_members="max".
        """
        bucket = histogram.replace("{", "_bucket{", 1)
        queries = [("%s by (le) (increase(%s[$__rate_interval]))" % (over_members, bucket), "{{le}}")]
        self._panel("heatmap", title, description, queries, width, 8, {"unit": "short", "custom": {}}, {
            "calculate": False, "cellGap": 1, "cellValues": {"unit": "short"},
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "reverse": False,
                      "fill": "dark-orange", "scale": "exponential"},
            "exemplars": {"color": "rgba(255,0,255,0.7)"}, "filterValues": {"le": 1e-9},
            "legend": {"show": True}, "rowsFrame": {"layout": "auto"},
            "tooltip": {"show": True, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": "s"},
        }, format="heatmap")

    def timeline(self, title, description, queries, mappings, width=24):
        """Which state each series was in, as colored bars."""
        defaults = {"unit": "none", "custom": {"fillOpacity": 80, "lineWidth": 0}, "mappings": mappings,
                    "color": {"mode": "thresholds"},
                    "thresholds": {"mode": "absolute", "steps": steps(BLUE, (1, GREEN))}}
        self._panel("state-timeline", title, description, queries, width, 6, defaults, {
            "alignValue": "left", "mergeValues": True, "rowHeight": 0.8, "showValue": "never",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        })

    def table(self, title, description, columns, by, width=24, height=7):
        """One line for each value of the labels `by`; columns are (title, expression, unit)."""
        queries = [(expression, "") for _, expression, _ in columns]
        renamed, hidden, overrides = {}, {"Time": True}, []
        for index, (name, _, unit) in enumerate(columns):
            field = "Value" if len(columns) == 1 else "Value #%s" % chr(ord("A") + index)
            renamed[field] = name
            overrides.append({"matcher": {"id": "byName", "options": name},
                              "properties": [{"id": "unit", "value": unit}]})
        transformations = [
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": hidden, "renameByName": renamed,
                                           "indexByName": {label: i for i, label in enumerate(by)}}},
        ]
        defaults = {"unit": "none", "custom": {"align": "auto"}}
        self._panel("table", title, description, queries, width, height, defaults, {
            "showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""},
        }, instant=True, format="table", transformations=transformations, overrides=overrides)

    # --- the whole ---

    def json(self, all_dashboards):
        return {
            "uid": "baton-" + self.name, "title": "Baton / " + self.title, "description": self.description,
            "tags": ["baton"], "editable": False, "graphTooltip": 1, "schemaVersion": 39, "version": 1,
            "refresh": "30s", "time": {"from": "now-1h", "to": "now"}, "timezone": "",
            "annotations": {"list": ANNOTATIONS}, "templating": {"list": VARIABLES},
            "links": [{"type": "link", "title": other.title, "icon": "dashboard", "keepTime": True, "tags": [],
                       "targetBlank": False, "asDropdown": False, "includeVars": True, "tooltip": other.description,
                       "url": "/d/baton-" + other.name} for other in all_dashboards if other is not self],
            "panels": self.panels,
        }

    # --- placing ---

    def _end_line(self):
        self.y += self.row_height
        self.x = self.row_height = 0

    def _panel(self, kind, title, description, queries, width, height, defaults, options, instant=False,
               format="time_series", transformations=None, overrides=None):
        if self.x + width > COLUMNS:
            self._end_line()
        targets = [{
            "refId": chr(ord("A") + index), "datasource": DATASOURCE, "editorMode": "code", "expr": expand(expression),
            "legendFormat": legend, "instant": instant, "range": not instant, "format": format,
        } for index, (expression, legend) in enumerate(queries)]
        panel = {
            "id": len(self.panels) + 1, "type": kind, "title": title, "description": description,
            "datasource": DATASOURCE, "gridPos": {"x": self.x, "y": self.y, "w": width, "h": height},
            "fieldConfig": {"defaults": defaults, "overrides": overrides or []}, "options": options,
            "targets": targets,
        }
        if transformations:
            panel["transformations"] = transformations
        self.panels.append(panel)
        self.x += width
        self.row_height = max(self.row_height, height)


def _variable(name, label, query, many=False):
    return {
        "name": name, "label": label, "type": "query", "datasource": DATASOURCE, "hide": 0, "skipUrlSync": False,
        "query": {"query": query, "refId": "variable-" + name}, "definition": query, "refresh": 2, "regex": "",
        "sort": 1, "multi": many, "includeAll": many, "allValue": ".*" if many else None, "options": [],
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]} if many else {},
    }


VARIABLES = [
    {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0,
     "skipUrlSync": False, "refresh": 1, "regex": "", "multi": False, "includeAll": False, "options": [],
     "current": {}},
    _variable("namespace", "Namespace", "label_values(baton_build_info{%s}, namespace)" % JOB),
    _variable("cluster", "Cluster", 'label_values(baton_build_info{%s, namespace="$namespace"}, cluster)' % JOB),
    _variable("pod", "Pod", "label_values(baton_build_info{%s}, pod)" % CLUSTER, many=True),
]


def _annotation(name, color, expression, title, text):
    return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": color,
            "expr": expand(expression), "step": "1m", "titleFormat": title, "textFormat": text, "tagKeys": ""}


ANNOTATIONS = [
    _annotation("Leader changes", ORANGE, "max by (cluster) (changes(baton_raft_term{C}[1m])) > 0",
                "Another term", "{{cluster}}"),
    _annotation("Starts", BLUE, "changes(process_start_time_seconds{C}[2m]) > 0", "Started again", "{{pod}}"),
    _annotation("Backups", GREEN,
                "changes(baton_backup_last_success_timestamp_seconds{C}[2m]) > 0", "Backup", "{{pod}}"),
]


def quantiles(histogram, by="", legend=""):
    """The median and the slowest hundredth of a histogram, as queries of a graph."""
    bucket = histogram.replace("{", "_bucket{", 1)
    group = ("le, " + by) if by else "le"
    return [("histogram_quantile(%s, sum by (%s) (rate(%s[$__rate_interval])))" % (q, group, bucket),
             (legend + " " if legend else "") + name) for q, name in (("0.5", "half"), ("0.99", "p99"))]


def p99(histogram, by, legend):
    return quantiles(histogram, by, legend)[1:]
