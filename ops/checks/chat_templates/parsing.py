"""A chat template as transformers sets Jinja up for it: sandboxed, with loop controls and `{% generation %}`.

Source: transformers/utils/chat_template_utils.py of transformers 5.24 (`_cached_compile_jinja_template`), which vLLM
0.27.1 renders with. A template is parsed alone: compiling one would already evaluate its constants, such as
`'x' * 10**9`.
"""

from __future__ import annotations

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_CHARACTERS = 262_144
"""The largest public templates have some 20,000."""


class TemplateTextError(Exception):
    """Why a text is no template that can be judged; `str()` is a phrase that follows its name."""


class _Generation(Extension):
    """`{% generation %}`: what the assistant says, marked for training; its body is rendered as it is."""

    tags = {"generation"}  # noqa: RUF012 (jinja2's own way of naming tags)

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Read up to `{% endgeneration %}`."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


_ENVIRONMENT = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols], cache_size=0
)


def parse_template(text: str) -> nodes.Template:
    """Return the template's tree; raise TemplateTextError. Nothing of it is evaluated."""
    if len(text) > MAX_CHARACTERS:
        raise TemplateTextError(f"has {len(text)} characters, at most {MAX_CHARACTERS} are read")
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateError as error:
        where = getattr(error, "lineno", 0)
        raise TemplateTextError(f"is no template that can be parsed: {error.message} (line {where})") from None
    except (RecursionError, MemoryError):
        raise TemplateTextError("is nested too deeply to be parsed") from None
    except (ValueError, OverflowError) as error:
        raise TemplateTextError(f"is no template that can be parsed: {error}") from None
