"""What can go wrong in the evaluator room."""

from libs.common.errors import BadInput, Conflict, NotFound


class EvaluationNotFound(NotFound):
    code, title = "evaluation_not_found", "There is no such evaluation"


class SubsetIsEmpty(BadInput):
    code, title = "subset_empty", "There is nothing to evaluate in this subset"


class EvaluationIsTheSame(BadInput):
    code, title = "evaluation_same", "An evaluation cannot be compared with itself"


class TasksDiffer(BadInput):
    code, title = "tasks_differ", "Only evaluations of one task can be compared"


class EvaluationIsNotCompleted(Conflict):
    code, title = "evaluation_not_completed", "The evaluation has no results yet"
