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


COMPUTED = {
    # a text that stands nowhere in the template: letters of marks, names of variables, numbers, truth values
    "letters of a mark": "('<think>'[1] ~ '<think>'[2])",
    "the middle of a mark": "'<think>'[1:][:1]",
    "a mark backwards": "('<think>' | reverse)",
    "a mark in capitals": "('<think>' | upper)",
    "a part of a mark": "('<think>' | replace('<think>', ''))",
    "a mark twice": "('</think>' * 2)",
    "marks in a list": "(['<think>', '</think>'] | join)",
    "a choice of marks": "('<think>' | list | first)",
    "a key of a mapping": "(dict(sesame=1) | list | first)",
    "keys of a mapping": "(dict(sesame=1) | join)",
    "a key that is looped over": "k",
    "numbers": "(1 ~ 2 ~ 1)",
    "numbers in a list": "([1, 2, 2, 1] | join)",
    "a range": "(range(2) | join)",
    "none": "(none | string)",
    "true": "(true ~ '')",
    "a comparison": "((bos_token == eos_token) | string)",
    "the signs of JSON": "(messages | tojson)[:2]",
    "a part of a role": "message.role[1:]",
    "a length": "('<think>' | length | string)",
    "a text in a block": "block",
    "what a macro says": "m()",
    "an escaped sign": "('<think>' | e)",
    "signs": "('\\n\\n' ~ '\\n\\n' ~ '\\n')",
    "a mark with what is said": "('<think>' ~ message.content[:0])[1:]",
}
SET = (
    "{% set block %}{{ 1 }}{{ 2 }}{% endset %}{% macro m() %}{% for i in [1, 2] %}~{% endfor %}{% endmacro %}"
    "{% for k in dict(sesame=1) %}"
)


@pytest.mark.parametrize("name", COMPUTED)
def test_a_text_that_is_put_together_is_as_good_as_one_that_stands_there(name: str) -> None:
    text = SET + FOR + "{% if " + COMPUTED[name] + " in message.content %}x{% endif %}" + END * 2
    assert any(finding.name.startswith("content:") for finding in judge(text))


ASKED = {
    # what is said within lists and mappings that the template makes
    "content:python": FOR + "{% for c in [message.content] %}{% if 'python' in c %}x{% endif %}" + END * 2,
    "content:python ": "{% for c in messages | map(attribute='content') %}{% if 'python' in c %}x{% endif %}" + END,
    "content:python  ": FOR + "{% for c, d in [(message.content, 1)] %}{% if 'python' in c %}x{% endif %}" + END * 2,
    "content:python   ": FOR + "{% if 'python' in {'arguments': message.content}['arguments'] %}x{% endif %}" + END,
    "content:python    ": FOR + "{% for k, v in message.items() %}{% if 'python' in v %}x{% endif %}" + END * 2,
    "content:python     ": FOR + "{% for v in message.values() %}{% if 'python' in v %}x{% endif %}" + END * 2,
    "content:passed": "{% macro f() %}{{ caller(messages[0].content) }}{% endmacro %}"
    "{% call(c) f() %}{% if 'passed' in c %}x{% endif %}{% endcall %}",
    "content:or": FOR + "{% if ('' or 'or') in message.content %}x{% endif %}" + END,
    "content:and": FOR + "{% if (true and 'and') in message.content %}x{% endif %}" + END,
    "content:~": FOR + "{% if '~' in message.content %}x{% endif %}" + END,
    "'content:\\xa0'": FOR + "{% if '\\u00a0' in message.content %}x{% endif %}" + END,
    "content:     ": FOR + "{% if '     ' in message.content %}x{% endif %}" + END,
    "content:(pad_token)": FOR + "{% if pad_token in message.content %}x{% endif %}" + END,
    "content:late": "{% set late = late or 'late' %}" + FOR + "{% if late in message.content %}x{% endif %}" + END,
    "content:computed": FOR + "{% if message.content | upper == message.content %}x{% endif %}" + END,
    "test:upper": FOR + "{% if message.content is upper %}x{% endif %}" + END,
    "method:isdigit": FOR + "{% if message.content.isdigit() %}x{% endif %}" + END,
    "filter:int": FOR + "{% if message.content | int == 2 %}x{% endif %}" + END,
    # names of the template itself as values
    "variable:sesame": "{% macro sesame() %}x{% endmacro %}"
    + FOR
    + "{% if sesame.name in message.content %}x{% endif %}"
    + END,
    "variable:ns": "{% set ns = namespace(a=1) %}"
    + FOR
    + "{% if (ns | string)[12:] in message.content %}x{% endif %}"
    + END,
    "variable:range": "{{ range | string }}",
    "variable:loop": FOR + "{{ loop | string }}" + END,
    # conditions that are none to look at
    "key:computed": FOR + "{{ 'Lie.'[: message.content | length - 2] }}" + END,
    "key:computed ": "{{ 'Lie.'[: strftime_now('%d') | length] }}",
    "number:5000": FOR + "{{ 'Lie.' * (message.content | length // 5000) }}" + END,
    "number:5000 ": FOR + "{% for i in range(message.content | length // 5000) %}Lie." + END * 2,
    "number:5000  ": FOR + "{% for i in ['Lie.'][: message.content | length // 5000] %}{{ i }}" + END * 2,
    "number:2": FOR + "{% set a = message.content | length // 2 %}{% set b = a // 2 %}{% if b %}x{% endif %}" + END,
    "date": "{{ 'Lie.' * (strftime_now('%d') | int - 15) }}",
    "filter:int ": "{% if strftime_now('%d') | int %}x{% endif %}",
    "lookup": FOR + "{% for c in message.content %}{{ {'a': 'Lie.'}[c] }}" + END * 2,
    "loop:constant": "{% set ns = namespace(n=0) %}"
    + FOR
    + "{% set ns.n = message.content | length %}{% for i in range(2) %}{% for j in range(2) %}"
    + "{% set ns.n = ns.n - 1 %}{% endfor %}{% endfor %}{% if ns.n == 0 %}x{% endif %}"
    + END,
    "content:(pad_token) ": "{% if false %}{% set pad_token = '<think>' %}{% endif %}"
    + FOR
    + "{% if pad_token in message.content %}x{% endif %}"
    + END,
    "content:else": "{% for c in messages | map(attribute='name', default='else') %}"
    + "{% if c in messages[0].content %}x{% endif %}"
    + END,
    "number:500": FOR + "{% for c in message.content[500:] %}Lie.{% endfor %}" + END,
    "number:500 ": FOR + "{{ message.content[500:] | default('Lie.', true) }}" + END,
    "key:debug": "{{ messages | selectattr('debug') | list }}",
    "key:debug ": "{{ messages | map(attribute='debug') | list }}",
    # the way out of the sandbox, by other doors
    "attribute:__class__": "{{ messages | sort(attribute='__class__') }}",
    "attribute:__class__ ": "{{ messages | join(',', attribute='__class__') }}",
    "attribute:__class__  ": "{{ messages | join(',', '__class__') }}",
    "attribute:content.__class__": "{{ messages | unique(attribute='content.__class__') | list }}",
    "attribute:__init__": "{{ messages | sum('__init__') }}",
    "attribute:__dict__": "{% set ns = namespace(a=1) %}{% set ns.__dict__ %}x{% endset %}",
    "variable:other": "{% set other.x %}x{% endset %}",
    # work without an end
    "method:format": FOR + "{{ message.content % 1 }}" + END,
    "work": "{{ messages | tojson(separators=('x' * 100000000, 'y')) }}",
    "recursion:f": "{% macro f(x) %}{{ f(x[0]) }}{{ f(x[0]) }}{% endmacro %}{{ f('ab') }}",
    "recursion:f ": "{% macro f(x) %}{{ f(x | list) }}{{ f(x | list) }}{% endmacro %}{{ f('ab') }}",
    "recursion:f  ": "{% macro f(x) %}{{ f(x[1:]) }}{{ f(x[1:]) }}{% endmacro %}{{ f('ab') }}",
    "recursion:f   ": "{% macro f(x) %}{% for y in x %}{{ f(y) }}{{ f(y) }}{% endfor %}{% endmacro %}{{ f('ab') }}",
    "recursion:f    ": "{% macro f(x, y) %}{{ f(y.a, y) }}{{ f(y.a, y) }}{% endmacro %}{{ f(messages, tools) }}",
    "recursion:f     ": "{% macro f(x) %}{% set y = x %}{% if x.a %}{% set y = x.a %}{% endif %}{{ f(y) }}"
    "{% endmacro %}{{ f(messages) }}",
    "recursion:f      ": "{% macro f(x) %}{% set x = messages %}{{ f(x.a) }}{% endmacro %}{{ f(messages) }}",
    "recursion:g": "{% macro f(x) %}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(messages.a) }}{% endmacro %}"
    "{{ f(1) }}",
}


@pytest.mark.parametrize("name", ASKED)
def test_the_same_by_other_ways_has_a_name(name: str) -> None:
    found = {finding.name for finding in judge(ASKED[name])}
    assert name.strip() in {one.strip() for one in found}


PUBLIC = {
    "a key beside a list of keys": "{% macro f(d, known) %}{% for k in d if k not in known %}{{ k }}{% endfor %}"
    "{% endmacro %}{{ f(tools[0].function, ['name', 'type']) }}",
    "the last of some messages": "{% set users = messages | selectattr('role', 'equalto', 'user') | list %}"
    + FOR
    + "{% if message == users[-1] %}x{% endif %}"
    + END,
    "keys in their order": "{% macro f(a) %}{% for k, v in a | dictsort %}{{ k }}{{ f(v) }}{% endfor %}{% endmacro %}"
    "{% for t in tools %}{{ f(t.function.parameters) }}{{ f(t.type | upper) }}{% endfor %}",
    "a list that is no text": "{% macro f(a) %}{% if a is string %}{{ a }}{% elif a is mapping %}{{ f(a.items) }}"
    "{% else %}{% for b in a %}{{ f(b) }}{% endfor %}{% endif %}{% endmacro %}{{ f(messages[0].content) }}",
    "a table of limits": "{% set ns = namespace(most=none) %}{% for k, v in {0: 0, 512: 128} | dictsort %}"
    "{% if ns.most is none and thinking_budget <= k %}{% set ns.most = v %}{% endif %}{% endfor %}{{ ns.most }}",
    "a function that may be there": "{% if strftime_now is defined %}{{ 'Today: ' + strftime_now('%d %B %Y') }}"
    "{% endif %}",
    "a switch of the caller": "{% set reasoning_effort = reasoning_effort | default('medium') | lower %}"
    "{% if reasoning_effort == 'high' %}x{% endif %}",
    "thoughts that were split": FOR
    + "{% set parts = message.content.split('</think>') %}{% if parts | length > 1 and parts[0] | trim %}x{% endif %}"
    + END,
    "indentation": "{% macro i(n) %}{{ tools | tojson(indent=2) }}{% endmacro %}{{ i(1) }}",
    "counting turns": "{% set ns = namespace(i=0) %}"
    + FOR
    + "{% if message.role == 'user' %}{% set ns.i = ns.i + 1 %}{% endif %}{% if ns.i % 2 == 0 %}x{% endif %}"
    + END,
}


@pytest.mark.parametrize("name", PUBLIC)
def test_ways_of_public_templates_pass(name: str) -> None:
    assert judge(PUBLIC[name]) == []


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
