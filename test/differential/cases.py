"""What both sides are asked about, and how they answer."""
import collections

Spec = collections.namedtuple("Spec", "id down deps labels")
Question = collections.namedtuple("Question", "kind rows target")
Step = collections.namedtuple("Step", "revision deletes inserts")

# kind: ok, error; of Alembic also warning, traceback; of mad_migrate broken, when it is.
# found: revisions, or labels; for a stamp nothing. rows: those after each step.
Answer = collections.namedtuple("Answer", "kind found rows text")


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
                todo.extend(edges.get(item, ()))
        return seen

    def ancestors(self, ids):
        return self._closure(self.parents, ids)

    def strict_ancestors(self, ids):
        return self._closure(self.parents, [p for i in ids for p in self.parents[i]])

    def maximal(self, ids):
        return set(ids) - self.strict_ancestors(ids)

    def line_below(self, revision):
        """It and its ancestors along down edges."""
        return self._closure(self.down, [revision])

    def own_parents(self, revision):
        """Without the dependencies that an ancestor along down edges declares already."""
        below = self.line_below(revision) - {revision}
        inherited = {dep for ancestor in below for dep in self.deps[ancestor]}
        kept = [dep for dep in self.deps[revision] if dep not in inherited]
        return set(self.down[revision] + kept)

    def has_redundant_parent(self):
        """Some parent of a revision is an ancestor of another of its parents."""
        return any(self.strict_ancestors(parents) & parents
                   for parents in map(self.own_parents, self.ids))

    def has_cycle(self):
        return any(i in self.strict_ancestors([i]) for i in self.ids)

    def lineages(self, ids):
        """All ancestors and descendants of these, along both kinds of edge."""
        below = self.ancestors(ids)
        return below | {i for i in self.ids if self.ancestors([i]) & set(ids)}

    def is_order(self, revisions):
        """None comes before one of its ancestors: newest first."""
        done = set()
        for revision in revisions:
            if self.strict_ancestors([revision]) & done:
                return False
            done.add(revision)
        return True
