"""Targets taken apart, as mad_migrate's grammar has them."""
import collections
import re

Item = collections.namedtuple("Item", "branch symbol number")  # number: text such as "+1", or None

# Words that have a meaning of their own, and signs that take targets apart.
RESERVED = ("head", "heads", "base", "current")
SIGNS = "@-+:,"

_ITEM = re.compile(r"(?:([^@+\-\s:]*)@)?([^@+\-\s:]*)([+-]\d+)?")


def parse(text):
    """None for what is no target."""
    match = _ITEM.fullmatch(text)
    if not match or not (match[2] or match[3]):
        return None
    return Item(match[1], match[2], match[3])


def write(item):
    branch = "" if item.branch is None else item.branch + "@"
    return branch + item.symbol + (item.number or "")


class Asked:
    """A question to Alembic, with its targets taken apart."""

    def __init__(self, alembic, graph, question):
        self.alembic, self.graph, self.question = alembic, graph, question
        self.kind, self.rows = question.kind, question.rows
        self.is_list = self.kind != "history" and "," in question.target

    def answer(self):
        return self.alembic.ask(self.question)

    def texts(self):
        """Each with its side: "lower" and "upper" of a history's range, else ""."""
        if self.kind == "history":
            return list(zip(("lower", "upper"), self.question.target.split(":")))
        return [("", text) for text in self.question.target.split(",")]

    def items(self):
        """Each with its side; a range's sides that are left out or `current` are none."""
        return [(side, parse(text)) for side, text in self.texts() if self._is_item(text)]

    def _is_item(self, text):
        return self.kind != "history" or text not in ("", "current")

    def with_target(self, target):
        return Asked(self.alembic, self.graph, self.question._replace(target=target))

    def with_items(self, change):
        """The question with each item changed to another, or to text."""
        texts = []
        for side, text in self.texts():
            if self._is_item(text):
                item = change(side, parse(text))
                text = item if isinstance(item, str) else write(item)
            texts.append(text)
        return self.with_target((":" if self.kind == "history" else ",").join(texts))

    def resolve(self, item):
        """The ids that the absolute part names; None where it names nothing."""
        return self.alembic.resolve(write(item._replace(number=None)))

    def counts_from_heads(self, side, item):
        """Whether `[branch@]-N` is counted from the scripts' heads."""
        if item.symbol or int(item.number) >= 0:
            return False
        return self.kind in ("stamp", "purge", "parents") or self.is_list or side == "lower"

    def count_from_heads(self, item):
        return self.alembic.count_down(item.branch, -int(item.number))

    def named_by(self, side, item):
        if self.counts_from_heads(side, item):
            return self.count_from_heads(item)
        return [] if item.number else self.resolve(item) or []
