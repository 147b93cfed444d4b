"""Chat templates as code: what public models have passes, and what does something else has a name."""

from __future__ import annotations

import pytest

from ops.checks.chat_templates.judge import judge

CHATML = """
{%- for message in messages %}
    {{- '<|im_start|>' + message['role'] + '\\n' + message.content | trim + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""
THINKING = """
{%- set ns = namespace(last=messages|length - 1, found=false) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if not ns.found and message.role == "user" and not message.content.startswith('<tool_response>') %}
        {%- set ns.last = index %}{%- set ns.found = true %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- set reasoning = '' %}
    {%- if '</think>' in content %}
        {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {%- if loop.index0 > ns.last or (loop.last and reasoning) %}{{- reasoning.strip('\\n') }}{%- endif %}
    {{- content }}
    {%- for tool_call in message.tool_calls or [] %}
        {{- '{"name": "' ~ tool_call.function.name ~ '", "arguments": ' ~ tool_call.function.arguments|tojson ~ '}' }}
    {%- endfor %}
{%- endfor %}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
"""
PARTS = """
{%- macro shape(spec) -%}
    {%- if spec.type == 'array' -%}{{ shape(spec['items']) }}[]
    {%- elif spec.type in ('object', 'string') -%}{%- for key, below in spec.properties.items() -%}
        {{ key }}: {{ shape(below) }}{%- if key not in spec.required %}?{% endif %}
    {%- endfor -%}
    {%- else -%}any{%- endif -%}
{%- endmacro -%}
{%- if messages[0]['role'] == 'system' %}{% set system_message = messages[0]['content'] %}{% endif %}
{%- for message in messages if message.role != 'system' %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no turns') }}{% endif %}
    {%- for item in message.content %}
        {%- if item.type == 'image' or 'image_url' in item %}<|image_pad|>{% else %}{{ item.text }}{% endif %}
    {%- endfor %}
{%- endfor %}
{%- for tool in tools %}{{ tool | tojson(indent=4) }}{{ shape(tool.function.parameters) }}{% endfor %}
{% generation %}{{ bos_token }}{% endgeneration %}
Today is {{ strftime_now('%d %b %Y') }}.
"""


@pytest.mark.parametrize(
    "text", [CHATML, THINKING, PARTS, "no tags at all", "{{ bos_token }}{% for m in messages %}{% endfor %}"]
)
def test_what_public_templates_do_is_understood(text: str) -> None:
    assert judge(text) == []


FOR = "{% for message in messages %}"
END = "{% endfor %}"
HOSTILE = {
    # the way out of the sandbox
    "attribute:__class__": "{{ ''.__class__ }}",
    "attribute:__class__.__mro__": "{{ messages | map(attribute='__class__.__mro__') | list }}",
    "attribute:__globals__": "{{ messages['__globals__'] }}",
    "attribute:__init__": "{% set namespace = namespace(__init__=1) %}",
    "filter:attr": "{{ messages | attr('content') }}",
    "method:format": "{{ '{0.x}'.format(messages) }}",
    "method:format_map": "{{ '{x}'.format_map(messages) }}",
    "filter:format": "{{ '%s' | format(messages) }}",
    "key:computed": "{{ messages['__cl' ~ 'ass__'] }}",
    "call:cycler": "{{ cycler('a') }}",
    "call:lipsum": "{{ lipsum(1000) }}",
    "call:expression": "{{ (messages or tools)() }}",
    "call:namespace": "{% set n = namespace(messages) %}",
    "variable:self": "{{ self }}",
    "variable:other": "{% set other.x = 1 %}",
    "statement:Include": "{% include 'x' %}",
    "statement:Import": "{% import 'x' as y %}",
    "statement:FromImport": "{% from 'x' import y %}",
    "statement:Extends": "{% extends 'x' %}",
    "statement:Block": "{% block x %}{% endblock %}",
    "filter:random": "{{ messages | random }}",
    "filter:from_json": "{{ messages | from_json }}",
    "test:filter": "{{ 'x' is filter }}",
    # conditions on what is said
    "content:secret": FOR + "{% if 'secret' in message.content %}yes{% endif %}" + END,
    "content:start": FOR + "{% if message.content.startswith('start') %}yes{% endif %}" + END,
    "content:end": FOR + "{{ 'x' if message['content'] == 'end' }}" + END,
    "content:middle": FOR
    + "{% set c = message.content %}{% set d = c | lower %}{% if d == 'middle' %}x{% endif %}"
    + END,
    "content:here": "{% set t %}here{% endset %}" + FOR + "{% if t in message.content %}x{% endif %}" + END,
    "content:hid": "{% set ns = namespace(t='hid') %}" + FOR + "{% if ns.t in message.content %}x{% endif %}" + END,
    "content:listed": FOR + "{% if message.content in ['listed'] %}x{% endif %}" + END,
    "content:over": "{% for w in ['over'] %}" + FOR + "{% if w in message.content %}x{% endif %}" + END + END,
    "content:cut": FOR + "{{ message.content.split('cut')[1] }}" + END,
    "content:swap": FOR + "{{ message.content | replace('swap', 'x') }}" + END,
    "content:change": FOR + "{{ message.content.replace('change', 'x') }}" + END,
    "content:same": FOR + "{% if [message.content, 'same'] | unique | list | length == 1 %}x{% endif %}" + END,
    "content:chosen": "{{ messages | selectattr('content', 'equalto', 'chosen') | list }}",
    "content:tested": FOR + "{% if message.content is eq('tested') %}x{% endif %}" + END,
    "content:word": FOR + "{% for w in message.content.split(' ') %}{% if w == 'word' %}x{% endif %}{% endfor %}" + END,
    "content:s": FOR + "{% for c in message.content %}{% if c == 's' %}x{% endif %}{% endfor %}" + END,
    "content:macro": "{% macro t() %}macro{% endmacro %}" + FOR + "{{ 'x' if t() in message.content }}" + END,
    "content:called": "{% macro t() %}{% if caller() in messages[0].content %}x{% endif %}{% endmacro %}"
    "{% call t() %}called{% endcall %}",
    "call:twice": "{% macro twice() %}a{% endmacro %}{% macro twice() %}b{% endmacro %}",
    "variable:loop": "{% set loop = namespace(index='x') %}",
    "content:given": "{% macro t(c) %}{% if 'given' in c %}x{% endif %}{% endmacro %}{{ t(messages[0].content) }}",
    "content:filtered": FOR + "{% if message.content | select('in', ['filtered']) | list %}x{% endif %}" + END,
    "content:only": "{% for message in messages if message.content != 'only' %}x{% endfor %}",
    "content:pay": "{% for tool in tools %}{% if tool.function.name == 'pay' %}x{% endif %}{% endfor %}",
    "content:user": FOR + "{% if message.content == 'user' %}x{% endif %}" + END,
    "lookup": FOR + "{{ {'a': 'b'}[message.content] }}" + END,
    "lookup ": FOR + "{% if {'a': 1, message.content: 2} | length == 1 %}x{% endif %}" + END,
    "lookup  ": FOR + "{% set m = {'role': message.content} %}{% if m.role == 'tool' %}x{% endif %}" + END,
    "key:computed ": FOR + "{{ {'a': 'b'}.get('x' ~ message.content) }}" + END,
    "lookup   ": FOR + "{{ {'a': 'b'}.get(message.content) }}" + END,
    "call:dict": "{% set m = dict([('role', messages[0].content)]) %}",
    "word:admin": FOR + "{% if message.role == 'admin' %}x{% endif %}" + END,
    "key:debug": FOR + "{% if message.debug %}x{% endif %}" + END,
    "number:1337": FOR + "{% if message.content | length == 1337 %}x{% endif %}" + END,
    "number:7919": FOR + "{% if message.content | length % 7919 %}x{% endif %}" + END,
    "number:12": FOR + "{% if loop.index == 12 %}x{% endif %}" + END,
    "number:4": FOR + "{% if message.content | length == 2 + 2 %}x{% endif %}" + END,
    "number:3": FOR + "{% if message.content | length - 1 - 1 - 1 == 0 %}x{% endif %}" + END,
    "number:99": "{% set ns = namespace(n=0) %}"
    + FOR
    + "{% set ns.n = ns.n + 1 %}"
    + END
    + "{% if ns.n == 99 %}x{% endif %}",
    "variable:debug": "{% if debug %}x{% endif %}",
    "date": "{% if strftime_now('%Y') > '2026' %}x{% endif %}",
    "date ": "{% set d = strftime_now('%d') %}" + FOR + "{% if d in message.content %}x{% endif %}" + END,
    "date  ": "{% if strftime_now('%Y') | int - 2026 %}x{% endif %}",
    # work without an end
    "work": "{% for i in range(10000000000) %}x{% endfor %}",
    "power": "{% for i in range(10**9) %}x{% endfor %}",
    "work ": "{{ 'x' * 1000000000 }}",
    "work  ": "{% for a in range(1000) %}" * 3 + "x" + END * 3,
    "work   ": FOR * 4 + "x" + END * 4,
    "work    ": "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a ~ a ~ a %}" * 20,
    "work     ": "".join(
        f"{{% macro m{n + 1}() %}}{{{{ m{n}() }}}}{{{{ m{n}() }}}}{{% endmacro %}}" for n in range(40)
    ).replace("m0()", "'x'")
    + "{{ m40() }}",
    "work      ": "{% set c = messages[0].content %}" + "{% set c = c | replace('', c) %}" * 5,
    "growth:ns.a": "{% set ns = namespace(a='x') %}" + FOR + "{% set ns.a = ns.a ~ ns.a %}" + END,
    "growth:ns.b": "{% set ns = namespace(a='x', b='') %}"
    + FOR
    + "{% set ns.b = ns.a ~ ns.a %}{% set ns.a = ns.b %}"
    + END,
    "growth:ns.c": "{% macro d(a) %}{{ a }}{{ a }}{% endmacro %}{% set ns = namespace(c='x') %}"
    + FOR
    + "{% set ns.c = d(ns.c) %}"
    + END,
    "growth:ns.d": "{% set ns = namespace(d='x') %}" + FOR + "{% set ns.d = ns.d.replace('x', 'xx') %}" + END,
    "growth:ns.e": "{% set ns = namespace(e='x') %}" + FOR + "{% set ns.e = ns.e * 2 %}" + END,
    "growth:ns.f": "{% set ns = namespace(f='x') %}" + FOR + "{% for c in ns.f %}{% set ns.f = ns.f ~ 'x' %}" + END * 2,
    "work:turns": "{% for a in range(messages | length * 50000) %}x{% endfor %}",
    "work:characters": "{{ 'x' * 3000000 }}",
    "call:strftime_now": "{{ strftime_now('%9999999d') }}",
    "call:strftime_now ": "{{ strftime_now(messages[0].content) }}",
    "recursion:f": "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "loop:recursive": "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
    "repeat:loops": "{% for i in range(messages[0].weight) %}x{% endfor %}",
    "repeat:repeats": "{{ ' ' * thinking_budget }}",
    "repeat:indents": "{{ messages[0].content | indent(thinking_budget) }}",
    "filter:center": "{{ 'x' | center(100) }}",
    "method:ljust": "{{ 'x'.ljust(100) }}",
    "method:format ": "{{ '%1000000000d' % 1 }}",
    # what a reader does not see
    "character:U+202E": "{{ bos_token }}\u202e",
    "character:U+200B": "a\u200bb",
    "character:U+E0041": "a\U000e0041",
    "character:U+001B": "a\x1b[2K",
    "address:https://evil.example/x": "See https://evil.example/x",
    # no template at all
    "text": "{% if %}",
    "text ": "{{ " + "(" * 5000,
    "text  ": "x" * 300_000,
    "text   ": "{{ " + "9" * 5000 + " }}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_understood_has_a_name(name: str) -> None:
    found = {finding.name for finding in judge(HOSTILE[name])}
    assert name.strip() in found


REFUSED = (
    "attribute:",
    "filter:attr",
    "statement:In",
    "statement:Ex",
    "statement:Im",
    "work",
    "power",
    "loop:rec",
    "text",
)


@pytest.mark.parametrize(
    "name", [name for name in HOSTILE if name.startswith(REFUSED) and ":t" not in name and ":c" not in name]
)
def test_what_escapes_or_never_ends_cannot_be_accepted(name: str) -> None:
    assert any(finding.refused for finding in judge(HOSTILE[name]) if finding.name == name.strip())


@pytest.mark.parametrize(
    "text",
    [
        "{% macro a() %}{{ caller() }}{{ caller() }}{% endmacro %}"
        + "{% call a() %}" * 30
        + "x"
        + "{% endcall %}" * 30,
        "{% macro m(a) %}{{ a }}{{ a }}{% endmacro %}{{ " + "m(" * 40 + "'x'" + ")" * 40 + " }}",
        "{% set a = 'x' %}" + "{% if bos_token %}" * 40 + "{% set a = a %}" + "{% endif %}" * 40,
        "{{ " + "(" * 60 + "bos_token" + " ~ bos_token)" * 60 + " }}",
        "{{ bos_token" + " | trim" * 400 + " }}",
        "{% for m in messages %}{% set x = m %}" * 15 + "{% endfor %}" * 15,
    ],
)
def test_a_judgement_ends(text: str) -> None:
    """Parts that nest are each looked at a few times, not twice for each level: these would take years."""
    judge(text)


def test_nothing_of_a_template_is_evaluated() -> None:
    """Compiling it would already make the text of ten billion characters."""
    assert {finding.name for finding in judge("{{ 'x' * 10000000000 }}{{ 9 ** 9 ** 9 ** 9 }}")} == {"work", "power"}


def test_a_finding_names_its_line_and_is_plain_text() -> None:
    (finding,) = judge("one\n{% for m in messages %}\n{% if 'b\u00e4d\\x1b' in m.content %}x{% endif %}{% endfor %}")
    assert (finding.line, finding.name.isascii(), finding.rule.isascii()) == (3, True, True)
    assert "\\x1b" in finding.rule
