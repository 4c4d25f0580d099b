// How the graphs are made, and how they are told in a line.
#include "support/core/graphs.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace mad::test {

Revision revision(std::string_view id, Ids down, Ids depends_on, Ids labels) {
    return {std::string(id), Names(down.begin(), down.end()),
            Names(depends_on.begin(), depends_on.end()), Names(labels.begin(), labels.end())};
}

std::vector<Revision> chain(const Names& ids) {
    std::vector<Revision> revisions;
    for (const std::string& id : ids) {
        revisions.push_back(revisions.empty() ? revision(id) : revision(id, {revisions.back().id}));
    }
    return revisions;
}

RevisionGraph diamond() {
    return RevisionGraph({revision("a"), revision("b", {"a"}, {}, {"left"}), revision("c", {"b"}),
                          revision("x", {"a"}, {}, {"right"}), revision("y", {"x"}),
                          revision("m", {"c", "y"})});
}

RevisionGraph two_bases() {
    return RevisionGraph({revision("a1", {}, {}, {"app"}), revision("a2", {"a1"}, {"lib2"}),
                          revision("a3", {"a2"}), revision("l1", {}, {}, {"lib"}),
                          revision("l2", {"l1"}, {}, {"lib2"}), revision("l3", {"l2"})});
}

std::string text_of(const RevisionGraph& graph, std::span<const Node> nodes) {
    Names ids;
    for (const Node node : nodes) ids.push_back(graph[node].id);
    return join(ids, " ");
}

std::string text_of(const RevisionGraph& graph, const NodeSet& set) {
    return text_of(graph, nodes_in(set));
}

std::string text_of(const std::vector<Step>& steps) {
    Names texts;
    for (const Step& step : steps) {
        texts.push_back(step.revision + " " + join(step.rows.deletes, ",") + ">" +
                        join(step.rows.inserts, ","));
    }
    return join(texts, "; ");
}

std::string text_of(const Heads& heads) {
    return join(Names(heads.begin(), heads.end()), " ");
}

Heads rows_after(Heads rows, const std::vector<Step>& steps) {
    for (const Step& step : steps) apply(rows, step.rows);
    return rows;
}

std::vector<Revision> random_revisions(std::mt19937& random) {
    const auto below = [&](std::size_t limit) {
        return limit == 0 ? 0 : random() % static_cast<std::mt19937::result_type>(limit);
    };
    std::vector<Revision> revisions;
    const std::size_t size = 1 + below(14);
    for (std::size_t i = 0; i < size; ++i) {
        Revision next = revision("r" + std::to_string(i));
        const auto add = [&](Names& names) {
            const std::string id = "r" + std::to_string(below(i));
            if (std::ranges::find(names, id) == names.end()) names.push_back(id);
        };
        for (std::size_t parents = below(5) == 0 ? 0 : 1 + below(4) / 3; i > 0 && parents > 0;
             --parents) {
            add(next.down_revisions);
        }
        if (i > 0 && below(4) == 0) add(next.depends_on);
        if (i > 0 && below(8) == 0) add(next.depends_on);
        revisions.push_back(std::move(next));
    }
    std::ranges::shuffle(revisions, random);
    return revisions;
}

}  // namespace mad::test
