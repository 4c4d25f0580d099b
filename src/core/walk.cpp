// Walking: one step after the other, each with exactly one way to go.
#include "core/walk.hpp"

#include <cstdlib>

#include "core/failure.hpp"
#include "core/format.hpp"

namespace mad {
namespace {

std::string name_of(const RevisionGraph& graph, Place place) {
    return place ? mad::format("revision \"{}\"", graph[*place].id) : std::string("base");
}

[[noreturn]] void refuse_fork(const RevisionGraph& graph, const Target& target, Place place,
                              std::span<const Node> ways) {
    throw Failure(
        Code::unreachable_target, mad::format("target \"{}\" is ambiguous", target.text),
        mad::format("From {} the way goes to {}.", name_of(graph, place), name_list(graph, ways)),
        *target.offset > 0 ? mad::format("Name the revision itself, or a label of the line to "
                                         "follow: 'label@{}{:+}'.",
                                         target.symbol, *target.offset)
                           : "Name the revision itself.");
}

[[noreturn]] void refuse_overrun(const RevisionGraph& graph, const Target& target, Place start,
                                 std::uint64_t taken, Place end) {
    throw Failure(Code::unreachable_target,
                  mad::format("target \"{}\" lies {}", target.text,
                              *target.offset > 0 ? "beyond the last revision" : "below base"),
                  mad::format("Only {} of {} steps from {} exist; they end at {}.", taken,
                              std::abs(*target.offset), name_of(graph, start), name_of(graph, end)),
                  "Take fewer steps, or name the revision itself.");
}

std::vector<Node> ways_up(const RevisionGraph& graph, Place from,
                          const std::optional<NodeSet>& within) {
    std::vector<Node> ways;
    if (from) {
        const auto children = graph.down_children(*from);
        ways.assign(children.begin(), children.end());
    } else {
        ways = graph.bases();
    }
    if (within) std::erase_if(ways, [&](Node node) { return !(*within)[node]; });
    return ways;
}

/// Takes one step; false where there is none to take.
bool step_up(const RevisionGraph& graph, const Target& target, Place& place,
             const std::optional<NodeSet>& within) {
    const std::vector<Node> ways = ways_up(graph, place, within);
    if (ways.size() > 1) refuse_fork(graph, target, place, ways);
    if (ways.empty()) return false;
    place = ways.front();
    return true;
}

bool step_down(const RevisionGraph& graph, const Target& target, Place& place) {
    if (!place) return false;
    const auto ways = graph.down_revisions(*place);
    if (ways.size() > 1) refuse_fork(graph, target, place, ways);
    place = ways.empty() ? Place{} : Place{ways.front()};
    return true;
}

}  // namespace

Place walk(const RevisionGraph& graph, const Target& target, Place start,
           const std::optional<NodeSet>& within, Overrun overrun) {
    const std::int64_t offset = *target.offset;
    Place place = start;
    for (std::int64_t taken = 0; taken < std::abs(offset); ++taken) {
        const bool has_way =
            offset > 0 ? step_up(graph, target, place, within) : step_down(graph, target, place);
        if (has_way) continue;
        if (overrun == Overrun::stop) break;
        refuse_overrun(graph, target, start, static_cast<std::uint64_t>(taken), place);
    }
    return place;
}

}  // namespace mad
