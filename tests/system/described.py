# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what the broker answers what docs/api.yaml says? Every answer that a system test gets is held
against it (oriel.py): the call, its query, its status, its media type and, for JSON, every value. A
key that is not described is wrong, too."""

import functools
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

API = pathlib.Path(__file__).resolve().parents[2] / "docs" / "api.yaml"
# The description says these once, for all calls; and tests break what answers with 5xx on purpose.
ANYWHERE = ("400", "413", "429")
# Words of OpenAPI that JSON Schema does not have, or means otherwise.
FOREIGN = ("description", "example", "format", "nullable", "default")


@functools.cache
def description():
    return yaml.safe_load(API.read_text())


def follow(node):
    """What a $ref stands for."""
    while isinstance(node, dict) and "$ref" in node:
        path = node["$ref"].removeprefix("#/").split("/")
        node = functools.reduce(lambda at, word: at[word], path, description())
    return node


def merged(parts):
    """One object of an allOf's."""
    whole = {"type": "object", "properties": {}, "required": []}
    for part in map(follow, parts):
        part = merged(part["allOf"]) if "allOf" in part else part
        whole["properties"].update(part.get("properties", {}))
        whole["required"] += part.get("required", [])
    return whole


def strict(node):
    """An OpenAPI 3.0 schema as JSON Schema, without references, null where it is allowed."""
    node = follow(node)
    if "allOf" in node:
        node = merged(node["allOf"])
    out = {key: value for key, value in node.items() if key not in FOREIGN}
    if node.get("nullable"):
        out["type"] = [node["type"], "null"]
    if node.get("nullable") and "enum" in node:
        out["enum"] = [*node["enum"], None]
    if "items" in node:
        out["items"] = strict(node["items"])
    if "properties" in node:
        out["properties"] = {key: strict(value) for key, value in node["properties"].items()}
        out.setdefault("additionalProperties", False)
    return out


@functools.cache
def patterns():
    return [
        (re.compile("".join("[^/]+" if part[:1] == "{" else re.escape(part) for part in re.split(r"(\{[^}]*\})", path))), path)
        for path in description()["paths"]
    ]


def find(method, path):
    """(its path in the description, the call and its path's parameters), or None. The first that fits
    is the one, as in the broker."""
    for pattern, described in patterns():
        item = description()["paths"][described]
        if pattern.fullmatch(path) and method.lower() in item:
            call = item[method.lower()]
            return described, call, [follow(one) for one in item.get("parameters", []) + call.get("parameters", [])]
    return None


@functools.cache
def validator(path, method, status, media):
    schema = strict(follow(description()["paths"][path][method]["responses"][status])["content"][media]["schema"])
    return jsonschema.Draft7Validator(schema)


def check(method, url, answer):
    """Raises AssertionError with what is not as it is described."""
    parts = urllib.parse.urlsplit(url)
    found = find(method, parts.path)
    where = f"{method} {parts.path}: {answer.status}"
    if found is None:
        assert not parts.path.startswith(("/api/", "/api2/")) or answer.status >= 400, f"{where}: docs/api.yaml has no such call"
        return
    path, call, parameters = found
    status = str(answer.status)
    if answer.status < 300:
        known = {one["name"] for one in parameters if one["in"] == "query"}
        asked = set(urllib.parse.parse_qs(parts.query, keep_blank_values=True))
        assert asked <= known, f"{where}: {asked - known} in the query is not described"
    if status not in call["responses"]:
        assert status in ANYWHERE or answer.status >= 500, f"{where}: {path} does not describe this status"
        return
    content = follow(call["responses"][status]).get("content")
    if content is None:
        assert not answer.body, f"{where}: a body that is not described"
        return
    media = (answer.headers["Content-Type"] or "").split(";")[0]
    assert media in content, f"{where}: {media} is not described"
    if media == "application/json":
        for error in validator(path, method.lower(), status, media).iter_errors(json.loads(answer.body)):
            raise AssertionError(f"{where}: {'/'.join(map(str, error.path))}: {error.message}")
