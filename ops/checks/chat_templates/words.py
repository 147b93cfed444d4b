"""What of a chat template is understood. Everything that is not in these lists is a finding.

Collected from the templates of public models, and from what transformers gives a template (chat_template_utils.py).
"""

from __future__ import annotations

INPUTS = frozenset(
    (
        *("add_generation_prompt", "continue_final_message", "bos_token", "eos_token", "unk_token", "pad_token"),
        *("enable_thinking", "thinking", "thinking_mode", "thinking_budget", "preserve_thinking", "clear_thinking"),
        *("reasoning_effort", "add_vision_id", "add_thoughts", "date_string", "model_identity", "builtin_tools"),
        *("custom_tools", "tools_in_user_message", "keep_past_thinking", "drop_thinking", "retain_reasoning"),
        *("enable_citations", "num_img_tokens", "num_video_frames", "truncate_history_thinking", "add_audio_id"),
        *("image_token", "audio_token", "video_token", "think_end_token", "include_thinking", "skip_thinking"),
        *("tool_choice", "parallel_tool_calls", "available_tools", "controls", "is_first_sp", "media_type"),
        *("use_json_tooldef", "grounding", "reasoning"),
    )
)
"""Variables of a request, a server or a tokenizer: the caller's own switches, and tokens."""

SAID = frozenset(
    (
        *("messages", "documents", "tools", "functions", "conversation", "system_message", "response_format"),
        *("developer_message", "developer_instruction", "developer_instructions", "json_schema", "xml_tools"),
        "conversations",
    )
)
"""Variables that hold what people, tools and documents say."""

TOKENS = frozenset(("bos_token", "eos_token", "unk_token", "pad_token", "image_token", "audio_token", "video_token"))
"""Of these the variables that a tokenizer's files fill: whoever made the model has written them."""

FUNCTIONS = frozenset(("raise_exception", "namespace", "range", "strftime_now", "dict", "caller"))
LOOP = frozenset(("index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem"))

KEYS = frozenset(
    (
        *("role", "content", "name", "type", "text", "function", "functions", "arguments", "parameters", "id"),
        *("tool_calls", "tool_call_id", "tool_call", "tools", "description", "properties", "required", "enum", "items"),
        *("reasoning_content", "reasoning", "thinking", "thought", "thoughts", "tool_responses", "response", "result"),
        *("output", "outputs", "value", "default", "nullable", "returns", "return", "return_type", "oneOf", "anyOf"),
        *("allOf", "const", "additionalProperties", "format", "minimum", "maximum", "minLength", "maxLength"),
        *("pattern", "examples", "title", "$ref", "$defs", "schema", "json_schema", "parameter_definitions", "data"),
        *("document", "documents", "doc_id", "content_type", "tool_plan", "image", "images", "image_url", "video"),
        *("video_url", "audio", "audio_url", "input_audio", "url", "weight", "function_call", "results", "snippet"),
        *("citations", "recipient", "channel", "end_turn", "parts", "mime_type", "strict", "minItems", "maxItems"),
        *(
            "model",
            "date",
            "source",
            "chosen",
            "defer_loading",
            "refusal",
            "prefix",
            "call_id",
            "response_format",
            "key",
            "properties_list",
        ),
    )
)
"""Names of what messages, parts of messages, tools, schemas and documents have."""

STRUCTURE = frozenset(
    ("role", "type", "content_type", "recipient", "channel", "return_type", "format", "id", "tool_call_id")
)
"""Keys whose values are words of a protocol, or numbers of a server, not of people."""

MAPPINGS = frozenset(
    ("function", "arguments", "parameters", "properties", "items", "schema", "json_schema", "$defs", "returns")
)
"""Keys whose values have names within, and are no texts."""

ROLES = frozenset(
    (
        *("system", "user", "assistant", "tool", "developer", "function", "ipython", "environment", "observation"),
        *("model", "bot", "human", "gpt", "context", "documents", "tools", "tool_call", "tool_calls", "tool_response"),
        *("tool_responses", "tool_result", "tool_results", "tool_output", "tool_outputs", "think", "thinking"),
        *("text", "image", "image_url", "video", "video_url", "audio", "audio_url", "input_audio", "input_image"),
        *("input_text", "output_text", "document", "json", "string", "str", "number", "integer", "int", "float"),
        *("boolean", "bool", "array", "list", "object", "dict", "null", "none", "any", "enum", "final", "analysis"),
        *("commentary", "reasoning", "all", "chatbot", "python", "code", "browser", "query", "passage", "refusal"),
        *("assistant_tool_call", "json_object", "date", "date-time", "content", "observation", "value", "data"),
        *("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"),
    )
)
"""Words of those protocols."""

MARKERS = frozenset(
    (
        *("<think>", "</think>", "<thinking>", "</thinking>", "<thought>", "</thought>", "<tool_response>"),
        *("</tool_response>", "<tool_call>", "</tool_call>", "<tools>", "</tools>", "[THINK]", "[/THINK]"),
        *(
            "/think",
            "/no_think",
            "/nothink",
            "object | object",
            "<|tool_call|>",
            "<|channel|>",
            "<|message|>",
            "<|end|>",
            "<|return|>",
            "<|call|>",
        ),
        *("<|channel|>analysis<|message|>", "<|channel|>final<|message|>", "<|python_tag|>", "<image>", "<video>"),
        *("<audio>", "<|image|>", "<|image_pad|>", "<answer>", "</answer>", "<seed:think>", "</seed:think>"),
        *("<tool_result>", "</tool_result>", "[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]", "<channel|>"),
        *(
            "<|tool_response>",
            "<tool_response|>",
            "<|channel>",
            "<|channel>thought",
            "<|think|>",
            "<\uff5cend\u2581of\u2581sentence\uff5c>",
        ),
    )
)
"""Texts that templates look for in what is said, for they are the model's own marks."""

FILTERS = frozenset(
    (
        *("tojson", "trim", "length", "count", "string", "default", "d", "list", "items", "safe", "map", "join"),
        *("upper", "lower", "capitalize", "title", "dictsort", "selectattr", "rejectattr", "select", "reject"),
        *("replace", "last", "first", "indent", "int", "float", "unique", "sort", "reverse", "abs", "round", "min"),
        *("max", "sum", "escape", "e", "bool", "keys", "values"),
    )
)
"""Filters of Jinja and of transformers."""

SEARCHING = frozenset(
    (
        *("split", "rsplit", "partition", "rpartition", "startswith", "endswith", "find", "rfind", "index", "rindex"),
        *("count", "replace", "strip", "lstrip", "rstrip", "trim", "removeprefix", "removesuffix"),
    )
)
"""Methods and filters whose arguments are looked for in the text before them."""

CUTTING = frozenset(("split", "rsplit", "splitlines", "partition", "rpartition"))
METHODS = SEARCHING | frozenset(("get", "items", "keys", "values", "upper", "lower", "title", "capitalize", "join"))
WHOLE = frozenset(("default", "d", "safe", "length", "count", "string", "trim", "tojson", "bool", "abs"))
"""Filters behind which a text of a template is still that text, or a number."""

PICKING = frozenset(("first", "last", "list", "unique", "select", "reject", "selectattr", "rejectattr", "sort"))
PICKING_METHODS = frozenset(("get", "items", "keys", "values"))
"""What takes parts of a list or mapping as they are."""

CHANGING = frozenset(("upper", "lower", "title", "capitalize", "reverse", "sort", "unique", "min", "max", "join"))
"""What makes another text of all of a text: whoever compares the two asks something of it."""

COMPARING = frozenset(("unique", "sort", "min", "max", "dictsort"))
"""Filters that compare the parts of what they get with each other."""

TESTS = frozenset(
    (
        *("defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number", "integer", "float"),
        *("boolean", "true", "false", "odd", "even", "callable"),
    )
)
COMPARISONS = frozenset(
    (
        *("eq", "equalto", "==", "ne", "!=", "in", "sameas", "lt", "lessthan", "<", "gt", "greaterthan", ">"),
        *("le", "<=", "ge", ">=", "divisibleby"),
    )
)
"""Tests that compare with their argument."""
