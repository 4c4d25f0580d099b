#!/usr/bin/python3
"""Compares mad_migrate's planner with the real Alembic on random revision graphs.

usage: compare_with_alembic.py PLAN_ORACLE [CASES] [SEED]

Both are asked the same questions: Alembic's ScriptDirectory, RevisionMap and HeadMaintainer in
memory, without a database, and plan_oracle over a pipe. Steps, their order and the rows after each
must be the same (a history may have another valid order); an error must be answered with an error.
Every difference is one of the deliberate deviations (deviations.py, docs/deviations.md) or a
failure. The same seed asks the same questions.
"""
import collections
import os
import pathlib
import random
import re
import sys

sys.dont_write_bytecode = True

from alembic_side import Alembic
from cases import Graph
from deviations import ABOUT_ANSWERS, ABOUT_GRAPHS, ABOUT_QUESTIONS, DEVIATIONS, REFUSED
from oracle_side import Oracle
from random_graphs import random_question, random_specs, spoil
from targets import Asked

DEFAULT_CASES = 10000
DEFAULT_SEED = 20250912
QUESTIONS_PER_GRAPH = 12
MOST_SHOWN = 10
EXPLAINED = pathlib.Path(__file__).parents[2] / "docs" / "deviations.md"


def agree(asked, theirs, ours):
    if theirs.kind != "ok" or ours.kind != "ok":
        return theirs.kind == ours.kind
    if asked.kind in ("stamp", "purge"):
        return rows_at_end(asked, theirs) == rows_at_end(asked, ours)
    if theirs.found == ours.found:
        return theirs.rows == ours.rows
    # Of a range that is not closed Alembic may show another order.
    same_set = asked.kind == "history" and sorted(theirs.found) == sorted(ours.found)
    return same_set and asked.graph.is_order(ours.found)


def rows_at_end(asked, answer):
    if answer.rows:
        return answer.rows[-1]
    return set() if asked.kind == "purge" else set(asked.rows)


def judge(alembic, graph, question, theirs, ours):
    """The deviations that explain the difference, none if there is no difference; else None."""
    asked = Asked(alembic, graph, question)
    if ours.kind == "broken":
        return None
    if agree(asked, theirs, ours):
        return []
    names = []
    if question.kind not in ("tips", "labels"):
        for name, change in ABOUT_QUESTIONS.items():
            changed = change(asked)
            if changed == REFUSED:
                return [*names, name] if ours.kind == "error" else None
            if (changed.question, changed.alembic) != (asked.question, asked.alembic):
                names.append(name)
            asked = changed
        theirs = asked.answer()
    if agree(asked, theirs, ours):
        return names
    explained = [name for name, holds in ABOUT_ANSWERS.items() if holds(asked, theirs, ours)]
    return names + explained[:1] if explained else None


class Comparison:
    def __init__(self, program):
        self.alembic, self.oracle = Alembic(), Oracle(program)
        self.passed = self.failed = 0
        self.explained = collections.Counter()
        self.answers = collections.Counter()

    def ask_about(self, rng, specs, most):
        theirs, ours = self.alembic.load(specs), self.oracle.load(specs)
        self.answers["graph", theirs.kind] += 1
        graph = Graph(specs)
        if theirs.kind != "ok" or ours.kind != "ok":
            is_same = theirs.kind == ours.kind == "error"
            typed = ["typed-errors"] * (theirs.kind == "traceback" and ours.kind == "error")
            names = [n for n, holds in ABOUT_GRAPHS.items() if holds(graph, theirs, ours)]
            self._count(names or typed or ([] if is_same else None), specs, "", theirs, ours)
            return
        self._count([], specs, "", theirs, ours)
        for _ in range(min(most, QUESTIONS_PER_GRAPH)):
            question = random_question(rng, graph)
            theirs, ours = self.alembic.ask(question), self.oracle.ask(question)
            self.answers[question.kind, theirs.kind] += 1
            names = judge(self.alembic, graph, question, theirs, ours)
            self._count(names, specs, question, theirs, ours)

    def _count(self, names, specs, question, theirs, ours):
        if names is not None:
            self.passed += 1
            self.explained.update(names)
            return
        self.failed += 1
        if self.failed <= MOST_SHOWN:
            print("FAILED")
            for spec in specs:
                print("   ", spec)
            print("   ", question, "\n    Alembic:", theirs, "\n    mad_migrate:", ours)

    def report(self):
        for (kind, answer), count in sorted(self.answers.items()):
            print(f"{kind}: {count} times Alembic answers {answer}")
        for name in DEVIATIONS:
            print(f"deviation {name}: {self.explained[name]} times")


def undocumented():
    """Deviations that only the test or only the documentation knows."""
    text = EXPLAINED.read_text(encoding="utf-8") if EXPLAINED.exists() else ""
    return sorted(set(re.findall(r"^### `([a-z-]+)`", text, re.MULTILINE)) ^ set(DEVIATIONS))


def main(program, cases=DEFAULT_CASES, seed=DEFAULT_SEED):
    cases, seed = int(cases), int(seed)
    print(f"{cases} cases, seed {seed}")
    rng, comparison = random.Random(seed), Comparison(program)
    while comparison.passed + comparison.failed < cases:
        specs = random_specs(rng)
        if specs and rng.random() < 0.1:
            specs = spoil(rng, specs)
        left = cases - comparison.passed - comparison.failed - 1
        comparison.ask_about(rng, specs, left)
    comparison.report()
    for name in undocumented():
        comparison.failed += 1
        print(f"FAILED\n    deviation {name} is not both in deviations.py and in {EXPLAINED.name}")
    print(f"{comparison.passed} passed, {comparison.failed} failed")
    return 0 if comparison.passed and not comparison.failed else 1


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Alembic iterates sets of texts: their order must be the same in every run.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    sys.exit(main(*sys.argv[1:]))
