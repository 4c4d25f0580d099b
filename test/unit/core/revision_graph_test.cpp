// Graphs: what is refused, and what can be asked.
#include "core/revision_graph.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::diamond;
using test::failure_of;
using test::Names;
using test::revision;
using test::text_of;
using test::two_bases;

Report refusal_of(std::vector<Revision> revisions) {
    return failure_of([&] { RevisionGraph graph(std::move(revisions)); });
}

Node node(const RevisionGraph& graph, std::string_view name) {
    return graph.find(name).value();
}

NodeSet lineage_of(const RevisionGraph& graph, std::string_view name) {
    return lineage(graph, node(graph, name));
}

TEST(RevisionGraph, MayBeEmpty) {
    const RevisionGraph graph({});
    EXPECT_EQ(graph.size(), 0U);
    EXPECT_TRUE(graph.heads().empty());
    EXPECT_TRUE(graph.bases().empty());
    EXPECT_FALSE(graph.find("a"));
    EXPECT_TRUE(graph.names_starting_with("").empty());
}

TEST(RevisionGraph, KnowsItsEnds) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(text_of(graph, graph.heads()), "a3 l3");
    EXPECT_EQ(text_of(graph, graph.bases()), "a1 l1");
    EXPECT_TRUE(graph.is_base(node(graph, "lib")));
    EXPECT_FALSE(graph.is_base(node(graph, "l2")));
}

TEST(RevisionGraph, TellsAHeadFromARealOne) {
    const RevisionGraph graph({revision("a"), revision("b", {}, {"a"})});
    EXPECT_EQ(text_of(graph, graph.heads()), "a b");
    EXPECT_EQ(text_of(graph, graph.real_heads()), "b");
    EXPECT_TRUE(graph.is_head(0));
    EXPECT_FALSE(graph.is_real_head(0));
}

TEST(RevisionGraph, KnowsWhereLinesPartAndMeet) {
    const RevisionGraph graph = diamond();
    EXPECT_TRUE(graph.is_branch_point(node(graph, "a")));
    EXPECT_FALSE(graph.is_branch_point(node(graph, "b")));
    EXPECT_TRUE(graph.is_merge_point(node(graph, "m")));
    EXPECT_EQ(text_of(graph, graph.down_children(node(graph, "a"))), "b x");
    EXPECT_EQ(text_of(graph, graph.down_revisions(node(graph, "m"))), "c y");
}

TEST(RevisionGraph, DoesNotCountADependentForABranchPoint) {
    const RevisionGraph graph({revision("a"), revision("b", {"a"}), revision("c", {}, {"a"})});
    EXPECT_FALSE(graph.is_branch_point(0));
    EXPECT_EQ(text_of(graph, graph.children(0)), "b c");
}

TEST(RevisionGraph, FindsByIdAndByLabel) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(graph.find("lib"), graph.find_id("l1"));
    EXPECT_FALSE(graph.find_id("lib"));
    EXPECT_FALSE(graph.find("li"));
    EXPECT_FALSE(graph.find(""));
}

TEST(RevisionGraph, FindsNamesByTheirBeginning) {
    const RevisionGraph graph({revision("ab2"), revision("ab10", {}, {}, {"abc"}), revision("b")});
    Names names;
    for (const auto& name : graph.names_starting_with("ab")) names.push_back(name.text);
    EXPECT_EQ(names, (Names{"ab10", "ab2", "abc"}));  // C order
    EXPECT_EQ(graph.names_starting_with("").size(), 4U);
    EXPECT_EQ(graph.names_starting_with("b").size(), 1U);
    EXPECT_TRUE(graph.names_starting_with("abcd").empty());
}

TEST(RevisionGraph, ResolvesDependenciesByIdAndLabel) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(text_of(graph, graph.dependencies(node(graph, "a2"))), "l2");
    EXPECT_EQ(text_of(graph, graph.parents(node(graph, "a2"))), "a1 l2");
    EXPECT_EQ(text_of(graph, graph.children(node(graph, "l2"))), "a2 l3");
    EXPECT_EQ(text_of(graph, graph.down_children(node(graph, "l2"))), "l3");
}

TEST(RevisionGraph, LeavesOutADependencyThatAnAncestorDeclares) {
    const RevisionGraph graph({revision("x"), revision("y"), revision("a", {}, {"x"}),
                               revision("b", {"a"}), revision("c", {"b"}, {"y", "x"})});
    EXPECT_EQ(text_of(graph, graph.dependencies(node(graph, "c"))), "y x");
    EXPECT_EQ(text_of(graph, graph.parents(node(graph, "c"))), "b y");
}

TEST(RevisionGraph, KeepsADependencyThatOnlyADependencyDeclares) {
    const RevisionGraph graph(
        {revision("x"), revision("y", {}, {"x"}), revision("c", {}, {"y", "x"})});
    EXPECT_EQ(text_of(graph, graph.parents(node(graph, "c"))), "y x");
}

/// Declared dependencies are looked at 64 at a time.
TEST(RevisionGraph, LeavesOutTheRightOnesOfManyDependencies) {
    std::vector<Revision> revisions;
    Names all;
    for (int i = 0; i < 130; ++i) {
        all.push_back("d" + std::to_string(i));
        revisions.push_back(revision(all.back()));
    }
    revisions.push_back(revision("b", {"a"}));
    revisions.back().depends_on = all;
    revisions.push_back(revision("a", {}, {"d0", "d63", "d64", "d129"}));
    const RevisionGraph graph(std::move(revisions));
    EXPECT_EQ(graph.parents(node(graph, "a")).size(), 4U);
    EXPECT_EQ(graph.parents(node(graph, "b")).size(), 1U + 126U);
}

TEST(RevisionGraph, CountsAParentOnceThatIsADependencyToo) {
    const RevisionGraph graph({revision("a"), revision("b", {"a"}, {"a"})});
    EXPECT_EQ(text_of(graph, graph.parents(1)), "a");
}

TEST(RevisionGraph, TellsAncestorsLineageAndDescendants) {
    const RevisionGraph graph = two_bases();
    const Node a2 = node(graph, "a2");
    const Node l2 = node(graph, "l2");
    EXPECT_EQ(text_of(graph, ancestors(graph, {&a2, 1})), "a1 a2 l1 l2");
    EXPECT_EQ(text_of(graph, descendants(graph, {&l2, 1})), "a2 a3 l2 l3");
    EXPECT_EQ(text_of(graph, lineage(graph, l2)), "l1 l2 l3");
    EXPECT_EQ(text_of(graph, lineage(graph, a2)), "a1 a2 a3");
}

TEST(RevisionGraph, CountsBothSidesOfAMergeToItsLineage) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(text_of(graph, lineage_of(graph, "m")), "a b c x y m");
    EXPECT_EQ(text_of(graph, lineage_of(graph, "left")), "a b c m");
}

TEST(RevisionGraph, NamesTenAndCountsTheRest) {
    std::vector<Revision> revisions;
    for (int i = 0; i < 12; ++i) revisions.push_back(revision("r" + std::to_string(i)));
    const RevisionGraph graph(std::move(revisions));
    const std::vector<Node> two{3, 1};
    EXPECT_EQ(name_list(graph, two), "\"r3\", \"r1\"");
    EXPECT_TRUE(name_list(graph, graph.bases()).ends_with("\"r9\" and 2 more"));
    EXPECT_EQ(name_list(graph, {}), "");
}

struct Refusal {
    std::string_view name;
    std::vector<Revision> revisions;
    Code code;
    std::string_view message;
    std::string_view detail;  // how it begins

    friend void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }
};

class RefusedGraph : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedGraph, SaysWhy) {
    const Refusal& refusal = GetParam();
    const Report report = refusal_of(refusal.revisions);
    EXPECT_EQ(report.sqlstate, sqlstate(refusal.code));
    EXPECT_EQ(report.message, refusal.message);
    EXPECT_TRUE(report.detail.starts_with(refusal.detail)) << report.detail;
    EXPECT_FALSE(report.hint.empty());
}

std::vector<Refusal> refused_names() {
    return {{"TwoIds",
             {revision("a"), revision("a")},
             Code::duplicate_revision,
             "\"a\" is declared twice",
             "It is the id of a revision and the id of a revision."},
            {"IdAndLabel",
             {revision("a"), revision("b", {}, {}, {"a"})},
             Code::duplicate_revision,
             "\"a\" is declared twice",
             "It is the id of a revision and a label of revision \"b\"."},
            {"TwoLabels",
             {revision("a", {}, {}, {"x"}), revision("b", {}, {}, {"x"})},
             Code::duplicate_revision,
             "\"x\" is declared twice",
             "It is a label of revision \"a\" and a label of revision \"b\"."},
            {"OwnLabel",
             {revision("a", {}, {}, {"a"})},
             Code::duplicate_revision,
             "\"a\" is declared twice",
             ""},
            {"BadId",
             {revision("a-b")},
             Code::invalid_identifier,
             "invalid revision name \"a-b\"",
             "It holds \"-\""},
            {"BadLabel",
             {revision("a", {}, {}, {"head"})},
             Code::invalid_identifier,
             "invalid label name \"head\"",
             ""}};
}

std::vector<Refusal> missing_parents() {
    return {{"MissingParent",
             {revision("b", {"a"})},
             Code::missing_parent,
             "revision \"b\" revises \"a\", which does not exist",
             "Scripts are judged together"},
            {"MissingDependency",
             {revision("b", {}, {"a"})},
             Code::missing_parent,
             "revision \"b\" depends on \"a\", which does not exist",
             "Scripts are judged together"},
            {"PrefixOfAParent",
             {revision("abcd"), revision("b", {"abc"})},
             Code::missing_parent,
             "revision \"b\" revises \"abc\", which does not exist",
             ""},
            {"LabelAsParent",
             {revision("a", {}, {}, {"x"}), revision("b", {"x"})},
             Code::missing_parent,
             "revision \"b\" revises \"x\", which does not exist",
             "\"x\" is a label; Revises takes revision ids."}};
}

std::vector<Refusal> cycles() {
    return {{"OwnParent",
             {revision("a", {"a"})},
             Code::revision_cycle,
             "the revisions form a cycle",
             "\"a\" revises \"a\"."},
            {"OwnDependency",
             {revision("a", {}, {"a"})},
             Code::revision_cycle,
             "the revisions form a cycle",
             "\"a\" depends on \"a\"."},
            {"Cycle",
             {revision("a", {"c"}), revision("b", {"a"}), revision("c", {"b"})},
             Code::revision_cycle,
             "the revisions form a cycle",
             "\"a\" revises \"c\", which revises \"b\", which revises \"a\"."},
            {"CycleBesideAGoodLine",
             {revision("g"), revision("a", {"b"}), revision("b", {"a"}), revision("h", {"g"})},
             Code::revision_cycle,
             "the revisions form a cycle",
             ""},
            {"CycleOverBothEdges",
             {revision("a", {}, {"b"}), revision("b", {"a"})},
             Code::revision_cycle,
             "the revisions form a cycle",
             "\"a\" depends on \"b\", which revises \"a\"."},
            {"CycleOverALabel",
             {revision("a", {}, {"x"}), revision("b", {"a"}, {}, {"x"})},
             Code::revision_cycle,
             "the revisions form a cycle",
             "\"a\" depends on \"b\", which revises \"a\"."}};
}

std::vector<Refusal> refused_graphs() {
    std::vector<Refusal> all;
    for (const auto& some : {refused_names(), missing_parents(), cycles()}) {
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(RevisionGraph, RefusedGraph, testing::ValuesIn(refused_graphs()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(RevisionGraph, TellsALongCycleInShort) {
    std::vector<Revision> revisions;
    for (int i = 0; i < 30; ++i) {
        revisions.push_back(
            revision("r" + std::to_string(i), {"r" + std::to_string((i + 29) % 30)}));
    }
    const Report report = refusal_of(std::move(revisions));
    EXPECT_TRUE(report.detail.ends_with(", and so on through 30 revisions.")) << report.detail;
    EXPECT_LT(report.detail.size(), 400U);
}

}  // namespace
}  // namespace mad
