"""Run by the Python that has vLLM: what its own protocols read in bodies, and which fields they have.

Takes lines of `{"path": ..., "body": base64}`; writes a line for each: `{"model", "given", "extra"}` or `{"refused"}`.
With `fields` as its argument it writes the fields of each path instead, with `scoring` the paths that a server has
where it scores, all or none of them. Needs no engine and no model.
"""

from __future__ import annotations

import base64
import json
import sys
import typing
from typing import Any

from pydantic import BaseModel, TypeAdapter
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.completion.protocol import CompletionRequest
from vllm.entrypoints.openai.responses.protocol import ResponsesRequest
from vllm.entrypoints.pooling.classify.protocol import ClassificationRequest
from vllm.entrypoints.pooling.embed.protocol import EmbeddingRequest
from vllm.entrypoints.pooling.pooling.protocol import PoolingRequest
from vllm.entrypoints.pooling.scoring.api_router import router as scoring
from vllm.entrypoints.pooling.scoring.protocol import RerankRequest, ScoreRequest

KINDS: dict[str, Any] = {
    "/v1/chat/completions": ChatCompletionRequest,
    "/v1/completions": CompletionRequest,
    "/v1/responses": ResponsesRequest,
    "/v1/embeddings": EmbeddingRequest,
    "/pooling": PoolingRequest,
    "/classify": ClassificationRequest,
    **dict.fromkeys(("/score", "/v1/score"), ScoreRequest),
    **dict.fromkeys(("/rerank", "/v1/rerank", "/v2/rerank"), RerankRequest),
}


def models(kind: Any) -> list[type[BaseModel]]:
    """The models that a path's type is one of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [found for part in typing.get_args(kind) for found in models(part)]


def fields(path: str) -> list[str]:
    """Names under which a body may give a field."""
    return sorted({field.alias or name for one in models(KINDS[path]) for name, field in one.model_fields.items()})


def read(adapter: TypeAdapter[Any], raw: bytes) -> dict[str, Any]:
    """What the server reads: `json.loads` of the bytes, as Starlette has it, and then the protocol."""
    try:
        found = adapter.validate_python(json.loads(raw))
    except Exception as error:  # noqa: BLE001 - whatever it is, the server refuses with it
        return {"refused": f"{type(error).__name__}: {error}"[:300]}
    return {
        "model": found.model,
        "given": sorted(found.model_fields_set - set(found.model_extra or {})),
        "extra": sorted(found.model_extra or {}),
    }


def main() -> None:
    """Answer each line."""
    if sys.argv[1:] == ["fields"]:
        print(json.dumps({path: fields(path) for path in KINDS}))
        return
    if sys.argv[1:] == ["scoring"]:
        print(json.dumps({"paths": sorted(route.path for route in scoring.routes)}))
        return
    adapters = {path: TypeAdapter(kind) for path, kind in KINDS.items()}
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(read(adapters[asked["path"]], base64.b64decode(asked["body"]))))


if __name__ == "__main__":
    main()
