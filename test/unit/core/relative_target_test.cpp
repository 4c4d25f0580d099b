// Where +N, -N and symbol±N lead from the rows of a version table.
#include "core/relative_target.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "core/version_rows.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::chain;
using test::diamond;
using test::failure_of;
using test::revision;
using test::two_bases;

std::string up(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    const std::vector<Node> nodes = nodes_of(graph, rows);
    return graph[walk_to_upgrade(graph, parse_target(target), nodes)].id;
}

/// Where it goes, and after a slash the line it is restricted to.
std::string down(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    const std::vector<Node> nodes = nodes_of(graph, rows);
    const DowngradeTarget found = find_downgrade_target(graph, parse_target(target), nodes);
    return (found.place ? graph[*found.place].id : "base") + "/" +
           (found.branch ? graph[*found.branch].id : "");
}

std::string sqlstate_up(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    return failure_of([&] { up(graph, rows, target); }).sqlstate;
}

std::string sqlstate_down(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    return failure_of([&] { down(graph, rows, target); }).sqlstate;
}

TEST(RelativeUpgrade, CountsFromTheOnlyRow) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    EXPECT_EQ(up(graph, {}, "+1"), "a");
    EXPECT_EQ(up(graph, {}, "+3"), "c");
    EXPECT_EQ(up(graph, {"a"}, "+2"), "c");
}

TEST(RelativeUpgrade, CountsFromTheRowOnTheLabelsLine) {
    EXPECT_EQ(up(two_bases(), {"a1", "l2"}, "lib@+1"), "l3");
    EXPECT_EQ(up(two_bases(), {"a1", "l2"}, "app@+1"), "a2");
    EXPECT_EQ(up(diamond(), {"c", "x"}, "right@+1"), "y");
}

TEST(RelativeUpgrade, CountsFromWhatIsAppliedOfTheLineWhereNoRowIsOnIt) {
    EXPECT_EQ(up(two_bases(), {"a2"}, "lib@+1"), "l3");  // a2 depends on l2
    EXPECT_EQ(up(diamond(), {"c"}, "right@+1"), "x");    // a is on both lines
    EXPECT_EQ(up(two_bases(), {"a1"}, "lib@+1"), "l1");  // nothing applied: from base
}

TEST(RelativeUpgrade, CountsFromTheHighestApplied) {
    // Of the applied on r's line, d stands on c by a dependency: c is no place to start from.
    const RevisionGraph graph({revision("r", {}, {}, {"line"}), revision("c", {"r"}),
                               revision("d", {"r"}, {"c"}), revision("e", {"d"}),
                               revision("x", {}, {"d"})});
    EXPECT_EQ(up(graph, {"x"}, "line@+1"), "e");
}

TEST(RelativeUpgrade, CountsFromASymbol) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(up(graph, {}, "b+1"), "c");
    EXPECT_EQ(up(graph, {}, "left@a+1"), "b");
    EXPECT_EQ(up(graph, {}, "m-0"), "m");
    EXPECT_EQ(up(graph, {}, "left@c-1"), "b");
    EXPECT_EQ(up(graph, {}, "right@head+0"), "m");
    EXPECT_EQ(up(graph, {}, "base+1"), "a");
}

TEST(RelativeUpgrade, RefusesSeveralRowsToCountFrom) {
    const Report report = failure_of([] { up(two_bases(), {"a1", "l2"}, "+1"); });
    EXPECT_EQ(report.sqlstate, "MM004");
    EXPECT_EQ(report.detail, "They are \"a1\", \"l2\".");
    EXPECT_NE(report.hint.find("'a1@+1'"), std::string::npos) << report.hint;
    EXPECT_EQ(sqlstate_up(diamond(), {"b", "x"}, "m@+1"), "MM004");
}

TEST(RelativeUpgrade, RefusesToGoDownOrNowhere) {
    const RevisionGraph graph(chain({"a", "b"}));
    for (const std::string_view target : {"-1", "+0", "-0", "a@-1", "+2", "a-1", "b-9", "b+1"}) {
        EXPECT_EQ(sqlstate_up(graph, {"b"}, target), "MM006") << target;
    }
    EXPECT_EQ(sqlstate_up(diamond(), {"a"}, "+1"), "MM006");  // the way forks
    EXPECT_EQ(sqlstate_up(graph, {}, "nowhere+1"), "MM002");
    EXPECT_EQ(sqlstate_up(graph, {}, "nowhere@+1"), "MM002");
    EXPECT_EQ(sqlstate_up(two_bases(), {}, "head+1"), "MM004");
}

TEST(RelativeDowngrade, CountsFromTheOnlyRow) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    EXPECT_EQ(down(graph, {"c"}, "-1"), "b/c");
    EXPECT_EQ(down(graph, {"c"}, "-3"), "base/c");
}

TEST(RelativeDowngrade, RefusesSeveralRowsToCountFrom) {
    const Report report = failure_of([] { down(two_bases(), {"a1", "l2"}, "-1"); });
    EXPECT_EQ(report.sqlstate, "MM004");
    EXPECT_EQ(report.detail, "They are \"a1\", \"l2\".");
    EXPECT_NE(report.hint.find("'a1@-1'"), std::string::npos) << report.hint;
}

TEST(RelativeDowngrade, CountsFromTheRowOnTheLabelsLine) {
    EXPECT_EQ(down(two_bases(), {"a1", "l2"}, "lib@-1"), "l1/l1");
    EXPECT_EQ(down(diamond(), {"c", "y"}, "left@-1"), "b/b");
}

TEST(RelativeDowngrade, CountsFromADependencyWhereNoRowIsOnTheLine) {
    EXPECT_EQ(down(two_bases(), {"a2"}, "lib@-1"), "l1/l1");
}

/// Counting from the common ancestor would take the other line away.
TEST(RelativeDowngrade, RefusesALineOfWhichNothingButTheCommonPartIsApplied) {
    EXPECT_EQ(sqlstate_down(diamond(), {"c"}, "right@-1"), "MM006");
    EXPECT_EQ(sqlstate_down(two_bases(), {"a1"}, "lib@-1"), "MM006");
}

TEST(RelativeDowngrade, CountsFromASymbol) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(down(graph, {"m"}, "c-1"), "b/");
    EXPECT_EQ(down(graph, {"m"}, "left@c-2"), "a/b");
    EXPECT_EQ(down(graph, {"m"}, "left@a+1"), "b/b");
    EXPECT_EQ(down(graph, {"m"}, "base+1"), "a/");
    EXPECT_EQ(down(graph, {"m"}, "a-1"), "base/");
    EXPECT_EQ(down(graph, {"m"}, "base-0"), "base/");
}

TEST(RelativeDowngrade, RefusesToGoUpOrPastBase) {
    const RevisionGraph graph(chain({"a", "b"}));
    for (const std::string_view target : {"+1", "+0", "-3", "-9", "a-2", "b+1", "base-1"}) {
        EXPECT_EQ(sqlstate_down(graph, {"b"}, target), "MM006") << target;
    }
    EXPECT_EQ(sqlstate_down(graph, {}, "-1"), "MM006");
    EXPECT_EQ(sqlstate_down(diamond(), {"m"}, "-1"), "MM006");  // the way forks
}

TEST(AbsoluteDowngrade, IsResolvedInTheLabelsLine) {
    EXPECT_EQ(down(two_bases(), {}, "lib@head"), "l3/l1");
    EXPECT_EQ(down(diamond(), {}, "a"), "a/");
    EXPECT_EQ(down(diamond(), {}, "left@base"), "base/b");
    EXPECT_EQ(sqlstate_down(two_bases(), {}, "head"), "MM004");
    EXPECT_EQ(sqlstate_down(two_bases(), {}, "lib@a1"), "MM002");
    EXPECT_EQ(sqlstate_down(two_bases(), {}, "nowhere@base"), "MM002");
}

}  // namespace
}  // namespace mad
