"""A session as a program of somebody else would have it: tokens that are renewed, refusals as errors."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, TypeVar

import httpx

from contract import AuthenticatedClient, Client
from contract.api.auth import log_in, refresh_session
from contract.models import LogIn, Problem, Refresh, TokenPair
from contract.types import UNSET, Response, Unset

T = TypeVar("T")


class Refusal(Exception):
    """A refusal, in the words of the contract."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.type_}: {problem.detail} {problem.to_dict()}")
        self.problem = problem


class Patience(httpx.HTTPTransport):
    """A busy database is waited for: nothing was done when 503 is answered."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(9):
            response = super().handle_request(request)
            if response.status_code != 503:
                return response
            response.close()
            time.sleep(float(response.headers.get("Retry-After", "1")))
        return super().handle_request(request)


def anonymous(address: str) -> Client:
    return Client(base_url=address, timeout=httpx.Timeout(60), httpx_args={"transport": Patience()})


class Session:
    """Somebody's session; `api` carries the access token of the moment."""

    def __init__(self, address: str, email: str, password: str) -> None:
        self.address = address
        self.tokens: TokenPair = taken(log_in.sync_detailed(client=anonymous(address), body=LogIn(email, password)), TokenPair)
        self.api = self._authenticated()

    def renew(self) -> str:
        """Trades the refresh token; answers the one that is used up."""
        used = self.tokens.refresh_token
        self.tokens = taken(refresh_session.sync_detailed(client=anonymous(self.address), body=Refresh(used)), TokenPair)
        self.api = self._authenticated()
        return used

    def _authenticated(self) -> AuthenticatedClient:
        return AuthenticatedClient(
            base_url=self.address, token=self.tokens.access_token, timeout=httpx.Timeout(60),
            httpx_args={"transport": Patience()},
        )


def taken(answer: Response[T | Problem] | Response[Problem | T], expected: type[T]) -> T:
    """What was answered, or the refusal raised."""
    if isinstance(answer.parsed, Problem):
        raise Refusal(answer.parsed)
    assert isinstance(answer.parsed, expected), f"{answer.status_code} {answer.content!r}"
    return answer.parsed


def refused(answer: Response[Any], status: int) -> Problem:
    """The refusal that was expected, with its status."""
    assert answer.status_code == HTTPStatus(status), f"{answer.status_code} instead of {status}: {answer.content!r}"
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers
    problem = answer.parsed
    assert isinstance(problem, Problem), f"{problem!r} is no problem"
    assert problem.status == status and problem.type_.startswith("/problems/"), problem
    return problem


def given(value: T | None | Unset) -> T:
    """What the contract leaves open and the server always sends."""
    assert value is not None and value is not UNSET and not isinstance(value, Unset), "a member is missing"
    return value
