// The graph in the languages of Graphviz and Mermaid; dependencies are dashed.

#include "core/caption.hpp"
#include "core/format.hpp"
#include "core/history.hpp"

namespace mad {
namespace {

/// How a language writes things.
struct Notation {
    std::string_view begin;
    std::string_view end;
    std::string_view node;        // format: number, text
    std::string_view down;        // format: number of the parent, number of the child
    std::string_view dependency;  // format: likewise
    std::string_view line_break;
    std::string (*escape)(std::string_view text);
};

std::string escape_dot(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

/// Mermaid reads `#name;` and `#number;` as characters; what could end the text, be HTML or be
/// Markdown is written so.
std::string escape_mermaid(std::string_view text) {
    constexpr std::string_view special = "\"#&;<>\\`";
    std::string escaped;
    for (const char c : text) {
        if (special.find(c) == std::string_view::npos) {
            escaped += c;
        } else {
            escaped += mad::format("#{};", static_cast<int>(c));
        }
    }
    return escaped;
}

std::string draw(const RevisionGraph& graph, const GraphLabels& labels, const Notation& notation) {
    std::string drawing(notation.begin);
    for (Node node = 0; node < graph.size(); ++node) {
        const Caption caption = caption_of(graph, labels, node);
        std::string text = notation.escape(caption.title);
        if (!caption.message.empty()) {
            text.append(notation.line_break).append(notation.escape(caption.message));
        }
        drawing += mad::format(fmt::runtime(notation.node), node, text);
    }
    for (Node node = 0; node < graph.size(); ++node) {
        for (const Node parent : graph.down_revisions(node)) {
            drawing += mad::format(fmt::runtime(notation.down), parent, node);
        }
        for (const Node parent : only_dependencies(graph, node)) {
            drawing += mad::format(fmt::runtime(notation.dependency), parent, node);
        }
    }
    return drawing.append(notation.end);
}

}  // namespace

std::string draw_dot(const RevisionGraph& graph, const GraphLabels& labels) {
    return draw(graph, labels,
                {.begin = "digraph revisions {\n    rankdir=BT;\n    node [shape=box];\n",
                 .end = "}\n",
                 .node = "    r{} [label=\"{}\"];\n",
                 .down = "    r{} -> r{};\n",
                 .dependency = "    r{} -> r{} [style=dashed];\n",
                 .line_break = "\\n",
                 .escape = escape_dot});
}

std::string draw_mermaid(const RevisionGraph& graph, const GraphLabels& labels) {
    return draw(graph, labels,
                {.begin = "flowchart BT\n",
                 .end = "",
                 .node = "    r{}[\"{}\"]\n",
                 .down = "    r{} --> r{}\n",
                 .dependency = "    r{} -.-> r{}\n",
                 .line_break = "<br/>",
                 .escape = escape_mermaid});
}

}  // namespace mad
