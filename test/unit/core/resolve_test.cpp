// What targets name: ids, labels, prefixes, heads, and what is counted down from the heads.
#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "core/target.hpp"
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

std::string named(const RevisionGraph& graph, std::string_view target) {
    return text_of(graph, resolve(graph, parse_target(target)));
}

Report refusal(const RevisionGraph& graph, std::string_view target) {
    return failure_of([&] { resolve(graph, parse_target(target)); });
}

TEST(Resolve, TakesAnIdOrALabel) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(named(graph, "c"), "c");
    EXPECT_EQ(named(graph, "left"), "b");  // the revision that declares it, not its head
    EXPECT_EQ(named(graph, "left@c"), "c");
    EXPECT_EQ(named(graph, "left@m"), "m");
    EXPECT_EQ(named(graph, "c@left"), "b");
}

TEST(Resolve, TakesHeadHeadsAndBase) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(named(graph, "heads"), "a3 l3");
    EXPECT_EQ(named(graph, "lib@head"), "l3");
    EXPECT_EQ(named(graph, "lib@heads"), "l3");
    EXPECT_EQ(named(graph, "a1@head"), "a3");
    EXPECT_EQ(named(graph, "base"), "");
    EXPECT_EQ(named(graph, "lib@base"), "");
    EXPECT_EQ(named(diamond(), "head"), "m");
    EXPECT_EQ(named(RevisionGraph({}), "head"), "");
    EXPECT_EQ(named(RevisionGraph({}), "heads"), "");
}

TEST(Resolve, MeansRealHeadsOnlyWithoutALabel) {
    const RevisionGraph graph({revision("a", {}, {}, {"lib"}), revision("b", {}, {"a"})});
    EXPECT_EQ(named(graph, "heads"), "b");
    EXPECT_EQ(named(graph, "lib@heads"), "a");
    EXPECT_EQ(refusal(graph, "head").sqlstate, "MM004");  // both are heads along down edges
}

TEST(Resolve, RefusesHeadWhereThereAreSeveral) {
    const Report report = refusal(two_bases(), "head");
    EXPECT_EQ(report.sqlstate, "MM004");
    EXPECT_EQ(report.message, "there are several heads for target \"head\"");
    EXPECT_EQ(report.detail, "The heads are \"a3\", \"l3\".");
    EXPECT_NE(report.hint.find("label@head"), std::string::npos);
    const RevisionGraph fork(
        {revision("a", {}, {}, {"x"}), revision("b", {"a"}), revision("c", {"a"})});
    EXPECT_EQ(refusal(fork, "x@head").sqlstate, "MM004");
    EXPECT_EQ(named(fork, "x@heads"), "b c");
}

TEST(Resolve, TakesAUniquePrefix) {
    const RevisionGraph graph({revision("abcd1"), revision("abce2", {"abcd1"}, {}, {"results"})});
    EXPECT_EQ(named(graph, "abcd"), "abcd1");
    EXPECT_EQ(named(graph, "abce"), "abce2");
    EXPECT_EQ(named(graph, "r"), "abce2");
    EXPECT_EQ(named(graph, "res@abcd"), "abcd1");
}

TEST(Resolve, RefusesAPrefixOfSeveral) {
    const Report report = refusal(RevisionGraph({revision("abcd1"), revision("abce2")}), "abc");
    EXPECT_EQ(report.sqlstate, "MM003");
    EXPECT_EQ(report.message, "prefix \"abc\" is ambiguous");
    EXPECT_EQ(report.detail, "It starts \"abcd1\", \"abce2\".");
}

TEST(Resolve, RefusesAPrefixOfARevisionsIdAndLabel) {
    const RevisionGraph graph({revision("abcd1", {}, {}, {"abcd2"})});
    EXPECT_EQ(refusal(graph, "abcd").sqlstate, "MM003");
}

TEST(Resolve, TakesAnExactNameThoughOthersBeginSo) {
    const RevisionGraph graph({revision("abcd"), revision("abcde"), revision("abcdef")});
    EXPECT_EQ(named(graph, "abcd"), "abcd");
    EXPECT_EQ(named(graph, "abcde"), "abcde");
}

TEST(Resolve, TakesAPrefixThatIsUniqueInTheLineage) {
    const RevisionGraph graph({revision("abcd1", {}, {}, {"left"}), revision("abcd2")});
    EXPECT_EQ(named(graph, "left@abc"), "abcd1");
    EXPECT_EQ(refusal(graph, "abc").sqlstate, "MM003");
}

TEST(Resolve, TakesShortNamesOnlyInFull) {
    const RevisionGraph graph({revision("abc"), revision("\xC3\xA4\xC3\xB6")});
    EXPECT_EQ(named(graph, "abc"), "abc");
    EXPECT_EQ(refusal(graph, "ab").sqlstate, "MM002");
    EXPECT_EQ(refusal(graph, "\xC3\xA4").sqlstate, "MM002");  // two characters, four bytes
}

TEST(Resolve, RefusesWhatItDoesNotKnow) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(refusal(graph, "nowhere").message, "unknown revision or label \"nowhere\"");
    for (const std::string_view target :
         {"nowhere", "nowhere@head", "nowhere@base", "A", "current"}) {
        EXPECT_EQ(refusal(graph, target).sqlstate, "MM002") << target;
    }
}

TEST(Resolve, RefusesARevisionOfAnotherLine) {
    const Report report = refusal(diamond(), "left@y");
    EXPECT_EQ(report.sqlstate, "MM002");
    EXPECT_EQ(report.message, "revision \"y\" is not in the lineage of \"left\"");
    EXPECT_EQ(report.detail, "It is neither an ancestor nor a descendant of revision \"b\".");
    EXPECT_EQ(refusal(two_bases(), "app@l2").sqlstate, "MM002");  // a dependency is no ancestor
}

TEST(Resolve, CountsDownFromEveryHead) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(named(graph, "-1"), "a2 l2");
    EXPECT_EQ(named(graph, "app@-2"), "a1");
    EXPECT_EQ(named(graph, "lib@-1"), "l2");
}

TEST(Resolve, RefusesToCountPastBase) {
    const RevisionGraph graph(chain({"a", "b"}));
    EXPECT_EQ(named(graph, "-1"), "a");
    EXPECT_EQ(refusal(graph, "-2").message, "target \"-2\" lies below all revisions");
    EXPECT_EQ(refusal(graph, "-9").sqlstate, "MM006");
}

TEST(Resolve, RefusesToCountFromALabelNoHeadShows) {
    const RevisionGraph graph({revision("a", {}, {}, {"x"}), revision("b", {"a"})});
    EXPECT_EQ(named(graph, "x@-1"), "a");
    EXPECT_EQ(refusal(graph, "b@-1").message, "no head to count from for target \"b@-1\"");
}

TEST(Resolve, RefusesToCountAcrossAMerge) {
    EXPECT_EQ(refusal(diamond(), "-1").sqlstate, "MM006");
}

TEST(Resolve, RefusesOtherCountingWhereNoRowsAreKnown) {
    for (const std::string_view target : {"+1", "c+1", "c-1", "left@+1", "head-1", "-0"}) {
        const Report report = refusal(diamond(), target);
        EXPECT_EQ(report.sqlstate, "MM005") << target;
        EXPECT_FALSE(report.hint.empty());
    }
}

TEST(ResolveSingle, LeavesTheOffsetAside) {
    const RevisionGraph graph = diamond();
    EXPECT_EQ(resolve_single(graph, parse_target("left@c-1")), graph.find("c"));
    EXPECT_EQ(resolve_single(graph, parse_target("base+2")), std::nullopt);
    const Report report = failure_of([] { resolve_single(two_bases(), parse_target("heads-1")); });
    EXPECT_EQ(report.sqlstate, "MM004");
}

std::string parents(const RevisionGraph& graph, std::string_view heads, bool splice = false) {
    return text_of(graph, resolve_parents(graph, heads, splice));
}

TEST(ResolveParents, TakesHeadsAsListed) {
    const RevisionGraph graph = two_bases();
    EXPECT_EQ(parents(graph, "heads"), "a3 l3");
    EXPECT_EQ(parents(graph, "l3,app@head"), "l3 a3");
    EXPECT_EQ(parents(graph, "base"), "");
    EXPECT_EQ(parents(graph, "base,l3"), "l3");
}

TEST(ResolveParents, NeedsSpliceBelowAHead) {
    const Report report = failure_of([] { parents(diamond(), "b"); });
    EXPECT_EQ(report.sqlstate, "MM005");
    EXPECT_EQ(report.message, "revision \"b\" is not a head");
    EXPECT_EQ(report.detail, "It is revised by \"c\".");
    EXPECT_NE(report.hint.find("splice"), std::string::npos);
    EXPECT_EQ(parents(diamond(), "b", true), "b");
}

TEST(ResolveParents, RefusesOneTwice) {
    const Report report = failure_of([] { parents(two_bases(), "a3,heads"); });
    EXPECT_EQ(report.sqlstate, "MM008");
    EXPECT_EQ(report.message, "parent \"a3\" is named twice");
}

TEST(ResolveDependency, KeepsALabelAndCompletesAPrefix) {
    const RevisionGraph graph({revision("abcd1", {}, {}, {"results"})});
    EXPECT_EQ(resolve_dependency(graph, "results"), "results");
    EXPECT_EQ(resolve_dependency(graph, "abcd1"), "abcd1");
    EXPECT_EQ(resolve_dependency(graph, "abc"), "abcd1");
    EXPECT_EQ(resolve_dependency(graph, "res"), "abcd1");
    EXPECT_EQ(failure_of([&] { resolve_dependency(graph, "x"); }).sqlstate, "MM002");
}

}  // namespace
}  // namespace mad
