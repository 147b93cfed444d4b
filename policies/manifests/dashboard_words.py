"""Words of dashboards of Grafana as data: fields and values that draw figures of Prometheus, and do nothing else."""

from __future__ import annotations

KINDS = {
    *("range", "value", "special", "regex", "dashboard", "linear", "log", "auto", "color-text", "color-background"),
    *("gauge", "sparkline", "prometheus", "datasource", "query", "constant", "custom", "interval", "textbox", "number"),
    *("string", "time", "boolean", "grafana", "gtIndex"),
}
"""Values of `type` below a panel's own. Not the cells `markdown`, `image`, `data-links` and `actions`."""

IDS = {
    *("merge", "organize", "groupBy", "reduce", "timeSeriesTable", "filterFieldsByName", "sortBy", "calculateField"),
    *(
        "joinByField",
        "seriesToColumns",
        "labelsToFields",
        "renameByRegex",
        "formatTime",
        "limit",
        "byName",
        "byNames",
        "byRegexp",
    ),
    *("byType", "byFrameRefID", "byValue", "unit", "decimals", "min", "max", "displayName", "color", "mappings"),
    *("thresholds", "noValue", "description", "custom.align", "custom.width", "custom.hidden", "custom.cellOptions"),
    *("custom.displayMode", "custom.lineWidth", "custom.fillOpacity", "custom.lineStyle", "custom.stacking"),
    *(
        "custom.drawStyle",
        "custom.axisPlacement",
        "custom.axisSoftMin",
        "custom.axisSoftMax",
        "custom.hideFrom",
        "custom.lineInterpolation",
        "custom.showPoints",
    ),
    *("custom.fillBelowTo", "custom.transform", "custom.filterable", "displayMode", "rowsToFields"),
}
"""Transformations, matchers, and fields that an override sets. Not `actions`; `links` are looked at."""

DISPLAYS = {"list", "table", "hidden", "gradient", "lcd", "basic", "auto", "color-text", "color-background"}
BY_COLUMN = ("indexByName", "renameByName", "excludeByName", "includeByName", "fields")
"""Fields whose keys are names of columns."""

FIELDS = frozenset(
    {
        *("allValue", "allowCustomValue", "annotations", "auto", "auto_count", "auto_min", "builtIn", "collapsed"),
        *("current", "datasource", "definition", "desc", "description", "editable", "enable", "expr", "fieldConfig"),
        *("fiscalYearStartMonth", "format", "from", "graphTooltip", "gridPos", "group", "h", "hide", "iconColor", "id"),
        *("includeAll", "instant", "interval", "intervalFactor", "label", "legendFormat", "limit", "list", "liveNow"),
        *(
            "match",
            "matchAny",
            "multi",
            "name",
            "options",
            "panels",
            "pattern",
            "pluginVersion",
            "preload",
            "query",
            "range",
            "refId",
        ),
        *("refresh", "refresh_intervals", "regex", "repeat", "repeatDirection", "maxPerRow", "revision", "selected"),
        *("schemaVersion", "skipUrlSync", "sort", "tags", "target", "targets", "templating", "text", "time"),
        *("timepicker", "timezone", "title", "to", "transparent", "type", "uid", "value", "version", "w", "weekStart"),
        *("x", "y", "exemplar", "editorMode", "step", "style", "iteration", "gnetId", "links", "timeFrom", "timeShift"),
        *("maxDataPoints", "hideTimeOverride", "cacheTimeout", "queryType", "qryType", "useBackend"),
        # How a panel draws.
        *(
            "aggregations",
            "align",
            "alertThreshold",
            "alias",
            "asTable",
            "axisBorderShow",
            "axisCenteredZero",
            "axisColorMode",
        ),
        *("axisGridShow", "axisLabel", "axisPlacement", "axisSoftMax", "axisSoftMin", "barAlignment", "barWidthFactor"),
        *("binary", "byField", "byVariable", "calcs", "cellHeight", "cellOptions", "color", "colorMode", "countRows"),
        *("custom", "dash", "decimals", "defaults", "displayMode", "displayName", "drawStyle", "field", "fields"),
        *("fill", "fillBelowTo", "fillOpacity", "filterable", "fixedColor", "footer", "frameIndex", "gradientMode"),
        *(
            "graphMode",
            "hideFrom",
            "hideZeros",
            "include",
            "includeVars",
            "index",
            "insertNulls",
            "inspect",
            "keepTime",
        ),
        *("justifyMode", "left", "legend", "lineInterpolation", "lineStyle", "lineWidth", "log", "mappings", "matcher"),
        *("max", "maxVizHeight", "min", "minVizHeight", "minVizWidth", "mode", "names", "namePlacement", "noValue"),
        *("operation", "operator", "order", "orientation", "overrides", "percentChangeColorMode", "placement"),
        *("pointSize", "properties", "reduce", "reduceOptions", "reducer", "result", "right", "scaleDistribution"),
        *("seriesBy", "show", "showHeader", "showLegend", "showPercentChange", "showPoints", "showThresholdLabels"),
        *(
            "showThresholdMarkers",
            "showTypeIcons",
            "showUnfilled",
            "sizing",
            "sortBy",
            "spanNulls",
            "stacking",
            "steps",
        ),
        *("tooltip", "textMode", "thresholds", "thresholdsStyle", "tooltip", "transform", "transformations", "unit"),
        *(
            "calculate",
            "calculation",
            "cellGap",
            "cellValues",
            "displayLabels",
            "exemplars",
            "exponent",
            "filterValues",
        ),
        *("layout", "le", "pieType", "reverse", "rowsFrame", "scale", "scheme", "showColorScale", "showValue"),
        *("sortDesc", "tooltipDecimals", "unitScale", "xAxis", "xBuckets", "yAxis", "yBuckets", "yHistogram"),
        # What editors of queries and overrides keep for themselves.
        *("__systemRef", "disableTextWrap", "fullMetaSearch", "includeNullMetadata", "metric", "prefix", "queryValue"),
        *("readOnly", "tagValuesQuery", "tagsQuery", "time_options", "useTags"),
        *("valueMode", "values", "viz", "wideLayout", "width", *BY_COLUMN),
    }
)
"""Fields of dashboards, panels, queries and variables. Not `url`, `content`, `dataLinks`, `actions`, nor
`libraryPanel`, whose contents are elsewhere."""
