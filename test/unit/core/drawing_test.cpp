// The graph drawn: captions, text, dot and mermaid.
#include <gtest/gtest.h>

#include "core/caption.hpp"
#include "core/history.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::chain;
using test::diamond;
using test::revision;
using test::text_of;
using test::two_bases;

std::string title(const RevisionGraph& graph, std::string_view id, Heads rows = {}) {
    return caption_of(graph, {.messages = {}, .rows = std::move(rows)}, graph.find_id(id).value())
        .title;
}

TEST(Caption, ShowsLabelsAndMarks) {
    EXPECT_EQ(title(diamond(), "a"), "a (branchpoint)");
    EXPECT_EQ(title(diamond(), "b", {"b"}), "b (left) (current)");
    EXPECT_EQ(title(diamond(), "m", {"m"}), "m (head) (current) (mergepoint)");
    EXPECT_EQ(title(RevisionGraph({revision("a", {}, {}, {"x", "y"})}), "a"), "a (x, y) (head)");
}

TEST(Caption, TellsAnEffectiveHead) {
    const RevisionGraph graph({revision("a"), revision("b", {}, {"a"})});
    EXPECT_EQ(title(graph, "a"), "a (effective head)");
    EXPECT_EQ(title(graph, "b"), "b (head)");
}

TEST(Caption, TakesTheMessagesFirstLine) {
    const RevisionGraph graph(chain({"a", "b"}));
    const GraphLabels labels{.messages = {" one\ttwo \r\nthree", ""}, .rows = {}};
    EXPECT_EQ(caption_of(graph, labels, 0).message, "one two");
    EXPECT_EQ(caption_of(graph, labels, 1).message, "");
    EXPECT_EQ(caption_of(graph, {}, 1).message, "");
}

TEST(Caption, TellsDependenciesThatAreNoParents) {
    const RevisionGraph graph({revision("a"), revision("b"), revision("c", {"a"}, {"a", "b"})});
    EXPECT_EQ(text_of(graph, only_dependencies(graph, 2)), "b");
}

TEST(DrawText, DrawsALine) {
    const GraphLabels labels{.messages = {"start", "go on"}, .rows = {"a"}};
    EXPECT_EQ(draw_text(RevisionGraph(chain({"a", "b"})), labels),
              "* b (head), go on\n"
              "* a (current), start\n");
    EXPECT_EQ(draw_text(RevisionGraph({}), {}), "");
}

TEST(DrawText, DrawsAMergeAndABranchPoint) {
    EXPECT_EQ(draw_text(diamond(), {}),
              "* m (head) (mergepoint)\n"
              "|\\\n"
              "* | c\n"
              "* | b (left)\n"
              "| * y\n"
              "| * x (right)\n"
              "|/\n"
              "* a (branchpoint)\n");
}

TEST(DrawText, DrawsLinesOfTheirOwn) {
    EXPECT_EQ(draw_text(RevisionGraph({revision("a"), revision("x"), revision("b", {"a"})}), {}),
              "* x (head)\n"
              "* b (head)\n"
              "* a\n");
}

TEST(DrawText, DrawsDependencies) {
    EXPECT_EQ(
        draw_text(RevisionGraph({revision("a"), revision("b"), revision("c", {"a"}, {"b"})}), {}),
        "* c (head) (depends on \"b\")\n"
        "|\\\n"
        "* | a\n"
        " /\n"
        "* b (effective head)\n");
}

TEST(DrawText, HasARowForEachRevisionOfAnyGraph) {
    for (unsigned seed = 0; seed < 500; ++seed) {
        std::mt19937 random(seed);
        const RevisionGraph graph(test::random_revisions(random));
        const std::string drawing = draw_text(graph, {});
        EXPECT_EQ(std::ranges::count(drawing, '*'), static_cast<std::ptrdiff_t>(graph.size()));
        EXPECT_EQ(drawing.find(" \n"), std::string::npos);
    }
}

TEST(DrawDot, DrawsNodesAndEdges) {
    const RevisionGraph graph(
        {revision("a\"\\"), revision("b", {"a\"\\"}), revision("c", {}, {"b"})});
    const GraphLabels labels{.messages = {"say \"hi\"", "", ""}, .rows = {"c"}};
    EXPECT_EQ(draw_dot(graph, labels),
              "digraph revisions {\n"
              "    rankdir=BT;\n"
              "    node [shape=box];\n"
              "    r0 [label=\"a\\\"\\\\\\nsay \\\"hi\\\"\"];\n"
              "    r1 [label=\"b (effective head)\"];\n"
              "    r2 [label=\"c (head) (current)\"];\n"
              "    r0 -> r1;\n"
              "    r1 -> r2 [style=dashed];\n"
              "}\n");
}

TEST(DrawMermaid, DrawsNodesAndEdges) {
    const RevisionGraph graph({revision("a"), revision("b", {"a"}), revision("c", {}, {"b"})});
    const GraphLabels labels{.messages = {"<b> & \"quoted\"; `#1`", "", ""}, .rows = {}};
    EXPECT_EQ(draw_mermaid(graph, labels),
              "flowchart BT\n"
              "    r0[\"a<br/>#60;b#62; #38; #34;quoted#34;#59; #96;#35;1#96;\"]\n"
              "    r1[\"b (effective head)\"]\n"
              "    r2[\"c (head)\"]\n"
              "    r0 --> r1\n"
              "    r1 -.-> r2\n");
}

}  // namespace
}  // namespace mad
