"""mad_migrate's answers, from plan_oracle over a pipe."""
import subprocess

from cases import Answer, Step


class Oracle:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1 << 16)

    def load(self, specs):
        """Takes another graph."""
        self._write("")
        for spec in specs:
            self._write("revision", spec.id, ",".join(spec.down), ",".join(spec.deps),
                        ",".join(spec.labels))
        return self._answer(self._ask("graph"), lambda _: Answer("ok", None, None, ""))

    def ask(self, question):
        rows = ",".join(question.rows)
        if question.kind in ("labels", "parents"):
            fields = self._ask(question.kind, question.target)
        else:
            fields = self._ask(question.kind, rows, question.target)
        if question.kind in ("tips", "labels", "parents"):
            return self._answer(fields, lambda names: Answer("ok", sorted(names), None, ""))
        if question.kind == "history":
            return self._answer(fields, lambda names: Answer("ok", names, None, ""))
        return self._answer(fields, lambda steps: planned(question, map(step_of, steps)))

    def _write(self, *fields):
        self.process.stdin.write("\t".join(fields) + "\n")

    def _ask(self, *fields):
        try:
            self._write(*fields)
            self.process.stdin.flush()
        except BrokenPipeError:
            return [""]
        return self.process.stdout.readline().rstrip("\n").split("\t")

    @staticmethod
    def _answer(fields, when_ok):
        kind, *rest = fields
        if kind == "ok":
            return when_ok(rest)
        is_foreseen = kind == "error" and rest[0].startswith("MM")
        text = " ".join(fields) or "plan_oracle has ended"
        return Answer("error" if is_foreseen else "broken", None, None, text)


def step_of(text):
    revision, deletes, inserts = text.split(":")
    return Step(revision, *([row for row in rows.split(",") if row] for rows in (deletes, inserts)))


def planned(question, steps):
    rows, rows_after, names = set(question.rows), [], []
    for step in steps:
        misfits = set(step.deletes) - rows or set(step.inserts) & (rows - set(step.deletes))
        if misfits:
            return Answer("broken", None, None, f"{step} does not fit the rows {sorted(rows)}")
        rows = rows - set(step.deletes) | set(step.inserts)
        rows_after.append(rows)
        names.append(step.revision)
    return Answer("ok", names, rows_after, "")
