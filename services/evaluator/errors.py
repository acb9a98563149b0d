"""What can go wrong in the evaluator room."""

from libs.common.errors import BadInput, NotFound


class EvaluationNotFound(NotFound):
    code, title = "evaluation_not_found", "There is no such evaluation"


class SubsetIsEmpty(BadInput):
    code, title = "subset_empty", "There is nothing to evaluate in this subset"
