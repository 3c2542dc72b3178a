"""A nonconformity is led from its report to its closure by what `transitions` of the record allow, and by nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from contract import AuthenticatedClient
from contract.api.actions import complete_action, create_action, get_action, start_action, verify_action
from contract.api.nonconformities import (
    analyse_nonconformity, close_nonconformity, confirm_nonconformity, contain_nonconformity, get_nonconformity,
    implement_nonconformity, plan_nonconformity, verify_nonconformity,
)
from contract.models import (
    ActionKind, ActionView, AnalyseNonconformity, AnalysisMethod, CloseNonconformity, CompleteAction, ConfirmNonconformity,
    ContainNonconformity, CreateAction, ImplementNonconformity, MoveAction, NonconformityGrade, NonconformityView,
    PlanNonconformityType0, PlanNonconformityType0Response, Problem, Transition, VerifyAction, VerifyNonconformity,
)
from contract.types import Response

from session import Session, given, taken

Step = Callable[[str, AuthenticatedClient], NonconformityView | ActionView]


@dataclass
class Team:
    """Those who share the work: who steers it, and who judges its effect."""

    manager: Session
    auditor: Session
    owner: UUID
    today: datetime.date

    def sessions(self) -> Iterable[Session]:
        return (self.manager, self.auditor)


def cased(answer: Response[NonconformityView | Problem]) -> NonconformityView:
    return taken(answer, NonconformityView)


def acted(answer: Response[ActionView | Problem]) -> ActionView:
    return taken(answer, ActionView)


def forward(team: Team) -> dict[str, Step]:
    """The verbs that lead forward. Others (`reject`, `void`, `mark-duplicate`) are possible, too, and not wanted."""
    actions = PlanNonconformityType0(PlanNonconformityType0Response.ACTIONS)
    return {
        "confirm": lambda id, api: cased(confirm_nonconformity.sync_detailed(
            id, client=api, body=ConfirmNonconformity(NonconformityGrade.MINOR, team.owner))),
        "contain": lambda id, api: cased(contain_nonconformity.sync_detailed(
            id, client=api, body=ContainNonconformity(consequences="None", correction="Failed over"))),
        "analyse": lambda id, api: cased(analyse_nonconformity.sync_detailed(
            id, client=api, body=AnalyseNonconformity(AnalysisMethod.FIVE_WHYS, ["A nightly export"], "None"))),
        "plan": lambda id, api: cased(plan_nonconformity.sync_detailed(id, client=api, body=actions)),
        "implement": lambda id, api: cased(implement_nonconformity.sync_detailed(
            id, client=api, body=ImplementNonconformity(team.today))),
        "verify": lambda id, api: cased(verify_nonconformity.sync_detailed(
            id, client=api, body=VerifyNonconformity(criterion="Below 100 ms", effective=True, evidence="42 ms since"))),
        "close": lambda id, api: cased(close_nonconformity.sync_detailed(
            id, client=api, body=CloseNonconformity(isms_change="None needed", lessons="Exports read replicas"))),
    }


DONE: dict[str, Step] = {
    "start": lambda id, api: acted(start_action.sync_detailed(id, client=api, body=MoveAction())),
    "complete": lambda id, api: acted(complete_action.sync_detailed(id, client=api, body=CompleteAction("Moved"))),
    "verify": lambda id, api: acted(verify_action.sync_detailed(id, client=api, body=VerifyAction("Seen in the log"))),
}


def case(id: str, api: AuthenticatedClient) -> NonconformityView:
    return cased(get_nonconformity.sync_detailed(id, client=api))


def action(id: str, api: AuthenticatedClient) -> ActionView:
    return acted(get_action.sync_detailed(id, client=api))


def treat(team: Team, id: str) -> list[str]:
    """Leads it until nobody of the team may do a step that leads forward; answers the steps that were done."""
    steps: list[str] = []
    for _ in range(20):
        if verb := take(team, id, case, forward(team), steps):
            steps.append(verb)
        elif missing(case(id, team.manager.api), "no_actions"):
            steps += act(team, case(id, team.manager.api).reference)
        else:
            return steps
    raise AssertionError(f"{id} did not come to its end: {steps}")


def act(team: Team, parent: str) -> list[str]:
    """Raises the corrective action that the case lacks, and leads that one to its end in the same way."""
    body = CreateAction(
        assignee_id=team.owner, due_on=team.today, kind=ActionKind.CORRECTIVE, parent=parent, title="Export from a replica")
    made = taken(create_action.sync_detailed(client=team.manager.api, body=body), ActionView)
    steps: list[str] = []
    while verb := take(team, str(made.id), action, DONE, steps):
        steps.append(verb)
    return [f"action {verb}" for verb in steps]


def take(
    team: Team, id: str, read: Callable[[str, AuthenticatedClient], NonconformityView | ActionView], wanted: dict[str, Step],
    used: list[str],
) -> str | None:
    """Does the first verb that somebody may use now, that leads forward and was not used (`contain` is allowed again)."""
    for session in team.sessions():
        for step in transitions(read(id, session.api)):
            if step.allowed and step.verb in wanted and step.verb not in used:
                assert not step.reasons and step.href.endswith(f"/{step.verb}"), step
                wanted[step.verb](id, session.api)
                return step.verb
    return None


def transitions(record: NonconformityView | ActionView) -> list[Transition]:
    return given(record.transitions)


def missing(record: NonconformityView, code: str) -> bool:
    return any(reason.code == code for step in transitions(record) for reason in step.reasons)
