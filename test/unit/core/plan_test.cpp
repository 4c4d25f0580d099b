// Plans: what runs, in which order, and what becomes of the version rows.
#include "core/plan.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::chain;
using test::diamond;
using test::failure_of;
using test::revision;
using test::text_of;
using test::two_bases;

std::string upgrade(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    return text_of(plan_upgrade(graph, rows, target));
}

std::string downgrade(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    return text_of(plan_downgrade(graph, rows, target));
}

std::string upgrade_refusal(const RevisionGraph& graph, const Heads& rows,
                            std::string_view target) {
    return failure_of([&] { plan_upgrade(graph, rows, target); }).sqlstate;
}

std::string downgrade_refusal(const RevisionGraph& graph, const Heads& rows,
                              std::string_view target) {
    return failure_of([&] { plan_downgrade(graph, rows, target); }).sqlstate;
}

TEST(Upgrade, GoesUpALine) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    EXPECT_EQ(upgrade(graph, {}, "head"), "a >a; b a>b; c b>c");
    EXPECT_EQ(upgrade(graph, {"a"}, "b"), "b a>b");
    EXPECT_EQ(upgrade(graph, {"a"}, "+2"), "b a>b; c b>c");
}

TEST(Upgrade, HasNothingToDoWhereTheTargetIsApplied) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    for (const std::string_view target : {"c", "head", "heads", "a", "base", "c-2"}) {
        EXPECT_EQ(upgrade(graph, {"c"}, target), "") << target;
    }
    EXPECT_EQ(upgrade(RevisionGraph({}), {}, "head"), "");
}

TEST(Upgrade, GivesABranchItsOwnRow) {
    EXPECT_EQ(upgrade(diamond(), {"b"}, "x"), "x >x");
    EXPECT_EQ(upgrade(diamond(), {"a"}, "b,x"), "x a>x; b >b");
}

TEST(Upgrade, MakesOneRowOfAMergesParents) {
    EXPECT_EQ(upgrade(diamond(), {"c", "y"}, "head"), "m c,y>m");
    EXPECT_EQ(upgrade(diamond(), {"c", "x"}, "head"), "y x>y; m c,y>m");
}

TEST(Upgrade, BringsDependenciesAlong) {
    EXPECT_EQ(upgrade(two_bases(), {}, "app@head"),
              "l1 >l1; l2 l1>l2; a1 >a1; a2 a1,l2>a2; a3 a2>a3");
    EXPECT_EQ(upgrade(two_bases(), {"a3"}, "lib@head"), "l3 >l3");  // l2 is no row any more
}

TEST(Upgrade, LeavesOtherLinesAlone) {
    EXPECT_EQ(upgrade(two_bases(), {"a1", "l1"}, "lib@head"), "l2 l1>l2; l3 l2>l3");
}

TEST(Upgrade, TakesARevisionOfTwoParentsOneBelowTheOther) {
    const RevisionGraph graph({revision("r0"), revision("r1", {"r0"}), revision("x"),
                               revision("y", {"x"}, {"r1", "r0"})});
    EXPECT_EQ(upgrade(graph, {"r1", "x"}, "heads"), "y x,r1>y");
}

TEST(Upgrade, RefusesOverlappingTargetsAndRows) {
    const Report report = failure_of([] { plan_upgrade(diamond(), {}, "b,m"); });
    EXPECT_EQ(report.sqlstate, "MM008");
    EXPECT_EQ(report.message, "target \"b\" overlaps with \"m\"");
    EXPECT_EQ(upgrade_refusal(diamond(), {"a", "c"}, "head"), "MM008");
    EXPECT_EQ(upgrade_refusal(two_bases(), {}, "heads,l2"), "MM008");  // also by a dependency
    EXPECT_EQ(upgrade(diamond(), {"a"}, "b,b"), "b a>b");              // twice the same is none
}

TEST(Upgrade, RefusesWhatCannotBeReached) {
    EXPECT_EQ(upgrade_refusal(two_bases(), {}, "head"), "MM004");
    EXPECT_EQ(upgrade_refusal(diamond(), {"m"}, "+1"), "MM006");
    EXPECT_EQ(upgrade_refusal(diamond(), {}, "nowhere"), "MM002");
    EXPECT_EQ(upgrade_refusal(diamond(), {}, ""), "MM005");
    EXPECT_EQ(upgrade_refusal(diamond(), {}, "a:b"), "MM005");
    EXPECT_EQ(upgrade_refusal(diamond(), {"a"}, "b,x+1"), "MM005");
}

TEST(Upgrade, RefusesARowItDoesNotKnow) {
    const Report report = failure_of([] { plan_upgrade(diamond(), {"gone"}, "head"); });
    EXPECT_EQ(report.sqlstate, "MM002");
    EXPECT_EQ(report.message, "unknown current revision \"gone\"");
    EXPECT_EQ(upgrade_refusal(diamond(), {"left"}, "head"), "MM002");  // a label is no row
}

TEST(Downgrade, GoesDownALine) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    EXPECT_EQ(downgrade(graph, {"c"}, "base"), "c c>b; b b>a; a a>");
    EXPECT_EQ(downgrade(graph, {"c"}, "b"), "c c>b");
    EXPECT_EQ(downgrade(graph, {"c"}, "-2"), "c c>b; b b>a");
    EXPECT_EQ(downgrade(graph, {"c"}, "-3"), "c c>b; b b>a; a a>");
}

TEST(Downgrade, HasNothingToDoAtARow) {
    EXPECT_EQ(downgrade(diamond(), {"c", "x"}, "c"), "");
    EXPECT_EQ(downgrade(diamond(), {}, "base"), "");
}

TEST(Downgrade, TakesEveryBranchOverTheTarget) {
    EXPECT_EQ(downgrade(diamond(), {"b", "x"}, "a"), "b b>; x x>a");
}

TEST(Downgrade, TakesOneBranchWhereALabelSaysSo) {
    EXPECT_EQ(downgrade(diamond(), {"b", "x"}, "left@a"), "b b>");
    EXPECT_EQ(downgrade(diamond(), {"b", "x"}, "right@-1"), "x x>");
    EXPECT_EQ(downgrade(two_bases(), {"a1", "l2"}, "app@base"), "a1 a1>");
}

TEST(Downgrade, KeepsAMergesOtherParent) {
    EXPECT_EQ(downgrade(diamond(), {"m"}, "c"), "m m>c,y");
    EXPECT_EQ(downgrade(diamond(), {"m"}, "b"), "m m>c,y; c c>b");
}

TEST(Downgrade, TakesWhatDependsAlong) {
    EXPECT_EQ(downgrade(two_bases(), {"a3"}, "l1"), "a3 a3>a2; a2 a2>a1,l2; l2 l2>l1");
}

TEST(Downgrade, KeepsDependencies) {
    EXPECT_EQ(downgrade(two_bases(), {"a3"}, "app@base"), "a3 a3>a2; a2 a2>a1,l2; a1 a1>");
}

TEST(Downgrade, GivesNoRowToAParentBelowAnotherOne) {
    const RevisionGraph graph(
        {revision("a"), revision("b", {"a"}), revision("c", {"b"}, {"a"}), revision("z")});
    EXPECT_EQ(downgrade(graph, {"c", "z"}, "b"), "c c>b");
}

TEST(Downgrade, RefusesWhatIsNotBelow) {
    const Report report = failure_of([] { plan_downgrade(diamond(), {"b"}, "y"); });
    EXPECT_EQ(report.sqlstate, "MM007");
    EXPECT_EQ(report.message, "cannot downgrade to \"y\"");
    EXPECT_EQ(report.detail, "No applied revision stands on it. The current revisions are \"b\".");
    EXPECT_EQ(downgrade_refusal(diamond(), {}, "a"), "MM007");
    EXPECT_EQ(downgrade_refusal(diamond(), {"b"}, "m"), "MM007");
    EXPECT_EQ(downgrade_refusal(two_bases(), {"a3"}, "l2"), "MM007");  // needed, not stood on
}

TEST(Downgrade, RefusesALabelOfNoLineAboveTheTarget) {
    EXPECT_EQ(downgrade_refusal(diamond(), {"b", "x"}, "a@a"), "MM007");
}

TEST(Downgrade, RefusesWhatIsNoSingleTarget) {
    EXPECT_EQ(downgrade_refusal(diamond(), {"b", "x"}, "-1"), "MM004");
    EXPECT_EQ(downgrade_refusal(diamond(), {"b"}, "-9"), "MM006");
    EXPECT_EQ(downgrade_refusal(diamond(), {"b"}, "a,b"), "MM005");
    EXPECT_EQ(downgrade_refusal(diamond(), {"gone"}, "base"), "MM002");
}

TEST(Apply, ChangesRowsThatFit) {
    Heads rows{"a", "b"};
    apply(rows, {.deletes = {"a", "b"}, .inserts = {"m"}});
    EXPECT_EQ(rows, Heads{"m"});
}

TEST(Apply, RefusesRowsThatDoNotFit) {
    Heads rows{"a"};
    EXPECT_EQ(failure_of([&] { apply(rows, {.deletes = {"b"}, .inserts = {}}); }).sqlstate,
              "MM016");
    EXPECT_EQ(failure_of([&] { apply(rows, {.deletes = {}, .inserts = {"a"}}); }).sqlstate,
              "MM016");
}

TEST(Direction, HasAName) {
    for (const auto direction : {Direction::upgrade, Direction::downgrade, Direction::stamp}) {
        EXPECT_EQ(direction_named(name_of(direction)), direction);
    }
    EXPECT_EQ(failure_of([] { direction_named("Upgrade"); }).sqlstate, "22023");
}

TEST(MakePlan, TakesTheDirection) {
    const RevisionGraph graph(chain({"a", "b"}));
    EXPECT_EQ(text_of(make_plan(graph, {"a"}, Direction::upgrade, "b")), "b a>b");
    EXPECT_EQ(text_of(make_plan(graph, {"b"}, Direction::downgrade, "a")), "b b>a");
    EXPECT_EQ(text_of(make_plan(graph, {"b"}, Direction::stamp, "a")), "a b>a");
    EXPECT_EQ(make_plan(graph, {"b"}, Direction::stamp, "a").front().direction, Direction::stamp);
}

TEST(CountPending, CountsWhatIsNotApplied) {
    EXPECT_EQ(count_pending(diamond(), {}), 6U);
    EXPECT_EQ(count_pending(diamond(), {"c"}), 3U);
    EXPECT_EQ(count_pending(diamond(), {"m"}), 0U);
    const RevisionGraph effective({revision("a"), revision("b", {}, {"a"})});
    EXPECT_EQ(count_pending(effective, {"b"}), 0U);
}

TEST(CurrentTips, ShowADependencyThatIsNoRow) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(text_of(graph, current_tips(graph, {"a2"})), "a2 l2");
    EXPECT_EQ(text_of(graph, current_tips(graph, {"a1"})), "a1");
    EXPECT_EQ(text_of(graph, current_tips(graph, {})), "");
}

}  // namespace
}  // namespace mad
