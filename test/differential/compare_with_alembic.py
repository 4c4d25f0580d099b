#!/usr/bin/python3
"""Compares mad_migrate's planner with the real Alembic on random revision graphs.

usage: compare_with_alembic.py PLAN_ORACLE [CASES] [SEED]

Both are asked the same questions: Alembic's ScriptDirectory, RevisionMap and HeadMaintainer in
memory, without a database, and plan_oracle over a pipe. Steps, their order and the rows after each
step must be the same, and an error must be answered with an error. Every difference is either one
of the deliberate DEVIATIONS below, which docs/deviations.md explains, or a failure.
"""
import collections
import random
import subprocess
import sys
import tempfile
import types
import warnings

from alembic import util
from alembic.runtime.migration import HeadMaintainer
from alembic.script import ScriptDirectory
from alembic.script.revision import Revision, RevisionError, RevisionMap

DEFAULT_CASES = 12000
QUESTIONS_PER_GRAPH = 12
FORBIDDEN = "@-+:,"
RESERVED = ("head", "heads", "base", "current")

Spec = collections.namedtuple("Spec", "id down deps labels")
Question = collections.namedtuple("Question", "kind rows target")
Answer = collections.namedtuple("Answer", "kind steps rows text")  # kind: ok, error, traceback
Step = collections.namedtuple("Step", "revision deletes inserts")


# -- random graphs and questions ----------------------------------------------------------------


class Graph:
    def __init__(self, specs):
        self.specs = specs
        self.ids = [spec.id for spec in specs]
        self.labels = [label for spec in specs for label in spec.labels]
        self.names = self.ids + self.labels
        by_name = {name: spec for spec in specs for name in (spec.id, *spec.labels)}
        self.down = {s.id: list(s.down) for s in specs}
        self.deps = {s.id: [by_name[d].id for d in s.deps if d in by_name] for s in specs}
        self.parents = {i: list(dict.fromkeys(self.down[i] + self.deps[i])) for i in self.ids}
        self.declares = {label: spec.id for spec in specs for label in spec.labels}

    @staticmethod
    def _closure(edges, start):
        seen, todo = set(), list(start)
        while todo:
            item = todo.pop()
            if item not in seen:
                seen.add(item)
                todo.extend(edges[item])
        return seen

    def ancestors(self, ids):
        return self._closure(self.parents, ids)

    def strict_ancestors(self, ids):
        return self._closure(self.parents, [p for i in ids for p in self.parents[i]])

    def maximal(self, ids):
        return set(ids) - self.strict_ancestors(ids)

    def has_redundant_parent(self):
        """Some parent of a revision is an ancestor of another of its parents."""
        return any(self.strict_ancestors(p) & set(p) for p in self.parents.values())


def random_names(rng, count):
    """Ids of all lengths, many with common beginnings."""
    alphabet = rng.choice(["ab", "abcdef0123456789"])
    names = []
    while len(names) < count:
        name = "".join(rng.choice(alphabet) for _ in range(rng.choice([1, 2, 3, 4, 5, 6, 12])))
        if rng.random() < 0.03:
            name += ".1"
        if name not in names and name not in RESERVED:
            names.append(name)
    return names


def random_specs(rng):
    size = rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 24])
    names = random_names(rng, size * 2)
    ids, spare = names[:size], names[size:]
    p_base, p_merge, p_dep = rng.choice(
        [(0.05, 0.1, 0.0), (0.2, 0.3, 0.2), (0.4, 0.2, 0.5), (0.1, 0.5, 0.1), (0.0, 0.0, 0.0)]
    )
    near = rng.choice([2, 4, 100])  # how far back parents are looked for
    specs, label_of = [], {}
    for place, revision in enumerate(ids):
        older = ids[max(0, place - near):place]
        down, deps, labels = [], [], []
        if older and rng.random() >= p_base:
            count = rng.choice([2, 2, 2, 3]) if rng.random() < p_merge else 1
            down = rng.sample(older, min(count, len(older)))
        if place and rng.random() < p_dep:
            for dep in rng.sample(ids[:place], min(rng.choice([1, 1, 2, 3]), place)):
                deps.append(label_of.get(dep, dep) if rng.random() < 0.3 else dep)
        if rng.random() < 0.2:
            labels = [spare.pop() for _ in range(rng.choice([1, 1, 2]))]
            label_of[revision] = labels[0]
        specs.append(Spec(revision, down, deps, labels))
    if rng.random() < 0.5:
        rng.shuffle(specs)
    return specs


def spoil(rng, specs):
    """Makes the set of revisions one that must be refused."""
    place = rng.randrange(len(specs))
    spec = specs[place]
    other = rng.choice(specs)
    below = Graph(specs).ancestors([spec.id])
    specs[place] = rng.choice(
        [
            spec._replace(down=spec.down + ["missing"]),
            spec._replace(deps=spec.deps + ["missing"]),
            spec._replace(down=spec.down + [spec.id]),
            spec._replace(deps=spec.deps + [spec.id]),
            spec._replace(labels=spec.labels + [other.id]),
            spec._replace(id=spec.id + rng.choice("@-+")),
        ]
    )
    if rng.random() < 0.4 and len(below) > 1:  # close a cycle instead
        specs[place] = spec
        lowest = rng.choice(sorted(below - {spec.id}))
        at = next(i for i, s in enumerate(specs) if s.id == lowest)
        kind = rng.choice(["down", "deps"])
        specs[at] = specs[at]._replace(**{kind: getattr(specs[at], kind) + [spec.id]})
    return specs


def random_rows(rng, graph):
    if not graph.ids or rng.random() < 0.15:
        return ["unknown"] if rng.random() < 0.02 else []
    chosen = rng.sample(graph.ids, rng.randint(1, min(3, len(graph.ids))))
    if rng.random() < 0.3:
        chosen = graph.ids
    if rng.random() >= 0.03:
        chosen = graph.maximal(chosen)
    if rng.random() < 0.01:
        chosen = set(chosen) | {"unknown"}
    return sorted(chosen)


def random_symbol(rng, graph):
    if not graph.names:
        return rng.choice(["head", "heads", "base", "x"])
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(graph.names)
    if kind < 0.65:
        name = rng.choice(graph.names)
        return name[: rng.randint(1, len(name))]
    return rng.choice(["head", "head", "heads", "heads", "base", "base", "nowhere", "current"])


def random_branch(rng, graph):
    if graph.labels and rng.random() < 0.7:
        return rng.choice(graph.labels)
    if graph.names and rng.random() < 0.9:
        name = rng.choice(graph.names)
        return name if rng.random() < 0.8 else name[: rng.randint(1, len(name))]
    return rng.choice(["nowhere", ""])


def random_item(rng, graph):
    symbol, branch = random_symbol(rng, graph), random_branch(rng, graph)
    number = rng.choice([0, 1, 1, 1, 2, 2, 3, 4, 99])
    sign = rng.choice("+-")
    return rng.choice(
        [
            symbol,
            symbol,
            f"{branch}@{symbol}",
            f"{branch}@{symbol}",
            f"{sign}{number}",
            f"{branch}@{sign}{number}",
            f"{symbol}{sign}{number}",
            f"{branch}@{symbol}{sign}{number}",
        ]
    )


def random_target(rng, graph, kind):
    if rng.random() < 0.01:
        return rng.choice(
            ["", "@", "a@", "a@b@c", "+", "-", "a+", "+1junk", "head+1junk", "a:b", "+-1", " head"]
        )
    if kind != "downgrade" and rng.random() < (0.25 if kind == "stamp" else 0.1):
        return ",".join(random_item(rng, graph) for _ in range(rng.choice([2, 2, 3])))
    return random_item(rng, graph)


def random_question(rng, graph):
    kind = rng.choice(["upgrade"] * 5 + ["downgrade"] * 5 + ["stamp"] * 4 + ["purge", "tips"]
                      + ["history"] * 2 + ["labels"])
    rows = random_rows(rng, graph)
    if kind == "tips":
        return Question(kind, rows, "")
    if kind == "labels":
        return Question(kind, [], rng.choice(graph.ids)) if graph.ids else None
    if kind == "history":
        sides = [rng.choice(["", random_item(rng, graph)]) for _ in range(2)]
        if rng.random() < 0.2:
            sides[rng.randrange(2)] = "current"
        return Question(kind, rows, ":".join(sides))
    return Question(kind, rows, random_target(rng, graph, kind))


# -- Alembic ------------------------------------------------------------------------------------


class NothingExecuted:
    """Takes the SQL that HeadMaintainer writes, whatever it is."""

    def __getattr__(self, _name):
        return self

    def __call__(self, *_args, **_kwargs):
        return self


class Alembic:
    def __init__(self, specs):
        body = types.SimpleNamespace(upgrade=lambda: None, downgrade=lambda: None)
        revisions = []
        for spec in specs:
            revision = Revision(spec.id, tuple(spec.down) or None, tuple(spec.deps) or None,
                                tuple(spec.labels) or None)
            revision.module, revision.doc = body, ""
            revisions.append(revision)
        self.directory = ScriptDirectory(tempfile.gettempdir())
        self.map = self.directory.revision_map = RevisionMap(lambda: revisions)
        self.map._revision_map  # loads and judges
        for revision in revisions:
            # Where Alembic iterates a set, let it find mad_migrate's order: the declared one.
            kept = set(revision._normalized_resolved_dependencies)
            revision._normalized_resolved_dependencies = tuple(
                dict.fromkeys(d for d in revision._resolved_dependencies if d in kept))

    def ask(self, question):
        try:
            return self._ask(question)
        except (util.CommandError, RevisionError) as error:
            return Answer("error", None, None, str(error))
        except Exception as error:  # what its user would see as a traceback
            return Answer("traceback", None, None, repr(error))

    def _ask(self, question):
        rows = tuple(question.rows)
        if question.kind == "tips":
            tips = self.directory.get_all_current(rows)
            return Answer("ok", sorted(tip.revision for tip in tips), None, "")
        if question.kind == "labels":
            labels = self.map.get_revision(question.target).branch_labels
            return Answer("ok", sorted(labels), None, "")
        if question.kind == "history":
            lower, upper = (rows if side == "current" else side
                            for side in question.target.split(":"))
            found = self.directory.walk_revisions(lower or "base", upper or "heads")
            return Answer("ok", [revision.revision for revision in found], None, "")
        steps = self._steps(question, rows)
        context = types.SimpleNamespace(impl=NothingExecuted(), as_sql=True,
                                        _version=NothingExecuted())
        maintainer = HeadMaintainer(context, () if question.kind == "purge" else rows)
        rows_after = []
        for step in steps:
            maintainer.update_to_step(step)
            rows_after.append(set(maintainer.heads))
        names = [step.revision.revision for step in steps] if question.kind in (
            "upgrade", "downgrade") else None
        return Answer("ok", names, rows_after, "")

    def _steps(self, question, rows):
        target = question.target
        if "," in target:
            target = tuple(target.split(","))
        if question.kind == "upgrade":
            return self.directory._upgrade_revs(target, rows)
        if question.kind == "downgrade":
            return self.directory._downgrade_revs(target, rows)
        return self.directory._stamp_revs(target, () if question.kind == "purge" else rows)


# -- mad_migrate --------------------------------------------------------------------------------


class Oracle:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1 << 16)

    def write(self, *fields):
        self.process.stdin.write("\t".join(fields) + "\n")

    def ask(self, *fields):
        self.write(*fields)
        self.process.stdin.flush()
        kind, *rest = self.process.stdout.readline().rstrip("\n").split("\t")
        if kind not in ("ok", "error"):
            raise SystemExit(f"plan_oracle broke off at {fields}")
        return kind, rest

    def load(self, specs):
        self.write("")
        for spec in specs:
            self.write("revision", spec.id, ",".join(spec.down), ",".join(spec.deps),
                       ",".join(spec.labels))
        return self.ask("graph")

    def question(self, question):
        if question.kind == "labels":
            kind, rest = self.ask("labels", question.target)
        else:
            kind, rest = self.ask(question.kind, ",".join(question.rows), question.target)
        if kind == "error":
            return Answer("error", None, None, " ".join(rest))
        if question.kind in ("tips", "labels"):
            return Answer("ok", sorted(rest), None, "")
        if question.kind == "history":
            return Answer("ok", rest, None, "")
        steps = [Step(name, [d for d in deletes.split(",") if d], [i for i in inserts.split(",") if i])
                 for name, deletes, inserts in (item.split(":") for item in rest)]
        rows, rows_after = set(question.rows), []
        for step in steps:
            rows = changed(rows, step)
            rows_after.append(set(rows))
        return Answer("ok", steps, rows_after, "")


def changed(rows, step):
    """The rows after a step; the changes must fit them."""
    rows = set(rows)
    for row in step.deletes:
        rows.remove(row)
    for row in step.inserts:
        assert row not in rows
        rows.add(row)
    return rows
