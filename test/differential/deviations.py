"""The deliberate differences between Alembic and mad_migrate; docs/deviations.md has the reasons.

Most are about what is asked: they say which other question Alembic must be asked to give the
answer that mad_migrate gives to this one, or that the answer must be an error (REFUSED). The others
judge a pair of answers.
"""
from targets import RESERVED, SIGNS, Asked

REFUSED = "refused"


# -- What is asked. Each is given the question as those before it left it. ------------------------


def blanks(asked):
    if asked.kind not in ("upgrade", "stamp", "purge", "parents"):
        return asked
    return asked.with_target(",".join(text.strip(" ") for _, text in asked.texts()))


def whole_text(asked):
    return REFUSED if any(item is None for _, item in asked.items()) else asked


def no_label(asked):
    if any(item.branch == "" and item.symbol == "current" for _, item in asked.items()):
        return REFUSED
    return asked.with_items(lambda _, item: item._replace(branch=item.branch or None))


def known_labels(asked):
    branches = [item.branch for _, item in asked.items() if item.branch]
    is_unknown = any(asked.alembic.resolve(branch) is None for branch in branches)
    return REFUSED if is_unknown else asked


def dotted_ids(asked):
    is_relative = any(item.symbol and item.number for _, item in asked.items())
    if not is_relative or not any("." in name for name in asked.graph.names):
        return asked
    return Asked(asked.alembic.without_dots(), asked.graph, asked.question)


def one_row_to_count_from(asked):
    if asked.kind != "downgrade" or len(asked.rows) < 2:
        return asked
    is_bare = any(not item.branch and not item.symbol and int(item.number) < 0
                  for _, item in asked.items())
    return REFUSED if is_bare else asked


def below_base(asked):
    is_below = any(item.symbol and item.number and int(item.number) < 0
                   and asked.resolve(item) == [] for _, item in asked.items())
    return REFUSED if is_below else asked


def no_steps(asked):
    def change(_, item):
        stays = item.symbol and item.number and int(item.number) == 0
        return item._replace(number=None) if stays and asked.resolve(item) == [] else item

    return asked.with_items(change) if asked.kind == "downgrade" else asked


def symbol_in_lineage(asked):
    """The symbol by the id that Alembic resolves label@symbol to everywhere else."""
    if asked.kind not in ("downgrade", "stamp"):
        return asked
    named = {item: asked.resolve(item) for _, item in asked.items() if item.branch and item.symbol}
    if any(ids is None or asked.kind == "downgrade" and len(ids) > 1 for ids in named.values()):
        return REFUSED

    def change(_, item):
        ids = named.get(item, ())
        return item._replace(symbol=ids[0]) if len(ids) == 1 else item

    return asked.with_items(change)


def enough_below_heads(asked):
    for side, item in asked.items():
        if asked.counts_from_heads(side, item):
            places = asked.count_from_heads(item)
            is_short = places is None or None in places and side != "lower"
            if is_short or item.branch and not places:
                return REFUSED
    return asked


def label_by_prefix(asked):
    def change(side, item):
        if side != "lower" or not item.branch or item.branch in asked.graph.names:
            return item
        return item._replace(branch=asked.alembic.resolve(item.branch)[0])

    return asked.with_items(change) if asked.kind == "history" else asked


def nothing_current(asked):
    if asked.kind != "history" or asked.rows or not asked.question.target.endswith(":current"):
        return asked
    return asked.with_target(asked.question.target.removesuffix("current") + "base")


def range_from_base(asked):
    if asked.kind != "history" or not is_from_heads(asked):
        return asked
    (_, item), *_ = asked.items()
    ids = sorted({place for place in asked.count_from_heads(item) if place})
    lower, (_, upper) = ",".join(ids) or "base", asked.alembic.range_of(asked.question)
    ends = asked.alembic.ends_of_range(tuple(ids), upper, item.branch)
    return REFUSED if ends is None else asked.with_target(lower + ":" + (",".join(ends) or "base"))


def is_from_heads(asked):
    return any(asked.counts_from_heads(side, item) for side, item in asked.items())


def distinct_destinations(asked):
    if asked.kind not in ("stamp", "purge"):
        return asked
    named = [i for side, item in asked.items() for i in asked.named_by(side, item)]
    return asked if sorted(asked.graph.maximal(named)) == sorted(named) else REFUSED


ABOUT_QUESTIONS = {
    "blanks": blanks,
    "whole-text": whole_text,
    "no-label": no_label,
    "known-labels": known_labels,
    "dotted-ids": dotted_ids,
    "one-row-to-count-from": one_row_to_count_from,
    "below-base": below_base,
    "no-steps": no_steps,
    "symbol-in-lineage": symbol_in_lineage,
    "enough-below-heads": enough_below_heads,
    "label-by-prefix": label_by_prefix,
    "nothing-current": nothing_current,
    "range-from-base": range_from_base,
    "distinct-destinations": distinct_destinations,
}


# -- Pairs of answers. ---------------------------------------------------------------------------


def typed_errors(asked, theirs, ours):
    is_defect = "KeyError" in theirs.text and asked.kind in ("upgrade", "stamp")
    return theirs.kind == "traceback" and ours.kind == "error" and not is_defect


def rows_are_maximal(asked, _, ours):
    if asked.kind not in ("upgrade", "downgrade") or ours.kind != "ok":
        return False
    graph, applied = asked.graph, asked.graph.ancestors(asked.rows)
    overlapping = set(asked.rows) - graph.maximal(asked.rows)
    for revision, rows in zip(ours.found, ours.rows):
        applied ^= {revision}
        if rows != graph.maximal(applied) | overlapping & applied:
            return False
    steps = asked.alembic.revisions_of(asked.question)
    return graph.has_redundant_parent() and steps is not None and set(ours.found) == set(steps)


def destinations_stay(asked, _, ours):
    if asked.kind != "stamp" or ours.kind != "ok":
        return False
    items, rows = asked.items(), set(asked.rows)
    named = [(item, asked.named_by(side, item)) for side, item in items]
    concerned = {i for item, ids in named for i in
                 ids + (asked.alembic.resolve(item.branch) if item.branch else [])}
    is_bare_base = any(not ids and not item.branch for item, ids in named)
    mine = rows if is_bare_base else rows & asked.graph.lineages(concerned)
    wanted = {i for _, ids in named for i in ids}
    return (ours.rows[-1] if ours.rows else rows) == rows - mine | wanted


def range_across_dependencies(asked, theirs, ours):
    if asked.kind != "history" or theirs.kind != "traceback" or ours.kind != "ok":
        return False
    graph, (lower, upper) = asked.graph, asked.alembic.range_of(asked.question)
    branch = lower.partition("@")[0] if "@" in lower else None
    starts, ends = asked.alembic.resolve(lower), asked.alembic.ends_of_range(lower, upper, branch)
    if not starts or ends is None:
        return False
    members = graph.ancestors(ends) - graph.ancestors(starts) | set(starts)
    above = {i for i in members if graph.line_below(i) & set(starts)}
    return sorted(ours.found) == sorted(above) and graph.is_order(ours.found)


ABOUT_ANSWERS = {
    "typed-errors": typed_errors,
    "rows-are-maximal": rows_are_maximal,
    "destinations-stay": destinations_stay,
    "range-across-dependencies": range_across_dependencies,
}


# -- Answers to a whole graph, which one side takes and the other refuses. ------------------------


def refused_when_added(_, theirs, ours):
    return theirs.kind == "warning" and ours.kind == "error"


def every_cycle(graph, theirs, ours):
    return theirs.kind == "ok" and ours.text.startswith("error MM013") and graph.has_cycle()


def plain_names(graph, theirs, ours):
    def is_plain(name):
        return name.isprintable() and not set(name) & set(SIGNS + " ") and name not in RESERVED

    is_refused = theirs.kind == "ok" and ours.text.startswith("error MM010")
    return is_refused and not all(map(is_plain, graph.names))


ABOUT_GRAPHS = {
    "refused-when-added": refused_when_added,
    "every-cycle": every_cycle,
    "plain-names": plain_names,
}

DEVIATIONS = [*ABOUT_QUESTIONS, *ABOUT_ANSWERS, *ABOUT_GRAPHS]
