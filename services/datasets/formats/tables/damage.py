"""What makes a table unreadable as a whole, whatever kind of table it is."""

from libs.common.errors import BadInput

MOST_COLUMNS = 10_000


class TableIsDamaged(BadInput):
    code, title = "table_damaged", "The table cannot be read"


class TableIsBomb(BadInput):
    code, title = "table_bomb", "The table unpacks to more than is allowed"
