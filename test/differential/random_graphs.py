"""Random revision graphs, and random questions about them."""
from cases import Graph, Question, Spec
from targets import RESERVED, SIGNS


def random_names(rng, count):
    """Ids of all lengths, many with common beginnings."""
    alphabet = rng.choice(["ab", "abcdef0123456789"])
    names = []
    while len(names) < count:
        name = "".join(rng.choice(alphabet) for _ in range(rng.choice([1, 2, 3, 4, 5, 6, 12])))
        if rng.random() < 0.05:
            name += ".1"
        if name not in names and name not in RESERVED:
            names.append(name)
    return names


def random_specs(rng):
    size = rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 24])
    names = random_names(rng, size * 3)
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
            spec._replace(labels=spec.labels + ["label" + rng.choice(SIGNS.replace(",", " "))]),
            spec._replace(id=other.id),
            spec._replace(id=spec.id + rng.choice(SIGNS + " ")),
            spec._replace(id=rng.choice(RESERVED)),
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
    if kind != "downgrade" and rng.random() < (0.25 if kind in ("stamp", "parents") else 0.1):
        return rng.choice([",", ",", ", "]).join(random_item(rng, graph) for _ in range(rng.choice([2, 2, 3])))
    return random_item(rng, graph)


def random_question(rng, graph):
    kinds = ["upgrade"] * 5 + ["downgrade"] * 5 + ["stamp"] * 4 + ["history"] * 2
    kinds += ["purge", "parents", "tips"] + ["labels"] * bool(graph.ids)
    kind = rng.choice(kinds)
    rows = random_rows(rng, graph)
    if kind == "tips":
        return Question(kind, rows, "")
    if kind == "labels":
        return Question(kind, [], rng.choice(graph.ids))
    if kind == "parents":
        return Question(kind, [], random_target(rng, graph, kind))
    if kind == "history":
        sides = [rng.choice(["", random_item(rng, graph)]) for _ in range(2)]
        if rng.random() < 0.2:
            sides[rng.randrange(2)] = "current"
        return Question(kind, rows, ":".join(sides))
    return Question(kind, rows, random_target(rng, graph, kind))
