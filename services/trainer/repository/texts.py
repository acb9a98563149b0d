"""What people search for, as they typed it."""

from sqlalchemy import ColumnElement, SQLColumnExpression, func, literal


def holds(column: SQLColumnExpression[str], part: str) -> ColumnElement[bool]:
    """In any case; no letter of it means anything else."""
    return func.strpos(func.lower(column), func.lower(literal(part))) > 0
