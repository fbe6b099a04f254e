"""Why an order may be refused: every reason there is, once. Metrics have a label for each, screens a sentence."""

from __future__ import annotations

from typing import Literal, get_args

# Why a team cannot be given a case (assignment.py), by whoever wants to give it.
Unable = Literal[
    "about_them", "cap", "did_not_answer", "no_certified_pair", "no_equipment", "off_duty", "returned_before",
    "unknown_team",
]  # fmt: skip
Refusal = (
    Unable
    # what the order speaks of is not there, or not (any more) what the sender thinks
    | Literal[
        "closed", "known", "stale", "too_late", "unheard_of_version", "unknown_case", "unknown_city", "unknown_desk",
        "unknown_item", "unknown_officer", "unknown_parent", "unknown_precedent", "unknown_request", "unknown_squad",
        "unknown_territory", "unknown_unit", "unit_or_squad",
    ]
    # it is not this sender's to order
    | Literal[
        "about_you", "chief_decides", "not_asked_of_you", "not_your_assignment", "not_your_role", "not_yours_any_more",
        "other_level_first", "other_superior_prevails", "own_check", "own_ruling", "own_squad_only", "own_wish",
        "own_work",
    ]
    # the case does not allow it now, or never
    | Literal[
        "another_authority", "another_county", "answered_before", "approved_before", "asked_before", "cash",
        "classify_first", "extended_too_often", "fine_limit", "forbidden_now", "handed_over_too_often", "has_children",
        "highest_level", "home_cannot", "lowered_before", "lowest_level", "no_interim_owner", "no_parent_for_it",
        "no_power_for_result", "nobody_to_verify", "not_checked",
        "not_theirs_by_the_list", "nothing_asked", "nothing_proposed", "overdue", "ruling_is_final", "signed_before",
        "squad_has_no_power", "suspended_before", "under_review", "unit_has_no_power",
    ]
    # something is missing, or cannot be read
    | Literal[
        "callback_missing", "limit_unreadable", "no_record", "purpose_missing", "reason_missing", "reply_missing",
        "until_out_of_bounds",
    ]
)  # fmt: skip
Objection = Refusal | Literal[""]


def _all(of: object) -> set[str]:
    return {reason for part in get_args(of) for reason in ([part] if isinstance(part, str) else _all(part))}


REFUSALS: tuple[str, ...] = tuple(sorted(_all(Refusal)))
