// A branch's history as people read it: ranges, and the graph drawn as text, dot and mermaid.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan.hpp"
#include "core/revision_graph.hpp"

namespace mad {

/// The revisions of `[from]:[to]`, newest first (alembic-semantics 3.6); "" is everything.
/// `current` means `rows`.
std::vector<Node> history_range(const RevisionGraph& graph, const Heads& rows,
                                std::string_view range);

/// What a drawing shows of a revision beyond the graph.
struct GraphLabels {
    std::vector<std::string> messages;  // by node; may be empty
    Heads rows;                         // marked "current"
};

std::string draw_text(const RevisionGraph& graph, const GraphLabels& labels);
std::string draw_dot(const RevisionGraph& graph, const GraphLabels& labels);
std::string draw_mermaid(const RevisionGraph& graph, const GraphLabels& labels);

}  // namespace mad
