// Resolving the names in scripts' headers, and refusing sets of revisions that are no graph.
#include "core/revision_edges.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/failure.hpp"
#include "core/format.hpp"

namespace mad {
namespace {

constexpr std::size_t longest_told_cycle = 10;

[[noreturn]] void refuse_duplicate(std::span<const Revision> revisions,
                                   const RevisionGraph::Name& first,
                                   const RevisionGraph::Name& second) {
    const auto role = [&](const RevisionGraph::Name& name) {
        const std::string& id = revisions[name.node].id;
        return id == name.text ? std::string("the id of a revision")
                               : mad::format("a label of revision \"{}\"", id);
    };
    throw Failure(Code::duplicate_revision, mad::format("\"{}\" is declared twice", first.text),
                  mad::format("It is {} and {}.", role(first), role(second)),
                  "Give one of them another name: ids and labels share one name space.");
}

[[noreturn]] void refuse_missing(const Revision& revision, std::string_view verb,
                                 std::string_view name, bool is_label) {
    std::string detail = is_label
                             ? mad::format("\"{}\" is a label; Revises takes revision ids.", name)
                             : std::string("Scripts are judged together with those already added.");
    std::string hint =
        is_label ? std::string("Write the id of the revision, or move the label to Depends On.")
                 : mad::format(
                       "Correct the name, or add the script of \"{}\" in the same call: "
                       "mad_migrate.add_scripts(...).",
                       name);
    throw Failure(
        Code::missing_parent,
        mad::format("revision \"{}\" {} \"{}\", which does not exist", revision.id, verb, name),
        std::move(detail), std::move(hint));
}

std::string tell_cycle(const RevisionGraph& graph, std::span<const Node> cycle) {
    std::string told;
    const std::size_t count = std::min(cycle.size(), longest_told_cycle);
    for (std::size_t i = 0; i < count; ++i) {
        const Revision& child = graph[cycle[i]];
        const Revision& parent = graph[cycle[(i + 1) % cycle.size()]];
        const bool revises =
            std::ranges::find(child.down_revisions, parent.id) != child.down_revisions.end();
        told += i == 0 ? mad::format("\"{}\"", child.id) : std::string(", which");
        told += mad::format(" {} \"{}\"", revises ? "revises" : "depends on", parent.id);
    }
    if (cycle.size() > count) told += mad::format(", and so on through {} revisions", cycle.size());
    return told += '.';
}

}  // namespace

std::vector<RevisionGraph::Name> index_names(std::span<const Revision> revisions) {
    std::vector<RevisionGraph::Name> names;
    for (Node node = 0; node < revisions.size(); ++node) {
        check_identifier("revision", revisions[node].id);
        names.push_back({revisions[node].id, node});
        for (const std::string& label : revisions[node].labels) {
            check_identifier("label", label);
            names.push_back({label, node});
        }
    }
    std::ranges::stable_sort(names, {}, &RevisionGraph::Name::text);
    const auto twice = std::ranges::adjacent_find(names, {}, &RevisionGraph::Name::text);
    if (twice != names.end()) refuse_duplicate(revisions, *twice, *std::next(twice));
    return names;
}

std::vector<Edge> resolve_down_revisions(const RevisionGraph& graph) {
    std::vector<Edge> edges;
    for (Node node = 0; node < graph.size(); ++node) {
        for (const std::string& id : graph[node].down_revisions) {
            const std::optional<Node> parent = graph.find_id(id);
            if (!parent) {
                refuse_missing(graph[node], "revises", id, graph.find(id).has_value());
            }
            edges.push_back({node, *parent});
        }
    }
    return edges;
}

std::vector<Edge> resolve_dependencies(const RevisionGraph& graph) {
    std::vector<Edge> edges;
    for (Node node = 0; node < graph.size(); ++node) {
        for (const std::string& name : graph[node].depends_on) {
            const std::optional<Node> dependency = graph.find(name);
            if (!dependency) refuse_missing(graph[node], "depends on", name, false);
            edges.push_back({node, *dependency});
        }
    }
    return edges;
}

std::vector<Node> order_or_refuse(const RevisionGraph& graph, const Adjacency& all_parents) {
    std::vector<Node> order = parents_first(all_parents);
    if (order.size() == graph.size()) return order;
    throw Failure(Code::revision_cycle, "the revisions form a cycle",
                  tell_cycle(graph, find_cycle(all_parents)),
                  "Correct Revises or Depends On in one of these scripts.");
}

std::vector<Edge> own_dependencies(const Adjacency& down, std::span<const Node> parents_first,
                                   std::span<const Edge> dependencies) {
    // Declared dependencies flow up the down edges as bits, 64 targets at a time.
    constexpr std::uint32_t unseen = std::numeric_limits<std::uint32_t>::max();
    constexpr std::uint32_t width = 64;
    std::vector<std::uint32_t> rank(down.size(), unseen);
    std::uint32_t targets = 0;
    for (const Edge& edge : dependencies) {
        if (rank[edge.to] == unseen) rank[edge.to] = targets++;
    }

    std::vector<bool> is_inherited(dependencies.size());
    std::vector<std::uint64_t> declared(down.size());
    std::vector<std::uint64_t> inherited(down.size());
    for (std::uint32_t first = 0; first < targets; first += width) {
        const auto bit_of = [&](const Edge& edge) {
            const std::uint32_t place = rank[edge.to] - first;
            return place < width ? std::uint64_t{1} << place : 0;
        };
        std::ranges::fill(declared, 0);
        std::ranges::fill(inherited, 0);
        for (const Edge& edge : dependencies) declared[edge.from] |= bit_of(edge);
        for (const Node node : parents_first) {
            for (const Node parent : down[node]) {
                inherited[node] |= inherited[parent] | declared[parent];
            }
        }
        for (std::size_t i = 0; i < dependencies.size(); ++i) {
            if (inherited[dependencies[i].from] & bit_of(dependencies[i])) is_inherited[i] = true;
        }
    }

    std::vector<Edge> own;
    for (std::size_t i = 0; i < dependencies.size(); ++i) {
        if (!is_inherited[i]) own.push_back(dependencies[i]);
    }
    return own;
}

}  // namespace mad
