"""Calls: what Schemathesis makes up of the document, with real ids in it, and changed into something hostile.

Everything is chosen by a seeded generator and never by an answer, so that a seed stands for one run.
"""

import json
import re
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests
from checks import Described
from company import PASSWORD, Company
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
# Stands in a text of its own for what Python cannot hold; `json_bytes` writes it without the quotes.
RAW = "raw number "
NUMBERS = ["1e400", "-1e400", "9007199254740993", "18446744073709551616", "-9223372036854775809", "-0", "-0.0", "1.0", "1E+2", "5e-324", "0.1", "-1", "0"]
# Empty and blank, control characters, right to left, combining, of no width, of four bytes, half a pair, almost dates,
# almost addresses, very long.
TEXTS = [
    "", " ", "\t\n", "\u00a0", "\u3000", "\0", "a\0b", "\x1b[31m", "\x7f", "\u202eevil", "\u2066a\u2069", "שלום עולם", "مرحبا", "e\u0301", "a" + "\u0301" * 90, "\u0301",
    "\u200b", "\u200d", "\ufeffa", "\u00ad", "\ufffe", "\uffff", "𝒳𝒴", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\U0010ffff", "\ud800", "a\udfff", "\udc00\ud800", "İı", "ß", "ﬀ", "ﷺ", "Ǆ",
    "null", "true", "[]", "{}", "'; --", "../..", "%00", "%", "#/", "a\\b", "\\u0000", "<script>", "${x}", "A#B", "a/b",
    "2026-02-30", "2024-02-29", "0000-01-01", "-0001-01-01", "9999-12-31", "10000-01-01", "2026-1-1", "2026-01-31T24:00:00Z", "2026-01-31T10:00:60Z",
    "9999-12-31T23:59:59.999Z", "-9999-01-01T00:00:00Z", "2026-01-31T10:00:00+23:59", "2026-01-31T10:00:00-14:00", "2026-01-31 10:00:00Z",
    "2026-01-31T10:00:00.123456789123Z", "２０２６-01-31", "٢٠٢٦-٠١-٣١", "before:2026-01-01", "after:9999-12-31", "before:", "today",
    "a@b", "a@b.c", "@", "a@" + "b" * 250, "a@xn--a.example", "ü@ü.example", "a@ß.example", "a b@c.example", '"a b"@c.example', "a@[127.0.0.1]", "a@b..c",
    "+12345678", "+1234567890123456", "00491701234567", "٠١٢٣٤٥٦٧٨٩", "+٤٩٣٠١٢٣٤٥٦", "tel:+4930123456", "+49 (30) 123-456/7",
    "me", "none", "ADMIN", "admin", "customers:read_all", "customers:read_", "DE", "de", "XX", "en-GB", "x-y-z", "en_GB",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "0190A7C8-5B7E-7CC1-A2F1-3F0E6C1D2B4A", "{0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a}",
    "0190a7c85b7e7cc1a2f13f0e6c1d2b4a", "urn:uuid:0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a",
    "x" * 201, "é" * 1000, "😀" * 3000, "y" * 66_000, "z" * 300_000,
]  # fmt: skip
HEADERS = {
    "If-Match": ['"1"', '"2"', "*", 'W/"1"', "1", '""', "", '"1", "2"', '"18446744073709551616"', '"-1"', '"' + "9" * 300 + '"', "é"],
    "If-None-Match": ["*", '"1"', "", "x" * 5000],
    "Idempotency-Key": ["one", "two", "", " ", "k" * 255, "k" * 256, "é", "a b", "#", '"quoted"'],
    "X-Request-Id": ["plain-and-short", "", " ", "x" * 500, "é", "a b", "{}", "\t"],
    "Accept": ["", "text/plain", "*/*;q=0", "application/xml"],
    "Accept-Encoding": ["gzip", "identity;q=0", "br, *"],
    "Origin": ["null", "https://evil.example", ""],
    "X-Forwarded-For": ["127.0.0.1", "not an address", "1.2.3.4, " * 50],
    "X-Large": ["y" * 4000],
}
MEDIA_TYPES = ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "", "json", "application/jsonp", "application/json, text/html"]
BODIES = [b"", b" ", b"null", b"{", b"}", b"[]", b'"text"', b"0", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a":1}{', b"{'a':1}", b'{"a":NaN}', b'{"a":01}', b'{"a":"\x01"}', b'{"":""}',
          b"[" * 5000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b'{"a":"' + b"b" * 270_000 + b'"}', b'{"a":"\xed\xa0\x80"}', b"{}\0", b"//", b"{} {}"]  # fmt: skip
TOKENS = ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "é"]
FREE = ("metadata", "notificationPrefs")
KINDS = {
    "customerId": "customers", "leadId": "leads", "projectId": "projects", "taskId": "tasks", "teamId": "teams", "ownerId": "users", "assigneeId": "users", "userId": "users",
    "managerId": "users", "memberIds": "users", "reassignTo": "users", "createdBy": "users", "referredById": "customers", "productId": "products", "orderId": "orders",
}  # fmt: skip
ADMINISTRATIVE = ["role", "status", "teamId", "password", "mustChangePassword"]
RANGES = [("createdFrom", "createdTo"), ("from", "to")]
NO_BODY = object()


@dataclass
class Call:
    """A request that can still be changed."""

    operation: Any
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any = NO_BODY
    token: str | None = None  # None: that of the caller
    hints: set[str] = field(default_factory=set)

    def prepared(self, api: str, token: str) -> requests.PreparedRequest:
        """As it is sent; what HTTP itself does not let through raises."""
        if any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) for value in self.headers.values()):
            raise requests.exceptions.InvalidHeader("HTTP has no control characters in headers")
        headers = {name: value.encode("utf-8") for name, value in self.headers.items()}
        if "authorization" not in {name.lower() for name in headers} and self.token != "":
            headers["Authorization"] = f"Bearer {self.token or token}".encode()
        body = None if self.body is NO_BODY else self.body if isinstance(self.body, bytes) else json_bytes(self.body)
        query = urlencode(self.query, errors="surrogatepass")
        request = requests.Request(self.method, api.removesuffix("/api/v1") + self.path + ("?" + query if query else ""), headers=headers, data=body)
        return request.prepare()


def json_bytes(value: Any) -> bytes:
    """JSON with the numbers that Python cannot hold."""
    return re.sub(rf'"{RAW}([^"]+)"', r"\1", json.dumps(value)).encode()


def drawn(operation: Any, count: int, number: int) -> list[Any]:
    """Cases that Schemathesis draws through Hypothesis."""
    cases: list[Any] = []

    @seed(number)
    @settings(max_examples=max(count, 1), database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.one_of([operation.as_strategy(generation_mode=mode) for mode in MODES]))
    def take(case: Any) -> None:
        cases.append(case)

    take()
    return cases


def boundaries(operation: Any) -> list[Any]:
    """The cases of Schemathesis's coverage phase: every limit of every field, from inside and outside."""
    config = operation.schema.config.generation_for(operation=operation, phase="coverage")
    found = operation.schema.iter_coverage_cases(
        operation, generation_modes=MODES, generation_config=config, extra_data_source=None, error_feedback=None, session=None
    )
    return [case for case in found if case.method.upper() == operation.method.upper()]


def call_of(case: Any) -> Call | None:
    """The call that a case stands for; None where HTTP cannot say it."""
    try:
        sent = case.as_transport_kwargs(base_url="http://crm")
        request = requests.Request(sent["method"], sent["url"], params=sent.get("params")).prepare()
    except (requests.RequestException, UnicodeError, ValueError):
        return None
    address = urlsplit(request.url)
    headers = {name: str(value) for name, value in sent["headers"].items() if name not in ("User-Agent", "Accept-Encoding", "Accept", "Connection", "X-Schemathesis-TestCaseId")}
    body = sent.get("json", sent.get("data", NO_BODY))
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    return Call(case.operation, case.method.upper(), address.path, parse_qsl(address.query, keep_blank_values=True), headers, body)


class Maker:
    """Makes the calls of one operation."""

    def __init__(self, company: Company, operation: Any, described: Described, seed_number: int, count: int) -> None:
        self.company, self.operation, self.described = company, operation, described
        self.random = Random(f"{seed_number} {described.name}")
        self.back = Random(f"{seed_number} {described.name} back")  # Of its own: how often it is asked depends on the answers.
        cases = boundaries(operation) + drawn(operation, count // 5 + 1, self.random.randrange(2**32))
        self.random.shuffle(cases)
        # Those that the document allows, and those that it forbids.
        self.cases = {mode: [call for call in (call_of(case) for case in cases if case.meta.generation.mode == mode) if call is not None] for mode in MODES}
        self.next = dict.fromkeys(MODES, 0)
        self.cursor = "x"
        parts = operation.path.split("/")
        self.kind = parts[4] if parts[3:4] == ["auth"] or parts[3:4] == ["admin"] else parts[3]

    def call(self) -> Call:
        """The next call."""
        mode = MODES[self.random.random() > 0.6]
        mode = mode if self.cases[mode] else MODES[0]
        base = self.cases[mode][self.next[mode] % len(self.cases[mode])]
        self.next[mode] += 1
        call = replace(base, query=list(base.query), headers=dict(base.headers), body=json.loads(json.dumps(base.body)) if is_json(base.body) else base.body, hints=set())
        if self.random.random() < 0.85:
            self.aim(call)
        for _ in range(self.random.choice([0, 0, 1, 1, 1, 2, 3])):
            self.random.choice(CHANGES)(self, call)
        return call

    def real(self, kind: str) -> str:
        """The id of a record, mostly of the kind that is asked for."""
        if self.random.random() < 0.05:
            kind = self.random.choice(sorted(self.company.ids))
        return self.random.choice(self.company.ids.get(kind) or ["0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a"])

    def aim(self, call: Call) -> None:
        """Puts in what lets the call reach a record: real ids, no stale version, no key that was used before."""
        if "{id}" in self.operation.path:
            call.path = self.operation.path.replace("{id}", self.real(self.kind))
        elif "{role}" in self.operation.path and self.random.random() < 0.7:
            call.path = self.operation.path.replace("{role}", self.random.choice(["ADMIN", "MANAGER", "SALES_REP"]))
        elif "{name}" in self.operation.path and self.random.random() < 0.7:
            call.path = self.operation.path.replace("{name}", self.random.choice(["tasks-due", "counters-check", "customer-engagement", "rfm-scoring"]))
        elif "{kind}" in self.operation.path and self.random.random() < 0.7:
            call.path = self.operation.path.replace("{kind}", self.random.choice(["LEAD_ASSIGNED", "WELCOME", "TASK_DUE"]))
        elif "{code}" in self.operation.path and self.random.random() < 0.7:
            call.path = self.operation.path.replace("{code}", self.random.choice(["BRONZE", "SILVER", "GOLD", "PLATINUM"]))
        elif "{token}" in self.operation.path and self.random.random() < 0.7:
            call.path = self.operation.path.replace("{token}", f"{self.random.choice(['EMAIL', 'SMS'])}.{self.real('customers')}.c2lnbmF0dXJl")
        for name in ("If-Match", "Idempotency-Key", "If-None-Match"):
            if self.random.random() < 0.85:
                call.headers.pop(name, None)
        call.query = [(name, self.reference(name, value)) for name, value in call.query]
        if isinstance(call.body, dict):
            self.aim_body(call.body)
            if self.random.random() < 0.4:
                call.body = {name: value for name, value in call.body.items() if name in self.described.required or self.random.random() < 0.3}

    def aim_body(self, body: dict[str, Any]) -> None:
        """Real ids, one parent, and contact data that nobody has yet."""
        for name in list(body):
            if name == "memberIds" and isinstance(body[name], list):
                body[name] = [self.reference(name, value) for value in body[name]]
            elif name in ("ownerId", "assigneeId") and self.random.random() < 0.5:
                body[name] = self.company.worker.id
            elif isinstance(body[name], str):
                body[name] = self.reference(name, body[name])
        for pair in (["leadId", "customerId"], ["email", "username"] if self.described.name == "login" else [""]):
            if all(name in body for name in pair) and self.random.random() < 0.8:
                del body[self.random.choice(pair)]
        # What only administrators may change about a user would have everything else refused.
        for name in ("taskId", "projectId", *(ADMINISTRATIVE if self.described.name == "update_user" else [])):
            if name in body and self.random.random() < 0.5:
                del body[name]
        number = self.random.randrange(10**9)
        for name, value in (("email", f"f{number}@fuzz.example"), ("username", f"f{number}"), ("phone", f"+49{number + 10**9}"), ("password", PASSWORD), ("currentPassword", PASSWORD), *self.sign_in()):
            if isinstance(body.get(name), str) and self.random.random() < 0.6:
                body[name] = value

    def sign_in(self) -> list[tuple[str, str]]:
        """What signs in, for the operations that do."""
        person = self.company.expendable
        found = {"login": [("email", person.email)], "refresh": [("refreshToken", person.refresh)], "logout": [("refreshToken", person.refresh)]}
        return found.get(self.described.name, [])

    def reference(self, name: str, value: Any) -> Any:
        """A real id in place of one that was made up."""
        return self.real(KINDS[name]) if name in KINDS and isinstance(value, str) and self.random.random() < 0.8 else value

    def odd(self, depth: int = 0) -> Any:
        """A value that somebody would not expect."""
        way = self.random.randrange(10)
        if way < 5:
            return self.random.choice(TEXTS[:-3] if depth else TEXTS)
        if way < 7:
            return RAW + self.random.choice(NUMBERS)
        if way < 8 or depth > 3:
            return self.random.choice([None, True, False, [], {}, [None], [[]], {"": None}])
        return self.tree(depth + 1)

    def tree(self, depth: int) -> Any:
        """Lists and objects with odd keys, the empty one first among them."""
        if self.random.random() < 0.3:
            return [self.odd(depth) for _ in range(self.random.randrange(4))]
        keys = ["", "", "a", " ", "\0", "é", "\ud800", "#", "a.b", "a/b", "~1", "__proto__", "task.assigned", "email", "x" * 300]
        return {self.random.choice(keys): self.odd(depth) for _ in range(self.random.randrange(4))}

    # The changes.

    def change_value(self, call: Call) -> None:
        """Something odd at some place of the body."""
        if not isinstance(call.body, (dict, list)):
            return
        place, key = call.body, None
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                return
            key = self.random.choice(keys)
            if not isinstance(place[key], (dict, list)) or self.random.random() < 0.5:
                break
            place = place[key]
        place[key] = self.odd()

    def change_fields(self, call: Call) -> None:
        """A field less, or some that nobody knows, or sixty of them."""
        if not isinstance(call.body, dict):
            return
        way = self.random.randrange(4)
        if way == 0 and call.body:
            del call.body[self.random.choice(list(call.body))]
        elif way == 1:
            call.body[self.random.choice(TEXTS[:-5])] = self.odd()
        elif way == 2:
            call.body.update({f"unknown{number}": number for number in range(60)})
        else:
            call.body[self.random.choice(["id", "version", "createdAt", "createdBy", "ownerId", "teamId", "success", "archived"])] = self.odd()

    def change_free(self, call: Call) -> None:
        """An odd tree where any data may stand."""
        if isinstance(call.body, dict):
            for name in FREE:
                if name in self.described.fields and self.random.random() < 0.9:
                    call.body[name] = {"task.assigned": {"email": True, "": self.odd()}} if self.random.random() < 0.2 else self.tree(1)

    def change_query(self, call: Call) -> None:
        """A parameter that is odd, unknown or there twice."""
        names = list(self.described.query)
        way = self.random.randrange(5)
        if way == 0 or not names:
            call.query.append((self.random.choice(["unknown", "", "Limit", "a[b]", "ünknown", "\0"]), self.random.choice(TEXTS[:-5])))
        elif way == 1 and call.query:
            call.query.append(self.random.choice(call.query))
        elif way == 2 and "cursor" in names:
            call.query.append(("cursor", self.cursor))
        else:
            call.query.append((self.random.choice(names), self.random.choice(TEXTS[:-5])))

    def change_range(self, call: Call) -> None:
        """Dates the wrong way round."""
        for begin, end in RANGES:
            if begin in self.described.query:
                early, late = self.random.choice([("2026-01-01", "2026-01-02"), ("2026-01-01T00:00:00Z", "2026-01-03"), ("0001-01-01", "9998-12-31")])
                call.query = [(name, value) for name, value in call.query if name not in (begin, end)] + [(begin, late), (end, early)]
                call.hints.add("reversed")
                return
        if isinstance(call.body, dict) and "startDate" in self.described.fields:
            call.body.update({"startDate": "2026-02-01", "endDate": "2026-01-01"})

    def change_header(self, call: Call) -> None:
        """An odd header."""
        name = self.random.choice(list(HEADERS))
        call.headers = {known: value for known, value in call.headers.items() if known.lower() != name.lower()}
        call.headers[name] = self.random.choice(HEADERS[name])

    def change_media_type(self, call: Call) -> None:
        """A body that does not say it is JSON."""
        if call.body is not NO_BODY and self.random.random() < 0.2:
            call.headers = {name: value for name, value in call.headers.items() if name.lower() != "content-type"}
            call.headers["Content-Type"] = self.random.choice(MEDIA_TYPES)

    def change_body(self, call: Call) -> None:
        """Something else than a JSON object."""
        if self.random.random() < 0.2:
            # Where no body belongs, a large one is refused by its size alone, which is not said for every operation.
            call.body = self.random.choice(BODIES if self.described.body else [body for body in BODIES if len(body) < 200_000])
            call.headers.setdefault("Content-Type", "application/json")

    def change_token(self, call: Call) -> None:
        """No token, or not a good one."""
        if self.random.random() < 0.3:
            call.token = self.random.choice(TOKENS)

    def change_path(self, call: Call) -> None:
        """Odd text where the id stands."""
        if "{" in self.operation.path and self.random.random() < 0.5:
            text = quote(self.random.choice(TEXTS[:-3]), safe="", errors="surrogatepass")
            if text not in ("", ".", ".."):
                call.path = re.sub(r"\{\w+\}", lambda _: text, self.operation.path)

    def change_method(self, call: Call) -> None:
        """A method that the path does not have."""
        if self.random.random() < 0.2:
            call.method = self.random.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "QUERY", "PROPFIND"])


CHANGES = [
    Maker.change_value, Maker.change_value, Maker.change_value, Maker.change_fields, Maker.change_free, Maker.change_free, Maker.change_query, Maker.change_query,
    Maker.change_range, Maker.change_header, Maker.change_header, Maker.change_media_type, Maker.change_body, Maker.change_token, Maker.change_path, Maker.change_method,
]  # fmt: skip


def is_json(body: Any) -> bool:
    """Whether the body is a value and not bytes."""
    return body is not NO_BODY and not isinstance(body, bytes)
