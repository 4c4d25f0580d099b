// Small revision graphs, and plans written in a line.
#pragma once

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan.hpp"
#include "core/revision_graph.hpp"
#include "core/text.hpp"

namespace mad::test {

using Names = std::vector<std::string>;

inline Revision revision(std::string id, Names down = {}, Names depends_on = {},
                         Names labels = {}) {
    return {std::move(id), std::move(down), std::move(depends_on), std::move(labels)};
}

/// Each revises the one before.
inline std::vector<Revision> chain(const Names& ids) {
    std::vector<Revision> revisions;
    for (const std::string& id : ids) {
        revisions.push_back(revisions.empty() ? revision(id) : revision(id, {revisions.back().id}));
    }
    return revisions;
}

/// a; two lines b-c (label left) and x-y (label right) over it; m merges c and y.
inline RevisionGraph diamond() {
    return RevisionGraph({revision("a"), revision("b", {"a"}, {}, {"left"}), revision("c", {"b"}),
                          revision("x", {"a"}, {}, {"right"}), revision("y", {"x"}),
                          revision("m", {"c", "y"})});
}

/// Two lines of their own: app (a1-a2-a3) and lib (l1-l2); a2 depends on l2 by its label.
inline RevisionGraph two_bases() {
    return RevisionGraph({revision("a1", {}, {}, {"app"}), revision("a2", {"a1"}, {"lib2"}),
                          revision("a3", {"a2"}), revision("l1", {}, {}, {"lib"}),
                          revision("l2", {"l1"}, {}, {"lib2"}), revision("l3", {"l2"})});
}

/// Ids with a blank between them.
inline std::string text_of(const RevisionGraph& graph, std::span<const Node> nodes) {
    Names ids;
    for (const Node node : nodes) ids.push_back(graph[node].id);
    return join(ids, " ");
}

inline std::string text_of(const RevisionGraph& graph, const NodeSet& set) {
    return text_of(graph, nodes_in(set));
}

/// `b a>b; c >c`: each step's revision, the rows it deletes and the rows it inserts.
inline std::string text_of(const std::vector<Step>& steps) {
    Names texts;
    for (const Step& step : steps) {
        texts.push_back(step.revision + " " + join(step.rows.deletes, ",") + ">" +
                        join(step.rows.inserts, ","));
    }
    return join(texts, "; ");
}

inline std::string text_of(const Heads& heads) {
    return join(Names(heads.begin(), heads.end()), " ");
}

inline Heads rows_after(Heads rows, const std::vector<Step>& steps) {
    for (const Step& step : steps) apply(rows, step.rows);
    return rows;
}

/// Branches, merges, several bases, dependencies, redundant parents; ids are r0, r1 and so on, in
/// any order.
inline std::vector<Revision> random_revisions(std::mt19937& random) {
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
