"""What the API definition says of one operation: parameters, answers, refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.negotiation import JSON, MVT, PROBLEM

Schema = dict[str, Any]

PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "required": ["title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
    },
}
_PROBLEM_EXAMPLE = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "limit='0' is not a whole number from 1 to 10,000",
    "code": "InvalidQuery",
    "instance": "/collections/roads/items",
}


def parameter(
    name: str, where: str, schema: Schema, example: object, description: str, *, is_required: bool = False
) -> Schema:
    """Return one parameter object.

    Parameters
    ----------
    name : str
    where : {"path", "query"}
    schema : dict
        JSON schema of the value.
    example : object
        A value that works.
    description : str
    is_required : bool
        Path parameters always are.

    Returns
    -------
    dict
    """
    return {
        "name": name,
        "in": where,
        "required": is_required or where == "path",
        "schema": schema,
        "example": example,
        "description": description,
    }


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}


@dataclass(frozen=True, slots=True)
class Operation:
    """What the API definition says of one ``GET``.

    Attributes
    ----------
    name : str
        Operation id.
    summary : str
    tag : str
        Heading it stands under.
    media_type : str
        Of the usual answer.
    parameters : tuple of dict
    example : object
        A shortened answer; None for bytes.
    """

    name: str
    summary: str
    tag: str
    media_type: str = JSON
    parameters: tuple[Schema, ...] = ()
    example: object = None

    def extra(self) -> Schema:
        """Return what FastAPI merges into the operation."""
        return {"parameters": list(self.parameters)} if self.parameters else {}

    def responses(self) -> dict[int | str, Schema]:
        """Return the answers of the operation: its own and the problem."""
        schema: Schema = {"type": "string"} if self.example is None else {"type": "object"}
        if self.media_type == MVT:
            schema = {"type": "string", "format": "binary"}
        content: Schema = {"schema": schema}
        if self.example is not None:
            content["example"] = self.example
        refused: Schema = {"schema": PROBLEM_SCHEMA, "example": _PROBLEM_EXAMPLE}
        return {
            200: {"description": self.summary, "content": {self.media_type: content}},
            "default": {"description": "What came, what was wanted.", "content": {PROBLEM: refused}},
        }
