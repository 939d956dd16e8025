"""Queries whose SQL is worked out once and then asked again and again.

The ORM takes several times longer to build and compile a query than the database to answer it. A prepared query is written
with the ORM (so names are checked and joins are its own), compiled on first use in each thread, and asked with other values
from then on. Values are sets, whatever their size one parameter: `stem_id__in_set=Slot("stems")`.
"""

import json
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, ForeignObject, Lookup, QuerySet


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a set of values that is named when the query is asked."""

    name: str


class InSet(Lookup):  # type: ignore[type-arg]  # generic only in stubs
    """`column__in_set=values`: membership as one parameter, so the SQL does not depend on how many values there are."""

    lookup_name = "in_set"
    prepare_rhs = False

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # noqa: ARG002 - its signature
        """Return the place of the parameter and the parameter as it is."""
        return "%s", [self.rhs]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return the condition for SQLite, where a set is a JSON array."""
        column, params = self.process_lhs(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, self.rhs]  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return the condition for PostgreSQL, where a set is an array."""
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, self.rhs]


Field.register_lookup(InSet)
ForeignObject.register_lookup(InSet)  # foreign keys look no further than this class


class PreparedQuery:
    """A query of `values_list` with slots."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        """Take what builds the query; nothing is built before the first use."""
        self.build = build
        self.compiled = threading.local()

    def ask(self, **values: Collection[Any]) -> Iterator[tuple[Any, ...]]:
        """Return the rows for these values, converted as the ORM converts them."""
        connection = connections[DEFAULT_DB_ALIAS]
        compiler, sql, params = self._compile(connection)
        given = [
            _adapt(values[param.name], vendor=connection.vendor)
            if isinstance(param, Slot)
            else param
            for param in params
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            rows = cursor.fetchall()
        found: Iterator[tuple[Any, ...]] = compiler.results_iter(
            results=[rows], tuple_expected=True
        )
        return found

    def _compile(self, connection: Any) -> tuple[Any, str, tuple[Any, ...]]:
        """Return the compiler, the SQL and its parameters, worked out once for a thread's connection."""
        if getattr(self.compiled, "connection", None) is not connection:
            compiler = self.build().query.get_compiler(connection=connection)
            self.compiled.query = (compiler, *compiler.as_sql())
            self.compiled.connection = connection
        query: tuple[Any, str, tuple[Any, ...]] = self.compiled.query
        return query


def _adapt(values: Collection[Any], *, vendor: str) -> Any:
    return json.dumps(list(values)) if vendor == "sqlite" else list(values)
