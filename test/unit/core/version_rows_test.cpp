// Version rows as steps change them, and what rows may not be.
#include "core/version_rows.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::diamond;
using test::failure_of;
using test::Names;
using test::text_of;
using test::two_bases;

Node node(const RevisionGraph& graph, std::string_view id) {
    return graph.find_id(id).value();
}

TEST(VersionRows, AreRevisionsInCOrder) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(text_of(graph, nodes_of(graph, {"y", "b"})), "b y");
    const Report report = failure_of([&] { nodes_of(graph, {"b", "gone"}); });
    EXPECT_EQ(report.sqlstate, "MM002");
    EXPECT_NE(report.hint.find("purge"), std::string::npos);
}

TEST(VersionRows, DeleteTheRowsOfParents) {
    const RevisionGraph graph = diamond();
    VersionRows rows(graph, nodes_of(graph, {"c", "y"}));
    EXPECT_EQ(rows.apply(node(graph, "m")), (RowChange{{"c", "y"}, {"m"}}));
    EXPECT_EQ(text_of(graph, rows.applied()), "a b c x y m");
}

TEST(VersionRows, InsertWhereNoParentIsARow) {
    const RevisionGraph graph = diamond();
    VersionRows rows(graph, nodes_of(graph, {"a"}));
    EXPECT_EQ(rows.apply(node(graph, "b")), (RowChange{{"a"}, {"b"}}));
    EXPECT_EQ(rows.apply(node(graph, "x")), (RowChange{{}, {"x"}}));
}

TEST(VersionRows, GiveParentsTheirRowsBack) {
    const RevisionGraph graph = two_bases();
    VersionRows rows(graph, nodes_of(graph, {"a2"}));
    EXPECT_EQ(rows.revert(node(graph, "a2")), (RowChange{{"a2"}, {"a1", "l2"}}));
    EXPECT_EQ(text_of(graph, rows.applied()), "a1 l1 l2");
}

TEST(VersionRows, GiveNoRowToAParentSomethingElseStandsOn) {
    const RevisionGraph graph = two_bases();
    VersionRows rows(graph, nodes_of(graph, {"a2", "l3"}));
    EXPECT_EQ(rows.revert(node(graph, "l3")), (RowChange{{"l3"}, {}}));
    EXPECT_EQ(rows.revert(node(graph, "a2")), (RowChange{{"a2"}, {"a1", "l2"}}));
}

TEST(Overlap, IsOneBelowAnother) {
    const RevisionGraph graph = two_bases();
    EXPECT_NO_THROW(require_no_overlap(graph, "target", nodes_of(graph, {"a1", "l2"})));
    EXPECT_NO_THROW(require_no_overlap(graph, "target", {}));
    EXPECT_NO_THROW(require_no_overlap(graph, "target", {0, 0}));
    const Report report = failure_of(
        [&] { require_no_overlap(graph, "current revision", nodes_of(graph, {"a3", "l2"})); });
    EXPECT_EQ(report.sqlstate, "MM008");
    EXPECT_EQ(report.message, "current revision \"l2\" overlaps with \"a3\"");
    EXPECT_EQ(report.detail, "Revision \"l2\" is an ancestor of \"a3\".");
}

}  // namespace
}  // namespace mad
