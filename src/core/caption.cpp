// Captions of revisions in drawings.
#include "core/caption.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/text.hpp"

namespace mad {
namespace {

std::string_view head_mark(const RevisionGraph& graph, Node node) {
    if (graph.is_real_head(node)) return " (head)";
    return graph.is_head(node) ? " (effective head)" : "";
}

std::string first_line(std::string_view text) {
    std::string line(trim(text.substr(0, text.find_first_of("\r\n"))));
    const auto is_control = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    };
    std::ranges::replace_if(line, is_control, ' ');
    return line;
}

}  // namespace

Caption caption_of(const RevisionGraph& graph, const GraphLabels& labels, Node node) {
    const Revision& revision = graph[node];
    std::string title = revision.id;
    if (!revision.labels.empty()) title += mad::format(" ({})", join(revision.labels, ", "));
    title += head_mark(graph, node);
    if (labels.rows.contains(revision.id)) title += " (current)";
    if (graph.is_branch_point(node)) title += " (branchpoint)";
    if (graph.is_merge_point(node)) title += " (mergepoint)";
    return {std::move(title),
            node < labels.messages.size() ? first_line(labels.messages[node]) : std::string()};
}

std::vector<Node> only_dependencies(const RevisionGraph& graph, Node node) {
    const auto dependencies = graph.dependencies(node);
    std::vector<Node> others(dependencies.begin(), dependencies.end());
    const auto down = graph.down_revisions(node);
    std::erase_if(others, [&](Node other) { return std::ranges::find(down, other) != down.end(); });
    return others;
}

}  // namespace mad
