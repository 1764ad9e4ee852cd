"""What every answer is held against: Schemathesis's checks, and what the API promises beyond its document.

Of the checks of Schemathesis these are left out, each for a reason:

- negative_data_rejection: it goes by how a case was made up. What was really sent counts here, after the changes, and with
  two promises that a schema cannot say: empty text, or one of blanks, is null where null may stand, and a change may send back what was read.
  `wrongly_accepted` does it instead.
- positive_data_acceptance: the API has rules beyond its schemas (a reference must exist, a password be hard to guess).
- unsupported_method, allow_header_conformance, ignored_auth: they send requests of their own after each answer; calls with
  another method and without a good token are among the calls already, and are looked at by `expected`.
- missing_required_header: no header is required.
- use_after_free, ensure_resource_availability, object_level_authorization: they need chains of calls; tests/model makes those.
"""

import json
import re
from typing import Any

import jsonschema_rs
import requests
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

METHODS = ("get", "put", "post", "delete", "patch")
MOST_BYTES = 5_000_000
MOST_ERRORS = 50
load_all_checks()
CONFORMANCE = [
    check
    for check in CHECKS.get_all()
    if getattr(check, "__name__", "")
    in ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance", "response_schema_conformance")
]
assert len(CONFORMANCE) == 5, CONFORMANCE


class Described:
    """An operation as the document describes it."""

    def __init__(self, document: dict[str, Any], path: str, method: str) -> None:
        operation = document["paths"][path][method]
        self.document, self.path, self.method, self.name = document, path, method.upper(), operation["operationId"]
        self.responses = operation["responses"]
        self.secured = {} not in operation["security"] and operation["security"] != []
        self.query = {found["name"]: found["schema"] for found in map(self.resolved, operation.get("parameters", [])) if found["in"] == "query"}
        body = operation.get("requestBody")
        self.body = self.resolved(body["content"]["application/json"]["schema"]) if body else None
        self.fields = self.body["properties"] if self.body else {}
        self.required = self.body.get("required", []) if self.body else []
        self.body_required = bool(body and body.get("required"))
        self.shown = self.shown_fields()
        self.validators = {name: self.validator(schema) for name, schema in self.query.items()}
        self.body_validator = self.validator(self.body) if self.body else None

    def resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        """What a reference refers to; itself where it is none."""
        while "$ref" in value:
            place: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                place = place[part]
            value = place
        return value

    def validator(self, schema: dict[str, Any]) -> Any:
        """Knows the named schemas and the formats."""
        whole = {**schema, "components": {"schemas": self.document["components"]["schemas"]}}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)

    def shown_fields(self) -> set[str]:
        """The fields of the record that the operation answers with."""
        found: set[str] = set()

        def collect(schema: dict[str, Any]) -> None:
            schema = self.resolved(schema)
            found.update(schema.get("properties", {}))
            for part in schema.get("allOf", []):
                collect(part)

        answer = self.responses.get("200", {}).get("content", {}).get("application/json")
        if answer:
            collect(self.resolved(answer["schema"]).get("properties", {}).get("data", {}))
        return found


class Document:
    """The document, by operation and by path."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.operations: dict[str, Described] = {}
        self.by_path: dict[str, dict[str, Described]] = {}
        for path, item in document["paths"].items():
            for method in METHODS:
                if method in item:
                    described = Described(document, path, method)
                    self.operations[described.name] = described
                    self.by_path.setdefault(path, {})[described.method] = described
        self.problem_codes = set(document["components"]["schemas"]["ProblemCode"]["enum"])

    def answering(self, asked: Described, method: str) -> Described | None:
        """The operation that answers a method on the path of another; PUT does what PATCH does."""
        there = self.by_path[asked.path]
        return there.get(method) or (there.get("PATCH") if method == "PUT" else None)


# HEAD is answered here.
WITH_HEAD = ("health", "docs_page", "openapi")


def complaints(document: Document, asked: Described, call: Any, cases: dict[str, Any], sent: requests.PreparedRequest, answer: requests.Response) -> list[str]:
    """Everything that is wrong with an answer."""
    found = []
    described = document.answering(asked, sent.method)
    head = sent.method == "HEAD"
    if head and described is None and asked.name in WITH_HEAD:
        described = asked
    if described is not None and not head:
        try:
            cases[described.name].validate_response(answer, checks=CONFORMANCE)
        except FailureGroup as group:
            found += [f"{failure.title}: {str(failure)[:1500]}" for failure in group.exceptions]
    if answer.status_code >= 500:
        found.append(f"{answer.status_code} is our own fault")
    if not answer.headers.get("x-request-id"):
        found.append("There is no X-Request-Id")
    if len(answer.content) > MOST_BYTES:
        found.append(f"{len(answer.content)} bytes are more than 5 MB")
    if answer.status_code >= 400 and not head:
        found += problem_complaints(document, described, answer)
    found += expected(described, call, sent, answer)
    if described is not None and answer.ok:
        reason = wrongly_accepted(described, call, sent, answer)
        if reason:
            found.append(f"Invalid input was accepted: {reason}")
    return found


def expected(described: Described | None, call: Any, sent: requests.PreparedRequest, answer: requests.Response) -> list[str]:
    """What the method and the token have to lead to."""
    if described is None:
        if answer.status_code != 405:
            return [f"{sent.method} is no method of this path, and the answer is {answer.status_code}"]
        if not answer.headers.get("allow"):
            return ["405 has no Allow"]
    elif described.secured and call.token is not None and answer.status_code != 401:
        return [f"There was no good token, and the answer is {answer.status_code}"]
    return []


def problem_complaints(document: Document, described: Described | None, answer: requests.Response) -> list[str]:
    """Whether a refusal is the problem that it has to be."""
    if answer.headers.get("content-type") != "application/problem+json":
        return [f"A refusal is {answer.headers.get('content-type')}"]
    try:
        problem = answer.json()
    except ValueError:
        return ["A refusal is not JSON"]
    found = []
    if problem.get("status") != answer.status_code or problem.get("success") is not False:
        found.append("The problem has another status or success")
    if problem.get("instance") != answer.headers.get("x-request-id"):
        found.append("The problem names another request id")
    code, errors = problem.get("code"), problem.get("errors")
    if code not in document.problem_codes:
        found.append(f"The code {code} is not documented")
    if described is not None:
        response = described.responses.get(str(answer.status_code))
        if response is not None and code not in described.resolved(response)["description"].split(", "):
            found.append(f"{code} is not documented for {answer.status_code} here")
    if not isinstance(errors, list) or len(errors) > MOST_ERRORS:
        return [*found, f"errors are not a list of at most {MOST_ERRORS}"]
    for error in errors:
        if not all(isinstance(error.get(name), str) for name in ("pointer", "rule", "message")) or not error["rule"] or not error["message"]:
            found.append("An error lacks pointer, rule or message")
        elif not re.fullmatch(r"|/.*|\?.*|Idempotency-Key|If-Match", error["pointer"], re.S):
            found.append("A pointer is neither one into the body nor a parameter nor a header")
    if answer.status_code == 422 and not errors:
        found.append("422 names no error")
    if not problem.get("detail") or problem["detail"] != problem["detail"].strip() or not problem.get("title"):
        found.append("The detail or the title is empty or begins or ends with a blank")
    return found


# Unicode's White_Space, which is not all that str.strip() takes.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def is_blank(value: Any) -> bool:
    """Whether it is a text in which nothing stands."""
    return isinstance(value, str) and not value.strip(BLANKS)


def wrongly_accepted(described: Described, call: Any, sent: requests.PreparedRequest, answer: requests.Response) -> str | None:
    """Why what was sent should have been refused."""
    if "reversed" in call.hints and all(sum(1 for name, _ in call.query if name == end) == 1 for end in call_ends(call)):
        return "a range that ends before it begins"
    seen = set()
    for name, text in call.query:
        if name not in described.query:
            return f"the unknown parameter {name!r}"
        if name in seen:
            return f"the parameter {name} twice"
        seen.add(name)
        if not parameter_fits(described, name, text):
            return f"{name}={text[:100]!r}"
    return None if described.body is None else wrong_body(described, sent, answer)


def call_ends(call: Any) -> list[str]:
    """The parameters that end a range and are given."""
    return [name for name in ("createdTo", "to") if any(name == given for given, _ in call.query)]


def parameter_fits(described: Described, name: str, text: str) -> bool:
    """Whether the text of a parameter is what its schema says."""
    schema = described.resolved(described.query[name])
    value: Any = text
    if schema.get("type") == "integer":
        value = int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
    elif schema.get("type") == "boolean":
        value = {"true": True, "false": False}.get(text, text)
    try:
        return described.validators[name].is_valid(value)
    except ValueError:  # Half a pair is no text.
        return False


def wrong_body(described: Described, sent: requests.PreparedRequest, answer: requests.Response) -> str | None:
    """What is wrong with a body."""
    raw = sent.body or b""
    if not raw.strip():
        return "no body" if described.body_required else None
    media_type = sent.headers.get("content-type", b"")
    media_type = media_type.decode("utf-8", "replace") if isinstance(media_type, bytes) else media_type
    if not re.match(r"application/([\w.-]+\+)?json\s*(;|$)", media_type.strip(), re.I):
        return f"the media type {media_type!r}"
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=refuse, parse_float=finite)
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        return f"what is no JSON, or no text or number in it: {error}"
    if not isinstance(body, dict):
        return "no object"
    body = {name: emptied(described, name, value) for name, value in body.items() if name in described.fields or name not in read_back(described)}
    if described.method in ("PATCH", "PUT"):
        # Null for what is null says what the record says, also where nothing sets it to null.
        shown = answer.json()["data"] if answer.status_code == 200 else {}
        required = described.body.get("required", ())
        body = {name: value for name, value in body.items() if value is not None or name in required or name not in shown or shown[name] is not None}
    try:
        errors = [f"{error.message[:200]} at {'/'.join(map(str, error.instance_path))}" for error in described.body_validator.iter_errors(body)]
    except ValueError as error:
        return f"a value that no schema takes: {error}"
    return errors[0] if errors else None


def read_back(described: Described) -> set[str]:
    """What a change may carry though it is read-only: it says what the record says."""
    return described.shown if described.method in ("PATCH", "PUT") else set()


def emptied(described: Described, name: str, value: Any) -> Any:
    """Empty text is null for what need not be there."""
    if is_blank(value) and name not in described.required:
        return None
    if isinstance(value, dict) and name in ("address", "recurrence"):
        return {key: None if is_blank(inner) else inner for key, inner in value.items()}
    return value


def refuse(text: str) -> Any:
    """NaN and the infinities are no JSON."""
    raise ValueError(text)


def finite(text: str) -> float:
    """A number that fits."""
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number
