// Stamps: rows rewritten without running anything.
#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "core/plan.hpp"
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

std::string stamp(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    return text_of(plan_stamp(graph, rows, target, false));
}

std::string purge(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    return text_of(plan_stamp(graph, rows, target, true));
}

std::string refusal(const RevisionGraph& graph, const Heads& rows, std::string_view target) {
    return failure_of([&] { plan_stamp(graph, rows, target, false); }).sqlstate;
}

TEST(Stamp, MovesTheRowUpOrDown) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    EXPECT_EQ(stamp(graph, {}, "b"), "b >b");
    EXPECT_EQ(stamp(graph, {"a"}, "head"), "c a>c");
    EXPECT_EQ(stamp(graph, {"c"}, "a"), "a c>a");
    EXPECT_EQ(stamp(graph, {"b"}, "b"), "");
}

TEST(Stamp, ToBaseDeletesRows) {
    EXPECT_EQ(stamp(two_bases(), {"a1", "l2"}, "base"), " a1,l2>");
    EXPECT_EQ(stamp(two_bases(), {"a1", "l2"}, "lib@base"), " l2>");
    EXPECT_EQ(stamp(two_bases(), {}, "base"), "");
    EXPECT_EQ(stamp(two_bases(), {"a1"}, "lib@base"), "");
}

TEST(Stamp, ToBaseOfALineTakesRowsThatDependOnIt) {
    EXPECT_EQ(stamp(two_bases(), {"a2"}, "lib2@base"), " a2>");
}

TEST(Stamp, LeavesUnrelatedRows) {
    EXPECT_EQ(stamp(two_bases(), {"a1"}, "lib@head"), "l3 >l3");
    EXPECT_EQ(stamp(diamond(), {"b", "x"}, "c"), "c b>c");
}

TEST(Stamp, TakesAllRowsOfTheLineage) {
    EXPECT_EQ(stamp(diamond(), {"c", "y"}, "m"), "m c,y>m");
    EXPECT_EQ(stamp(diamond(), {"c", "y"}, "a"), "a c,y>a");
    EXPECT_EQ(stamp(diamond(), {"m"}, "b"), "b m>b");  // the other side is forgotten
}

TEST(Stamp, TakesSeveralDestinations) {
    EXPECT_EQ(stamp(two_bases(), {}, "heads"), "a3 >a3; l3 >l3");
    EXPECT_EQ(stamp(diamond(), {"m"}, "c,y"), "c m>c; y >y");
}

TEST(Stamp, KeepsARowThatIsADestination) {
    EXPECT_EQ(stamp(diamond(), {"a"}, "b,x"), "b a>b; x >x");
    EXPECT_EQ(stamp(diamond(), {"b"}, "b,x"), "x >x");
    EXPECT_EQ(stamp(two_bases(), {"a1", "l3"}, "heads"), "a3 a1>a3");
}

TEST(Stamp, RefusesOverlappingDestinations) {
    EXPECT_EQ(refusal(diamond(), {}, "a,c"), "MM008");
    EXPECT_EQ(refusal(two_bases(), {}, "a2,l2"), "MM008");
    const Report twice = failure_of([] { plan_stamp(diamond(), {}, "b,left", false); });
    EXPECT_EQ(twice.sqlstate, "MM008");
    EXPECT_EQ(twice.message, "target \"b\" is named twice");
}

TEST(Stamp, RefusesWhatItCannotName) {
    EXPECT_EQ(refusal(two_bases(), {}, "head"), "MM004");
    EXPECT_EQ(refusal(diamond(), {}, "nowhere"), "MM002");
    EXPECT_EQ(refusal(diamond(), {}, ""), "MM005");
    EXPECT_EQ(refusal(diamond(), {}, "b+1"), "MM005");
    EXPECT_EQ(refusal(diamond(), {"gone"}, "b"), "MM002");
}

TEST(Stamp, CountsFromTheHeadsOnlyWhereNothingIsCurrent) {
    const RevisionGraph graph(chain({"a", "b", "c"}));
    EXPECT_EQ(stamp(graph, {}, "-1"), "b >b");
    EXPECT_EQ(purge(graph, {"c"}, "-1"), "b c>b");
    const Report report = failure_of([&] { plan_stamp(graph, {"c"}, "-1", false); });
    EXPECT_EQ(report.sqlstate, "MM005");
    EXPECT_NE(report.hint.find("purge"), std::string::npos);
    EXPECT_EQ(refusal(graph, {}, "-9"), "MM006");
}

TEST(Purge, DeletesEveryRowKnownOrNot) {
    EXPECT_EQ(purge(diamond(), {"gone", "x"}, "c"), "c gone,x>c");
    EXPECT_EQ(purge(diamond(), {"gone"}, "base"), " gone>");
    EXPECT_EQ(purge(two_bases(), {"gone"}, "heads"), "a3 gone>a3; l3 >l3");
    EXPECT_EQ(purge(diamond(), {}, "base"), "");
}

TEST(Purge, WritesARowAgainThatIsADestination) {
    EXPECT_EQ(purge(diamond(), {"c"}, "c"), "c c>c");
}

}  // namespace
}  // namespace mad
