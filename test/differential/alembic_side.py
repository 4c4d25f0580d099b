"""The real Alembic's answers, from its own classes, in memory and without a database."""
import tempfile
import types
import warnings

from alembic import util
from alembic.runtime.migration import HeadMaintainer
from alembic.script import ScriptDirectory
from alembic.script.revision import Revision, RevisionError, RevisionMap

from cases import Answer


class NothingExecuted:
    """Takes the SQL that HeadMaintainer writes, whatever it is."""

    def __getattr__(self, _name):
        return self

    def __call__(self, *_args, **_kwargs):
        return self


class Alembic:
    def __init__(self):
        self.directory = self.map = self.specs = None

    def load(self, specs):
        """Takes another graph."""
        with warnings.catch_warnings():
            # After a warning Alembic has another graph than the one it was given.
            warnings.simplefilter("error")
            return answered(lambda: self._load(specs))

    def _load(self, specs):
        self.specs = specs
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
        return Answer("ok", None, None, "")

    def ask(self, question):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return answered(lambda: self._ask(question))

    def _ask(self, question):
        rows = tuple(question.rows)
        if question.kind == "tips":
            tips = self.directory.get_all_current(rows)
            return found(sorted(tip.revision for tip in tips))
        if question.kind == "labels":
            return found(sorted(self.map.get_revision(question.target).branch_labels))
        if question.kind == "history":
            history = self.directory.walk_revisions(*self.range_of(question))
            return found([revision.revision for revision in history])
        if question.kind == "parents":
            return self._parents(question.target)
        names, steps = [], self._steps(question, rows)
        maintainer = self._maintainer(() if question.kind == "purge" else rows)
        rows_after = []
        for step in steps:
            if question.kind in ("upgrade", "downgrade"):
                names.append(step.revision.revision)
            maintainer.update_to_step(step)
            rows_after.append(set(maintainer.heads))
        return Answer("ok", names, rows_after, "")

    def _parents(self, target):
        """What `alembic revision --splice --head target` makes the new revision's parents."""
        parents = self.map.get_revisions(as_list(target))
        if len(set(parents)) != len(parents):
            raise util.CommandError("Duplicate head revisions specified")
        return found(sorted(parent.revision for parent in parents))

    def _steps(self, question, rows):
        target = as_list(question.target)
        if question.kind == "upgrade":
            return self.directory._upgrade_revs(target, rows)
        if question.kind == "downgrade":
            return self.directory._downgrade_revs(target, rows)
        return self.directory._stamp_revs(target, () if question.kind == "purge" else rows)

    def resolve(self, identifier):
        """The ids that an absolute identifier names; None where it names nothing."""
        answer = answered(lambda: found([r.revision for r in self.map.get_revisions(identifier)]))
        return answer.found

    @staticmethod
    def range_of(question):
        """Its two sides as `alembic history` passes them on."""
        lower, upper = (tuple(question.rows) if side == "current" else as_list(side)
                        for side in question.target.split(":"))
        return lower or "base", upper or "heads"

    def count_down(self, branch, steps):
        """Where `branch@-steps` leads from each head: an id, or None for base or beyond; None
        where the way forks."""
        heads = [h for h in self.map.get_revisions("heads")
                 if branch is None or branch in h.branch_labels]
        walk = answered(lambda: found([self.map._walk(head, -steps) for head in heads]))
        if walk.kind != "ok":
            return None
        return [r.revision if isinstance(r, Revision) else None for r in walk.found]

    def ends_of_range(self, lower, upper, branch):
        """What the upper side of a history's range names, as far as the lower's label goes; None
        where it names no revision."""
        ends = answered(lambda: found(self.map._parse_upgrade_target(lower, upper, False))).found
        if ends is None or not all(isinstance(end, Revision) for end in ends):
            return None
        if branch:
            revision = self.map.get_revision(branch)
            is_id = revision.revision == branch
            label = min(revision.branch_labels, default=None) if is_id else branch
            ends = [end for end in ends if label in end.branch_labels]
        return [end.revision for end in ends]

    def revisions_of(self, question):
        """What an upgrade or downgrade runs, whatever becomes of the rows; None for an error."""
        steps = answered(lambda: found(self._steps(question, tuple(question.rows)))).found
        return None if steps is None else [step.revision.revision for step in steps]

    def without_dots(self):
        return Undotted(self.specs)

    @staticmethod
    def _maintainer(rows):
        context = types.SimpleNamespace(impl=NothingExecuted(), as_sql=True,
                                        _version=NothingExecuted())
        return HeadMaintainer(context, rows)


class Undotted:
    """Alembic asked about the same graph with other ids: its relative targets know no dot."""

    def __init__(self, specs):
        self._alembic = Alembic()
        self._alembic.load(renamed(specs, ".", "_"))

    def __getattr__(self, name):
        method = getattr(self._alembic, name)
        return lambda *arguments: renamed(method(*renamed(arguments, ".", "_")), "_", ".")


def renamed(value, old, new):
    """The value with a character replaced in all its texts."""
    if isinstance(value, str):
        return value.replace(old, new)
    if hasattr(value, "_fields"):
        return type(value)(*(renamed(field, old, new) for field in value))
    if isinstance(value, (list, tuple, set)):
        return type(value)(renamed(item, old, new) for item in value)
    return value


def found(names):
    return Answer("ok", names, None, "")


def as_list(target):
    return tuple(target.split(",")) if "," in target else target


def answered(ask):
    """An error of Alembic's own is an answer; anything else its user would see as a traceback."""
    try:
        return ask()
    except (util.CommandError, RevisionError) as error:
        return Answer("error", None, None, str(error))
    except UserWarning as warning:
        return Answer("warning", None, None, str(warning))
    except Exception as error:  # pylint: disable=broad-except
        return Answer("traceback", None, None, repr(error))
