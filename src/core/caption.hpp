// What every drawing of a graph writes beside a revision.
#pragma once

#include <string>

#include "core/history.hpp"

namespace mad {

struct Caption {
    std::string title;    // id, labels and marks: `ae10 (lib) (head) (current)`
    std::string message;  // first line; may be empty
};
Caption caption_of(const RevisionGraph& graph, const GraphLabels& labels, Node node);

/// Dependencies that are not among the down revisions.
std::vector<Node> only_dependencies(const RevisionGraph& graph, Node node);

}  // namespace mad
