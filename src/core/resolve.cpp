// Looking up what a target names (alembic-semantics 3.2 and 3.3).
#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/similar.hpp"
#include "core/target.hpp"
#include "core/walk.hpp"

namespace mad {
namespace {

constexpr std::string_view look_it_up =
    "Look for it with: SELECT revision, labels FROM mad_migrate.history(...);";

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// A branch label and its lineage; neither where the target names none.
struct Branch {
    std::string_view name;
    std::optional<Node> node;
    std::optional<NodeSet> members;
};

Branch branch_of(const RevisionGraph& graph, const Target& target) {
    if (!target.branch) return {};
    const Node node = resolve_one(graph, *target.branch);
    return {*target.branch, node, lineage(graph, node)};
}

[[noreturn]] void refuse_ambiguous(std::string_view prefix,
                                   std::span<const RevisionGraph::Name> candidates) {
    constexpr std::size_t most = 10;
    std::string list;
    for (const auto& name : candidates.first(std::min(candidates.size(), most))) {
        list += mad::format("{}\"{}\"", list.empty() ? "" : ", ", name.text);
    }
    if (candidates.size() > most) list += mad::format(" and {} more", candidates.size() - most);
    throw Failure(Code::ambiguous_revision, mad::format("prefix \"{}\" is ambiguous", prefix),
                  mad::format("It starts {}.", list), "Write more of the id or label you mean.");
}

std::vector<std::string_view> names_in(const RevisionGraph& graph, const Branch& branch) {
    std::vector<std::string_view> names;
    for (const auto& name : graph.names_starting_with("")) {
        if (!branch.members || (*branch.members)[name.node]) names.push_back(name.text);
    }
    return names;
}

[[noreturn]] void refuse_unknown(const RevisionGraph& graph, std::string_view symbol,
                                 const Branch& branch) {
    std::string detail =
        branch.node ? mad::format("No id or label in the lineage of \"{}\" is or starts with it.",
                                  branch.name)
                    : std::string("No id or label is or starts with it.");
    detail += " Names of three characters or less must be written in full.";
    throw Failure(Code::unknown_revision, mad::format("unknown revision or label \"{}\"", symbol),
                  std::move(detail), perhaps_meant(symbol, names_in(graph, branch), look_it_up));
}

[[noreturn]] void refuse_stranger(const RevisionGraph& graph, Node node, const Branch& branch) {
    throw Failure(
        Code::unknown_revision,
        mad::format("revision \"{}\" is not in the lineage of \"{}\"", graph[node].id, branch.name),
        mad::format("It is neither an ancestor nor a descendant of revision \"{}\".",
                    graph[*branch.node].id),
        mad::format("Leave out \"{}@\", or name a revision of that lineage.", branch.name));
}

/// Names that a prefix may stand for: those of more than three characters, in the lineage.
std::vector<RevisionGraph::Name> candidates_for(const RevisionGraph& graph, std::string_view prefix,
                                                const Branch& branch) {
    constexpr std::size_t shortest = 4;
    std::vector<RevisionGraph::Name> candidates;
    for (const auto& name : graph.names_starting_with(prefix)) {
        if (count_characters(name.text) < shortest) continue;
        if (branch.members && !(*branch.members)[name.node]) continue;
        candidates.push_back(name);
    }
    return candidates;
}

Node look_up(const RevisionGraph& graph, std::string_view symbol, const Branch& branch) {
    if (const std::optional<Node> exact = graph.find(symbol)) {
        if (branch.members && !(*branch.members)[*exact]) refuse_stranger(graph, *exact, branch);
        return *exact;
    }
    if (symbol.empty())
        refuse_unknown(graph, symbol, branch);  // else it would be a prefix of all names
    const std::vector<RevisionGraph::Name> candidates = candidates_for(graph, symbol, branch);
    if (candidates.empty()) refuse_unknown(graph, symbol, branch);
    if (candidates.size() > 1) refuse_ambiguous(symbol, candidates);
    return candidates.front().node;
}

void require_single(const RevisionGraph& graph, const Target& target, std::span<const Node> nodes) {
    if (nodes.size() < 2) return;
    throw Failure(Code::multiple_heads,
                  mad::format("there are several heads for target \"{}\"", target.text),
                  mad::format("The heads are {}.", name_list(graph, nodes)),
                  "Name one by its id or as 'label@head', for example "
                  "mad_migrate.upgrade(..., 'label@head'), or 'heads' for all of them; "
                  "mad_migrate.merge(...) joins them.");
}

std::vector<Node> resolve_symbol(const RevisionGraph& graph, const Target& target) {
    const Branch branch = branch_of(graph, target);
    if (target.symbol == "base") return {};
    if (target.symbol != "head" && target.symbol != "heads") {
        return {look_up(graph, target.symbol, branch)};
    }
    if (target.symbol == "heads" && !branch.node) return graph.real_heads();
    std::vector<Node> heads = graph.heads();
    if (branch.members) std::erase_if(heads, [&](Node node) { return !(*branch.members)[node]; });
    if (target.symbol == "head") require_single(graph, target, heads);
    return heads;
}

/// The heads that `label@-N` counts from: those that show the label.
std::vector<Node> labelled_heads(const RevisionGraph& graph, const Target& target) {
    std::vector<Node> heads = graph.real_heads();
    if (!target.branch) return heads;
    resolve_one(graph, *target.branch);
    std::erase_if(heads, [&](Node head) {
        const std::vector<std::string> labels = graph.shown_labels(head);
        return std::ranges::find(labels, *target.branch) == labels.end();
    });
    if (!heads.empty()) return heads;
    throw Failure(Code::unreachable_target,
                  mad::format("no head to count from for target \"{}\"", target.text),
                  mad::format("No head shows the label \"{}\".", *target.branch),
                  "Name the revision itself.");
}

std::vector<Node> walk_from_heads(const RevisionGraph& graph, const Target& target,
                                  Overrun overrun) {
    std::vector<Node> nodes;
    for (const Node head : labelled_heads(graph, target)) {
        const Place place = walk(graph, target, head, std::nullopt, overrun);
        if (place) {
            nodes.push_back(*place);
        } else if (overrun == Overrun::refuse) {
            throw Failure(Code::unreachable_target,
                          mad::format("target \"{}\" lies below all revisions", target.text),
                          mad::format("It is counted from head \"{}\".", graph[head].id),
                          "Take fewer steps, or name the revision itself.");
        }
    }
    return nodes;
}

}  // namespace

Node resolve_one(const RevisionGraph& graph, std::string_view identifier) {
    return look_up(graph, identifier, {});
}

std::vector<Node> resolve(const RevisionGraph& graph, const Target& target, Overrun overrun) {
    if (!target.offset) return resolve_symbol(graph, target);
    if (target.symbol.empty() && *target.offset < 0) return walk_from_heads(graph, target, overrun);
    throw Failure(Code::invalid_target,
                  mad::format("relative target \"{}\" is not allowed here", target.text),
                  "Steps are counted only where a single target of an upgrade or downgrade, or the "
                  "end of a history range, is given.",
                  "Name the revision itself.");
}

std::optional<Node> resolve_single(const RevisionGraph& graph, const Target& target) {
    const std::vector<Node> nodes = resolve_symbol(graph, target);
    require_single(graph, target, nodes);
    return nodes.empty() ? std::nullopt : std::optional(nodes.front());
}

}  // namespace mad
